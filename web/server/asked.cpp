#include "web/server/asked.hpp"

namespace toit::web {

using law::refusal_code;

std::vector<const law::entry_kind*> kinds_of(const route& on) {
  std::vector<const law::entry_kind*> kinds;
  for (const auto& kind : law::all_kinds())
    if (on.kinds && on.kinds(kind))
      kinds.push_back(&kind);
  return kinds;
}

namespace {

std::expected<const law::entry_kind*, law::refusal> read_kind(const json& body, const route& on) {
  auto wrong = [](refusal_code code, law::literal because) { return law::refuse_field(code, "", because, "kind"); };
  auto admitted = kinds_of(on);
  auto given = body.find("kind");
  if (given == body.end())
    return admitted.size() == 1 ? std::expected<const law::entry_kind*, law::refusal>{admitted.front()}
                                : wrong(refusal_code::missing_field, "La nature de l'événement est obligatoire.");
  const auto* kind = given->is_string() ? find_kind(given->get_ref<const std::string&>()) : nullptr;
  if (!kind || std::ranges::find(admitted, kind) == admitted.end())
    return wrong(refusal_code::malformed, "Cette adresse n'admet pas d'événement de cette nature.");
  return kind;
}

} // namespace

std::expected<std::shared_ptr<asked_command>, law::refusal> read_command(std::string_view text, const route& on) {
  auto body = parse_json(text);
  if (!body)
    return std::unexpected{body.error()};
  reading where;
  if (!body->is_object()) {
    where.refuse(refusal_code::malformed, "Un objet est attendu.");
    return std::unexpected{*where.wrong};
  }
  auto kind = read_kind(*body, on);
  if (!kind)
    return std::unexpected{kind.error()};
  auto payload = body->contains("event") ? (*body)["event"] : json::object();
  body->erase("kind");
  body->erase("event");
  envelope around;
  if (!wire<envelope>::read(*body, around, where))
    return std::unexpected{*where.wrong};
  auto event = read_event(**kind, payload);
  if (!event)
    return std::unexpected{event.error()};
  auto asked = std::make_shared<asked_command>();
  asked->event = std::move(*event);
  asked->originator = around.originator;
  asked->occurred_on = around.occurred_on.value_or(law::civil_date{});
  if (around.account) {
    asked->login = around.account->login.str();
    asked->password = around.account->password.str();
    asked->display_name = around.account->display_name.str();
  }
  return asked;
}

json schema_of_command(const route& on, schema_book& book) {
  auto each = json::array();
  auto kinds = kinds_of(on);
  for (const auto* kind : kinds) {
    json properties{{"kind", {{"const", kind->name}}}, {"event", schema_of_event(*kind, book)}};
    for (const auto& m : members_of<envelope>())
      properties[std::string{m.name}] = m.schema(book);
    auto needed = kinds.size() == 1 ? json::array({"event"}) : json::array({"kind", "event"});
    each.push_back({{"type", "object"},
                    {"title", kind->title},
                    {"properties", properties},
                    {"required", needed},
                    {"additionalProperties", false}});
  }
  return each.size() == 1 ? each.front() : json{{"oneOf", each}};
}

} // namespace toit::web
