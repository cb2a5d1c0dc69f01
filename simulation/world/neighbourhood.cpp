#include "simulation/world/neighbourhood.hpp"

namespace toit::simulation {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// Messages that may be replayed: the latest ones.
constexpr std::size_t seen_most = 48;
constexpr network_weather calm{};

std::string count_of(mishap what) { return "fault." + std::string{law::name_of(what)}; }

} // namespace

neighbourhood::neighbourhood(world& w, tally& counts, chance of_its_own)
    : w_{w}, counts_{counts}, chance_{of_its_own}, checkers_{w} {
  for (std::size_t which = 0; which < world::state_count; ++which)
    plays_.emplace_back(w, which);
  w_.network().on_sent = [this, check = std::move(w_.network().on_sent)](const virtual_network::on_its_way& one) {
    check(one);
    seen_.push_back(one);
    if (seen_.size() > seen_most)
      seen_.pop_front();
    if (cut_off_ && one.from == w_.members().front().name && lost_entries_.size() < seen_most)
      lost_entries_.push_back(one);
  };
}

void neighbourhood::start_first() {
  for (std::size_t which = 0; which < world::state_count; ++which)
    start(which);
}

// -- what lasts -----------------------------------------------------------------------------------------------------

void neighbourhood::begin_day() {
  change_weather();
  for (auto left = cuts_.size(); left > 0; --left) {
    if (--cuts_.front().days == 0) {
      heal_one();
      continue;
    }
    cuts_.push_back(cuts_.front());
    cuts_.pop_front();
  }
  for (std::size_t which = 0; which < world::state_count; ++which) {
    auto& things = states_[which];
    if (things.off_days > 0 && --things.off_days == 0)
      start(which);
    if (things.wrong_days > 0 && --things.wrong_days == 0)
      w_.state(which).clock().jump(-w_.state(which).clock().wrong_by());
    if (things.cut_off_days > 0 && --things.cut_off_days == 0) {
      look_alone(which);
      confirm(which);
    }
    plays_[which].live_day();
    if (chance_.one_in(20) && w_.state(which).running() && !w_.state(which).in_trouble())
      things.copy = w_.state(which).disk().copy();
  }
}

/// Most days messages take no time; on others what is sent today arrives in part tomorrow.
void neighbourhood::change_weather() {
  constexpr std::array<unsigned, 4> losses{0, 0, 5, 25};
  constexpr std::array<unsigned, 4> doubles{0, 0, 0, 15};
  auto& weather = w_.network().weather;
  weather.loses = chance_.pick(losses);
  weather.doubles = chance_.pick(doubles);
  weather.reorders = chance_.one_in(4);
  weather.delay_most = chance_.one_in(3) ? milliseconds{hours{6}} : milliseconds{200};
}

void neighbourhood::look_after() {
  for (std::size_t which = 0; which < world::state_count; ++which)
    if (w_.state(which).in_trouble()) {
      counts_[count_of(mishap::state_crash_in_write)] += w_.state(which).disk().down() ? 1 : 0;
      crash(which);
      start(which);
    }
}

void neighbourhood::crash(std::size_t which) {
  w_.crash_state(which);
  seen_.clear();
}

void neighbourhood::start(std::size_t which) {
  for (int attempt = 0;; ++attempt) {
    try {
      w_.state(which).start();
      return checkers_.state_started(which);
    } catch (const std::runtime_error&) {
      law::require(w_.state(which).disk().down(), "a State node starts from what a crash has left");
      law::require(attempt < 3, "a State node starts once its disk stands");
      w_.crash_state(which);
    }
  }
}

void neighbourhood::make_calm() {
  w_.network().weather = calm;
  w_.network().tamper = nullptr;
  w_.network().hurry();
  while (!cuts_.empty())
    heal_one();
  for (std::size_t which = 0; which < world::state_count; ++which) {
    auto& things = states_[which];
    w_.state(which).disk().spare();
    things.off_days = 0;
    if (!w_.state(which).running())
      start(which);
    if (std::exchange(things.cut_off_days, 0) > 0)
      confirm(which);
  }
  look_after();
}

void neighbourhood::end() {
  make_calm();
  for (std::size_t which = 0; which < world::state_count; ++which)
    w_.state(which).clock().jump(-w_.state(which).clock().wrong_by());
}

// -- striking -------------------------------------------------------------------------------------------------------

