/// \file
/// What a State node does of its own accord, a day at a time, by a chance of its own: what one does more or less leaves
/// the others' days as they were.

#pragma once

#include "simulation/world/world.hpp"

namespace toit::simulation {

class state_play {
public:
  state_play(world& w, std::size_t which) : w_{w}, which_{which}, chance_{w.random().branch()} {}

  /// Nothing is asked of a node that is off or in trouble.
  void live_day();

private:
  void command();

  world& w_;
  std::size_t which_;
  chance chance_;
};

} // namespace toit::simulation
