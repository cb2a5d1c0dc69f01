/// \file
/// A territory's node and the State nodes that follow it, as they are in service: real files, and real links under
/// CURVE on the loopback. All in one process, so that one clock says when each of them has something.

#pragma once

#include "benchmarks/bench_node.hpp"

namespace toit::bench {

class federated_nodes {
public:
  /// `territory` has not started. State nodes, the région's and then the département's, begin with nothing in folders
  /// of their own; `followers` is 1 or 2.
  federated_nodes(const std::filesystem::path& folder, bench_node& territory, std::size_t followers);

  bench_node& territory() { return territory_; }
  std::size_t followers() const { return states_.size(); }
  bench_node& follower(std::size_t i) { return *states_[i]; }
  ports::stream_id stream_of(std::size_t i) const { return states_[i]->configured().stream(); }

  /// State nodes first, for territories go to them.
  void begin_followers();
  void stop();

private:
  void write_directory(const std::filesystem::path& file, const journal::signing_key& anchor) const;

  bench_node& territory_;
  std::vector<std::unique_ptr<bench_node>> states_;
};

/// True once this node's link with that one is up.
bool is_linked(bench_node& node, const ports::node_name& with);
const ports::node_name& name_of(bench_node& node);

} // namespace toit::bench
