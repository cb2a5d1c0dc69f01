/// \file
/// One a territory: owns what its parties record of the dispositif and of its convention.
///
/// Text       L441-2-7 al. 1 to 3; R441-2-15 IV.
/// Not here   what the prefect does about it, on his own node: prefect_procedures.hpp.

#pragma once

#include "actors/followed_authorities.hpp"
#include "actors/instruments.hpp"
#include "law/participation.hpp"

namespace toit {

using convention_pointer = convention_keeper_actor::stateful_pointer<struct convention_keeper_state>;

/// Adds to each decision what the competent prefect's stream says: checklists, findings, acts.
class convention_owner : public instruments_owner<law::dispositif_book, convention_pointer> {
public:
  using instruments_owner::instruments_owner;

  dispositif_ptr report();

protected:
  submission_ptr gather(const submission_ptr& asked) override;

private:
  void follow_authorities();
  const law::procedures_book& competent() const;
  bool in_ile_de_france() const;
  law::existence_facts existing(law::civil_date day) const;
  void add_participations(dispositif_report& told, law::civil_date day) const;

  followed_authorities authorities_;          ///< those that follow the territory
  std::optional<ports::stream_id> competent_; ///< absent on a node alone
};

struct convention_keeper_state {
  convention_keeper_state() = default;

  static inline const char* name = "convention_keeper";

  convention_pointer self = nullptr;
  std::unique_ptr<convention_owner> desk;
};

convention_keeper_actor::behavior_type convention_keeper(convention_pointer self, territory_context_ptr context,
                                                         event_recorder_actor recorder, stream_reader_actor entries);

} // namespace toit
