#include "tests/web/served_node.hpp"

#include "nodes/host/certificate.hpp"
#include "nodes/ports/key_file.hpp"
#include "simulation/fictitious.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/reporters/catch_reporter_event_listener.hpp>
#include <catch2/reporters/catch_reporter_registrars.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

namespace toit::tests {

namespace {

constexpr const char* password = "mot de passe fictif";

std::filesystem::path make_folder() {
  auto pattern = (std::filesystem::temp_directory_path() / "toit-web-XXXXXX").string();
  REQUIRE(mkdtemp(pattern.data()) != nullptr);
  return pattern;
}

std::string content_of(const std::filesystem::path& file) {
  std::stringstream text;
  text << std::ifstream{file}.rdbuf();
  return text.str();
}

nodes::configuration demonstration(const std::filesystem::path& folder) {
  nodes::configuration with;
  with.purpose = nodes::node_purpose::demonstration;
  with.territory = *law::siren::parse("200057867");
  with.allots_numbers = true;
  with.data = folder / "data";
  with.keys = folder / "keys";
  with.clock_begins = law::civil_date{std::chrono::year{2024}, std::chrono::January, std::chrono::day{8}};
  return with;
}

} // namespace

const std::map<std::string, std::string> sirens{
    {"gestionnaire", "200057867"},
    {"desk", simulation::make_siren(21930001).text()},
    {"narrow_desk", simulation::make_siren(21930002).text()},
    {"bailleur", simulation::make_siren(55200001).text()},
    {"action_logement", simulation::make_siren(82453001).text()},
    {"stranger", simulation::make_siren(39100002).text()},
};

served_node::served_node(const change& changed, nodes::territory_map map)
    : folder_{make_folder()}, map_{std::move(map)}, with_{demonstration(folder_)} {
  if (changed)
    changed(with_);
  if (!std::filesystem::exists(with_.keys))
    nodes::create_keys(with_.keys);
  opened_ = std::make_unique<nodes::opened_node>(with_, map_);
  opened_->create_first_account("gestionnaire", "Personne fictive", password);
  running_ = std::make_unique<nodes::running_node>(*opened_, with_, map_, [this](nodes::node_fault because) {
    std::lock_guard lock{mutex_};
    faults_.push_back(because);
  });
  // A node of a federation waits for its neighbours: whoever has begun them all waits for it.
  if (!with_.federation)
    await_ready();
  auto files = nodes::ensure_own_certificate(folder_);
  certificate_ = content_of(files.certificate);
  web::server_options options;
  options.identity = {files.certificate.string(), files.private_key.string()};
  server_ = std::make_unique<web::server>(*running_, std::move(options));
  nodes::serve_neighbours(*running_, *server_);
  client_ = std::make_unique<web::client>(
      web::client_options{.port = server_->port(), .certificate = certificate_, .timeout = std::chrono::seconds{60}});
}

std::string served_node::password_of_all() { return password; }

void served_node::await_ready() {
  for (int i = 0; i < 600 && running_->not_ready(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  REQUIRE_FALSE(running_->not_ready().has_value());
}

served_node::~served_node() {
  client_.reset();
  running_->answer_with({});
  server_->stop(std::chrono::seconds{5});
  server_.reset();
  running_->stop(std::chrono::seconds{5});
  running_.reset();
  opened_.reset();
  std::error_code left; // what is left in the temporary folder harms nobody
  std::filesystem::remove_all(folder_, left);
}

namespace {

std::unique_ptr<served_node> shared_node;

/// Ends the node of all cases while everything that it stands on is still there: CAF's own statics are gone before
/// ours.
struct ends_shared_node : Catch::EventListenerBase {
  using EventListenerBase::EventListenerBase;
  void testRunEnded(const Catch::TestRunStats&) override { shared_node.reset(); }
};
CATCH_REGISTER_LISTENER(ends_shared_node)

} // namespace

served_node& served_node::shared() {
  if (!shared_node) {
    shared_node = std::make_unique<served_node>();
    shared_node->enter_players();
  }
  return *shared_node;
}

/// For tests/web/check_answers, which holds them against the API's description.
void served_node::keep_exchange(const std::string& method, const std::string& target, const json& asked,
                                const answer& told) {
  static const char* file = std::getenv("TOIT_KEEP_EXCHANGES");
  if (!file)
    return;
  json line{{"method", method}, {"target", target}, {"asked", asked}, {"status", told.status}, {"answer", told.body}};
  std::ofstream{file, std::ios::app} << line.dump() << "\n";
}

// -- asking ---------------------------------------------------------------------------------------------------------

answer served_node::ask(const std::string& who, const std::string& method, const std::string& target, const json& body,
                        web::headers more) {
  if (!body.is_null() && !web::find_header(more, "Content-Type"))
    more.emplace_back("Content-Type", "application/json");
  return send(who, {method, target, std::move(more), body.is_null() ? "" : body.dump(), {}}, body);
}

answer served_node::send(const std::string& who, web::request asked, const json& body) {
  if (!who.empty())
    asked.headers.emplace_back("Authorization", "Bearer " + tokens_.at(who));
  auto given = client_->send(asked);
  INFO(asked.method << " " << asked.target << " " << (given ? "" : given.error()));
  REQUIRE(given.has_value());
  answer told{given->status, {}, *given};
  if (web::find_header(given->headers, "Content-Type").value_or("").find("json") != std::string_view::npos &&
      !given->body.empty())
    told.body = json::parse(given->body);
  keep_exchange(asked.method, asked.target, body, told);
  return told;
}

answer served_node::get(const std::string& who, const std::string& target, web::headers more) {
  return ask(who, "GET", target, {}, std::move(more));
}

answer served_node::read(const std::string& who, const std::string& target) {
  return get(who, target, {{"Toit-Purpose", "shared_management"}});
}

answer served_node::must(const std::string& who, const std::string& target, const json& body, web::headers more) {
  auto told = ask(who, "POST", target, body, std::move(more));
  INFO(target << " " << told.body.dump());
  REQUIRE(told.status == 201);
  return told;
}

std::string served_node::log_in(const std::string& login, const std::string& secret) {
  auto told = ask("", "POST", "/v1/login", {{"login", login}, {"password", secret}});
  REQUIRE(told.status == 200);
  return told.body.at("token");
}

std::vector<nodes::node_fault> served_node::faults() const {
  std::lock_guard lock{mutex_};
  return faults_;
}

std::string served_node::today() { return get("gestionnaire", "/v1/clock").body.at("today"); }

void served_node::set_clock(const std::string& instant) {
  REQUIRE(ask("gestionnaire", "PUT", "/v1/clock", {{"event", {{"now", instant}}}}).status == 201);
}

std::uint64_t served_node::last_seq() { return get("", "/v1/streams/T200057867/head").body.at("seq"); }

// -- who plays ------------------------------------------------------------------------------------------------------

void served_node::open_account(const std::string& who, const std::string& siren, const json& missions) {
  must("gestionnaire", "/v1/accounts",
       {{"event", {{"legal_person", siren}, {"missions", missions}, {"from", "2024-01-01"}}},
        {"account", {{"login", who}, {"password", password}, {"display_name", "Personne fictive"}}}});
  tokens_[who] = log_in(who, password);
}

void served_node::enter_gestionnaire() { tokens_["gestionnaire"] = log_in("gestionnaire", password); }

void served_node::enter_players(const std::string& departement) {
  enter_gestionnaire();
  for (const auto& [who, siren] : sirens)
    if (who != "gestionnaire") {
      must("gestionnaire", "/v1/legal-persons",
           {{"event", {{"legal_person", siren}, {"person_kind", "other"}, {"name", "Corps fictif"}}}});
      open_account(who, siren, who == "desk" ? json{"consult", "record", "rectify"} : json{"consult", "record"});
    }
  auto habilitate = [&](const std::string& who, json of) {
    of["legal_person"] = sirens.at(who);
    of["from"] = "2015-01-01";
    must("gestionnaire", "/v1/habilitations", {{"event", {{"habilitation", of}}}});
  };
  auto first_commune = map_.find(with_.territory)->communes.front().text();
  habilitate("desk", {{"quality", "service_enregistreur"}, {"registers_as", "e"}});
  habilitate("narrow_desk", {{"quality", "service_enregistreur"}, {"registers_as", "e"}, {"scope", {first_commune}}});
  habilitate("bailleur", {{"quality", "bailleur"}});
  habilitate("bailleur", {{"quality", "service_enregistreur"}, {"registers_as", "a"}});
  habilitate("action_logement", {{"quality", "reservataire"}});
  must("gestionnaire", "/v1/conventions",
       {{"event",
         {{"convention",
           {{"bailleur", sirens.at("bailleur")},
            {"holder", sirens.at("action_logement")},
            {"contingent", "action_logement"},
            {"departement", departement},
            {"flow_share", 4000},
            {"agents_share", 0},
            {"loan_guarantee", false},
            {"from", "2015-01-01"}}}}}});
}

json served_node::form(const char* wished) const {
  return {
      {"identity",
       {{"birth_name", "Fictif"}, {"given_names", "Camille"}, {"birth_date", "1980-05-05"}, {"nationality", "french"}}},
      {"contact", {{"address", "1 rue Fictive"}, {"consents_email", false}, {"consents_sms", false}}},
      {"situation",
       {{"family", "single"},
        {"profession", "no_activity"},
        {"state_agent", false},
        {"long_unemployment_ended", false},
        {"monthly_income_cents", 90'000},
        {"housing", "hosted_by_others"},
        {"occupants", 3},
        {"non_decent", false},
        {"unfit", false},
        {"motives", {"no_own_housing"}},
        {"handicapped_persons", 0},
        {"adaptation_needed", false}}},
      {"search",
       {{"typology", "t2"}, {"communes", {wished}}, {"neighbouring_communes", false}, {"persons_to_house", 1}}}};
}

std::string served_node::register_demande(const char* wished, const std::string& by) {
  auto told = must(by, "/v1/demandes",
                   {{"event", {{"channel", "desk"}, {"identity_document_seen", true}, {"form", form(wished)}}}});
  return told.assigned().at("number");
}

std::string served_node::open_vacancy() {
  char rpls[16];
  std::snprintf(rpls, sizeof rpls, "%010u", ++dwellings_);
  auto dwelling = must("bailleur", "/v1/dwellings",
                       {{"event",
                         {{"rpls", rpls},
                          {"commune", "93066"},
                          {"typology", "t2"},
                          {"address", "2 rue Fictive"},
                          {"rent_cents", 50'000},
                          {"adapted", false},
                          {"d331_25_1_subsidy", false}}}});
  auto vacancy = must("bailleur", "/v1/vacancies",
                      {{"event", {{"dwelling", dwelling.assigned().at("dwelling")}, {"available_on", today()}}}});
  return vacancy.assigned().at("vacancy");
}

} // namespace toit::tests
