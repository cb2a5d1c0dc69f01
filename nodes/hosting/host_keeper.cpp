#include "nodes/hosting/host_keeper.hpp"

#include "actors/owner.hpp"
#include "actors/spawning.hpp"

namespace toit::nodes {

static_assert(actor_state<host_keeper_state>);

// -- what is said of streams ----------------------------------------------------------------------------------------

void host_keeper_state::begin_reading() {
  reader_ = in_charge.place->journal().open_reader();
  auto source = in_charge.place->journal().open_transfers();
  for (const auto& context : in_charge.place->hosted()) {
    auto cuts = source->cuts(context->stream);
    auto& s = streams_[context->stream];
    s.hosted = true;
    s.epoch = cuts.empty() ? 0 : cuts.back().epoch;
  }
  look();
}

std::uint64_t host_keeper_state::written() {
  look();
  return 0;
}

void host_keeper_state::tick() {
  if (in_charge.ticks_by_itself)
    self->delayed_send(self, tick_every, tick_atom_v);
  look();
}

void host_keeper_state::follow_authorities() {
  for (const auto& authority : reading_->followed())
    if (followed_.insert(authority).second)
      self->send(in_charge.recorder, follow_atom_v, authority, caf::actor_cast<follower_actor>(self));
}

void host_keeper_state::look() {
  auto issued = in_charge.place->issued_directory();
  bool changed = reading_.catch_up(*in_charge.place, *issued);
  follow_authorities();
  if (changed) {
    in_charge.place->adopt_authorities(reading_->now());
    self->send(in_charge.links, pass_atom_v,
               ports::authorities_ptr{std::make_shared<const ports::authorities>(reading_->now())});
  }
  bool all_done = true;
  for (const auto& [stream, hosts] : reading_->now())
    all_done = look_at(stream, hosts) && all_done;
  if (all_done)
    heed();
  count();
}

/// After the recorder was told what to let go: what it still writes says that this node had not heard.
// [L441-2-7-4-1]
void host_keeper_state::heed() {
  for (const auto& [authority, seq] : reading_->read_to())
    if (auto& heeded = heeded_[authority]; heeded < seq) {
      heeded = seq;
      self->send(in_charge.recorder, ordering_atom_v, authority, seq);
    }
}

bool host_keeper_state::is_mine(const ports::stream_id& stream, const ports::stream_hosts& hosts) const {
  return hosts.passed.empty() ? is_listed_here(stream) : hosts.passed.back().host == *in_charge.place->name();
}

bool host_keeper_state::is_listed_here(const ports::stream_id& stream) const {
  auto issued = in_charge.place->issued_directory();
  const auto* listed = issued->host_of(stream);
  return listed && listed->name == *in_charge.place->name();
}

// [L441-2-7-4-1]
bool host_keeper_state::look_at(const ports::stream_id& stream, const ports::stream_hosts& hosts) {
  auto& s = streams_[stream];
  bool mine = is_mine(stream, hosts);
  if (s.busy)
    return mine || !s.hosted || s.leaves;
#ifdef TOIT_TEST_SWITCHES
  if (!mine && in_charge.bugs.skip_the_fence)
    return true;
#endif
  if (!mine && s.hosted)
    let_go(stream, s);
  else if (mine && !hosts.passed.empty() && (!s.hosted || s.epoch != hosts.epoch()))
    take_over(stream, s);
  else if (mine && s.hosted && hosts.next)
    close(stream, s);
  else if (!mine && !is_listed_here(stream))
    follow_from_outside(stream, s, hosts);
  return true;
}

// -- taking over ----------------------------------------------------------------------------------------------------

/// Whoever holds more of it is asked first; also where it was closed by agreement, for a node that was put back may
/// have begun this very epoch, and have forgotten it.
void host_keeper_state::take_over(const ports::stream_id& stream, one_stream& s) {
  const auto* opened = reading_->last_of(stream);
  if (!opened)
    return;
  s.busy = true;
#ifdef TOIT_TEST_SWITCHES
  s.gathered = s.gathered || in_charge.bugs.adopt_shorter_prefix;
#endif
  if (!s.gathered)
    return gather(stream);
  adopt(stream);
}

void host_keeper_state::gather(const ports::stream_id& stream) {
  streams_.at(stream).state = hosting_state::waiting;
  self->request(in_charge.links, caf::infinite, gather_atom_v, stream)
      .then(
          [this, stream](bool) {
            streams_.at(stream).gathered = true;
            adopt(stream);
          },
          [this](const caf::error& why) { self->quit(why); });
}

/// The epoch that is the last by now: it may have gone to another while neighbours were asked, and is his to begin.
// [L441-2-7-4-1]
void host_keeper_state::adopt(const ports::stream_id& stream) {
  const auto* opened = reading_->last_of(stream);
  if (!opened || opened->passed.host.str() != in_charge.place->name()->view())
    return set_aside(streams_.at(stream));
  auto asked = std::make_shared<const ports::adoption>(in_charge.place->adoption_of(stream, *opened));
  self->request(in_charge.recorder, caf::infinite, adopt_atom_v, asked)
      .then([this, stream,
             epoch = asked->epoch](const ports::adoption_result& result) { adopted(stream, epoch, result); },
            [this](const caf::error& why) { self->quit(why); });
}

void host_keeper_state::set_aside(one_stream& s) {
  s.busy = s.gathered = false;
  s.state = hosting_state::settled;
}

void host_keeper_state::adopted(const ports::stream_id& stream, std::uint32_t epoch,
                                const ports::adoption_result& result) {
  auto& s = streams_.at(stream);
  s.busy = false;
  if (result.status != ports::adoption_status::adopted) {
    s.gathered = false;
    if (std::exchange(s.because, result.status) != result.status)
      base::log_warning("a stream cannot be taken over yet",
                        {{"stream", stream.view()}, {"because", law::name_of(result.status)}});
    return;
  }
  base::log_info("a stream has been taken over",
                 {{"stream", stream.view()}, {"epoch", std::uint64_t{epoch}}, {"cut", result.cut_seq}});
  for (auto former : result.unreadable)
    base::log_error("the first entries of a former host's epoch do not open with what he has sealed",
                    {{"stream", stream.view()}, {"epoch", std::uint64_t{former}}});
  bool again = std::exchange(s.hosted, true);
  s.opens.reset();
  s.epoch = epoch;
  s.state = hosting_state::settled;
  s.gathered = false;
  if (again)
    return;
  auto context = in_charge.place->begin_hosting(stream);
  self->send(in_charge.links, host_atom_v, stream, true);
  in_charge.begin(context);
}

// -- handing over ---------------------------------------------------------------------------------------------------

/// The next host is let read the stream, and has nearly all of it, before it is closed: nobody writes meanwhile. One
/// that never has it leaves the stream where it is, and is told of.
// [L441-2-7-4-1] [L441-2-7-2-1]
void host_keeper_state::close(const ports::stream_id& stream, one_stream& s) {
  const auto* prepared = reading_->prepared_of(stream);
  auto to = prepared ? ports::node_name::parse(prepared->to.str()) : std::nullopt;
  auto issued = in_charge.place->issued_directory();
  const auto* next = to ? issued->find(*to) : nullptr;
  if (!next || !next->operating_key)
    return;
  s.state = hosting_state::passing;
  if (s.sealed_for != *prepared)
    return seal_for(stream, *next, *prepared);
  auto lacks = what_lacks(*to, stream);
  if (std::exchange(s.lacks, lacks) != lacks)
    base::log_info("a stream is to be handed over",
                   {{"stream", stream.view()}, {"to", to->view()}, {"awaited", law::name_of(lacks)}});
  // He may have another key by now.
  if (lacks == next_host_lacks::keys)
    s.sealed_for.reset();
  if (lacks == next_host_lacks::nothing && !is_closed(stream))
    write_closing(stream, *prepared);
}

bool host_keeper_state::is_closed(const ports::stream_id& stream) const {
  auto head = reader_->latest_head(stream);
  auto last = head ? reader_->entry(stream, head->seq) : std::nullopt;
  return last && last->record && std::holds_alternative<law::stream_closing>(last->record->event);
}

/// As he says: while he has said nothing of documents and keys he may not have heard that he is to host the stream.
next_host_lacks host_keeper_state::what_lacks(const ports::node_name& who, const ports::stream_id& stream) const {
  auto told = in_charge.report();
  auto head = reader_->latest_head(stream);
  auto link = told ? std::ranges::find(told->links, who, &ports::link_report::node) : decltype(told->links.begin()){};
  if (!told || !head || link == told->links.end() || link->state != ports::link_state::up)
    return next_host_lacks::link;
  auto there = std::ranges::find(link->streams, stream, &ports::stream_report::stream);
  // What he has heard of is on its way to him while others write: he need not have the very last entry.
  constexpr std::uint64_t nearly = 1'000;
  if (there == link->streams.end() || there->their_epoch != head->epoch || there->their_seq + nearly < head->seq)
    return next_host_lacks::entries;
  if (ports::is_whole_there(*there, head->seq > nearly ? head->seq - nearly : 1))
    return next_host_lacks::nothing;
  if (!there->lacking)
    return next_host_lacks::word;
  return there->lacking->keys ? next_host_lacks::keys : next_host_lacks::documents;
}

void host_keeper_state::seal_for(const ports::stream_id& stream, const federation::node_entry& next,
                                 const law::passing_prepared& prepared) {
  auto issued = in_charge.place->issued_directory();
  const auto* territory = issued->territory_of(stream, in_charge.place->context()->today());
  if (!territory)
    return;
  streams_.at(stream).busy = true;
  auto asked = std::make_shared<const ordered_stream>(ordered_stream{stream, territory->ordering, next.operating_key});
  self->request(in_charge.recorder, caf::infinite, ordering_atom_v, asked)
      .then(
          [this, stream, prepared](bool done) {
            streams_.at(stream).busy = false;
            if (done)
              streams_.at(stream).sealed_for = prepared;
          },
          [this](const caf::error& why) { self->quit(why); });
}

void host_keeper_state::write_closing(const ports::stream_id& stream, const law::passing_prepared& prepared) {
  auto hosted = in_charge.place->hosted();
  auto found = std::ranges::find(hosted, stream, [](const territory_context_ptr& one) { return one->stream; });
  if (found == hosted.end())
    return;
  const auto& context = **found;
  auto append = std::make_shared<ports::append>(*append_of_node(context, law::subject_of(context.settings.territory),
                                                                law::stream_closing{prepared.epoch, prepared.to}, {}));
  append->closes = true;
  streams_.at(stream).busy = true;
  self->request(in_charge.recorder, caf::infinite, append_atom_v,
                append_group_ptr{std::make_shared<const append_group>(append_group{append})})
      .then([this, stream](const append_results_ptr&) { streams_.at(stream).busy = false; },
            // Whether it was written, the journal tells: it is looked at again.
            [this, stream](const caf::error&) { streams_.at(stream).busy = false; });
}

// -- letting go -----------------------------------------------------------------------------------------------------

/// What was acknowledged is on disk: it is the stream's, or the tail's. What comes from now on is refused.
// [L441-2-7-4-1]
void host_keeper_state::let_go(const ports::stream_id& stream, one_stream& s) {
  base::log_warning("a stream is hosted by another node now", {{"stream", stream.view()}});
  s.busy = s.leaves = true;
  in_charge.end(stream);
  self->request(in_charge.recorder, caf::infinite, release_atom_v, stream)
      .then(
          [this, stream](bool) {
            streams_.at(stream) = one_stream{};
            in_charge.place->end_hosting(stream);
            self->send(in_charge.links, host_atom_v, stream, false);
          },
          [this](const caf::error& why) { self->quit(why); });
}

/// Who does not hold the stream any more waits for nothing.
bool host_keeper_state::awaits_cut(const ports::stream_id& stream, const ports::stream_hosts& hosts) const {
  auto head = reader_->latest_head(stream);
  auto in_force = federation::with_hosts(*in_charge.place->issued_directory(), reading_->now());
  return (!head || head->epoch < hosts.epoch()) &&
         federation::should_hold(in_force, *in_charge.place->name(), stream, in_charge.place->context()->today());
}

/// Once the next host has begun, what this node had to open the stream with goes; each start looks for it again. Who is
/// to have it by agreement may open it before.
// [L441-2-7-4-1]
void host_keeper_state::follow_from_outside(const ports::stream_id& stream, one_stream& s,
                                            const ports::stream_hosts& hosts) {
  bool may_open = hosts.next == *in_charge.place->name();
  if (s.opens == may_open || (!may_open && (hosts.passed.empty() || awaits_cut(stream, hosts))))
    return;
  s.busy = true;
  self->request(in_charge.recorder, caf::infinite, release_atom_v, stream, may_open)
      .then(
          [this, stream, may_open](bool done) {
            auto& one = streams_.at(stream);
            one.busy = false;
            if (done)
              one.opens = may_open;
          },
          [this](const caf::error& why) { self->quit(why); });
}

void host_keeper_state::count() const {
  auto& metrics = *in_charge.place->context()->metrics;
  auto are = [this](hosting_state state) {
    return static_cast<double>(
        std::ranges::count_if(streams_, [&](const auto& one) { return one.second.state == state; }));
  };
  metrics.make_gauge("toit_streams_to_take_over", "Streams whose epoch is this node's, not yet taken over")
      .set(are(hosting_state::waiting));
  metrics.make_gauge("toit_streams_to_hand_over", "Streams that are to pass from this node to another")
      .set(are(hosting_state::passing));
}

host_keeper_actor::behavior_type host_keeper(host_keeper_actor::stateful_pointer<host_keeper_state> self,
                                             host_keeping in_charge) {
  set_up_defaults(self, host_keeper_state::name);
  self->state.self = self;
  self->state.in_charge = std::move(in_charge);
  self->attach_functor([give_up = self->state.in_charge.give_up](const caf::error& why) {
    if (why != caf::exit_reason::user_shutdown && why != caf::exit_reason::kill)
      give_up();
  });
  self->state.begin_reading();
  self->send(self, tick_atom_v);
  return {
      [self](written_atom, const ports::batch_ptr&) { return self->state.written(); },
      [self](tick_atom) { self->state.tick(); },
  };
}

} // namespace toit::nodes
