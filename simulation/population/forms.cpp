#include "simulation/population/forms.hpp"

#include "simulation/fictitious.hpp"

namespace toit::simulation {

using std::chrono::days;

namespace {

void add_child(law::form& f, chance& draw, law::civil_date registered) {
  law::household_member child{};
  child.birth_name = f.identity->birth_name;
  child.given_names = law::text<80>{make_name(draw)};
  child.birth_date = law::add_days(registered, -days{static_cast<int>(30 + draw.below(6000))});
  child.role = law::household_role::descendant;
  f.household.push_back(child);
}

void add_partner(law::form& f, chance& draw, law::civil_date born) {
  law::household_member partner{};
  partner.birth_name = law::text<80>{make_name(draw)};
  partner.given_names = law::text<80>{make_name(draw)};
  partner.birth_date = law::add_days(born, days{static_cast<int>(draw.below(2000))});
  partner.role = law::household_role::spouse;
  f.household.push_back(partner);
}

void fill_situation(law::form& f, const population_mix& mix, chance& draw) {
  auto& s = f.situation.emplace();
  s.family = f.household.empty() ? law::family_situation::single : law::family_situation::married;
  s.profession = draw.below(whole) < mix.in_work ? law::professional_situation::permanent_contract
                                                 : law::professional_situation::unemployed;
  s.monthly_income_cents = static_cast<std::uint32_t>(80'000 + draw.below(200'000));
  s.tax_income_n2_cents = 10 * s.monthly_income_cents;
  s.occupants = static_cast<std::uint8_t>(1 + f.household.size());
  if (draw.below(whole) < mix.mutations) {
    s.housing = law::present_housing::social_tenant;
    s.motives.push_back(law::motive_of_demande::too_small);
  } else if (draw.below(whole) < mix.hosted) {
    s.housing = law::present_housing::hosted_by_others;
    s.motives.push_back(law::motive_of_demande::no_own_housing);
  } else {
    s.housing = law::present_housing::private_tenant;
    s.motives.push_back(law::motive_of_demande::too_expensive);
  }
}

law::typology fitting(std::size_t persons, bool asks_t1) {
  if (asks_t1)
    return law::typology::t1;
  constexpr std::array by_persons{law::typology::t2, law::typology::t2, law::typology::t3, law::typology::t4};
  return persons < by_persons.size() ? by_persons[persons] : law::typology::t5_or_more;
}

} // namespace

law::form make_form(const population_mix& mix, std::size_t commune, law::civil_date registered, chance draw) {
  law::form f;
  auto born = law::add_days(registered, -days{static_cast<int>(18 * 366 + draw.below(50 * 365))});
  f.identity = {law::text<80>{make_name(draw)}, {}, law::text<80>{make_name(draw)}, born, law::nationality::french, {}};
  auto kind = draw.below(whole);
  bool single = kind < mix.singles;
  bool with_partner = !single && kind >= mix.singles + mix.single_parents;
  bool with_children = !single && kind < mix.singles + mix.single_parents + mix.couples_with_children;
  if (with_partner)
    add_partner(f, draw, born);
  for (auto children = with_children ? 1 + draw.below(3) : 0; children > 0; --children)
    add_child(f, draw, registered);
  f.contact.address = law::text<240>{std::to_string(1 + draw.below(200)) + " rue Imaginaire"};
  fill_situation(f, mix, draw);
  auto persons = 1 + f.household.size();
  // Those who ask for a T1 are single persons: the share is of all.
  bool asks_t1 = single && draw.below(mix.singles) < mix.asks_t1;
  f.search.typology = fitting(persons, asks_t1);
  f.search.persons_to_house = static_cast<std::uint8_t>(persons);
  f.search.communes.push_back(mix.communes[commune].code);
  if (auto second = draw.below(mix.communes.size()); second != commune)
    f.search.communes.push_back(mix.communes[second].code);
  return f;
}

} // namespace toit::simulation
