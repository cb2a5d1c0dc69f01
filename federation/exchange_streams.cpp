// The exchange's streams: what comes, what is countersigned, what goes.

#include "federation/exchange.hpp"
#include "journal/codec.hpp"

#include <algorithm>
#include <utility>

namespace toit::federation {

namespace {

std::size_t size_of(const ports::transfer& brought) {
  std::size_t size = brought.heads.size() * ports::entry_overhead_bytes;
  for (const auto& key : brought.keys)
    size += 2 * ports::entry_overhead_bytes + key.box.size();
  for (const auto& entry : brought.entries)
    size += ports::entry_overhead_bytes + (entry.content ? entry.content->size() : 0) +
            (entry.nonce ? entry.nonce->size() : 0);
  for (const auto& account : brought.accounts)
    size += ports::account_overhead_bytes + account.sealed.size();
  return size;
}

template <class Items>
void append(Items& to, Items& more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

} // namespace

// -- what comes -----------------------------------------------------------------------------------------------------

bool exchange::pulls_from(const node_name& from, const stream_id& stream) const {
  const auto& all = peers_.at(from).theirs;
  auto theirs = all.find(stream);
  if (hosts(stream))
    return behind_.contains(stream) && theirs != all.end() && is_ahead(theirs->second);
  if (!should_hold(directory_, setup_.self, stream, today_))
    return false;
  const auto* host = directory_.host_of(stream);
  if (host && host->name == from)
    return true;
  if (theirs == all.end())
    return false;
  if (gathering_.contains(stream) && is_further(theirs->second, place_of(stream)))
    return true;
  // The host that has not begun: entries and keys may still be on their way from whoever has them.
  if (host && host->name == setup_.self && !is_further(place_of(stream), theirs->second))
    return true;
  // Two nodes of territories have no link between them, perhaps: who supervises has what passes from one to the other.
  return host && !is_up(host->name) && is_held_by(directory_, setup_.self, stream, today_) &&
         is_followed_by(directory_, from, stream, today_) && !is_further(place_of(stream), theirs->second);
}

void exchange::begin_pulls(const node_name& from, peer& p) {
  for (const auto& [stream, theirs] : p.theirs)
    if (pulls_from(from, stream) && !p.pulls[stream].asked)
      ask_for(from, p.pulls[stream], stream, true);
}

void exchange::ask_for(const node_name& from, pull& p, const stream_id& stream, bool again) {
  if (p.stopped || is_expired() || !pulls_from(from, stream))
    return;
  auto at = place_of(stream);
  p.asked = true;
  p.asked_at = monotonic_;
  if (again) {
    p.expected = at.seq;
    p.waiting.reset();
  }
  say(from, want{at, setup_.limits.window_bytes, again, again && at.seq > 0 && lacks_keys(stream)});
}

/// Here, and not yet: a territory waits for the entries and keys that are asked for.
bool exchange::is_to_be_hosted(const stream_id& stream) const {
  auto passes = setup_.authorities.find(stream);
  if (passes == setup_.authorities.end() || hosts(stream))
    return false;
  const auto& known = passes->second;
  return known.next == setup_.self || (!known.passed.empty() && known.passed.back().host == setup_.self);
}

/// Those for the ordering authority and, where the stream is to pass to another node, for that one, until it has begun:
/// it may have no link with the host, and have asked before they were sealed for it.
bool exchange::lacks_keys(const stream_id& stream) const {
  if (hosts(stream))
    return false;
  auto lacks = [&](const std::optional<law::bytes32>& whose) { return whose && !source_.has_keys_for(stream, *whose); };
  auto passes = setup_.authorities.find(stream);
  auto next = passes == setup_.authorities.end() ? std::nullopt : passes->second.next;
  if (passes != setup_.authorities.end() && !next && place_of(stream).epoch < passes->second.epoch())
    next = passes->second.passed.back().host;
  const auto* node = next ? directory_.find(*next) : nullptr;
  return lacks(directory_.escrow_of(stream, today_)) || (node && lacks(node->operating_key));
}

void exchange::take_in(const node_name& from, entries& said) {
  auto& brought = said.brought;
  auto& peer_said = peers_.at(from);
  auto found = peer_said.pulls.find(brought.stream);
  if (found == peer_said.pulls.end() || (!found->second.asked && !found->second.passed))
    return misbehaved(from);
  auto& p = found->second;
  // What this node lacked of its own stream may have come from another meanwhile.
  if (!p.asked || p.stopped || !pulls_from(from, brought.stream))
    return;
  if (brought.entries.empty())
    return take_keys(from, p, brought);
  p.asked_at = monotonic_;
  p.asked_again = 0;
  auto first = brought.entries.front().seq;
  bool next = first == p.expected + 1;
  // A cut leaves out what is here of the epoch before.
  bool at_cut = first <= p.expected && brought.entries.front().epoch > place_of(brought.stream).epoch;
  // What was lost on the way is asked for again in time; what is there already is compared, once nothing is under way.
  // At a cut it waits for keys: they come first with each question, and it would never have its turn.
  if (!next && (first > p.expected + 1 || (p.writing && !(at_cut && p.writes_keys)) || p.waiting))
    return;
  if (p.waiting && size_of(*p.waiting) + size_of(brought) > std::size_t{2} * setup_.limits.window_bytes)
    return misbehaved(from);
  p.expected = at_cut ? brought.entries.back().seq : std::max(p.expected, brought.entries.back().seq);
  if (p.waiting) {
    // The head that vouches for them comes again with those that follow.
    if (!p.waiting->heads.empty() && p.waiting->heads.back().seq > p.waiting->entries.back().seq)
      p.waiting->heads.pop_back();
    append(p.waiting->entries, brought.entries);
    append(p.waiting->heads, brought.heads);
    append(p.waiting->keys, brought.keys);
    append(p.waiting->accounts, brought.accounts);
  } else {
    p.waiting = std::make_shared<ports::transfer>(std::move(brought));
  }
  write_next(from, p);
}

/// Keys alone, that were asked for. Those of an epoch that has begun meanwhile come again with its entries.
void exchange::take_keys(const node_name& from, pull& p, ports::transfer& brought) {
  std::erase_if(brought.keys, [epoch = place_of(brought.stream).epoch](const auto& key) { return key.epoch > epoch; });
  if (p.writing || p.waiting || brought.keys.empty() || !brought.heads.empty())
    return;
  p.waiting = std::make_shared<ports::transfer>(std::move(brought));
  write_next(from, p);
}

namespace {

bool begins_epoch(const ports::sealed_entry& entry) {
  auto record = entry.nonce && entry.nonce->empty() && entry.content ? journal::decode(*entry.content) : std::nullopt;
  return record && std::holds_alternative<law::authority_cut>(record->event);
}

} // namespace

void exchange::write_next(const node_name& from, pull& p) {
  if (p.writing || !p.waiting)
    return;
  // What a later epoch begins with was lost, or overtaken: it follows nothing that is here, and is asked for again.
  auto here = place_of(p.waiting->stream);
  const auto& entries = p.waiting->entries;
  if (!entries.empty() && entries.front().epoch > here.epoch && !begins_epoch(entries.front())) {
    p.waiting.reset();
    p.expected = here.seq;
    return;
  }
  p.writing = true;
  p.writes_keys = entries.empty();
  p.written_after = here;
  being_written_[here.stream].emplace_back(from);
  auto brought = std::exchange(p.waiting, nullptr);
  set_signers(*brought);
#ifdef TOIT_TEST_SWITCHES
  if (setup_.bugs.countersign_at_once && !brought->heads.empty()) {
    const auto& head = brought->heads.back();
    countersign({ports::transfer_status::stored, {brought->stream, head.epoch, head.seq, head.link}, 0, {}, true});
  }
#endif
  todo_.transfers.push_back(std::move(brought));
}

/// A revoked key signs nothing by itself: what it has signed stands where a mark older than the revocation covers it,
/// or once another key has signed what follows. Each epoch goes by the keys of who hosted it.
void exchange::set_signers(ports::transfer& brought) const {
  auto sort = [&](const node_name& host, std::vector<law::bytes32>& signers, std::vector<law::bytes32>& revoked) {
    const auto* node = setup_.directory.find(host);
    for (const auto& key : node ? node->signing_keys : dated_keys{}) {
      bool counts_no_more = key.is_revoked(now_) && !is_covered(brought, *key.revoked);
      (counts_no_more ? revoked : signers).push_back(key.key);
    }
  };
  auto all = hosts_of(setup_.directory, setup_.authorities, brought.stream);
  for (std::size_t i = 0; i + 1 < all.size(); ++i) {
    auto& former = brought.former.emplace_back();
    former.until = all[i + 1].epoch;
    sort(all[i].host, former.signers, former.revoked);
  }
  if (!all.empty())
    sort(all.back().host, brought.signers, brought.revoked);
  brought.epoch = epoch_of(brought.stream);
  brought.escrow = directory_.escrow_of(brought.stream, today_);
}

/// By a mark that is here or, of a stream that is behind, by one that a neighbour has given of what is still to come.
bool exchange::is_covered(const ports::transfer& brought, law::instant before) const {
  const auto& stream = brought.stream;
  auto epoch = brought.entries.empty() ? epoch_of(stream) : brought.entries.back().epoch;
  auto last = brought.entries.empty() ? sequences_end : brought.entries.back().seq;
  auto covers = [&](const ports::witness_mark& mark) {
    return mark.epoch >= epoch && mark.seq >= last && mark.at < before;
  };
  return std::ranges::any_of(source_.marks(stream), covers) || std::ranges::any_of(peers_, [&](const auto& p) {
           auto ahead = p.second.ahead.find(stream);
           return ahead != p.second.ahead.end() && covers(ahead->second);
         });
}

/// Who brought it, where it still counts as his: what others have brought is judged by its own result.
std::optional<node_name> exchange::end_writing(const ports::transfer_result& result) {
  auto order = being_written_.find(result.now.stream);
  if (order == being_written_.end())
    return std::nullopt;
  auto from = std::move(order->second.front());
  order->second.pop_front();
  if (order->second.empty())
    being_written_.erase(order);
  return from;
}

void exchange::written(const ports::transfer_result& result) {
  const auto& stream = result.now.stream;
  if (auto from = end_writing(result)) {
    auto& one = peers_.at(*from).pulls.at(stream);
    one.writing = false;
    settle_transfer(*from, one, result);
  }
  prolong_gathering(result);
  settle_gathering(stream);
}

/// Of what this node lacks of its own stream: as long as some of it comes whoever claims it is waited for anew, for
/// what one brings another cannot bring any more. Keys alone are none of it.
void exchange::take_progress(const pull& p, const ports::transfer_result& result) {
  const auto& stream = result.now.stream;
  if (is_further(result.now, p.written_after))
    for (auto& [name, claimant] : peers_)
      claimant.claim_waited = {};
  if (result.content_there) {
    not_whole_.erase(stream);
    return settle(alarm_kind::keys_missing, stream, setup_.self);
  }
  not_whole_.insert(stream);
}

void exchange::settle_transfer(const node_name& from, pull& p, const ports::transfer_result& result) {
  const auto& stream = result.now.stream;
  using enum ports::transfer_status;
  switch (result.status) {
  case stored:
  case known:
    settle(alarm_kind::altered, stream, from);
    settle(alarm_kind::bad_signature, stream, from);
    settle_about(stream, {alarm_kind::unordered});
    if (hosts(stream))
      take_progress(p, result);
    if (result.status == stored) {
      heed_cut(result.now);
      grown(stream);
    }
    countersign(result);
    come_back(stream);
    if (p.waiting)
      write_next(from, p);
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
  case unordered: // what opens it is on its way, perhaps
    raise(alarm_kind::unordered, stream, from, result.at);
    break;
  case gap:
  case read_only:
    break;
  }
  // Asked for again in time, not at once: what is wrong now is likely to be wrong again.
  p.waiting.reset();
  p.expected = result.now.seq;
  // Nothing is wrong with one that merely had to make way: another's was written together with it.
  if (result.status == gap && is_further(place_of(stream), result.now))
    ask_for(from, p, stream, true);
}

// -- countersigning -------------------------------------------------------------------------------------------------

bool exchange::is_witness_of(const stream_id& stream) const {
  return !hosts(stream) && !setup_.hosted.empty() && setup_.hosted.front().view().starts_with('S') &&
         should_hold(directory_, setup_.self, stream, today_);
}

/// What its last head is signed with.
bool exchange::is_believed(const ports::stream_position& at) const {
  std::vector<public_key> good;
  std::vector<public_key> revoked;
  for (const auto& key : directory_.signing_keys_of(at.stream))
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
  auto at = source_.position(stream);
  if (!at || !is_host(from, stream) || !is_witness_of(stream) || is_held(setup_.hosted.front()) ||
      peers_.at(from).theirs.at(stream).epoch != at->epoch)
    return;
  for (const auto& mark : source_.marks(stream))
    if (mark.witness == setup_.hosted.front() && mark.seq == at->seq && mark.link == at->link &&
        signed_in_force(*directory_.find(setup_.self), mark)) {
      marks given;
      given.given.push_back(mark);
      return say(from, std::move(given));
    }
  auto escrow = directory_.escrow_of(stream, today_);
  countersign({ports::transfer_status::known,
               *at,
               0,
               {},
               !escrow || source_.has_keys_for(stream, *escrow),
               source_.has_content_of(stream)});
}

/// Only what is whole here, entries and key, on disk, of the epoch in force, and not merely vouched for by what is
/// still to come.
void exchange::countersign(const ports::transfer_result& result) {
  const auto* host = directory_.host_of(result.now.stream);
  if (!host || !is_witness_of(result.now.stream) || result.now.epoch != epoch_of(result.now.stream) ||
      !is_believed(result.now))
    return;
  if (!result.keys_there)
    return raise(alarm_kind::keys_missing, result.now.stream, host->name, result.now.seq);
  // What says that it was erased may still be on its way.
  if (!result.content_there) {
    if (is_all_of(host->name, result.now))
      raise(alarm_kind::keys_missing, result.now.stream, host->name, result.now.seq);
    return;
  }
  settle(alarm_kind::keys_missing, result.now.stream, host->name);
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
  if (peers_.contains(host->name))
    say(host->name, std::move(given));
}

/// He has said that he has no more.
bool exchange::is_all_of(const node_name& host, const ports::stream_position& here) const {
  auto found = peers_.find(host);
  if (found == peers_.end())
    return false;
  auto theirs = found->second.theirs.find(here.stream);
  return theirs != found->second.theirs.end() && !is_further(theirs->second, here);
}

/// The same word is here already. One under a key that has been revoked is replaced.
bool exchange::has_in_force(const node_entry& witness, const ports::witness_mark& mark) const {
  return std::ranges::any_of(source_.marks(mark.stream), [&](const ports::witness_mark& given) {
    return given.witness == mark.witness && given.seq == mark.seq && signed_in_force(witness, given);
  });
}

void exchange::take_in(const node_name& from, marks& said) {
  const auto* node = directory_.find(from);
  for (const auto& mark : said.given) {
    if (mark.seq >= sequences_end)
      return misbehaved(from);
    // Where the stream passes one of the two has not heard of it yet.
    if (!hosts(mark.stream))
      continue;
    auto is_his = node && std::ranges::find(node->streams, mark.witness) != node->streams.end();
    if (!journal::can_mark(mark.witness, mark.stream) || !is_his || !signed_in_force(*node, mark)) {
      raise(alarm_kind::bad_signature, {}, from, 0);
      misbehaved(from);
      continue;
    }
    take_mark(*node, mark);
  }
}

void exchange::take_mark(const node_entry& from, const ports::witness_mark& mark) {
  auto& p = peers_.at(from.name);
  ports::stream_position at{mark.stream, mark.epoch, mark.seq, mark.link};
  bool claims = is_ahead(at);
  if (claims && p.disbelieved)
    return misbehaved(from.name);
  auto& theirs = p.theirs[mark.stream];
  if (!is_further(theirs, at))
    theirs = at;
  p.as_of[mark.stream] = now_;
  if (claims) {
    p.ahead[mark.stream] = mark;
    return take_claim(from.name, p, mark.stream);
  }
  auto link = source_.link_at(mark.stream, mark.seq);
  if (link == mark.link) {
    if (!has_in_force(from, mark))
      todo_.marks.push_back(mark);
  } else if (link && mark.epoch == place_of(mark.stream).epoch) {
    raise(alarm_kind::forked, mark.stream, from.name, mark.seq);
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
  if (is_further(said.after, *at)) {
    compare(from, peers_.at(from), said.after);
    return refuse(no_reason::behind);
  }
  auto after = served_after(said.after, *at);
  if (!after) {
    raise(alarm_kind::forked, stream, from, said.after.seq);
    return refuse(no_reason::forked, source_.head_covering(stream, said.after.seq));
  }
  serve(from, said, *at, *after);
}

/// Where what he lacks begins: after what he has or, where a cut that he has not heard of leaves that out, at the cut.
/// Absent when he has another history.
std::optional<std::uint64_t> exchange::served_after(const ports::stream_position& theirs,
                                                    const ports::stream_position& ours) {
  if (source_.link_at(theirs.stream, theirs.seq) == theirs.link)
    return theirs.seq;
  if (theirs.epoch == ours.epoch)
    return std::nullopt;
  auto cuts = source_.cuts(theirs.stream);
  auto next = std::ranges::upper_bound(cuts, theirs.epoch, {}, &ports::cut_place::epoch);
  if (next == cuts.end() || theirs.seq < next->seq)
    return std::nullopt;
  return next->seq - 1;
}

void exchange::serve(const node_name& from, const want& said, const ports::stream_position& ours, std::uint64_t after) {
  const auto& stream = ours.stream;
  auto& p = peers_.at(from);
  auto& f = p.feeds[stream];
  bool is_new = !std::exchange(f.begun, true);
  f.epoch = ours.epoch;
  f.after = after;
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
  if (!is_further(theirs, said.after))
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
  if (is_expired() || (f.no_room && monotonic_ - *f.no_room < setup_.limits.serve_again))
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

/// What its host has made comes from him: he is not sent it back, unless he asks.
void exchange::grown(const stream_id& stream) {
  const auto* host = directory_.host_of(stream);
  for (auto& [name, p] : peers_) {
    auto found = p.feeds.find(stream);
    if (found == p.feeds.end() || !found->second.begun || p.state != ports::link_state::up)
      continue;
    bool has_made_it = host && host->name == name && place_of(stream).epoch == epoch_of(stream);
    if (!has_made_it)
      feed_more(name, stream, found->second);
  }
}

void exchange::take_in(const node_name& from, no& said) {
  if (!said.stream)
    return;
  auto found = peers_.at(from).pulls.find(*said.stream);
  if (found == peers_.at(from).pulls.end())
    return;
  found->second.asked = false;
  // Of two questions around a cut the one may be answered so, and the other by entries.
  found->second.passed = found->second.passed || epoch_of(*said.stream) > 0;
  auto ours = place_of(*said.stream);
  auto theirs = peers_.at(from).theirs.find(*said.stream);
  // Who is in another epoch has lost nothing.
  bool in_force = ours.epoch == epoch_of(*said.stream) &&
                  (theirs == peers_.at(from).theirs.end() || theirs->second.epoch == ours.epoch);
  if (said.because == no_reason::behind && in_force)
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
  const auto* host = host_in(setup_.directory, setup_.authorities, head.stream, head.epoch);
  return host &&
         std::ranges::any_of(host->signing_keys, [&](const dated_key& key) { return journal::verify(head, key.key); });
}

} // namespace toit::federation
