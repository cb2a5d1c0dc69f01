/// \file
/// Begins the actors of a territory, keeps time for them, and begins them all again from the journal when one of them
/// ends. The recorder's end is the node's: what it could not write must not be retried.

#pragma once

#include "actors/territory.hpp"
#include "nodes/host/node_fault.hpp"

#include <mutex>

namespace toit::nodes {

/// The actors that run now, and how they are; written by the supervisor, read from any thread.
class running_territory {
public:
  std::optional<territory_actors> actors() const;
  /// True once owners have folded the journal and answer.
  bool answers() const;
  bool read_only() const;
  std::optional<watcher_status> watcher() const;

  void begun(territory_actors actors);
  void answering();
  void ended();
  void seen(const recorder_status& recorder);
  void seen(const watcher_status& watcher);

private:
  mutable std::mutex mutex_;
  std::optional<territory_actors> actors_;
  bool answers_ = false;
  bool read_only_ = false;
  std::optional<watcher_status> watcher_;
};

struct supervision {
  territory_context_ptr context;
  event_recorder_actor recorder;
  territory_options options;
  std::shared_ptr<running_territory> running;
  /// Called once, from an actor's thread, when the node cannot go on.
  on_node_fault give_up;
  /// While the stream is behind, entries that name documents may be missing: none is removed then.
  std::function<bool()> is_behind = [] { return false; };
  /// What was put back from a backup is neither read nor served before what came after has come back: it may hold what
  /// has been erased since.
  bool awaits_past = false;
};

struct node_supervisor_state {
  node_supervisor_state() = default;

  static inline const char* name = "node_supervisor";

  static constexpr std::chrono::seconds tick_every{1};
  static constexpr unsigned probe_every_ticks = 5; ///< whether a full disk has room again
  static constexpr unsigned keep_every_ticks = 60; ///< whether a snapshot is worth its while
  static constexpr unsigned sweep_every_ticks = 24 * 3600;
  /// A territory that was begun again so often in `restarts_within` will not come right by itself.
  static constexpr std::size_t restarts_limit = 5;
  static constexpr std::chrono::minutes restarts_within{10};

  void begin_territory(); ///< not "begin": CAF takes what has one for a container
  void tick();
  void down(const caf::down_msg& gone);
  void fold_again();

  node_supervisor_actor::pointer self = nullptr;
  supervision in_charge;

private:
  void end_the_rest();
  void begin_again();
  void wait_for_answers();
  void look_after();
  void look_at_territories();
  void sweep();
  void give_up(node_fault because);

  territory_actors actors_;
  std::vector<caf::actor> alive_;
  std::vector<std::chrono::milliseconds> restarts_; ///< monotonic
  unsigned ticks_ = 0;
  bool given_up_ = false;
};

node_supervisor_actor::behavior_type
node_supervisor(node_supervisor_actor::stateful_pointer<node_supervisor_state> self, supervision in_charge);

} // namespace toit::nodes
