/// \file
/// A node as it is in service, on real files, for a benchmark: the same actors, journal, followers and housekeeping.

#pragma once

#include "benchmarks/asking.hpp"
#include "benchmarks/crowd.hpp"

namespace toit::bench {

class bench_node {
public:
  /// `folder` holds the node's data and keys; made when it is not there.
  explicit bench_node(const std::filesystem::path& folder);
  ~bench_node();

  /// What it is to be, before it starts.
  nodes::configuration& configured() { return with_; }

  /// Opens the journal and begins the actors; returns once they answer.
  void start();
  /// The two halves of it: a node that waits for its neighbours answers once they have begun too.
  void begin();
  void wait_until_ready();
  /// In order, snapshots kept.
  void stop();

  nodes::opened_node& opened() { return *opened_; }
  nodes::running_node& running() { return *running_; }
  law::civil_date day() const { return *with_.clock_begins; }
  /// From now on it hosts so many territories, its own first: before it starts.
  void host(std::size_t territories);
  std::size_t hosts() const { return 1 + with_.also_hosts.size(); }
  // Of the territory that has this place among them.
  const nodes::territory& where(std::size_t which = 0) const { return *map_.find(territory(which)); }
  const ports::stream_id& stream(std::size_t which = 0) const { return opened_->hosted()[which]->stream; }
  /// Legal persons, habilitations, accounts and conventions, entered by ordinary commands.
  simulation::demonstration_bodies settle(std::size_t which = 0);
  /// Of the commands that a crowd asks here.
  simulation::population_mix mix(std::size_t which = 0) const;

private:
  law::siren territory(std::size_t which) const { return which == 0 ? with_.territory : with_.also_hosts[which - 1]; }
  law::agent_id first_account(std::size_t which);

  nodes::territory_map map_;
  nodes::configuration with_;
  std::optional<nodes::opened_node> opened_;
  std::optional<nodes::running_node> running_;
  std::atomic<bool> gave_up_ = false;
};

} // namespace toit::bench
