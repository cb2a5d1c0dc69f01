// The API over real sockets, actors and journal: what is recorded, what is refused, and that a refusal changes nothing.

#include "tests/web/asking.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit::tests;
using toit::web::headers;

TEST_CASE("a demande is registered, read with its purpose, and its timeline says who, when and by which text",
          "[api][R441-2-15-I-0-1][R441-2-15-V-2-3]") {
  auto number = node().register_demande();
  auto seen = node().read("desk", "/v1/demandes/" + number);
  REQUIRE(seen.status == 200);
  CHECK(seen.body["state"]["number"] == number);
  CHECK(seen.body["state"]["status"] == "active");
  CHECK(seen.body["form"]["identity"]["given_names"] == "Camille");
  const auto& first = seen.body["timeline"][0];
  CHECK(first["kind"] == "demande_registered");
  CHECK(first["originator"] == sirens.at("desk"));
  CHECK(first["article"] == "R441-2-15-I-0-1");
  CHECK(first["seq"].get<std::uint64_t>() > 0);
  CHECK(toit::web::find_header(seen.raw.headers, "Cache-Control") == "no-store");
  CHECK(toit::web::find_header(seen.raw.headers, "X-Content-Type-Options") == "nosniff");
  auto log = node().read("gestionnaire", "/v1/demandes/" + number + "/consultations");
  REQUIRE(log.status == 200);
  CHECK(log.body["items"].at(0)["legal_person"] == sirens.at("desk"));
}

TEST_CASE("a read without purpose, outside the scope or by a stranger is refused", "[api][R441-2-15-V-2-3]") {
  auto number = node().register_demande();
  CHECK(node().get("desk", "/v1/demandes/" + number).code() == "E_OUT_OF_SCOPE");
  CHECK(node().get("desk", "/v1/demandes/" + number, {{"Toit-Purpose", "curiosity"}}).code() == "E_MALFORMED");
  CHECK(node().read("narrow_desk", "/v1/demandes/" + number).status == 403);
  CHECK(node().read("stranger", "/v1/demandes/" + number).status == 403);
  CHECK(node().read("", "/v1/demandes/" + number).code() == "E_UNAUTHENTICATED");
  CHECK(node().read("desk", "/v1/demandes/093012400000199999").code() == "E_UNKNOWN_DEMANDE");
  CHECK(node().read("desk", "/v1/demandes/nothing").code() == "E_UNKNOWN_DEMANDE");
}

TEST_CASE("a command that is repeated has the answer of the first, and is recorded once", "[api]") {
  json body{{"event", {{"channel", "desk"}, {"identity_document_seen", true}, {"form", node().form()}}}};
  headers key{{"Idempotency-Key", "guichet-1"}};
  auto first = node().must("desk", "/v1/demandes", body, key);
  auto seq = node().last_seq();
  auto second = node().must("desk", "/v1/demandes", body, key);
  CHECK(second.body["subject"] == first.body["subject"]);
  CHECK(second.body["first_seq"] == first.body["first_seq"]);
  CHECK(second.assigned() == first.assigned());
  CHECK(node().last_seq() == seq);
  body["event"]["channel"] = "online";
  CHECK(refused("desk", "/v1/demandes", body, key).code() == "E_IDEMPOTENCY_KEY_REUSED");
  // Refusals are remembered too.
  headers other{{"Idempotency-Key", "guichet-2"}};
  body["occurred_on"] = "2199-01-01";
  auto no = refused("desk", "/v1/demandes", body, other);
  CHECK(refused("desk", "/v1/demandes", body, other).body == no.body);
  CHECK(refused("desk", "/v1/demandes", body, {{"Idempotency-Key", "avec espace"}}).code() == "E_MALFORMED");
}

