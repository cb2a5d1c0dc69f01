// Visits, the offer to whom the dwelling is attributed, his answer, the suspensive condition: R441-10, R441-3 c.

#include "law/deliberation.hpp"

namespace toit::law {

namespace {

std::expected<const vacancy*, refusal> own_vacancy(const deliberation& on, vacancy_id id) {
  const auto* v = on.book.find(id);
  if (!v)
    return refuse_field(refusal_code::unknown_subject, "R441-2-15-I-5", "Ce logement à attribuer n'existe pas.",
                        "vacancy");
  if (auto ok = by_bailleur(on, v->bailleur); !ok)
    return std::unexpected{ok.error()};
  return v;
}

std::expected<running, refusal> own_running(const deliberation& on, candidacy_id id) {
  auto found = find_running(on, id);
  if (!found)
    return found;
  if (auto ok = by_bailleur(on, found->for_dwelling.bailleur); !ok)
    return std::unexpected{ok.error()};
  return found;
}

} // namespace

// -- visits: the text lists both and sets no order (docs/readings.md, 8) --------------------------------------------

// [R441-2-15-I-5]
decision rule(const deliberation& on, const visit_proposed& asked) {
  if (auto v = own_vacancy(on, asked.vacancy); !v)
    return std::unexpected{v.error()};
  if (asked.visit_on < on.day())
    return refuse_field(refusal_code::bad_date, "R441-2-15-I-5", "La visite précède sa proposition.", "visit_on");
  return on.record(asked);
}

// [R441-2-15-I-5]
decision rule(const deliberation& on, const visit_made& asked) {
  if (auto v = own_vacancy(on, asked.vacancy); !v)
    return std::unexpected{v.error()};
  auto out = on.record(asked);
  const auto& proposed = on.the_dossier().visits_proposed;
  if (std::ranges::find(proposed, asked.vacancy) == proposed.end())
    out.warnings.push_back(warning::visit_not_proposed);
  return out;
}

// -- offer ----------------------------------------------------------------------------------------------------------

// [R441-2-15-I-6b]
decision rule(const deliberation& on, const offer_made& asked) {
  auto found = own_running(on, asked.candidacy);
  if (!found)
    return std::unexpected{found.error()};
  const auto& c = found->on_dossier;
  using enum candidacy_step;
  bool decided_for = c.step == attributed || c.step == ranked || c.step == conditional;
  if (!decided_for)
    return refuse(refusal_code::bad_order, "R441-10", "Un logement se propose à qui la commission l'a attribué.");
  if (!first_in_line(found->for_dwelling, c.id))
    return refuse(refusal_code::bad_order, "R441-2-15-I-6b",
                  "Un candidat mieux placé n'a pas encore refusé ce logement.");
  if (on.day() < *c.decided_on)
    return refuse_field(refusal_code::bad_date, "R441-10", "La proposition précède la décision.", "occurred_on");
  if (asked.reply_by < add_days(on.day(), days_to_reply))
    return refuse_field(refusal_code::bad_date, "R441-10", "Le délai de réponse est d'au moins dix jours.", "reply_by");
  if (on.the_dossier().dalo_since && !asked.dalo_warning)
    return refuse_field(refusal_code::missing_field, "R441-16-3",
                        "Le bénéficiaire d'une décision DALO est averti de la portée d'un refus.", "dalo_warning");
  auto out = on.record(asked);
  move_candidate(out, found->for_dwelling, c.id, offered, c.charged_on);
  return out;
}

namespace {

/// Nobody answers what he has not been offered yet.
// [R441-10]
check check_after_offer(const candidacy& c, civil_date day) {
  if (c.offered_on && day < *c.offered_on)
    return refuse_field(refusal_code::bad_date, "R441-10", "La réponse précède la proposition.", "occurred_on");
  return {};
}

/// Somebody ranked behind has been offered the dwelling since.
bool passed_on(const vacancy& v, candidacy_id id) {
  using enum candidacy_step;
  auto order = v.find(id)->order;
  return std::ranges::any_of(v.candidates, [&](const candidate& other) {
    return other.order > order && !other.closed &&
           (other.step == offered || other.step == accepted || other.step == lease_signed);
  });
}

bool refused_by_silence(const candidacy& c) {
  return c.open() && c.step == candidacy_step::refused && c.refused_by_silence;
}

/// The event stands in the place of the silence that had counted as a refusal.
outcome replace_silence(const deliberation& on, const candidacy& c, event answer) {
  auto out = on.record(std::move(answer));
  out.entries.back().operation = operation::modified;
  out.entries.back().supersedes = c.last_entry;
  return out;
}

/// An acceptance dated in time that arrives after silence has counted as a refusal undoes the refusal.
decision accept_after_silence(const deliberation& on, const candidacy& c, const offer_accepted& asked) {
  const auto& v = *on.book.find(c.vacancy);
  auto runs_anew = [&](const candidacy& other) { return other.vacancy == v.id && live(other); };
  if (std::ranges::any_of(on.the_dossier().candidacies, runs_anew))
    return refuse(refusal_code::conflict, "R441-10",
                  "Le silence a valu refus et cette demande a été désignée de nouveau pour ce logement.");
  if (v.status != vacancy_status::open || passed_on(v, c.id))
    return refuse(refusal_code::conflict, "R441-10",
                  "Le silence a valu refus et le logement a été proposé au candidat suivant.");
  auto out = replace_silence(on, c, asked);
  move_candidate(out, v, c.id, candidacy_step::accepted, c.charged_on);
  return out;
}

} // namespace

// [R441-2-15-I-4-0]
decision rule(const deliberation& on, const offer_accepted& asked) {
  const auto& d = on.the_dossier();
  const auto* c = d.find(asked.candidacy);
  if (!c)
    return refuse(refusal_code::unknown_subject, "R441-2-15-I-4b", "Cette demande n'a pas cette candidature.");
  if (auto ok = by_bailleur(on, on.book.find(c->vacancy)->bailleur); !ok)
    return std::unexpected{ok.error()};
  bool silent = refused_by_silence(*c);
  if (d.status == demande_status::radiated || !c->open() || (c->step != candidacy_step::offered && !silent))
    return refuse(refusal_code::bad_order, "R441-10", "Aucune proposition n'attend de réponse.");
  if (auto ok = check_after_offer(*c, on.day()); !ok)
    return std::unexpected{ok.error()};
  if (on.day() > *c->reply_by)
    return refuse(refusal_code::too_late, "R441-10", "Le délai de réponse est passé : le silence vaut refus.");
  if (silent)
    return accept_after_silence(on, *c, asked);
  auto out = on.record(asked);
  move_candidate(out, *on.book.find(c->vacancy), c->id, candidacy_step::accepted, c->charged_on);
  return out;
}

namespace {

// [R441-2-15-I-7] [R441-10]
check check_refusal(const candidacy& c, const offer_refused& asked, civil_date day) {
  bool silence = asked.motive == refusal_motive::silence;
  if (silence && (c.step == candidacy_step::accepted || day <= *c.reply_by))
    return refuse_until(refusal_code::too_early, "R441-10", "Le silence ne vaut refus qu'au terme du délai de réponse.",
                        acts_from(*c.reply_by));
  if (auto ok = check_after_offer(c, day); !ok)
    return ok;
  if (asked.motive == refusal_motive::other && asked.motive_text.empty())
    return refuse_field(refusal_code::missing_field, "R441-2-15-I-7", "Le motif du refus est enregistré.",
                        "motive_text");
  return {};
}

} // namespace

/// A refusal given in time and recorded after the silence has counted as one brings its motive.
// [R441-2-15-I-7] [R441-2-15-I-9]
decision rule(const deliberation& on, const offer_refused& asked) {
  const auto* late = on.the_dossier().find(asked.candidacy);
  if (late && refused_by_silence(*late) && asked.motive != refusal_motive::silence && on.day() <= *late->reply_by) {
    if (auto ok = by_bailleur(on, on.book.find(late->vacancy)->bailleur); !ok)
      return std::unexpected{ok.error()};
    if (auto ok = check_refusal(*late, asked, on.day()); !ok)
      return std::unexpected{ok.error()};
    return replace_silence(on, *late, asked);
  }
  auto found = own_running(on, asked.candidacy);
  if (!found)
    return std::unexpected{found.error()};
  const auto& c = found->on_dossier;
  if (c.step != candidacy_step::offered && c.step != candidacy_step::accepted)
    return refuse(refusal_code::bad_order, "R441-2-15-I-7", "Aucune proposition n'a été faite à ce candidat.");
  if (auto ok = check_refusal(c, asked, on.day()); !ok)
    return std::unexpected{ok.error()};
  auto out = on.record(asked);
  move_candidate(out, found->for_dwelling, c.id, candidacy_step::refused);
  return out;
}

// -- suspensive condition -------------------------------------------------------------------------------------------

namespace {

std::expected<running, refusal> pending_condition(const deliberation& on, candidacy_id id) {
  auto found = own_running(on, id);
  if (found && !found->on_dossier.condition_pending)
    return refuse(refusal_code::bad_order, "R441-3", "Aucune condition suspensive n'est en attente.");
  if (found && on.day() < *found->on_dossier.decided_on)
    return refuse_field(refusal_code::bad_date, "R441-3", "Ce qui advient de la condition précède la décision.",
                        "occurred_on");
  return found;
}

} // namespace

// [R441-2-15-I-6c]
decision rule(const deliberation& on, const condition_fulfilled& asked) {
  auto found = pending_condition(on, asked.candidacy);
  if (!found)
    return std::unexpected{found.error()};
  if (on.day() > *found->on_dossier.piece_due)
    return refuse(refusal_code::too_late, "R441-3", "Le délai pour fournir la pièce est passé.");
  return on.record(asked);
}

// [R441-2-15-I-6c]
decision rule(const deliberation& on, const condition_failed& asked) {
  auto found = pending_condition(on, asked.candidacy);
  if (!found)
    return std::unexpected{found.error()};
  if (asked.motive.empty())
    return refuse_field(refusal_code::missing_field, "R441-2-15-I-6c", "L'échec de la condition est motivé.", "motive");
  auto out = on.record(asked);
  move_candidate(out, found->for_dwelling, asked.candidacy, candidacy_step::condition_failed);
  return out;
}

} // namespace toit::law
