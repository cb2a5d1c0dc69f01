/// \file
/// What a node does for its files on a thread of its own, so that no write waits for it: checkpoints, the end of
/// consultation logs, and the slow check of all that was ever written.

#pragma once

#include "nodes/host/node_fault.hpp"
#include "nodes/host/opened_node.hpp"

#include <condition_variable>
#include <set>
#include <thread>

namespace toit::nodes {

class housekeeping {
public:
  /// `on_fault` is called once, from the thread, when the journal is not what was written: the node must stop.
  /// `is_held` tells whether what others hold of the node's streams is still to come.
  housekeeping(opened_node& node, std::chrono::hours scrub_every, on_node_fault on_fault,
               std::function<bool()> is_held);
  ~housekeeping();

  static constexpr std::chrono::seconds checkpoint_every{1};
  /// An erased payload leaves no trace in the log of the store after this long.
  static constexpr std::chrono::seconds truncate_every{60};
  /// The scrub rests this long after each page of entries: it takes no more than a small part of a core.
  static constexpr std::chrono::milliseconds scrub_rest{50};
  /// After which a node that is held is looked at again.
  static constexpr std::chrono::seconds held_rest{10};

private:
  void work(const std::stop_token& stop);
  bool checkpoint(journal::store_keeper& keeper, bool truncate);
  bool still_hosts(const ports::stream_id& stream) const;
  void scrub(const std::stop_token& stop);
  /// False when the stream is not what was written.
  bool scrub(journal::store_reader& rows, const ports::stream_id& stream, const std::stop_token& stop);
  void rest(const std::stop_token& stop, std::chrono::milliseconds how_long);

  opened_node& node_;
  std::chrono::hours scrub_every_;
  on_node_fault on_fault_;
  std::function<bool()> is_held_;
  std::set<ports::stream_id> told_; ///< streams whose former host's faults have been; for the scrub alone
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread checkpoints_;
  std::jthread scrubs_;
};

} // namespace toit::nodes
