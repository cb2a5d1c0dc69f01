#include "actors/late_entries.hpp"

#include "actors/owner.hpp"
#include "actors/spawning.hpp"

#include <algorithm>
#include <functional>

namespace toit {

static_assert(actor_state<late_entries_state>);

namespace {

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

// -- one after the other --------------------------------------------------------------------------------------------

void late_entries_state::tick(access_guard_actor guard) {
  guard_ = std::move(guard);
  waits_ = false;
  if (busy_)
    return;
  look_for_tombstones();
  go_on();
}

namespace {

law::late_entry_settled settled_as(law::late_outcome what) {
  law::late_entry_settled outcome;
  outcome.outcome = what;
  return outcome;
}

law::late_entry_settled settled_as(law::late_outcome what, const law::refusal& because) {
  auto outcome = settled_as(what);
  outcome.code = law::text<40>{std::string{law::name_of(because.code)}};
  outcome.article = law::text<40>{because.article};
  return outcome;
}

law::refusal unreadable() {
  return law::refuse(law::refusal_code::malformed, "L441-2-7-4-1", "Cette écriture ne se lit pas.").error();
}

} // namespace

bool late_entries_state::is_settled(const orphan& late) const {
  return desk->book().find({late.cut, late.entry.seq}) != nullptr;
}

/// In the order of cuts, and of entries within each. A former host may bring his tail after those of later cuts are
/// settled.
std::optional<late_entries_state::orphan> late_entries_state::next_of_tails() {
  constexpr std::size_t empty_most = 256; // before others are served
  auto& reader = desk->cursor().reader();
  std::size_t passed = 0;
  for (const auto& cut : reader.cuts(context->stream)) {
    auto& at = looked_to_.try_emplace(cut.epoch, cut.seq - 1).first->second;
    while (passed < empty_most) {
      while (desk->book().find({cut.epoch, at + 1}))
        ++at;
      auto found = reader.orphans(context->stream, cut.epoch, at, 1);
      if (found.empty() || found.front().cut != cut.epoch)
        break;
      auto& late = found.front();
      bool waits = late.reading == ports::orphan_reading::erased;
      if (!waits && !is_settled(late))
        return std::move(late);
      at = late.entry.seq;
      if (waits && !is_settled(late)) {
        ++passed;
        let_wait(std::move(late));
      }
    }
  }
  return std::nullopt;
}

void late_entries_state::let_wait(orphan late) {
  auto& where = tombstones_.contains(late.entry.subject) ? erased_ : empty_;
  where.push_back(std::move(late));
}

/// Somebody has brought its payload meanwhile. A part of them is looked at a time.
std::optional<late_entries_state::orphan> late_entries_state::next_filled() {
  constexpr std::size_t looks_most = 64;
  auto& reader = desk->cursor().reader();
  for (auto looks = std::min(empty_.size(), looks_most); looks > 0; --looks) {
    auto late = std::move(empty_.front());
    empty_.pop_front();
    if (is_settled(late))
      continue;
    auto now = reader.orphans(context->stream, late.cut, late.entry.seq - 1, 1);
    bool is_filled = !now.empty() && now.front().entry.seq == late.entry.seq && now.front().cut == late.cut &&
                     now.front().reading != ports::orphan_reading::erased;
    empty_.push_back(std::move(late));
    if (is_filled)
      return std::move(now.front());
  }
  return std::nullopt;
}

namespace {

/// Moves those that have this from the one to the other.
template <class Waiting, class Has>
void move_those(Waiting& from, Waiting& to, Has has) {
  auto moved = std::ranges::stable_partition(from, std::not_fn(has));
  to.insert(to.end(), std::make_move_iterator(moved.begin()), std::make_move_iterator(moved.end()));
  from.erase(moved.begin(), moved.end());
}

} // namespace

/// A tombstone of the tail is dropped, as what the former host drew by itself; what it has destroyed went before it.
// [L441-2-7-1-1c]
void late_entries_state::note_erased(const orphan& tombstone) {
  if (empty_.empty() || !tombstone.entry.record)
    return;
  auto named = law::emptied_by(tombstone.entry.record->event);
  std::set<std::uint64_t> emptied(named.begin(), named.end());
  move_those(empty_, erased_, [&](const orphan& late) {
    return late.cut == tombstone.cut && late.entry.subject == tombstone.entry.subject &&
           emptied.contains(late.entry.seq);
  });
}

/// Of the stream itself, a part at a time.
void late_entries_state::look_for_tombstones() {
  if (empty_.empty())
    return;
  constexpr std::size_t read_at_once = 4096;
  // Whatever a tail has about a dossier comes after the cut before it, and so does its tombstone.
  if (auto cuts = desk->cursor().reader().cuts(context->stream); tombstones_to_ == 0 && !cuts.empty())
    tombstones_to_ = cuts.front().seq;
  for (const auto& entry : desk->cursor().reader().read(context->stream, tombstones_to_, read_at_once)) {
    tombstones_to_ = entry.seq;
    if (entry.record && std::holds_alternative<law::demande_erased>(entry.record->event))
      tombstones_.insert(entry.subject);
  }
  move_those(empty_, erased_, [&](const orphan& late) { return tombstones_.contains(late.entry.subject); });
}

std::optional<late_entries_state::orphan> late_entries_state::next() {
  while (!erased_.empty() && is_settled(erased_.front()))
    erased_.pop_front();
  if (!erased_.empty())
    return erased_.front();
  if (auto late = next_of_tails()) {
    note_erased(*late);
    return erased_.empty() ? std::move(late) : std::optional{erased_.front()};
  }
  return next_filled();
}

void late_entries_state::go_on() {
  auto late = next();
  // What cannot be read yet waits for its key: nothing is settled unread.
  locked_ = late && late->reading == ports::orphan_reading::locked;
  if (!late || waits_ || locked_)
    return;
  busy_ = true;
  bring_in(*late);
}

/// What the former host had drawn by itself, the present one draws where it is due; what it erased is erased by the
/// term that erases it.
// [L441-2-7-4-1]
void late_entries_state::bring_in(const orphan& late) {
  const auto& record = late.entry.record;
  if (record && !record->command.empty() && record->command == command_)
    return settle(late, given_);
  if (late.reading == ports::orphan_reading::damaged)
    return settle(late, settled_as(law::late_outcome::conflict, unreadable()));
  if (!record || law::late_nature_of(*record) == law::late_nature::consequence)
    return settle(late, settled_as(law::late_outcome::dropped));
  if (auto ok = law::may_come_back(*record, late.witnessed, late.knowing); !ok)
    return conclude(late, settled_as(law::late_outcome::refused, ok.error()));
#ifdef TOIT_TEST_SWITCHES
  if (context->bugs.execute_late_decision && law::late_nature_of(*record) == law::late_nature::decided)
    return execute(late);
#endif
  self->request(guard_, ask_timeout, submit_atom_v, asked_again(late))
      .then([this, late](const answer_ptr& given) { answered(late, *given); },
            // The outcome is unknown: asked again, the command gets its first answer.
            [this](const caf::error&) { try_again(); });
}

#ifdef TOIT_TEST_SWITCHES
/// The deliberate bug: as it stands, whatever has happened since.
void late_entries_state::execute(const orphan& late) {
  auto append = std::make_shared<ports::append>();
  append->stream = context->stream;
  append->command = late.entry.record->command;
  append->drafts.push_back({late.entry.subject,
                            context->sealer->seal(context->stream, late.entry.subject, *late.entry.record),
                            late.entry.record});
  self->request(recorder, ask_timeout, append_atom_v,
                append_group_ptr{std::make_shared<const append_group>(append_group{append})})
      .then(
          [this, late](const append_results_ptr& done) {
            receipt made;
            made.first_seq = done->results.front().first_seq;
            made.last_seq = done->results.front().last_seq;
            answered(late, answer{made});
          },
          [this](const caf::error& why) { self->quit(why); });
}
#endif

/// What else came of the same command has the same end.
void late_entries_state::conclude(const orphan& late, const law::late_entry_settled& outcome) {
  command_ = late.entry.record->command;
  given_ = outcome;
  settle(late, outcome);
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
#ifdef TOIT_TEST_SWITCHES
  if (context->bugs.import_late_twice && law::late_nature_of(record) == law::late_nature::fact)
    asked->id.reset();
#endif
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
    outcome = settled_as(is_fact ? law::late_outcome::conflict : law::late_outcome::refused, given.error());
  }
  conclude(late, outcome);
}

/// Once, whatever crashes: it is the first entry about its subject, or another one was.
void late_entries_state::settle(const orphan& late, law::late_entry_settled outcome) {
  outcome.cut = late.cut;
  outcome.seq = late.entry.seq;
  outcome.link = late.link;
  outcome.witnessed = late.witnessed;
  outcome.knowing = late.knowing;
  auto about = subject_of_late(*context, late.cut, late.entry.seq);
  auto append = append_of_node(*context, about, outcome, {{about, 0}});
  self->request(recorder, ask_timeout, append_atom_v,
                append_group_ptr{std::make_shared<const append_group>(append_group{append})})
      .then(
          [this](const append_results_ptr& done) {
            using enum ports::append_status;
            const auto& result = done->results.front();
            if (result.status != appended && result.status != stale)
              return try_again();
            busy_ = false;
            desk->catch_up();
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

late_page_ptr late_entries_state::page(const late_query& asked) const {
  auto found = std::make_shared<late_page>();
  const auto& files = desk->book().files();
  auto last = asked.after;
  for (auto at = files.upper_bound(asked.after); at != files.end(); ++at) {
    if (found->files.size() == asked.limit) {
      found->next = last;
      break;
    }
    found->files.push_back(asked.with_reasons ? at->second : law::without_reasons(at->second));
    last = at->first;
  }
  found->waits = waits_ || locked_ || !empty_.empty();
  return found;
}

late_entries_actor::behavior_type late_entries(late_pointer self, territory_context_ptr context,
                                               event_recorder_actor recorder) {
  set_up_defaults(self, late_entries_state::name);
  auto& state = self->state;
  state.self = self;
  state.context = context;
  state.recorder = recorder;
  // Nothing of them is before the first cut: there was no other host.
  auto reader = context->open_reader();
  auto cuts = reader->cuts(context->stream);
  auto head = reader->latest_head(context->stream);
  auto begins = !cuts.empty() ? cuts.front().seq : head ? head->seq : 0;
  state.desk = std::make_unique<late_owner>(self, std::move(context), std::move(recorder), "late", begins);
  state.desk->begin({});
  return {
      [self](tick_atom, const access_guard_actor& guard) { self->state.tick(guard); },
      [self](list_atom, const late_query_ptr& asked) { return self->state.page(*asked); },
      [self](submit_atom, const submission_ptr& asked) { return self->state.desk->submit(asked); },
      [self](keep_atom, bool force) { return self->state.desk->keep(force); },
      [self](written_atom, const ports::batch_ptr& batch) { return self->state.desk->written(batch); },
  };
}

} // namespace toit
