#include "simulation/population/population.hpp"

#include "law/numbering.hpp"
#include "simulation/fictitious.hpp"
#include "simulation/population/forms.hpp"

namespace toit::simulation {

namespace {

using std::chrono::days;
using std::chrono::months;

constexpr int oldest_years = 8;

int days_between(law::civil_date from, law::civil_date to) {
  return static_cast<int>((std::chrono::sys_days{to} - std::chrono::sys_days{from}).count());
}

} // namespace

population::population(population_mix mix, std::uint64_t seed, law::civil_date last_day, demonstration_bodies& bodies,
                       std::string password)
    : mix_{std::move(mix)}, chance_{seed}, last_day_{last_day},
      first_day_{law::add_months(last_day, -months{12 * oldest_years})}, today_{first_day_}, bodies_{bodies},
      password_{std::move(password)} {
  draw_demandes();
  plan_lettings();
}

// -- the agenda -----------------------------------------------------------------------------------------------------

void population::at(law::civil_date day, action what) {
  if (day <= last_day_)
    agenda_[std::max(day, today_)].push_back(std::move(what));
}

void population::live(law::civil_date day) {
  today_ = day;
  for (auto now = agenda_.begin(); now != agenda_.end() && now->first <= day; now = agenda_.begin()) {
    auto actions = std::move(now->second);
    agenda_.erase(now);
    for (const auto& act : actions)
      act();
  }
}

std::optional<planned_command> population::next() {
  if (outbox_.empty())
    live(today_);
  if (outbox_.empty())
    return std::nullopt;
  auto first = std::move(outbox_.front());
  outbox_.pop_front();
  return first;
}

void population::ask(const demonstration_body& by, law::event event, std::function<void(const receipt&)> then) {
  auto asked = std::make_shared<asked_command>();
  asked->by = by.who();
  asked->occurred_on = today_;
  asked->event = std::move(event);
  outbox_.push_back({std::move(asked), std::move(then)});
}

void population::ask_about(const demande& d, const demonstration_body& by, law::event event,
                           std::function<void(const receipt&)> then) {
  ask(by, std::move(event), std::move(then));
  outbox_.back().asked->number = d.number;
}

void population::ask_target(law::subject_id target, const demonstration_body& by, law::event event,
                            std::function<void(const receipt&)> then) {
  ask(by, std::move(event), std::move(then));
  outbox_.back().asked->target = target;
}

// -- bodies ---------------------------------------------------------------------------------------------------------

void population::open_the_bodies() {
  for (auto& h : bodies_.gestionnaire.habilitations)
    ask(bodies_.gestionnaire, law::habilitation_granted{h});
  open_body(0);
}

void population::open_body(std::size_t index) {
  auto all = bodies_.but_gestionnaire();
  if (index == all.size())
    return sign_conventions();
  auto& body = *all[index];
  ask(bodies_.gestionnaire, law::legal_person_registered{body.siren, body.kind, law::text<120>{body.name}},
      [this, &body, index](const receipt&) {
        for (auto& h : body.habilitations)
          ask(bodies_.gestionnaire, law::habilitation_granted{h});
        open_account(body, index + 1);
      });
}

void population::open_account(demonstration_body& body, std::size_t next) {
  ask(bodies_.gestionnaire, law::account_opened{{}, body.siren, body.missions, first_day_, {}},
      [this, &body, next](const receipt& done) {
        body.agent = std::get<law::account_opened>(done.entries.front().record->event).account;
        open_body(next);
      });
  auto& asked = *outbox_.back().asked;
  asked.login = body.login;
  asked.password = password_;
  asked.display_name = "Personne fictive";
}

void population::sign_conventions() {
  using enum law::contingent_kind;
  for (const auto& bailleur : bodies_.bailleurs) {
    sign(bailleur, bodies_.action_logement, action_logement, law::basis_points{4000}, {});
    sign(bailleur, bodies_.town, collectivite, law::basis_points{2000}, {mix_.communes.front().code});
    sign(bailleur, bodies_.state, state_priority, law::basis_points{3000}, {});
  }
}

void population::sign(const demonstration_body& bailleur, const demonstration_body& holder, law::contingent_kind kind,
                      law::basis_points flow_share, law::communes where) {
  law::reservation_convention convention{};
  convention.bailleur = bailleur.siren;
  convention.holder = holder.siren;
  convention.contingent = kind;
  convention.departement = mix_.departement;
  convention.flow_share = flow_share;
  convention.agents_share =
      kind == law::contingent_kind::state_priority ? law::basis_points{500} : law::basis_points{0};
  convention.communes = std::move(where);
  convention.from = first_day_;
  ask(bodies_.gestionnaire, law::reservation_convention_signed{convention}, [this, kind](const receipt& done) {
    const auto& signed_one = std::get<law::reservation_convention_signed>(done.entries.front().record->event);
    if (kind == law::contingent_kind::action_logement)
      action_logement_conventions_.push_back(signed_one.convention.id);
  });
}

// -- demandes -------------------------------------------------------------------------------------------------------

void population::draw_demandes() {
  auto abandoned = std::uint32_t{mix_.demandes * mix_.abandoned_each_year / whole * mix_.abandoned_years};
  demandes_.reserve(mix_.demandes + abandoned);
  for (std::uint32_t i = 0; i < mix_.demandes + abandoned; ++i) {
    auto& d = demandes_.emplace_back();
    d.abandoned = i >= mix_.demandes;
    // An abandoned demande is registered early enough to expire within the years that are shown.
    auto shown_days = static_cast<std::uint64_t>(365 * mix_.abandoned_years);
    d.registered = d.abandoned ? law::add_days(last_day_, -days{400 + static_cast<int>(chance_.below(shown_days))})
                               : draw_registration();
    d.registered = std::max(d.registered, first_day_);
    d.number = law::make_nud(mix_.departement, d.registered, i, "FICTI");
    std::uint64_t inhabitants = 0;
    for (const auto& c : mix_.communes)
      inhabitants += c.inhabitants;
    auto drawn = chance_.below(inhabitants);
    while (drawn >= mix_.communes[d.desk].inhabitants)
      drawn -= mix_.communes[d.desk++].inhabitants;
    d.seed = chance_.next();
    plan_demande(i);
  }
}

law::civil_date population::draw_registration() {
  static constexpr std::array years_from{0, 1, 2, 3, 5, oldest_years};
  auto drawn = chance_.below(whole);
  std::size_t group = 0;
  while (group + 1 < mix_.seniority.size() && drawn >= mix_.seniority[group])
    drawn -= mix_.seniority[group++];
  auto newest = law::add_months(last_day_, -months{12 * years_from[group]});
  auto oldest = law::add_months(last_day_, -months{12 * years_from[group + 1]});
  auto span = static_cast<std::uint64_t>(days_between(oldest, newest));
  return law::add_days(newest, -days{static_cast<int>(chance_.below(span))});
}

void population::plan_demande(std::size_t index) {
  at(demandes_[index].registered, [this, index] { register_demande(index); });
  plan_renewals(index);
}

void population::register_demande(std::size_t index) {
  const auto& d = demandes_[index];
  const auto& desk = bodies_.desks[d.desk];
  law::demande_registered registered{d.number, law::registration_channel::desk, true,
                                     make_form(mix_, d.desk, d.registered, chance{d.seed})};
  ask(desk, std::move(registered), [this, index](const receipt&) {
    const auto& done = demandes_[index];
    ask_about(done, bodies_.desks[done.desk], law::certificate_issued{law::notice_channel::handed_over, {}});
  });
}

/// Two weeks before each term, while the demande lives; an abandoned one is warned, and nothing comes.
void population::plan_renewals(std::size_t index) {
  const auto& d = demandes_[index];
  for (int year = 1; year <= oldest_years; ++year) {
    auto term = law::add_months(d.registered, months{12 * year});
    if (term > last_day_)
      break;
    if (d.abandoned) {
      at(law::add_days(term, -days{45}), [this, index] {
        ask_about(demandes_[index], bodies_.gestionnaire, law::renewal_notice_sent{{law::notice_channel::post}});
      });
      break;
    }
    at(law::add_days(term, -days{14}), [this, index] {
      const auto& now = demandes_[index];
      if (!now.housed)
        ask_about(now, bodies_.desks[now.desk], law::renewed{});
    });
  }
  if (!d.abandoned && chance_.below(whole) < mix_.dalo) {
    auto recognised = law::add_days(d.registered, days{90 + static_cast<int>(chance_.below(600))});
    at(recognised, [this, index] {
      law::dalo_recognised decision{};
      decision.decision_number = law::text<40>{"DALO-" + std::to_string(index)};
      decision.departement = mix_.departement;
      decision.dwelling = law::text<400>{"Logement adapté aux besoins du ménage"};
      if (!demandes_[index].housed)
        ask_about(demandes_[index], bodies_.state, decision);
    });
  }
}

} // namespace toit::simulation
