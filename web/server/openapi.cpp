#include "web/server/openapi.hpp"

#include "web/server/answers.hpp"
#include "web/server/asked.hpp"

namespace toit::web {

namespace {

json text_schema() { return {{"type", "string"}}; }

struct parameter_row {
  std::string_view name;
  std::string_view in;
  std::string_view says;
  json (*schema)(schema_book& book);
};

template <class T>
constexpr auto form_of = &wire<T>::schema;

const std::array parameters{
    parameter_row{"number", "path", "Numéro unique de la demande", form_of<law::nud>},
    parameter_row{"document", "path", "Identifiant de la pièce", form_of<law::document_id>},
    parameter_row{"dwelling", "path", "Identifiant du logement", form_of<law::dwelling_id>},
    parameter_row{"vacancy", "path", "Identifiant du logement à attribuer", form_of<law::vacancy_id>},
    parameter_row{"session", "path", "Identifiant de la séance", form_of<law::session_id>},
    parameter_row{"habilitation", "path", "Identifiant de l'habilitation", form_of<law::habilitation_id>},
    parameter_row{"mandate", "path", "Identifiant du mandat", form_of<law::mandate_id>},
    parameter_row{"account", "path", "Identifiant du compte", form_of<law::agent_id>},
    parameter_row{"convention", "path", "Identifiant de la convention", form_of<law::convention_id>},
    parameter_row{"territory", "path", "SIREN du territoire", form_of<law::siren>},
    parameter_row{"procedure", "path", "Identifiant de la procédure", form_of<law::procedure_id>},
    parameter_row{"act", "path", "Identifiant de l'arrêté", form_of<law::act_id>},
    parameter_row{"digest", "path", "Empreinte du dossier (BLAKE2b de 32 octets)", form_of<law::bytes32>},
    parameter_row{"stream", "path", "Journal", form_of<ports::stream_id>},
    parameter_row{"seq", "path", "Rang de l'écriture dans le journal", form_of<std::uint64_t>},
    parameter_row{"status", "query", "État de la demande", form_of<law::demande_status>},
    parameter_row{"commune", "query", "Commune parmi celles souhaitées", form_of<law::commune_code>},
    parameter_row{"as_of", "query", "Telle que connue à ce moment, ou à la fin de ce jour",
                  [](schema_book&) {
                    return json{
                        {"anyOf",
                         {{{"type", "string"}, {"format", "date"}}, {{"type", "string"}, {"format", "date-time"}}}}};
                  }},
    parameter_row{"up_to", "query", "Dernier jour des délais", form_of<law::civil_date>},
    parameter_row{"alerts", "query", "Aussi les délais sans effet automatique", form_of<bool>},
    parameter_row{"year", "query", "Année, celle en cours par défaut", form_of<std::uint16_t>},
    parameter_row{"limit", "query", "Nombre d'éléments au plus",
                  [](schema_book&) {
                    return json{{"type", "integer"},
                                {"minimum", 1},
                                {"maximum", page_query::limit_most},
                                {"default", page_query{}.limit}};
                  }},
    parameter_row{"after", "query", "Suite d'une page : valeur opaque, prise dans « next »",
                  [](schema_book&) { return text_schema(); }},
    parameter_row{"Toit-Purpose", "header", "Finalité de la consultation (R. 441-2-15 V)", form_of<law::purpose>},
    parameter_row{"Toit-Code", "header", "Code que le demandeur a remis à un lieu d'accueil",
                  [](schema_book&) { return json{{"type", "string"}, {"maxLength", 64}}; }},
    parameter_row{"Idempotency-Key", "header",
                  "Une commande répétée avec la même clé reçoit la première réponse, sans rien enregistrer de plus",
                  [](schema_book&) { return json{{"type", "string"}, {"maxLength", 200}}; }},
};

json parameter_of(std::string_view name, schema_book& book) {
  auto row = std::ranges::find(parameters, name, &parameter_row::name);
  law::require(row != parameters.end(), "every parameter of a route is described");
  return {{"name", row->name},
          {"in", row->in},
          {"description", row->says},
          {"required", row->in == "path"},
          {"schema", row->schema(book)}};
}

bool records(const route& row) { return row.schema == "receipt"; }

json parameters_of(const route& row, schema_book& book) {
  auto all = json::array();
  for (auto name : names_in(row.path))
    all.push_back(parameter_of(name, book));
  for (auto name : parameter_names(row))
    all.push_back(parameter_of(name, book));
  if (row.by_code)
    all.push_back(parameter_of("Toit-Code", book));
  if (row.nominative)
    all.push_back(parameter_of("Toit-Purpose", book));
  if (records(row))
    all.push_back(parameter_of("Idempotency-Key", book));
  return all;
}

json content(std::string_view type, json schema) { return {{std::string{type}, {{"schema", std::move(schema)}}}}; }

json object_of_texts(std::initializer_list<const char*> names) {
  auto properties = json::object();
  auto needed = json::array();
  for (const auto* name : names) {
    properties[name] = text_schema();
    needed.push_back(name);
  }
  return {{"type", "object"}, {"properties", properties}, {"required", needed}, {"additionalProperties", false}};
}

json body_of(const route& row, schema_book& book) {
  switch (row.body) {
  case body_form::none:
    return {};
  case body_form::command:
    return content("application/json", schema_of_command(row, book));
  case body_form::login:
    return content("application/json", object_of_texts({"login", "password"}));
  case body_form::label:
    return content("application/json", object_of_texts({"label"}));
  case body_form::upload:
    break;
  }
  json file{{"type", "string"}, {"format", "binary"}};
  return content("multipart/form-data", {{"type", "object"},
                                         {"properties", {{"command", schema_of_command(row, book)}, {"content", file}}},
                                         {"required", {"command", "content"}}});
}

json answer_of(const route& row, schema_book& book) {
  json answer{{"description", row.summary}};
  switch (row.answers) {
  case answer_form::nothing:
    break;
  case answer_form::text:
    answer["content"] = content("text/plain", text_schema());
    break;
  case answer_form::bytes:
    answer["content"] = content("application/octet-stream", {{"type", "string"}, {"format", "binary"}});
    break;
  case answer_form::fields:
    answer["content"] =
        content("application/json", row.schema.empty() ? json{{"type", "object"}} : schema_of_answer(row.schema, book));
    break;
  }
  return answer;
}

json operation_of(const route& row, schema_book& asked, schema_book& answered) {
  json operation{{"operationId", row.id}, {"summary", row.summary}, {"tags", json::array({row.tag})}};
  if (auto all = parameters_of(row, answered); !all.empty())
    operation["parameters"] = std::move(all);
  if (auto body = body_of(row, asked); !body.is_null())
    operation["requestBody"] = {{"required", true}, {"content", std::move(body)}};
  auto answer = answer_of(row, answered);
  auto& responses = operation["responses"];
  responses[std::to_string(row.status)] = answer;
  if (row.status == 201) // nothing new had to be recorded
    responses["200"] = answer;
  responses["default"] = {{"$ref", "#/components/responses/problem"}};
  if (row.who == caller::anybody)
    operation["security"] = json::array();
  return operation;
}

} // namespace

json make_openapi() {
  schema_book asked;
  asked.asked = true;
  schema_book answered;
  auto paths = json::object();
  for (const auto& row : all_routes()) {
    std::string method{row.method};
    std::ranges::transform(method, method.begin(), [](char c) { return static_cast<char>(c - 'A' + 'a'); });
    paths[std::string{row.path}][method] = operation_of(row, asked, answered);
  }
  auto components = answered.components;
  components.update(asked.components);
  components["problem"] = schema_of_problem();
  json host{{"description", "Avec 421 : nom, dans l'annuaire, du nœud qui tient le dispositif, quand il est connu"},
            {"schema", wire<ports::node_name>::schema(answered)}};
  json problem{{"description", "Refus : code stable, article et motif en français"},
               {"content", content("application/problem+json", {{"$ref", "#/components/schemas/problem"}})},
               {"headers", {{"Toit-Host", std::move(host)}}}};
  return {{"openapi", "3.1.0"},
          {"info",
           {{"title", "Toit Commun"},
            {"version", "1"},
            {"summary", "Le dispositif de gestion partagée d'un territoire (CCH R. 441-2-15)"},
            {"license", {{"name", "Voir LICENSE"}}}}},
          {"security", json::array({{{"session", json::array()}}})},
          {"paths", paths},
          {"components",
           {{"schemas", components},
            {"responses", {{"problem", problem}}},
            {"securitySchemes", {{"session", {{"type", "http"}, {"scheme", "bearer"}}}}}}}};
}

const std::string& openapi_text() {
  static const auto text = make_openapi().dump(1) + "\n";
  return text;
}

} // namespace toit::web
