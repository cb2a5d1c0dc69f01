// The signature of the lease, what follows from it everywhere, and the correction of a lease recorded wrongly:
// R441-2-15 I item 8 and last alinéa, R441-2-8 a, R441-2-9, L441-2-1 al. 8.

#include "law/deliberation.hpp"

namespace toit::law {

namespace {

void draft(outcome& out, const dossier& d, event happened) {
  out.entries.push_back({subject_of(d.id), std::move(happened), operation::introduced, {}});
}

bool housed(const dossier& d) {
  return d.status == demande_status::radiated && d.radiation->motive == radiation_motive::a_housed;
}

/// Absent where another host had the demande housed without a lease.
std::optional<candidacy_id> signed_candidacy(const dossier& d) {
  auto found = std::ranges::find_if(
      d.candidacies, [](const candidacy& c) { return c.open() && c.step == candidacy_step::lease_signed; });
  return found == d.candidacies.end() ? std::nullopt : std::optional{found->id};
}

/// May this demande still sign? The first lease closes it; a second one is recorded only on attestation.
// [R441-2-15-I-8]
check check_demande(const deliberation& on, const dossier& d, const lease_signed& asked) {
  if (d.status != demande_status::radiated)
    return {};
  if (!housed(d)) {
    if (on.day() > d.radiation->on)
      return refuse(refusal_code::demande_inactive, "R441-2-8", "La demande était radiée quand le bail a été signé.");
    return {};
  }
  if (!asked.attested)
    return refuse(refusal_code::demande_inactive, "R441-2-15-I-8",
                  "Un bail est déjà signé pour cette demande : un second bail ne s'enregistre que si sa signature est "
                  "attestée.");
  if (!signed_candidacy(d))
    return refuse(refusal_code::conflict, "L441-2-7-4-1",
                  "Le journal reçu de l'ancien nœud dit cette demande logée, et ne dit pas par quel bail.");
  if (d.conflict)
    return refuse(refusal_code::bad_order, "R441-2-15-I-8", "Un conflit entre deux baux est déjà ouvert.");
  return {};
}

/// The commission attributed the dwelling to this candidate, and nobody before him can still have it.
// [R441-2-15-I-8]
check check_candidacy(const deliberation& on, const dossier& d, const candidacy& c, const vacancy& v) {
  if (c.step == candidacy_step::lease_signed && c.open())
    return refuse(refusal_code::duplicate, "R441-2-15-I-8", "Ce bail est déjà enregistré.");
  if (!in_favour(c.step) || (!c.open() && d.status != demande_status::radiated))
    return refuse(refusal_code::bad_order, "R441-2-15-I-8",
                  "Aucune attribution en cours en faveur de cette demande pour ce logement.");
  if (c.condition_pending)
    return refuse(refusal_code::bad_order, "R441-3", "La condition suspensive n'est pas levée.");
  if (v.status != vacancy_status::open)
    return refuse(refusal_code::bad_order, "R441-2-15-I-8", "Ce logement n'est plus à attribuer.");
  if (!first_in_line(v, c.id))
    return refuse(refusal_code::bad_order, "R441-2-15-I-6b", "Un candidat mieux placé n'a pas refusé ce logement.");
  if (on.day() < *c.decided_on)
    return refuse_field(refusal_code::bad_date, "R441-2-15-I-8", "Le bail précède la décision de la commission.",
                        "occurred_on");
  return {};
}

/// What the demande becomes: housed, back from another radiation first if the lease came before it, or in conflict.
void follow_on_demande(outcome& out, const deliberation& on, const dossier& d, const candidacy& c, const vacancy& v) {
  if (housed(d)) {
    auto first = *signed_candidacy(d);
    auto first_bailleur = on.book.find(d.find(first)->vacancy)->bailleur;
    draft(out, d, lease_conflict_opened{first, c.id, first_bailleur, v.bailleur});
    return;
  }
  draft(out, d, radiated{radiation_motive::a_housed, {}});
  close_candidacies(out, on.book, d, closing_reason::housed_elsewhere, c.id);
}

} // namespace

// [R441-2-15-I-8]
decision rule(const deliberation& on, const lease_signed& asked) {
  const auto& d = on.the_dossier();
  const auto* c = d.find(asked.candidacy);
  if (!c)
    return refuse(refusal_code::bad_order, "R441-2-15-I-8",
                  "Aucune attribution en cours en faveur de cette demande pour ce logement.");
  const auto& v = *on.book.find(c->vacancy);
  if (auto ok = by_bailleur(on, v.bailleur); !ok)
    return std::unexpected{ok.error()};
  if (auto ok = check_demande(on, d, asked); !ok)
    return std::unexpected{ok.error()};
  if (auto ok = check_candidacy(on, d, *c, v); !ok)
    return std::unexpected{ok.error()};
  if (asked.charged_on && asked.charged_on != c->charged_on)
    return refuse_field(refusal_code::conflict, "R441-2-9",
                        "Le bail confirme l'imputation dite par la décision, il n'en change pas.", "charged_on");
  auto lease = asked;
  lease.charged_on = c->charged_on;
  auto out = on.start();
  if (d.status == demande_status::radiated && !housed(d))
    draft(out, d, reactivated{reactivation_cause::fact_before_term});
  draft(out, d, lease);
  move_candidate(out, v, c->id, candidacy_step::lease_signed, c->charged_on);
  follow_on_demande(out, on, d, *c, v);
  close_candidates(out, on.book, v, closing_reason::dwelling_let, c->id);
  return out;
}

// -- correction -----------------------------------------------------------------------------------------------------

namespace {

void close_corrected(outcome& out, const dossier& d, const candidacy& c, const vacancy& v, closing_reason reason) {
  draft(out, d, candidacy_closed{c.id, reason});
  move_candidate(out, v, c.id, c.step_before_lease, c.charged_on);
  std::get<candidacy_moved>(out.entries.back().event).closed = reason;
}

} // namespace

/// The file reopens, the contingent is uncharged, and who was turned away comes back where the dwelling is still free.
// [R441-2-15-I-10]
decision rule(const deliberation& on, const lease_corrected& asked) {
  const auto& d = on.the_dossier();
  const auto* c = d.find(asked.candidacy);
  if (!c)
    return refuse(refusal_code::unknown_subject, "R441-2-15-I-10", "Cette demande n'a pas cette candidature.");
  const auto& v = *on.book.find(c->vacancy);
  if (auto ok = by_bailleur(on, v.bailleur); !ok)
    return std::unexpected{ok.error()};
  if (c->step != candidacy_step::lease_signed || !c->open())
    return refuse(refusal_code::conflict, "R441-2-15-I-10", "Aucun bail n'est enregistré pour cette candidature.");
  if (on.day() < d.radiation->on)
    return refuse_field(refusal_code::bad_date, "R441-2-15-I-10", "La correction précède le bail.", "occurred_on");
  if (asked.motive.empty())
    return refuse_field(refusal_code::missing_field, "R441-2-15-I-10", "La correction est motivée.", "motive");
  auto out = on.start();
  out.entries.push_back({subject_of(d.id), asked, operation::suppressed, c->last_entry});
  bool gone = on.book.let_again_since(v);
  if (gone)
    out.entries.push_back({subject_of(v.id), vacancy_withdrawn{"Logement reloué depuis"}, operation::introduced, {}});
  if (gone)
    close_corrected(out, d, *c, v, closing_reason::dwelling_no_longer_free);
  else if (d.conflict)
    close_corrected(out, d, *c, v, closing_reason::housed_elsewhere);
  else
    move_candidate(out, v, c->id, c->step_before_lease, c->charged_on);
  if (d.conflict) {
    draft(out, d, lease_conflict_closed{d.conflict->first == c->id ? d.conflict->second : d.conflict->first});
  } else {
    draft(out, d, reactivated{reactivation_cause::lease_corrected});
    restore_candidacies(out, on.book, d, closing_reason::housed_elsewhere);
  }
  if (!gone)
    restore_candidates(out, on.book, v);
  return out;
}

} // namespace toit::law