TEST_CASE("malformed bodies are refused by a stable code and change nothing", "[api]") {
  auto number = node().register_demande();
  auto post = [&](std::string text) {
    auto told =
        node().send("desk", {"POST", events_of(number), {{"Content-Type", "application/json"}}, std::move(text), {}});
    return std::pair{told.status, told.code()};
  };
  auto before = node().last_seq();
  CHECK(post("{").second == "E_MALFORMED");
  CHECK(post("[]").second == "E_MALFORMED");
  CHECK(post("{\"kind\":\"renewed\",\"kind\":\"renewed\"}").second == "E_MALFORMED");
  CHECK(post(std::string(20, '[')).second == "E_TOO_LARGE");
  CHECK(post("{\"kind\":\"\xFF\"}").second == "E_MALFORMED");
  auto large = post("\"" + std::string((1U << 20) + 1, 'a') + "\"");
  CHECK(large.first == 413);
  CHECK(large.second == "E_TOO_LARGE");
  CHECK(node().last_seq() == before);
  CHECK(refused("desk", events_of(number), event("renewed", {{"changes", 1}})).body["path"] == "event.changes");
  CHECK(refused("desk", events_of(number), event("unheard_of", {})).body["path"] == "kind");
  CHECK(refused("desk", events_of(number), event("lease_conflict_closed", {})).body["path"] == "kind");
  CHECK(refused("desk", events_of(number), {{"event", json::object()}}).code() == "E_MISSING_FIELD");
  CHECK(refused("desk", events_of(number), event("renewed", json::object()), {{"Content-Type", "text/plain"}}).status ==
        415);
}

TEST_CASE("events out of time, out of order or by another than their originator are refused",
          "[api][R441-2-15-I-0-2][R441-2-15-I-9]") {
  auto number = node().register_demande();
  auto future = event("received", {{"commune", "93066"}, {"place", "Guichet fictif"}});
  future["occurred_on"] = "2030-01-01";
  CHECK(refused("desk", events_of(number), future).code() == "E_BAD_DATE");
  auto vacancy = node().open_vacancy();
  auto designation = event("designated", {{"vacancy", vacancy}});
  CHECK(refused("desk", events_of(number), designation).status == 403);
  auto candidacy = node().must("bailleur", events_of(number), designation).assigned().at("candidacy");
  auto out_of_order = event("offer_accepted", {{"candidacy", candidacy}});
  CHECK(refused("bailleur", events_of(number), out_of_order).code() == "E_BAD_ORDER");
  auto lease = event("lease_signed", {{"candidacy", candidacy},
                                      {"state_agent", false},
                                      {"dalo", false},
                                      {"priority_person", false},
                                      {"cia_public", false},
                                      {"accord_public", false},
                                      {"attested", false}});
  CHECK(refused("bailleur", events_of(number), lease).status == 409);
  auto for_another = event("received", {{"commune", "93066"}, {"place", "Guichet fictif"}});
  for_another["originator"] = sirens.at("bailleur");
  CHECK(refused("desk", events_of(number), for_another).code() == "E_NOT_ORIGINATOR");
  CHECK(refused("desk", events_of("093012400000199999"), future).code() == "E_UNKNOWN_DEMANDE");
}

TEST_CASE("a correction of a value that has moved since is a conflict", "[api][R441-2-15-I-1]") {
  auto number = node().register_demande();
  auto change = [](const char* old_value, const char* new_value) {
    json body{
        {"kind", "demande_changed"},
        {"originator", "demandeur"},
        {"event", {{"changes", {{{"path", "contact.phone"}, {"old_value", old_value}, {"new_value", new_value}}}}}}};
    return body;
  };
  node().must("desk", events_of(number), change("", "0100000000"));
  CHECK(refused("desk", events_of(number), change("", "0200000000")).code() == "E_CONFLICT");
  auto seen = node().read("desk", "/v1/demandes/" + number);
  CHECK(seen.body["form"]["contact"]["phone"] == "0100000000");
}

TEST_CASE("a document is filed with its content and read back by who may", "[api][L441-2-7-1-1b]") {
  auto number = node().register_demande();
  auto path = "/v1/demandes/" + number + "/documents";
  std::string content(3U << 20, '\0');
  content[7] = 'x';
  auto upload = [&](const std::string& command, const std::string& file) {
    std::string body = "--b\r\nContent-Disposition: form-data; name=\"command\"\r\n\r\n" + command +
                       "\r\n--b\r\nContent-Disposition: form-data; name=\"content\"\r\n\r\n" + file + "\r\n--b--\r\n";
    auto told = node().send("desk", {"POST", path, {{"Content-Type", "multipart/form-data; boundary=b"}}, body, {}});
    return std::pair{told.status, told.body};
  };
  auto [status, told] = upload("{\"event\":{\"type\":\"tax_notice\"}}", content);
  REQUIRE(status == 201);
  auto document = told.at("recorded").at(0).at("assigned").at("document").get<std::string>();
  CHECK_FALSE(told.dump().find("\"key\"") != std::string::npos);
  auto back = node().read("desk", path + "/" + document);
  CHECK(back.status == 200);
  CHECK(back.raw.body == content);
  CHECK(node().read("stranger", path + "/" + document).status == 403);
  CHECK(node().read("desk", path + "/" + std::string(32, '0')).code() == "E_UNKNOWN_SUBJECT");
  auto before = node().last_seq();
  CHECK(upload("{\"event\":{\"type\":\"horoscope\"}}", content).second["code"] == "E_BAD_MOTIVE");
  CHECK(upload("{\"event\":{\"type\":\"tax_notice\"}}", std::string((20U << 20) + 1, 'a')).first == 413);
  CHECK(upload("{", "a").first == 400);
  CHECK(node().last_seq() == before);
}

