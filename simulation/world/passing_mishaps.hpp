/// \file
/// What goes wrong in a run where a territory's stream passes: nodes lose power at any step of a passing, are away,
/// come back as an older copy; links are cut.

#pragma once

#include "simulation/world/passing_checkers.hpp"

namespace toit::simulation {

/// How far the latest passing is, as disks say.
enum class passing_step : std::uint8_t {
  settled,  ///< nothing passes
  prepared, ///< the next host is named
  closed,   ///< the present one has written its last entry
  opened,   ///< the epoch is open, and nobody has begun it
  cut,      ///< it has begun, and a former host has not read so
  tail,     ///< what was made beyond the cut is not all settled
};
constexpr auto names_of(passing_step) {
  return std::to_array<std::string_view>({"settled", "prepared", "closed", "opened", "cut", "tail"});
}

class passing_mishaps {
public:
  passing_mishaps(passing_world& w, passing_checkers& checkers, tally& counts);

  void start_all();
  /// At this step of a passing somebody loses power, after some more messages.
  void plan_kill();
  void plan_no_kill() { planned_.reset(); }
  /// Between any two messages.
  void between_messages();
  /// Delivers messages until there is none, through whatever happens.
  void settle();
  /// Whoever has been off long enough is started.
  void begin_round();

  void change_weather();
  void calm_down();
  void cut_off(std::size_t which, bool noticed);
  void cut(std::size_t one, std::size_t other, bool noticed);
  void heal();
  /// Off until it is started.
  void stop(std::size_t which);
  void start(std::size_t which);
  void copy(std::size_t which) { copies_[which] = w_.node(which).disk().copy(); }
  /// It is again what it was when it was copied.
  void restore(std::size_t which);
  /// Everything is as it should be again, for good.
  void end();

private:
  struct planned_kill {
    passing_step at{};
    std::uint64_t messages = 0; ///< after that step was reached
    bool reached = false;
    bool in_write = false;
  };

  void look_at_step();
  std::string ground_now();
  void strike();
  std::size_t victim();
  void crash(std::size_t which);
  void look_after();

  passing_world& w_;
  passing_checkers& checkers_;
  tally& counts_;
  chance chance_;
  std::optional<planned_kill> planned_;
  std::uint64_t syncs_ = 0; ///< of all disks, when the step was last looked at
  std::uint64_t looks_ = 0;
  passing_step step_{};
  std::string ground_;
  std::size_t next_host_ = 0;
  std::size_t former_host_ = 0;
  std::map<std::size_t, unsigned> off_; ///< rounds until each is started
  std::map<std::size_t, virtual_disk::backup> copies_;
};

} // namespace toit::simulation
