#include "web/server/answer.hpp"

#include <set>

namespace toit::web {

namespace {

using enum law::refusal_code;

struct refusal_row {
  law::refusal_code code;
  int status;
  std::string_view title;
};

/// One row a code, in their order.
constexpr std::array refusals{
    refusal_row{malformed, 400, "Requête mal formée"},
    refusal_row{missing_field, 400, "Information obligatoire absente"},
    refusal_row{too_large, 413, "Limite de taille dépassée"},
    refusal_row{unauthenticated, 401, "Identification nécessaire"},
    refusal_row{not_empowered, 403, "Absence d'habilitation"},
    refusal_row{not_originator, 403, "Personne morale qui n'est pas à l'origine de l'événement"},
    refusal_row{out_of_scope, 403, "Hors de la finalité ou du périmètre"},
    refusal_row{unknown_demande, 404, "Demande inconnue"},
    refusal_row{unknown_subject, 404, "Objet inconnu"},
    refusal_row{unknown_territory, 422, "Territoire inconnu"},
    refusal_row{no_nud, 409, "Absence de numéro unique"},
    refusal_row{demande_inactive, 409, "Demande inactive"},
    refusal_row{bad_date, 422, "Date impossible"},
    refusal_row{bad_order, 409, "Événement impossible dans l'état présent"},
    refusal_row{duplicate, 409, "Déjà enregistré"},
    refusal_row{conflict, 409, "Valeur modifiée entre-temps"},
    refusal_row{too_early, 409, "Délai non écoulé"},
    refusal_row{too_late, 409, "Délai dépassé"},
    refusal_row{bad_motive, 422, "Motif hors de la liste"},
    refusal_row{not_in_force, 409, "Instance, convention ou grille qui n'est pas en vigueur"},
    refusal_row{min_candidates, 409, "Moins de trois demandes examinées"},
    refusal_row{quota_above_legal_maximum, 422, "Part au-dessus du maximum légal"},
    refusal_row{not_party, 403, "Personne morale étrangère au territoire"},
    refusal_row{idempotency_key_reused, 422, "Clé d'idempotence déjà employée"},
    refusal_row{busy, 503, "Nœud occupé"},
    refusal_row{read_only, 503, "Écriture impossible"},
    refusal_row{unknown_outcome, 504, "Issue inconnue"},
    refusal_row{rolled_back, 503, "Journal à confirmer"},
    refusal_row{internal, 500, "Défaillance du nœud"},
    refusal_row{wrong_prefect, 403, "Représentant de l'État qui n'est pas compétent"},
    refusal_row{missing_opinion, 409, "Avis qui manque"},
    refusal_row{not_conform, 409, "Dispositif non conforme"},
    refusal_row{not_concerned, 409, "Territoire non tenu au dispositif"},
    refusal_row{fenced, 421, "Territoire pris en charge par un autre nœud"},
};

struct fault_row {
  int status;
  std::string_view title;
  std::string_view detail;
};

constexpr std::array faults{
    fault_row{400, "Requête illisible", "La requête n'est pas du HTTP/1.1 bien formé."},
    fault_row{404, "Adresse inconnue", "Aucune ressource n'a cette adresse."},
    fault_row{405, "Méthode non admise", "Cette ressource n'admet pas cette méthode."},
    fault_row{415, "Corps non pris en charge", "Le corps doit être du JSON (application/json)."},
    fault_row{408, "Requête trop lente", "La requête n'est pas arrivée à temps."},
    fault_row{413, "Limite de taille dépassée", "Le corps de la requête dépasse la limite publiée."},
    fault_row{431, "En-têtes trop longs", "Les en-têtes de la requête dépassent la limite publiée."},
    fault_row{417, "Attente non prise en charge", "L'attente exprimée par la requête n'est pas prise en charge."},
    fault_row{429, "Trop de tentatives", "Trop de tentatives de connexion : réessayez plus tard."},
    fault_row{503, "Nœud indisponible", "Le nœud ne répond pas pour le moment : réessayez plus tard."},
};

constexpr bool every_code_has_its_row() {
  for (std::size_t i = 0; i < refusals.size(); ++i)
    if (refusals[i].code != static_cast<law::refusal_code>(i))
      return false;
  return refusals.size() == law::enum_count<law::refusal_code> && faults.size() == law::enum_count<http_fault>;
}
static_assert(every_code_has_its_row());

response answer_problem(int status, std::string_view code, std::string_view title, json more) {
  more["type"] = "urn:toit-commun:refus:" + std::string{code};
  more["status"] = status;
  more["code"] = code;
  more["title"] = title;
  response given{status, {{"Content-Type", "application/problem+json"}}, to_text(more)};
  if (status == 503 || status == 429)
    given.headers.emplace_back("Retry-After", status == 429 ? "900" : "2");
  if (status == 401)
    given.headers.emplace_back("WWW-Authenticate", "Bearer");
  return given;
}

} // namespace

int status_of(law::refusal_code code) { return refusals[static_cast<std::size_t>(code)].status; }

response answer_json(int status, const json& body) {
  return {status, {{"Content-Type", "application/json"}}, to_text(body)};
}

response answer_text(int status, std::string_view type, std::string body) {
  return {status, {{"Content-Type", std::string{type}}}, std::move(body)};
}

response answer_refusal(const law::refusal& why) {
  const auto& row = refusals[static_cast<std::size_t>(why.code)];
  json more{{"detail", why.because}};
  if (!why.article.empty())
    more["article"] = why.article;
  if (!why.path.empty())
    more["path"] = why.path;
  if (why.possible_from)
    more["possible_from"] = law::to_text(*why.possible_from);
  return answer_problem(row.status, law::name_of(why.code), row.title, std::move(more));
}

response answer_fault(http_fault fault, std::string_view detail) {
  const auto& row = faults[static_cast<std::size_t>(fault)];
  return answer_problem(row.status, law::name_of(fault), row.title, {{"detail", detail.empty() ? row.detail : detail}});
}

response answer_status(int status) {
  auto found = std::ranges::find(faults, status, &fault_row::status);
  auto at = found == faults.end() ? 0 : found - faults.begin();
  return answer_fault(static_cast<http_fault>(at));
}

void protect(response& given) {
  auto add = [&](const char* name, const char* value) {
    if (!find_header(given.headers, name))
      given.headers.emplace_back(name, value);
  };
  add("Cache-Control", "no-store");
  add("X-Content-Type-Options", "nosniff");
  add("Strict-Transport-Security", "max-age=31536000");
  add("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  add("Referrer-Policy", "no-referrer");
}

json schema_of_problem() {
  std::vector<std::string_view> codes;
  for (const auto& row : refusals)
    codes.push_back(law::name_of(row.code));
  for (std::size_t i = 0; i < faults.size(); ++i)
    if (auto name = law::name_of(static_cast<http_fault>(i)); std::ranges::find(codes, name) == codes.end())
      codes.push_back(name);
  std::set<int> statuses;
  for (const auto& row : refusals)
    statuses.insert(row.status);
  for (const auto& row : faults)
    statuses.insert(row.status);
  json text{{"type", "string"}};
  return {{"type", "object"},
          {"required", {"type", "status", "code", "title", "detail"}},
          {"properties",
           {{"type", text},
            {"status", {{"enum", statuses}}},
            {"code", {{"enum", codes}}},
            {"title", text},
            {"detail", text},
            {"article", text},
            {"path", text},
            {"possible_from", {{"type", "string"}, {"format", "date"}}}}},
          {"additionalProperties", false}};
}

} // namespace toit::web
