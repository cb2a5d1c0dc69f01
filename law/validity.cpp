// Renewal, expiry, warnings, the six radiations, reactivation and erasure: R441-2-7, R441-2-8; arrêté of 23 March 2015.

#include "law/deliberation.hpp"

namespace toit::law {

namespace {

void draft(outcome& out, const dossier& d, event happened, operation how = operation::introduced) {
  out.entries.push_back({subject_of(d.id), std::move(happened), how, {}});
}

void radiate(outcome& out, const demand_book& book, const dossier& d, radiated radiation) {
  auto reason = radiation.motive == radiation_motive::f_merged ? closing_reason::demande_merged
                                                               : closing_reason::demande_radiated;
  draft(out, d, std::move(radiation));
  close_candidacies(out, book, d, reason);
}

/// A fact dated before the term came after the term had taken effect: the effect is undone (docs/readings.md, 2).
void undo_radiation(outcome& out, const demand_book& book, const dossier& d) {
  draft(out, d, reactivated{reactivation_cause::fact_before_term}, operation::suppressed);
  restore_candidacies(out, book, d, closing_reason::demande_radiated);
}

std::unexpected<refusal> refuse_radiated() {
  return refuse(refusal_code::demande_inactive, "R441-2-8", "La demande est radiée.");
}

bool registers(const deliberation& on) {
  return on.has_quality(quality::service_enregistreur) || on.has_quality(quality::gestionnaire);
}

/// The tolerance after the year has passed, whether or not its effect has been recorded yet.
bool past_tolerance(const dossier& d, civil_date day) { return d.notice_sent_on && day > non_renewal_last_day(d); }

/// Renewal, with the reactivation that it needs where radiation e has taken effect.
decision renew(const deliberation& on, const renewed& asked) {
  const auto& d = on.the_dossier();
  bool radiated = d.status == demande_status::radiated;
  if (radiated && d.radiation->motive != radiation_motive::e_not_renewed)
    return refuse_radiated();
  bool late = past_tolerance(d, on.day());
  if (late && on.day() > reactivation_last_day(d))
    return refuse(refusal_code::too_late, "R441-2-7",
                  "Dix-huit mois après le dernier renouvellement, une nouvelle demande est nécessaire.");
  if (late && !registers(on))
    return refuse(refusal_code::not_empowered, "R441-2-8",
                  "Passé le délai, la demande est réactivée par le service qui reçoit le renouvellement.");
  auto out = on.start();
  if (radiated && late)
    draft(out, d, reactivated{reactivation_cause::late_renewal});
  else if (radiated)
    undo_radiation(out, on.book, d);
  draft(out, d, asked);
  return out;
}

} // namespace

// [R441-2-15-I-4-0]
decision rule(const deliberation& on, const renewed& asked) {
  const auto& d = on.the_dossier();
  if (on.day() < d.renewed_on)
    return refuse_field(refusal_code::bad_date, "R441-2-7", "Un renouvellement plus récent est déjà enregistré.",
                        "occurred_on");
  if (d.status == demande_status::radiated && d.radiation->motive != radiation_motive::e_not_renewed)
    return refuse_radiated();
  if (auto ok = check_changes(on, asked.changes, asked.household); !ok)
    return std::unexpected{ok.error()};
  return renew(on, asked);
}

// [R441-2-15-I-4-0]
decision rule(const deliberation& on, const renewal_notice_sent& asked) {
  const auto& d = on.the_dossier();
  if (asked.channels.empty())
    return refuse_field(refusal_code::missing_field, "R441-2-7", "Le préavis n'a pas de voie d'envoi.", "channels");
  if (d.notice_sent_on)
    return refuse(refusal_code::duplicate, "R441-2-7", "Le préavis de cette année a déjà été envoyé.");
  if (on.day() < d.renewed_on)
    return refuse_field(refusal_code::bad_date, "R441-2-7", "Le préavis précède le dernier renouvellement.",
                        "occurred_on");
  if (d.reactivated_on && on.day() < *d.reactivated_on)
    return refuse_field(refusal_code::bad_date, "R441-2-7", "Le préavis précède la réactivation de la demande.",
                        "occurred_on");
  return on.record(asked);
}

// [R441-2-15-I-4-0]
decision rule(const deliberation& on, const radiation_warning_sent& asked) {
  const auto& d = on.the_dossier();
  bool for_silence = asked.motive == radiation_motive::c_no_answer;
  if (!for_silence && asked.motive != radiation_motive::d_inadmissible)
    return refuse_field(refusal_code::bad_motive, "R441-2-8", "Ce motif de radiation n'appelle pas d'avertissement.",
                        "motive");
  if (asked.proof_of_delivery.empty())
    return refuse_field(refusal_code::missing_field, "R441-2-8", "L'avertissement doit pouvoir être prouvé.",
                        "proof_of_delivery");
  if (d.warning)
    return refuse(refusal_code::duplicate, "R441-2-8", "Un avertissement est déjà en cours.");
  if (for_silence)
    return on.record(asked);
  if (!d.inadmissible)
    return refuse(refusal_code::too_early, "R441-2-8", "Aucune commission n'a déclaré la demande irrecevable.");
  bool decided_here = std::ranges::any_of(d.candidacies, [&](const candidacy& c) {
    return c.step == candidacy_step::inadmissible && on.book.find(c.vacancy)->bailleur == on.originator();
  });
  if (!decided_here)
    return refuse(refusal_code::not_originator, "R441-2-8",
                  "L'avertissement vient du bailleur dont la commission a déclaré la demande irrecevable.");
  return on.record(asked);
}

namespace {

civil_date last_day_to_answer(const deliberation& on, const radiation_warning& warning) {
  auto term = warning.motive == radiation_motive::c_no_answer ? on.settings.months_to_answer() : months{1};
  return add_months(warning.sent_on, term);
}

} // namespace

// [R441-2-15-I-4-0]
decision rule(const deliberation& on, const warning_answered& asked) {
  const auto& d = on.the_dossier();
  const auto& warning = d.warning ? d.warning : d.warning_of_radiation;
  if (!warning)
    return refuse(refusal_code::bad_order, "R441-2-8", "Aucun avertissement n'est en cours.");
  if (on.day() < warning->sent_on)
    return refuse_field(refusal_code::bad_date, "R441-2-8", "La réponse précède l'avertissement.", "occurred_on");
  if (on.day() > last_day_to_answer(on, *warning))
    return refuse(refusal_code::too_late, "R441-2-8", "Le délai pour répondre est passé.");
  if (d.status != demande_status::radiated)
    return on.record(asked);
  auto out = on.start();
  undo_radiation(out, on.book, d);
  draft(out, d, asked);
  return out;
}

namespace {

/// Radiation c or d asked for by hand: possible once the term of the sender's own warning has passed.
decision radiate_after_warning(const deliberation& on, const radiated& asked) {
  const auto& d = on.the_dossier();
  if (!d.warning || d.warning->motive != asked.motive)
    return refuse(refusal_code::too_early, "R441-2-8", "Cette radiation suppose un avertissement resté sans réponse.");
  if (d.warning->sender != on.originator())
    return refuse(refusal_code::not_originator, "R441-2-8", "La radiation revient à l'auteur de l'avertissement.");
  auto last_day = last_day_to_answer(on, *d.warning);
  if (on.day() <= last_day)
    return refuse_until(refusal_code::too_early, "R441-2-8", "Le délai pour répondre court encore.",
                        acts_from(last_day));
  auto out = on.start();
  radiate(out, on.book, d, asked);
  return out;
}

decision radiate_unrenewed(const deliberation& on, const radiated& asked) {
  const auto& d = on.the_dossier();
  if (!on.has_quality(quality::gestionnaire))
    return refuse(refusal_code::not_originator, "R441-2-8", "Cette radiation revient au gestionnaire.");
  if (d.status != demande_status::expired)
    return refuse(refusal_code::too_early, "R441-2-8",
                  "Cette radiation suppose l'expiration de la demande, après un préavis.");
  if (on.day() <= non_renewal_last_day(d))
    return refuse_until(refusal_code::too_early, "R441-2-8", "Le délai de renouvellement court encore.",
                        acts_from(non_renewal_last_day(d)));
  auto out = on.start();
  radiate(out, on.book, d, asked);
  return out;
}

} // namespace

// [R441-2-15-I-4-0]
decision rule(const deliberation& on, const radiated& asked) {
  using enum radiation_motive;
  switch (asked.motive) {
  case b_renunciation: {
    if (asked.written_act.empty())
      return refuse_field(refusal_code::missing_field, "R441-2-8", "La renonciation est écrite.", "written_act");
    auto out = on.start();
    radiate(out, on.book, on.the_dossier(), asked);
    return out;
  }
  case c_no_answer:
  case d_inadmissible:
    return radiate_after_warning(on, asked);
  case e_not_renewed:
    return radiate_unrenewed(on, asked);
  case a_housed:
    return refuse(refusal_code::too_early, "R441-2-8", "Cette radiation découle de la signature du bail.");
  case f_merged:
    return refuse(refusal_code::too_early, "R441-2-8", "Cette radiation découle de la fusion.");
  }
  require(false, "every motive has its rule");
  return {};
}

// [R441-2-15-I-4-0]
decision rule(const deliberation& on, const reactivated& asked) {
  const auto& d = on.the_dossier();
  if (d.status != demande_status::radiated)
    return refuse(refusal_code::bad_order, "R441-2-8", "La demande n'est pas radiée.");
  if (on.day() < d.radiation->on)
    return refuse_field(refusal_code::bad_date, "R441-2-8", "La réactivation précède la radiation.", "occurred_on");
  if (asked.cause == reactivation_cause::late_renewal)
    return renew(on, renewed{});
  if (asked.cause != reactivation_cause::answer_after_term)
    return refuse_field(refusal_code::bad_motive, "R441-2-8", "Cette réactivation découle d'un autre événement.",
                        "cause");
  if (d.radiation->motive != radiation_motive::c_no_answer)
    return refuse(refusal_code::bad_motive, "R441-2-8", "La demande n'a pas été radiée faute de réponse.");
  // Five months, and only where a système particulier says so (arrêté of 23 March 2015, annex 6.5).
  bool possible = on.settings.registration == registration_system::systeme_particulier &&
                  on.day() <= add_months(d.radiation->on, months{5});
  if (!possible)
    return refuse(refusal_code::too_late, "R441-2-8", "La demande radiée faute de réponse n'est plus réactivable.");
  return on.record(asked);
}

namespace {

/// What the term does, at the origin of whom, once it has passed.
outcome effect_of(const deliberation& on, const due& passed) {
  const auto& d = on.the_dossier();
  outcome out{{}, {}, acts_from(passed.last_day), on.settings.gestionnaire};
  switch (passed.rule) {
  case due_rule::validity_end:
    draft(out, d, expired{});
    break;
  case due_rule::non_renewal:
    radiate(out, on.book, d, {radiation_motive::e_not_renewed, {}});
    break;
  case due_rule::no_answer:
  case due_rule::inadmissible:
    out.originator = d.warning->sender;
    radiate(out, on.book, d, {d.warning->motive, {}});
    break;
  case due_rule::offer_silence: {
    const auto& v = *on.book.find(d.find(passed.candidacy)->vacancy);
    out.originator = v.bailleur;
    draft(out, d, offer_refused{passed.candidacy, refusal_motive::silence, {}});
    move_candidate(out, v, passed.candidacy, candidacy_step::refused);
    break;
  }
  case due_rule::erasure: {
    demande_erased erased{{on.facts.sealed_entries.begin(), on.facts.sealed_entries.end()},
                          static_cast<std::uint32_t>(d.documents.size())};
    for (const auto& stored : d.documents)
      erased.files.push_back(stored.id);
    draft(out, d, std::move(erased), operation::suppressed);
    break;
  }
  case due_rule::certificate:
  case due_rule::renewal_notice:
    require(false, "an alert has no effect of its own");
  }
  return out;
}

} // namespace

// [R441-2-15-I-4-0] [L441-2-7-1-1c]
decision rule(const deliberation& on, const due_reached& asked) {
  if (!on.book.find(asked.due.dossier) || subject_of(asked.due.dossier) != on.asked.target)
    return refuse(refusal_code::unknown_demande, "R441-2-8", "Aucune demande ne correspond à cette échéance.");
  auto running = dues_of(on.the_dossier(), on.settings);
  if (!takes_effect(asked.due.rule) || std::ranges::find(running, asked.due) == running.end())
    return refuse(refusal_code::bad_order, "R441-2-8", "Cette échéance ne court pas.");
  if (on.facts.today <= asked.due.last_day)
    return refuse_until(refusal_code::too_early, "R441-2-8", "Le délai court encore.", acts_from(asked.due.last_day));
  if (auto whole = check_whole(on.book, on.the_dossier()); !whole)
    return std::unexpected{whole.error()};
  return effect_of(on, asked.due);
}

} // namespace toit::law
