/// \file
/// What happens next in a simulation: chance decides.

#pragma once

#include "simulation/world/virtual_network.hpp"

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>

namespace toit::simulation {

/// An actor handles a message, or one of the network arrives; false when there is neither.
bool step_one(caf::scheduler::test_coordinator& scheduler, virtual_network& network, chance& random);

} // namespace toit::simulation
