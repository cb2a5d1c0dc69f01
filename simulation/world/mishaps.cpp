#include "simulation/world/mishaps.hpp"

namespace toit::simulation {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// Longer than any actor waits for another, and than whoever asked waits for the guard.
constexpr seconds stall_length{31};
/// Messages that may still be delivered before anybody sees that the disk is gone.
constexpr std::uint64_t last_gasps = 12;

std::string fault_name(mishap what) { return "fault." + std::string{law::name_of(what)}; }

} // namespace

mishaps::mishaps(world& w, correspondence& letters, tally& counts, unsigned days, unsigned crashes)
    : w_{w}, letters_{letters}, counts_{counts}, chance_{w.random().branch()},
      neighbours_{w, counts, w.random().branch()}, copies_{w, neighbours_} {
  auto plan = [&](mishap what, unsigned times) {
    for (unsigned i = 0; i < times; ++i)
      plan_.push_back({1 + static_cast<unsigned>(chance_.below(days - 1)), what});
  };
  using enum mishap;
  // One crash in ten strikes the start as well; of the others every second one strikes a write.
  auto at_start = crashes / 10 + 1;
  auto in_write = (crashes - std::min(crashes, at_start)) / 2 + 1;
  plan(crash_at_start, at_start);
  plan(crash_in_write, in_write);
  plan(crash, crashes);
  plan(kill_registry, 4);
  plan(kill_another, 4);
  plan(stall, 3);
  plan(disk_full, 2);
  plan(clock_ahead, 1);
  plan(clock_behind, 1);
  plan(long_sleep, chance_.one_in(3) ? 1 : 0);
  plan(snapshot, 8);
  plan(checkpoint, 6);
  plan(checkpoint_truncate, 3);
  plan(territory_restored, 1);
  plan(state_restored, 3);
  plan(state_crash, 4);
  plan(state_crash_in_write, 4);
  plan(state_clock, 2);
  plan(state_keys_changed, 2);
  plan(state_keys_stolen, 1);
  plan(link_cut, 10);
  plan(link_healed, 3);
  plan(envelope_altered, 4);
  plan(envelope_replayed, 4);
  plan(envelope_forged, 3);
  std::ranges::stable_sort(plan_, std::ranges::greater{}, &planned::day);
}

// -- the day --------------------------------------------------------------------------------------------------------

void mishaps::begin_day(unsigned day) {
  neighbours_.begin_day();
  if (full_days_ > 0) {
    disturb();
    if (--full_days_ == 0)
      make_room();
    else
      w_.probe();
  }
  if (wrong_days_ > 0) {
    disturb();
    if (--wrong_days_ == 0)
      set_clock(-wrong_by_);
  }
  for (; !plan_.empty() && plan_.back().day <= day; plan_.pop_back())
    today_.push_back(plan_.back().what);
  hour_ = chance_.below(40);
  go_on_with_fork(day);
  bool is_sound = full_days_ == 0 && !clock_is_wrong() && w_.in_trouble() == world::trouble::none;
  if (!fork_.has_value() && is_sound && chance_.one_in(25))
    copies_.make();
}

void mishaps::between_messages() {
  if (!today_.empty() && hour_-- == 0) {
    auto what = today_.back();
    today_.pop_back();
    hour_ = chance_.below(40);
    strike(what);
  }
  auto trouble = w_.in_trouble();
  if (trouble == world::trouble::none)
    return;
  disturb();
  if (trouble == world::trouble::territory)
    return w_.restart_territory();
  if (trouble == world::trouble::state)
    return neighbours_.look_after();
  for (auto left = chance_.below(last_gasps); left > 0 && w_.step(); --left)
    ;
  cut_power();
}

void mishaps::end_day() {
  while (!today_.empty()) {
    hour_ = 0;
    between_messages();
  }
  settle();
}

