#include "actors/contingent_allocator.hpp"

#include "actors/spawning.hpp"

namespace toit {

static_assert(actor_state<contingent_allocator_state>);

void allocator_owner::put_more(ports::snapshots::writer& file) {
  for (const auto& [id, vacancy] : book_.vacancies())
    file.put(vacancy);
}

void contingent_allocator_state::add_convention(submission& asked, law::convention_id id) const {
  const auto& book = desk->book();
  const auto* convention = book.conventions().find(id);
  if (!convention)
    return;
  asked.facts.conventions.push_back(*convention);
  auto subject = law::conventions_subject(convention->bailleur, convention->departement);
  if (std::ranges::find(asked.reads, subject, &ports::subject_read::subject) == asked.reads.end())
    asked.reads.push_back({subject, book.last_seq(subject)});
}

/// The conventions that the event rests on, and where each stood when it was read.
submission_ptr contingent_allocator_state::with_rights(const submission& asked) {
  auto complete = std::make_shared<submission>(asked);
  const auto& happened = std::get<law::event>(asked.command.asked);
  if (const auto* named = std::get_if<law::designated>(&happened)) {
    // The vacancy may have been opened a moment ago.
    if (!desk->book().vacancies().contains(named->vacancy))
      desk->catch_up();
    if (auto id = desk->book().reservation_of(named->vacancy)) {
      add_convention(*complete, *id);
      complete->facts.balance_exhausted =
          desk->book().exhausted(*id, static_cast<int>(asked.command.occurred_on.year()));
    }
  } else if (const auto* eligible = std::get_if<law::contingent_eligibility>(&happened)) {
    for (auto id : eligible->conventions)
      add_convention(*complete, id);
  } else if (const auto* opened = std::get_if<law::vacancy_opened>(&happened); opened && opened->reserved_under) {
    add_convention(*complete, *opened->reserved_under);
  }
  return complete;
}

caf::result<answer_ptr> contingent_allocator_state::submit(const submission_ptr& asked) {
  const auto* kind = law::kind_asked(asked->command);
  if (kind && kind->family == law::entry_family::territory)
    return desk->submit(asked);
  return self->delegate(registry, submit_atom_v, with_rights(*asked));
}

contingent_allocator_actor::behavior_type contingent_allocator(allocator_pointer self, territory_context_ptr context,
                                                               event_recorder_actor recorder,
                                                               stream_reader_actor entries,
                                                               demand_registry_actor registry) {
  set_up_defaults(self, contingent_allocator_state::name);
  auto& state = self->state;
  state.self = self;
  state.registry = std::move(registry);
  state.desk = std::make_unique<allocator_owner>(self, std::move(context), std::move(recorder), "allocator");
  state.desk->begin(std::move(entries));
  return {
      [self](written_atom, const ports::batch_ptr& batch) { return self->state.desk->written(batch); },
      [self](submit_atom, const submission_ptr& asked) { return self->state.submit(asked); },
      [self](list_atom) {
        return contingents_ptr{std::make_shared<const law::contingent_book>(self->state.desk->book())};
      },
      [self](keep_atom, bool force) { return self->state.desk->keep(force); },
  };
}

} // namespace toit
