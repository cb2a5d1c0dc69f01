// The dispositif: what its parties have recorded in the territory; what the prefect has, may do, and can show.

#include "law/competence.hpp"
#include "law/scalar_text.hpp"
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

namespace {

late_entry_view shown(const law::late_file& file) {
  late_entry_view view{file.settled, file.settled_seq, file.awaits_review(), {}};
  if (file.review)
    view.review = late_review_view{file.review->verdict, file.review->because, file.reviewed_by, file.reviewed_on,
                                   file.reviewed_seq};
  return view;
}

} // namespace

namespace {

/// An entry's place among them, as the address of the next page names it.
std::string written_place(law::late_book::key place) {
  return std::to_string(place.first) + "-" + std::to_string(place.second);
}

std::optional<law::late_book::key> read_place(std::string_view text) {
  law::late_book::key place{};
  auto dash = text.find('-');
  if (dash == std::string_view::npos || !law::scalar_from_text(text.substr(0, dash), place.first) ||
      !law::scalar_from_text(text.substr(dash + 1), place.second))
    return std::nullopt;
  return place;
}

} // namespace

// [L441-2-7-4-1]
void late_entries(const call_ptr& c) {
  auto page = read_page(*c);
  if (!page)
    return;
  auto after = page->key.empty() ? std::optional{law::late_book::key{}} : read_place(page->key);
  if (!after)
    return c->refuse_parameter("after");
  c->gateway().late_entries({c->who, *after, page->limit}, answering<late_page>(c, [c](const late_page& found) {
                              auto items = json::array();
                              for (const auto& file : found.files)
                                items.push_back(to_json(shown(file)));
                              json body{{"items", std::move(items)}};
                              if (found.next)
                                body["next"] = next_page(*c, written_place(*found.next));
                              c->answer(answer_json(200, body));
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

procedure_view shown(const law::participation_procedure& known, const law::dispositif_book* side) {
  procedure_view view;
  view.procedure = known.id;
  view.territory = known.territory;
  view.convention = known.convention;
  view.party = known.party;
  view.opened_on = known.opened_on;
  view.complete = known.complete();
  view.superseded = side && law::superseded(known, side->current());
  view.ordered_by = known.ordered_by;
  for (const auto& [from, opinion] : known.opinions)
    view.opinions.push_back({from, opinion ? std::optional{opinion->sense} : std::nullopt});
  return view;
}

/// Only the node of a State authority has procedures.
bool has_procedures(const call_ptr& c) {
  auto actors = c->node().actors();
  if (!actors || actors->procedures)
    return true;
  c->refuse(law::refuse(refusal_code::out_of_scope, "L441-2-7-4-1",
                        "Ce que fait un préfet se lit sur le nœud de son autorité.")
                .error());
  return false;
}

/// Null when nothing of the territory's journal has been received.
supervised_territory_ptr heard_of(const std::vector<supervised_territory_ptr>& all, law::siren territory) {
  auto is_it = [&](const supervised_territory_ptr& one) { return one->stream == ports::stream_of(territory); };
  auto found = std::ranges::find_if(all, is_it);
  return found != all.end() && (*found)->seq > 0 ? *found : nullptr;
}

} // namespace

void acts(const call_ptr& c) {
  if (!has_procedures(c))
    return;
  c->gateway().procedures(answering<procedures_ptr>(c, [c](const procedures_ptr& book) {
    auto items = json::array();
    for (const auto& [id, known] : book->acts())
      items.push_back(to_json(shown(known, c->node().context().today())));
    c->answer(answer_json(200, {{"items", std::move(items)}}));
  }));
}

void procedures(const call_ptr& c) {
  if (!has_procedures(c))
    return;
  c->gateway().procedures(answering<procedures_ptr>(c, [c](const procedures_ptr& book) {
    using facts = std::vector<supervised_territory_ptr>;
    c->gateway().supervised(answering<facts>(c, [c, book](const facts& all) {
      auto items = json::array();
      for (const auto& [id, known] : book->procedures()) {
        auto side = heard_of(all, known.territory);
        items.push_back(to_json(shown(known, side ? &side->dispositif : nullptr)));
      }
      c->answer(answer_json(200, {{"items", std::move(items)}}));
    }));
  }));
}

namespace {

void answer_specifications(const call_ptr& c, const std::vector<law::checklist>& regional) {
  auto items = json::array();
  items.push_back(to_json(law::national_checklist()));
  for (const auto& one : regional)
    items.push_back(to_json(one));
  c->answer(answer_json(200, {{"items", std::move(items)}}));
}

} // namespace

/// In a territory, those of the competent prefect that have reached it.
void specifications(const call_ptr& c) {
  auto actors = c->node().actors();
  if (actors && actors->conventions)
    return c->gateway().dispositif(answering<dispositif_ptr>(
        c, [c](const dispositif_ptr& known) { answer_specifications(c, known->specifications); }));
  c->gateway().procedures(answering<procedures_ptr>(
      c, [c](const procedures_ptr& book) { answer_specifications(c, book->specifications()); }));
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

/// How many entries the host said there are, and when; absent where he has said nothing since this node began.
const ports::stream_report* hosts_word(const ports::federation_report& links, const ports::node_name& host,
                                       const ports::stream_id& stream) {
  for (const auto& link : links.links)
    for (const auto& one : link.streams)
      if (link.node == host && one.stream == stream)
        return &one;
  return nullptr;
}

bool is_up(const ports::federation_report& links, const ports::node_name& host) {
  return std::ranges::any_of(links.links, [&](const ports::link_report& link) {
    return link.node == host && link.state == ports::link_state::up;
  });
}

/// The last day on which all that had been recorded there was here: by its host's own word, or else that of the last
/// entry here. How long ago he spoke is told by the machines' clocks: a demonstration's own may be elsewhere.
law::journal_news news_of(const call_ptr& c, const supervised_territory* side, const ports::stream_id& stream) {
  const auto& context = c->node().context();
  law::journal_news news;
  auto host = context.post->host_of(stream);
  news.has_node = host.has_value();
  if (side)
    news.known_through = law::local_date(context.departement, side->last_recorded_at);
  auto links = c->node().links();
  if (!links || !host || !side)
    return news;
  news.link_up = is_up(*links, *host);
  if (const auto* word = hosts_word(*links, *host, stream);
      word && word->as_of != law::instant{} && side->seq >= word->their_seq) {
    auto ago = std::max(context.post->now() - word->as_of, std::chrono::milliseconds{0});
    auto heard = law::local_date(context.departement, context.clock->now() - ago);
    news.known_through = std::max(*news.known_through, heard);
  }
  return news;
}

/// Goes on with what is known of the territory that the path names, on the node of the prefect who is competent for it.
template <class Then>
void watch(const call_ptr& c, Then then) {
  if (!has_procedures(c))
    return;
  auto territory = law::siren::parse(c->in_path("territory").value_or(""));
  const auto* post = c->node().context().post.get();
  auto place = territory && post ? post->place_of(*territory) : std::nullopt;
  if (!place)
    return c->refuse(
        law::refuse(refusal_code::unknown_territory, "L441-2-7-1-1a", "Cette autorité ne connaît pas ce territoire.")
            .error());
  if (!place->ordered_here)
    return c->refuse(law::refuse(refusal_code::wrong_prefect, "L441-2-7-4-1",
                                 "Le dispositif de ce territoire relève d'un autre représentant de l'État.")
                         .error());
  watched known;
  known.territory = *territory;
  known.ile_de_france = c->node().context().stream.view() == law::ile_de_france_authority;
  c->gateway().procedures(answering<procedures_ptr>(c, [c, known, then](const procedures_ptr& book) {
    using facts = std::vector<supervised_territory_ptr>;
    c->gateway().supervised(answering<facts>(c, [c, known, book, then](const facts& all) {
      auto whole = known;
      whole.book = book;
      whole.side = heard_of(all, known.territory);
      // What is folded so far says nothing of what comes after it.
      if (whole.side && !whole.side->caught_up)
        return c->refuse(law::refuse(refusal_code::busy, "L441-2-7-4-1",
                                     "Le journal de ce territoire est encore en lecture : réessayez.")
                             .error());
      whole.news = news_of(c, whole.side.get(), ports::stream_of(known.territory));
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
    existing.unheard = known.news.has_node && !known.side;
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
