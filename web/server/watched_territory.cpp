#include "web/server/watched_territory.hpp"

#include "law/competence.hpp"
#include "law/find_in.hpp"

namespace toit::web {

using law::refusal_code;

bool has_procedures(const call_ptr& c) {
  auto actors = c->node().actors();
  if (!actors || actors->procedures)
    return true;
  c->refuse(law::refuse(refusal_code::out_of_scope, "L441-2-7-4-1",
                        "Ce que fait un préfet se lit sur le nœud de son autorité.")
                .error());
  return false;
}

supervised_territory_ptr heard_of(const std::vector<supervised_territory_ptr>& all, law::siren territory) {
  auto is_it = [&](const supervised_territory_ptr& one) { return one->stream == ports::stream_of(territory); };
  auto found = std::ranges::find_if(all, is_it);
  return found != all.end() && (*found)->seq > 0 ? *found : nullptr;
}

namespace {

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
/// entry here; today when this node is its host. How long ago he spoke is told by the machines' clocks: a
/// demonstration's own may be elsewhere.
law::journal_news news_of(const call_ptr& c, const supervised_territory* side, const ports::stream_id& stream,
                          law::civil_date today) {
  const auto& context = c->node().context();
  law::journal_news news;
  auto host = context.post->host_of(stream);
  news.has_node = host.has_value();
  if (side)
    news.known_through = law::local_date(context.departement, side->last_recorded_at);
  if (side && host && context.hosting && context.hosting->self() == *host) {
    news.link_up = true;
    news.known_through = today;
    return news;
  }
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

} // namespace

void watch(const call_ptr& c, std::function<void(const watched&)> then) {
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
  c->gateway().procedures(answering<procedures_ptr>(c, [c, known, then](const procedures_ptr& recorded) {
    using facts = std::vector<supervised_territory_ptr>;
    c->gateway().supervised(answering<facts>(c, [c, known, recorded, then](const facts& all) {
      auto whole = known;
      whole.book = {recorded, &recorded->book};
      if (const auto* standing = law::find_in(recorded->substituted_elsewhere, known.territory))
        whole.substituted_elsewhere = *standing;
      whole.side = heard_of(all, known.territory);
      // What is folded so far says nothing of what comes after it.
      if (whole.side && !whole.side->caught_up)
        return c->refuse(law::refuse(refusal_code::busy, "L441-2-7-4-1",
                                     "Le journal de ce territoire est encore en lecture : réessayez.")
                             .error());
      whole.today = c->node().context().today();
      whole.news = news_of(c, whole.side.get(), ports::stream_of(known.territory), whole.today);
      then(whole);
    }));
  }));
}

} // namespace toit::web
