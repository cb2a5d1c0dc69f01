#include "federation/exchange.hpp"

#include <algorithm>
#include <utility>

namespace toit::federation {

namespace {

constexpr std::size_t alarms_most = 1'000;
constexpr std::size_t positions_most = 4'096;

std::size_t size_of(const ports::transfer& brought) {
  constexpr std::size_t around_entry = 160;
  constexpr std::size_t around_head = 160;
  std::size_t size = brought.heads.size() * around_head + brought.keys.size() * 2 * around_head;
  for (const auto& entry : brought.entries)
    size += around_entry + (entry.content ? entry.content->size() : 0);
  return size;
}

template <class Items>
void append(Items& to, Items& more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

} // namespace

exchange::exchange(exchange_setup setup, ports::transfer_source& source, law::instant now, law::civil_date today)
    : setup_{std::move(setup)}, source_{source}, now_{now}, today_{today} {
  apply_directory();
  for (const auto& stream : setup_.hosted)
    if (!peers_.empty())
      hold(stream, true);
}

bool exchange::hosts(const stream_id& stream) const {
  return std::ranges::find(setup_.hosted, stream) != setup_.hosted.end();
}

std::uint64_t exchange::seq_of(const stream_id& stream) const {
  auto at = source_.position(stream);
  return at ? at->seq : 0;
}

exchange_actions exchange::take() { return std::exchange(todo_, {}); }

// -- the directory --------------------------------------------------------------------------------------------------

void exchange::apply_directory() {
  std::map<node_name, peer> now_there;
  for (const auto* node : neighbours_of(setup_.directory, setup_.self, today_)) {
    auto known = peers_.find(node->name);
    now_there[node->name] = known == peers_.end() ? peer{} : std::move(known->second);
  }
  peers_ = std::move(now_there);
}

void exchange::adopt(federation::directory newer, bytes signed_bytes) {
  if (newer.number <= setup_.directory.number || newer.purpose != setup_.directory.purpose)
    return;
  setup_.directory = std::move(newer);
  setup_.signed_directory = signed_bytes;
  apply_directory();
  if (!setup_.directory.expired(now_))
    settle(alarm_kind::directory_expired, {}, {});
  todo_.newer_directory = std::move(signed_bytes);
  for (auto& [name, p] : peers_)
    if (p.state == ports::link_state::up) {
      say(name, newer_directory{setup_.signed_directory});
      greet(name, p);
    }
}

void exchange::take_in(const node_name& from, newer_directory& said) {
  auto opened = open_directory(said.content, setup_.anchor);
  if (!opened) {
    raise(alarm_kind::bad_signature, {}, from, 0);
    return misbehaved(from);
  }
  adopt(std::move(*opened), std::move(said.content));
}

// -- time -----------------------------------------------------------------------------------------------------------

void exchange::tick(milliseconds monotonic, law::instant now, law::civil_date today) {
  constexpr milliseconds minute{60'000};
  monotonic_ = monotonic;
  now_ = now;
  if (std::exchange(today_, today) != today)
    apply_directory();
  if (monotonic_ - minute_began_ >= minute) {
    minute_began_ = monotonic_;
    for (auto& [name, p] : peers_)
      p.misbehaviours_this_minute = 0;
  }
  if (setup_.directory.expired(now_))
    raise(alarm_kind::directory_expired, {}, {}, setup_.directory.number);
  for (auto& [name, p] : peers_) {
    if (p.state != ports::link_state::up)
      continue;
    if (!p.said_hello || monotonic_ - p.hello_sent >= setup_.limits.hello_every)
      greet(name, p);
    for (auto& [stream, one] : p.pulls)
      if (!one.stopped && !one.writing && monotonic_ - one.asked_at >= setup_.limits.ask_again)
        ask_for(name, one, stream, true);
  }
  settle_confirmations();
}

/// A State node signs nothing before a neighbour has said where its stream stands, and waits a while for all of them. A
/// territory records whatever happens: when nobody can be asked for a while, its receipts say so.
void exchange::settle_confirmations() {
  if (!began_)
    began_ = monotonic_;
  const auto* self = setup_.directory.find(setup_.self);
  bool is_state = self && self->tier != node_tier::territory;
  bool waited = monotonic_ - *began_ >= setup_.limits.confirm_within;
  auto heard = std::ranges::count_if(peers_, [](const auto& p) { return p.second.run.has_value(); });
  bool all = static_cast<std::size_t>(heard) == peers_.size();
  // The first to speak after a long silence may know less than the one who speaks next.
  if (heard > 0 && !first_heard_)
    first_heard_ = monotonic_;
  bool others_had_time = first_heard_ && monotonic_ - *first_heard_ >= setup_.limits.confirm_within;
  for (const auto& stream : setup_.hosted) {
    if (confirmed_.contains(stream) || behind_.contains(stream) || peers_.empty())
      continue;
    if (all || others_had_time) {
      confirmed_.insert(stream);
      settle(alarm_kind::unconfirmed, stream, {});
      hold(stream, false);
    } else if (waited) {
      raise(alarm_kind::unconfirmed, stream, {}, 0);
      if (!is_state)
        hold(stream, false);
    }
  }
}

void exchange::hold(const stream_id& stream, bool behind) {
  bool changed = behind ? held_.insert(stream).second : held_.erase(stream) > 0;
  if (changed)
    todo_.holds.push_back({stream, behind});
}

bool exchange::is_held(const stream_id& stream) const { return held_.contains(stream); }

// -- talking --------------------------------------------------------------------------------------------------------

void exchange::say(const node_name& to, message what) {
  todo_.messages.push_back({to, encode({setup_.self, to, std::move(what)})});
}

void exchange::link_changed(const node_name& peer_name, ports::link_state state) {
  auto found = peers_.find(peer_name);
  if (found == peers_.end())
    return;
  auto& p = found->second;
  p.state = state;
  // What was on its way may be lost: all is asked for again.
  p.feeds.clear();
  p.said_hello = false;
  for (auto& [stream, one] : p.pulls)
    one.waiting.reset();
  if (state == ports::link_state::up)
    greet(peer_name, p);
}

void exchange::greet(const node_name& to, peer& p) {
  hello said;
  said.run = setup_.run;
  said.directory_number = setup_.directory.number;
  said.at = now_;
  for (auto& position : source_.positions())
    if (said.positions.size() < positions_most && concerns(to, position.stream))
      said.positions.push_back(position);
  p.said_hello = true;
  p.hello_sent = monotonic_;
  say(to, std::move(said));
}

/// Somebody may know of a stream when he hosts it or should hold it.
bool exchange::concerns(const node_name& whom, const stream_id& stream) const {
  const auto* host = setup_.directory.host_of(stream);
  return (host && host->name == whom) || should_hold(setup_.directory, whom, stream, today_);
}

void exchange::received(const node_name& from, byte_view sent) {
  auto found = peers_.find(from);
  if (found == peers_.end() || found->second.misbehaviours_this_minute >= setup_.limits.misbehaviours)
    return;
  auto read = decode(sent);
  if (!read) {
    misbehaved(from);
    if (read.error() == envelope_fault::unknown_protocol)
      say(from, no{no_reason::unknown_protocol, {}, protocol_number, {}});
    return;
  }
  if (read->from != from || read->to != setup_.self)
    return misbehaved(from);
  found->second.last_heard = now_;
  std::visit([&](auto& what) { take_in(from, what); }, read->said);
}

void exchange::misbehaved(const node_name& who) {
  auto& p = peers_.at(who);
  ++p.misbehaviours;
  ++p.misbehaviours_this_minute;
  raise(alarm_kind::misbehaving, {}, who, 0);
}

template <class Said>
void exchange::take_in(const node_name& from, Said& what) {
  todo_.about_documents.push_back({from, message{std::move(what)}});
}

// -- where everybody stands -----------------------------------------------------------------------------------------

void exchange::take_in(const node_name& from, hello& said) {
  auto& p = peers_.at(from);
  if (p.run != said.run) {
    p.run = said.run;
    p.feeds.clear();
    p.theirs.clear();
    for (auto& [stream, one] : p.pulls)
      one.asked = false;
  }
  if (said.directory_number < setup_.directory.number)
    say(from, newer_directory{setup_.signed_directory});
  auto apart = said.at > now_ ? said.at - now_ : now_ - said.at;
  if (apart > setup_.limits.clock_apart)
    raise(alarm_kind::clock_apart, {}, from, 0);
  else
    settle(alarm_kind::clock_apart, {}, from);
  for (const auto& position : said.positions)
    if (concerns(from, position.stream) && concerns(setup_.self, position.stream))
      compare(from, p, position);
  begin_pulls(from, p);
  settle_confirmations();
  for (const auto& [stream, theirs] : p.theirs)
    mark_again(from, stream);
}

void exchange::compare(const node_name& from, peer& p, const ports::stream_position& theirs) {
  auto& known = p.theirs[theirs.stream];
  known = theirs;
  p.as_of[theirs.stream] = now_;
  auto ours = seq_of(theirs.stream);
  bool own = hosts(theirs.stream);
  if (theirs.seq > ours) {
    if (own)
      found_behind(theirs.stream);
    return;
  }
  if (source_.link_at(theirs.stream, theirs.seq) != theirs.link)
    return raise(alarm_kind::forked, theirs.stream, from, theirs.seq);
  const auto* host = setup_.directory.host_of(theirs.stream);
  bool is_host = host && host->name == from;
  if (is_host && theirs.seq < ours)
    raise(alarm_kind::rolled_back, theirs.stream, from, theirs.seq);
  else if (is_host)
    settle(alarm_kind::rolled_back, theirs.stream, from);
}

void exchange::found_behind(const stream_id& stream) {
  behind_.insert(stream);
  hold(stream, true);
  raise(alarm_kind::rolled_back, stream, setup_.self, seq_of(stream));
}

void exchange::come_back(const stream_id& stream) {
  auto ours = seq_of(stream);
  auto holds_more = [&](const auto& p) {
    auto theirs = p.second.theirs.find(stream);
    return theirs != p.second.theirs.end() && theirs->second.seq > ours;
  };
  if (!behind_.contains(stream) || std::ranges::any_of(peers_, holds_more))
    return;
  behind_.erase(stream);
  confirmed_.insert(stream);
  settle(alarm_kind::rolled_back, stream, setup_.self);
  settle(alarm_kind::unconfirmed, stream, {});
  hold(stream, false);
  todo_.caught_up.push_back(stream);
}

// -- what comes -----------------------------------------------------------------------------------------------------

bool exchange::pulls_from(const node_name& from, const stream_id& stream) const {
  const auto& p = peers_.at(from);
  if (hosts(stream)) {
    auto theirs = p.theirs.find(stream);
    return behind_.contains(stream) && theirs != p.theirs.end() && theirs->second.seq > seq_of(stream);
  }
  const auto* host = setup_.directory.host_of(stream);
  return host && host->name == from && should_hold(setup_.directory, setup_.self, stream, today_);
}

void exchange::begin_pulls(const node_name& from, peer& p) {
  for (const auto& [stream, theirs] : p.theirs)
    if (pulls_from(from, stream) && !p.pulls[stream].asked)
      ask_for(from, p.pulls[stream], stream, true);
}

void exchange::ask_for(const node_name& from, pull& p, const stream_id& stream, bool again) {
  if (p.stopped || !pulls_from(from, stream))
    return;
  auto at = source_.position(stream).value_or(ports::stream_position{stream, 0, 0, journal::first_link(stream)});
  p.asked = true;
  p.asked_at = monotonic_;
  if (again) {
    p.expected = at.seq;
    p.waiting.reset();
  }
  say(from, want{at, setup_.limits.window_bytes, again});
}

void exchange::take_in(const node_name& from, entries& said) {
  auto& brought = said.brought;
  auto& peer_said = peers_.at(from);
  auto found = peer_said.pulls.find(brought.stream);
  if (found == peer_said.pulls.end() || !found->second.asked)
    return misbehaved(from);
  auto& p = found->second;
  // What this node lacked of its own stream may have come from another meanwhile.
  if (p.stopped || brought.entries.empty() || !pulls_from(from, brought.stream))
    return;
  p.asked_at = monotonic_;
  auto first = brought.entries.front().seq;
  bool next = first == p.expected + 1;
  // What was lost on the way is asked for again in time; what is there already is compared, once nothing is under way.
  if (!next && (first > p.expected + 1 || p.writing || p.waiting))
    return;
  if (p.waiting && size_of(*p.waiting) + size_of(brought) > std::size_t{2} * setup_.limits.window_bytes)
    return misbehaved(from);
  p.expected = std::max(p.expected, brought.entries.back().seq);
  if (p.waiting) {
    append(p.waiting->entries, brought.entries);
    append(p.waiting->heads, brought.heads);
    append(p.waiting->keys, brought.keys);
  } else {
    p.waiting = std::make_shared<ports::transfer>(std::move(brought));
  }
  write_next(p);
}

void exchange::write_next(pull& p) {
  if (p.writing || !p.waiting)
    return;
  p.writing = true;
  auto brought = std::exchange(p.waiting, nullptr);
  set_signers(*brought);
#ifdef TOIT_TEST_SWITCHES
  if (setup_.bugs.countersign_at_once) {
    const auto& head = brought->heads.back();
    countersign(setup_.directory.host_of(brought->stream)->name,
                {ports::transfer_status::stored, {brought->stream, head.epoch, head.seq, head.link}, 0, {}, true});
  }
#endif
  todo_.transfers.push_back(std::move(brought));
}

/// Keys of the host; a revoked one only for what a mark older than the revocation covers.
void exchange::set_signers(ports::transfer& brought) const {
  auto last = brought.entries.back().seq;
  auto covered = [&](law::instant before) {
    auto given = source_.marks(brought.stream);
    return std::ranges::any_of(given, [&](const auto& mark) { return mark.seq >= last && mark.at < before; });
  };
  for (const auto& key : setup_.directory.signing_keys_of(brought.stream))
    if (!key.revoked || now_ < *key.revoked || covered(*key.revoked))
      brought.signers.push_back(key.key);
  brought.escrow = setup_.directory.escrow_of(brought.stream, today_);
}

void exchange::written(const ports::transfer_result& result) {
  const auto& stream = result.now.stream;
  for (auto& [name, p] : peers_) {
    auto found = p.pulls.find(stream);
    if (found == p.pulls.end() || !found->second.writing)
      continue;
    found->second.writing = false;
    settle_transfer(name, found->second, result);
  }
}

void exchange::settle_transfer(const node_name& from, pull& p, const ports::transfer_result& result) {
  const auto& stream = result.now.stream;
  using enum ports::transfer_status;
  switch (result.status) {
  case stored:
  case known:
    settle(alarm_kind::altered, stream, from);
    settle(alarm_kind::bad_signature, stream, from);
    if (result.status == stored)
      grown(stream);
    countersign(from, result);
    come_back(stream);
    if (p.waiting)
      write_next(p);
    ask_for(from, p, stream, false);
    return;
  case forked:
#ifdef TOIT_TEST_SWITCHES
    if (setup_.bugs.fork_is_duplicate)
      return;
#endif
    p.stopped = true;
    return raise(alarm_kind::forked, stream, from, result.at);
  case altered:
    raise(alarm_kind::altered, stream, from, result.at);
    break;
  case bad_signature:
    raise(alarm_kind::bad_signature, stream, from, result.at);
    break;
  case gap:
  case read_only:
    break;
  }
  // Asked for again in time, not at once: what is wrong now is likely to be wrong again.
  p.waiting.reset();
  p.expected = result.now.seq;
}

// -- countersigning -------------------------------------------------------------------------------------------------

bool exchange::is_witness_of(const stream_id& stream) const {
  return !hosts(stream) && !setup_.hosted.empty() && setup_.hosted.front().view().starts_with('S') &&
         should_hold(setup_.directory, setup_.self, stream, today_);
}

/// A mark that was lost on its way, or a crash before it was given: whoever hosts the stream hears it again.
void exchange::mark_again(const node_name& from, const stream_id& stream) {
  const auto* host = setup_.directory.host_of(stream);
  auto at = source_.position(stream);
  if (!host || host->name != from || !at || !is_witness_of(stream) || is_held(setup_.hosted.front()))
    return;
  for (const auto& mark : source_.marks(stream))
    if (mark.witness == setup_.hosted.front() && mark.seq == at->seq) {
      marks given;
      given.given.push_back(mark);
      return say(from, std::move(given));
    }
  auto escrow = setup_.directory.escrow_of(stream, today_);
  countersign(from, {ports::transfer_status::known, *at, 0, {}, !escrow || source_.has_keys_for(stream, *escrow)});
}

/// Only what is whole here, entries and key, and on disk.
void exchange::countersign(const node_name& host, const ports::transfer_result& result) {
  if (!is_witness_of(result.now.stream))
    return;
  if (!result.keys_there)
    return raise(alarm_kind::keys_missing, result.now.stream, host, result.now.seq);
  settle(alarm_kind::keys_missing, result.now.stream, host);
  // What this node's own stream says is not yet confirmed: neither is what it signs.
  if (is_held(setup_.hosted.front()))
    return;
  ports::witness_mark mark;
  mark.stream = result.now.stream;
  mark.epoch = result.now.epoch;
  mark.seq = result.now.seq;
  mark.link = result.now.link;
  mark.witness = setup_.hosted.front();
  mark.at = now_;
  journal::sign(mark, *setup_.signer);
  todo_.marks.push_back(mark);
  marks given;
  given.given.push_back(mark);
  say(host, std::move(given));
}

void exchange::take_in(const node_name& from, marks& said) {
  const auto* node = setup_.directory.find(from);
  for (const auto& mark : said.given) {
    auto is_his = node && std::ranges::find(node->streams, mark.witness) != node->streams.end();
    auto signs = [&](const dated_key& key) { return key.in_force(mark.at) && journal::verify(mark, key.key); };
    if (!hosts(mark.stream) || !is_his || std::ranges::none_of(node->signing_keys, signs)) {
      raise(alarm_kind::bad_signature, {}, from, 0);
      misbehaved(from);
      continue;
    }
    auto link = source_.link_at(mark.stream, mark.seq);
    auto& theirs = peers_.at(from).theirs[mark.stream];
    if (mark.seq >= theirs.seq)
      theirs = {mark.stream, mark.epoch, mark.seq, mark.link};
    peers_.at(from).as_of[mark.stream] = now_;
    if (!link)
      found_behind(mark.stream);
    else if (*link != mark.link)
      raise(alarm_kind::forked, mark.stream, from, mark.seq);
    else if (auto given = source_.marks(mark.stream); std::ranges::find(given, mark) == given.end())
      todo_.marks.push_back(mark);
  }
}

// -- what goes ------------------------------------------------------------------------------------------------------

void exchange::take_in(const node_name& from, want& said) {
  const auto& stream = said.after.stream;
  auto refuse = [&](no_reason because, std::optional<ports::signed_head> head = {}) {
    say(from, no{because, stream, said.after.seq, std::move(head)});
  };
  if (!concerns(from, stream) || !concerns(setup_.self, stream)) {
    misbehaved(from);
    return refuse(no_reason::not_yours);
  }
  auto at = source_.position(stream);
  if (!at)
    return refuse(no_reason::not_here);
  if (said.after.seq > at->seq) {
    compare(from, peers_.at(from), said.after);
    return refuse(no_reason::behind);
  }
  if (source_.link_at(stream, said.after.seq) != said.after.link) {
    raise(alarm_kind::forked, stream, from, said.after.seq);
    return refuse(no_reason::forked, source_.head_covering(stream, said.after.seq));
  }
  auto [place, is_new] = peers_.at(from).feeds.try_emplace(stream);
  auto& f = place->second;
  f.after = said.after.seq;
  f.window_bytes = std::min(said.window_bytes, std::uint32_t{16U << 20});
  if (is_new || said.again || f.after > f.sent) {
    f.on_their_way.clear();
    f.bytes_on_their_way = 0;
    f.sent = f.after;
  }
  while (!f.on_their_way.empty() && f.on_their_way.front().first <= f.after) {
    f.bytes_on_their_way -= f.on_their_way.front().second;
    f.on_their_way.pop_front();
  }
  auto& theirs = peers_.at(from).theirs[stream];
  if (f.after >= theirs.seq)
    theirs = said.after;
  peers_.at(from).as_of[stream] = now_;
  feed_more(from, stream, f);
}

void exchange::feed_more(const node_name& to, const stream_id& stream, feed& f) {
  while (f.bytes_on_their_way < f.window_bytes) {
    auto next = source_.read(stream, f.sent, setup_.limits.transfer_bytes);
    if (!next)
      return;
    auto size = size_of(*next);
    f.sent = next->entries.back().seq;
    f.on_their_way.emplace_back(f.sent, size);
    f.bytes_on_their_way += size;
    say(to, entries{*next});
  }
}

void exchange::grown(const stream_id& stream) {
  for (auto& [name, p] : peers_)
    if (auto found = p.feeds.find(stream); found != p.feeds.end() && p.state == ports::link_state::up)
      feed_more(name, stream, found->second);
}

void exchange::take_in(const node_name& from, no& said) {
  if (!said.stream)
    return;
  auto found = peers_.at(from).pulls.find(*said.stream);
  if (found == peers_.at(from).pulls.end())
    return;
  found->second.asked = false;
  if (said.because == no_reason::behind)
    raise(alarm_kind::rolled_back, said.stream, from, said.seq);
  if (said.because != no_reason::forked)
    return;
  found->second.stopped = true;
  raise(alarm_kind::forked, said.stream, from, said.seq);
  if (said.head && said.head->stream == *said.stream && signed_by_host(*said.head) &&
      source_.link_at(*said.stream, said.head->seq) != said.head->link)
    todo_.foreign_heads.push_back(*said.head);
}

bool exchange::signed_by_host(const ports::signed_head& head) const {
  auto keys = setup_.directory.signing_keys_of(head.stream);
  return std::ranges::any_of(keys, [&](const dated_key& key) { return journal::verify(head, key.key); });
}

// -- questions ------------------------------------------------------------------------------------------------------

void exchange::ask(const node_name& whom, std::uint64_t number, bytes content) {
  if (peers_.contains(whom))
    say(whom, question{number, std::move(content)});
}

void exchange::answer(const node_name& whom, std::uint64_t number, bytes content) {
  if (peers_.contains(whom))
    say(whom, reply{number, std::move(content)});
}

void exchange::take_in(const node_name& from, question& said) {
  constexpr std::size_t questions_most = 256;
  if (todo_.questions.size() >= questions_most)
    return misbehaved(from);
  todo_.questions.push_back({from, said.number, std::move(said.content)});
}

void exchange::take_in(const node_name& from, reply& said) {
  todo_.replies.push_back({from, said.number, std::move(said.content)});
}

// -- alarms ---------------------------------------------------------------------------------------------------------

void exchange::raise(alarm_kind kind, std::optional<stream_id> stream, std::optional<node_name> node,
                     std::uint64_t seq) {
  auto same = [&](const alarm& a) { return a.kind == kind && a.stream == stream && a.node == node; };
  if (std::ranges::any_of(alarms_, same) || alarms_.size() >= alarms_most)
    return;
  alarms_.push_back({kind, stream, node, seq, now_});
  todo_.raised.push_back(alarms_.back());
}

void exchange::settle(alarm_kind kind, const std::optional<stream_id>& stream, const std::optional<node_name>& node) {
  std::erase_if(alarms_, [&](const alarm& a) { return a.kind == kind && a.stream == stream && a.node == node; });
}

ports::federation_report exchange::report() const {
  ports::federation_report made;
  made.directory_number = setup_.directory.number;
  made.valid_until = setup_.directory.valid_until;
  made.alarms.assign(alarms_.begin(), alarms_.end());
  for (const auto& stream : setup_.hosted)
    if (const auto* territory = setup_.directory.territory_of(stream, today_))
      made.ordering = territory->ordering;
  for (const auto& [name, p] : peers_) {
    auto& link = made.links.emplace_back();
    link.node = name;
    link.state = p.state;
    link.last_heard = p.last_heard;
    link.misbehaviours = p.misbehaviours;
    for (const auto& [stream, theirs] : p.theirs)
      link.streams.push_back({stream, seq_of(stream), theirs.seq, p.as_of.at(stream)});
  }
  return made;
}

} // namespace toit::federation
