/// \file
/// What must hold between the nodes of a run, looked at while it goes on and when it is over: the disks and the
/// messages are read, no actor is asked.

#pragma once

#include "simulation/world/checkers.hpp"

namespace toit::simulation {

class federation_checkers {
public:
  /// Watches every message from now on.
  explicit federation_checkers(world& w);

  // -- what a run does to its nodes ---------------------------------------------------------------------------------

  /// A State node's disk is now an older copy: what it signed and held since is to come back first.
  void state_restored(std::size_t which);
  /// The territory's disk is now an older copy.
  void territory_restored();
  /// The territory has been made to write over what it had promised: this is to be found.
  void past_written_over() { written_over_ = true; }
  /// A State node has been started, after a crash maybe.
  void state_started(std::size_t which);

  // -- when all is quiet --------------------------------------------------------------------------------------------

  /// Of every replica and every mark; alarms are those of the whole run.
  std::vector<fault> at_last();

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
  void check_alarms();
  std::optional<std::size_t> state_called(const ports::node_name& name) const;
  std::uint64_t held_elsewhere(std::size_t which);
  void say(const char* checker, std::string what);

  world& w_;
  std::array<word, world::state_count> words_;
  bool written_over_ = false;
  std::vector<fault> faults_;
};

} // namespace toit::simulation