TEST_CASE("lists come a page at a time, within the scope, and go on where they stopped", "[api]") {
  for (int i = 0; i < 3; ++i)
    node().register_demande("93001", "narrow_desk");
  std::string target = "/v1/demandes?limit=2&commune=93001";
  std::size_t seen = 0;
  for (int page = 0; page < 50; ++page) {
    auto told = node().read("narrow_desk", target);
    REQUIRE(told.status == 200);
    CHECK(told.body["items"].size() <= 2);
    for (const auto& item : told.body["items"])
      CHECK(item["communes"] == json{"93001"});
    seen += told.body["items"].size();
    if (!told.body.contains("next"))
      break;
    target = told.body["next"];
  }
  CHECK(seen >= 3);
  CHECK(node().read("desk", "/v1/demandes?limit=201").code() == "E_MALFORMED");
  CHECK(node().read("desk", "/v1/demandes?after=zzz").code() == "E_MALFORMED");
  auto persons = node().get("desk", "/v1/legal-persons?limit=2");
  CHECK(persons.body["items"].size() == 2);
  auto more = node().get("desk", persons.body["next"]);
  CHECK(more.body["items"].at(0)["legal_person"] > persons.body["items"].at(1)["legal_person"]);
}

TEST_CASE("instruments and registers are told to agents, and a dwelling is found again", "[api]") {
  auto vacancy = node().open_vacancy();
  auto seen = node().get("action_logement", "/v1/vacancies/" + vacancy);
  CHECK(seen.body["status"] == "open");
  CHECK(node().get("desk", "/v1/dwellings/" + seen.body["dwelling"].get<std::string>()).body["commune"] == "93066");
  CHECK(node().get("desk", "/v1/vacancies/" + std::string(32, '0')).code() == "E_UNKNOWN_SUBJECT");
  CHECK(node().get("desk", "/v1/habilitations").body["items"].size() >= 5);
  CHECK(node().get("desk", "/v1/conventions").body["items"].size() == 1);
  CHECK(node().get("desk", "/v1/balances?year=2024").body["items"].size() == 1);
  node().must("bailleur", "/v1/flows",
              {{"event",
                {{"bailleur", sirens.at("bailleur")},
                 {"departement", "93"},
                 {"year", 2024},
                 {"dwellings_to_let", 100},
                 {"subtracted", 10}}}});
  CHECK(node().get("desk", "/v1/flows").body["items"].at(0)["base"] == 90);
  CHECK(node().get("desk", "/v1/balances?year=2024").body["items"].at(0)["rights"] == 36);
  CHECK(node().get("desk", "/v1/accounts").body["items"].size() == 1);
  CHECK(node().get("gestionnaire", "/v1/accounts").body["items"].size() > 4);
  CHECK(node().get("desk", "/v1/statistics").body["legal_persons"] == sirens.size());
  CHECK(node().get("", "/v1/statistics").status == 401);
  node().must("bailleur", "/v1/vacancies/" + vacancy + "/events", {{"event", {{"motive", "Travaux"}}}});
  CHECK(node().get("desk", "/v1/vacancies/" + vacancy).body["status"] == "withdrawn");
}

TEST_CASE("what the path names and what the event names must be the same", "[api]") {
  auto convention = node().get("desk", "/v1/conventions").body["items"].at(0)["convention"].get<std::string>();
  json body{{"event", {{"convention", std::string(32, 'a')}, {"last_day", "2024-12-31"}}}};
  CHECK(refused("gestionnaire", "/v1/conventions/" + convention + "/events", body).body["path"] == "event");
}