std::optional<std::size_t> neighbourhood::one_that_runs() {
  auto which = chance_.below(world::state_count);
  bool stands = w_.state(which).running() && !w_.state(which).in_trouble() && states_[which].cut_off_days == 0;
  return stands ? std::optional{which} : std::nullopt;
}

void neighbourhood::strike(mishap what) {
  using enum mishap;
  if (what == link_cut)
    return cut_some_link();
  if (what == link_healed)
    return heal_one();
  if (what == envelope_altered)
    return alter();
  if (what == envelope_replayed)
    return replay();
  if (what == envelope_forged)
    return forge();
  auto which = one_that_runs();
  if (!which)
    return;
  if (what == state_crash_in_write)
    return w_.state(*which).disk().fail_after(chance_.below(24));
  if (what == state_clock)
    return set_clock(*which);
  if (what == state_restored)
    return restore(*which);
  if (what == state_keys_changed || what == state_keys_stolen)
    return change_keys(*which, what == state_keys_stolen);
  law::require(what == state_crash, "every mishap between nodes is known here");
  ++counts_[count_of(state_crash)];
  this->crash(*which);
  states_[*which].off_days = static_cast<unsigned>(chance_.below(4));
  if (states_[*which].off_days == 0)
    start(*which);
}

/// One way or both; seen by both at once, or lost in silence.
void neighbourhood::cut_some_link() {
  ++counts_[count_of(mishap::link_cut)];
  auto a = chance_.below(w_.members().size());
  auto b = (a + 1 + chance_.below(w_.members().size() - 1)) % w_.members().size();
  bool noticed = chance_.one_in(2);
  bool both_ways = chance_.one_in(2);
  auto days = 1 + static_cast<unsigned>(chance_.below(5));
  auto cut = [&](std::size_t from, std::size_t to) {
    cuts_.push_back({w_.members()[from].name, w_.members()[to].name, days});
    w_.network().cut(cuts_.back().from, cuts_.back().to, noticed);
  };
  cut(a, b);
  if (both_ways)
    cut(b, a);
}

/// A node that was restored and is not to be reached yet.
bool neighbourhood::is_kept_off(const ports::node_name& who) const {
  for (std::size_t which = 0; which < world::state_count; ++which)
    if (w_.state(which).who().name == who)
      return states_[which].cut_off_days > 0;
  return cut_off_ && who == w_.members().front().name;
}

void neighbourhood::heal_one() {
  if (cuts_.empty())
    return;
  auto healed = cuts_.front();
  cuts_.pop_front();
  auto same = [&](const cut_link& other) { return other.from == healed.from && other.to == healed.to; };
  if (std::ranges::any_of(cuts_, same) || is_kept_off(healed.from) || is_kept_off(healed.to))
    return;
  w_.network().heal(healed.from, healed.to);
  ++counts_[count_of(mishap::link_healed)];
}

void neighbourhood::set_clock(std::size_t which) {
  if (states_[which].wrong_days > 0)
    return;
  ++counts_[count_of(mishap::state_clock)];
  auto much = chance_.one_in(2) ? milliseconds{hours{24 * static_cast<int>(1 + chance_.below(20))}}
                                : milliseconds{minutes{1 + static_cast<int>(chance_.below(90))}};
  w_.state(which).clock().jump(chance_.one_in(2) ? much : -much);
  states_[which].wrong_days = 1 + static_cast<unsigned>(chance_.below(3));
}

// -- other keys -----------------------------------------------------------------------------------------------------

/// As docs/operating.md says: everybody has the directory, then the node goes on under the keys that it names.
void neighbourhood::change_keys(std::size_t which, bool stolen) {
  auto is_wrong = [](const state_of_things& one) { return one.wrong_days > 0; };
  if (cut_off_ || std::ranges::any_of(states_, is_wrong) || w_.in_trouble() != world::trouble::none)
    return;
  make_calm();
  wait_until_confirmed(which);
  auto& state = w_.state(which);
  if (w_.in_trouble() != world::trouble::none || state.links().is_held())
    return;
  crash(which);
  w_.change_keys_of_state(which, stolen);
  w_.bring_directory();
  w_.drain();
  if (stolen)
    let_thief_write(which);
  if (w_.in_trouble() == world::trouble::none)
    ++counts_[count_of(stolen ? mishap::state_keys_stolen : mishap::state_keys_changed)];
  start(which);
  wait_until_confirmed(which);
  auto next = journal::signing_key{state.who().keys.signing_seed}.public_half();
  if (state.running() && !state.in_trouble() && !state.links().is_held() && state.signers().back() != next)
    checkers_.say("keys", state.who().name.text() + " has other keys, and its stream does not say so");
}

