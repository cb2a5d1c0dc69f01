// The evidence about a territory, on its prefect's node: gathered as it stands, filed, and shown as it was filed.

#include "web/server/dispositif_answers.hpp"
#include "web/server/lateness_question.hpp"
#include "web/server/serve.hpp"
#include "web/server/watched_territory.hpp"

namespace toit::web::serve {

using law::refusal_code;

namespace {

using evidence_ptr = std::shared_ptr<law::evidence_file>;

/// Each line with the link of the entry that it rests on, by which a dossier de preuve shows that very entry.
void add_links(law::evidence_file& file, ports::journal_reader& reader, const ports::stream_id& authority) {
  auto territory = ports::stream_of(file.territory);
  for (auto& item : file.items)
    if (item.seq > 0)
      item.link = reader.link_of(item.source == law::evidence_source::authority ? authority : territory, item.seq);
}

void ask_lateness(const call_ptr& c, law::siren territory, std::function<void(told_lines)> tell) {
  auto ask = [c, territory](law::text<2048> target, std::function<void(const std::optional<relayed_answer>&)> take) {
    web::relayed_read asked{c->who.legal_person.legal_person(), c->who.account, std::move(target), {}};
    c->node().relay(ports::stream_of(territory), std::move(asked), std::move(take));
  };
  std::make_shared<lateness_question>(ask, c->node().context().clock, std::move(tell))->begin();
}

using file_taker = std::function<void(const law::evidence_file&)>;

void put_together(const call_ptr& c, const watched& known, const told_lines& lines, file_taker then) {
  auto late = lines ? law::told_lateness{*lines} : std::nullopt;
  evidence_ptr file = std::make_shared<law::evidence_file>(
      law::gather_evidence(*known.book, known.territory, known.dispositif(), known.substituted_elsewhere, late,
                           known.news, known.ile_de_france, known.today));
  const auto& authority = c->node().context().stream;
  file->authority = law::text<16>{authority.view()};
  auto find = [file, authority](ports::journal_reader& reader) -> told<json> {
    add_links(*file, reader, authority);
    return json{};
  };
  c->gateway().look_up(find, answering<json>(c, [file, then = std::move(then)](const json&) { then(*file); }));
}

/// Goes on with the evidence as it stands, on the node of the prefect who is competent for the territory. The host may
/// take his time to answer: what is known of his journal is known then.
// [L441-2-7-4-1] [L441-2-7-4-3]
void gather(const call_ptr& c, file_taker then) {
  watch(c, [c, then](const watched& before) {
    if (!before.news.link_up)
      return put_together(c, before, std::nullopt, then);
    ask_lateness(c, before.territory, [c, then](told_lines lines) {
      watch(c, [c, then, lines = std::move(lines)](const watched& known) { put_together(c, known, lines, then); });
    });
  });
}

/// Nobody is questioned for an agent who may record nothing of it.
void if_may_record(const call_ptr& c, std::function<void()> then) {
  c->gateway().rights(answering<rights_ptr>(c, [c, then = std::move(then)](const rights_ptr& book) {
    const auto* account = book->find(c->who.account);
    if (!account || !account->may(law::agent_mission::record))
      return c->refuse(
          law::refuse(refusal_code::not_empowered, "R441-2-15-V-2-5", "Cet agent n'a pas cette mission.").error());
    then();
  }));
}

/// Of the file in the one form that it has: the body by which the API tells it.
law::bytes32 digest_of_file(const call& c, const std::string& body) {
  return c.node().context().digester->plain_digest({reinterpret_cast<const std::uint8_t*>(body.data()), body.size()});
}

response told_with(response given, const law::bytes32& digest) {
  given.headers.emplace_back("ETag", '"' + law::to_hex(digest) + '"');
  return given;
}

} // namespace

/// What is written about the territory, told apart from what nobody knows. It concludes nothing.
// [L441-2-7-4-1] [L441-2-7-4-3]
void evidence(const call_ptr& c) {
  gather(c, [c](const law::evidence_file& file) {
    auto given = answer_json(200, to_json(file));
    auto digest = digest_of_file(*c, given.body);
    c->answer(told_with(std::move(given), digest));
  });
}

// [L441-2-7-4-1]
void file_evidence(const call_ptr& c) {
  auto file_it = [c](const law::evidence_file& file) {
    auto asked = std::make_shared<asked_command>();
    asked->occurred_on = file.as_of;
    asked->event = law::evidence_filed{file.territory, digest_of_file(*c, to_text(to_json(file))), file};
    record(c, std::move(asked));
  };
  if_may_record(c, [c, file_it] { gather(c, file_it); });
}

namespace {

law::refusal no_such_evidence() {
  return law::refuse(refusal_code::unknown_subject, "L441-2-7-4-1",
                     "Aucun dossier de ce territoire n'a été arrêté ici avec cette empreinte.")
      .error();
}

} // namespace

// [L441-2-7-4-1]
void filed_evidence(const call_ptr& c) {
  watch(c, [c](const watched& known) {
    law::bytes32 digest{};
    bool named = law::parse_hex(c->in_path("digest").value_or(""), digest);
    const auto* filed = named ? known.book->find(known.territory, digest) : nullptr;
    if (!filed)
      return c->refuse(no_such_evidence());
    auto find = [seq = filed->seq, own = c->node().context().stream](ports::journal_reader& reader) -> told<json> {
      auto entry = reader.entry(own, seq);
      const auto* kept = entry && entry->record ? std::get_if<law::evidence_filed>(&entry->record->event) : nullptr;
      if (!kept)
        return std::unexpected{no_such_evidence()};
      return to_json(kept->file);
    };
    auto tell = [c, digest](const json& file) { c->answer(told_with(answer_json(200, file), digest)); };
    c->gateway().look_up(find, answering<json>(c, tell));
  });
}

} // namespace toit::web::serve
