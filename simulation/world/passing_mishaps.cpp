#include "simulation/world/passing_mishaps.hpp"

#include "base/log.hpp"
#include "journal/signers.hpp"
#include "simulation/world/world.hpp"

namespace toit::simulation {

namespace {

constexpr std::array nodes_of_all{passing_world::territory, passing_world::region, passing_world::departement,
                                  passing_world::joined};

/// Messages that may still be delivered before anybody sees that a disk is gone.
constexpr std::uint64_t gasps = 6;

} // namespace

passing_mishaps::passing_mishaps(passing_world& w, passing_checkers& checkers, tally& counts)
    : w_{w}, checkers_{checkers}, counts_{counts}, chance_{w.random().branch()} {}

// -- off and on -----------------------------------------------------------------------------------------------------

void passing_mishaps::start_all() {
  for (auto which : nodes_of_all)
    start(which);
}

/// Whoever looks after the machine starts the node until it stands.
void passing_mishaps::start(std::size_t which) {
  off_.erase(which);
  for (int attempt = 0; !w_.node(which).running(); ++attempt) {
    try {
      w_.node(which).start();
    } catch (const std::runtime_error& why) {
      base::log_error("a node does not start", {{"because", why.what()}});
      law::require(w_.node(which).disk().down(), "a node starts from what a crash has left");
      law::require(attempt < 3, "a node starts once its disk stands");
      w_.node(which).crash();
    }
  }
  base::log_info("a node is on", {{"node", w_.members()[which].name.view()}});
  checkers_.started(which);
}

void passing_mishaps::crash(std::size_t which) {
  base::log_info("a node is off", {{"node", w_.members()[which].name.view()}});
  checkers_.stopping(which);
  w_.node(which).crash();
  checkers_.disturbed(which);
}

void passing_mishaps::stop(std::size_t which) {
  if (w_.node(which).running())
    crash(which);
  off_[which] = std::numeric_limits<unsigned>::max();
}

void passing_mishaps::begin_round() {
  for (auto which : nodes_of_all)
    if (auto off = off_.find(which); off != off_.end() && off->second != std::numeric_limits<unsigned>::max())
      if (off->second-- == 0)
        start(which);
}

void passing_mishaps::restore(std::size_t which) {
  if (!copies_.contains(which))
    return;
  ++counts_["mishap.restored"];
  if (w_.node(which).running())
    crash(which);
  w_.network().forget(w_.members()[which].name);
  // Nobody puts a disk back while the others are still writing what its node has sent.
  for (unsigned steps = 0; steps < 100'000 && w_.step();)
    ++steps;
  checkers_.about_to_restore(which);
  w_.node(which).put_back(copies_[which]);
  start(which);
}

// -- the network ----------------------------------------------------------------------------------------------------

void passing_mishaps::change_weather() {
  constexpr std::array<unsigned, 4> losses{0, 0, 0, 8};
  auto& weather = w_.network().weather;
  auto before = weather.delay_most;
  weather.loses = chance_.pick(losses);
  weather.doubles = chance_.one_in(4) ? 15 : 0;
  weather.reorders = chance_.one_in(4);
  weather.delay_most = std::chrono::milliseconds{chance_.one_in(5) ? 1500 : 200};
  if (weather.loses > 0 || before > weather.delay_most)
    for (auto which : nodes_of_all)
      checkers_.disturbed(which);
}

void passing_mishaps::calm_down() {
  w_.network().weather = {};
  w_.network().hurry();
}

void passing_mishaps::cut(std::size_t one, std::size_t other, bool noticed) {
  ++counts_["mishap.cut"];
  base::log_info("a link is cut", {{"one", w_.members()[one].name.view()}, {"other", w_.members()[other].name.view()}});
  const auto& a = w_.members()[one].name;
  const auto& b = w_.members()[other].name;
  w_.network().cut(a, b, noticed);
  w_.network().cut(b, a, noticed);
  checkers_.disturbed(one);
  checkers_.disturbed(other);
}

void passing_mishaps::cut_off(std::size_t which, bool noticed) {
  for (auto other : nodes_of_all)
    if (other != which)
      cut(which, other, noticed);
}

void passing_mishaps::heal() {
  base::log_info("all links are whole");
  for (auto one : nodes_of_all) {
    for (auto other : nodes_of_all)
      w_.network().heal(w_.members()[one].name, w_.members()[other].name);
    checkers_.disturbed(one);
  }
}

// -- a kill at a step -----------------------------------------------------------------------------------------------

void passing_mishaps::plan_kill() {
  constexpr std::array steps{passing_step::prepared, passing_step::closed, passing_step::opened, passing_step::opened,
                             passing_step::cut,      passing_step::cut,    passing_step::tail};
  planned_ = planned_kill{chance_.pick(steps), chance_.below(30), false, chance_.one_in(3)};
  syncs_ = 0;
}

/// From the regional node's disk, from the former host's and from the next one's.
void passing_mishaps::look_at_step() {
  std::uint64_t syncs = 1;
  for (auto which : nodes_of_all)
    syncs += w_.node(which).disk().syncs();
  auto& region = w_.node(passing_world::region);
  if (std::exchange(syncs_, syncs) == syncs || !region.running() || region.in_trouble())
    return;
  nodes::authority_reading reading{region.journal().open_reader()};
  reading.catch_up(w_.federation().directory);
  const auto* opened = reading.last_of(world::stream());
  const auto* prepared = reading.prepared_of(world::stream());
  step_ = passing_step::settled;
  auto host = opened ? w_.place_of(opened->passed.host.str()).value() : passing_world::territory;
  if (prepared) {
    former_host_ = host;
    next_host_ = w_.place_of(prepared->to.str()).value();
    ground_ = law::name_of(prepared->ground);
    auto& from = w_.node(host);
    auto head = from.running() && !from.in_trouble() ? from.reader().latest_head(world::stream()) : std::nullopt;
    auto last = head ? from.reader().entry(world::stream(), head->seq) : std::nullopt;
    bool closed = last && last->record && std::holds_alternative<law::stream_closing>(last->record->event);
    step_ = closed ? passing_step::closed : passing_step::prepared;
  } else if (opened) {
    if (next_host_ != host)
      former_host_ = std::exchange(next_host_, host);
    ground_ = law::name_of(opened->passed.ground);
    auto epoch_on = [&](std::size_t which) {
      auto* rows = w_.node(which).disk().down() ? nullptr : w_.node(which).rows();
      auto head = rows ? rows->last_head(world::stream()) : std::nullopt;
      return head ? head->epoch : 0;
    };
    bool has_tail = false;
    if (auto* rows = w_.node(former_host_).disk().down() ? nullptr : w_.node(former_host_).rows())
      for (const auto& tail : rows->orphan_tails())
        has_tail = has_tail || (tail.stream == world::stream() && tail.cut == opened->passed.epoch);
    if (epoch_on(host) < opened->passed.epoch)
      step_ = passing_step::opened;
    else if (epoch_on(former_host_) < opened->passed.epoch)
      step_ = passing_step::cut;
    else if (has_tail)
      step_ = passing_step::tail;
  }
}

/// Mostly one of the two between whom it passes.
std::size_t passing_mishaps::victim() {
  if (chance_.one_in(6))
    return chance_.below(passing_world::node_count);
  if (chance_.one_in(5))
    return passing_world::region;
  return chance_.one_in(2) ? former_host_ : next_host_;
}

void passing_mishaps::strike() {
  auto which = victim();
  auto in_write = planned_->in_write;
  planned_.reset();
  if (!w_.node(which).running())
    return;
  ++counts_["kill." + ground_ + "." + std::string{law::name_of(step_)}];
  ++counts_[which == former_host_ ? "kill.former_host" : which == next_host_ ? "kill.next_host" : "kill.other"];
  if (in_write)
    return w_.node(which).disk().fail_after(chance_.below(12));
  crash(which);
  off_[which] = static_cast<unsigned>(chance_.below(6));
}

void passing_mishaps::look_after() {
  constexpr std::uint64_t look_every = 32;
  bool looks_closely = w_.is_quiet() || ++looks_ % look_every == 0;
  for (auto which : nodes_of_all) {
    auto& node = w_.node(which);
    if (!node.running())
      continue;
    if (!node.in_trouble()) {
      if (looks_closely)
        node.look_after_territories();
      continue;
    }
    counts_["mishap.crash_in_write"] += node.disk().down() ? 1 : 0;
    if (!node.disk().down())
      ++counts_["mishap.actor_ended"];
    for (auto left = chance_.below(gasps); left > 0 && w_.step(); --left)
      ;
    crash(which);
    off_[which] = static_cast<unsigned>(chance_.below(6));
  }
}

void passing_mishaps::between_messages() {
  if (planned_) {
    look_at_step();
    planned_->reached = planned_->reached || step_ == planned_->at;
    if (planned_->reached && planned_->messages-- == 0)
      strike();
  }
  look_after();
}

void passing_mishaps::settle() {
  for (std::size_t steps = 0;; ++steps) {
    law::require(steps < 500'000, "messages come to an end");
    bool any = w_.step();
    between_messages();
    // Whoever loses power is missed by the others.
    if (!any && w_.is_quiet())
      return;
  }
}

void passing_mishaps::end() {
  planned_.reset();
  calm_down();
  heal();
  for (auto which : nodes_of_all) {
    w_.node(which).disk().spare();
    if (!w_.node(which).running())
      start(which);
  }
}

} // namespace toit::simulation