/// He has the keys of before and a place on the line; everybody has the directory that revokes them.
void neighbourhood::let_thief_write(std::size_t which) {
  auto& state = w_.state(which);
  checkers_.alarms().tampered();
  auto before = checkers_.held_elsewhere(which);
  federation::entries forged;
  forged.brought = state.write_as_thief();
  for (const auto& other : w_.members())
    if (other.name != state.who().name)
      slip_in(state.who().name, other.name, federation::encode({state.who().name, other.name, forged}));
  w_.drain();
  w_.clock().pass(seconds{1});
  w_.drain();
  if (checkers_.held_elsewhere(which) != before)
    checkers_.say("keys", "what was signed with the stolen keys of " + state.who().name.text() + " is held");
}

// -- a State node restored from an older copy -----------------------------------------------------------------------

/// Whoever restores a node sees to it that its neighbours are reached, at once or some days later; meanwhile it is to
/// sign nothing.
void neighbourhood::restore(std::size_t which) {
  auto& state = w_.state(which);
  auto& things = states_[which];
  if (!things.copy || cut_off_ || w_.in_trouble() != world::trouble::none)
    return;
  ++counts_[count_of(mishap::state_restored)];
  crash(which);
  w_.network().forget(state.who().name);
  w_.drain();
  look_after();
  if (w_.in_trouble() == world::trouble::node)
    return start(which);
  state.disk().restore(*things.copy);
  checkers_.state_restored(which);
  bool at_once = chance_.one_in(2);
  if (!at_once) {
    things.cut_off_days = 1 + static_cast<unsigned>(chance_.below(3));
    for (const auto& other : w_.members())
      if (other.name != state.who().name) {
        w_.network().cut(state.who().name, other.name, true);
        w_.network().cut(other.name, state.who().name, true);
      }
  }
  start(which);
  if (at_once)
    confirm(which);
}

/// It is reached by all who can be, and has its past again before anything else happens.
void neighbourhood::confirm(std::size_t which) {
  const auto& name = w_.state(which).who().name;
  for (const auto& other : w_.members())
    if (other.name != name && !is_kept_off(other.name)) {
      w_.network().heal(name, other.name);
      w_.network().heal(other.name, name);
    }
  std::erase_if(cuts_, [&](const cut_link& one) { return one.from == name || one.to == name; });
  auto before = std::exchange(w_.network().weather, calm);
  w_.network().hurry();
  for (unsigned tries = 0; tries < 20 && w_.state(which).links().is_held(); ++tries) {
    w_.clock().pass(seconds{1});
    w_.tick_links();
    w_.drain();
  }
  w_.network().weather = before;
}

/// Nobody has spoken to it since it was restored: it signs nothing, and says why.
void neighbourhood::look_alone(std::size_t which) {
  auto& state = w_.state(which);
  for (unsigned rounds = 0; rounds < 3; ++rounds) {
    w_.clock().pass(seconds{3});
    state.links().tick();
    w_.drain();
  }
  if (!state.running() || state.in_trouble())
    return;
  const auto& standing = state.links().standing();
  if (!state.links().is_held())
    checkers_.say("past", state.who().name.text() + " was restored, has heard nobody, and would sign");
  if (std::ranges::find(standing, ports::alarm_kind::unconfirmed, &ports::alarm::kind) == standing.end())
    checkers_.say("alarms", state.who().name.text() + " was restored, has heard nobody, and does not tell");
}

// -- a State node's stream rewritten at its source ------------------------------------------------------------------

void neighbourhood::begin_rewriting(std::size_t which) {
  make_calm();
  wait_until_confirmed(which);
  before_rewriting_ = w_.state(which).disk().copy();
  w_.state(which).note();
  wait_until_confirmed(which);
}

void neighbourhood::wait_until_confirmed(std::size_t which) {
  for (unsigned tries = 0; tries < 10 || (tries < 30 && w_.state(which).links().is_held()); ++tries) {
    w_.clock().pass(seconds{1});
    w_.tick_links();
    w_.drain();
  }
}

