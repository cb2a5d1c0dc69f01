#include "actors/owner.hpp"

namespace toit {

receipt make_receipt(const ports::stream_id& stream, std::vector<ports::stored_entry> entries) {
  receipt made;
  made.stream = stream;
  if (entries.empty())
    return made;
  made.first_seq = entries.front().seq;
  made.last_seq = entries.back().seq;
  made.recorded_at = entries.front().recorded_at;
  made.subject = entries.front().subject;
  if (entries.front().record)
    made.warnings = entries.front().record->warnings;
  // What followed for others is theirs to read.
  for (auto& entry : entries)
    if (entry.subject == made.subject)
      made.entries.push_back(std::move(entry));
  return made;
}

namespace {

ports::record_ptr make_record(const submission& asked, const law::outcome& outcome, const law::drafted& drafted,
                              bool first) {
  law::record record{};
  record.operation = drafted.operation;
  record.occurred_on = outcome.occurred_on;
  record.originator = outcome.originator;
  record.introducer = asked.command.introducer;
  record.agent = asked.command.agent;
  record.command = asked.command.id;
  record.request = asked.command.request;
  record.supersedes = drafted.supersedes;
  if (first)
    record.warnings.assign(outcome.warnings.begin(), outcome.warnings.end());
  record.event = drafted.event;
  return std::make_shared<const law::record>(std::move(record));
}

} // namespace

ports::append_ptr make_append(const territory_context& context, const submission& asked, const law::outcome& outcome,
                              std::vector<ports::subject_read> reads) {
  auto append = std::make_shared<ports::append>();
  append->stream = context.stream;
  append->command = asked.command.id;
  append->request = asked.command.request;
  append->reads = std::move(reads);
  append->accounts = asked.accounts;
  for (const auto& drafted : outcome.entries) {
    auto record = make_record(asked, outcome, drafted, append->drafts.empty());
    auto payload = context.sealer->seal(context.stream, drafted.subject, *record);
    append->drafts.push_back({drafted.subject, std::move(payload), std::move(record)});
    if (const auto* registered = std::get_if<law::demande_registered>(&drafted.event))
      append->registers_number = registered->number;
    auto emptied = law::emptied_by(drafted.event);
    append->empties.insert(append->empties.end(), emptied.begin(), emptied.end());
  }
  append->forgets_number = asked.forgets_number;
  return append;
}

ports::append_ptr append_of_node(const territory_context& context, law::subject_id about, law::event happened,
                                 std::vector<ports::subject_read> reads) {
  submission asked;
  asked.command.introducer = context.settings.gestionnaire;
  law::outcome outcome;
  outcome.occurred_on = context.today();
  outcome.originator = context.settings.gestionnaire;
  outcome.entries.push_back({about, std::move(happened), {}, {}});
  return make_append(context, asked, outcome, std::move(reads));
}

bool is_final(law::refusal_code code) {
  using enum law::refusal_code;
  return code != busy && code != read_only && code != unknown_outcome && code != rolled_back && code != fenced &&
         code != internal;
}

ports::log_line attempt_of(const submission& asked, const law::refusal& refusal) {
  ports::log_line line;
  line.attempt = true;
  line.legal_person = asked.command.introducer;
  line.agent = asked.command.agent;
  if (!asked.command.target.empty())
    line.subject = asked.command.target;
  const auto* kind = law::kind_asked(asked.command);
  line.right = kind ? kind->name : "due_reached";
  line.command = asked.command.id;
  line.request = asked.command.request;
  line.refusal = refusal;
  return line;
}

bool rests_on_no_past(const law::event& asked, const law::party& introducer) {
  return std::holds_alternative<law::demande_registered>(asked) && !introducer.is_demandeur();
}

answer_ptr refused(law::refusal refusal) { return std::make_shared<const answer>(std::unexpected{std::move(refusal)}); }

answer_ptr refused(law::refusal_code code, law::literal article, law::literal because) {
  return std::make_shared<const answer>(law::refuse(code, article, because));
}

} // namespace toit