void mishaps::settle() {
  for (std::size_t steps = 0; w_.step() || w_.in_trouble() != world::trouble::none; ++steps) {
    between_messages();
    law::require(steps < 300'000, "messages come to an end");
  }
  letters_.give_up();
}

void mishaps::end() {
  plan_.clear();
  end_day();
  if (full_days_ > 0)
    make_room();
  if (clock_is_wrong())
    set_clock(-wrong_by_);
  start_fails_ = false;
  w_.disk().spare();
  if (fork_ && fork_->begun)
    end_fork();
  neighbours_.end();
  cut_power();
  settle();
  let_nodes_talk(4);
  answer_commands();
  neighbours_.provoke_alarms([this](unsigned rounds) { let_nodes_talk(rounds); });
  let_nodes_talk(12);
  w_.confirm_clock();
  settle();
  // What the confirmation has brought about is on its way.
  let_nodes_talk(2);
  counts_["fault.torn_write"] += w_.disk().torn_writes();
  counts_["fault.lost_sector"] += w_.disk().lost_sectors();
  counts_["fault.message_lost"] += w_.network().lost();
  counts_["fault.message_doubled"] += w_.network().doubled();
  counts_["fault.message_overtaken"] += w_.network().overtaken();
}

/// What waits in an inbox is carried out once nothing is in its way.
void mishaps::answer_commands() {
  constexpr unsigned rounds = 4;
  for (unsigned round = 0; round < rounds; ++round) {
    w_.tick();
    let_nodes_talk(1);
  }
}

void mishaps::see_to_hold() {
  if (!w_.links().is_held())
    return;
  disturb();
  wait_for_neighbours();
}

/// It may come while the day's effects are on their way: of a stream with two histories somebody always holds more.
void mishaps::note_hold() {
  if (w_.links().is_held())
    disturb();
}

void mishaps::disturb() { disturbed_.insert(w_.today()); }

void mishaps::disturb_between(law::civil_date first, law::civil_date last) {
  for (auto day = first; day <= last; day = law::add_days(day, law::days{1}))
    disturbed_.insert(day);
}

// -- striking -------------------------------------------------------------------------------------------------------

void mishaps::strike(mishap what) {
  using enum mishap;
  // A copy that is to be written over bears the keys of its day.
  if (fork_ && (what == state_keys_changed || what == state_keys_stolen))
    return;
  if (what >= territory_restored)
    return what == territory_restored ? restore_territory() : neighbours_.strike(what);
  if (what != disk_full && what != crash_in_write)
    ++counts_[fault_name(what)];
  switch (what) {
  case crash_at_start:
    start_fails_ = true;
    return cut_power();
  case crash:
    return cut_power();
  case crash_in_write:
    return w_.disk().fail_after(chance_.below(24));
  case kill_registry:
    disturb();
    return w_.kill(4);
  case kill_another: {
    disturb();
    return w_.kill(chance_.below(w_.actor_count()));
  }
  case stall:
    disturb();
    w_.clock().pass(stall_length);
    return w_.stall(stall_length);
  case disk_full:
    return fill_disk();
  case clock_ahead:
    return set_clock(hours{24 * static_cast<int>(2 + chance_.below(18)) + 5});
  case clock_behind:
    return set_clock(-hours{24 * static_cast<int>(2 + chance_.below(9)) + 5});
  case long_sleep:
    return sleep_long();
  case snapshot:
    return w_.keep(chance_.one_in(2));
  case checkpoint:
  case checkpoint_truncate:
    // An administrator does not look after a disk that he knows to be full.
    if (full_days_ == 0)
      w_.checkpoint(what == checkpoint_truncate);
    return;
  default:
    law::require(false, "what goes wrong between nodes strikes there");
  }
}

void mishaps::cut_power() {
  disturb();
  if (w_.disk().down())
    ++counts_[fault_name(mishap::crash_in_write)];
  w_.crash();
  letters_.give_up();
  w_.clock().pass(minutes{1 + static_cast<int>(chance_.below(90))});
  start();
}

void mishaps::start_first() {
  neighbours_.start_first();
  if (chance_.one_in(2))
    w_.disk().fail_after(chance_.below(120));
  start();
  w_.disk().spare();
  wait_for_neighbours();
}

/// A node records nothing before another has said where its stream stands, or has not answered for a while.
void mishaps::wait_for_neighbours() {
  for (unsigned tries = 0; tries < 8 && w_.links().is_held(); ++tries) {
    w_.clock().pass(seconds{1});
    w_.tick_links();
    w_.drain();
  }
}

void mishaps::let_nodes_talk(unsigned rounds) {
  constexpr seconds round{3};
  for (; rounds > 0; --rounds) {
    w_.clock().pass(round);
    w_.tick_links();
    settle();
  }
}

/// Whoever looks after the machine starts the node until it stands.
void mishaps::start() {
  if (std::exchange(start_fails_, false))
    w_.disk().fail_after(chance_.below(4));
  for (int attempt = 0;; ++attempt) {
    try {
      w_.start();
      break;
    } catch (const std::runtime_error&) {
      law::require(w_.disk().down(), "a node starts from what a crash has left");
      law::require(attempt < 3, "a node starts once its disk stands");
      ++counts_["fault.start_failed"];
      w_.crash();
    }
  }
  // Mostly nobody comes before it is confirmed.
  if (!chance_.one_in(4))
    wait_for_neighbours();
  w_.tick();
}

// -- older copies ---------------------------------------------------------------------------------------------------

void mishaps::put_copy_back() {
  auto kept = copies_.put_back();
  letters_.give_up();
  on_lost(kept);
  w_.clock().pass(minutes{10 + static_cast<int>(chance_.below(300))});
  disturb();
  w_.start();
  copies_.wait_until_back();
  // What took effect on its day and is lost takes effect again.
  if (auto last = w_.open_rows()->entry(world::stream(), kept))
    disturb_between(law::local_date("93", law::instant{milliseconds{last->header.recorded_at_ms}}), w_.today());
  w_.tick();
  disturb();
}

void mishaps::restore_territory() {
  if (!copies_.has_one() || fork_ || full_days_ > 0 || clock_is_wrong() || w_.in_trouble() != world::trouble::none)
    return;
  ++counts_[fault_name(mishap::territory_restored)];
  disturb();
  w_.disk().spare();
  neighbours_.make_calm();
  put_copy_back();
}

void mishaps::plan_fork(unsigned day, territory_copies::other_history where) {
  fork_ = planned_fork{day, where, {}, false};
}

void mishaps::plan_rewriting(unsigned day, std::size_t state) { fork_ = planned_fork{day, {}, state, false}; }

/// A few days before the copy is put back, a few with nobody to ask, and then everybody is there again. Nothing else
/// goes wrong meanwhile.
void mishaps::go_on_with_fork(unsigned day) {
  constexpr unsigned before = 3;
  constexpr unsigned alone = 2;
  if (!fork_ || day < fork_->day)
    return;
  plan_.clear();
  today_.clear();
  w_.disk().spare();
  disturb();
  if (!fork_->begun && full_days_ == 0 && !clock_is_wrong()) {
    fork_->begun = true;
    fork_->day = day;
    begin_fork();
  } else if (fork_->begun && !fork_->state && day == fork_->day + before) {
    copies_.cut_off();
    put_copy_back();
  } else if (fork_->begun && day == fork_->day + before + alone) {
    end_fork();
  }
}

void mishaps::begin_fork() {
  if (fork_->state)
    neighbours_.begin_rewriting(*fork_->state);
  else
    copies_.begin_fork(fork_->where);
}

void mishaps::end_fork() {
  fork_->begun = false;
  fork_->day = std::numeric_limits<unsigned>::max();
  if (fork_->state)
    counts_["fault.rewritten_at_source"] += neighbours_.end_rewriting(*fork_->state) ? 1 : 0;
  else
    counts_["fault.past_written_over"] += copies_.end_fork() ? 1 : 0;
}

// -- what lasts -----------------------------------------------------------------------------------------------------

void mishaps::fill_disk() {
  if (full_days_ > 0)
    return;
  disturb();
  w_.disk().set_room(chance_.below(40'000));
  full_days_ = 1 + static_cast<unsigned>(chance_.below(3));
}

void mishaps::make_room() {
  w_.disk().set_room(std::nullopt);
  if (w_.read_only())
    ++counts_[fault_name(mishap::disk_full)];
  w_.probe();
}

void mishaps::set_clock(std::chrono::milliseconds by) {
  // A second jump while the first lasts would only be a longer one.
  bool corrects = wrong_by_ == -by;
  if (clock_is_wrong() && !corrects)
    return;
  auto before = w_.today();
  w_.clock().jump(by);
  // Nothing is recorded with an earlier moment than what was recorded before: no day in between is an ordinary one.
  disturb_between(std::min(before, w_.today()), std::max(before, w_.today()));
  letters_.clock_moved();
  wrong_by_ = corrects ? std::chrono::milliseconds{0} : by;
  wrong_days_ = corrects ? 0 : 1 + static_cast<unsigned>(chance_.below(2));
}

void mishaps::sleep_long() {
  auto days = 32 + static_cast<int>(chance_.below(20));
  disturb_between(w_.today(), law::add_days(w_.today(), law::days{days + 1}));
  w_.clock().pass(hours{24 * days});
  cut_power();
}

} // namespace toit::simulation