bool neighbourhood::end_rewriting(std::size_t which) {
  make_calm();
  auto& state = w_.state(which);
  crash(which);
  w_.network().forget(state.who().name);
  w_.drain();
  state.disk().restore(*before_rewriting_);
  bool is_known = checkers_.held_elsewhere(which) > state.last_seq(state.who().stream);
  // Whatever becomes of its own stream, what it held of others is that of the copy.
  checkers_.state_restored(which, !is_known);
  if (is_known) {
    checkers_.alarms().written_over(state.who().stream);
    state.write_alone(1 + static_cast<unsigned>(chance_.below(4)));
  }
  start(which);
  return is_known;
}

// -- envelopes ------------------------------------------------------------------------------------------------------

/// What signatures protect is changed on its way, by a bit. The rest nobody can change on a link of service.
namespace {

/// Of the signatures of what it writes at once a receiver checks the last one alone, and what comes while it writes is
/// written at once: those before are the host's word, which `toit verify` audits. A head beyond the entries vouches for
/// what is believed anyway, or does not, and is not kept.
bool is_left_unchecked(const federation::envelope& before,
                       const std::expected<federation::envelope, federation::envelope_fault>& after) {
  const auto* was = std::get_if<federation::entries>(&before.said);
  const auto* is = after ? std::get_if<federation::entries>(&after->said) : nullptr;
  if (!was || !is || was->brought.heads.size() != is->brought.heads.size())
    return false;
  auto last = was->brought.entries.empty() ? 0 : was->brought.entries.back().seq;
  for (std::size_t i = 0; i < was->brought.heads.size(); ++i) {
    const auto& a = was->brought.heads[i];
    const auto& b = is->brought.heads[i];
    bool other_place = std::tie(a.epoch, a.first, a.seq, a.ordering_seq, a.link) !=
                       std::tie(b.epoch, b.first, b.seq, b.ordering_seq, b.link);
    if (a.signature != b.signature || a.key_id != b.key_id || (a.seq > last && other_place))
      return true;
  }
  return false;
}

} // namespace

/// The next message that is signed; or, when he is named, the next entries that he sends.
void neighbourhood::alter(const std::optional<ports::node_name>& by) {
  checkers_.alarms().tampered();
  w_.network().tamper = [this, by](ports::bytes& what) {
    auto read = federation::decode(what);
    bool brings = read && std::holds_alternative<federation::entries>(read->said);
    bool is_meant =
        by ? brings && read->from == *by : brings || (read && std::holds_alternative<federation::marks>(read->said));
    if (!is_meant)
      return false;
    auto& byte = what[what.size() / 2 + chance_.below(what.size() / 2)];
    auto bit = static_cast<std::uint8_t>(1U << chance_.below(8));
    byte ^= bit;
    if (is_left_unchecked(*read, federation::decode(what))) {
      byte ^= bit;
      return false;
    }
    ++counts_[count_of(mishap::envelope_altered)];
    return true;
  };
}

/// Whoever is on a line can put something into it; where there is no line, nobody can.
void neighbourhood::slip_in(const ports::node_name& from, const ports::node_name& to, ports::bytes what) {
  if (!is_kept_off(from) && !is_kept_off(to))
    w_.network().inject(from, to, std::move(what));
}

void neighbourhood::replay() {
  if (seen_.empty())
    return;
  ++counts_[count_of(mishap::envelope_replayed)];
  checkers_.alarms().tampered();
  for (auto times = 1 + chance_.below(5); times > 0; --times) {
    const auto& one = seen_[chance_.below(seen_.size())];
    slip_in(one.from, one.to, one.sent);
  }
}

