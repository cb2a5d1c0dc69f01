/// \file
/// An act of a State authority and its life: signed, made public, in force, suspended, gone.
///
/// Text       L441-2-7 al. 3 and 4 (arrêtés of the prefect). Not in the seeds: CRPA L221-2, L221-8 (an act binds once
///            it is published or notified), L243-3 (withdrawal within four months), CJA L521-1 (suspension), R421-1
///            (two months to go to court). docs/readings.md, 35.
/// Not here   what an act orders: prefect_events.hpp.

#pragma once

#include "law/catalogue.hpp"

namespace toit::law {

/// Whom an act must have reached before it binds.
struct act_publicity {
  bool published = false;        ///< in the recueil des actes administratifs
  std::optional<siren> notified; ///< this addressee
};

/// An act as the stream of its authority tells it.
struct state_act {
  act act_itself;
  siren territory;
  act_publicity needed;
  civil_date signed_on;
  std::optional<civil_date> published_on;
  std::optional<civil_date> notified_on; ///< to the addressee that it must reach
  std::optional<civil_date> suspended_on;
  std::optional<civil_date> resumed_on;
  std::optional<civil_date> ended_on;
  std::optional<act_end> end;
  std::uint64_t seq = 0;
};

/// What an act is worth on a day.
enum class act_standing : std::uint8_t {
  not_yet, ///< signed; not public, or before its first day
  in_force,
  suspended,
  expired,   ///< its last day has passed
  withdrawn, ///< by its author; what that undoes of the past is not the software's to say
  repealed,  ///< by its author, for the future
  annulled,  ///< by a judge
};
constexpr auto names_of(act_standing) {
  return std::to_array<std::string_view>(
      {"not_yet", "in_force", "suspended", "expired", "withdrawn", "repealed", "annulled"});
}

/// The first day on which the act binds; absent while it has not reached whom it must.
std::optional<civil_date> binds_from(const state_act& a);
act_standing standing_of(const state_act& a, civil_date day);
/// It may still come into force, or is in force, or suspended.
bool alive(act_standing standing);
/// Of arrêtés of several authorities the one that counts: one in force, else one that may still be, else one that is
/// over.
std::optional<act_standing> prevailing(std::optional<act_standing> one, std::optional<act_standing> other);

/// Last day on which a court may be asked for its annulment: shown, never enforced. Absent while no term runs.
std::optional<civil_date> recourse_until(const state_act& a);

/// What the act itself must say: number, signatory, a delegation in force when one signs by delegation, days in order.
check check_act(const act& given, civil_date signed_on);

// What may still happen to an act, on the day it happens.
check may_be_published(const state_act& a, civil_date day);
check may_be_notified(const state_act& a, siren addressee, civil_date day);
check may_be_suspended(const state_act& a, civil_date day);
check may_resume(const state_act& a, civil_date day);
check may_end(const state_act& a, act_end how, civil_date day);

} // namespace toit::law
