/// \file
/// One run of the world: a year and more of a territory, with everything that can go wrong, named by its seed.

#pragma once

#include "simulation/world/history.hpp"

namespace toit::simulation {

struct run_options {
  std::uint64_t seed = 1;
  unsigned commands = 1000; ///< at least, repeats and reads not counted
  unsigned crashes = 10;    ///< at least
  unsigned days = 400;      ///< civil days, at least
  deliberate_bugs bugs;
  federation::exchange_bugs link_bugs;
};

struct run_result {
  std::string head;            ///< last link of the territory's chain, in hexadecimal
  std::string heads_elsewhere; ///< and of every chain that a State node has
  std::uint64_t entries = 0;
  std::vector<fault> faults;
  tally counts;
};

/// The same options give the same result, to the byte.
run_result run_world(const run_options& options);

} // namespace toit::simulation
