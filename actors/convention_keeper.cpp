#include "actors/convention_keeper.hpp"

#include "actors/spawning.hpp"
#include "law/competence.hpp"

namespace toit {

static_assert(actor_state<convention_keeper_state>);

namespace {

/// The State stream that is competent for the territory's dispositif; absent on a node alone.
std::optional<ports::stream_id> authority_of(const territory_context& context) {
  if (!context.post)
    return std::nullopt;
  for (const auto& stream : context.post->issuers())
    if (!context.post->competent_in(stream, law::state_matter::dispositif).empty())
      return stream;
  return std::nullopt;
}

} // namespace

/// All of them: what a former one has signed binds on when another has become competent.
void convention_owner::follow_authorities() {
  competent_ = authority_of(*context_);
  for (const auto& stream : context_->post ? context_->post->issuers() : std::vector<ports::stream_id>{})
    authorities_.read(*context_, stream);
}

const law::procedures_book& convention_owner::competent() const {
  static const law::procedures_book nobody;
  auto found = competent_ ? authorities_.books().find(*competent_) : authorities_.books().end();
  return found == authorities_.books().end() ? nobody : found->second;
}

/// Whose dispositifs are the regional prefect's; on a node alone, where all its communes lie.
bool convention_owner::in_ile_de_france() const {
  return competent_ ? competent_->view() == law::ile_de_france_authority : context_->settings.ile_de_france;
}

law::existence_facts convention_owner::existing(law::civil_date day) const {
  auto territory = context_->settings.territory;
  auto known = competent().existing(territory, &book_, in_ile_de_france(), day);
  for (const auto& [stream, book] : authorities_.books())
    if (stream != competent_)
      known.substitution_elsewhere =
          law::prevailing(known.substitution_elsewhere, book.substitution_of(territory, day));
  return known;
}

// [L441-2-7-3-2]
void convention_owner::add_participations(dispositif_report& told, law::civil_date day) const {
  auto add = [&](law::convention_id convention, law::siren party) {
    for (const auto& [stream, book] : authorities_.books())
      if (auto ordered = law::participation_of(book, convention, party, day))
        told.participations.emplace(std::pair{convention, party}, *ordered);
  };
  for (const auto& [id, file] : book_.conventions())
    for (const auto& [party, position] : file.positions)
      if (position.state == law::party_state::refused)
        add(id, party);
}

dispositif_ptr convention_owner::report() {
  follow_authorities();
  auto today = context_->today();
  auto told =
      std::make_shared<dispositif_report>(dispositif_report{book_, existing(today), competent().specifications()});
  add_participations(*told, today);
  return told;
}

// [L441-2-7-1-1a] [L441-2-7-2-1] [L441-2-7-2-2]
submission_ptr convention_owner::gather(const submission_ptr& asked) {
  follow_authorities();
  auto complete = std::make_shared<submission>(*asked);
  auto& known = complete->facts;
  known.ile_de_france = in_ile_de_france();
  known.regional_checklists = competent().specifications();
  known.existing = std::make_shared<const law::existence_facts>(existing(known.today));
  const auto* happened = std::get_if<law::event>(&asked->command.asked);
  if (const auto* joins = happened ? std::get_if<law::adhesion_decided>(happened) : nullptr)
    known.host_conformity = competent().conformity_of(*joins, known.ile_de_france, known.today);
  return complete;
}

convention_keeper_actor::behavior_type convention_keeper(convention_pointer self, territory_context_ptr context,
                                                         event_recorder_actor recorder, stream_reader_actor entries) {
  set_up_defaults(self, convention_keeper_state::name);
  auto& state = self->state;
  state.self = self;
  state.desk = std::make_unique<convention_owner>(self, std::move(context), std::move(recorder), "conventions");
  state.desk->begin(std::move(entries));
  return {
      [self](written_atom, const ports::batch_ptr& batch) { return self->state.desk->written(batch); },
      [self](submit_atom, const submission_ptr& asked) { return self->state.desk->submit(asked); },
      [self](list_atom) { return self->state.desk->report(); },
      [self](keep_atom, bool force) { return self->state.desk->keep(force); },
  };
}

} // namespace toit
