#include "simulation/world/stepping.hpp"

namespace toit::simulation {

bool step_one(caf::scheduler::test_coordinator& scheduler, virtual_network& network, chance& random) {
  auto on_the_wire = network.due();
  auto all = scheduler.jobs.size() + on_the_wire;
  if (all == 0)
    return false;
  auto chosen = random.below(all);
  if (chosen < on_the_wire) {
    network.deliver();
    return true;
  }
  std::swap(scheduler.jobs.front(), scheduler.jobs[chosen - on_the_wire]);
  scheduler.run_once();
  return true;
}

} // namespace toit::simulation
