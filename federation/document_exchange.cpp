#include "federation/document_exchange.hpp"

#include <algorithm>
#include <utility>

namespace toit::federation {

namespace {

std::uint64_t part_size(std::uint64_t whole, std::uint64_t offset) {
  return std::min(document_part_bytes, whole - offset);
}

std::optional<stream_id> own_stream_of(const document_setup& setup) {
  return setup.own || setup.hosted.empty() ? setup.own : std::optional{setup.hosted.front()};
}

void one_less(std::uint64_t& count) {
  if (count > 0)
    --count;
}

} // namespace

document_exchange::document_exchange(document_setup setup, const federation::directory& directory,
                                     ports::transfer_source& source, milliseconds monotonic, law::instant now,
                                     law::civil_date today)
    : setup_{std::move(setup)}, directory_{directory}, source_{source},
      shelves_{setup_.folders, own_stream_of(setup_), source}, monotonic_{monotonic}, second_began_{monotonic},
      now_{now}, today_{today} {
  setup_.own = own_stream_of(setup_);
  shelves_.set_hosted({setup_.hosted.begin(), setup_.hosted.end()});
  if (setup_.own && hosts(*setup_.own) && shelves_.remembers_fetching_back())
    fetch_back(*setup_.own);
}

bool document_exchange::hosts(const stream_id& stream) const {
  return std::ranges::find(setup_.hosted, stream) != setup_.hosted.end();
}

bool document_exchange::concerns(const node_name& whom, const stream_id& stream) const {
  const auto* host = directory_.host_of(stream);
  return (host && host->name == whom) || should_hold(directory_, whom, stream, today_);
}

void document_exchange::say(const node_name& to, any_message what) {
  auto in = lane_of(what);
  todo_.messages.push_back({to, encode({setup_.self, to, std::move(what)}), in, {}});
}

/// A failing or full disk stops nothing but the fetching, for a while.
template <class Action>
bool document_exchange::tried(Action&& action) {
  try {
    action();
    return true;
  } catch (const std::runtime_error& failure) {
    todo_.failures.emplace_back(failure.what());
    fetch_from_ = monotonic_ + setup_.limits.list_every;
    return false;
  }
}

// -- time and links -------------------------------------------------------------------------------------------------

void document_exchange::tick(milliseconds monotonic, law::instant now, law::civil_date today) {
  monotonic_ = monotonic;
  now_ = now;
  bool another_day = std::exchange(today_, today) != today;
  if (another_day || chosen_from_ != directory_.number)
    choose_streams();
  count_anew();
  tried([&] { shelves_.read_on(setup_.limits.erasures_bytes); });
  drop_erased();
  for (auto& [name, l] : links_) {
    if (is_expired())
      continue;
    settle_late(name, l);
    go_on(name, l);
  }
  tell_lacking();
}

void document_exchange::count_anew() {
  constexpr milliseconds second{1'000};
  if (monotonic_ - second_began_ < second)
    return;
  second_began_ = monotonic_;
  for (auto& [name, l] : links_)
    l.lists_told = l.parts_told = 0;
}

void document_exchange::link_changed(const node_name& peer, ports::link_state now) {
  if (!directory_.find(peer))
    return;
  auto& l = links_[peer];
  l.up = now == ports::link_state::up;
  drop_under_way(l);
  if (!l.up)
    return;
  choose_streams(peer, l);
  go_on(peer, l);
  tell_lacking();
}

/// What was on its way may be lost. A document of which only a part has come leaves nothing.
void document_exchange::drop_under_way(link& l) {
  l.asking.reset();
  l.fetching.reset();
  l.wanted.clear();
  l.told.clear();
  l.lacking.clear();
  for (auto& [stream, list] : l.lists) {
    list.running = false;
    list.waiting = 0;
    list.began.reset();
  }
}

void document_exchange::choose_streams() {
  chosen_from_ = directory_.number;
  for (auto& [name, l] : links_)
    choose_streams(name, l);
}

/// Streams of his that this node should hold. Of those that it holds to host them, hosts beside its own, or lacks some
/// of its own of: what he should hold too.
std::set<stream_id> document_exchange::streams_from(const node_name& name) const {
  std::set<stream_id> chosen;
  if (const auto* node = directory_.find(name))
    for (const auto& stream : node->streams)
      if (!hosts(stream) && should_hold(directory_, setup_.self, stream, today_))
        chosen.insert(stream);
  auto choose = [&](const stream_id& stream) {
    if (should_hold(directory_, name, stream, today_))
      chosen.insert(stream);
  };
  for (const auto& stream : setup_.hosted)
    if (stream != setup_.own || fetching_back_)
      choose(stream);
  for (const auto& territory : directory_.territories)
    if (!hosts(territory.stream) && is_held_by(directory_, setup_.self, territory.stream, today_))
      choose(territory.stream);
  return chosen;
}

void document_exchange::choose_streams(const node_name& name, link& l) {
  std::map<stream_id, listing> now;
  for (const auto& stream : streams_from(name)) {
    shelves_.follow(stream);
    auto known = l.lists.find(stream);
    now[stream] = known == l.lists.end() ? listing{} : known->second;
  }
  l.lists = std::move(now);
  std::erase_if(l.wanted, [&](const auto& one) { return !l.lists.contains(one.stream); });
  // Who is to hold it again says anew what he lacks.
  std::erase_if(l.lacking, [&](const auto& one) { return !is_held_by(directory_, name, one.first, today_); });
  if (l.fetching && !l.lists.contains(l.fetching->wanted.stream))
    l.fetching.reset();
  if (l.asking && !l.lists.contains(*l.asking))
    l.asking.reset();
}

// [L441-2-7-4-1]
void document_exchange::set_hosted(std::vector<stream_id> hosted) {
  setup_.hosted = std::move(hosted);
  shelves_.set_hosted({setup_.hosted.begin(), setup_.hosted.end()});
  if (fetching_back_ && !hosts(*setup_.own)) {
    fetching_back_ = false;
    tried([&] { shelves_.remember_fetching_back(false); });
  }
  choose_streams();
  tell_lacking();
}

void document_exchange::settle_late(const node_name& name, link& l) {
  const auto& limits = setup_.limits;
  if (l.asking && monotonic_ - l.asked_at >= limits.ask_again) {
    if (++l.tries >= limits.tries)
      give_up_list(l);
    else
      ask_page(name, l);
  }
  if (l.fetching && monotonic_ - l.fetching->asked_at >= limits.ask_again) {
    l.fetching->asked = l.fetching->written;
    l.fetching->asked_at = monotonic_;
    if (++l.fetching->tries >= limits.tries)
      end_fetch(l, true);
  }
}

void document_exchange::go_on(const node_name& name, link& l) {
  if (!l.up || is_expired())
    return;
  if (!l.asking)
    begin_list(name, l);
  if (!l.fetching)
    begin_fetch(l);
  if (l.fetching)
    ask_parts(name, l);
}

void document_exchange::grown(const stream_id& stream) {
  shelves_.grown(stream);
  tried([&] { shelves_.read_on(setup_.limits.erasures_bytes / 8); });
  drop_erased();
  for (auto& [name, l] : links_)
    if (auto found = l.lists.find(stream); found != l.lists.end() && !found->second.soon)
      list_soon(stream, found->second);
}

void document_exchange::fetch_back(const stream_id& stream) {
  if (!shelves_.is_own(stream) || !hosts(stream))
    return;
  fetching_back_ = true;
  for (auto& [name, l] : links_)
    if (auto known = l.lists.find(stream); known != l.lists.end())
      known->second.clean = false;
  tried([&] { shelves_.remember_fetching_back(true); });
  choose_streams();
}

// -- which documents there are --------------------------------------------------------------------------------------

bool document_exchange::is_due(const stream_id& stream, const listing& list) const {
  constexpr std::chrono::milliseconds soon_a_page{100};
  constexpr std::chrono::milliseconds every_a_page{1'000};
  if (list.waiting > 0 || !shelves_.knows_erasures(stream))
    return false;
  if (!list.began)
    return true;
  const auto& limits = setup_.limits;
  auto since = monotonic_ - *list.began;
  auto pages = static_cast<std::int64_t>(list.pages);
  bool soon = (list.soon && monotonic_ >= *list.soon) || (list.incomplete && since >= limits.list_soon);
  return soon ? since >= soon_a_page * pages : since >= std::max(limits.list_every, every_a_page * pages);
}

void document_exchange::begin_list(const node_name& name, link& l) {
  auto next = std::ranges::find_if(l.lists, [](const auto& one) { return one.second.running; });
  if (next == l.lists.end()) {
    next = std::ranges::find_if(l.lists, [&](const auto& one) { return is_due(one.first, one.second); });
    if (next == l.lists.end())
      return;
    begin_listing(next->first, next->second);
  }
  l.asking = next->first;
  l.tries = 0;
  ask_page(name, l);
}

void document_exchange::list_soon(const stream_id& stream, listing& list) const {
  list.soon = monotonic_ + setup_.limits.list_soon;
  list.soon_to = seq_of(stream);
}

/// Who tells his list may have read his disk a moment ago: it names for certain the documents of entries that have been
/// here for a while.
void document_exchange::begin_listing(const stream_id& stream, listing& list) const {
  auto before = std::exchange(list, {});
  list.running = true;
  list.began = monotonic_;
  list.missing = before.missing;
  list.whole_to = before.whole_to;
  auto here = seq_of(stream);
  list.begun_to = here;
  if (before.soon)
    list.begun_to = monotonic_ >= *before.soon ? before.soon_to : before.whole_to;
  if (list.begun_to < here)
    list_soon(stream, list);
}

void document_exchange::ask_page(const node_name& name, link& l) {
  l.asked_at = monotonic_;
  say(name, want_documents{*l.asking, l.lists.at(*l.asking).after});
}

void document_exchange::give_up_list(link& l) {
  l.lists.at(*l.asking).running = false;
  l.asking.reset();
}

/// In order, and each of a size that a document can have.
bool document_exchange::is_page(const documents& said) const {
  auto last = said.after;
  for (const auto& one : said.some) {
    if (one.id <= last || !is_document_size(one.bytes_stored))
      return false;
    last = one.id;
  }
  return said.last || !said.some.empty();
}

void document_exchange::take_in(const node_name& from, link& l, const documents& said) {
  if (!is_page(said)) {
    misbehaved(from);
    if (l.asking == said.stream)
      give_up_list(l);
    return;
  }
  if (l.asking != said.stream || l.lists.at(said.stream).after != said.after)
    return;
  auto& list = l.lists.at(said.stream);
  list.listed += said.some.size();
  // No fault of his, perhaps: his list may come before his entries do.
  bool too_many = list.listed > shelves_.most_of(said.stream);
  bool noted = tried([&] { note_lacking(l, list, said, !too_many); });
  if (too_many)
    list.missing = list.lacking;
  if (too_many || !noted)
    return give_up_list(l);
  l.asking.reset();
  ++list.pages;
  if (said.last)
    end_list(said.stream, list);
  else
    list.after = said.some.back().id;
  go_on(from, l);
}

void document_exchange::note_lacking(link& l, listing& list, const documents& said, bool to_fetch) {
  for (const auto& one : said.some) {
    if (shelves_.erased(said.stream, one.id) || shelves_.has(said.stream, one.id))
      continue;
    ++list.lacking;
    if (!to_fetch || l.wanted.size() >= setup_.limits.wanted) {
      list.incomplete = list.incomplete || to_fetch;
      continue;
    }
    l.wanted.push_back({said.stream, one});
    ++list.waiting;
  }
}

void document_exchange::end_list(const stream_id& stream, listing& list) {
  list.running = false;
  list.missing = list.lacking;
  list.whole_to = list.begun_to;
  list.clean = list.lacking == 0;
  if (list.clean && fetching_back_ && shelves_.is_own(stream))
    settle_fetching_back();
}

/// Once everybody who should hold the stream has told of nothing that is lacking here.
void document_exchange::settle_fetching_back() {
  const auto& own = *setup_.own;
  for (const auto* node : neighbours_of(directory_, setup_.self, today_)) {
    if (!should_hold(directory_, node->name, own, today_) || is_held_by(directory_, node->name, own, today_))
      continue;
    auto peer = links_.find(node->name);
    if (peer == links_.end() || !peer->second.lists.contains(own) || !peer->second.lists.at(own).clean)
      return;
  }
  fetching_back_ = false;
  tried([&] { shelves_.remember_fetching_back(false); });
  // Streams are chosen anew at the next tick: a list is being read here.
  chosen_from_.reset();
}

// -- what comes -----------------------------------------------------------------------------------------------------

bool document_exchange::is_fetched_elsewhere(const wanted_document& wanted) const {
  return std::ranges::any_of(links_, [&](const auto& one) {
    const auto& f = one.second.fetching;
    return f && f->wanted.stream == wanted.stream && f->wanted.what.id == wanted.what.id;
  });
}

void document_exchange::begin_fetch(link& l) {
  if (monotonic_ < fetch_from_)
    return;
  while (!l.wanted.empty() && !l.fetching) {
    const auto& next = l.wanted.front();
    if (!shelves_.knows_erasures(next.stream) || is_fetched_elsewhere(next))
      return;
    fetch anew;
    anew.wanted = next;
    l.fetching = std::move(anew);
    l.wanted.pop_front();
    auto& f = *l.fetching;
    f.asked_at = monotonic_;
    const auto& stream = f.wanted.stream;
    bool is_there = shelves_.erased(stream, f.wanted.what.id);
    bool begun = tried([&] {
      is_there = is_there || shelves_.has(stream, f.wanted.what.id);
      if (!is_there && shelves_.has_room(stream))
        f.file = shelves_.create(stream, f.wanted.what.id);
    });
    if (!f.file)
      end_fetch(l, !is_there);
    if (!begun)
      return;
  }
}

void document_exchange::ask_parts(const node_name& name, link& l) {
  auto& f = *l.fetching;
  auto end = std::min(f.wanted.what.bytes_stored,
                      f.written + document_part_bytes * std::uint64_t{setup_.limits.parts_on_their_way});
  for (; f.asked < end; f.asked += document_part_bytes)
    say(name, want_part{f.wanted.stream, f.wanted.what.id, f.asked});
}

/// What follows, and was asked for; a part that comes twice, late or before another is left.
document_exchange::reading document_exchange::read(const fetch& f, const part& said) const {
  auto size = f.wanted.what.bytes_stored;
  if (said.size == 0 && said.content.empty())
    return reading::gone;
  if (said.size != size || said.offset % document_part_bytes != 0 || said.offset >= size ||
      said.content.size() != part_size(size, said.offset))
    return reading::wrong;
  return said.offset == f.written && said.offset < f.asked ? reading::next : reading::other;
}

void document_exchange::take_in(const node_name& from, link& l, const part& said) {
  if (!l.fetching || l.fetching->wanted.stream != said.stream || l.fetching->wanted.what.id != said.id)
    return;
  switch (read(*l.fetching, said)) {
  case reading::other:
    return;
  case reading::next:
    write(l, said);
    break;
  case reading::wrong:
    misbehaved(from);
    [[fallthrough]];
  case reading::gone:
    end_fetch(l, true);
  }
  go_on(from, l);
}

/// Whole under its name, or not at all.
void document_exchange::write(link& l, const part& said) {
  auto& f = *l.fetching;
  f.asked_at = monotonic_;
  f.tries = 0;
  bool whole = false;
  bool written = tried([&] {
    f.file->append(said.content);
    f.written += said.content.size();
    whole = f.written == f.wanted.what.bytes_stored;
    if (!whole)
      return;
    f.file->commit();
    shelves_.added(f.wanted.stream, f.wanted.what.id);
  });
  if (whole || !written)
    end_fetch(l, !written);
}

void document_exchange::end_fetch(link& l, bool still_missing) {
  auto& list = l.lists.at(l.fetching->wanted.stream);
  --list.waiting;
  if (!still_missing) {
    one_less(list.missing);
    one_less(list.lacking);
  }
  l.fetching.reset();
}

void document_exchange::drop_erased() {
  for (auto& [name, l] : links_)
    if (l.fetching && shelves_.erased(l.fetching->wanted.stream, l.fetching->wanted.what.id))
      end_fetch(l, false);
}

// -- what is asked here ---------------------------------------------------------------------------------------------

void document_exchange::received(const node_name& from, const any_message& said) {
  if (!directory_.find(from) || is_expired())
    return;
  auto& l = links_[from];
  auto hear = [&](const auto& what) {
    // Not by itself a misdeed: his directory, or his ordering stream, may be another one.
    if (concerns(from, what.stream) && concerns(setup_.self, what.stream))
      take_in(from, l, what);
  };
  if (const auto* list = std::get_if<want_documents>(&said))
    hear(*list);
  else if (const auto* some = std::get_if<documents>(&said))
    hear(*some);
  else if (const auto* asked = std::get_if<want_part>(&said))
    hear(*asked);
  else if (const auto* content = std::get_if<part>(&said))
    hear(*content);
  else if (const auto* lacks = std::get_if<still_lacking>(&said))
    hear(*lacks);
}

/// Whoever asks more than this answers asks again in time.
void document_exchange::take_in(const node_name& from, link& l, const want_documents& said) {
  if (l.lists_told >= setup_.limits.lists_a_second)
    return;
  ++l.lists_told;
  tried([&] {
    auto page = shelves_.list(said.stream, said.after, monotonic_);
    say(from, documents{said.stream, said.after, std::move(page.some), page.last});
  });
}

void document_exchange::take_in(const node_name& from, link& l, const want_part& said) {
  if (said.offset % document_part_bytes != 0)
    return misbehaved(from);
  if (l.parts_told >= setup_.limits.parts_a_second)
    return;
  ++l.parts_told;
  tried([&] {
    auto size = shelves_.size(said.stream, said.id);
    if (size && said.offset >= *size)
      return misbehaved(from);
    auto content = size ? shelves_.read(said.stream, said.id, said.offset, document_part_bytes) : std::nullopt;
    if (!content)
      return say(from, part{said.stream, said.id, said.offset, 0, {}});
    say(from, part{said.stream, said.id, said.offset, *size, std::move(*content)});
  });
}

// -- what is lacking of a stream that is handed over ----------------------------------------------------------------

std::uint64_t document_exchange::seq_of(const stream_id& stream) const {
  auto at = source_.position(stream);
  return at ? at->seq : 0;
}

std::vector<const territory_entry*> document_exchange::held_territories() const {
  std::vector<const territory_entry*> held;
  for (const auto& territory : directory_.territories)
    if (!territory.holders.empty() && territory.in_force(today_))
      held.push_back(&territory);
  return held;
}

/// What the host himself has not, nobody can hand over: his list alone counts while he can be heard.
// [L441-2-7-4-1]
ports::stream_lack document_exchange::lack_of(const stream_id& stream) const {
  ports::stream_lack made;
  const auto* self = directory_.find(setup_.self);
  made.keys = self && self->operating_key && !source_.has_keys_for(stream, *self->operating_key);
  const auto* host = directory_.host_of(stream);
  auto of_host = host ? links_.find(host->name) : links_.end();
  bool is_heard = of_host != links_.end() && of_host->second.up;
  for (const auto& [name, l] : links_) {
    auto list = l.lists.find(stream);
    if (!l.up || list == l.lists.end() || (is_heard && name != host->name))
      continue;
    made.documents = std::max({made.documents, list->second.missing, list->second.lacking});
    made.seq = std::max(made.seq, list->second.whole_to);
  }
  made.seq = std::min(made.seq, seq_of(stream));
  return made;
}

void document_exchange::tell_lacking() {
  if (is_expired())
    return;
  for (const auto* territory : held_territories()) {
    const auto& stream = territory->stream;
    if (hosts(stream) || !is_held_by(directory_, setup_.self, stream, today_))
      continue;
    auto what = lack_of(stream);
    for (auto& [name, l] : links_) {
      if (!l.up || !concerns(name, stream))
        continue;
      auto [told, is_new] = l.told.try_emplace(stream);
      auto wait = told->second.what == what ? setup_.limits.tell_every : setup_.limits.tell_soon;
      if (!is_new && monotonic_ - told->second.at < wait)
        continue;
      told->second = {what, monotonic_};
      say(name, still_lacking{stream, what});
    }
  }
}

void document_exchange::take_in(const node_name&, link& l, const still_lacking& said) {
  l.lacking[said.stream] = said.what;
}

// -- what is told ---------------------------------------------------------------------------------------------------

void document_exchange::complete(ports::federation_report& told) const {
  auto held = held_territories();
  for (auto& reported : told.links) {
    auto found = links_.find(reported.node);
    if (found == links_.end())
      continue;
    for (auto& stream : reported.streams)
      if (auto list = found->second.lists.find(stream.stream); list != found->second.lists.end())
        stream.documents_missing = std::max(list->second.missing, list->second.lacking);
    for (const auto* territory : held)
      if (auto stream = std::ranges::find(reported.streams, territory->stream, &ports::stream_report::stream);
          stream != reported.streams.end() && is_held_by(directory_, reported.node, territory->stream, today_))
        if (auto said = found->second.lacking.find(stream->stream); said != found->second.lacking.end())
          stream->lacking = said->second;
  }
}

} // namespace toit::federation
