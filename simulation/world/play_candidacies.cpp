// What bailleurs, réservataires and commissions ask for.

#include "simulation/world/play.hpp"

#include <cstdio>

namespace toit::simulation {

using law::days;

// -- candidacies ----------------------------------------------------------------------------------------------------

play::command play::designation(const law::dossier& d) {
  const auto& vacancies = book_.vacancies_by_arrival();
  if (vacancies.empty())
    return dwelling_side();
  // The latest vacancies gather candidates, as they must for a session.
  auto at = vacancies.size() - 1 - chance_.below(std::min<std::uint64_t>(vacancies.size(), 4));
  const auto& v = *book_.find(vacancies[at]);
  const body* by = &bailleur_of(v);
  command asked;
  if (v.reserved_under)
    for (const auto& [name, id] : c_.conventions)
      if (id == v.reserved_under && !chance_.one_in(6))
        by = name == "state" ? &c_.state : name == "collectivite" ? &c_.collectivite : &c_.action_logement;
  law::designated named{};
  named.vacancy = v.id;
  if (by == &c_.state && chance_.one_in(4))
    named.route = law::designation_route::prefect;
  asked = about(*by, d, named);
  if (by == &c_.collectivite && chance_.one_in(2)) {
    // The bailleur designates for the réservataire that has given it a mandate.
    asked->by = c_.bailleur.who();
    asked->originator = law::party{c_.collectivite.siren};
  }
  return asked;
}

play::command play::decision_on(const law::dossier& d, const law::candidacy& k, const law::vacancy& v) {
  law::caleol_decided decided{};
  decided.candidacy = k.id;
  auto next = law::next_rank(v, k.session);
  using enum law::caleol_decision;
  switch (chance_.below(8)) {
  case 0:
    decided.decision = non_attribution;
    decided.motives = {chance_.one_in(3) ? law::decision_motive::no_local_link
                                         : law::decision_motive::resources_do_not_fit_rent};
    break;
  case 1:
    decided.decision = inadmissibility;
    decided.motives = {law::decision_motive::income_ceiling_exceeded};
    break;
  case 2:
    decided.decision = conditional;
    decided.motives = {law::decision_motive::missing_piece};
    decided.missing_piece = law::piece_type::tax_notice;
    decided.piece_due = law::add_days(w_.today(), days{20});
    break;
  default:
    decided.decision = next == 1 ? attribution : ranked;
    decided.rank = static_cast<std::uint8_t>(next + (chance_.one_in(10) ? 1 : 0));
  }
  const auto* session = book_.find(k.session);
  auto asked = about(bailleur_of(v), d, decided);
  if (session && session->held_on <= w_.today())
    asked->occurred_on = session->held_on;
  return asked;
}

play::command play::about_candidacy(const law::dossier& d, const law::candidacy& k) {
  const auto& v = *book_.find(k.vacancy);
  const auto& by = bailleur_of(v);
  using enum law::candidacy_step;
  if (k.step == lease_signed)
    return about(by, d, law::lease_corrected{k.id, chance_.one_in(6) ? "" : "erreur fictive"});
  if (chance_.one_in(12))
    return about(by, d, law::visit_proposed{v.id, law::add_days(w_.today(), days{2})});
  if (chance_.one_in(12))
    return about(by, d, law::visit_made{v.id});
  if (k.condition_pending && chance_.one_in(2)) {
    if (chance_.one_in(4))
      return about(by, d, law::condition_failed{k.id, "pièce jamais fournie"});
    return about(by, d, law::condition_fulfilled{k.id});
  }
  switch (k.step) {
  case designated: {
    if (chance_.one_in(8)) {
      const auto* who = c_.find(k.designator);
      return about(who ? *who : by, d, law::designation_withdrawn{k.id, "erreur fictive"});
    }
    const auto& sessions = book_.sessions_by_arrival();
    for (auto id = sessions.rbegin(); id != sessions.rend(); ++id)
      if (const auto* s = book_.find(*id);
          s->bailleur == v.bailleur && s->held_on >= w_.today() && s->status == law::session_status::scheduled)
        return about(by, d, law::agenda_entered{k.id, s->id});
    return about_session(by, {}, law::session_scheduled{{}, law::add_days(w_.today(), days{4}), "Commission fictive"});
  }
  case on_agenda: {
    auto asked = about(by, d, law::examined{k.id});
    if (const auto* s = book_.find(k.session); s && s->held_on <= w_.today())
      asked->occurred_on = s->held_on;
    return asked;
  }
  case examined:
    return decision_on(d, k, v);
  case attributed:
  case ranked:
  case conditional: {
    if (chance_.one_in(6))
      return about(by, d, law::lease_signed{k.id, {}, {}, {}, {}, {}, {}, {}});
    auto delay = chance_.one_in(8) ? 9 : 12;
    return about(by, d, law::offer_made{k.id, law::add_days(w_.today(), days{delay}), 45'000, {}, !chance_.one_in(5)});
  }
  case offered:
    if (chance_.one_in(3))
      return about(by, d, law::offer_refused{k.id, static_cast<law::refusal_motive>(chance_.below(11)), {}});
    return about(by, d, law::offer_accepted{k.id}, static_cast<int>(chance_.below(2)));
  case accepted:
    return about(by, d, law::lease_signed{k.id, {}, {}, true, {}, {}, {}, {}});
  case refused:
    return about(by, d, law::offer_accepted{k.id}, static_cast<int>(chance_.below(6)));
  default:
    return about(by, d, law::designation_withdrawn{k.id, "trop tard"});
  }
}

// -- dwellings, sessions --------------------------------------------------------------------------------------------

play::command play::dwelling_side() {
  const auto& homes = book_.dwellings_by_arrival();
  if (homes.size() < 6 || chance_.one_in(8)) {
    char rpls[16];
    std::snprintf(rpls, sizeof rpls, "93%08u",
                  static_cast<unsigned>(chance_.below(chance_.one_in(6) ? 4 : 90'000'000)));
    law::dwelling_registered home{};
    home.rpls = *law::rpls_id::parse(rpls);
    const char* where[] = {"93066", "93066", "93001", "93070"};
    home.commune = commune(where[chance_.below(4)]);
    home.typology = law::typology::t3;
    home.d331_25_1_subsidy = chance_.one_in(5);
    return command_of(w_, chance_.one_in(3) ? c_.other_bailleur : c_.bailleur, home);
  }
  const auto& vacancies = book_.vacancies_by_arrival();
  if (!vacancies.empty() && chance_.one_in(10)) {
    const auto& v = *book_.find(vacancies[chance_.below(vacancies.size())]);
    return about_vacancy(bailleur_of(v), v.id, law::vacancy_withdrawn{"travaux fictifs"});
  }
  const auto& home = *book_.find(homes[chance_.below(homes.size())]);
  law::vacancy_opened opened{};
  opened.dwelling = home.id;
  opened.available_on = w_.today();
  if (chance_.percent(60)) {
    bool of_other = home.bailleur == c_.other_bailleur.siren;
    bool in_saint_denis = home.commune == commune("93066");
    auto name = of_other ? "state" : in_saint_denis && chance_.one_in(2) ? "collectivite" : "action_logement";
    opened.reserved_under = c_.conventions.at(name);
    opened.holder_informed_on = law::add_days(w_.today(), days{-static_cast<int>(chance_.below(34))});
  }
  const auto* by = c_.find(home.bailleur);
  return command_of(w_, by ? *by : c_.bailleur, opened);
}

play::command play::session_side() {
  for (auto id : book_.sessions_by_arrival()) {
    const auto& s = *book_.find(id);
    const auto* by = c_.find(s.bailleur);
    if (!by)
      continue;
    if (s.status == law::session_status::opened && chance_.one_in(6))
      return about_session(*by, id, law::session_closed{"procès-verbal fictif"});
    if (s.status != law::session_status::scheduled)
      continue;
    if (chance_.one_in(12))
      return about_session(*by, id, law::session_cancelled{"report fictif"});
    if (s.held_on > w_.today())
      continue;
    if (book_.agenda_of(id).empty()) {
      if (chance_.one_in(2))
        return about_session(*by, id, law::session_cancelled{"ordre du jour vide"});
      continue;
    }
    law::session_opened opened{!chance_.one_in(12), {}};
    if (!chance_.one_in(4))
      for (auto vacancy : book_.agenda_of(id))
        opened.exceptions.push_back(
            {vacancy, static_cast<law::fewer_candidates_ground>(chance_.below(5) < 3 ? 0 : chance_.below(3))});
    auto asked = about_session(*by, id, opened);
    asked->occurred_on = s.held_on;
    return asked;
  }
  const auto& by = chance_.one_in(3) ? c_.other_bailleur : c_.bailleur;
  return command_of(w_, by, law::session_scheduled{{}, law::add_days(w_.today(), days{2}), "Commission fictive"});
}

} // namespace toit::simulation