TEST_CASE("a receipt can be checked: the entry's header, the head that covers it, the key that signs", "[api]") {
  auto told =
      node().must("desk", "/v1/demandes",
                  {{"event", {{"channel", "desk"}, {"identity_document_seen", true}, {"form", node().form()}}}});
  auto seq = told.body["first_seq"].get<std::uint64_t>();
  auto entry = node().get("desk", "/v1/entries/" + std::to_string(seq));
  REQUIRE(entry.status == 200);
  CHECK(entry.body["subject"] == told.body["subject"]);
  CHECK(entry.body["recorded_at"] == told.body["recorded_at"]);
  CHECK(entry.body["head"] == told.body["head"]);
  CHECK(entry.body["head"]["signature"].get<std::string>().size() == 128);
  CHECK(node().get("", "/v1/territory").body["signer"].get<std::string>().size() == 64);
  CHECK(node().get("desk", "/v1/entries/0").status == 404);
  CHECK(node().get("desk", "/v1/entries/999999999").status == 404);
  CHECK(node().get("", "/v1/streams/T000000000/head").status == 404);
}

TEST_CASE("a demandeur sees his own dossier and no other, and who has consulted it", "[api][R441-2-17]") {
  auto own = node().register_demande();
  auto other = node().register_demande();
  node().must("desk", events_of(own),
              {{"kind", "applicant_account_opened"},
               {"event", json::object()},
               {"account", {{"login", "demandeur-1"}, {"password", "mot de passe fictif"}, {"display_name", "X"}}}});
  node().use_token("demandeur", node().log_in("demandeur-1", "mot de passe fictif"));
  CHECK(node().get("demandeur", "/v1/session").body["legal_person"] == "demandeur");
  CHECK(node().get("demandeur", "/v1/own-dossier").body["state"]["number"] == own);
  CHECK(node().get("demandeur", "/v1/own-dossier/consultations").status == 200);
  CHECK(node().get("demandeur", "/v1/demandes/" + own).status == 200);
  CHECK(node().get("demandeur", "/v1/demandes/" + other).status == 403);
  CHECK(node().read("demandeur", "/v1/demandes").status == 403);
  CHECK(node().get("demandeur", "/v1/legal-persons").status == 403);
  node().must("demandeur", "/v1/own-dossier/events",
              event("demande_changed",
                    {{"changes", {{{"path", "contact.phone"}, {"old_value", ""}, {"new_value", "0300000000"}}}}}));
  CHECK(node().get("demandeur", "/v1/own-dossier").body["form"]["contact"]["phone"] == "0300000000");
}

TEST_CASE("a demandeur's password is changed by himself, or by the desk in whose scope his demande is",
          "[api][R441-2-15-I-0-1][R441-2-15-V-2-3]") {
  auto number = node().register_demande();
  auto account = [](const char* login, const char* secret) {
    return json{{"login", login}, {"password", secret}, {"display_name", "X"}};
  };
  auto asks = [](const char* kind, json with) {
    json body{{"kind", kind}, {"event", json::object()}};
    if (!with.is_null())
      body["account"] = std::move(with);
    return body;
  };
  auto sets = [&](const char* secret) { return asks("applicant_password_set", {{"password", secret}}); };
  CHECK(refused("desk", events_of(number), sets("un autre mot de passe")).code() == "E_UNKNOWN_SUBJECT");
  node().must("desk", events_of(number),
              asks("applicant_account_opened", account("demandeur-2", "mot de passe fictif")));
  node().use_token("demandeur-2", node().log_in("demandeur-2", "mot de passe fictif"));
  auto at_desk = node().log_in("demandeur-2", "mot de passe fictif");
  node().use_token("demandeur-2 au guichet", at_desk);

  node().must("demandeur-2", "/v1/own-dossier/events", sets("connu de lui seul"));
  CHECK(node().get("demandeur-2", "/v1/own-dossier").status == 200);
  CHECK(node().get("demandeur-2 au guichet", "/v1/own-dossier").status == 401);
  CHECK(node().ask("", "POST", "/v1/login", {{"login", "demandeur-2"}, {"password", "mot de passe fictif"}}).status ==
        401);
  node().log_in("demandeur-2", "connu de lui seul");
  CHECK(refused("demandeur-2", "/v1/own-dossier/events", sets("court")).code() == "E_MALFORMED");

  CHECK(refused("stranger", events_of(number), sets("un autre mot de passe")).status == 403);
  CHECK(refused("narrow_desk", events_of(number), sets("un autre mot de passe")).code() == "E_OUT_OF_SCOPE");
  auto in_his_name = sets("un autre mot de passe");
  in_his_name["originator"] = "demandeur";
  CHECK(refused("narrow_desk", events_of(number), in_his_name).code() == "E_NOT_ORIGINATOR");
  node().must("desk", events_of(number), sets("remis au guichet"));
  CHECK(node().get("demandeur-2", "/v1/own-dossier").status == 401);
  node().use_token("demandeur-2", node().log_in("demandeur-2", "remis au guichet"));

  // Closed, it may be opened anew, under any login.
  node().must("demandeur-2", "/v1/own-dossier/events", asks("applicant_account_closed", {}));
  CHECK(node().get("demandeur-2", "/v1/own-dossier").status == 401);
  CHECK(refused("desk", events_of(number), asks("applicant_account_closed", {})).code() == "E_UNKNOWN_SUBJECT");
  node().must("desk", events_of(number),
              asks("applicant_account_opened", account("demandeur-3", "mot de passe fictif")));
  node().log_in("demandeur-3", "mot de passe fictif");
}

