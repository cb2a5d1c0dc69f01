/// \file
/// What goes wrong in a run, on which day and between which messages, and how the node is put on its feet again.

#pragma once

#include "simulation/world/correspondence.hpp"
#include "simulation/world/territory_copies.hpp"

namespace toit::simulation {

class mishaps {
public:
  mishaps(world& w, correspondence& letters, tally& counts, unsigned days, unsigned crashes);

  /// The very first start, of a node that has nothing on its disk yet.
  void start_first();
  /// Ends what has lasted long enough, and draws the hours of what happens today.
  void begin_day(unsigned day);
  /// Between any two messages: strikes when its hour has come, and puts the node on its feet.
  void between_messages();
  /// Whatever has not struck yet does now; messages are delivered until none is left.
  void end_day();
  /// Delivers messages until none is left, through whatever happens.
  void settle();
  /// Time goes by for the nodes alone, some seconds a round.
  void let_nodes_talk(unsigned rounds);
  /// In the course of this run, from that day on, a node is made to write over its own past: the territory, or a State
  /// node whose journal is rewritten at its source.
  void plan_fork(unsigned day, territory_copies::other_history where);
  void plan_rewriting(unsigned day, std::size_t state);
  /// Meanwhile somebody has to write: of days without an entry there are no two histories.
  bool has_two_histories() const { return fork_ && fork_->begun; }
  /// Nobody has any more what came after this entry.
  std::function<void(std::uint64_t)> on_lost;
  federation_checkers& between_nodes() { return neighbours_.checkers(); }
  /// Everything is as it should be again, for good.
  void end();

  /// What is due today may rightly take effect later.
  void disturb();
  /// A node that may not record yet does nothing that is due: it is waited for.
  void see_to_hold();
  /// One that has ceased to be allowed to has not done all that was due today.
  void note_hold();
  bool clock_is_wrong() const { return wrong_by_ != std::chrono::milliseconds{0}; }
  const std::set<law::civil_date>& disturbed_days() const { return disturbed_; }

private:
  void answer_commands();
  struct planned {
    unsigned day;
    mishap what;
  };

  void strike(mishap what);
  void cut_power();
  void start();
  void wait_for_neighbours();
  void restore_territory();
  void go_on_with_fork(unsigned day);
  void begin_fork();
  void put_copy_back();
  void end_fork();
  void fill_disk();
  void make_room();
  void set_clock(std::chrono::milliseconds by);
  void sleep_long();
  void disturb_between(law::civil_date first, law::civil_date last);

  world& w_;
  correspondence& letters_;
  tally& counts_;
  chance chance_;
  neighbourhood neighbours_;
  territory_copies copies_;
  struct planned_fork {
    unsigned day = 0;
    territory_copies::other_history where{};
    std::optional<std::size_t> state; ///< whose, else the territory's
    bool begun = false;
  };
  std::optional<planned_fork> fork_;
  std::vector<planned> plan_; ///< the last to come first
  std::vector<mishap> today_;
  std::uint64_t hour_ = 0; ///< messages until the next one strikes
  bool start_fails_ = false;
  unsigned full_days_ = 0; ///< until there is room again
  std::chrono::milliseconds wrong_by_{0};
  unsigned wrong_days_ = 0;
  std::set<law::civil_date> disturbed_;
};

} // namespace toit::simulation
