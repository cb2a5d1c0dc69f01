// What State authorities do: commands to territories, thresholds, reads that the territory's own node answers.

#include "law/scalar_text.hpp"
#include "web/server/answers.hpp"
#include "web/server/routes.hpp"
#include "web/server/serve.hpp"

namespace toit::web::serve {

using law::refusal_code;

// -- reads elsewhere ------------------------------------------------------------------------------------------------

namespace {

/// The same address on the territory's own node.
std::string target_there(const call& c) {
  constexpr std::string_view before = "/v1/streams/";
  std::string_view sent = c.asked.target;
  auto rest = sent.substr(before.size());
  return "/v1" + std::string{rest.substr(rest.find('/'))};
}

/// Addresses of the answer (the next page) are the asked node's own again.
std::string addressed_here(std::string body, std::string_view stream) {
  auto read = parse_json(body);
  if (!read || !read->is_object() || !read->contains("next") || !(*read)["next"].is_string())
    return body;
  auto& next = (*read)["next"].get_ref<std::string&>();
  if (next.starts_with("/v1/"))
    next = "/v1/streams/" + std::string{stream} + next.substr(3);
  return to_text(*read);
}

void ask_there(const call_ptr& c, const ports::stream_id& stream) {
  auto target = law::text<2048>::parse(target_there(*c));
  auto purpose = law::text<64>::parse(c->asked.header("Toit-Purpose").value_or(""));
  if (!target || !purpose)
    return c->refuse(law::refuse(refusal_code::malformed, "", "L'adresse est mal formée.").error());
  web::relayed_read asked{c->who.legal_person.legal_person(), c->who.account, std::move(*target), std::move(*purpose)};
  c->node().relay(stream, std::move(asked), [c, stream](std::optional<relayed_answer> told) {
    if (!told || told->status < 200 || told->status > 599)
      return c->refuse(
          law::refuse(refusal_code::busy, "", "Le nœud de ce territoire ne répond pas : réessayez.").error());
    response given{told->status, {}, addressed_here(std::move(told->body), stream.view())};
    given.headers.emplace_back("Content-Type", told->status < 400 ? "application/json" : "application/problem+json");
    c->answer(std::move(given));
  });
}

} // namespace

/// Decided, logged and answered where the demande is; here only whether the agent may consult at all.
// [R441-2-15-V-2-1a] [R441-2-15-V-2-1b]
void relayed_read(const call_ptr& c) {
  auto stream = ports::stream_id::parse(*c->in_path("stream"));
  const auto* post = c->node().context().post.get();
  auto followed = post ? post->territories() : std::vector<ports::stream_id>{};
  if (!stream || std::ranges::find(followed, *stream) == followed.end())
    return c->refuse(
        law::refuse(refusal_code::unknown_territory, "L441-2-7-1-1a", "Cette autorité ne suit pas ce territoire.")
            .error());
  c->gateway().rights(answering<rights_ptr>(c, [c, to = *stream](const rights_ptr& book) {
    const auto* account = book->find(c->who.account);
    if (!account || !account->may(law::agent_mission::consult))
      return c->refuse(
          law::refuse(refusal_code::not_empowered, "R441-2-15-V-2-5", "Ce compte n'a pas accès à la consultation.")
              .error());
    ask_there(c, to);
  }));
}

// -- commands -------------------------------------------------------------------------------------------------------

namespace {

command_line line_of(const law::issued_command& command, const ports::command_post& post) {
  command_line line;
  line.issued = command.issued;
  line.territory = *ports::stream_id::parse(command.addressee.str());
  line.valid_until = command.valid_until;
  bool late = command.valid_until && *command.valid_until <= post.now();
  line.state = late ? command_state::lapsed : command_state::waiting;
  if (command.executed != 0) {
    line.state = command_state::answered;
    line.executed = command.executed;
  }
  return line;
}

/// What the territory has answered, which this node alone can read; where a cut has left that out, what it had brought
/// comes back as late entries do, and the answer itself does not.
// [L441-2-7-4-1]
void add_result(command_line& line, ports::journal_reader& reader, const ports::command_post& post) {
  auto entry = line.executed ? reader.entry(line.territory, *line.executed) : std::nullopt;
  if (!entry)
    return;
  const auto* executed = entry->record ? std::get_if<law::command_executed>(&entry->record->event) : nullptr;
  if (!executed || executed->issued != line.issued) {
    line.state = command_state::left_out;
    return;
  }
  auto result = post.open_result(executed->result.value);
  if (!result)
    return;
  line.state = result->refusal ? command_state::refused : command_state::recorded;
  if (result->refusal) {
    line.refused = result->refusal->code;
    line.article = law::text<40>::parse(result->refusal->article);
    line.because = law::text<400>::parse(result->refusal->because);
  } else {
    line.first_seq = result->first_seq;
    line.last_seq = result->last_seq;
  }
}

law::refusal no_such_command() {
  return law::refuse(refusal_code::unknown_subject, "R441-2-15-I-9", "Aucune commande n'a cette écriture.").error();
}

} // namespace

void commands(const call_ptr& c) {
  auto page = read_page(*c);
  const auto* post = c->node().context().post.get();
  if (!page)
    return;
  c->gateway().state_acts(answering<state_acts_ptr>(c, [c, page = *page, post](const state_acts_ptr& acts) {
    auto items = json::array();
    std::uint64_t last = 0;
    const auto& all = acts->commands();
    for (auto at = all.upper_bound(page.position); post && at != all.end(); ++at) {
      if (items.size() == page.limit)
        return c->answer(answer_json(200, {{"items", std::move(items)}, {"next", next_page(*c, last)}}));
      items.push_back(to_json(line_of(at->second, *post)));
      last = at->first;
    }
    c->answer(answer_json(200, {{"items", std::move(items)}}));
  }));
}

void command_issued(const call_ptr& c) {
  std::uint64_t seq = 0;
  const auto* post = c->node().context().post.get();
  if (!post || !law::scalar_from_text(*c->in_path("seq"), seq))
    return c->refuse(no_such_command());
  c->gateway().state_acts(answering<state_acts_ptr>(c, [c, seq, post](const state_acts_ptr& acts) {
    auto found = acts->commands().find(seq);
    if (found == acts->commands().end())
      return c->refuse(no_such_command());
    auto find = [line = line_of(found->second, *post), post](ports::journal_reader& reader) mutable -> told<json> {
      add_result(line, reader, *post);
      return to_json(line);
    };
    c->gateway().look_up(find, answering<json>(c, [c](const json& line) { c->answer(answer_json(200, line)); }));
  }));
}

// -- territories and thresholds -------------------------------------------------------------------------------------

namespace {

void add_link(followed_territory& shown, const ports::federation_report& standing) {
  for (const auto& link : standing.links)
    for (const auto& stream : link.streams)
      if (stream.stream == shown.stream && (!shown.their_seq || stream.their_seq > *shown.their_seq)) {
        shown.link = link.state;
        shown.their_seq = stream.their_seq;
        shown.last_heard = link.last_heard;
      }
}

followed_territory shown(const supervised_territory& known, law::civil_date today) {
  followed_territory territory;
  territory.stream = known.stream;
  territory.name = known.name;
  territory.seq = known.seq;
  territory.caught_up = known.caught_up;
  territory.last_recorded_at = known.last_recorded_at;
  territory.commands_executed = known.commands_executed;
  territory.legal_persons = known.rights.legal_persons().size();
  auto in_force = [&](const auto& entry) { return entry.second.in_force(today); };
  auto count = [&](const auto& all) { return static_cast<std::uint64_t>(std::ranges::count_if(all, in_force)); };
  territory.habilitations_in_force = count(known.rights.habilitations());
  territory.conventions_in_force = count(known.rights.conventions().all());
  return territory;
}

} // namespace

void territories(const call_ptr& c) {
  auto page = read_page(*c);
  if (!page)
    return;
  using facts = std::vector<supervised_territory_ptr>;
  c->gateway().supervised(answering<facts>(c, [c, page = *page](const facts& all) {
    auto links = c->node().links();
    auto items = json::array();
    std::string last;
    for (const auto& known : all) {
      auto key = known->stream.text();
      if (!page.key.empty() && key <= page.key)
        continue;
      if (items.size() == page.limit)
        return c->answer(answer_json(200, {{"items", std::move(items)}, {"next", next_page(*c, last)}}));
      auto territory = shown(*known, c->node().context().today());
      if (links)
        add_link(territory, *links);
      items.push_back(to_json(territory));
      last = std::move(key);
    }
    c->answer(answer_json(200, {{"items", std::move(items)}}));
  }));
}

namespace {

/// Départements for which a State authority's thresholds count here: a State node shows its own, decided as its stream
/// was written; a territory those of who is competent for each département that it touches, whoever else follows it.
using threshold_setters = std::vector<std::pair<ports::stream_id, std::optional<std::vector<law::departement_code>>>>;

threshold_setters setters_of_thresholds(const territory_context& context) {
  threshold_setters setters;
  if (context.post)
    for (const auto& authority : context.post->issuers())
      if (auto where = context.post->competent_in(authority, law::state_matter::thresholds); !where.empty())
        setters.emplace_back(authority, std::move(where));
  if (context.stream.view().starts_with('S'))
    setters.emplace_back(context.stream, std::nullopt);
  return setters;
}

} // namespace

// [R441-2-15-II-2]
void thresholds(const call_ptr& c) {
  auto find = [setters = setters_of_thresholds(c->node().context())](ports::journal_reader& reader) -> told<json> {
    constexpr std::size_t chunk = 1024;
    auto items = json::array();
    for (const auto& [authority, where] : setters) {
      auto counts = [&](law::departement_code code) {
        return !where || std::ranges::find(*where, code) != where->end();
      };
      std::uint64_t seq = 0;
      for (auto entries = reader.read(authority, seq, chunk); !entries.empty();
           entries = reader.read(authority, seq, chunk)) {
        seq = entries.back().seq;
        for (const auto& entry : entries)
          if (const auto* set = entry.record ? std::get_if<law::waiting_threshold_set>(&entry.record->event) : nullptr;
              set && counts(set->departement))
            items.push_back(to_json(*set));
      }
    }
    return json{{"items", std::move(items)}};
  };
  c->gateway().look_up(find, answering<json>(c, [c](const json& found) { c->answer(answer_json(200, found)); }));
}

} // namespace toit::web::serve
