/// \file
/// What the rules share while they decide: the command, what it is about, and how entries are drafted.
/// Only the files of `law/` that hold rules include this.

#pragma once

#include "law/decide.hpp"

namespace toit::law {

struct deliberation {
  const demand_book& book;
  const law::settings& settings;
  const command& asked;
  const law::facts& facts;

  /// The dossier that the command is about; common checks have made sure of it where a rule asks.
  const dossier& the_dossier() const;
  const vacancy& the_vacancy() const;
  const caleol_session& the_session() const;

  civil_date day() const { return asked.occurred_on; }
  siren originator() const { return asked.originator.legal_person(); }
  bool has_quality(quality q) const;

  /// One entry about the target of the command.
  outcome record(law::event happened) const;
  outcome start() const { return {{}, {}, asked.occurred_on, asked.originator}; }
};

/// A candidacy of the target that is still running, with the vacancy it is for.
struct running {
  const candidacy& on_dossier;
  const vacancy& for_dwelling;
};
std::expected<running, refusal> find_running(const deliberation& on, candidacy_id id);

/// What another host wrote was folded as it came, decided or not: nothing follows from a candidacy of the demande that
/// lacks its other side, or what its step presupposes. A node that decides its own entries never refuses so.
check check_whole(const demand_book& book, const dossier& d);

/// Neither decided against, refused, failed nor closed.
bool live(const candidacy& c);
bool live(const candidate& c);

/// Adds the dwelling's side of a step, keeping rank and session.
void move_candidate(outcome& out, const vacancy& v, candidacy_id id, candidacy_step step,
                    std::optional<imputation> charged_on = {});

/// Closes every live candidacy of the dossier but `except`, on both sides.
void close_candidacies(outcome& out, const demand_book& book, const dossier& d, closing_reason reason,
                       candidacy_id except = {});

/// Closes every live candidate of the vacancy but `except`, on both sides.
void close_candidates(outcome& out, const demand_book& book, const vacancy& v, closing_reason reason,
                      candidacy_id except = {});

/// Closes one candidacy on both sides; a demande that is erased has no side left.
void close_candidacy(outcome& out, const dossier* d, const vacancy& v, candidacy_id id, closing_reason reason);

/// Reopens what was closed for `reason` where the dwelling is still free; elsewhere tells the reason anew.
void restore_candidacies(outcome& out, const demand_book& book, const dossier& d, closing_reason reason);

/// Reopens what a lease had closed on a dwelling that is free again. Who has been radiated meanwhile stays closed by
/// that radiation, and comes back if it is undone.
void restore_candidates(outcome& out, const demand_book& book, const vacancy& v);

/// Only the bailleur of the dwelling is at the origin of what happens to its candidates.
check by_bailleur(const deliberation& on, siren bailleur);

/// Whether the form can bear the changes.
check check_changes(const deliberation& on, const field_changes& changes, const std::optional<household>& members);

// The rules, one overload an event. What is not here is a fact that only the common checks concern.
decision rule(const deliberation& on, const demande_registered& asked);
decision rule(const deliberation& on, const certificate_issued& asked);
decision rule(const deliberation& on, const demande_changed& asked);
decision rule(const deliberation& on, const document_filed& asked);
decision rule(const deliberation& on, const rectified& asked);
decision rule(const deliberation& on, const documents_requested& asked);
decision rule(const deliberation& on, const dalo_recognised& asked);
decision rule(const deliberation& on, const dalo_lost& asked);
decision rule(const deliberation& on, const instance_opinion& asked);
decision rule(const deliberation& on, const priority_recognised& asked);
decision rule(const deliberation& on, const priority_withdrawn& asked);
decision rule(const deliberation& on, const contingent_eligibility& asked);
decision rule(const deliberation& on, const renewed& asked);
decision rule(const deliberation& on, const renewal_notice_sent& asked);
decision rule(const deliberation& on, const radiation_warning_sent& asked);
decision rule(const deliberation& on, const warning_answered& asked);
decision rule(const deliberation& on, const radiated& asked);
decision rule(const deliberation& on, const reactivated& asked);
decision rule(const deliberation& on, const merged& asked);
decision rule(const deliberation& on, const seniority_transferred& asked);
decision rule(const deliberation& on, const processing_event& asked);
decision rule(const deliberation& on, const consultation_authorised& asked);
decision rule(const deliberation& on, const applicant_account_opened& asked);
decision rule(const deliberation& on, const applicant_password_set& asked);
decision rule(const deliberation& on, const applicant_account_closed& asked);
decision rule(const deliberation& on, const designated& asked);
decision rule(const deliberation& on, const designation_withdrawn& asked);
decision rule(const deliberation& on, const agenda_entered& asked);
decision rule(const deliberation& on, const examined& asked);
decision rule(const deliberation& on, const visit_proposed& asked);
decision rule(const deliberation& on, const visit_made& asked);
decision rule(const deliberation& on, const caleol_decided& asked);
decision rule(const deliberation& on, const offer_made& asked);
decision rule(const deliberation& on, const offer_accepted& asked);
decision rule(const deliberation& on, const offer_refused& asked);
decision rule(const deliberation& on, const condition_fulfilled& asked);
decision rule(const deliberation& on, const condition_failed& asked);
decision rule(const deliberation& on, const lease_signed& asked);
decision rule(const deliberation& on, const lease_corrected& asked);
decision rule(const deliberation& on, const dwelling_registered& asked);
decision rule(const deliberation& on, const vacancy_opened& asked);
decision rule(const deliberation& on, const vacancy_withdrawn& asked);
decision rule(const deliberation& on, const session_scheduled& asked);
decision rule(const deliberation& on, const session_opened& asked);
decision rule(const deliberation& on, const session_closed& asked);
decision rule(const deliberation& on, const session_cancelled& asked);

/// An automatic effect, if its term runs on the dossier and has passed.
decision rule(const deliberation& on, const due_reached& asked);

} // namespace toit::law
