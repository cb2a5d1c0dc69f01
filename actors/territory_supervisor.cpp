#include "actors/territory_supervisor.hpp"

#include "actors/spawning.hpp"
#include "base/log.hpp"

#include <algorithm>

namespace toit {

static_assert(actor_state<territory_supervisor_state>);

void territory_supervisor_state::begin_reading() {
  reader_ = context->open_reader();
  self->send(recorder, follow_atom_v, facts.stream, caf::actor_cast<follower_actor>(self));
  written();
}

/// Reads on in steps of its own, so that a long replica holds nobody up.
std::uint64_t territory_supervisor_state::written() {
  facts.caught_up = false;
  if (!std::exchange(reading_, true))
    self->send(self, tick_atom_v);
  return facts.seq;
}

void territory_supervisor_state::go_on() {
  read_some();
  reading_ = !facts.caught_up;
  if (reading_)
    self->send(self, tick_atom_v);
}

supervised_territory_ptr territory_supervisor_state::status() {
  if (!facts.caught_up)
    read_some();
  return std::make_shared<const supervised_territory>(facts);
}

void territory_supervisor_state::read_some() {
  auto entries = reader_->read(facts.stream, facts.seq, chunk);
  // After it was read: what has been left out meanwhile is not taken.
  if (was_rewound()) {
    begin_again();
    entries = reader_->read(facts.stream, 0, chunk);
  }
  for (const auto& entry : entries) {
    facts.last_recorded_at = entry.recorded_at;
    facts.seq = entry.seq;
    facts.epoch = entry.epoch;
    facts.closing.reset();
    if (entry.record)
      take(entry);
  }
  facts.caught_up = entries.size() < chunk;
}

/// A replica goes back at a cut alone, of a later epoch than what was read, and what it leaves out may have been read.
// [L441-2-7-4-1]
bool territory_supervisor_state::was_rewound() {
  if (facts.seq == 0)
    return false;
  auto cuts = reader_->cuts(facts.stream);
  auto next = std::ranges::upper_bound(cuts, facts.epoch, {}, &ports::cut_place::epoch);
  return next != cuts.end() && next->seq <= facts.seq;
}

/// What it had said is said again, as far as it still stands.
void territory_supervisor_state::begin_again() {
  base::log_info("a territory's journal goes on from an earlier entry: it is read again",
                 {{"stream", facts.stream.view()}, {"read_to", facts.seq}});
  auto stream = facts.stream;
  facts = {};
  facts.stream = stream;
}

void territory_supervisor_state::take(const ports::stored_entry& entry) {
  facts.rights.apply(entry.subject, *entry.record, entry.seq);
  facts.dispositif.apply(entry.subject, *entry.record, entry.seq);
  if (const auto* opened = std::get_if<law::stream_opened>(&entry.record->event))
    facts.name = opened->name;
  if (const auto* closing = std::get_if<law::stream_closing>(&entry.record->event)) {
    facts.closing = *closing;
    facts.closing_epoch = entry.epoch;
    if (auto head = reader_->head_covering(facts.stream, entry.seq))
      facts.closing_link = head->link;
  }
  const auto* executed = std::get_if<law::command_executed>(&entry.record->event);
  if (!executed || executed->issuer.str() != context->stream.view())
    return;
  ++facts.commands_executed;
  self->send(state, executed_atom_v, executed_command{facts.stream, executed->issued, entry.seq});
}

territory_supervisor_actor::behavior_type
territory_supervisor(territory_supervisor_actor::stateful_pointer<territory_supervisor_state> self,
                     territory_context_ptr context, event_recorder_actor recorder, state_desk_actor state,
                     ports::stream_id followed) {
  set_up_defaults(self, territory_supervisor_state::name);
  auto& mine = self->state;
  mine.self = self;
  mine.context = std::move(context);
  mine.recorder = std::move(recorder);
  mine.state = std::move(state);
  mine.facts.stream = followed;
  mine.begin_reading();
  return {
      [self](written_atom, const ports::batch_ptr&) { return self->state.written(); },
      [self](tick_atom) { self->state.go_on(); },
      [self](status_atom) { return self->state.status(); },
  };
}

} // namespace toit
