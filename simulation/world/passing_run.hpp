/// \file
/// One run of the world in which a territory passes: some weeks of acts and adhesions, with everything that can go
/// wrong between, named by its seed.

#pragma once

#include "simulation/world/passing_checkers.hpp"
#include "simulation/world/run.hpp"

namespace toit::simulation {

struct passing_options {
  std::uint64_t seed = 1;
  unsigned episodes = 4; ///< passings, there and back
  deliberate_bugs bugs;
  nodes::hosting_bugs hosting_bugs;
};

/// The same options give the same result, to the byte.
run_result run_passing(const passing_options& options);

/// What a run can bring about beside its mishaps, by name: what never occurs in many runs is no longer tried.
std::vector<std::string> passing_occurrences();

} // namespace toit::simulation
