/// \file
/// Commands of the State nodes of a run: each is answered by the territory, once, and carried out as it was answered,
/// not after its term.

#pragma once

#include "simulation/world/checkers.hpp"
#include "simulation/world/history.hpp"

namespace toit::simulation {

/// When all is quiet: of the territory's disk, and with the keys of the State nodes.
std::vector<fault> check_commands(world& w, tally& counts);

} // namespace toit::simulation