TEST_CASE("a token stands for its account until it is revoked, and a closed session for nobody", "[api]") {
  auto told = node().must("desk", "/v1/tokens", {{"label", "Interface fictive"}});
  auto token = told.body["secret"].get<std::string>();
  node().use_token("machine", token);
  CHECK(node().get("machine", "/v1/session").body["legal_person"] == sirens.at("desk"));
  CHECK(node().ask("desk", "DELETE", "/v1/tokens").status == 201);
  CHECK(node().get("machine", "/v1/session").status == 401);
  node().use_token("passing", node().log_in("desk", "mot de passe fictif"));
  CHECK(node().ask("passing", "POST", "/v1/logout").status == 204);
  CHECK(node().get("passing", "/v1/session").status == 401);
}

TEST_CASE("an agent without the mission of administering takes over no account of another's",
          "[api][R441-2-15-V-2-5]") {
  auto open = [](const std::string& login, const json& missions) {
    auto told = node().must(
        "gestionnaire", "/v1/accounts",
        {{"event", {{"legal_person", sirens.at("gestionnaire")}, {"missions", missions}, {"from", "2024-01-01"}}},
         {"account", {{"login", login}, {"password", "mot de passe fictif"}, {"display_name", "X"}}}});
    node().use_token(login, node().log_in(login, "mot de passe fictif"));
    return told.body.at("subject").get<std::string>();
  };
  auto change = [](const std::string& account, const char* what) {
    return json{{"kind", "account_secret_changed"},
                {"event", {{"account", account}, {"change", what}}},
                {"account", {{"password", "un autre mot de passe"}}}};
  };
  auto reader = open("consultant", {"consult"});
  auto keeper = open("administrateur", {"consult", "administer"});
  auto at = [](const std::string& account) { return "/v1/accounts/" + account + "/events"; };
  for (const char* what : {"password_set", "token_issued", "tokens_revoked"})
    CHECK(refused("consultant", at(keeper), change(keeper, what)).code() == "E_NOT_EMPOWERED");
  CHECK(refused("administrateur", at(reader), change(reader, "token_issued")).code() == "E_NOT_EMPOWERED");
  node().log_in("administrateur", "mot de passe fictif");
  // What is one's own needs no mission.
  node().must("consultant", "/v1/tokens", {{"label", "Interface fictive"}});
  node().must("administrateur", at(reader), change(reader, "password_set"));
  node().log_in("consultant", "un autre mot de passe");
}

TEST_CASE("a late record is accepted, and flagged with its lateness", "[api][R441-2-15-I-9]") {
  auto today = *toit::law::parse_date(node().today());
  auto on_time = node().register_demande();
  CHECK(node().read("desk", "/v1/demandes/" + on_time).body["timeline"][0]["lateness_days"] == 0);
  auto late = node().must("desk", "/v1/demandes",
                          {{"event", {{"channel", "desk"}, {"identity_document_seen", true}, {"form", node().form()}}},
                           {"occurred_on", toit::law::to_text(toit::law::add_days(today, std::chrono::days{-3}))}});
  auto seen = node().read("desk", "/v1/demandes/" + late.assigned().at("number").get<std::string>());
  CHECK(seen.body["timeline"][0]["lateness_days"] == 3);
}

