// The node itself, and who asks.

#include "law/scalar_text.hpp"
#include "web/server/answers.hpp"
#include "web/server/api.hpp"
#include "web/server/openapi.hpp"
#include "web/server/serve.hpp"
#include "web/server/shape.hpp"

namespace toit::web::serve {

using law::refusal_code;

// -- running --------------------------------------------------------------------------------------------------------

void health(const call_ptr& c) { c->answer(answer_text(200, "text/plain; charset=utf-8", "ok\n")); }

void readiness(const call_ptr& c) {
  if (auto why = c->node().not_ready())
    return c->answer(answer_fault(http_fault::not_ready, *why));
  c->answer(answer_text(200, "text/plain; charset=utf-8", "ok\n"));
}

void metrics(const call_ptr& c) {
  c->answer(answer_text(200, "text/plain; version=0.0.4", c->node().context().metrics->text()));
}

void openapi(const call_ptr& c) { c->answer(answer_text(200, "application/json", openapi_text())); }

void territory(const call_ptr& c) {
  const auto& node = c->node();
  const auto& context = node.context();
  c->answer(answer_json(200, to_json(territory_facts{node.territory_name(), context.settings.territory, node.purpose(),
                                                     context.stream, node.signer(), context.settings.allots_numbers})));
}

void clock(const call_ptr& c) {
  c->gateway().watch(answering<watcher_status>(c, [c](const watcher_status& kept) {
    const auto& context = c->node().context();
    c->answer(answer_json(200, to_json(clock_reading{context.clock->now(), context.today(), kept.day, kept.day_done,
                                                     kept.frozen, c->node().purpose() != "production"})));
  }));
}

// -- who asks -------------------------------------------------------------------------------------------------------

namespace {

struct login_body {
  law::text<80> login;
  law::text<200> password;
  static constexpr auto fields() {
    return std::tuple{law::field{"login", &login_body::login}, law::field{"password", &login_body::password}};
  }
};

} // namespace

void log_in(const call_ptr& c) {
  auto body = parse_json(c->asked.body);
  if (!body)
    return c->refuse(body.error());
  login_body given;
  reading where;
  if (!wire<login_body>::read(*body, given, where))
    return c->refuse(*where.wrong);
  // Without a login the guard would look for a token: there is none.
  if (given.login.empty() || given.password.empty())
    return c->refuse(
        law::refuse(refusal_code::missing_field, "", "L'identifiant et le mot de passe sont obligatoires.").error());
  if (!c->server->logins().begin(c->asked.peer, c->node().context().clock->monotonic()))
    return c->answer(answer_fault(http_fault::too_many_attempts));
  c->gateway().log_in({given.login.str(), given.password.str(), {}}, [c](told<toit::session> opened) {
    if (opened || opened.error().code != refusal_code::unauthenticated)
      c->server->logins().forgive(c->asked.peer);
    if (!opened)
      return c->refuse(opened.error());
    c->answer(answer_json(200, to_json(*opened)));
  });
}

void log_out(const call_ptr& c) {
  c->gateway().log_out(c->token);
  c->answer({204, {}, {}});
}

void who_asks(const call_ptr& c) { c->answer(answer_json(200, to_json(c->who))); }

// -- counts ---------------------------------------------------------------------------------------------------------

namespace {

web::statistics count(const registry_status& there, const law::rights_book& rights, const law::contingent_book& book,
                      law::civil_date today) {
  web::statistics counts{there.demandes, there.dwellings, there.vacancies, there.sessions};
  counts.legal_persons = rights.legal_persons().size();
  for (const auto& [id, habilitation] : rights.habilitations())
    counts.habilitations_in_force += habilitation.in_force(today) ? 1 : 0;
  for (const auto& [id, convention] : book.conventions().all())
    counts.conventions_in_force += convention.in_force(today) ? 1 : 0;
  for (const auto& [account, charged] : book.ledger()) {
    counts.attributions_stated += charged.stated;
    counts.leases += charged.confirmed;
  }
  return counts;
}

} // namespace

void statistics(const call_ptr& c) {
  auto& way = c->gateway();
  way.registry(answering<registry_status>(c, [c, &way](const registry_status& there) {
    way.rights(answering<rights_ptr>(c, [c, &way, there](const rights_ptr& rights) {
      way.contingents(answering<contingents_ptr>(c, [c, there, rights](const contingents_ptr& book) {
        c->answer(answer_json(200, to_json(count(there, *rights, *book, c->node().context().today()))));
      }));
    }));
  }));
}

// -- proof ----------------------------------------------------------------------------------------------------------

namespace {

std::unexpected<law::refusal> not_there() {
  return law::refuse(refusal_code::unknown_subject, "L441-2-7-1-1a", "Le journal n'a pas cette écriture.");
}

} // namespace

void stream_head(const call_ptr& c) {
  // That of a replica too: whoever holds a receipt may ask a witness.
  auto asked = ports::stream_id::parse(*c->in_path("stream"));
  if (!asked)
    return c->refuse(not_there().error());
  auto find = [stream = *asked](ports::journal_reader& reader) -> told<json> {
    auto head = reader.latest_head(stream);
    return head ? told<json>{to_json(*head)} : not_there();
  };
  c->gateway().look_up(find, answering<json>(c, [c](const json& head) { c->answer(answer_json(200, head)); }));
}

namespace {

/// Witnessed once the ordering authority has countersigned; on a node alone, nobody does.
durability durability_of(const std::vector<ports::witness_mark>& marks, const ports::federation_report_ptr& links) {
  auto ordering = links ? links->ordering : std::nullopt;
  bool witnessed = ordering && std::ranges::find(marks, *ordering, &ports::witness_mark::witness) != marks.end();
  return witnessed ? durability::witnessed : durability::disk;
}

} // namespace

void federation(const call_ptr& c) {
  auto links = c->node().links();
  c->answer(answer_json(200, to_json(links ? *links : ports::federation_report{})));
}

void entry(const call_ptr& c) {
  std::uint64_t seq = 0;
  if (!law::scalar_from_text(*c->in_path("seq"), seq) || seq == 0 || seq > INT64_MAX)
    return c->refuse(not_there().error());
  auto find = [seq, stream = c->node().context().stream,
               links = c->node().links()](ports::journal_reader& reader) -> told<json> {
    auto found = reader.entry(stream, seq);
    if (!found)
      return not_there();
    auto marks = reader.marks_covering(stream, seq);
    entry_header header{found->seq,
                        found->epoch,
                        found->recorded_at,
                        found->subject,
                        found->previous,
                        found->record == nullptr,
                        reader.head_covering(stream, seq),
                        durability_of(marks, links),
                        {}};
    header.witnesses.assign(marks.begin(), marks.end());
    return to_json(header);
  };
  c->gateway().look_up(find, answering<json>(c, [c](const json& header) { c->answer(answer_json(200, header)); }));
}

namespace {

/// Entries looked at for one page: what is sought may be rare, and the answer says where to go on.
constexpr std::uint64_t scan_limit = 20'000;

/// Whoever follows the stream, and whoever has ever countersigned it: who has left the directory keeps what he held.
std::vector<erasure_holder> holders_of(const std::vector<ports::stream_id>& followers,
                                       const std::vector<ports::witness_mark>& ever) {
  std::vector<erasure_holder> holders;
  for (const auto& follower : followers)
    holders.push_back({follower, false, std::nullopt});
  for (const auto& mark : ever)
    if (std::ranges::find(followers, mark.witness) == followers.end())
      holders.push_back({mark.witness, true, std::nullopt});
  return holders;
}

erasure_certificate certificate_of(const ports::stored_entry& tombstone, const law::demande_erased& erased,
                                   std::vector<erasure_holder> holders, const std::vector<ports::witness_mark>& marks) {
  erasure_certificate made;
  made.seq = tombstone.seq;
  made.recorded_at = tombstone.recorded_at;
  made.subject = tombstone.subject;
  made.entries = erased.entries.size();
  made.documents = erased.documents;
  for (auto& holder : holders) {
    auto mark = std::ranges::find(marks, holder.authority, &ports::witness_mark::witness);
    if (mark != marks.end())
      holder.confirmed = *mark;
    made.holders.push_back(std::move(holder));
  }
  made.complete = std::ranges::all_of(made.holders, [](const auto& one) { return one.confirmed.has_value(); });
  return made;
}

} // namespace

namespace {

/// A page of what `shown` makes of the stream's entries, in their order; null is left out.
template <class Shown>
void scan(const call_ptr& c, Shown shown) {
  auto page = read_page(*c);
  if (!page)
    return;
  auto find = [c, page = *page, shown](ports::journal_reader& reader) -> told<json> {
    constexpr std::size_t chunk = 1024;
    const auto& stream = c->node().context().stream;
    auto items = json::array();
    auto at = page.position;
    for (auto end = at + scan_limit; at < end && items.size() < page.limit;) {
      auto entries = reader.read(stream, at, chunk);
      if (entries.empty())
        return json{{"items", std::move(items)}};
      for (auto one = entries.begin(); one != entries.end() && items.size() < page.limit; ++one) {
        at = one->seq;
        if (auto item = one->record ? shown(*one, reader) : json{}; !item.is_null())
          items.push_back(std::move(item));
      }
    }
    return json{{"items", std::move(items)}, {"next", next_page(*c, at)}};
  };
  c->gateway().look_up(find, answering<json>(c, [c](const json& found) { c->answer(answer_json(200, found)); }));
}

} // namespace

/// Every tombstone in the order of the stream, with the holders that have not yet answered, and may never.
// [L441-2-7-1-1c]
void erasures(const call_ptr& c) {
  const auto& context = c->node().context();
  auto followers = context.post ? context.post->issuers() : std::vector<ports::stream_id>{};
  scan(c, [followers, stream = context.stream](const ports::stored_entry& one, ports::journal_reader& reader) {
    const auto* erased = std::get_if<law::demande_erased>(&one.record->event);
    if (!erased)
      return json{};
    auto holders = holders_of(followers, reader.marks_covering(stream, 0));
    return to_json(certificate_of(one, *erased, std::move(holders), reader.marks_covering(stream, one.seq)));
  });
}

/// What others have entered in the name of whoever asks.
// [R441-2-15-I-9] [R441-2-15-I-10]
void entries_in_name(const call_ptr& c) {
  scan(c, [own = c->who.legal_person](const ports::stored_entry& one, ports::journal_reader&) {
    const auto& record = *one.record;
    if (record.originator != own || record.introducer == own)
      return json{};
    const auto& kind = law::kind_of(record.event);
    return to_json(entry_in_name{one.seq, one.recorded_at, std::string{kind.name}, std::string{kind.title},
                                 record.occurred_on, record.introducer, record.agent, one.subject});
  });
}

} // namespace toit::web::serve
