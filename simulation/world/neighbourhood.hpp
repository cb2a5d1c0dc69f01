/// \file
/// What goes wrong between the nodes of a run and on its State nodes, and how they are put on their feet again.

#pragma once

#include "simulation/world/history.hpp"
#include "simulation/world/mishap.hpp"

namespace toit::simulation {

class neighbourhood {
public:
  neighbourhood(world& w, tally& counts, chance of_its_own) : w_{w}, counts_{counts}, chance_{of_its_own} {}

  void start_first();
  /// Ends what has lasted long enough; the network is as it is today, and State nodes write now and then.
  void begin_day();
  /// State nodes that are in trouble are started again.
  void look_after();
  /// Nothing is lost any more, every node is there, every link holds.
  void end();

private:
  void start(std::size_t which);
  void change_weather();

  world& w_;
  tally& counts_;
  chance chance_;
};

} // namespace toit::simulation