TEST_CASE("a login says no more of an unknown account than of a wrong password", "[api]") {
  auto log_in = [](const char* login, const char* password) {
    return node().ask("", "POST", "/v1/login", {{"login", login}, {"password", password}});
  };
  auto unknown = log_in("personne", "mot de passe fictif");
  auto wrong = log_in("bailleur", "un autre mot de passe");
  CHECK(unknown.status == 401);
  CHECK(unknown.body == wrong.body);
  CHECK(log_in("", "").status == 400);
  CHECK(node().ask("", "POST", "/v1/login", {{"login", "a"}}).status == 400);
}

TEST_CASE("a demonstration's clock goes forwards, by the gestionnaire alone, and deadlines follow", "[api]") {
  auto number = node().register_demande();
  CHECK(node().ask("desk", "PUT", "/v1/clock", {{"event", {{"now", "2024-02-01T08:00:00Z"}}}}).status == 403);
  CHECK(node().ask("gestionnaire", "PUT", "/v1/clock", {{"event", {{"now", "2020-01-01T08:00:00Z"}}}}).code() ==
        "E_BAD_DATE");
  CHECK(node().ask("gestionnaire", "PUT", "/v1/clock", {{"event", {{"now", "2040-01-01T08:00:00Z"}}}}).code() ==
        "E_BAD_DATE");
  auto deadlines = node().read("desk", "/v1/deadlines?up_to=2100-01-01&alerts=true&limit=200");
  REQUIRE(deadlines.status == 200);
  CHECK(deadlines.body["items"].size() > 0);
  // Page by page, the same lines in the same order.
  auto pages = json::array();
  std::string next = "/v1/deadlines?up_to=2100-01-01&alerts=true&limit=3";
  while (!next.empty() && pages.size() < deadlines.body["items"].size()) {
    auto page = node().read("desk", next);
    for (const auto& line : page.body["items"])
      pages.push_back(line);
    next = page.body.value("next", "");
  }
  CHECK((pages == deadlines.body["items"]));
  auto before = node().today();
  auto call_at = [&](const char* from, const char* to) {
    json change{{"path", "contact.phone"}, {"old_value", from}, {"new_value", to}};
    node().must("desk", events_of(number), event("demande_changed", {{"changes", {change}}}));
  };
  call_at("", "0100000001");
  CHECK(node().ask("gestionnaire", "PUT", "/v1/clock", {{"event", {{"now", "2024-02-01T08:00:00Z"}}}}).status == 201);
  CHECK(node().today() == "2024-02-01");
  call_at("0100000001", "0100000002");
  auto past = node().read("desk", "/v1/demandes/" + number + "?as_of=" + before);
  CHECK(past.body["form"]["contact"]["phone"] == "0100000001");
  CHECK(past.body["timeline"].size() == 2);
  auto present = node().read("desk", "/v1/demandes/" + number);
  CHECK(present.body["form"]["contact"]["phone"] == "0100000002");
  CHECK(present.body["timeline"].size() == 3);
  auto long_past = node().read("desk", "/v1/demandes/" + number + "?as_of=2023-01-01");
  CHECK(long_past.status == 404);
  CHECK(node().ask("gestionnaire", "POST", "/v1/clock/confirmation", {{"event", json::object()}}).status == 201);
}

TEST_CASE("paths, methods and headers of no meaning are told apart", "[api]") {
  CHECK(node().get("", "/v1/nothing").code() == "E_NO_SUCH_PATH");
  auto wrong = node().ask("", "PATCH", "/v1/demandes");
  CHECK(wrong.status == 405);
  CHECK(toit::web::find_header(wrong.raw.headers, "Allow") == "POST, GET, HEAD, OPTIONS");
  CHECK(node().ask("", "OPTIONS", "/v1/demandes").status == 204);
  auto head = node().ask("", "HEAD", "/v1/territory");
  CHECK(head.status == 200);
  CHECK(head.raw.body.empty());
  CHECK(node().get("", "/v1/%zz").code() == "E_UNREADABLE");
  CHECK(node().get("desk", "/v1/dwellings?limit=5").status == 200);
  CHECK(node().get("desk", "/v1/dwellings?Limit=5").code() == "E_MALFORMED");
  CHECK(node().read("desk", "/v1/demandes?comune=93001").code() == "E_MALFORMED");
  CHECK(node().read("desk", "/v1/demandes?Toit-Code=x").code() == "E_MALFORMED");
  CHECK(node().get("", "/readyz?probe=1").status == 200);
  CHECK(node().get("", "/healthz").status == 200);
  CHECK(node().get("", "/readyz").status == 200);
  CHECK(node().get("", "/v1/openapi.json").body["openapi"] == "3.1.0");
  auto metrics = node().get("", "/metrics").raw.body;
  CHECK(metrics.find("toit_http_requests_total{method=\"GET\",path=\"/v1/demandes/{number}\",status=\"200\"}") !=
        std::string::npos);
}

