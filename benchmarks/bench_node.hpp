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

  /// Opens the journal and begins the actors; returns once they answer.
  void start();
  /// In order, snapshots kept.
  void stop();

  nodes::opened_node& opened() { return *opened_; }
  nodes::running_node& running() { return *running_; }
  law::civil_date day() const { return *with_.clock_begins; }
  const nodes::territory& where() const { return *map_.find(with_.territory); }

  /// Legal persons, habilitations, accounts and conventions, entered by ordinary commands.
  simulation::demonstration_bodies settle();
  /// Of the commands that a crowd asks here.
  simulation::population_mix mix() const;

private:
  law::agent_id first_account();

  nodes::territory_map map_;
  nodes::configuration with_;
  std::optional<nodes::opened_node> opened_;
  std::optional<nodes::running_node> running_;
  std::atomic<bool> gave_up_ = false;
};

} // namespace toit::bench
