#include "actors/command_executor.hpp"

#include "actors/owner.hpp"
#include "actors/spawning.hpp"
#include "law/scalar_text.hpp"

namespace toit {

using law::refusal_code;

static_assert(actor_state<command_executor_state>);

namespace {

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

} // namespace

// -- inboxes --------------------------------------------------------------------------------------------------------

/// Authorities come and go with the directory.
void command_executor_state::look_for_issuers() {
  auto issuers = context->post->issuers();
  std::erase_if(inboxes_, [&](const auto& known) {
    return !known.second.busy && std::ranges::find(issuers, known.first) == issuers.end();
  });
  for (const auto& issuer : issuers) {
    auto [known, fresh] = inboxes_.try_emplace(issuer);
    if (!fresh)
      continue;
    known->second.done = known->second.kept = read_mark(issuer);
    self->send(recorder, follow_atom_v, issuer, caf::actor_cast<follower_actor>(self));
  }
}

void command_executor_state::tick() {
  look_for_issuers();
  context->metrics->make_gauge("toit_commands_waiting", "State authorities whose next command cannot be done now")
      .set(static_cast<double>(status().waiting));
  for (auto& [issuer, box] : inboxes_) {
    box.waits = false;
    go_on(issuer);
  }
}

std::uint64_t command_executor_state::written(const ports::batch_ptr& batch) {
  auto found = inboxes_.find(batch->stream);
  if (found == inboxes_.end())
    return 0;
  go_on(batch->stream);
  return found->second.done;
}

/// Reads on until a command is under way, or nothing is left.
void command_executor_state::go_on(const ports::stream_id& issuer) {
  auto& box = inboxes_.at(issuer);
  while (!box.busy && !box.waits) {
    auto entries = reader_->read(issuer, box.done, chunk);
    for (const auto& one : entries) {
      if (take(issuer, one))
        break;
      box.done = one.seq;
    }
    if (entries.empty())
      return keep_mark(issuer, box);
  }
}

bool command_executor_state::take(const ports::stream_id& issuer, const entry& issued) {
  // A command whose issuer knows the answer is emptied; it was carried out here.
  const auto* letter = issued.record ? std::get_if<law::command_issued>(&issued.record->event) : nullptr;
  if (!letter || letter->addressee.str() != context->stream.view())
    return false;
#ifdef TOIT_TEST_SWITCHES
  if (context->bugs.lose_an_inbox_entry && issued.seq % 3 == 0)
    return false;
#endif
  carry_out(issuer, issued, *letter);
  return true;
}

// -- one command ----------------------------------------------------------------------------------------------------

law::command_id command_executor_state::id_of(const char* what, const ports::stream_id& issuer,
                                              const law::command_id& id) const {
  auto digest = context->digester->digest(what, bytes_of(issuer.text() + "\n" + law::to_text(id)));
  law::command_id made;
  std::copy_n(digest.begin(), made.bytes.size(), made.bytes.begin());
  return made;
}

/// What its entry says of it, without the letter: the stream's own key draws both ids, whoever hosts it.
std::shared_ptr<asked_command> command_executor_state::command_of(const ports::stream_id& issuer,
                                                                  const law::command_id& id) const {
  auto asked = std::make_shared<asked_command>();
  asked->by.vouched_by = context->post->answers_for(issuer).value_or(law::siren{});
  asked->issuer = issuer;
  asked->id = id_of("vouched-command", issuer, id);
  asked->request = context->digester->digest("vouched-request", id.bytes);
  return asked;
}

/// As the guard takes it: the legal person is who the issuing node says, the node who the directory says.
asked_command_ptr command_executor_state::asked_by(const ports::stream_id& issuer,
                                                   ports::posted_command&& opened) const {
  auto asked = command_of(issuer, opened.id);
  asked->by.legal_person = opened.asked.introducer;
  asked->by.account = opened.asked.agent;
  asked->originator = opened.asked.originator;
  asked->occurred_on = opened.asked.occurred_on;
  asked->number = opened.number;
  asked->event = std::move(opened.asked.event);
  return asked;
}

/// Nobody knows who introduced it, and what: the node that issued it answers for its entry.
asked_command_ptr command_executor_state::unopened(const ports::stream_id& issuer, const entry& issued) const {
  auto asked = command_of(issuer, issued.record->command);
  asked->by.legal_person = *asked->by.vouched_by;
  asked->event = issued.record->event;
  return asked;
}

// [R441-2-15-I-9] [R441-2-15-I-10]
void command_executor_state::carry_out(const ports::stream_id& issuer, const entry& issued,
                                       const law::command_issued& letter) {
  inboxes_.at(issuer).busy = true;
  auto opened = context->post->open(letter.command.value);
  // A letter that was copied from elsewhere, or to elsewhere, is not the authority's command.
  if (!opened || opened->issuer != issuer || opened->addressee != context->stream ||
      opened->id != issued.record->command)
    return refuse_unless_answered(
        issuer, issued, *unopened(issuer, issued),
        law::refuse(refusal_code::malformed, "R441-2-15-I-9", "Cette commande ne s'ouvre pas dans ce territoire.")
            .error());
  auto asked = asked_by(issuer, std::move(*opened));
  if (letter.valid_until <= context->post->now())
    return refuse_unless_answered(
        issuer, issued, *asked,
        law::refuse(refusal_code::too_late, "R441-2-15-I-9", "Cette commande est arrivée après son terme.").error());
  self->request(guard, ask_timeout, submit_atom_v, std::move(asked))
      .then([this, issuer, issued](const answer_ptr& given) { answered(issuer, issued, *given); },
            // The outcome is unknown: asked again, the command gets its first answer.
            [this, issuer](const caf::error&) { try_again(issuer); });
}

/// It may have been carried out in time, or by the host before to whom it was sealed, and the answer not have been
/// recorded: then that stands. Otherwise it is refused under its own name, so that an owner who is still slow to see to
/// it does nothing either.
// [R441-2-15-I-9]
void command_executor_state::refuse_unless_answered(const ports::stream_id& issuer, const entry& issued,
                                                    const asked_command& asked, const law::refusal& why) {
  submission tried;
  tried.command.introducer = asked.by.legal_person;
  tried.command.agent = asked.by.account;
  tried.command.asked = asked.event;
  tried.command.id = *asked.id;
  tried.command.request = asked.request;
  self->request(recorder, ask_timeout, refuse_atom_v, std::make_shared<const ports::log_line>(attempt_of(tried, why)))
      .then(
          [this, issuer, issued](const append_results_ptr& done) {
            using enum ports::append_status;
            const auto& known = done->results.front();
            if (known.status == repeated) {
              receipt made;
              made.first_seq = known.first_seq;
              made.last_seq = known.last_seq;
              return answered(issuer, issued, answer{std::move(made)});
            }
            if (known.status == refused_before)
              return answered(issuer, issued, answer{std::unexpected{known.refusal}});
            try_again(issuer);
          },
          [this, issuer](const caf::error&) { try_again(issuer); });
}

void command_executor_state::answered(const ports::stream_id& issuer, const entry& issued, const answer& given) {
  if (!given && !is_final(given.error().code))
    return try_again(issuer);
  ports::posted_result result;
  result.id = issued.record->command;
  if (given) {
    result.first_seq = given->first_seq;
    result.last_seq = given->last_seq;
  } else {
    result.refusal = given.error();
    ++status_.refused;
  }
  record(issuer, issued, result);
}

/// Entry of the executor that cites the issuer's: written once, whatever crashes in between.
void command_executor_state::record(const ports::stream_id& issuer, const entry& issued,
                                    const ports::posted_result& result) {
  auto letter = context->post->seal(issuer, result);
  if (!letter)
    return try_again(issuer); // until the directory names the authority's key again
  submission asked;
  asked.command.introducer = context->settings.gestionnaire;
  asked.command.id = id_of("command-result", issuer, result.id);
  asked.command.request = context->digester->digest("command-result", result.id.bytes);
  law::outcome outcome;
  outcome.occurred_on = context->today();
  outcome.originator = context->settings.gestionnaire;
  outcome.entries.push_back(
      {issued.subject, law::command_executed{law::text<16>{issuer.view()}, issued.seq, {*letter}}, {}, {}});
  auto append = make_append(*context, asked, outcome, {{issued.subject, 0}});
  self->request(recorder, ask_timeout, append_atom_v,
                append_group_ptr{std::make_shared<const append_group>(append_group{append})})
      .then(
          [this, issuer, seq = issued.seq](const append_results_ptr& done) {
            using enum ports::append_status;
            auto status = done->results.front().status;
            status == appended || status == repeated ? finished(issuer, seq) : try_again(issuer);
          },
          [this, issuer](const caf::error&) { try_again(issuer); });
}

void command_executor_state::finished(const ports::stream_id& issuer, std::uint64_t seq) {
  auto& box = inboxes_.at(issuer);
  box.busy = false;
  box.done = seq;
  ++status_.executed;
  context->metrics->make_counter("toit_commands_executed_total", "Commands of State authorities answered").add();
  go_on(issuer);
}

void command_executor_state::try_again(const ports::stream_id& issuer) {
  auto& box = inboxes_.at(issuer);
  box.busy = false;
  box.waits = true;
}

// -- where it stands ------------------------------------------------------------------------------------------------

std::string command_executor_state::mark_of(const ports::stream_id& issuer) const { return "inbox-" + issuer.text(); }

/// Where the results are: a mark of another history of this territory's stream is worth nothing.
std::string command_executor_state::own_end() const {
  auto head = reader_->latest_head(context->stream);
  return head ? std::to_string(head->seq) + " " + law::to_hex(head->link) : std::string{};
}

bool command_executor_state::is_own(const std::string& end) const {
  std::uint64_t seq = 0;
  if (!law::scalar_from_text(end.substr(0, end.find(' ')), seq))
    return false;
  auto head = reader_->head_covering(context->stream, seq);
  return head && end == std::to_string(head->seq) + " " + law::to_hex(head->link);
}

/// Without a mark, or with one that says nothing of this history, all is tried again: each command gets its first
/// answer.
std::uint64_t command_executor_state::read_mark(const ports::stream_id& issuer) const {
  constexpr std::size_t longest = 128;
  auto mark = context->marks->read(mark_of(issuer), 0, longest);
  std::string text = mark ? std::string(mark->begin(), mark->end()) : std::string{};
  auto space = text.find(' ');
  std::uint64_t seq = 0;
  if (space == std::string::npos || !law::scalar_from_text(text.substr(0, space), seq) ||
      !is_own(text.substr(space + 1)))
    return 0;
  // The authority's stream may have been put back too.
  auto head = reader_->latest_head(issuer);
  return head && seq <= head->seq ? seq : 0;
}

void command_executor_state::keep_mark(const ports::stream_id& issuer, inbox& box) {
  if (box.done == box.kept)
    return;
  try {
    auto mark = context->marks->create(mark_of(issuer));
    mark->append(bytes_of(std::to_string(box.done) + " " + own_end()));
    mark->commit();
    box.kept = box.done;
  } catch (const ports::files_full&) {
    base::log_warning("no room for the mark of an inbox: the next start reads more of it");
  }
}

executor_status command_executor_state::status() const {
  auto now = status_;
  for (const auto& [issuer, box] : inboxes_)
    now.waiting += box.waits ? 1 : 0;
  return now;
}

command_executor_actor::behavior_type
command_executor(command_executor_actor::stateful_pointer<command_executor_state> self, territory_context_ptr context,
                 event_recorder_actor recorder, access_guard_actor guard) {
  set_up_defaults(self, command_executor_state::name);
  auto& state = self->state;
  state.self = self;
  state.context = std::move(context);
  state.recorder = std::move(recorder);
  state.guard = std::move(guard);
  state.open_reader();
  self->send(self, tick_atom_v);
  return {
      [self](written_atom, const ports::batch_ptr& batch) { return self->state.written(batch); },
      [self](tick_atom) { self->state.tick(); },
      [self](status_atom) { return self->state.status(); },
  };
}

} // namespace toit
