// The commission d'attribution (CALEOL): sessions, agenda, examination, decisions: R441-3, R441-9, L441-2, L441.

#include "law/deliberation.hpp"

namespace toit::law {

// -- sessions -------------------------------------------------------------------------------------------------------

// [R441-2-15-I-4c]
decision rule(const deliberation& on, const session_scheduled& asked) {
  if (asked.held_on < on.day())
    return refuse_field(refusal_code::bad_date, "R441-2-15-I-4c", "La séance précède sa convocation.", "held_on");
  auto scheduled = asked;
  scheduled.session = id_of<session_id>(on.facts.fresh_ids[0]);
  auto out = on.start();
  out.entries.push_back({on.facts.fresh_ids[0], std::move(scheduled), operation::introduced, {}});
  return out;
}

namespace {

struct agenda_line {
  std::size_t candidates = 0;
  bool prefect_designated = false;
};

agenda_line count_candidates(const deliberation& on, const vacancy& v) {
  agenda_line line;
  for (const auto& c : v.candidates)
    if (live(c) && c.step == candidacy_step::on_agenda && c.session == on.the_session().id) {
      ++line.candidates;
      const auto* d = on.book.dossier_of(c.candidacy);
      const auto* k = d ? d->find(c.candidacy) : nullptr;
      line.prefect_designated = line.prefect_designated || (k && k->route == designation_route::prefect);
    }
  return line;
}

/// The three-candidate rule and its exceptions (R441-3).
bool enough(const deliberation& on, const vacancy& v, const session_opened& asked) {
  auto line = count_candidates(on, v);
  if (line.candidates == 0 || line.candidates >= 3)
    return true;
  auto exception = std::ranges::find(asked.exceptions, v.id, &fewer_candidates::vacancy);
  if (exception == asked.exceptions.end())
    return false;
  switch (exception->ground) {
  case fewer_candidates_ground::not_enough_candidates:
    return true;
  case fewer_candidates_ground::designated_by_prefect:
    return line.prefect_designated;
  case fewer_candidates_ground::d331_25_1_subsidy: {
    const auto* home = on.book.find(v.dwelling); // a former host may have left it out
    return home && home->d331_25_1_subsidy;
  }
  }
  return false;
}

} // namespace

// [R441-2-15-I-4c] [R441-2-15-I-4d]
decision rule(const deliberation& on, const session_opened& asked) {
  const auto& s = on.the_session();
  if (auto ok = by_bailleur(on, s.bailleur); !ok)
    return std::unexpected{ok.error()};
  if (s.status != session_status::scheduled)
    return refuse(refusal_code::bad_order, "R441-2-15-I-4d", "Cette séance n'est pas à ouvrir.");
  if (on.day() != s.held_on)
    return refuse_field(refusal_code::bad_date, "R441-2-15-I-4d", "La séance s'ouvre le jour de sa convocation.",
                        "occurred_on");
  if (!asked.quorum_reached)
    return refuse_field(refusal_code::bad_order, "R441-9", "Sans quorum la commission n'examine rien.",
                        "quorum_reached");
  for (auto id : on.book.agenda_of(s.id))
    if (!enough(on, *on.book.find(id), asked))
      return refuse(refusal_code::min_candidates, "R441-2-15-I-4c",
                    "Au moins trois demandes sont examinées pour un logement, sauf les cas de l'article R. 441-3.");
  return on.record(asked);
}

// [R441-2-15-I-6a]
decision rule(const deliberation& on, const session_closed& asked) {
  const auto& s = on.the_session();
  if (auto ok = by_bailleur(on, s.bailleur); !ok)
    return std::unexpected{ok.error()};
  if (s.status != session_status::opened)
    return refuse(refusal_code::bad_order, "R441-2-15-I-6a", "Cette séance n'est pas ouverte.");
  return on.record(asked);
}

// [R441-2-15-I-4c]
decision rule(const deliberation& on, const session_cancelled& asked) {
  const auto& s = on.the_session();
  if (auto ok = by_bailleur(on, s.bailleur); !ok)
    return std::unexpected{ok.error()};
  if (s.status != session_status::scheduled)
    return refuse(refusal_code::bad_order, "R441-2-15-I-4c", "Cette séance ne peut plus être annulée.");
  return on.record(asked);
}

// -- agenda and examination -----------------------------------------------------------------------------------------

namespace {

/// On the agenda for the first time, or anew after a session that did not examine the demande.
bool may_enter_agenda(const deliberation& on, const candidacy& c) {
  if (c.step == candidacy_step::designated)
    return true;
  const auto* last = on.book.find(c.session);
  return c.step == candidacy_step::on_agenda && last && last->status != session_status::scheduled &&
         last->status != session_status::opened;
}

void move_to_session(outcome& out, const running& found, candidacy_step step, session_id session) {
  move_candidate(out, found.for_dwelling, found.on_dossier.id, step);
  std::get<candidacy_moved>(out.entries.back().event).session = session;
}

} // namespace

// [R441-2-15-I-4c]
decision rule(const deliberation& on, const agenda_entered& asked) {
  auto found = find_running(on, asked.candidacy);
  if (!found)
    return std::unexpected{found.error()};
  if (auto ok = by_bailleur(on, found->for_dwelling.bailleur); !ok)
    return std::unexpected{ok.error()};
  const auto* s = on.book.find(asked.session);
  if (!s || s->bailleur != on.originator())
    return refuse_field(refusal_code::unknown_subject, "R441-2-15-I-4c", "Ce bailleur n'a pas cette séance.",
                        "session");
  if (s->status != session_status::scheduled || !may_enter_agenda(on, found->on_dossier))
    return refuse(refusal_code::bad_order, "R441-2-15-I-4c",
                  "La candidature ne peut pas être inscrite à l'ordre du jour de cette séance.");
  if (on.day() > s->held_on || on.day() < found->on_dossier.designated_on)
    return refuse_field(refusal_code::bad_date, "R441-2-15-I-4c",
                        "L'inscription se place entre la désignation et la séance.", "occurred_on");
  auto out = on.record(asked);
  move_to_session(out, *found, candidacy_step::on_agenda, asked.session);
  return out;
}

// [R441-2-15-I-4d]
decision rule(const deliberation& on, const examined& asked) {
  auto found = find_running(on, asked.candidacy);
  if (!found)
    return std::unexpected{found.error()};
  if (auto ok = by_bailleur(on, found->for_dwelling.bailleur); !ok)
    return std::unexpected{ok.error()};
  const auto* s = on.book.find(found->on_dossier.session);
  if (found->on_dossier.step != candidacy_step::on_agenda || !s || !s->held())
    return refuse(refusal_code::bad_order, "R441-2-15-I-4d",
                  "L'examen suppose l'inscription à l'ordre du jour d'une séance ouverte.");
  if (on.day() != s->held_on)
    return refuse_field(refusal_code::bad_date, "R441-2-15-I-4d", "L'examen a lieu le jour de la séance.",
                        "occurred_on");
  auto out = on.record(asked);
  move_candidate(out, found->for_dwelling, asked.candidacy, candidacy_step::examined);
  return out;
}

// -- decision -------------------------------------------------------------------------------------------------------

namespace {

bool is_no_local_link(decision_motive motive) { return motive == decision_motive::no_local_link; }

// [R441-2-15-I-6c] [R441-2-8]
check check_motives(const caleol_decided& asked) {
  using enum caleol_decision;
  bool motive_needed =
      asked.decision == conditional || asked.decision == non_attribution || asked.decision == inadmissibility;
  if (motive_needed && asked.motives.empty())
    return refuse_field(refusal_code::missing_field, "R441-2-15-I-6c", "Cette décision est motivée.", "motives");
  if (!asked.motives.empty() && std::ranges::all_of(asked.motives, is_no_local_link))
    return refuse_field(refusal_code::bad_motive, "R441-2-15-I-6c",
                        "L'absence de lien avec la commune ne suffit pas à refuser une attribution (CCH L441).",
                        "motives");
  if (std::ranges::find(asked.motives, decision_motive::other) != asked.motives.end() && asked.motive_text.empty())
    return refuse_field(refusal_code::missing_field, "R441-2-15-I-6c", "Un autre motif se dit en toutes lettres.",
                        "motive_text");
  if (asked.decision == inadmissibility)
    for (auto motive : asked.motives)
      if (motive != decision_motive::income_ceiling_exceeded && motive != decision_motive::irregular_stay)
        return refuse_field(refusal_code::bad_motive, "R441-2-8",
                            "Une demande n'est irrecevable que pour les ressources ou l'irrégularité du séjour.",
                            "motives");
  return {};
}

// [R441-2-15-I-6c]
check check_condition(const deliberation& on, const caleol_decided& asked) {
  bool conditional = asked.decision == caleol_decision::conditional;
  if (conditional && (!asked.missing_piece || !asked.piece_due))
    return refuse_field(refusal_code::missing_field, "R441-2-15-I-6c",
                        "La condition suspensive nomme la pièce manquante et son délai.",
                        asked.missing_piece ? "piece_due" : "missing_piece");
  if (!conditional && (asked.missing_piece || asked.piece_due))
    return refuse_field(refusal_code::malformed, "R441-3", "Seule une décision sous condition attend une pièce.",
                        "missing_piece");
  if (conditional && *asked.piece_due < on.day())
    return refuse_field(refusal_code::bad_date, "R441-3", "Le délai de la pièce est déjà passé.", "piece_due");
  return {};
}

bool attributes(caleol_decision decision) {
  using enum caleol_decision;
  return decision == attribution || decision == ranked || decision == conditional;
}

/// Somebody for whom a commission has decided, in this session or before, may still have the dwelling.
bool has_beneficiary(const vacancy& v) {
  return std::ranges::any_of(v.candidates, [](const candidate& c) { return !c.closed && in_favour(c.step); });
}

/// The rank to record: dense and unique in the session, in the order of recording (docs/readings.md, 9).
// [R441-2-15-I-6b]
std::expected<std::uint8_t, refusal> rank_of(const running& found, const caleol_decided& asked) {
  if (!attributes(asked.decision)) {
    if (asked.rank != 0)
      return refuse_field(refusal_code::malformed, "R441-2-15-I-6b", "Seule une attribution donne un rang.", "rank");
    return std::uint8_t{0};
  }
  auto next = next_rank(found.for_dwelling, found.on_dossier.session);
  if (asked.decision == caleol_decision::ranked && asked.rank == 0)
    return refuse_field(refusal_code::missing_field, "R441-2-15-I-6b", "L'attribution en rang indique son rang.",
                        "rank");
  if (asked.rank != 0 && asked.rank != next)
    return refuse_field(refusal_code::bad_order, "R441-2-15-I-6b",
                        "Les rangs d'un logement se suivent sans trou ni doublon, dans l'ordre de leur enregistrement.",
                        "rank");
  if (asked.decision == caleol_decision::attribution && (next != 1 || has_beneficiary(found.for_dwelling)))
    return refuse_field(refusal_code::bad_order, "R441-2-15-I-6b",
                        "Le logement est déjà attribué : les suivants le sont en rang.", "decision");
  return next;
}

/// An attribution is charged on the contingent of the designation.
std::expected<std::optional<imputation>, refusal> charge(const running& found, const caleol_decided& asked) {
  auto own = attributes(asked.decision) ? std::optional{found.on_dossier.contingent} : std::nullopt;
  if (asked.charged_on && asked.charged_on != own)
    return refuse_field(refusal_code::out_of_scope, "R441-2-9",
                        "L'attribution s'impute sur le contingent de la désignation.", "charged_on");
  return own;
}

} // namespace

// [R441-2-15-I-6a] [R441-2-15-I-6b] [R441-2-15-I-6c]
decision rule(const deliberation& on, const caleol_decided& asked) {
  const auto* known = on.the_dossier().find(asked.candidacy);
  if (known && known->decided_on)
    return refuse(refusal_code::duplicate, "R441-2-15-I-6a", "La commission a déjà décidé de cette candidature.");
  auto found = find_running(on, asked.candidacy);
  if (!found)
    return std::unexpected{found.error()};
  if (auto ok = by_bailleur(on, found->for_dwelling.bailleur); !ok)
    return std::unexpected{ok.error()};
  if (found->on_dossier.step != candidacy_step::examined)
    return refuse(refusal_code::bad_order, "R441-2-15-I-6a", "La commission décide après examen.");
  if (on.day() < on.book.find(found->on_dossier.session)->held_on)
    return refuse_field(refusal_code::bad_date, "R441-2-15-I-6a", "La décision précède la séance.", "occurred_on");
  if (auto ok = check_motives(asked); !ok)
    return std::unexpected{ok.error()};
  if (auto ok = check_condition(on, asked); !ok)
    return std::unexpected{ok.error()};
  auto rank = rank_of(*found, asked);
  if (!rank)
    return std::unexpected{rank.error()};
  auto decided = asked;
  decided.rank = *rank;
  auto charged_on = charge(*found, asked);
  if (!charged_on)
    return std::unexpected{charged_on.error()};
  decided.charged_on = *charged_on;
  auto out = on.record(decided);
  move_candidate(out, found->for_dwelling, asked.candidacy, step_after(asked.decision), decided.charged_on);
  std::get<candidacy_moved>(out.entries.back().event).rank = *rank;
  return out;
}

} // namespace toit::law
