// The exchange's streams: what comes, what is countersigned, what goes.

#include "federation/exchange.hpp"

#include <algorithm>
#include <utility>

namespace toit::federation {

namespace {

std::size_t size_of(const ports::transfer& brought) {
  constexpr std::size_t around_entry = 160;
  constexpr std::size_t around_head = 160;
  std::size_t size = brought.heads.size() * around_head;
  for (const auto& key : brought.keys)
    size += 2 * around_head + key.box.size();
  for (const auto& entry : brought.entries)
    size += around_entry + (entry.content ? entry.content->size() : 0) + (entry.nonce ? entry.nonce->size() : 0);
  return size;
}

template <class Items>
void append(Items& to, Items& more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

} // namespace

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
  if (p.stopped || is_expired() || !pulls_from(from, stream))
    return;
  auto at = source_.position(stream).value_or(ports::stream_position{stream, 0, 0, journal::first_link(stream)});
  p.asked = true;
  p.asked_at = monotonic_;
  if (again) {
    p.expected = at.seq;
    p.waiting.reset();
  }
  auto escrow = setup_.directory.escrow_of(stream, today_);
  bool keys_lack = at.seq > 0 && !hosts(stream) && escrow && !source_.has_keys_for(stream, *escrow);
  say(from, want{at, setup_.limits.window_bytes, again, again && keys_lack});
}

void exchange::take_in(const node_name& from, entries& said) {
  auto& brought = said.brought;
  auto& peer_said = peers_.at(from);
  auto found = peer_said.pulls.find(brought.stream);
  if (found == peer_said.pulls.end() || !found->second.asked)
    return misbehaved(from);
  auto& p = found->second;
  // What this node lacked of its own stream may have come from another meanwhile.
  if (p.stopped || !pulls_from(from, brought.stream))
    return;
  if (brought.entries.empty())
    return take_keys(p, brought);
  p.asked_at = monotonic_;
  p.asked_again = 0;
  peer_said.claim_waited.reset();
  auto first = brought.entries.front().seq;
  bool next = first == p.expected + 1;
  // What was lost on the way is asked for again in time; what is there already is compared, once nothing is under way.
  if (!next && (first > p.expected + 1 || p.writing || p.waiting))
    return;
  if (p.waiting && size_of(*p.waiting) + size_of(brought) > std::size_t{2} * setup_.limits.window_bytes)
    return misbehaved(from);
  p.expected = std::max(p.expected, brought.entries.back().seq);
  if (p.waiting) {
    // The head that vouches for them comes again with those that follow.
    if (!p.waiting->heads.empty() && p.waiting->heads.back().seq > p.waiting->entries.back().seq)
      p.waiting->heads.pop_back();
    append(p.waiting->entries, brought.entries);
    append(p.waiting->heads, brought.heads);
    append(p.waiting->keys, brought.keys);
  } else {
    p.waiting = std::make_shared<ports::transfer>(std::move(brought));
  }
  write_next(p);
}

/// Keys alone, that were asked for.
void exchange::take_keys(pull& p, ports::transfer& brought) {
  if (p.writing || p.waiting || brought.keys.empty() || !brought.heads.empty())
    return;
  p.waiting = std::make_shared<ports::transfer>(std::move(brought));
  write_next(p);
}

void exchange::write_next(pull& p) {
  if (p.writing || !p.waiting)
    return;
  p.writing = true;
  auto brought = std::exchange(p.waiting, nullptr);
  set_signers(*brought);
#ifdef TOIT_TEST_SWITCHES
  if (setup_.bugs.countersign_at_once && !brought->heads.empty()) {
    const auto& head = brought->heads.back();
    countersign(setup_.directory.host_of(brought->stream)->name,
                {ports::transfer_status::stored, {brought->stream, head.epoch, head.seq, head.link}, 0, {}, true});
  }
#endif
  todo_.transfers.push_back(std::move(brought));
}

/// A revoked key signs nothing by itself: what it has signed stands where a mark older than the revocation covers it,
/// or once another key has signed what follows.
void exchange::set_signers(ports::transfer& brought) const {
  auto last = brought.entries.empty() ? sequences_end : brought.entries.back().seq;
  for (const auto& key : setup_.directory.signing_keys_of(brought.stream)) {
    bool counts_no_more = key.is_revoked(now_) && !is_covered(brought.stream, last, *key.revoked);
    (counts_no_more ? brought.revoked : brought.signers).push_back(key.key);
  }
  brought.escrow = setup_.directory.escrow_of(brought.stream, today_);
}

/// By a mark that is here or, of a stream that is behind, by one that a neighbour has given of what is still to come.
bool exchange::is_covered(const stream_id& stream, std::uint64_t seq, law::instant before) const {
  auto covers = [&](const ports::witness_mark& mark) { return mark.seq >= seq && mark.at < before; };
  return std::ranges::any_of(source_.marks(stream), covers) || std::ranges::any_of(peers_, [&](const auto& p) {
           auto ahead = p.second.ahead.find(stream);
           return ahead != p.second.ahead.end() && covers(ahead->second);
         });
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

/// What its last head is signed with.
bool exchange::is_believed(const ports::stream_position& at) const {
  std::vector<public_key> good;
  std::vector<public_key> revoked;
  for (const auto& key : setup_.directory.signing_keys_of(at.stream))
    (key.is_revoked(now_) ? revoked : good).push_back(key.key);
  auto head = source_.head_covering(at.stream, at.seq);
  bool believed = false;
  bool is_of_last = false;
  for (const auto& key : source_.signers(at.stream)) {
    believed = journal::believe_next(believed, key, {good, revoked});
    if (head && head->key_id == journal::id_of(key))
      is_of_last = believed;
  }
  return is_of_last;
}

bool exchange::signed_in_force(const node_entry& witness, const ports::witness_mark& mark) {
  return std::ranges::any_of(witness.signing_keys, [&](const dated_key& key) {
    return key.in_force(mark.at) && journal::verify(mark, key.key);
  });
}

/// A mark that was lost on its way, or a crash before it was given: whoever hosts the stream hears it again.
void exchange::mark_again(const node_name& from, const stream_id& stream) {
  const auto* host = setup_.directory.host_of(stream);
  auto at = source_.position(stream);
  if (!host || host->name != from || !at || !is_witness_of(stream) || is_held(setup_.hosted.front()))
    return;
  for (const auto& mark : source_.marks(stream))
    if (mark.witness == setup_.hosted.front() && mark.seq == at->seq &&
        signed_in_force(*setup_.directory.find(setup_.self), mark)) {
      marks given;
      given.given.push_back(mark);
      return say(from, std::move(given));
    }
  auto escrow = setup_.directory.escrow_of(stream, today_);
  countersign(from, {ports::transfer_status::known, *at, 0, {}, !escrow || source_.has_keys_for(stream, *escrow)});
}

/// Only what is whole here, entries and key, on disk, and not merely vouched for by what is still to come.
void exchange::countersign(const node_name& host, const ports::transfer_result& result) {
  if (!is_witness_of(result.now.stream) || !is_believed(result.now))
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

/// The same word is here already. One under a key that has been revoked is replaced.
bool exchange::has_in_force(const node_entry& witness, const ports::witness_mark& mark) const {
  return std::ranges::any_of(source_.marks(mark.stream), [&](const ports::witness_mark& given) {
    return given.witness == mark.witness && given.seq == mark.seq && signed_in_force(witness, given);
  });
}

void exchange::take_in(const node_name& from, marks& said) {
  const auto* node = setup_.directory.find(from);
  for (const auto& mark : said.given) {
    if (mark.seq >= sequences_end)
      return misbehaved(from);
    auto is_his = node && std::ranges::find(node->streams, mark.witness) != node->streams.end();
    if (!hosts(mark.stream) || !is_his || !signed_in_force(*node, mark)) {
      raise(alarm_kind::bad_signature, {}, from, 0);
      misbehaved(from);
      continue;
    }
    auto link = source_.link_at(mark.stream, mark.seq);
    if (!link && peers_.at(from).disbelieved) {
      misbehaved(from);
      continue;
    }
    auto& theirs = peers_.at(from).theirs[mark.stream];
    if (mark.seq >= theirs.seq)
      theirs = {mark.stream, mark.epoch, mark.seq, mark.link};
    peers_.at(from).as_of[mark.stream] = now_;
    if (!link) {
      peers_.at(from).ahead[mark.stream] = mark;
      take_claim(from, peers_.at(from), mark.stream);
    } else if (*link != mark.link)
      raise(alarm_kind::forked, mark.stream, from, mark.seq);
    else if (!has_in_force(*node, mark))
      todo_.marks.push_back(mark);
  }
}

// -- what goes ------------------------------------------------------------------------------------------------------

void exchange::take_in(const node_name& from, want& said) {
  const auto& stream = said.after.stream;
  auto refuse = [&](no_reason because, std::optional<ports::signed_head> head = {}) {
    say(from, no{because, stream, said.after.seq, std::move(head)});
  };
  // Not by itself a misdeed: his directory may be another one.
  if (!concerns(from, stream) || !concerns(setup_.self, stream))
    return refuse(no_reason::not_yours);
  auto at = source_.position(stream);
  if (said.after.seq >= sequences_end)
    return misbehaved(from);
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
  auto& p = peers_.at(from);
  auto& f = p.feeds[stream];
  bool is_new = !std::exchange(f.begun, true);
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
  auto& theirs = p.theirs[stream];
  if (f.after >= theirs.seq)
    theirs = said.after;
  p.as_of[stream] = now_;
  if (said.keys && may_read_again(f)) {
    entries keys;
    keys.brought.stream = stream;
    keys.brought.keys = source_.keys(stream);
    f.bytes_again += size_of(keys.brought);
    say(from, std::move(keys));
  }
  feed_more(from, stream, f);
}

/// Few bytes ask for it, and it may be a whole window that is read and encoded: a window's worth each second.
bool exchange::may_read_again(feed& f) const {
  if (monotonic_ - f.again_since >= setup_.limits.serve_again) {
    f.again_since = monotonic_;
    f.bytes_again = 0;
  }
  return f.bytes_again < setup_.limits.window_bytes;
}

void exchange::found_no_room(const node_name& whom, const exchange_actions::entries_after& place) {
  auto p = peers_.find(whom);
  if (p == peers_.end())
    return;
  auto found = p->second.feeds.find(place.stream);
  if (found == p->second.feeds.end() || found->second.sent <= place.seq)
    return;
  auto& f = found->second;
  f.sent = std::max(place.seq, f.after);
  while (!f.on_their_way.empty() && f.on_their_way.back().first > f.sent) {
    f.bytes_on_their_way -= f.on_their_way.back().second;
    f.on_their_way.pop_back();
  }
  f.no_room = monotonic_;
}

bool exchange::may_follow(const node_name& whom, const exchange_actions::entries_after& place) const {
  auto p = peers_.find(whom);
  if (p == peers_.end())
    return true;
  auto found = p->second.feeds.find(place.stream);
  return found == p->second.feeds.end() || place.seq <= found->second.sent;
}

void exchange::feed_more(const node_name& to, const stream_id& stream, feed& f) {
  if (f.no_room && monotonic_ - *f.no_room < setup_.limits.serve_again)
    return;
  f.no_room.reset();
  f.waits = false;
  while (f.bytes_on_their_way < f.window_bytes) {
    bool again = f.sent < f.farthest;
    f.waits = again && !may_read_again(f);
    if (f.waits)
      return; // a later tick goes on
    auto next = source_.read(stream, f.sent, setup_.limits.transfer_bytes);
    if (!next)
      return;
    auto size = size_of(*next);
    auto after = f.sent;
    f.sent = next->entries.back().seq;
    f.farthest = std::max(f.farthest, f.sent);
    f.bytes_again += again ? size : 0;
    f.on_their_way.emplace_back(f.sent, size);
    f.bytes_on_their_way += size;
    say(to, entries{*next});
    todo_.messages.back().entries = {stream, after};
  }
}

void exchange::grown(const stream_id& stream) {
  if (is_expired())
    return;
  for (auto& [name, p] : peers_)
    if (auto found = p.feeds.find(stream);
        found != p.feeds.end() && found->second.begun && p.state == ports::link_state::up)
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
  if (said.head && said.head->seq < sequences_end && said.head->stream == *said.stream && signed_by_host(*said.head) &&
      source_.link_at(*said.stream, said.head->seq) != said.head->link)
    todo_.foreign_heads.push_back(*said.head);
}

bool exchange::signed_by_host(const ports::signed_head& head) const {
  auto keys = setup_.directory.signing_keys_of(head.stream);
  return std::ranges::any_of(keys, [&](const dated_key& key) { return journal::verify(head, key.key); });
}

} // namespace toit::federation
