#include "actors/territory.hpp"

#include "actors/contingent_allocator.hpp"
#include "actors/demand_registry.hpp"
#include "actors/documents.hpp"
#include "actors/dossier_reader.hpp"

namespace toit {

std::vector<caf::actor> territory_actors::all() const {
  return {caf::actor_cast<caf::actor>(watcher),   caf::actor_cast<caf::actor>(guard),
          caf::actor_cast<caf::actor>(documents), caf::actor_cast<caf::actor>(allocator),
          caf::actor_cast<caf::actor>(registry),  caf::actor_cast<caf::actor>(reader),
          caf::actor_cast<caf::actor>(passwords)};
}

territory_actors spawn_territory(caf::actor_system& system, const territory_context_ptr& context,
                                 const event_recorder_actor& recorder, const territory_options& options) {
  territory_actors spawned;
  auto spawn_slow = [&](auto behaviour, const auto& given) {
    return options.detached ? system.spawn<caf::detached>(behaviour, given) : system.spawn(behaviour, given);
  };
  spawned.passwords = spawn_slow(password_desk, context->passwords);
  spawned.documents = spawn_slow(documents, context);
  spawned.reader = system.spawn(dossier_reader, context);
  spawned.registry = system.spawn(demand_registry, context, recorder, spawned.documents);
  spawned.allocator = system.spawn(contingent_allocator, context, recorder, spawned.registry);
  spawned.watcher = system.spawn(deadline_watcher, context, spawned.registry, options.watch);
  spawned.guard = system.spawn(access_guard, context,
                               guard_neighbours{recorder, spawned.registry, spawned.allocator, spawned.documents,
                                                spawned.reader, spawned.passwords, spawned.watcher},
                               options.steer);
  return spawned;
}

} // namespace toit