/// A mark and a head of nobody, and a message under another's name.
void neighbourhood::forge() {
  ++counts_[count_of(mishap::envelope_forged)];
  checkers_.alarms().tampered();
  const auto& territory = w_.members().front();
  const auto& state = w_.state(chance_.below(world::state_count)).who();
  journal::signing_key stranger{journal::node_keys::generate().signing_seed};
  ports::witness_mark mark;
  mark.stream = territory.stream;
  mark.seq = 1 + chance_.below(1'000);
  mark.witness = state.stream;
  mark.at = w_.clock().now();
  chance_.fill(mark.link);
  journal::sign(mark, stranger);
  federation::marks given;
  given.given.push_back(mark);
  slip_in(state.name, territory.name, federation::encode({state.name, territory.name, given}));
  slip_in(territory.name, state.name, federation::encode({state.name, territory.name, federation::hello{}}));
  for (const auto& one : seen_) {
    auto read = federation::decode(one.sent);
    auto* brought = read ? std::get_if<federation::entries>(&read->said) : nullptr;
    if (!brought || brought->brought.entries.empty())
      continue;
    auto& last = brought->brought.entries.back();
    chance_.fill(last.commitment);
    auto& head = brought->brought.heads.back();
    chance_.fill(head.link);
    stranger.sign(head);
    return slip_in(one.from, one.to, federation::encode(*read));
  }
}

// -- alarms ---------------------------------------------------------------------------------------------------------

void neighbourhood::provoke_alarms(const std::function<void(unsigned)>& talk) {
  using enum ports::alarm_kind;
  constexpr std::size_t first_state = 1; // among the members
  auto& state = w_.state(0);
  const auto& name = state.who().name;
  auto& alarms = checkers_.alarms();
  forge();
  talk(2);
  if (!alarms.stands(0, bad_signature, name) && !alarms.stands(0, bad_signature, w_.state(1).who().name))
    checkers_.say("alarms", "a mark that nobody signed has come, and the territory does not tell");
  state.clock().jump(hours{1});
  talk(4);
  if (!alarms.stands(0, clock_apart, name))
    checkers_.say("alarms", "the clock of " + name.text() + " is an hour fast, and the territory does not tell");
  state.clock().jump(-hours{1});
  let_directory_expire(talk);
  if (alarms.is_written_over(state.who().stream))
    return talk(1);
  // An alarm that stands already is not raised again: what is counted grows all the same.
  auto told = [&] {
    std::uint64_t all = 0;
    for (std::size_t member = 0; member < w_.members().size(); ++member)
      if (member != first_state)
        all += alarms.times(member, {altered, bad_signature}) + alarms.misbehaviours(member);
    return all;
  };
  // Written in the first round, received in the second, told in the third: unless it was asked for again in between,
  // and is right when anybody looks.
  constexpr unsigned tries_most = 4;
  auto before = told();
  bool was_changed = false;
  for (unsigned tries = 0; tries < tries_most && told() == before; ++tries) {
    alter(name);
    state.note();
    talk(3);
    was_changed |= !w_.network().tamper;
  }
  if (was_changed && told() == before)
    checkers_.say("alarms", "what " + name.text() + " sent was changed on its way, and nobody tells");
  w_.network().tamper = nullptr;
}

/// Everybody tells, and nothing is exchanged but a newer directory, which one of them is given.
void neighbourhood::let_directory_expire(const std::function<void(unsigned)>& talk) {
  using enum ports::alarm_kind;
  auto valid_until = w_.federation().directory.valid_until;
  checkers_.alarms().expires();
  w_.issue_directory([&](federation::directory& d) { d.valid_until = w_.clock().now() + seconds{1}; });
  w_.bring_directory();
  talk(3);
  auto& state = w_.state(0);
  auto before = checkers_.held_elsewhere(0);
  state.note();
  talk(3);
  if (!checkers_.alarms().told_by_all(directory_expired))
    checkers_.say("alarms", "the directory has expired, and somebody does not tell");
  if (checkers_.held_elsewhere(0) != before)
    checkers_.say("alarms", "under an expired directory entries go on from node to node");
  w_.issue_directory([&](federation::directory& d) { d.valid_until = valid_until; });
  state.links().bring(w_.federation());
  talk(12);
}

// -- the territory cut off ------------------------------------------------------------------------------------------

void neighbourhood::cut_off_territory() {
  cut_off_ = true;
  const auto& territory = w_.members().front().name;
  for (std::size_t which = 0; which < world::state_count; ++which) {
    w_.network().cut(territory, w_.state(which).who().name, false);
    w_.network().cut(w_.state(which).who().name, territory, false);
  }
}

void neighbourhood::reach_territory() {
  cut_off_ = false;
  const auto& territory = w_.members().front().name;
  for (std::size_t which = 0; which < world::state_count; ++which) {
    w_.network().heal(territory, w_.state(which).who().name);
    w_.network().heal(w_.state(which).who().name, territory);
  }
}

} // namespace toit::simulation
