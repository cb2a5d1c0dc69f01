#include "actors/dossier_reader.hpp"

#include "actors/spawning.hpp"

namespace toit {

static_assert(actor_state<dossier_reader_state>);

read_answer dossier_reader_state::unfold(law::dossier_id id, std::uint64_t last_seq, const read_dossier& asked) {
  dossier_view view;
  view.state.id = id;
  for (auto& entry : reader->read_subject(context->stream, last_seq)) {
    if (!entry.record || (asked.as_of && entry.recorded_at > *asked.as_of))
      continue;
    law::evolve(view.state, *entry.record, entry.seq);
    law::evolve(view.form, *entry.record);
    view.timeline.push_back(std::move(entry));
  }
  if (view.timeline.empty())
    return law::refuse(law::refusal_code::unknown_demande, "R441-2-15-I-10",
                       "Cette demande n'était pas encore enregistrée à cette date.");
  return read_content{std::move(view)};
}

read_answer dossier_reader_state::content(std::uint64_t last_seq, const read_documents_content& asked) {
  for (const auto& entry : reader->read_subject(context->stream, last_seq)) {
    const auto* filed = entry.record ? std::get_if<law::document_filed>(&entry.record->event) : nullptr;
    if (!filed || filed->document != asked.document)
      continue;
    if (auto found = context->vault->open(filed->document, filed->key.value))
      return read_content{std::move(*found)};
    base::log_error("a document that an entry names does not open");
    return law::refuse(law::refusal_code::internal, "L441-2-1", "La pièce n'est pas lisible.");
  }
  return law::refuse(law::refusal_code::unknown_subject, "L441-2-1", "Cette pièce n'est pas dans le dossier.");
}

read_answer_ptr dossier_reader_state::read(law::dossier_id id, std::uint64_t last_seq, const read_request& request) {
  if (const auto* one = std::get_if<read_dossier>(&request.what))
    return std::make_shared<const read_answer>(unfold(id, last_seq, *one));
  if (const auto* file = std::get_if<read_documents_content>(&request.what))
    return std::make_shared<const read_answer>(content(last_seq, *file));
  const auto* log = std::get_if<read_consultations>(&request.what);
  law::require(log, "the reader is asked for what concerns one dossier");
  return std::make_shared<const read_answer>(read_content{reader->log_about(law::subject_of(id), log->limit)});
}

dossier_reader_actor::behavior_type dossier_reader(dossier_reader_actor::stateful_pointer<dossier_reader_state> self,
                                                   territory_context_ptr context) {
  set_up_defaults(self, dossier_reader_state::name);
  self->state.reader = context->open_reader();
  self->state.context = std::move(context);
  return {
      [self](read_atom, law::dossier_id id, std::uint64_t last_seq, const read_request_ptr& request) {
        return self->state.read(id, last_seq, *request);
      },
  };
}

password_desk_actor::behavior_type password_desk(password_desk_actor::pointer self,
                                                 std::shared_ptr<ports::password_hasher> hasher) {
  set_up_defaults(self, "password_desk");
  return {
      [hasher](hash_atom, const std::string& password) { return hasher->hash(password); },
      [hasher](check_atom, const std::string& hashed, const std::string& password) {
        return hasher->matches(hashed, password);
      },
  };
}

} // namespace toit
