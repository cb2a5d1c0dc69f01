#include "simulation/world/territory_copies.hpp"

namespace toit::simulation {

namespace {

using std::chrono::seconds;

/// Documents and the log are nowhere but here: they have a backup of their own, which is never old.
bool has_own_backup(const std::string& path) {
  return path.starts_with("node/documents/") || path.starts_with("node/log-");
}

} // namespace

std::uint64_t territory_copies::held_by_state() {
  std::uint64_t most = 0;
  for (std::size_t which = 0; which < world::state_count; ++which)
    most = std::max(most, w_.state(which).last_seq(world::stream()));
  return most;
}

std::uint64_t territory_copies::put_back() {
  w_.crash();
  w_.network().forget(w_.members().front().name);
  w_.drain();
  neighbours_.look_after();
  auto latest = w_.disk().copy();
  auto older = *copy_;
  std::erase_if(older, [](const auto& file) { return has_own_backup(file.first); });
  for (auto& [path, content] : latest)
    if (has_own_backup(path))
      older.emplace(path, std::move(content));
  w_.disk().restore(older);
  auto head = w_.open_rows()->last_head(world::stream());
  copied_ = head ? head->seq : 0;
  neighbours_.checkers().territory_restored();
  known_ = neighbours_.territory_is_cut_off() ? copied_ : std::max(copied_, held_by_state());
  return known_;
}

void territory_copies::wait_until_back() {
  auto& checkers = neighbours_.checkers();
  auto told_before = checkers.alarms().times(0, {ports::alarm_kind::rolled_back});
  wait_until_released();
  checkers.territory_released(known_);
  if (known_ > copied_ && checkers.alarms().times(0, {ports::alarm_kind::rolled_back}) == told_before)
    checkers.say("alarms", "the territory lacked entries " + std::to_string(copied_ + 1) + " to " +
                               std::to_string(known_) + " of its own stream, and did not tell");
}

void territory_copies::wait_until_released() {
  constexpr unsigned rounds = 20;
  for (unsigned round = 0; round < rounds && w_.links().is_held(); ++round) {
    w_.clock().pass(seconds{1});
    w_.tick_links();
    w_.drain();
    if (w_.in_trouble() == world::trouble::territory)
      w_.restart_territory();
  }
}

// -- two histories --------------------------------------------------------------------------------------------------

void territory_copies::begin_fork(other_history where) {
  where_ = where;
  neighbours_.make_calm();
  wait_until_released();
  make();
  if (where_ == other_history::on_its_way)
    neighbours_.cut_off_territory();
}

void territory_copies::cut_off() {
  neighbours_.make_calm();
  neighbours_.cut_off_territory();
}

/// What was lost, as the territory sent it before.
const virtual_network::on_its_way* territory_copies::lost_past() const {
  for (const auto& one : neighbours_.lost_entries()) {
    auto read = federation::decode(one.sent);
    const auto* brought = read ? std::get_if<federation::entries>(&read->said) : nullptr;
    if (brought && brought->brought.stream == world::stream() && brought->brought.entries.front().seq == copied_ + 1)
      return &one;
  }
  return nullptr;
}

bool territory_copies::end_fork() {
  auto head = w_.open_rows()->last_head(world::stream());
  bool has_written = head && head->seq > copied_;
  const auto* past = where_ == other_history::on_its_way ? lost_past() : nullptr;
  bool is_known = past || (where_ == other_history::held && held_by_state() > copied_);
  neighbours_.make_calm();
  neighbours_.reach_territory();
  if (!has_written || !is_known)
    return false;
  neighbours_.checkers().alarms().written_over(world::stream());
  if (!past)
    return true;
  // The State holds the second history when the first one reaches it.
  for (unsigned round = 0; round < 12; ++round) {
    w_.clock().pass(seconds{3});
    w_.tick_links();
    w_.drain();
  }
  w_.network().inject(past->from, past->to, past->sent);
  // It follows what was sent before, and is to come while nothing else is being written: who is busy with what is new
  // drops what is old without a look, and nobody has it any more to send it again.
  w_.clock().pass(seconds{1});
  w_.drain();
  w_.tick_links();
  w_.drain();
  return true;
}

} // namespace toit::simulation
