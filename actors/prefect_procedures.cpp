#include "actors/prefect_procedures.hpp"

#include "actors/spawning.hpp"
#include "law/competence.hpp"

namespace toit {

static_assert(actor_state<prefect_procedures_state>);

/// The directory says whether the authority is competent; the cahier des charges is the regional prefect's of
/// Île-de-France, and what may be joined each prefect examines for his own territories.
// [L441-2-7-2-2] [L441-2-7-3-2] [L441-2-7-4-1] [R441-2-15-IV]
std::shared_ptr<submission> prefect_procedures_state::with_competence(const submission& asked,
                                                                      std::optional<law::siren> territory) {
  auto complete = std::make_shared<submission>(asked);
  const auto& context = desk->context();
  const auto& happened = std::get<law::event>(asked.command.asked);
  auto& known = complete->facts;
  known.ile_de_france = context.stream.view() == law::ile_de_france_authority;
  if (!territory) {
    known.competent = known.ile_de_france || !std::holds_alternative<law::specification_set>(happened);
    return complete;
  }
  auto place = context.post ? context.post->place_of(*territory) : std::nullopt;
  known.competent = place && place->ordered_here;
  known.listed = place && place->listed;
  known.unheard = place && place->has_node;
  if (place)
    known.substitution_elsewhere = ordered_by_others(*place, *territory, complete->command.occurred_on);
  if (const auto* noted = std::get_if<law::obligation_noted>(&happened); noted && context.territory_of_commune)
    std::ranges::copy_if(noted->communes, std::back_inserter(known.communes_of_epci),
                         [&](law::commune_code commune) { return context.territory_of_commune(commune).has_value(); });
  return complete;
}

// [L441-2-7-4-1]
std::optional<law::act_standing> prefect_procedures_state::ordered_by_others(const ports::followed_place& place,
                                                                             law::siren territory,
                                                                             law::civil_date day) {
  std::optional<law::act_standing> standing;
  for (const auto& stream : place.ordered_by_others)
    standing = law::prevailing(standing, others_.read(desk->context(), stream).substitution_of(territory, day));
  return standing;
}

procedures_ptr prefect_procedures_state::report() {
  const auto& context = desk->context();
  auto told = std::make_shared<procedures_report>(procedures_report{desk->book(), {}});
  for (const auto& followed : context.post ? context.post->territories() : std::vector<ports::stream_id>{}) {
    auto territory = law::siren::parse(followed.view().substr(1));
    auto place = territory ? context.post->place_of(*territory) : std::nullopt;
    if (auto standing = place ? ordered_by_others(*place, *territory, context.today()) : std::nullopt)
      told->substituted_elsewhere.emplace(*territory, *standing);
  }
  return told;
}

/// What the territory's own stream says is its supervisor's to tell, as far as it has been received.
// [L441-2-7-3-2] [L441-2-7-4-1]
caf::result<answer_ptr> prefect_procedures_state::submit(const submission_ptr& asked) {
  auto territory = law::territory_of(desk->book(), std::get<law::event>(asked->command.asked));
  auto complete = with_competence(*asked, territory);
  auto watched = territory ? supervisors.find(ports::stream_of(*territory)) : supervisors.end();
  if (watched == supervisors.end())
    return desk->submit(complete);
  auto promise = self->make_response_promise<answer_ptr>();
  auto try_again = [promise]() mutable {
    promise.deliver(refused(law::refusal_code::busy, "L441-2-7-4-1",
                            "Le journal de ce territoire est encore en lecture : réessayez."));
  };
  self->request(watched->second, ask_timeout, status_atom_v)
      .then(
          [this, promise, complete, try_again](const supervised_territory_ptr& known) mutable {
            if (!known->caught_up)
              return try_again();
            if (known->seq > 0) {
              complete->facts.territory_side = {known, &known->dispositif};
              complete->facts.unheard = false;
              complete->facts.parties = law::parties_of(known->rights, complete->command.occurred_on);
            }
            desk->submit(complete, promise);
          },
          [try_again](const caf::error&) mutable { try_again(); });
  return promise;
}

prefect_procedures_actor::behavior_type prefect_procedures(procedures_pointer self, territory_context_ptr context,
                                                           event_recorder_actor recorder,
                                                           supervisors_by_stream supervisors) {
  set_up_defaults(self, prefect_procedures_state::name);
  auto& state = self->state;
  state.self = self;
  state.supervisors = std::move(supervisors);
  state.desk = std::make_unique<instruments_owner<law::procedures_book, procedures_pointer>>(
      self, std::move(context), std::move(recorder), "procedures");
  state.desk->begin({});
  return {
      [self](written_atom, const ports::batch_ptr& batch) { return self->state.desk->written(batch); },
      [self](submit_atom, const submission_ptr& asked) { return self->state.submit(asked); },
      [self](list_atom) { return self->state.report(); },
      [self](keep_atom, bool force) { return self->state.desk->keep(force); },
  };
}

} // namespace toit
