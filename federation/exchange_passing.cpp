// Streams that pass from one host to another: whom to ask now, what is gathered before a cut, what comes after it.

#include "federation/exchange.hpp"

#include <algorithm>
#include <utility>

namespace toit::federation {

// -- who hosts ------------------------------------------------------------------------------------------------------

// [L441-2-7-4-1]
void exchange::set_authorities(federation::authorities now) {
  if (now == setup_.authorities)
    return;
  auto before = std::exchange(setup_.authorities, std::move(now));
  apply_directory();
  auto differs = [&](const federation::authorities& from, const stream_id& stream, const stream_hosts& hosts) {
    auto found = from.find(stream);
    return found == from.end() || found->second != hosts;
  };
  for (const auto& [stream, hosts] : setup_.authorities)
    if (differs(before, stream, hosts))
      follow_host(stream);
  for (const auto& [stream, hosts] : before)
    if (!setup_.authorities.contains(stream))
      follow_host(stream);
  speak_anew();
}

/// What another host brought, or said, stops nobody from asking this one.
void exchange::follow_host(const stream_id& stream) {
  using enum alarm_kind;
  settle_about(stream, {rolled_back, altered, bad_signature, keys_missing, unordered});
  for (auto& [name, p] : peers_)
    if (auto found = p.pulls.find(stream); found != p.pulls.end() && pulls_from(name, stream)) {
      auto& one = found->second;
      one.passed = one.passed || one.asked;
      one.stopped = false;
      one.asked = false;
      one.asked_again = 0;
    }
}

/// What was still to come as of another's would be taken for entries of this node's own, and the other way round.
void exchange::forget_pulls(const stream_id& stream) {
  for (auto& [name, p] : peers_)
    if (auto found = p.pulls.find(stream); found != p.pulls.end()) {
      bool passed = found->second.passed || found->second.asked;
      found->second = {};
      found->second.passed = passed;
    }
  if (auto order = being_written_.find(stream); order != being_written_.end())
    std::ranges::fill(order->second, std::nullopt);
}

/// Everybody hears where this node stands, as if the links had just come up.
void exchange::speak_anew() {
  for (auto& [name, p] : peers_)
    if (p.state == ports::link_state::up) {
      greet(name, p);
      begin_pulls(name, p);
    }
}

void exchange::begin_hosting(const stream_id& stream) {
  if (!hosts(stream))
    setup_.hosted.push_back(stream);
  gathering_.erase(stream);
  behind_.erase(stream);
  confirmed_.insert(stream);
  hold(stream, false);
  follow_host(stream);
  forget_pulls(stream);
  look_at_tails();
  heed_cut(place_of(stream));
  grown(stream);
  speak_anew();
}

void exchange::stop_hosting(const stream_id& stream) {
  if (std::erase(setup_.hosted, stream) == 0)
    return;
  behind_.erase(stream);
  confirmed_.erase(stream);
  hold(stream, false);
  settle(alarm_kind::rolled_back, stream, setup_.self);
  settle(alarm_kind::unconfirmed, stream, {});
  for (auto& [name, p] : peers_) {
    p.ahead.erase(stream);
    p.claim_waited = {};
  }
  forget_pulls(stream);
  look_at_tails();
  speak_anew();
}

/// Whoever was sent what a cut has now left out asks from there on.
void exchange::heed_cut(const ports::stream_position& now) {
  auto& seen = epoch_seen_[now.stream];
  if (now.epoch <= seen)
    return;
  seen = now.epoch;
  auto cuts = source_.cuts(now.stream);
  for (auto& [name, p] : peers_) {
    auto found = p.feeds.find(now.stream);
    if (found == p.feeds.end() || found->second.epoch >= now.epoch)
      continue;
    auto& f = found->second;
    auto next = std::ranges::upper_bound(cuts, f.epoch, {}, &ports::cut_place::epoch);
    f.begun = f.begun && next != cuts.end() && f.sent < next->seq;
    f.epoch = now.epoch;
  }
  look_at_tails();
}

// -- before a stream is taken over ----------------------------------------------------------------------------------

void exchange::gather(const stream_id& stream) {
  auto here = place_of(stream);
  gathering begun{monotonic_, awake_, awake_ + setup_.limits.gather_within, here.seq, here};
  if (!gathering_.try_emplace(stream, begun).second)
    return;
  for (const auto& [name, p] : peers_)
    if (auto theirs = p.theirs.find(stream); theirs != p.theirs.end())
      take_word(name, theirs->second);
  for (auto& [name, p] : peers_)
    if (!is_gathered_from(p, stream))
      gather_from(name, p, stream);
  settle_gathering(stream);
}

void exchange::gather_from(const node_name& name, peer& p, const stream_id& stream) {
  if (!gathering_.contains(stream) || p.state != ports::link_state::up || !pulls_from(name, stream))
    return;
  if (auto& one = p.pulls[stream]; !one.writing)
    ask_for(name, one, stream, true);
}

/// He was asked already: on a slow line what is on its way would come twice before anything new does.
bool exchange::is_gathered_from(const peer& p, const stream_id& stream) const {
  auto gathered = gathering_.find(stream);
  auto pulled = p.pulls.find(stream);
  return gathered != gathering_.end() && pulled != p.pulls.end() && pulled->second.asked &&
         pulled->second.asked_at >= gathered->second.asked_from &&
         monotonic_ - pulled->second.asked_at < setup_.limits.ask_again;
}

/// Whoever is replaced can say that he holds anything, and sign entries for as long as he likes, which State nodes take
/// until they have heard that he is.
void exchange::take_word(const node_name& from, const ports::stream_position& theirs) {
  auto found = gathering_.find(theirs.stream);
  if (found != gathering_.end() && is_followed_by(directory_, from, theirs.stream, today_) &&
      awake_ - found->second.began < setup_.limits.gather_at_most && is_further(theirs, found->second.known))
    found->second.known = theirs;
}

/// Who was put back may have begun this very epoch before, and forgotten it: another cut of it would be a fork, so that
/// every State node is waited for.
bool exchange::may_still_bring(const node_name& from, const stream_id& stream) const {
  auto found = gathering_.find(stream);
  if (found == gathering_.end() || awake_ < found->second.until)
    return true;
  bool forgot = was_behind_ || setup_.restored;
  return forgot && (is_followed_by(directory_, from, stream, today_) ||
                    awake_ - found->second.began < setup_.limits.gather_at_most);
}

/// A slow line is no reason to leave out what was countersigned: as long as entries come they are waited for. What they
/// gain is counted by the entry, so that one at a time gains next to nothing, and no more is gained than State nodes
/// hold: with what the host who is replaced alone may have, all ends in time.
// [L441-2-7-4-1]
void exchange::prolong_gathering(const ports::transfer_result& result) {
  auto found = gathering_.find(result.now.stream);
  if (found == gathering_.end() || result.status != ports::transfer_status::stored)
    return;
  auto& one = found->second;
  auto brought = static_cast<std::int64_t>(result.now.seq - std::min(one.seq, result.now.seq));
  auto until = std::min(one.until + brought * setup_.limits.gather_an_entry, awake_ + setup_.limits.gather_within);
  if (is_further(result.now, one.known))
    until = std::min(until, one.began + setup_.limits.gather_at_most);
  one.until = std::max(one.until, until);
  one.seq = result.now.seq;
}

/// What is being written is waited for: it would come after the cut. The host who is replaced could have something
/// being written at any time.
void exchange::settle_gathering(const stream_id& stream) {
  auto found = gathering_.find(stream);
  if (found == gathering_.end())
    return;
  auto here = place_of(stream);
  bool forgot = was_behind_ || setup_.restored;
  bool waits = forgot || awake_ < found->second.until;
  // Who has just begun has no links yet.
  bool begins = awake_ < setup_.limits.gather_within;
  auto is_awaited = [&](const auto& one) {
    const auto& [name, p] = one;
    auto theirs = p.theirs.find(stream);
    auto pulled = p.pulls.find(stream);
    if (pulled != p.pulls.end() && (pulled->second.writing || pulled->second.stopped))
      return pulled->second.writing &&
             (is_followed_by(directory_, name, stream, today_) || may_still_bring(name, stream));
    bool has_more = theirs != p.theirs.end() && is_further(theirs->second, here) && may_still_bring(name, stream);
    bool is_unheard = !p.run && concerns(name, stream);
    return p.state == ports::link_state::up ? has_more || (waits && is_unheard)
                                            : waits && is_unheard && (begins || forgot);
  };
  if (std::ranges::any_of(peers_, is_awaited))
    return;
  gathering_.erase(found);
  todo_.gathered.push_back(stream);
}

// -- what a cut left out: on the side of who has it -------------------------------------------------------------------

void exchange::look_at_tails() {
  decltype(uploads_) now;
  for (const auto& tail : source_.orphan_tails()) {
    const auto* host = directory_.host_of(tail.stream);
    auto cuts = source_.cuts(tail.stream);
    auto cut = std::ranges::find(cuts, tail.cut, &ports::cut_place::epoch);
    if (!host || host->name == setup_.self || hosts(tail.stream) || cut == cuts.end())
      continue;
    auto known = uploads_.find({tail.stream, tail.cut});
    bool is_new = known == uploads_.end() || known->second.host != host->name || known->second.end != tail.seq;
    auto& one = now[{tail.stream, tail.cut}];
    if (is_new)
      one = {host->name, tail.seq, tail.link, cut->seq - 1};
    else
      one = known->second;
  }
  uploads_ = std::move(now);
  for (const auto& [name, p] : peers_)
    send_tails(name);
}

/// What is due of them.
void exchange::send_tails(const node_name& host) {
  if (is_expired() || !is_up(host))
    return;
  constexpr unsigned doubled_most = 3;
  for (auto& [tail, one] : uploads_) {
    auto wait = setup_.limits.ask_again * (1U << std::min(one.sent_again, doubled_most));
    if (one.host != host || one.settled || (one.sent_at && monotonic_ - *one.sent_at < wait))
      continue;
    one.sent_again += one.sent_at ? 1 : 0;
    send_tail(tail.first, tail.second, one);
  }
}

void exchange::send_tail(const stream_id& stream, std::uint32_t cut, upload& one) {
  auto next = source_.read_orphans(stream, cut, one.held, setup_.limits.transfer_bytes);
  one.settled = !next;
  if (!next)
    return;
  one.sent_at = monotonic_;
  one.on_its_way = true;
  say(one.host, orphans{*next});
}

void exchange::take_in(const node_name& from, orphans_held& said) {
  const auto& there = said.position;
  if (there.seq >= sequences_end)
    return misbehaved(from);
  auto found = uploads_.find({there.stream, there.cut});
  if (found == uploads_.end() || found->second.host != from || !std::exchange(found->second.on_its_way, false))
    return;
  auto& one = found->second;
  if (said.another || (there.seq == one.end && there.link != one.link)) {
    one.settled = true;
    return raise(alarm_kind::forked, there.stream, from, there.seq);
  }
  one.settled = there.seq >= one.end;
  bool goes_on = there.seq > one.held;
  one.held = there.seq;
  if (one.settled || !goes_on)
    return;
  one.sent_again = 0;
  send_tail(there.stream, there.cut, one);
}

// -- and on the side of the host --------------------------------------------------------------------------------------

/// Only who made it, while he hosted the stream, and who held it for the State.
bool exchange::may_bring(const node_name& from, const ports::orphan_tail& tail) const {
  auto in_range = [](std::uint64_t seq) { return seq < sequences_end; };
  if (tail.entries.empty() || tail.heads.empty() || tail.entries.front().epoch >= tail.cut ||
      !std::ranges::all_of(tail.entries, in_range, &ports::sealed_entry::seq) ||
      !std::ranges::all_of(tail.heads, in_range, &ports::signed_head::seq))
    return false;
  const auto* former = host_in(setup_.directory, setup_.authorities, tail.stream, tail.entries.front().epoch);
  return former && (former->name == from || is_followed_by(directory_, from, tail.stream, today_));
}

/// A mark is worth what its witness's key is; the entries stand without it.
void exchange::drop_strange_marks(const node_name& from, ports::orphan_tail& tail) {
  auto is_strange = [&](const ports::witness_mark& mark) {
    const auto* witness = directory_.host_of(mark.witness);
    return !mark.witness.view().starts_with('S') || mark.stream != tail.stream || mark.seq >= sequences_end ||
           !witness || !signed_in_force(*witness, mark);
  };
  if (std::erase_if(tail.marks, is_strange) == 0)
    return;
  raise(alarm_kind::bad_signature, {}, from, 0);
  misbehaved(from);
}

// [L441-2-7-4-1]
void exchange::take_in(const node_name& from, orphans& said) {
  auto& tail = said.tail;
  std::pair brought{from, tail.stream};
  // Not by itself a misdeed: his directory, or his ordering stream, may be another one; or he asks again.
  if (!hosts(tail.stream) || tail.cut > place_of(tail.stream).epoch ||
      std::ranges::find(tails_being_written_, brought) != tails_being_written_.end())
    return;
  if (!may_bring(from, tail))
    return misbehaved(from);
  drop_strange_marks(from, tail);
  tail.signers.clear();
  const auto* former = host_in(setup_.directory, setup_.authorities, tail.stream, tail.entries.front().epoch);
  for (const auto& key : former->signing_keys)
    tail.signers.push_back(key.key);
  tails_being_written_.push_back(std::move(brought));
  todo_.orphans.push_back(std::make_shared<ports::orphan_tail>(std::move(tail)));
}

void exchange::orphans_written(const ports::orphan_result& result) {
  const auto& stream = result.now.stream;
  auto waiting = std::ranges::find(tails_being_written_, stream, &std::pair<node_name, stream_id>::second);
  if (waiting == tails_being_written_.end())
    return;
  auto from = std::move(waiting->first);
  tails_being_written_.erase(waiting);
  if (!peers_.contains(from))
    return;
  using enum ports::transfer_status;
  switch (result.status) {
  case altered:
    return raise(alarm_kind::altered, stream, from, result.now.seq);
  case bad_signature:
    return raise(alarm_kind::bad_signature, stream, from, result.now.seq);
  case forked:
    raise(alarm_kind::forked, stream, from, result.now.seq);
    break;
  case stored:
  case known:
    settle(alarm_kind::altered, stream, from);
    settle(alarm_kind::bad_signature, stream, from);
    settle(alarm_kind::keys_missing, stream, from);
    break;
  case unordered: // an epoch that was left out whole is encrypted under a key that the escrow alone opens
    raise(alarm_kind::keys_missing, stream, from, result.now.seq);
    break;
  case gap:
  case read_only:
    break;
  }
  say(from, orphans_held{result.now, result.status == forked});
}

} // namespace toit::federation
