#include "actors/deadline_watcher.hpp"

#include "actors/spawning.hpp"
#include "ports/files.hpp"

#include <charconv>

namespace toit {

static_assert(actor_state<deadline_watcher_state>);

namespace {

using std::chrono::days;
using std::chrono::hours;

/// A clock that is later than the last entry by more than this at start has jumped, or the node has slept too long.
constexpr days longest_sleep{31};
/// A clock that parts from monotonic time by more than this while running has jumped.
constexpr hours largest_drift{24};

/// There while automatic effects are frozen, through any restart.
const std::string frozen_mark{"clock-to-be-confirmed"};
constexpr std::size_t longest_mark = 19; // digits of a sequence

} // namespace

std::optional<law::instant> last_recorded(ports::journal_reader& reader, const ports::stream_id& stream) {
  auto head = reader.latest_head(stream);
  auto last = head ? reader.entry(stream, head->seq) : std::nullopt;
  return last ? std::optional{last->recorded_at} : std::nullopt;
}

// -- the clock ------------------------------------------------------------------------------------------------------

void deadline_watcher_state::look_at_clock() {
  auto reading = read();
  bool first = !in_step_;
  if (first)
    in_step_ = reading;
  if (watch.steered || status_.frozen)
    return;
  if (first && was_frozen())
    status_.frozen = true;
  else if (first ? woke_wrongly(reading) : out_of_step(reading))
    freeze();
  if (status_.frozen)
    base::log_warning("automatic effects are frozen: the clock is to be confirmed");
}

/// A restart confirms nothing: what was recorded since bears the very times that are in doubt.
bool deadline_watcher_state::was_frozen() {
  auto mark = context->marks->read(frozen_mark, 0, longest_mark);
  if (!mark)
    return false;
  marked_ = true;
  std::string text(mark->begin(), mark->end());
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), frozen_after_);
  // Of a mark that cannot be read, nothing recorded so far is a confirmation.
  if (failure != std::errc{} || end != text.data() + text.size())
    frozen_after_ = last_entry();
  return true;
}

void deadline_watcher_state::freeze() {
  frozen_after_ = last_entry();
  status_.frozen = true;
  mark_frozen();
}

std::uint64_t deadline_watcher_state::last_entry() const {
  auto head = context->open_reader()->latest_head(context->stream);
  return head ? head->seq : 0;
}

void deadline_watcher_state::mark_frozen() {
  try {
    auto mark = context->marks->create(frozen_mark);
    auto text = std::to_string(frozen_after_);
    mark->append({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    mark->commit();
    marked_ = true;
  } catch (const ports::files_full&) {
    // No room: the next tick tries again, and until then this run remembers.
    marked_ = false;
  }
}

bool deadline_watcher_state::woke_wrongly(const clock_reading& reading) const {
  return watch.last_entry && (reading.now < *watch.last_entry || reading.now > *watch.last_entry + longest_sleep);
}

/// Against the reading that began this run, not the one before: a clock that parts by little each time parts all the
/// same.
bool deadline_watcher_state::out_of_step(const clock_reading& reading) const {
  auto drift = (reading.now - in_step_->now) - (reading.monotonic - in_step_->monotonic);
  return drift > largest_drift || drift < -largest_drift;
}

/// The answer to a repeat is that of the first time: it confirms what the clock was then, not what it is now.
void deadline_watcher_state::confirm(std::uint64_t seq) {
  look_at_clock();
  if (status_.frozen && seq <= frozen_after_)
    return;
  status_.frozen = false;
  context->marks->remove(frozen_mark);
  in_step_ = read();
  tick();
}

void deadline_watcher_state::tick() {
  look_at_clock();
  if (status_.frozen) {
    if (!marked_)
      mark_frozen();
    return;
  }
  auto today = context->today();
  if (today != status_.day)
    status_.day_done = false;
  status_.day = today;
  ask_for_due();
}

// -- the day --------------------------------------------------------------------------------------------------------

/// Asks for terms whose last day is past: they act from the day after it.
void deadline_watcher_state::ask_for_due() {
  if (asking_ || !waiting_.empty() || status_.in_flight > 0 || status_.frozen)
    return;
  asking_ = true;
  auto query = std::make_shared<due_query>();
  query->up_to = law::add_days(status_.day, days{-1});
  query->limit = page_limit;
  self->request(registry, ask_timeout, due_atom_v, due_query_ptr{query})
      .then(
          [this, day = status_.day](const due_page_ptr& page) {
            asking_ = false;
            // An answer about yesterday does not say that today is done.
            day == status_.day ? open_day(page->lines) : ask_for_due();
          },
          // The next tick asks again.
          [this](const caf::error&) { asking_ = false; });
}

/// Day d + 1 opens when d is answered: only the earliest day of the page is sent now.
void deadline_watcher_state::open_day(std::vector<due_line> lines) {
  if (lines.empty()) {
    status_.day_done = true;
    return;
  }
  // An effect that has just been answered and is still due would be asked for without end: the next tick asks again.
  if (std::exchange(first_sent_, lines.front().due) == lines.front().due) {
    base::log_warning("an automatic effect was answered and is still due");
    first_sent_.reset();
    return;
  }
  auto first_day = lines.front().due.last_day;
  std::erase_if(lines, [&](const due_line& line) { return line.due.last_day != first_day; });
  std::ranges::reverse(lines);
  waiting_ = std::move(lines);
  send_more();
}

void deadline_watcher_state::send_more() {
  while (!waiting_.empty() && status_.in_flight < in_flight_limit) {
    auto due = waiting_.back().due;
    waiting_.pop_back();
    auto asked = std::make_shared<submission>();
    asked->command.occurred_on = status_.day;
    asked->command.originator = context->settings.gestionnaire;
    asked->command.introducer = context->settings.gestionnaire;
    asked->command.target = law::subject_of(due.dossier);
    asked->command.asked = law::due_reached{due};
    asked->facts.today = status_.day;
    ++status_.in_flight;
    self->request(registry, ask_timeout, submit_atom_v, submission_ptr{asked})
        .then([this](const answer_ptr& told) { answered(told->has_value()); },
              [this](const caf::error&) { answered(false); });
  }
}

void deadline_watcher_state::answered(bool done) {
  --status_.in_flight;
  status_.effects += done ? 1 : 0;
  failed_ = failed_ || !done;
  send_more();
  if (status_.in_flight > 0 || !waiting_.empty())
    return;
  // What could not be done now is asked for again at the next tick, not at once.
  if (std::exchange(failed_, false))
    first_sent_.reset();
  else
    ask_for_due();
}

watcher_status deadline_watcher_state::status() const { return status_; }

deadline_watcher_actor::behavior_type
deadline_watcher(deadline_watcher_actor::stateful_pointer<deadline_watcher_state> self, territory_context_ptr context,
                 demand_registry_actor registry, clock_watch watch) {
  set_up_defaults(self, deadline_watcher_state::name);
  auto& state = self->state;
  state.self = self;
  state.context = std::move(context);
  state.registry = std::move(registry);
  state.watch = watch;
  return {
      [self](tick_atom) { self->state.tick(); },
      [self](confirm_atom, std::uint64_t seq) { self->state.confirm(seq); },
      [self](status_atom) { return self->state.status(); },
  };
}

} // namespace toit
