/// \file
/// Enters a fictitious population into a running demonstration, by ordinary commands through the access guard, day
/// after day on the demonstration's clock.

#pragma once

#include "nodes/host/running_node.hpp"
#include "simulation/population/population.hpp"

namespace toit::nodes {

/// Reads a mix from the text of a file of config/population, for that territory. Throws std::runtime_error with what is
/// wrong: the file is part of the program.
simulation::population_mix read_mix(std::string_view toml, const territory& where, const territory_map& map);

struct population_result {
  std::uint64_t commands = 0;
  std::uint64_t refused = 0;
  std::uint64_t days = 0;
  std::string first_refusal; ///< code, article, kind of what was asked
};

/// Until `last_day` included. `progress` is told the day reached. Throws std::runtime_error when the node no longer
/// answers.
population_result populate(running_node& node, steered_clock& clock, simulation::population& population,
                           law::civil_date last_day, const std::function<void(law::civil_date)>& progress);

} // namespace toit::nodes
