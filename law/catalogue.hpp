/// \file
/// Every kind of entry, in one list.
///
/// Text       R441-2-15 I. docs/entry-catalogue.md is made from this list, and a test keeps it so.

#pragma once

#include "law/authority_events.hpp"
#include "law/dwelling_events.hpp"
#include "law/prefect_events.hpp"
#include "law/state_events.hpp"

#include <span>
#include <variant>

namespace toit::law {

using any_event = std::variant<
    // D: demande
    demande_registered, certificate_issued, demande_changed, document_filed, rectified, dalo_recognised, dalo_lost,
    instance_opinion, priority_recognised, priority_withdrawn, contingent_eligibility, documents_requested, renewed,
    renewal_notice_sent, radiation_warning_sent, warning_answered, radiated, expired, reactivated, merged,
    seniority_transferred, received, processing_event, consultation_authorised, applicant_account_opened,
    applicant_password_set, applicant_account_closed, demande_erased,
    // D: candidacy
    designated, designation_withdrawn, agenda_entered, examined, visit_proposed, visit_made, caleol_decided, offer_made,
    offer_accepted, offer_refused, condition_fulfilled, condition_failed, lease_signed, lease_corrected,
    candidacy_closed, candidacy_restored, lease_conflict_opened, lease_conflict_closed,
    // D: dwelling, vacancy, session
    dwelling_registered, vacancy_opened, vacancy_withdrawn, candidacy_moved, session_scheduled, session_opened,
    session_closed, session_cancelled,
    // D: after another node has taken the stream over
    late_entry_settled, late_entry_reviewed,
    // T
    stream_opened, legal_person_registered, habilitation_granted, habilitation_ended, mandate_granted, mandate_ended,
    account_opened, account_closed, account_secret_changed, reservation_convention_signed, reservation_convention_ended,
    flow_stated, clock_set, clock_confirmed, command_executed, signing_key_changed,
    // T: the dispositif
    dispositif_begun, dispositif_put_in_service, adhesion_decided, adhesion_left, dispositif_convention_proposed,
    dispositif_convention_answered,
    // T: which node hosts the stream
    authority_cut, stream_closing,
    // S
    command_issued, waiting_threshold_set, command_closed,
    // S: the prefect and the dispositif
    specification_set, obligation_noted, reminder_sent, reminder_answered, conformity_found, carence_found,
    opinions_asked, opinion_received, participation_ordered, substitution_ordered, act_published, act_notified,
    act_suspended, act_resumed, act_ended, joinable_examined, passing_prepared, authority_passed, evidence_filed>;

/// One of them. Its copies and moves are compiled once, in catalogue.cpp: they are too many to write into every file.
struct event : any_event {
  using any_event::any_event;

  event(const event&);
  event(event&&) noexcept;
  event& operator=(const event&);
  event& operator=(event&&) noexcept;
  ~event();
};

/// All kinds, in the order of the list above.
std::span<const entry_kind> all_kinds();

const entry_kind& kind_of(const event& happened);

/// Entries of the same stream and subject whose payload the event destroys, wherever they are held.
std::span<const std::uint64_t> emptied_by(const event& happened);

/// Accepted all the same, and told to whoever asked.
enum class warning : std::uint8_t {
  already_recorded, ///< the document was already there; nothing was recorded again
  outside_wished_communes,
  visit_not_proposed,
  beyond_balance, ///< the contingent's balance for the year is exhausted
};
constexpr auto names_of(warning) {
  return std::to_array<std::string_view>(
      {"already_recorded", "outside_wished_communes", "visit_not_proposed", "beyond_balance"});
}

/// Introduced, modified or suppressed: R441-2-15 I, last alinéa.
enum class operation : std::uint8_t { introduced, modified, suppressed };
constexpr auto names_of(operation) { return std::to_array<std::string_view>({"introduced", "modified", "suppressed"}); }

/// What the journal keeps of an event, beside what its header says in clear (when it was recorded, its subject).
struct record {
  law::operation operation{};
  civil_date occurred_on;
  party originator; ///< at the origin of the event
  party introducer; ///< entered it; usually the same
  agent_id agent;   ///< the human who entered it; empty for the node itself
  command_id command;
  bytes32 request{};                       ///< digest of what was asked: a repeat must ask the same
  std::optional<std::uint64_t> supersedes; ///< sequence of the entry that this one modifies or suppresses
  list<warning, 4> warnings;               ///< told to whoever asked, with the first entry of a command
  law::event event;
};

} // namespace toit::law
