// The dispositif: what its parties have recorded in the territory; what the prefect has, may do, and can show.

#include "law/competence.hpp"
#include "web/server/dispositif_answers.hpp"
#include "web/server/serve.hpp"

namespace toit::web::serve {

using law::refusal_code;

// -- in the territory -----------------------------------------------------------------------------------------------

// [L441-2-7-1-1a] [L441-2-7-2-1]
void dispositif(const call_ptr& c) {
  c->gateway().dispositif(answering<dispositif_ptr>(c, [c](const dispositif_ptr& known) {
    dispositif_view shown;
    shown.stands = law::existence_of(known->existing);
    shown.begun_on = known->existing.begun_on;
    shown.in_service_on = known->existing.in_service_on;
    shown.adhered_on = known->existing.adhered_on;
    shown.conformity = known->existing.conformity;
    if (const auto& joined = known->book.adhesion())
      shown.host = joined->host;
    if (const auto* current = known->book.current())
      shown.convention = current->convention.id;
    c->answer(answer_json(200, to_json(shown)));
  }));
}

namespace {

convention_view shown(const law::convention_file& file) {
  convention_view view;
  view.convention = file.convention;
  view.proposed_on = file.proposed_on;
  for (const auto& [party, position] : file.positions)
    view.positions.push_back({party, position.state, position.since, position.seq});
  return view;
}

} // namespace

/// A handful in the life of a territory: all of them on one page.
// [L441-2-7-3-1] [L441-2-7-3-2]
void dispositif_conventions(const call_ptr& c) {
  c->gateway().dispositif(answering<dispositif_ptr>(c, [c](const dispositif_ptr& known) {
    auto items = json::array();
    for (const auto& [id, file] : known->book.conventions())
      items.push_back(to_json(shown(file)));
    c->answer(answer_json(200, {{"items", std::move(items)}}));
  }));
}

// -- on the prefect's node ------------------------------------------------------------------------------------------

namespace {

act_view shown(const law::state_act& known, law::civil_date today) {
  act_view view;
  view.act = known.act_itself;
  view.territory = known.territory;
  view.seq = known.seq;
  view.signed_on = known.signed_on;
  view.published_on = known.published_on;
  view.notified_on = known.notified_on;
  view.binds_from = law::binds_from(known);
  view.recourse_until = law::recourse_until(known);
  view.standing = law::standing_of(known, today);
  return view;
}

procedure_view shown(const law::participation_procedure& known) {
  procedure_view view;
  view.procedure = known.id;
  view.territory = known.territory;
  view.convention = known.convention;
  view.party = known.party;
  view.opened_on = known.opened_on;
  view.complete = known.complete();
  view.ordered_by = known.ordered_by;
  for (const auto& [from, opinion] : known.opinions)
    view.opinions.push_back({from, opinion});
  return view;
}

template <class Items>
void all_of(const call_ptr& c, Items items) {
  c->gateway().procedures(answering<procedures_ptr>(
      c, [c, items](const procedures_ptr& book) { c->answer(answer_json(200, {{"items", items(*book)}})); }));
}

} // namespace

void acts(const call_ptr& c) {
  all_of(c, [today = c->node().context().today()](const law::procedures_book& book) {
    auto items = json::array();
    for (const auto& [id, known] : book.acts())
      items.push_back(to_json(shown(known, today)));
    return items;
  });
}

void procedures(const call_ptr& c) {
  all_of(c, [](const law::procedures_book& book) {
    auto items = json::array();
    for (const auto& [id, known] : book.procedures())
      items.push_back(to_json(shown(known)));
    return items;
  });
}

void specifications(const call_ptr& c) {
  all_of(c, [](const law::procedures_book& book) {
    auto items = json::array();
    items.push_back(to_json(law::national_checklist()));
    for (const auto& one : book.specifications())
      items.push_back(to_json(one));
    return items;
  });
}

namespace {

/// Everything that is known here of one territory.
struct watched {
  law::siren territory;
  procedures_ptr book;
  supervised_territory_ptr side; ///< null when nothing of its journal has been received
  bool ile_de_france = false;
  law::journal_news news;

  const law::dispositif_book* dispositif() const { return side ? &side->dispositif : nullptr; }
};

/// The last day on which all that had been recorded there was here, by its host's own word. How long ago that was is
/// told by the machines' clocks: a demonstration's own may be elsewhere.
law::journal_news news_of(const ports::stream_id& stream, const std::shared_ptr<const ports::federation_report>& links,
                          const territory_context& context) {
  law::journal_news news;
  auto host = context.post->host_of(stream);
  if (!links || !host)
    return news;
  for (const auto& link : links->links)
    for (const auto& one : link.streams)
      if (link.node == *host && one.stream == stream && one.seq > 0 && one.seq >= one.their_seq) {
        auto ago = std::max(context.post->now() - one.as_of, std::chrono::milliseconds{0});
        news.known_through = law::local_date(context.departement, context.clock->now() - ago);
        news.link_up = link.state == ports::link_state::up;
      }
  return news;
}

template <class Then>
void watch(const call_ptr& c, Then then) {
  auto territory = law::siren::parse(c->in_path("territory").value_or(""));
  const auto* post = c->node().context().post.get();
  auto place = territory && post ? post->place_of(*territory) : std::nullopt;
  if (!place)
    return c->refuse(
        law::refuse(refusal_code::unknown_territory, "L441-2-7-1-1a", "Cette autorité ne connaît pas ce territoire.")
            .error());
  watched known;
  known.territory = *territory;
  known.ile_de_france = std::ranges::any_of(place->departements, law::in_ile_de_france);
  known.news = news_of(ports::stream_of(*territory), c->node().links(), c->node().context());
  c->gateway().procedures(answering<procedures_ptr>(c, [c, known, then](const procedures_ptr& book) {
    using facts = std::vector<supervised_territory_ptr>;
    c->gateway().supervised(answering<facts>(c, [known, book, then](const facts& all) {
      auto whole = known;
      whole.book = book;
      for (const auto& one : all)
        if (one->stream == ports::stream_of(known.territory) && one->seq > 0)
          whole.side = one;
      then(whole);
    }));
  }));
}

} // namespace

/// What is written about the territory, told apart from what nobody knows. It concludes nothing.
// [L441-2-7-4-1] [L441-2-7-4-3]
void evidence(const call_ptr& c) {
  watch(c, [c](const watched& known) {
    auto gathered = law::gather_evidence(*known.book, known.territory, known.dispositif(), {}, known.news,
                                         known.ile_de_france, c->node().context().today());
    c->answer(answer_json(200, to_json(gathered)));
  });
}

/// What the prefect may do now, and what is missing where he may not yet.
// [L441-2-7-4-1] [L441-2-7-4-4]
void powers(const call_ptr& c) {
  watch(c, [c](const watched& known) {
    auto today = c->node().context().today();
    auto existing = known.book->existing(known.territory, known.dispositif(), known.ile_de_france, today);
    auto items = json::array();
    for (const auto& one : law::powers_over(*known.book, known.territory, existing, today)) {
      power_view view{one.power, !one.barred_by, {}, {}, {}, {}};
      if (one.barred_by) {
        view.refused = one.barred_by->code;
        view.article = law::text<40>::parse(one.barred_by->article);
        view.because = law::text<400>::parse(one.barred_by->because);
        view.possible_from = one.barred_by->possible_from;
      }
      items.push_back(to_json(view));
    }
    c->answer(answer_json(200, {{"items", std::move(items)}}));
  });
}

} // namespace toit::web::serve
