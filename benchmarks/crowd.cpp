#include "benchmarks/crowd.hpp"

#include "law/numbering.hpp"
#include "simulation/population/forms.hpp"

namespace toit::bench {

using simulation::demonstration_body;

crowd::crowd(const simulation::demonstration_bodies& bodies, simulation::population_mix mix, law::civil_date day,
             std::uint64_t seed)
    : bodies_{bodies}, mix_{std::move(mix)}, day_{day}, chance_{seed} {}

std::vector<asked_command_ptr> crowd::arrivals(std::size_t count) {
  std::vector<asked_command_ptr> asked;
  asked.reserve(count);
  while (asked.size() < count)
    asked.push_back(arrive());
  arrived_ = dossiers_.size();
  return asked;
}

std::vector<asked_command_ptr> crowd::mixed(std::size_t count) {
  std::vector<asked_command_ptr> asked;
  asked.reserve(count);
  while (asked.size() < count)
    asked.push_back(draw_command());
  arrived_ = dossiers_.size();
  return asked;
}

void crowd::learn(const receipt& done) {
  if (done.entries.empty())
    return;
  const auto& happened = done.entries.front().record->event;
  if (const auto* registered = std::get_if<law::dwelling_registered>(&happened)) {
    auto owner = std::ranges::find(bodies_.bailleurs, done.entries.front().record->originator,
                                   [](const demonstration_body& b) { return law::party{b.siren}; });
    auto commune =
        std::ranges::find(mix_.communes, registered->commune, &simulation::population_mix::weighted_commune::code);
    homes_.push_back({registered->dwelling, static_cast<std::size_t>(owner - bodies_.bailleurs.begin()),
                      static_cast<std::uint32_t>(commune - mix_.communes.begin())});
  } else if (const auto* opened = std::get_if<law::vacancy_opened>(&happened)) {
    const auto& home = let_.at(opened->dwelling);
    vacancies_.push_back({opened->vacancy, home.bailleur, home.commune});
    let_.erase(opened->dwelling);
  }
}

// -- commands -------------------------------------------------------------------------------------------------------

crowd::command crowd::ask(const demonstration_body& by, law::event event) {
  auto asked = std::make_shared<asked_command>();
  asked->by = by.who();
  asked->occurred_on = day_;
  asked->idempotency_key = "bench-" + std::to_string(++asked_);
  asked->event = std::move(event);
  return asked;
}

crowd::command crowd::ask_about(const dossier& d, const demonstration_body& by, law::event event) {
  auto asked = ask(by, std::move(event));
  asked->number = d.number;
  return asked;
}

/// Hundredths, in the order of the lines. What has nobody to be about yet is a registration.
crowd::command crowd::draw_command() {
  auto drawn = chance_.below(100);
  command asked;
  if (drawn < 25 || arrived_ == 0)
    return arrive();
  if (drawn < 45)
    asked = certificate();
  else if (drawn < 63)
    asked = ask_about(draw_dossier(), bodies_.gestionnaire, law::processing_event{law::text<80>{"Appel reçu"}, {}});
  else if (drawn < 75)
    asked = change();
  else if (drawn < 87) {
    const auto& d = draw_dossier();
    asked = ask_about(d, desk_of(d), law::renewed{});
  } else if (drawn < 91)
    asked = notice();
  else if (drawn < 92)
    asked = recognition();
  else if (drawn < 94)
    asked = new_dwelling();
  else if (drawn < 96)
    asked = vacancy_of_a_dwelling();
  else
    asked = designation();
  return asked ? asked : arrive();
}

crowd::command crowd::arrive() {
  auto sequence = static_cast<std::uint32_t>(dossiers_.size());
  dossier d;
  d.number = law::make_nud(mix_.departement, day_, sequence, "FICTI");
  d.commune = draw_commune();
  auto form = simulation::make_form(mix_, d.commune, day_, chance_.branch());
  d.address = form.contact.address;
  dossiers_.push_back(d);
  return ask(desk_of(d), law::demande_registered{d.number, law::registration_channel::desk, true, std::move(form)});
}

crowd::dossier* crowd::next_of(std::size_t& position) { return position < arrived_ ? &dossiers_[position++] : nullptr; }

crowd::command crowd::certificate() {
  const auto* d = next_of(certified_);
  if (!d)
    return nullptr;
  return ask_about(*d, desk_of(*d), law::certificate_issued{law::notice_channel::handed_over, {}});
}

crowd::command crowd::change() {
  auto& d = draw_dossier();
  law::text<240> moved{std::to_string(1 + chance_.below(400)) + " rue Imaginaire"};
  law::field_change change{law::text<60>{"contact.address"}, law::text<400>{d.address.str()},
                           law::text<400>{moved.str()}};
  d.address = moved;
  return ask_about(d, desk_of(d), law::demande_changed{{change}, {}});
}

crowd::command crowd::notice() {
  const auto* d = next_of(noticed_);
  if (!d)
    return nullptr;
  return ask_about(*d, bodies_.gestionnaire, law::renewal_notice_sent{{law::notice_channel::post}});
}

crowd::command crowd::recognition() {
  const auto* d = next_of(recognised_);
  if (!d)
    return nullptr;
  law::dalo_recognised decision{};
  decision.decision_number = law::text<40>{"DALO-" + std::to_string(recognised_)};
  decision.departement = mix_.departement;
  decision.dwelling = law::text<400>{"Logement adapté aux besoins du ménage"};
  return ask_about(*d, bodies_.state, decision);
}

crowd::command crowd::new_dwelling() {
  law::dwelling_registered home{};
  home.rpls = law::rpls_id::parse(std::to_string(1'000'000'000 + asked_)).value();
  home.commune = mix_.communes[draw_commune()].code;
  home.typology = static_cast<law::typology>(chance_.below(4));
  home.address = law::text<240>{std::to_string(1 + chance_.below(90)) + " avenue Imaginaire"};
  home.rent_cents = static_cast<std::uint32_t>(30'000 + chance_.below(50'000));
  return ask(chance_.pick(bodies_.bailleurs), home);
}

crowd::command crowd::vacancy_of_a_dwelling() {
  if (homes_.empty())
    return nullptr;
  auto home = homes_.front();
  homes_.pop_front();
  let_[home.dwelling] = home;
  law::vacancy_opened opened{};
  opened.dwelling = home.dwelling;
  opened.available_on = law::add_days(day_, std::chrono::days{40});
  return ask(bodies_.bailleurs[home.bailleur], opened);
}

/// Somebody who wishes to live in the commune of the dwelling, and is no candidate for it: each is asked once a
/// vacancy.
crowd::command crowd::designation() {
  if (vacancies_.empty())
    return nullptr;
  const auto& v = chance_.pick(vacancies_);
  constexpr int tries = 100;
  for (int i = 0; i < tries; ++i)
    if (auto& d = draw_dossier(); d.commune == v.commune && designated_.insert({d.number, v.id}).second)
      return ask_about(d, bodies_.bailleurs[v.bailleur], law::designated{{}, v.id, {}, {}});
  return nullptr;
}

// -- draws ----------------------------------------------------------------------------------------------------------

std::uint32_t crowd::draw_commune() { return static_cast<std::uint32_t>(chance_.below(mix_.communes.size())); }

crowd::dossier& crowd::draw_dossier() { return dossiers_[chance_.below(arrived_)]; }

} // namespace toit::bench
