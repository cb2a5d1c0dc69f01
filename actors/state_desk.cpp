#include "actors/state_desk.hpp"

#include "actors/spawning.hpp"

namespace toit {

static_assert(actor_state<state_desk_state>);

/// A command that is closed holds nothing any more: its repeat is answered from the book.
caf::result<answer_ptr> state_desk_state::submit(const submission_ptr& asked) {
  const auto* happened = std::get_if<law::event>(&asked->command.asked);
  bool commands = happened && std::holds_alternative<law::command_issued>(*happened);
  const auto* known = commands ? desk->book().find(asked->command.id) : nullptr;
  if (!known || known->executed == 0)
    return desk->submit(asked);
  receipt made;
  made.stream = desk->context().stream;
  made.first_seq = made.last_seq = known->issued;
  made.subject = known->subject;
  return answer_ptr{std::make_shared<const answer>(std::move(made))};
}

namespace {

/// A stream that is held, a disk that is full: what cannot be closed now is tried again after this, then after twice
/// that each time, up to the last.
constexpr std::chrono::seconds close_again_after{1};
constexpr std::chrono::seconds close_again_at_most{64};

} // namespace

/// A cut may have left it out since it was told: then the command is not done.
// [L441-2-7-4-1]
bool state_desk_state::stands(const executed_command& done) {
  auto entry = desk->cursor().reader().entry(done.addressee, done.executed);
  const auto* executed = entry && entry->record ? std::get_if<law::command_executed>(&entry->record->event) : nullptr;
  return executed && executed->issuer.str() == desk->context().stream.view() && executed->issued == done.issued;
}

bool state_desk_state::is_answered(const law::issued_command& known, const ports::stream_id& addressee) {
  return known.executed != 0 && stands({addressee, known.issued, known.executed});
}

/// Told as often as the territory's stream is read again, and by as many answers as its host has written: one is
/// enough, for as long as it stands.
void state_desk_state::close(const executed_command& done) {
  const auto& commands = desk->book().commands();
  auto found = commands.find(done.issued);
  bool waits = found != commands.end() && found->second.addressee.str() == done.addressee.view() &&
               found->second.executed != done.executed && !is_answered(found->second, done.addressee);
  if (!waits)
    return;
  auto& known = closing_[done.issued];
  known.told = done;
  if (known.under_way)
    return;
  if (!stands(done)) {
    closing_.erase(done.issued);
    return;
  }
  known.under_way = true;
  const auto& context = desk->context();
  auto asked = std::make_shared<submission>();
  asked->command.occurred_on = context.today();
  asked->command.originator = context.settings.gestionnaire;
  asked->command.introducer = context.settings.gestionnaire;
  asked->command.id = context.chance->fresh<law::command_id>();
  asked->command.asked =
      law::event{law::command_closed{law::text<16>{done.addressee.view()}, done.issued, done.executed, {}, {}}};
  asked->facts.today = context.today();
  // Whoever tells of it asks for nothing, and tells it once a start.
  auto again = [this, issued = done.issued] {
    auto& tried = closing_[issued];
    tried.under_way = false;
    tried.wait = std::clamp(2 * tried.wait, close_again_after, close_again_at_most);
    if (tried.wait == close_again_at_most)
      base::log_warning("a command whose result is known cannot be closed: it is tried again every minute",
                        {{"issued", std::to_string(issued)}});
    self->delayed_send(self, tried.wait, executed_atom_v, tried.told);
  };
  self->request(state_desk_actor{self}, ask_timeout, submit_atom_v, submission_ptr{asked})
      .then(
          [this, again, issued = done.issued](const answer_ptr& given) {
            if (!*given)
              return again();
            auto told = closing_.extract(issued).mapped().told;
            close(told);
          },
          [again](const caf::error&) { again(); });
}

state_desk_actor::behavior_type state_desk(state_desk_pointer self, territory_context_ptr context,
                                           event_recorder_actor recorder) {
  set_up_defaults(self, state_desk_state::name);
  auto& state = self->state;
  state.self = self;
  state.desk = std::make_unique<instruments_owner<law::state_book, state_desk_pointer>>(self, std::move(context),
                                                                                        std::move(recorder), "state");
  state.desk->begin({});
  return {
      [self](written_atom, const ports::batch_ptr& batch) { return self->state.desk->written(batch); },
      [self](submit_atom, const submission_ptr& asked) { return self->state.submit(asked); },
      [self](executed_atom, const executed_command& done) { self->state.close(done); },
      [self](list_atom) { return state_acts_ptr{std::make_shared<const law::state_book>(self->state.desk->book())}; },
      [self](keep_atom, bool force) { return self->state.desk->keep(force); },
  };
}

} // namespace toit
