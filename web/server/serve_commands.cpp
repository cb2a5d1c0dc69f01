// Whatever is recorded: a command on its way to the guard, and its receipt.

#include "web/server/answers.hpp"
#include "web/server/asked.hpp"
#include "web/server/multipart.hpp"
#include "web/server/serve.hpp"

namespace toit::web::serve {

using law::refusal_code;

namespace {

constexpr std::size_t key_limit = 200;

bool is_json(const call& c) {
  auto type = c.asked.header("Content-Type").value_or("");
  return same_header(type.substr(0, type.find_first_of("; ")), "application/json");
}

/// False, and the call answered, when the key is no key.
bool take_key(const call& c, asked_command& asked) {
  auto key = c.asked.header("Idempotency-Key").value_or("");
  bool plain = std::ranges::all_of(key, [](char character) { return character > ' ' && character <= '~'; });
  if (key.size() > key_limit || !plain)
    return c.refuse(law::refuse_field(refusal_code::malformed, "",
                                      "Une clé d'idempotence a au plus 200 caractères visibles.", "Idempotency-Key")
                        .error()),
           false;
  asked.idempotency_key = key;
  return true;
}

/// Digest of all that is asked. A password counts as given or not: its digest is no business of a journal. An event
/// that the node has made by itself is no part of what was asked.
law::bytes32 digest_of(const call& c, const asked_command& asked) {
  auto originator = asked.originator ? wire<law::party>::write(*asked.originator) : json{};
  json whole{{"method", c.asked.method},
             {"target", c.asked.target.substr(0, c.asked.target.find('?'))},
             {"kind", law::kind_of(asked.event).name},
             {"event", c.what->body == body_form::none ? json{} : write_event(asked.event)},
             {"occurred_on", wire<law::civil_date>::write(asked.occurred_on)},
             {"originator", originator},
             {"login", asked.login},
             {"password", !asked.password.empty()},
             {"display_name", asked.display_name}};
  auto text = to_text(whole);
  const auto& digester = *c.node().context().digester;
  auto as_bytes = [](std::string_view of) {
    return std::span{reinterpret_cast<const std::uint8_t*>(of.data()), of.size()};
  };
  if (!asked.content.empty())
    text += law::to_hex(digester.digest("content", asked.content));
  return digester.digest("request", as_bytes(text));
}

template <class Id>
bool take_target(const call& c, std::string_view name, asked_command& asked) {
  auto given = c.in_path(name);
  if (!given)
    return true;
  Id id;
  if (!law::parse_hex(*given, id.bytes))
    return false;
  asked.target = law::subject_of(id);
  return true;
}

/// What the path names must be what the event names, where it names it too.
bool agrees_with_path(const call& c, const asked_command& asked) {
  auto event = write_event(asked.event);
  return std::ranges::all_of(c.path, [&](const auto& named) {
    auto inside = event.find(std::string{named.first});
    return inside == event.end() || *inside == named.second;
  });
}

/// What the path says the command is about; false, and the call answered, when there is no such thing.
bool take_path(const call& c, asked_command& asked) {
  if (auto number = c.in_path("number")) {
    asked.number = law::nud::parse(*number);
    if (!asked.number)
      return c.refuse(law::refuse(refusal_code::unknown_demande, "L441-2-1",
                                  "Aucune demande n'a ce numéro dans ce territoire.")
                          .error()),
             false;
  }
  if (auto stream = c.in_path("stream")) {
    asked.elsewhere = ports::stream_id::parse(*stream);
    if (!asked.elsewhere)
      return c.refuse(
                 law::refuse(refusal_code::unknown_territory, "L441-2-7-1-1a", "Ce territoire n'existe pas.").error()),
             false;
  }
  if (!take_target<law::vacancy_id>(c, "vacancy", asked) || !take_target<law::session_id>(c, "session", asked))
    return c.refuse(law::refuse(refusal_code::unknown_subject, "", "Rien n'a cet identifiant ici.").error()), false;
  if (!agrees_with_path(c, asked))
    return c.refuse(law::refuse_field(refusal_code::malformed, "",
                                      "L'événement ne porte pas sur ce que nomme l'adresse.", "event")
                        .error()),
           false;
  return true;
}

/// Since when the node has recorded without anybody confirming where it stands; absent while somebody does.
std::optional<law::instant> unconfirmed_since(const host& node) {
  std::optional<law::instant> since;
  auto links = node.links();
  if (!links)
    return since;
  for (const auto& alarm : links->alarms)
    if (alarm.kind == ports::alarm_kind::unconfirmed || alarm.kind == ports::alarm_kind::directory_expired)
      since = std::min(since.value_or(alarm.since), alarm.since);
  return since;
}

} // namespace

void record(const call_ptr& c, std::shared_ptr<asked_command> asked) {
  if (!take_key(*c, *asked))
    return;
  asked->by = c->who;
  asked->token = c->token;
  asked->request = digest_of(*c, *asked);
  if (!asked->occurred_on.ok())
    asked->occurred_on = c->node().context().today();
  c->gateway().submit(std::move(asked), answering<receipt>(c, [c](const receipt& given) {
                        c->answer(
                            answer_json(given.first_seq > 0 ? 201 : 200, to_json(given, unconfirmed_since(c->node()))));
                      }));
}

void command(const call_ptr& c) {
  if (!is_json(*c))
    return c->answer(answer_fault(http_fault::not_acceptable_body));
  auto asked = read_command(c->asked.body, *c->what);
  if (!asked)
    return c->refuse(asked.error());
  if (take_path(*c, **asked))
    record(c, std::move(*asked));
}

// [L441-2-7-1-1b]
void upload(const call_ptr& c) {
  auto parts = parse_multipart(c->asked.header("Content-Type").value_or(""), c->asked.body);
  if (!parts)
    return c->answer(answer_fault(http_fault::not_acceptable_body,
                                  "Le corps doit être un formulaire (multipart/form-data) bien formé."));
  auto find = [&](std::string_view name) { return std::ranges::find(*parts, name, &part::name); };
  auto command = find("command");
  auto content = find("content");
  if (parts->size() != 2 || command == parts->end() || content == parts->end() || content->content.empty())
    return c->refuse(law::refuse(refusal_code::missing_field, "",
                                 "Le formulaire a deux parties : « command », en JSON, et « content », la pièce.")
                         .error());
  if (content->content.size() > ports::document_limit_bytes)
    return c->refuse(
        law::refuse(refusal_code::too_large, "L441-2-1", "La pièce dépasse la limite de taille publiée.").error());
  auto asked = read_command(command->content, *c->what);
  if (!asked)
    return c->refuse(asked.error());
  (*asked)->content.assign(content->content.begin(), content->content.end());
  if (take_path(*c, **asked))
    record(c, std::move(*asked));
}

// -- tokens of whoever asks -----------------------------------------------------------------------------------------

namespace {

struct label_body {
  law::text<60> label;
  static constexpr auto fields() { return std::tuple{law::field{"label", &label_body::label}}; }
};

std::shared_ptr<asked_command> change_own(const call& c, law::secret_change change) {
  auto asked = std::make_shared<asked_command>();
  asked->event = law::account_secret_changed{c.who.account, change};
  return asked;
}

} // namespace

void issue_token(const call_ptr& c) {
  auto body = parse_json(c->asked.body);
  if (!body)
    return c->refuse(body.error());
  label_body given;
  reading where;
  if (!wire<label_body>::read(*body, given, where))
    return c->refuse(*where.wrong);
  auto asked = change_own(*c, law::secret_change::token_issued);
  asked->display_name = given.label.str();
  record(c, std::move(asked));
}

void revoke_tokens(const call_ptr& c) { record(c, change_own(*c, law::secret_change::tokens_revoked)); }

} // namespace toit::web::serve
