/// \file
/// What nobody may sign, tried in a run where a territory's stream passes: by the competent prefect, under a delegation
/// that is over or without an opinion that was asked; by another, in the stream that says whose the territory is.

#pragma once

#include "simulation/world/passing_checkers.hpp"

namespace toit::simulation {

/// None of them leaves anything: what is decided is not recorded, what is forged is not taken.
class wrong_acts {
public:
  wrong_acts(passing_world& w, passing_checkers& checkers, tally& counts)
      : w_{w}, checkers_{checkers}, counts_{counts} {}

  /// By the regional node's book of that moment and what is lacking there for the act: with it, it may be signed.
  void sign_without_power();
  void order_without_opinion();

  /// An epoch for himself, under the departmental node's key, is on its way to the territory's on a line of this
  /// node's.
  void forge(std::size_t line);
  /// Once it has come: it is not in the stream, and whoever looks after the node is told.
  void check_forged(std::size_t line);

private:
  bool can_be_asked();
  void must_be_refused(const char* name, const law::decision& decided, law::refusal_code why);

  passing_world& w_;
  passing_checkers& checkers_;
  tally& counts_;
  ports::stream_position before_;   ///< of the ordering stream, at the territory's node
  std::uint64_t misbehaviours_ = 0; ///< that it had counted
};

} // namespace toit::simulation
