/// \file
/// Everything that the registry of a territory has, asked page by page.

#pragma once

#include "actors/interfaces.hpp"

#include <functional>

namespace toit::simulation {

class registry_reading {
public:
  /// `drain` delivers messages until there is none.
  registry_reading(caf::actor_system& system, demand_registry_actor registry, std::function<void()> drain)
      : system_{system}, registry_{std::move(registry)}, drain_{std::move(drain)} {}

  // What was read before the registry was gone.
  std::vector<law::dossier> dossiers();
  register_page dwellings();

private:
  template <class Result, class Query>
  std::optional<Result> page(Query query);

  caf::actor_system& system_;
  demand_registry_actor registry_;
  std::function<void()> drain_;
};

} // namespace toit::simulation
