#include "simulation/world/state_play.hpp"

namespace toit::simulation {

void state_play::live_day() {
  auto& node = w_.state(which_);
  if (!node.running() || node.in_trouble())
    return;
  if (chance_.one_in(6))
    node.note();
}

} // namespace toit::simulation
