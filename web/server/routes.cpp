#include "web/server/routes.hpp"

#include "law/catalogue.hpp"
#include "web/server/serve.hpp"

namespace toit::web {

namespace {

using enum caller;
using enum body_form;

template <class... Events>
bool only(const law::entry_kind& kind) {
  return ((kind.number == Events::kind.number) || ...);
}

/// What happens to a demande or one of its candidacies, and may be asked for: a registration and a document have paths
/// of their own.
bool of_demande(const law::entry_kind& kind) {
  return kind.family == law::entry_family::dossier && !kind.who.only_consequence() &&
         !only<law::demande_registered, law::document_filed, law::dwelling_registered, law::vacancy_opened,
               law::vacancy_withdrawn, law::session_scheduled, law::session_opened, law::session_closed,
               law::session_cancelled, law::late_entry_reviewed>(kind);
}

// -- what a row of the table is made of -----------------------------------------------------------------------------

using serving = void (*)(const call_ptr& asked);

constexpr route get(std::string_view path, std::string_view id, std::string_view tag, std::string_view summary,
                    serving serve, std::string_view schema, std::string_view parameters = {}, caller who = agent) {
  route row{"GET", path, id, tag, summary, who, serve};
  row.schema = schema;
  row.parameters = parameters;
  return row;
}

constexpr route get_page(std::string_view path, std::string_view id, std::string_view tag, std::string_view summary,
                         serving serve, std::string_view schema) {
  return get(path, id, tag, summary, serve, schema, "limit after");
}

/// A read of what names somebody.
constexpr route read(std::string_view path, std::string_view id, std::string_view tag, std::string_view summary,
                     serving serve, std::string_view schema, std::string_view parameters = {}, bool by_code = false) {
  auto row = get(path, id, tag, summary, serve, schema, parameters, known);
  row.nominative = true;
  row.by_code = by_code;
  return row;
}

constexpr route node(std::string_view path, std::string_view id, std::string_view summary, serving serve) {
  route row{"GET", path, id, "nœud", summary, anybody, serve};
  row.answers = answer_form::text;
  return row;
}

constexpr route post(std::string_view path, std::string_view id, std::string_view tag, std::string_view summary,
                     kind_filter kinds, caller who = agent) {
  route row{"POST", path, id, tag, summary, who, serve::command, command, kinds};
  row.schema = "receipt";
  row.status = 201;
  return row;
}

constexpr route put(route row) {
  row.method = "PUT";
  return row;
}

constexpr route log_in() {
  route row{"POST", "/v1/login", "log_in", "accès", "Ouvrir une session", anybody, serve::log_in, login};
  row.schema = "login";
  return row;
}

constexpr route log_out() {
  route row{"POST", "/v1/logout", "log_out", "accès", "Fermer la session", known, serve::log_out};
  row.answers = answer_form::nothing;
  row.status = 204;
  return row;
}

constexpr route issue_token() {
  auto row = post("/v1/tokens", "issue_token", "accès", "Créer un jeton pour son propre compte", nullptr);
  row.serve = serve::issue_token;
  row.body = label;
  return row;
}

constexpr route revoke_tokens() {
  auto row = post("/v1/tokens", "revoke_tokens", "accès", "Révoquer tous les jetons de son compte", nullptr);
  row.method = "DELETE";
  row.serve = serve::revoke_tokens;
  row.body = none;
  return row;
}

constexpr route file_evidence() {
  auto row = post("/v1/territories/{territory}/evidence", "file_evidence", "préfet",
                  "Arrêter le dossier d'un territoire : une carence en cite l'empreinte", only<law::evidence_filed>);
  row.serve = serve::file_evidence;
  row.body = none;
  return row;
}

constexpr route file_document() {
  auto row = post("/v1/demandes/{number}/documents", "file_document", "demandes", "Déposer une pièce justificative",
                  only<law::document_filed>, known);
  row.serve = serve::upload;
  row.body = body_form::upload;
  return row;
}

/// A read of a demande that another node hosts.
constexpr route relay(std::string_view path, std::string_view id, std::string_view summary, std::string_view schema,
                      std::string_view parameters) {
  auto row = read(path, id, "État", summary, serve::relayed_read, schema, parameters);
  row.who = agent;
  row.relays = true;
  return row;
}

constexpr route told_to_state(route row) {
  row.to_state = true;
  return row;
}

constexpr route read_document() {
  auto row = read("/v1/demandes/{number}/documents/{document}", "read_document", "demandes", "Lire une pièce",
                  serve::document, "");
  row.answers = answer_form::bytes;
  return row;
}

// -- the table ------------------------------------------------------------------------------------------------------

constexpr std::array routes{
    node("/healthz", "health", "Le processus répond", serve::health),
    node("/readyz", "readiness", "Le nœud prend des commandes", serve::readiness),
    node("/metrics", "metrics", "Mesures, au format de Prometheus", serve::metrics),
    get("/v1/openapi.json", "describe_api", "nœud", "Cette description", serve::openapi, "", "", anybody),
    get("/v1/territory", "read_territory", "nœud", "Le territoire, son journal et la clé qui le signe",
        serve::territory, "territory", "", anybody),
    get("/v1/clock", "read_clock", "nœud", "Heure et jour civils du nœud", serve::clock, "clock", "", known),
    put(post("/v1/clock", "set_clock", "nœud", "Régler l'horloge de démonstration", only<law::clock_set>)),
    post("/v1/clock/confirmation", "confirm_clock", "nœud", "Confirmer l'heure du nœud", only<law::clock_confirmed>),
    get("/v1/statistics", "read_statistics", "nœud", "Dénombrements, sans nom", serve::statistics, "statistics"),
    get("/v1/streams/{stream}/head", "read_head", "preuve", "Dernière tête signée du journal", serve::stream_head,
        "head", "", anybody),
    get("/v1/federation", "read_federation", "preuve", "Liens avec les autres nœuds, retard de chacun, alarmes",
        serve::federation, "federation"),
    get("/v1/entries/{seq}", "read_entry", "preuve", "En-tête d'une écriture, et la tête signée qui la couvre",
        serve::entry, "entry", "", known),

    relay("/v1/streams/{stream}/demandes", "list_demandes_elsewhere", "Demandes d'un territoire suivi",
          "page_of_dossier", "status commune limit after"),
    relay("/v1/streams/{stream}/demandes/{number}", "read_demande_elsewhere", "Une demande d'un territoire suivi",
          "dossier_view", "as_of"),
    told_to_state(get_page("/v1/lateness", "list_lateness", "nœud",
                           "Retard des enregistrements, par personne morale et par mois", serve::lateness,
                           "page_of_lateness")),
    get_page("/v1/streams/{stream}/lateness", "list_lateness_elsewhere", "État",
             "Retard des enregistrements d'un territoire suivi", serve::relayed_read, "page_of_lateness"),
    post("/v1/streams/{stream}/demandes/{number}/events", "command_event", "État",
         "Commander l'enregistrement d'un événement dans un territoire suivi", of_demande),
    get_page("/v1/commands", "list_commands", "État", "Commandes adressées aux territoires", serve::commands,
             "page_of_command"),
    get("/v1/commands/{seq}", "read_command", "État", "Une commande, et ce qu'elle est devenue", serve::command_issued,
        "command"),
    get("/v1/territories", "list_territories", "État", "Territoires suivis", serve::territories,
        "page_of_followed_territory"),
    post("/v1/thresholds", "set_threshold", "État", "Fixer un délai d'attente anormalement long",
         only<law::waiting_threshold_set>),
    get("/v1/thresholds", "list_thresholds", "État", "Délais d'attente anormalement longs connus ici",
        serve::thresholds, "page_of_threshold"),

    get("/v1/dispositif", "read_dispositif", "dispositif", "Où en est le dispositif du territoire", serve::dispositif,
        "dispositif"),
    post("/v1/dispositif/events", "record_dispositif_event", "dispositif",
         "Créer le dispositif, le mettre en service, adhérer à un autre ou en sortir",
         only<law::dispositif_begun, law::dispositif_put_in_service, law::adhesion_decided, law::adhesion_left>),
    post("/v1/dispositif/conventions", "propose_dispositif_convention", "dispositif",
         "Proposer la convention du dispositif", only<law::dispositif_convention_proposed>),
    get("/v1/dispositif/conventions", "list_dispositif_conventions", "dispositif",
        "Conventions du dispositif, et où en est chaque partie", serve::dispositif_conventions,
        "page_of_dispositif_convention"),
    post("/v1/dispositif/conventions/{convention}/events", "answer_dispositif_convention", "dispositif",
         "Signer la convention, accepter de la signer ou la refuser", only<law::dispositif_convention_answered>),
    post("/v1/specifications", "set_specification", "préfet", "Fixer le cahier des charges régional",
         only<law::specification_set>),
    get("/v1/specifications", "list_specifications", "préfet", "Points que tout dispositif remplit, par version",
        serve::specifications, "page_of_specification"),
    post("/v1/joinables", "examine_joinable", "préfet", "Examiner un dispositif auquel un territoire peut adhérer",
         only<law::joinable_examined>),
    post("/v1/territories/{territory}/events", "record_prefect_event", "préfet",
         "Noter l'obligation, rappeler, examiner, constater, demander des avis, se substituer",
         only<law::obligation_noted, law::reminder_sent, law::reminder_answered, law::conformity_found,
              law::carence_found, law::opinions_asked, law::substitution_ordered>),
    get("/v1/territories/{territory}/evidence", "read_evidence", "préfet",
        "Dossier d'un territoire : dates passées, actes manquants, rappels, réponses ; son empreinte est l'ETag",
        serve::evidence, "evidence"),
    file_evidence(),
    get("/v1/territories/{territory}/evidence/{digest}", "read_filed_evidence", "préfet",
        "Dossier d'un territoire, tel qu'il a été arrêté", serve::filed_evidence, "evidence"),
    get("/v1/territories/{territory}/powers", "list_powers", "préfet",
        "Ce que le préfet peut faire, et ce qui manque où il ne le peut pas", serve::powers, "page_of_power"),
    get("/v1/procedures", "list_procedures", "préfet", "Procédures de participation par arrêté", serve::procedures,
        "page_of_procedure"),
    post("/v1/procedures/{procedure}/events", "record_procedure_event", "préfet",
         "Recevoir un avis, passer outre, fixer la participation par arrêté",
         only<law::opinion_received, law::participation_ordered>),
    get("/v1/acts", "list_acts", "préfet", "Arrêtés, et ce qu'ils valent aujourd'hui", serve::acts, "page_of_act"),
    post("/v1/acts/{act}/events", "record_act_event", "préfet",
         "Publier, notifier, suspendre, reprendre, retirer, abroger ou annuler un arrêté",
         only<law::act_published, law::act_notified, law::act_suspended, law::act_resumed, law::act_ended>),

    get_page("/v1/late-entries", "list_late_entries", "preuve",
             "Écritures de l'ancien nœud au-delà de la reprise, et ce qu'il en est advenu", serve::late_entries,
             "page_of_late_entry"),
    post("/v1/late-entries/reviews", "review_late_entry", "preuve",
         "Accepter ou contester une écriture tardive que personne n'avait attestée", only<law::late_entry_reviewed>),
    get_page("/v1/entries", "list_entries_in_name", "preuve", "Écritures que d'autres ont faites en votre nom",
             serve::entries_in_name, "page_of_entry_in_name"),
    get_page("/v1/erasures", "list_erasures", "preuve",
             "Effacements, et qui a confirmé que les écritures y sont vidées", serve::erasures, "page_of_erasure"),

    log_in(),
    log_out(),
    get("/v1/session", "read_session", "accès", "Qui demande", serve::who_asks, "who", "", known),
    issue_token(),
    revoke_tokens(),

    post("/v1/demandes", "register_demande", "demandes", "Enregistrer une demande", only<law::demande_registered>,
         known),
    read("/v1/demandes", "list_demandes", "demandes", "Demandes du périmètre, par ordre d'arrivée", serve::dossiers,
         "page_of_dossier", "status commune limit after"),
    read("/v1/demandes/{number}", "read_demande", "demandes", "État, formulaire et historique d'une demande",
         serve::dossier, "dossier_view", "as_of", true),
    post("/v1/demandes/{number}/events", "record_event", "demandes", "Enregistrer un événement de la demande",
         of_demande, known),
    file_document(),
    read_document(),
    read("/v1/demandes/{number}/consultations", "list_consultations", "demandes", "Qui a consulté le dossier",
         serve::consultations, "page_of_consultation", "limit"),
    read("/v1/own-dossier", "read_own_dossier", "demandeur", "Le dossier du demandeur qui demande", serve::dossier,
         "dossier_view", "as_of"),
    post("/v1/own-dossier/events", "record_own_event", "demandeur", "Enregistrer un événement de sa propre demande",
         of_demande, known),
    read("/v1/own-dossier/consultations", "list_own_consultations", "demandeur", "Qui a consulté son dossier",
         serve::consultations, "page_of_consultation", "limit"),
    read("/v1/deadlines", "list_deadlines", "demandes", "Délais qui courent, le plus proche d'abord", serve::deadlines,
         "page_of_deadline", "up_to alerts limit after"),

    post("/v1/dwellings", "register_dwelling", "logements", "Enregistrer un logement", only<law::dwelling_registered>),
    get_page("/v1/dwellings", "list_dwellings", "logements", "Logements", serve::dwellings, "page_of_dwelling"),
    get("/v1/dwellings/{dwelling}", "read_dwelling", "logements", "Un logement", serve::dwelling, "dwelling"),
    post("/v1/vacancies", "open_vacancy", "logements", "Mettre un logement à l'attribution", only<law::vacancy_opened>),
    get_page("/v1/vacancies", "list_vacancies", "logements", "Logements à attribuer", serve::vacancies,
             "page_of_vacancy"),
    get("/v1/vacancies/{vacancy}", "read_vacancy", "logements", "Un logement à attribuer", serve::vacancy, "vacancy"),
    post("/v1/vacancies/{vacancy}/events", "record_vacancy_event", "logements",
         "Enregistrer un événement du logement à attribuer", only<law::vacancy_withdrawn>),
    read("/v1/vacancies/{vacancy}/candidates", "list_candidates", "logements", "Candidats du logement",
         serve::candidates, "page_of_candidate"),
    post("/v1/caleol-sessions", "schedule_session", "commission", "Convoquer une séance", only<law::session_scheduled>),
    get_page("/v1/caleol-sessions", "list_sessions", "commission", "Séances", serve::sessions, "page_of_session"),
    get("/v1/caleol-sessions/{session}", "read_caleol_session", "commission", "Une séance", serve::session, "session"),
    post("/v1/caleol-sessions/{session}/events", "record_session_event", "commission",
         "Ouvrir, clore ou annuler la séance", only<law::session_opened, law::session_closed, law::session_cancelled>),

    post("/v1/legal-persons", "register_legal_person", "droits", "Enregistrer une personne morale",
         only<law::legal_person_registered>),
    get_page("/v1/legal-persons", "list_legal_persons", "droits", "Personnes morales", serve::legal_persons,
             "page_of_legal_person"),
    post("/v1/habilitations", "grant_habilitation", "droits", "Habiliter", only<law::habilitation_granted>),
    get_page("/v1/habilitations", "list_habilitations", "droits", "Habilitations", serve::habilitations,
             "page_of_habilitation"),
    post("/v1/habilitations/{habilitation}/events", "end_habilitation", "droits", "Mettre fin à une habilitation",
         only<law::habilitation_ended>),
    post("/v1/mandates", "grant_mandate", "droits", "Enregistrer un mandat", only<law::mandate_granted>),
    get_page("/v1/mandates", "list_mandates", "droits", "Mandats", serve::mandates, "page_of_mandate"),
    post("/v1/mandates/{mandate}/events", "end_mandate", "droits", "Mettre fin à un mandat", only<law::mandate_ended>),
    post("/v1/accounts", "open_account", "droits", "Ouvrir le compte d'un agent", only<law::account_opened>),
    get_page("/v1/accounts", "list_accounts", "droits", "Comptes d'agents, sans nom", serve::accounts,
             "page_of_account"),
    post("/v1/accounts/{account}/events", "change_account", "droits", "Fermer un compte ou changer ses secrets",
         only<law::account_closed, law::account_secret_changed>),

    post("/v1/conventions", "sign_convention", "contingents", "Enregistrer une convention de réservation",
         only<law::reservation_convention_signed>),
    get_page("/v1/conventions", "list_conventions", "contingents", "Conventions de réservation", serve::conventions,
             "page_of_convention"),
    post("/v1/conventions/{convention}/events", "end_convention", "contingents", "Mettre fin à une convention",
         only<law::reservation_convention_ended>),
    post("/v1/flows", "state_flow", "contingents", "Déclarer le flux d'une année", only<law::flow_stated>),
    get_page("/v1/flows", "list_flows", "contingents", "Flux déclarés", serve::flows, "page_of_flow"),
    get("/v1/balances", "list_balances", "contingents", "Droits, imputations et soldes d'une année", serve::balances,
        "page_of_balance", "year limit after"),
};

bool is_name(std::string_view segment) { return segment.starts_with('{'); }

/// True when the segments fit the path, whose named parts are then in `values`.
bool fits(std::string_view path, const std::vector<std::string>& segments,
          std::vector<std::pair<std::string_view, std::string>>& values) {
  values.clear();
  for (const auto& segment : segments) {
    if (path.empty())
      return false;
    path.remove_prefix(1);
    auto part = path.substr(0, path.find('/'));
    path.remove_prefix(part.size());
    if (is_name(part))
      values.emplace_back(part.substr(1, part.size() - 2), segment);
    else if (part != segment)
      return false;
  }
  return path.empty();
}

} // namespace

std::span<const route> all_routes() { return routes; }

found_route find_route(std::string_view method, const std::vector<std::string>& segments) {
  found_route found;
  std::vector<std::pair<std::string_view, std::string>> values;
  for (const auto& row : routes) {
    if (!fits(row.path, segments, values))
      continue;
    found.allowed += (found.allowed.empty() ? "" : ", ") + std::string{row.method};
    if (row.method == method) {
      found.what = &row;
      found.path = std::move(values);
      return found;
    }
  }
  return found;
}

std::vector<std::string_view> parameter_names(const route& row) {
  std::vector<std::string_view> names;
  for (auto rest = row.parameters; !rest.empty();) {
    auto space = rest.find(' ');
    names.push_back(rest.substr(0, space));
    rest = space == std::string_view::npos ? std::string_view{} : rest.substr(space + 1);
  }
  return names;
}

std::vector<std::string_view> names_in(std::string_view path) {
  std::vector<std::string_view> names;
  for (auto from = path.find('{'); from != std::string_view::npos; from = path.find('{', from + 1))
    names.push_back(path.substr(from + 1, path.find('}', from) - from - 1));
  return names;
}

} // namespace toit::web
