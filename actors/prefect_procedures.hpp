/// \file
/// One a State node: owns what its prefect records about the dispositifs of his territories: obligations, reminders,
/// findings, opinions, acts and their life.
///
/// Text       L441-2-7 al. 2 to 4. It carries out what he signs, and nothing by itself.

#pragma once

#include "actors/followed_authorities.hpp"
#include "actors/instruments.hpp"
#include "actors/substitution_host.hpp"
#include "law/procedures.hpp"

namespace toit {

using procedures_pointer = prefect_procedures_actor::stateful_pointer<struct prefect_procedures_state>;

struct prefect_procedures_state {
  prefect_procedures_state() = default;

  static inline const char* name = "prefect_procedures";

  caf::result<answer_ptr> submit(const submission_ptr& asked);
  procedures_ptr report();

  procedures_pointer self = nullptr;
  std::unique_ptr<instruments_owner<law::procedures_book, procedures_pointer>> desk;
  supervisors_by_stream supervisors;

private:
  std::shared_ptr<submission> with_competence(const submission& asked, std::optional<law::siren> territory);
  /// Of the arrêté of another authority that institutes the territory's dispositif, as far as its stream is here.
  std::optional<law::act_standing> ordered_by_others(const ports::followed_place& place, law::siren territory,
                                                     law::civil_date day);

  followed_authorities others_;
};

prefect_procedures_actor::behavior_type prefect_procedures(procedures_pointer self, territory_context_ptr context,
                                                           event_recorder_actor recorder,
                                                           supervisors_by_stream supervisors);

} // namespace toit
