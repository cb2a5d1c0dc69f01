/// \file
/// What goes wrong between the nodes of a run and on its State nodes, and how they are put on their feet again.

#pragma once

#include "simulation/world/federation_checkers.hpp"
#include "simulation/world/history.hpp"
#include "simulation/world/mishap.hpp"
#include "simulation/world/state_play.hpp"

#include <deque>

namespace toit::simulation {

class neighbourhood {
public:
  neighbourhood(world& w, tally& counts, chance of_its_own);

  void start_first();
  /// Ends what has lasted long enough; the network is as it is today, and State nodes write now and then.
  void begin_day();
  /// State nodes that are in trouble are started again.
  void look_after();
  void strike(mishap what);
  /// Nothing is lost any more, every node is there, every link holds.
  void end();
  /// All is quiet: what must be told is told, and settled when it is over. `talk` lets the nodes talk for some rounds.
  void provoke_alarms(const std::function<void(unsigned)>& talk);

  // -- for whoever restores the territory's node --------------------------------------------------------------------

  /// Every node is there and reached, nothing is lost or late, until the day ends: as whoever restores a node sees to.
  void make_calm();
  /// Nobody is reached from the territory any more, and nobody notices.
  void cut_off_territory();
  bool territory_is_cut_off() const { return cut_off_; }
  void reach_territory();
  /// Entries that the territory has sent and that have reached nobody since it was cut off.
  const std::vector<virtual_network::on_its_way>& lost_entries() const { return lost_entries_; }
  federation_checkers& checkers() { return checkers_; }

  // -- a State node's stream rewritten at its source ----------------------------------------------------------------

  void begin_rewriting(std::size_t which);
  /// True when others hold what was written over.
  bool end_rewriting(std::size_t which);

private:
  struct cut_link {
    ports::node_name from;
    ports::node_name to;
    unsigned days = 0;
  };
  struct state_of_things {
    std::optional<virtual_disk::backup> copy;
    unsigned off_days = 0;
    unsigned wrong_days = 0;
    unsigned cut_off_days = 0;
  };

  void start(std::size_t which);
  void crash(std::size_t which);
  void change_weather();
  void cut_some_link();
  bool is_kept_off(const ports::node_name& who) const;
  void heal_one();
  void set_clock(std::size_t which);
  void change_keys(std::size_t which, bool stolen);
  void let_thief_write(std::size_t which);
  void let_directory_expire(const std::function<void(unsigned)>& talk);
  void restore(std::size_t which);
  void confirm(std::size_t which);
  void wait_until_confirmed(std::size_t which);
  void look_alone(std::size_t which);
  void alter(const std::optional<ports::node_name>& by = {});
  void slip_in(const ports::node_name& from, const ports::node_name& to, ports::bytes what);
  void replay();
  void forge();
  std::optional<std::size_t> one_that_runs();

  world& w_;
  tally& counts_;
  chance chance_;
  federation_checkers checkers_;
  std::deque<cut_link> cuts_;
  std::array<state_of_things, world::state_count> states_;
  std::optional<virtual_disk::backup> before_rewriting_; ///< kept apart: a later copy would have what is to be lost
  std::vector<state_play> plays_;                        ///< of each State node
  std::deque<virtual_network::on_its_way> seen_;         ///< messages of the latest days, for whoever replays them
  bool cut_off_ = false;
  std::vector<virtual_network::on_its_way> lost_entries_;
};

} // namespace toit::simulation
