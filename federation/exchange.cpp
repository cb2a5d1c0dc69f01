#include "federation/exchange.hpp"

#include "federation/directory_check.hpp"

#include <algorithm>
#include <utility>

namespace toit::federation {

namespace {

constexpr std::size_t alarms_most = 1'000;
constexpr std::size_t positions_most = 4'096;

/// Under an expired directory too.
bool is_always_heard(const any_message& what) {
  return std::holds_alternative<hello>(what) || std::holds_alternative<newer_directory>(what);
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

ports::stream_position exchange::place_of(const stream_id& stream) const {
  return source_.position(stream).value_or(ports::stream_position{stream, 0, 0, journal::first_link(stream)});
}

std::uint32_t exchange::epoch_of(const stream_id& stream) const {
  return federation::epoch_of(setup_.authorities, stream);
}

bool exchange::is_up(const node_name& whom) const {
  auto found = peers_.find(whom);
  return found != peers_.end() && found->second.state == ports::link_state::up;
}

bool exchange::is_host(const node_name& who, const stream_id& stream) const {
  const auto* host = directory_.host_of(stream);
  return host && host->name == who;
}

exchange_actions exchange::take() { return std::exchange(todo_, {}); }

// -- the directory --------------------------------------------------------------------------------------------------

void exchange::apply_directory() {
  directory_ = with_hosts(setup_.directory, setup_.authorities);
  std::map<node_name, peer> now_there;
  for (const auto* node : neighbours_of(directory_, setup_.self, today_)) {
    auto known = peers_.find(node->name);
    now_there[node->name] = known == peers_.end() ? peer{} : std::move(known->second);
  }
  peers_ = std::move(now_there);
  for (auto& [stream, order] : being_written_)
    for (auto& by : order)
      if (by && !peers_.contains(*by))
        by.reset();
  // Nothing that he says can settle it any more. A fork stays: it is proof.
  std::erase_if(alarms_, [&](const alarm& a) {
    return a.kind != alarm_kind::forked && a.node && *a.node != setup_.self && !peers_.contains(*a.node);
  });
  for (auto& [name, p] : peers_) {
    // Who follows a stream no longer is sent no more of it.
    std::erase_if(p.feeds, [&](const auto& f) { return !concerns(name, f.first); });
    // What is asked for may have changed: another host, keys for another authority.
    for (auto& [stream, one] : p.pulls)
      one.asked_again = 0;
  }
  look_at_tails();
}

void exchange::adopt(federation::directory newer, bytes signed_bytes) {
  if (!replaces(newer, directory_))
    return;
  setup_.directory = std::move(newer);
  setup_.signed_directory = signed_bytes;
  apply_directory();
  if (!directory_.expired(now_))
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
  // Whoever slept has not waited.
  constexpr milliseconds awake_most{2'000};
  auto elapsed = std::min(monotonic - monotonic_, awake_most);
  // From the first look on. They come every second: after a longer pause what has come meanwhile is read first.
  constexpr milliseconds looks_every{1'000};
  if (began_)
    awake_ += std::min(elapsed, looks_every);
  monotonic_ = monotonic;
  now_ = now;
  if (std::exchange(today_, today) != today)
    apply_directory();
  if (monotonic_ - minute_began_ >= minute) {
    minute_began_ = monotonic_;
    for (auto& [name, p] : peers_)
      p.misbehaviours_this_minute = 0;
  }
  if (directory_.expired(now_))
    raise(alarm_kind::directory_expired, {}, {}, directory_.number);
  ask_those_late(elapsed);
  for (const auto& stream : setup_.hosted)
    come_back(stream);
  settle_confirmations();
}

void exchange::ask_those_late(milliseconds elapsed) {
  for (auto& [name, p] : peers_) {
    if (p.state != ports::link_state::up)
      continue;
    if (!p.said_hello || p.greet_again || monotonic_ - p.hello_sent >= setup_.limits.hello_every)
      greet(name, p);
    for (auto& [stream, one] : p.pulls) {
      constexpr unsigned doubled_most = 3;
      auto wait =
          setup_.limits.ask_again * (is_to_be_hosted(stream) ? 1U : 1U << std::min(one.asked_again, doubled_most));
      if (one.stopped || one.writing || monotonic_ - one.asked_at < wait)
        continue;
      ++one.asked_again;
      ask_for(name, one, stream, true);
    }
    for (auto& [stream, one] : p.feeds)
      if (one.waits && one.begun)
        feed_more(name, stream, one);
    let_claims_lapse(name, p, elapsed);
    send_tails(name);
  }
  auto all = gathering_;
  for (const auto& [stream, one] : all)
    settle_gathering(stream);
}

bool exchange::has_waited() const { return began_ && monotonic_ - *began_ >= setup_.limits.confirm_within; }

/// Every neighbour, or one of them once the others have been waited for.
bool exchange::heard_enough() const {
  auto spoke = [](const auto& p) { return p.second.run.has_value(); };
  return std::ranges::all_of(peers_, spoke) ||
         (first_heard_ && monotonic_ - *first_heard_ >= setup_.limits.confirm_within);
}

/// A State node signs nothing before a neighbour has said where its stream stands, and waits a while for all of them. A
/// territory records whatever happens: when nobody can be asked for a while, its receipts say so. One that was restored
/// waits as a State node does.
void exchange::settle_confirmations() {
  if (!began_)
    began_ = monotonic_;
  const auto* self = directory_.find(setup_.self);
  bool is_state = self && self->tier != node_tier::territory;
  // The first to speak after a long silence may know less than the one who speaks next.
  bool anybody = std::ranges::any_of(peers_, [](const auto& p) { return p.second.run.has_value(); });
  if (anybody && !first_heard_)
    first_heard_ = monotonic_;
  for (const auto& stream : setup_.hosted) {
    if (confirmed_.contains(stream) || behind_.contains(stream) || peers_.empty())
      continue;
    if (heard_enough()) {
      confirmed_.insert(stream);
      settle(alarm_kind::unconfirmed, stream, {});
      hold(stream, false);
    } else if (has_waited()) {
      raise(alarm_kind::unconfirmed, stream, {}, 0);
      if (!is_state && !setup_.restored)
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

/// While who is whom is no longer certain, where this node stands and a newer directory alone are told to anybody. What
/// is not said is asked for, or said, again in time.
void exchange::say(const node_name& to, any_message what) {
  if (is_expired() && !is_always_heard(what))
    return;
  auto in = lane_of(what);
  todo_.messages.push_back({to, encode({setup_.self, to, std::move(what)}), in, {}});
}

void exchange::link_changed(const node_name& peer_name, ports::link_state state) {
  auto found = peers_.find(peer_name);
  if (found == peers_.end())
    return;
  auto& p = found->second;
  p.state = state;
  // What was on its way may be lost: all is asked for again.
  p.feeds.clear();
  p.unanswered.clear();
  p.said_hello = false;
  for (auto& [stream, one] : p.pulls)
    one.waiting.reset();
  if (state != ports::link_state::up)
    return;
  greet(peer_name, p);
  for (auto& [stream, one] : p.pulls) {
    one.asked_again = 0;
    if (one.asked && !one.writing)
      ask_for(peer_name, one, stream, true);
  }
  for (auto& [tail, one] : uploads_)
    if (one.host == peer_name)
      one.sent_at.reset();
  send_tails(peer_name);
}

void exchange::greet(const node_name& to, peer& p) {
  bool at_once = !p.said_hello || p.hello_sent != monotonic_;
  p.greet_again = !at_once && p.hellos_said >= setup_.limits.hellos_said;
  if (p.greet_again)
    return;
  p.hellos_said = at_once ? 1 : p.hellos_said + 1;
  hello said;
  said.run = setup_.run;
  said.directory_number = directory_.number;
  said.at = now_;
  for (auto& position : source_.positions())
    if (said.positions.size() < positions_most && concerns(to, position.stream))
      said.positions.push_back(position);
  p.said_hello = true;
  p.hello_sent = monotonic_;
  p.hellos_heard = 0;
  p.told_directory = false;
  say(to, std::move(said));
}

/// Somebody may know of a stream when he hosts it or should hold it.
bool exchange::concerns(const node_name& whom, const stream_id& stream) const {
  return is_host(whom, stream) || should_hold(directory_, whom, stream, today_);
}

void exchange::received(const node_name& from, byte_view sent) {
  auto found = peers_.find(from);
  if (found == peers_.end() || found->second.misbehaviours_this_minute >= setup_.limits.misbehaviours)
    return;
  auto read = decode(sent);
  if (!read) {
    misbehaved(from);
    // Once: he may answer in his way, and so on.
    if (read.error() == envelope_fault::unknown_protocol && !std::exchange(found->second.told_protocol, true))
      say(from, no{no_reason::unknown_protocol, {}, protocol_number, {}});
    return;
  }
  if (read->from != from || read->to != setup_.self)
    return misbehaved(from);
  found->second.last_heard = now_;
  if (is_expired() && !is_always_heard(read->said))
    return;
  std::visit([&](auto& what) { take_in(from, what); }, read->said);
}

void exchange::misbehaved(const node_name& who) {
  auto& p = peers_.at(who);
  ++p.misbehaviours;
  ++p.misbehaviours_this_minute;
  raise(alarm_kind::misbehaving, {}, who, 0);
}

void exchange::blame(const node_name& who) {
  if (peers_.contains(who))
    misbehaved(who);
}

template <class Said>
void exchange::take_in(const node_name& from, Said& what) {
  todo_.about_documents.push_back({from, any_message{std::move(what)}});
}

// -- where everybody stands -----------------------------------------------------------------------------------------

namespace {

/// Each stream once, at a sequence that there may be.
bool can_be(const hello& said) {
  std::set<stream_id> named;
  return std::ranges::all_of(said.positions, [&](const ports::stream_position& position) {
    return position.seq < sequences_end && named.insert(position.stream).second;
  });
}

} // namespace

/// A few bytes of his may cost a look at each stream, marks and a directory: so many are heard, in the time of one.
void exchange::take_in(const node_name& from, hello& said) {
  auto& p = peers_.at(from);
  if (p.hellos_heard >= setup_.limits.hellos || !can_be(said))
    return misbehaved(from);
  ++p.hellos_heard;
  if (p.run != said.run) {
    bool began_anew = std::exchange(p.run, said.run).has_value();
    p.theirs.clear();
    // What was sent to him on this link is remembered: a word of his makes none of it cheaper.
    for (auto& [stream, one] : p.feeds)
      one.begun = false;
    // Who has begun anew may have been put right: his streams are looked at anew too.
    for (auto& [stream, one] : p.pulls) {
      one.asked = false;
      one.stopped = false;
    }
    for (auto& [tail, one] : uploads_)
      if (began_anew && one.host == from)
        one = {one.host, one.end, one.link};
  }
  // Where it was lost he asks for it with his next one.
  if (said.directory_number < directory_.number && !std::exchange(p.told_directory, true))
    say(from, newer_directory{setup_.signed_directory});
  auto apart = said.at > now_ ? said.at - now_ : now_ - said.at;
  if (apart > setup_.limits.clock_apart)
    raise(alarm_kind::clock_apart, {}, from, 0);
  else
    settle(alarm_kind::clock_apart, {}, from);
  for (const auto& position : said.positions)
    if (!is_expired() && concerns(from, position.stream) && concerns(setup_.self, position.stream))
      compare(from, p, position);
  begin_pulls(from, p);
  settle_confirmations();
  if (is_expired())
    return;
  for (const auto& [stream, theirs] : p.theirs)
    mark_again(from, stream);
}

void exchange::compare(const node_name& from, peer& p, const ports::stream_position& theirs) {
  auto ours = place_of(theirs.stream);
  bool claims = hosts(theirs.stream) && is_ahead(theirs);
  // What he claimed and did not bring holds this stream up no more, however often he says it.
  if (claims && p.disbelieved)
    return take_claim(from, p, theirs.stream);
  p.theirs[theirs.stream] = theirs;
  take_word(from, theirs);
  p.as_of[theirs.stream] = now_;
  if (!is_gathered_from(p, theirs.stream))
    gather_from(from, p, theirs.stream);
  if (claims)
    return take_claim(from, p, theirs.stream);
  // Who is in an earlier epoch has not heard of its cut yet.
  if (theirs.epoch != ours.epoch || theirs.seq > ours.seq)
    return;
  if (source_.link_at(theirs.stream, theirs.seq) != theirs.link)
    return raise(alarm_kind::forked, theirs.stream, from, theirs.seq);
  // A host that has not yet begun his epoch has what he was brought.
  if (!is_host(from, theirs.stream) || theirs.epoch != epoch_of(theirs.stream))
    return;
  if (theirs.seq < ours.seq)
    return raise(alarm_kind::rolled_back, theirs.stream, from, theirs.seq);
  settle(alarm_kind::rolled_back, theirs.stream, from);
  // All that he has is here, under his signature: what came wrong came right.
  settle(alarm_kind::altered, theirs.stream, from);
  settle(alarm_kind::bad_signature, theirs.stream, from);
}

/// A State node that was put back may have opened another epoch of a territory that it hosts, for itself even, and have
/// forgotten it with its own stream: until it has heard who hosts now, nothing is written in the one before.
// [L441-2-7-4-1]
bool exchange::may_have_passed(const ports::stream_position& theirs) const {
  return !setup_.hosted.empty() && theirs.epoch > epoch_of(theirs.stream) &&
         setup_.hosted.front().view().starts_with('S') && theirs.stream != setup_.hosted.front();
}

/// Of a stream of this node's own he holds more, in an epoch that is this node's, or that may be.
bool exchange::is_ahead(const ports::stream_position& theirs) const {
  auto ours = place_of(theirs.stream);
  if (!is_further(theirs, ours) || std::ranges::find(setup_.disclaimed, theirs.link) != setup_.disclaimed.end())
    return false;
  bool ours_to_have = is_host(setup_.self, theirs.stream) && theirs.epoch <= epoch_of(theirs.stream);
  return theirs.epoch == ours.epoch || ours_to_have || setup_.restored || may_have_passed(theirs);
}

/// Anybody can claim to hold more: who does not bring it in time is not believed again.
void exchange::take_claim(const node_name& from, peer& p, const stream_id& stream) {
  if (p.disbelieved)
    return misbehaved(from);
  p.has_claimed = p.has_claimed || !is_marked(p, p.theirs.at(stream));
  found_behind(stream);
}

/// All the time that he could be heard counts, on whatever link: that he has gone and come back, or taken back what he
/// claimed and claims it again, begins nothing anew.
void exchange::let_claims_lapse(const node_name& from, peer& p, milliseconds elapsed) {
  auto claims = [&](const stream_id& stream) {
    auto theirs = p.theirs.find(stream);
    return theirs != p.theirs.end() && is_ahead(theirs->second) && !is_marked(p, theirs->second);
  };
  bool has_claimed = std::exchange(p.has_claimed, false);
  if (!has_claimed && std::ranges::none_of(setup_.hosted, claims))
    return;
  p.claim_waited += elapsed;
  if (p.claim_waited < setup_.limits.believe_for)
    return;
  p.disbelieved = true;
  misbehaved(from);
  for (const auto& stream : setup_.hosted)
    if (claims(stream)) {
      p.theirs.erase(stream);
      p.as_of.erase(stream);
    }
}

/// A word that he has signed is more than one that he says: it binds this node until what it speaks of is here, or is
/// proved to be another history, or until whoever answers for this node disclaims it.
bool exchange::is_marked(const peer& p, const ports::stream_position& theirs) const {
  auto marked = p.ahead.find(theirs.stream);
  auto pulled = p.pulls.find(theirs.stream);
  if (pulled != p.pulls.end() && pulled->second.stopped)
    return false;
  return marked != p.ahead.end() &&
         is_ahead({theirs.stream, marked->second.epoch, marked->second.seq, marked->second.link});
}

void exchange::found_behind(const stream_id& stream) {
  behind_.insert(stream);
  hold(stream, true);
  raise(alarm_kind::rolled_back, stream, setup_.self, seq_of(stream));
}

void exchange::come_back(const stream_id& stream) {
  auto holds_more = [&](const auto& p) {
    auto theirs = p.second.theirs.find(stream);
    return theirs != p.second.theirs.end() && is_ahead(theirs->second);
  };
  if (!behind_.contains(stream) || std::ranges::any_of(peers_, holds_more))
    return;
  // Nobody is told that what was taken from others is all, while some of it came without what it says.
  if (not_whole_.contains(stream))
    return raise(alarm_kind::keys_missing, stream, setup_.self, seq_of(stream));
  // Another neighbour may hold more still.
  if (setup_.restored && !heard_enough())
    return;
  behind_.erase(stream);
  confirmed_.insert(stream);
  settle(alarm_kind::rolled_back, stream, setup_.self);
  settle(alarm_kind::unconfirmed, stream, {});
  hold(stream, false);
  was_behind_ = true;
  todo_.caught_up.push_back(stream);
}

// -- questions ------------------------------------------------------------------------------------------------------

void exchange::ask(const node_name& whom, std::uint64_t number, bytes content) {
  if (peers_.contains(whom))
    say(whom, question{number, std::move(content)});
}

void exchange::answer(const node_name& whom, std::uint64_t number, bytes content) {
  auto found = peers_.find(whom);
  if (found == peers_.end())
    return;
  auto& unanswered = found->second.unanswered;
  if (auto asked = unanswered.find(number); asked != unanswered.end())
    unanswered.erase(asked);
  say(whom, reply{number, std::move(content)});
}

void exchange::take_in(const node_name& from, question& said) {
  auto& unanswered = peers_.at(from).unanswered;
  if (unanswered.size() >= setup_.limits.questions)
    return misbehaved(from);
  unanswered.insert(said.number);
  todo_.questions.push_back({from, said.number, std::move(said.content)});
}

void exchange::take_in(const node_name& from, reply& said) {
  todo_.replies.push_back({from, said.number, std::move(said.content)});
}

// -- alarms ---------------------------------------------------------------------------------------------------------

void exchange::raise(alarm_kind kind, std::optional<stream_id> stream, std::optional<node_name> node,
                     std::uint64_t seq) {
  auto same = [&](const alarm& a) { return a.kind == kind && a.stream == stream && a.node == node; };
  // Forks are proof, and few: neighbours who misbehave in all ways leave room for them.
  auto most = kind == alarm_kind::forked ? 2 * alarms_most : alarms_most;
  if (std::ranges::any_of(alarms_, same) || alarms_.size() >= most)
    return;
  alarms_.push_back({kind, stream, node, seq, now_});
  todo_.raised.push_back(alarms_.back());
}

void exchange::settle(alarm_kind kind, const std::optional<stream_id>& stream, const std::optional<node_name>& node) {
  std::erase_if(alarms_, [&](const alarm& a) { return a.kind == kind && a.stream == stream && a.node == node; });
}

void exchange::settle_about(const stream_id& stream, std::initializer_list<alarm_kind> kinds) {
  std::erase_if(alarms_, [&](const alarm& a) {
    return a.stream == stream && a.node != setup_.self && std::ranges::find(kinds, a.kind) != kinds.end();
  });
}

ports::federation_report exchange::report() const {
  ports::federation_report made;
  made.directory_number = directory_.number;
  made.valid_until = directory_.valid_until;
  made.held = !held_.empty();
  made.alarms.assign(alarms_.begin(), alarms_.end());
  for (const auto& stream : setup_.hosted)
    if (const auto* territory = directory_.territory_of(stream, today_); territory && !made.ordering)
      made.ordering = territory->ordering;
  for (const auto& [stream, hosts] : setup_.authorities)
    if (const auto* host = directory_.host_of(stream))
      made.authorities.push_back({stream, hosts.epoch(), host->name, hosts.next});
  for (const auto& [name, p] : peers_) {
    auto& link = made.links.emplace_back();
    link.node = name;
    link.state = p.state;
    link.last_heard = p.last_heard;
    link.misbehaviours = p.misbehaviours;
    for (const auto& [stream, theirs] : p.theirs)
      link.streams.push_back({stream, seq_of(stream), theirs.seq, theirs.epoch, p.as_of.at(stream)});
  }
  return made;
}

} // namespace toit::federation
