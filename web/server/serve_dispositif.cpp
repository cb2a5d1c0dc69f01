// The dispositif: what its parties have recorded in the territory; what the prefect has, may do, and can show.

#include "law/find_in.hpp"
#include "law/scalar_text.hpp"
#include "web/server/dispositif_answers.hpp"
#include "web/server/serve.hpp"
#include "web/server/watched_territory.hpp"

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
    if (const auto* joined = known->book.adhesion())
      shown.host = joined->host;
    if (const auto* current = known->book.current())
      shown.convention = current->convention.id;
    c->answer(answer_json(200, to_json(shown)));
  }));
}

namespace {

position_view shown(law::siren party, const law::party_position& told,
                    const std::optional<law::ordered_participation>& ordered) {
  position_view view{party, law::standing_of(told, ordered), told.since, told.seq, {}, {}};
  if (view.state != law::party_state::participates_by_order)
    return view;
  view.since = ordered->since;
  view.ordered_by = ordered->act;
  view.ordered_share = ordered->share;
  return view;
}

convention_view shown(const law::convention_file& file, const dispositif_report& known) {
  convention_view view;
  view.convention = file.convention;
  view.proposed_on = file.proposed_on;
  for (const auto& [party, position] : file.positions) {
    auto ordered = known.participations.find({file.convention.id, party});
    view.positions.push_back(
        shown(party, position, ordered == known.participations.end() ? std::nullopt : std::optional{ordered->second}));
  }
  return view;
}

} // namespace

/// A handful in the life of a territory: all of them on one page.
// [L441-2-7-3-1] [L441-2-7-3-2]
void dispositif_conventions(const call_ptr& c) {
  c->gateway().dispositif(answering<dispositif_ptr>(c, [c](const dispositif_ptr& known) {
    auto items = json::array();
    for (const auto& [id, file] : known->book.conventions())
      items.push_back(to_json(shown(file, *known)));
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

/// Where the party stands, by its own word and by the arrêté; absent where its word has not been received.
std::optional<law::party_state> standing_now(const law::participation_procedure& known,
                                             const law::dispositif_book* side, const law::procedures_book& book,
                                             law::civil_date today) {
  const auto* file = side ? side->find(known.convention) : nullptr;
  const auto* told = file ? law::find_in(file->positions, known.party) : nullptr;
  if (!told)
    return std::nullopt;
  return law::standing_of(*told, law::participation_of(book, known.convention, known.party, today));
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

} // namespace

void acts(const call_ptr& c) {
  if (!has_procedures(c))
    return;
  c->gateway().procedures(answering<procedures_ptr>(c, [c](const procedures_ptr& recorded) {
    auto items = json::array();
    for (const auto& [id, known] : recorded->book.acts())
      items.push_back(to_json(shown(known, c->node().context().today())));
    c->answer(answer_json(200, {{"items", std::move(items)}}));
  }));
}

void procedures(const call_ptr& c) {
  if (!has_procedures(c))
    return;
  c->gateway().procedures(answering<procedures_ptr>(c, [c](const procedures_ptr& recorded) {
    using facts = std::vector<supervised_territory_ptr>;
    c->gateway().supervised(answering<facts>(c, [c, recorded](const facts& all) {
      auto items = json::array();
      for (const auto& [id, known] : recorded->book.procedures()) {
        auto side = heard_of(all, known.territory);
        const auto* told = side ? &side->dispositif : nullptr;
        auto view = shown(known, told);
        view.stands = standing_now(known, told, recorded->book, c->node().context().today());
        items.push_back(to_json(view));
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
      c, [c](const procedures_ptr& recorded) { answer_specifications(c, recorded->book.specifications()); }));
}

/// What the prefect may do now, and what is missing where he may not yet.
// [L441-2-7-4-1] [L441-2-7-4-4]
void powers(const call_ptr& c) {
  watch(c, [c](const watched& known) {
    auto today = c->node().context().today();
    auto existing = known.book->existing(known.territory, known.dispositif(), known.ile_de_france, today);
    existing.unheard = known.news.has_node && !known.side;
    existing.substitution_elsewhere = known.substituted_elsewhere;
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
