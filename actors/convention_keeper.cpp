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

/// As far as it has reached this node: what has not come yet is decided without it, like anything else between nodes.
void convention_owner::follow_authority() {
  auto now = authority_of(*context_);
  if (now != authority_stream_) {
    authority_stream_ = now;
    authority_book_ = {};
    authority_ = now ? std::make_unique<stream_cursor>(*now, context_->open_reader(), 0) : nullptr;
  }
  if (authority_)
    authority_->catch_up(
        [this](const ports::stored_entry& entry) { authority_book_.apply(entry.subject, *entry.record, entry.seq); });
}

law::existence_facts convention_owner::existing(law::civil_date day) const {
  const auto& s = context_->settings;
  return authority_book_.existing(s.territory, &book_, s.ile_de_france, day);
}

dispositif_ptr convention_owner::report() {
  follow_authority();
  return std::make_shared<const dispositif_report>(dispositif_report{book_, existing(context_->today())});
}

// [L441-2-7-1-1a] [L441-2-7-2-1] [L441-2-7-2-2]
submission_ptr convention_owner::gather(const submission_ptr& asked) {
  follow_authority();
  auto complete = std::make_shared<submission>(*asked);
  auto& known = complete->facts;
  const auto& s = context_->settings;
  known.ile_de_france = s.ile_de_france;
  known.regional_checklists = authority_book_.specifications();
  known.existing = std::make_shared<const law::existence_facts>(existing(known.today));
  const auto* happened = std::get_if<law::event>(&asked->command.asked);
  if (const auto* joins = happened ? std::get_if<law::adhesion_decided>(happened) : nullptr)
    known.host_conformity = authority_book_.conformity_of(joins->host, s.ile_de_france, known.today);
  return complete;
}

convention_keeper_actor::behavior_type convention_keeper(convention_pointer self, territory_context_ptr context,
                                                         event_recorder_actor recorder) {
  set_up_defaults(self, convention_keeper_state::name);
  auto& state = self->state;
  state.self = self;
  state.desk = std::make_unique<convention_owner>(self, std::move(context), std::move(recorder), "conventions");
  state.desk->begin();
  return {
      [self](written_atom, const ports::batch_ptr& batch) { return self->state.desk->written(batch); },
      [self](submit_atom, const submission_ptr& asked) { return self->state.desk->submit(asked); },
      [self](list_atom) { return self->state.desk->report(); },
      [self](keep_atom, bool force) { return self->state.desk->keep(force); },
  };
}

} // namespace toit
