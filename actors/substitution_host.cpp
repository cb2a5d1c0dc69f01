#include "actors/substitution_host.hpp"

#include "actors/owner.hpp"
#include "actors/spawning.hpp"

namespace toit {

static_assert(actor_state<substitution_host_state>);

// -- what changes ---------------------------------------------------------------------------------------------------

void substitution_host_state::begin_reading() {
  cursor_.emplace(context->stream, context->open_reader(), 0);
  auto own = caf::actor_cast<follower_actor>(self);
  self->send(recorder, follow_atom_v, context->stream, own);
  for (const auto& [stream, supervisor] : supervisors)
    self->send(recorder, follow_atom_v, stream, own);
  catch_up();
}

void substitution_host_state::catch_up() {
  cursor_->catch_up([this](const ports::stored_entry& entry) {
    last_recorded_on_ = law::local_date(context->departement, entry.recorded_at);
    book_.apply(entry.subject, *entry.record, entry.seq);
    if (auto about = law::territory_of(book_, entry.record->event))
      changed_.insert(ports::stream_of(*about));
  });
}

std::uint64_t substitution_host_state::written(const ports::batch_ptr& batch) {
  if (former_.books().contains(batch->stream))
    look_at_all();
  if (batch->stream != context->stream) {
    changed_.insert(batch->stream);
    return 0;
  }
  catch_up();
  // An act that is in force is not to wait for a tick.
  tick();
  return cursor_->seq();
}

/// A clock that was put back undoes no day on which something was recorded already.
law::civil_date substitution_host_state::today() const { return std::max(context->today(), last_recorded_on_); }

/// Acts begin and end on a day; what was waited for may have come.
void substitution_host_state::tick() {
  auto today = this->today();
  if (std::exchange(looked_on_, today) != today)
    look_at_all();
  for (const auto& stream : std::exchange(changed_, {}))
    look_at(stream);
}

void substitution_host_state::look_at_all() {
  for (const auto& [stream, supervisor] : supervisors)
    changed_.insert(stream);
}

// -- what is due ----------------------------------------------------------------------------------------------------

void substitution_host_state::look_at(const ports::stream_id& stream) {
  auto territory = law::siren::parse(stream.view().substr(1));
  auto place = territory ? context->post->place_of(*territory) : std::nullopt;
  if (!place || !place->ordered_here)
    return;
  auto supervisor = supervisors.find(stream);
  if (supervisor == supervisors.end())
    return look_at(stream, *territory, {});
  if (!busy_.insert(stream).second) {
    changed_.insert(stream);
    return;
  }
  self->request(supervisor->second, ask_timeout, status_atom_v)
      .then(
          [this, stream, about = *territory](const supervised_territory_ptr& known) {
            busy_.erase(stream);
            if (known->caught_up)
              look_at(stream, about, *known);
            else
              changed_.insert(stream);
          },
          [this, stream](const caf::error&) {
            busy_.erase(stream);
            changed_.insert(stream);
          });
}

namespace {

law::text<64> text_of(const ports::node_name& name) { return law::text<64>{name.view()}; }

std::optional<law::text<64>> text_of(const std::optional<ports::node_name>& name) {
  return name ? std::optional{text_of(*name)} : std::nullopt;
}

} // namespace

law::possible_hosts substitution_host_state::hosts_of(const ports::stream_id& stream,
                                                      const law::dispositif_book* side) const {
  const auto& nodes = *context->hosting;
  auto joined = law::joined_by(side);
  return {text_of(nodes.listed_host(stream)), text_of(nodes.self()),
          text_of(joined ? nodes.node_of(*joined) : std::nullopt)};
}

/// An act's life is told by who signed it, whoever is competent by then.
const law::procedures_book* substitution_host_state::book_of_former(const ports::opened_epoch& opened) {
  if (opened.ordered_by == context->stream)
    return nullptr;
  if (!former_.books().contains(opened.ordered_by))
    self->send(recorder, follow_atom_v, opened.ordered_by, caf::actor_cast<follower_actor>(self));
  return &former_.read(*context, opened.ordered_by);
}

substitution_host_state::view substitution_host_state::view_of(const ports::stream_id& stream, law::siren territory,
                                                               const supervised_territory& known) {
  const auto* side = known.seq > 0 ? &known.dispositif : nullptr;
  auto opened = context->hosting->opened(stream);
  auto closing = known.closing;
  auto epoch = opened ? opened->passed.epoch : 0;
  if (closing && (known.closing_epoch != epoch || closing->epoch != epoch + 1))
    closing.reset();
  return {stream, territory, known, hosts_of(stream, side), std::move(opened), closing, {}};
}

// [L441-2-7-2-1] [L441-2-7-4-1]
void substitution_host_state::look_at(const ports::stream_id& stream, law::siren territory,
                                      const supervised_territory& known) {
  auto v = view_of(stream, territory, known);
  v.now.closed = v.closing.has_value();
  if (v.opened) {
    v.now.opened = &v.opened->passed;
    v.now.former = book_of_former(*v.opened);
  }
  auto due = law::passing_due(book_, territory, known.seq > 0 ? &known.dispositif : nullptr, v.hosts,
                              context->settings.territory, v.now, today());
  if (!due)
    return tell(stream, {});
  // Until it is done, it is looked at again with each tick.
  changed_.insert(stream);
  const auto* file = book_.find(territory);
  auto announced = [&] {
    return file && file->prepared && file->prepared->epoch == due->epoch && file->prepared->to == due->host;
  };
  bool moves = !law::stays_where_it_is(*due, v.hosts, v.now);
  if (law::by_agreement(due->ground) && moves && !v.closing && !announced())
    return record(stream, territory, law::passing_prepared{territory, due->epoch, due->host, due->ground, due->act});
  auto because = barred(v, *due);
  tell(stream, because);
  if (!because)
    record(stream, territory, *due);
}

/// By agreement, once the stream is closed for this very host and he holds all of it, or at once when it has not to be
/// brought anywhere; else once what is here opens: he in whose place another is to host closes nothing to him, and may
/// go on after what he has closed.
// [L441-2-7-4-1]
std::optional<ports::opening_barred> substitution_host_state::barred(const view& v, law::authority_passed& due) {
  if (v.closing && (law::by_agreement(due.ground) || v.present_host() == due.host))
    return barred_while_closed(v, due);
  if (!law::by_agreement(due.ground))
    return context->hosting->opening_barred_by(v.stream);
  bool stays = law::stays_where_it_is(due, v.hosts, v.now);
  return stays ? std::nullopt : std::optional{ports::opening_barred::closing_awaited};
}

/// Nobody records while a stream is closed: whoever has closed it goes on when the next host does not come back.
std::optional<ports::opening_barred> substitution_host_state::barred_while_closed(const view& v,
                                                                                  law::authority_passed& due) {
  due.closed_seq = v.known.seq;
  due.closed_link = v.known.closing_link;
  auto because = cannot_go_on(v, due);
  if (!because)
    return std::nullopt;
  auto [since, fresh] = closed_since_.try_emplace(v.stream, due.epoch, context->clock->monotonic());
  if (since->second.first != due.epoch)
    since->second = {due.epoch, context->clock->monotonic()};
  auto present = v.present_host();
  if (!present || context->clock->monotonic() - since->second.second < reopened_after)
    return because;
  base::log_warning("the next host of a closed stream does not come: it goes back to the one before",
                    {{"stream", v.stream.view()}});
  due.host = *present;
  return cannot_go_on(v, due);
}

/// Where this node has closed it itself, its own key opens it: the escrow's, which is put away, is not asked for.
std::optional<ports::opening_barred> substitution_host_state::cannot_go_on(const view& v,
                                                                           const law::authority_passed& due) const {
  const auto& nodes = *context->hosting;
  auto host = ports::node_name::parse(due.host.str());
  if (host && *host == nodes.self())
    return v.present_host() == due.host ? std::nullopt : nodes.opening_barred_by(v.stream);
  if (host && nodes.holds(*host, v.stream, v.known.closing_epoch, v.known.seq))
    return std::nullopt;
  return ports::opening_barred::next_host_away;
}

/// Each reason once: what is due is looked at again and again.
void substitution_host_state::tell(const ports::stream_id& stream, std::optional<ports::opening_barred> because) {
  auto known = barred_.find(stream);
  auto before = known == barred_.end() ? std::nullopt : std::optional{known->second};
  if (because == before)
    return;
  if (because) {
    barred_.insert_or_assign(stream, *because);
    using enum ports::opening_barred;
    bool usual_for_a_while = *because == closing_awaited || *because == next_host_away;
    base::log(usual_for_a_while ? base::log_level::info : base::log_level::warning,
              "a territory is to pass, and its epoch cannot be opened yet",
              {{"stream", stream.view()}, {"because", law::name_of(*because)}});
  } else {
    barred_.erase(stream);
  }
  context->metrics
      ->make_gauge("toit_epochs_to_open", "Territories that are to pass, and whose epoch cannot be opened yet")
      .set(static_cast<double>(barred_.size()));
}

void substitution_host_state::record(const ports::stream_id& stream, law::siren territory, law::event happened) {
  if (!busy_.insert(stream).second)
    return;
  auto about = law::subject_of_territory(territory);
  // Whatever else was recorded of the territory meanwhile is looked at first.
  auto append = append_of_node(*context, about, std::move(happened), {{about, book_.last_seq(about)}});
  self->request(recorder, ask_timeout, append_atom_v,
                append_group_ptr{std::make_shared<const append_group>(append_group{append})})
      .then(
          [this, stream](const append_results_ptr&) {
            busy_.erase(stream);
            catch_up();
            changed_.insert(stream);
          },
          // The outcome is unknown: the journal will tell.
          [this](const caf::error& why) { self->quit(why); });
}

substitution_host_actor::behavior_type
substitution_host(substitution_host_actor::stateful_pointer<substitution_host_state> self,
                  territory_context_ptr context, event_recorder_actor recorder, supervisors_by_stream supervisors) {
  set_up_defaults(self, substitution_host_state::name);
  auto& state = self->state;
  state.self = self;
  state.context = std::move(context);
  state.recorder = std::move(recorder);
  state.supervisors = std::move(supervisors);
  state.begin_reading();
  return {
      [self](written_atom, const ports::batch_ptr& batch) { return self->state.written(batch); },
      [self](tick_atom) { self->state.tick(); },
  };
}

} // namespace toit
