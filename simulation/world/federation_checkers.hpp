/// \file
/// What must hold between the nodes of a run, looked at while it goes on and when it is over: the disks and the
/// messages are read, no actor is asked.

#pragma once

#include "simulation/world/alarm_checker.hpp"

namespace toit::simulation {

class federation_checkers {
public:
  /// Watches every message from now on.
  explicit federation_checkers(world& w);

  // -- what a run does to its nodes ---------------------------------------------------------------------------------

  /// A State node's disk is now an older copy: what it held since is to come back, and what it signed first of all,
  /// unless its own stream is about to be written over.
  void state_restored(std::size_t which, bool own_stream_too = true);
  /// The territory's disk is now an older copy.
  void territory_restored();
  /// The territory, restored while its neighbours are there, may record again: some node still had this entry.
  void territory_released(std::uint64_t known);
  /// A State node has been started, after a crash maybe.
  void state_started(std::size_t which);

  // -- when all is quiet --------------------------------------------------------------------------------------------

  /// Of every replica and every mark; alarms are those of the whole run.
  std::vector<fault> at_last();

  alarm_checker& alarms() { return alarms_; }
  void say(const char* checker, std::string what);
  /// The last entry of a State node's own stream that another node has.
  std::uint64_t held_elsewhere(std::size_t which, bool by_who_runs = false);

private:
  /// What a State node's word binds it to.
  struct word {
    std::map<std::uint64_t, law::bytes32> marked; ///< what it signed and the territory was told of, the last of each
    std::uint64_t held_once = 0; ///< of the territory's stream, before it was restored: excused up to there
    std::uint64_t own_past = 0;  ///< of its own stream, that others hold: nothing is signed below it
  };

  void heard(const virtual_network::on_its_way& one);
  void sent(const virtual_network::on_its_way& one);
  void check_promise(std::size_t which, std::uint64_t seq, const law::bytes32& link);
  void check_replicas(const linked_node& host);
  std::optional<std::size_t> state_called(const ports::node_name& name) const;

  world& w_;
  alarm_checker alarms_;
  std::array<word, world::state_count> words_;
  std::vector<fault> faults_;
};

} // namespace toit::simulation
