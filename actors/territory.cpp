#include "actors/territory.hpp"

#include "actors/command_executor.hpp"
#include "actors/contingent_allocator.hpp"
#include "actors/convention_keeper.hpp"
#include "actors/demand_registry.hpp"
#include "actors/documents.hpp"
#include "actors/dossier_reader.hpp"
#include "actors/late_entries.hpp"
#include "actors/prefect_procedures.hpp"
#include "actors/state_desk.hpp"
#include "actors/stream_reader.hpp"
#include "actors/substitution_host.hpp"

namespace toit {

std::vector<caf::actor> territory_actors::all() const {
  std::vector<caf::actor> everybody{caf::actor_cast<caf::actor>(watcher),   caf::actor_cast<caf::actor>(guard),
                                    caf::actor_cast<caf::actor>(documents), caf::actor_cast<caf::actor>(allocator),
                                    caf::actor_cast<caf::actor>(registry),  caf::actor_cast<caf::actor>(reader),
                                    caf::actor_cast<caf::actor>(passwords), caf::actor_cast<caf::actor>(entries)};
  if (conventions)
    everybody.push_back(caf::actor_cast<caf::actor>(conventions));
  if (executor)
    everybody.push_back(caf::actor_cast<caf::actor>(executor));
  for (const auto& [stream, supervisor] : supervisors)
    everybody.push_back(caf::actor_cast<caf::actor>(supervisor));
  if (late)
    everybody.push_back(caf::actor_cast<caf::actor>(late));
  if (procedures)
    everybody.push_back(caf::actor_cast<caf::actor>(procedures));
  if (substitution)
    everybody.push_back(caf::actor_cast<caf::actor>(substitution));
  if (state)
    everybody.push_back(caf::actor_cast<caf::actor>(state));
  return everybody;
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
  spawned.entries = system.spawn(stream_reader, context, options.detached);
  spawned.registry = system.spawn(demand_registry, context, recorder, spawned.entries, spawned.documents);
  spawned.allocator = system.spawn(contingent_allocator, context, recorder, spawned.entries, spawned.registry);
  spawned.watcher = system.spawn(deadline_watcher, context, spawned.registry, options.watch);
  bool of_state = context->stream.view().starts_with('S');
  if (of_state)
    spawned.state = system.spawn(state_desk, context, recorder);
  else
    spawned.conventions = system.spawn(convention_keeper, context, recorder, spawned.entries);
  for (const auto& followed : context->post ? context->post->territories() : std::vector<ports::stream_id>{})
    spawned.supervisors.emplace(followed,
                                system.spawn(territory_supervisor, context, recorder, spawned.state, followed));
  if (of_state)
    spawned.procedures = system.spawn(prefect_procedures, context, recorder, spawned.supervisors);
  if (of_state && context->hosting)
    spawned.substitution = system.spawn(substitution_host, context, recorder, spawned.supervisors);
  if (context->post && !of_state)
    spawned.late = system.spawn(late_entries, context, recorder);
  spawned.guard = system.spawn(access_guard, context,
                               guard_neighbours{recorder, spawned.entries, spawned.registry, spawned.allocator,
                                                spawned.documents, spawned.reader, spawned.passwords, spawned.watcher,
                                                spawned.conventions, spawned.state, spawned.procedures, spawned.late},
                               options.steer);
  if (context->post && !of_state)
    spawned.executor = system.spawn(command_executor, context, recorder, spawned.guard);
  return spawned;
}

} // namespace toit
