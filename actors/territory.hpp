/// \file
/// The actors of one territory, begun together and ended together: when one of them dies, all are begun again from the
/// journal.

#pragma once

#include "actors/access_guard.hpp"
#include "actors/deadline_watcher.hpp"
#include "actors/territory_supervisor.hpp"

namespace toit {

struct territory_actors {
  demand_registry_actor registry;
  contingent_allocator_actor allocator;
  access_guard_actor guard;
  deadline_watcher_actor watcher;
  documents_actor documents;
  dossier_reader_actor reader;
  password_desk_actor passwords;
  stream_reader_actor entries;
  command_executor_actor executor;                                    ///< null on a node alone, and on a State node
  convention_keeper_actor conventions;                                ///< null on a State node
  late_entries_actor late;                                            ///< null on a node alone, and on a State node
  state_desk_actor state;                                             ///< null in a territory
  prefect_procedures_actor procedures;                                ///< null in a territory
  substitution_host_actor substitution;                               ///< of a State node in a federation
  std::map<ports::stream_id, territory_supervisor_actor> supervisors; ///< of a State node

  /// Every one of them, in the order in which they may be ended: whoever lets in first, owners last.
  std::vector<caf::actor> all() const;
};

struct territory_options {
  clock_watch watch;
  set_clock steer;
  bool detached = true; ///< slow work on threads of its own; a simulation has one thread for all
};

/// Ends with an exception when the journal does not open as it was written.
territory_actors spawn_territory(caf::actor_system& system, const territory_context_ptr& context,
                                 const event_recorder_actor& recorder, const territory_options& options);

} // namespace toit