TEST_CASE("what is entered on the instruments is ended by the same way", "[api][R441-2-15-I-10]") {
  auto subject_of = [](const answer& told) { return told.body.at("subject").get<std::string>(); };
  auto until = [](const char* name, const std::string& id) {
    return json{{"event", {{name, id}, {"last_day", "2030-12-31"}}}};
  };
  auto mandate = subject_of(node().must("gestionnaire", "/v1/mandates",
                                        {{"event",
                                          {{"mandate",
                                            {{"principal", sirens.at("action_logement")},
                                             {"introducer", sirens.at("bailleur")},
                                             {"matter", "designation"},
                                             {"ground", "R441-5"},
                                             {"from", "2024-01-01"}}}}}}));
  node().must("gestionnaire", "/v1/mandates/" + mandate + "/events", until("mandate", mandate));
  auto habilitation = subject_of(node().must(
      "gestionnaire", "/v1/habilitations",
      {{"event",
        {{"habilitation",
          {{"legal_person", sirens.at("narrow_desk")}, {"quality", "lieu_accueil"}, {"from", "2024-01-01"}}}}}}));
  node().must("gestionnaire", "/v1/habilitations/" + habilitation + "/events", until("habilitation", habilitation));
  // The receipt's subject is all that a bailleur has reserved in the département: the convention has an id of its own.
  auto signed_one = node().must("gestionnaire", "/v1/conventions",
                                {{"event",
                                  {{"convention",
                                    {{"bailleur", sirens.at("bailleur")},
                                     {"holder", sirens.at("action_logement")},
                                     {"contingent", "employer"},
                                     {"departement", "93"},
                                     {"flow_share", 100},
                                     {"agents_share", 0},
                                     {"loan_guarantee", false},
                                     {"from", "2010-01-01"},
                                     {"until", "2014-12-31"}}}}}});
  INFO(signed_one.body.dump());
  auto convention = signed_one.assigned().at("convention").get<std::string>();
  node().must("gestionnaire", "/v1/conventions/" + convention + "/events",
              {{"event", {{"convention", convention}, {"last_day", "2014-06-30"}}}});
  auto account = subject_of(node().must(
      "gestionnaire", "/v1/accounts",
      {{"event", {{"legal_person", sirens.at("desk")}, {"missions", {"consult"}}, {"from", "2024-01-01"}}},
       {"account", {{"login", "de passage"}, {"password", "mot de passe fictif"}, {"display_name", "X"}}}}));
  auto at_account = "/v1/accounts/" + account + "/events";
  node().must("gestionnaire", at_account,
              {{"kind", "account_secret_changed"},
               {"event", {{"account", account}, {"change", "password_set"}}},
               {"account", {{"password", "un autre mot de passe"}}}});
  node().use_token("de passage", node().log_in("de passage", "un autre mot de passe"));
  node().must("gestionnaire", at_account, {{"kind", "account_closed"}, {"event", {{"account", account}}}});
  CHECK(node().get("de passage", "/v1/session").status == 401);
  CHECK(node().get("desk", "/v1/mandates").status == 200);
}

TEST_CASE("a node alone has no links, and says so; an entry is on its disk", "[web][api][L441-2-7-1-1a]") {
  auto standing = node().get("desk", "/v1/federation");
  REQUIRE(standing.status == 200);
  const auto& told = standing.body;
  CHECK(told.at("directory_number") == 0);
  CHECK(told.at("links").empty());
  CHECK(told.at("alarms").empty());
  CHECK(told.at("held") == false);
  auto entry = node().get("desk", "/v1/entries/1").body;
  CHECK(entry.at("durability") == "disk");
  CHECK(entry.at("witnesses").empty());
  CHECK(node().get("desk", "/v1/streams/SR11/head").status == 404);
}
