#include "actors/late_entries.hpp"

#include "actors/owner.hpp"
#include "actors/spawning.hpp"

namespace toit {

static_assert(actor_state<late_entries_state>);

namespace {

constexpr std::size_t scan_chunk = 1024;

std::span<const std::uint8_t> bytes_in(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// Of its own, so that whatever is settled twice is found out.
law::subject_id subject_of_late(const territory_context& context, std::uint32_t cut, std::uint64_t seq) {
  auto digest = context.digester->digest("late-entry", bytes_in(std::to_string(cut) + " " + std::to_string(seq)));
  law::subject_id subject;
  std::copy_n(digest.begin(), subject.bytes.size(), subject.bytes.begin());
  return subject;
}

} // namespace

// -- what is settled already ----------------------------------------------------------------------------------------

/// The first of them bears the sequence of the first cut: whatever was settled, here or by a host in between, follows
/// it.
void late_entries_state::find_settled(std::uint64_t cut_seq) {
  for (auto after = cut_seq;;) {
    auto entries = reader_->read(context->stream, after, scan_chunk);
    for (const auto& entry : entries) {
      after = entry.seq;
      if (const auto* known = entry.record ? std::get_if<law::late_entry_settled>(&entry.record->event) : nullptr)
        settled(*known, entry.seq);
    }
    if (entries.size() < scan_chunk)
      return;
  }
}

void late_entries_state::settled(const law::late_entry_settled& outcome, std::uint64_t seq) {
  settled_.push_back({outcome, seq});
  cut_ = outcome.cut;
  seq_ = outcome.seq;
}

namespace {

law::late_entry_settled dropped() {
  law::late_entry_settled outcome;
  outcome.outcome = law::late_outcome::dropped;
  return outcome;
}

} // namespace

// -- one after the other --------------------------------------------------------------------------------------------

void late_entries_state::tick() {
  waits_ = false;
  if (!busy_)
    go_on();
}

void late_entries_state::go_on() {
  auto next = reader_->orphans(context->stream, cut_, seq_, 1);
  if (!next.empty() && !std::exchange(has_looked_, true)) {
    find_settled(next.front().entry.seq);
    next = reader_->orphans(context->stream, cut_, seq_, 1);
  }
  if (next.empty() || waits_)
    return;
  busy_ = true;
  bring_in(next.front());
}

/// What the former host had drawn by itself, the present one draws where it is due; what it erased is erased by the
/// term that erases it.
// [L441-2-7-4-1]
void late_entries_state::bring_in(const orphan& late) {
  const auto& record = late.entry.record;
  if (record && !record->command.empty() && record->command == command_)
    return settle(late, given_);
  if (!record || law::late_nature_of(*record) == law::late_nature::consequence)
    return settle(late, dropped());
  self->request(guard, ask_timeout, submit_atom_v, asked_again(late))
      .then([this, late](const answer_ptr& given) { answered(late, *given); },
            // The outcome is unknown: asked again, the command gets its first answer.
            [this](const caf::error&) { try_again(); });
}

/// As whoever asked for it was known then: his rights were looked at by the former host.
asked_command_ptr late_entries_state::asked_again(const orphan& late) const {
  const auto& record = *late.entry.record;
  auto asked = std::make_shared<asked_command>();
  asked->by.legal_person = record.introducer;
  asked->by.account = record.agent;
  asked->originator = record.originator;
  asked->occurred_on = record.occurred_on;
  asked->id = record.command;
  asked->request = record.request;
  asked->late = late.entry.subject;
  if (record.introducer.is_demandeur())
    asked->by.own_dossier = law::id_of<law::dossier_id>(late.entry.subject);
  asked->event = record.event;
  return asked;
}

void late_entries_state::answered(const orphan& late, const answer& given) {
  law::late_entry_settled outcome;
  if (given) {
    outcome.outcome = law::late_outcome::recorded;
    outcome.first_seq = given->first_seq;
    outcome.last_seq = given->last_seq;
  } else if (!is_final(given.error().code)) {
    return try_again();
  } else {
    bool is_fact = law::late_nature_of(*late.entry.record) == law::late_nature::fact;
    outcome.outcome = is_fact ? law::late_outcome::conflict : law::late_outcome::refused;
    outcome.code = law::text<40>{std::string{law::name_of(given.error().code)}};
    outcome.article = law::text<40>{given.error().article};
  }
  command_ = late.entry.record->command;
  given_ = outcome;
  settle(late, outcome);
}

/// Once, whatever crashes: it is the first entry about its subject, or another one was.
void late_entries_state::settle(const orphan& late, law::late_entry_settled outcome) {
  outcome.cut = late.cut;
  outcome.seq = late.entry.seq;
  outcome.link = late.link;
  outcome.witnessed = late.witnessed;
  auto about = subject_of_late(*context, late.cut, late.entry.seq);
  auto append = append_of_node(*context, about, outcome, {{about, 0}});
  self->request(recorder, ask_timeout, append_atom_v,
                append_group_ptr{std::make_shared<const append_group>(append_group{append})})
      .then(
          [this, outcome](const append_results_ptr& done) {
            using enum ports::append_status;
            const auto& result = done->results.front();
            if (result.status != appended && result.status != stale)
              return try_again();
            busy_ = false;
            if (result.status == appended)
              settled(outcome, result.first_seq);
            std::tie(cut_, seq_) = std::tie(outcome.cut, outcome.seq);
            context->metrics->make_counter("toit_late_entries_total", "Entries of a former host that were settled")
                .add();
            go_on();
          },
          // What became of it is unknown: the journal tells whoever begins anew.
          [this](const caf::error& why) { self->quit(why); });
}

void late_entries_state::try_again() {
  busy_ = false;
  waits_ = true;
}

late_report_ptr late_entries_state::report() const {
  return std::make_shared<const late_report>(late_report{settled_, waits_ ? 1U : 0U});
}

late_entries_actor::behavior_type late_entries(late_entries_actor::stateful_pointer<late_entries_state> self,
                                               territory_context_ptr context, event_recorder_actor recorder,
                                               access_guard_actor guard) {
  set_up_defaults(self, late_entries_state::name);
  auto& state = self->state;
  state.self = self;
  state.context = std::move(context);
  state.recorder = std::move(recorder);
  state.guard = std::move(guard);
  state.open_reader();
  return {
      [self](tick_atom) { self->state.tick(); },
      [self](list_atom) { return self->state.report(); },
  };
}

} // namespace toit
