#include "actors/documents.hpp"

#include "actors/owner.hpp"
#include "actors/spawning.hpp"
#include "ports/files.hpp"

namespace toit {

static_assert(actor_state<documents_state>);

namespace {

/// True when the answer's entry is the one that names this very file.
bool names(const answer& told, law::document_id id) {
  if (!told)
    return false;
  return std::ranges::any_of(told->entries, [&](const ports::stored_entry& entry) {
    const auto* filed = entry.record ? std::get_if<law::document_filed>(&entry.record->event) : nullptr;
    return filed && filed->document == id;
  });
}

} // namespace

caf::result<answer_ptr> documents_state::file(const submission_ptr& asked, const asked_command_ptr& from,
                                              const demand_registry_actor& registry) {
  ports::stored_document stored;
  try {
    stored = context->vault->store(context->stream, law::id_of<law::dossier_id>(asked->command.target), from->content);
  } catch (const ports::files_full&) {
    return refused(law::refusal_code::read_only, "L441-2-1",
                   "Le nœud n'a plus de place pour une pièce : rien n'a été enregistré.");
  }
  auto complete = std::make_shared<submission>(*asked);
  auto& filed = std::get<law::document_filed>(std::get<law::event>(complete->command.asked));
  filed.document = stored.id;
  filed.digest = stored.digest;
  filed.size_bytes = stored.size_bytes;
  filed.key.value = stored.key;
  in_flight_.insert(stored.id);
  auto promise = self->make_response_promise<answer_ptr>();
  self->request(registry, ask_timeout, submit_atom_v, submission_ptr{complete})
      .then(
          [this, promise, id = stored.id](const answer_ptr& told) mutable {
            in_flight_.erase(id);
            if (!names(*told, id))
              context->vault->destroy(id);
            promise.deliver(told);
          },
          // Whether the entry was written is unknown: the file stays until a sweep.
          [this, promise, id = stored.id](const caf::error& error) mutable {
            in_flight_.erase(id);
            promise.deliver(error);
          });
  return promise;
}

void documents_state::destroy(const std::vector<law::document_id>& gone) {
  for (auto id : gone)
    context->vault->destroy(id);
}

/// What a former host had filed beyond the cut is there until its entry is settled, and after: a conflict is looked at
/// with what came with it.
// [L441-2-7-4-1]
void documents_state::add_of_tails(std::vector<law::document_id>& known) const {
  constexpr std::size_t chunk = 512;
  auto reader = context->open_reader();
  std::vector<ports::orphan_entry> some;
  do {
    auto [cut, seq] =
        some.empty() ? std::pair<std::uint32_t, std::uint64_t>{} : std::pair{some.back().cut, some.back().entry.seq};
    some = reader->orphans(context->stream, cut, seq, chunk);
    for (const auto& one : some)
      if (const auto* filed = one.entry.record ? std::get_if<law::document_filed>(&one.entry.record->event) : nullptr)
        known.push_back(filed->document);
  } while (some.size() == chunk);
}

void documents_state::sweep(const demand_registry_actor& registry) {
  // Listed before asking: what is stored meanwhile is not in the list.
  auto listed = context->vault->list();
  self->request(registry, ask_timeout, sweep_atom_v)
      .then(
          [this, listed](std::vector<law::document_id>& known) {
            add_of_tails(known);
            std::ranges::sort(known);
            std::size_t swept = 0;
            for (auto id : listed)
              if (!std::ranges::binary_search(known, id) && !in_flight_.contains(id)) {
                context->vault->destroy(id);
                ++swept;
              }
            if (swept > 0)
              base::log_info("documents that no entry names were removed", {{"count", swept}});
          },
          [](const caf::error&) { base::log_warning("documents were not swept: the registry did not answer"); });
}

documents_actor::behavior_type documents(documents_actor::stateful_pointer<documents_state> self,
                                         territory_context_ptr context) {
  set_up_defaults(self, documents_state::name);
  self->state.self = self;
  self->state.context = std::move(context);
  return {
      [self](submit_atom, const submission_ptr& asked, const asked_command_ptr& from,
             const demand_registry_actor& registry) { return self->state.file(asked, from, registry); },
      [self](destroy_atom, const std::vector<law::document_id>& gone) { self->state.destroy(gone); },
      [self](sweep_atom, const demand_registry_actor& registry) { self->state.sweep(registry); },
  };
}

} // namespace toit
