// The prefect takes a territory over, and gives it back: real nodes, real links.

#include "tests/web/served_federation.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit;
using namespace toit::tests;

namespace {

constexpr const char* siren = "200057867";
const std::string digest(64, 'b');

layout regional_and_departmental() {
  using enum federation::node_tier;
  return {siren, "Plaine Commune", {{region, "11"}, {departement, "93"}}, {"93"}};
}

/// A territory whose calendar has passed.
struct overdue {
  served_federation all{regional_and_departmental()};
  served_node& regional = all.state(0);
  served_node& departmental = all.state(1);
  served_node& territory = all.territory();

  overdue() {
    std::string gestionnaire = territory.get("gestionnaire", "/v1/session").body.at("legal_person");
    territory.must("gestionnaire", "/v1/habilitations",
                   {{"event",
                     {{"habilitation",
                       {{"legal_person", gestionnaire}, {"quality", "epci_responsable"}, {"from", "2015-01-01"}}}}}});
    auto yesterday = law::to_text(law::add_days(*law::parse_date(regional.today()), law::days{-1}));
    note("obligation_noted", {{"territory", siren},
                              {"concern", "yes"},
                              {"communes", json::array()},
                              {"due_on", yesterday},
                              {"source", "Liste fictive"}});
    note("carence_found", {{"territory", siren},
                           {"whose", "epci"},
                           {"partners", json::array()},
                           {"evidence", file_evidence()},
                           {"grounds", "Motifs fictifs"}});
  }

  std::string of_territory(const char* what) const { return std::string{"/v1/territories/"} + siren + what; }
  /// Its digest. Refused while the territory's journal is being read.
  std::string file_evidence() {
    tests::answer told;
    REQUIRE(served_federation::comes_true([&] {
      told = regional.ask("gestionnaire", "POST", of_territory("/evidence"));
      return told.status == 201;
    }));
    return told.assigned().at("digest");
  }
  json evidence() { return regional.get("gestionnaire", of_territory("/evidence")).body; }

  /// Refused while what is asked for waits for what the territory has still to send.
  std::string note(const char* kind, const json& event) {
    tests::answer told;
    auto noted = served_federation::comes_true([&] {
      told = regional.ask("gestionnaire", "POST", of_territory("/events"), {{"kind", kind}, {"event", event}});
      return told.status == 201;
    });
    INFO(kind << " " << told.body.dump());
    REQUIRE(noted);
    auto assigned = told.assigned();
    return assigned.value("act", "");
  }

  json ordered() {
    return {{"act",
             {{"number", "2026-FICTIF-2"},
              {"signatory", "Mme Exemple, préfète"},
              {"document", digest},
              {"effective_from", regional.today()}}},
            {"territory", siren},
            {"ground", "carence"}};
  }
  void act_event(const std::string& act, const char* kind, json event) {
    event["act"] = act;
    regional.must("gestionnaire", "/v1/acts/" + act + "/events", {{"kind", kind}, {"event", event}});
  }
  /// Signed, published, notified: it is in force on the day after.
  std::string substitute() {
    auto act = note("substitution_ordered", ordered());
    act_event(act, "act_published", {{"where", "Recueil fictif 1"}});
    act_event(act, "act_notified", {{"addressee", siren}, {"receipt", digest}});
    auto tomorrow = law::to_text(law::add_days(*law::parse_date(regional.today()), law::days{1}));
    regional.set_clock(tomorrow + "T08:00:00Z");
    return act;
  }

  /// On the regional node, under its own path.
  std::string at_host(const std::string& target) const { return std::string{"/territoires/"} + siren + target; }
  bool is_hosted_by_region() {
    auto told = regional.ask("", "POST", at_host("/v1/login"),
                             {{"login", "desk"}, {"password", served_node::password_of_all()}});
    if (told.status == 200)
      regional.use_token("desk", told.body.at("token"));
    return told.status == 200;
  }
  /// Under the name that the directory gives it.
  static bool names_host(const tests::answer& told, std::string_view name) {
    return web::find_header(told.raw.headers, "Toit-Host") == name;
  }
  std::uint32_t epoch_at(served_node& node) {
    return node.get("", std::string{"/v1/streams/T"} + siren + "/head").body.at("epoch");
  }
  /// At the prefect's node, while it hosts.
  std::string file_document(const std::string& number) {
    std::string body = "--b\r\nContent-Disposition: form-data; name=\"command\"\r\n\r\n"
                       "{\"event\":{\"type\":\"tax_notice\"}}\r\n"
                       "--b\r\nContent-Disposition: form-data; name=\"content\"\r\n\r\nContenu fictif\r\n--b--\r\n";
    auto told = regional.send("desk", {"POST",
                                       at_host("/v1/demandes/" + number + "/documents"),
                                       {{"Content-Type", "multipart/form-data; boundary=b"}},
                                       body,
                                       {}});
    INFO(told.body.dump());
    REQUIRE(told.status == 201);
    return told.assigned().at("document");
  }
  json federation_at_host() { return regional.get("gestionnaire", "/v1/federation").body; }
  /// As the territory's node has told the prefect's.
  std::uint64_t documents_lacking() {
    auto told = federation_at_host();
    for (const auto& link : told.at("links"))
      for (const auto& stream : link.at("streams"))
        if (auto lacking = stream.find("lacking"); lacking != stream.end() && lacking->is_object())
          return lacking->at("documents");
    return 0;
  }
  bool is_about_to_pass() {
    auto told = federation_at_host();
    const auto& streams = told.at("authorities");
    if (streams.size() != 1)
      return false;
    auto next = streams.at(0).find("next");
    return next != streams.at(0).end() && next->is_string();
  }
  json demande(const std::string& wished = "93066") {
    return {
        {"event", {{"channel", "desk"}, {"identity_document_seen", true}, {"form", territory.form(wished.c_str())}}}};
  }
};

} // namespace

TEST_CASE("a territory that the prefect has taken over is served by his node, and given back with what was recorded",
          "[api][L441-2-7-4-1]") {
  overdue s;
  auto before = s.territory.register_demande();
  auto act = s.substitute();
  REQUIRE(served_federation::comes_true([&] { return s.is_hosted_by_region(); }));
  CHECK(s.epoch_at(s.regional) == 1);

  // Who comes to the former host is told where to go.
  REQUIRE(served_federation::comes_true([&] {
    auto told = s.territory.ask("desk", "POST", "/v1/demandes", s.demande());
    return told.status == 421 && told.code() == "E_FENCED" && s.names_host(told, "sr11");
  }));
  CHECK(s.territory.get("", "/healthz").status == 200);

  // What was recorded is there, under the same rights, and goes on.
  CHECK(s.regional.read("desk", s.at_host("/v1/demandes/" + before)).status == 200);
  auto registered = s.regional.must("desk", s.at_host("/v1/demandes"), s.demande());
  auto during = registered.assigned().at("number").get<std::string>();
  auto document = s.file_document(during);
  CHECK(s.regional.get("desk", s.at_host("/v1/late-entries")).body.at("items").empty());
  CHECK(s.regional.get("desk", s.at_host("/v1/late-entries?limit=1&after=k1-5")).body.at("items").empty());
  CHECK(s.regional.get("desk", s.at_host("/v1/late-entries?after=k1-")).code() == "E_MALFORMED");
  REQUIRE(served_federation::comes_true([&] { return s.epoch_at(s.territory) == 1; }));
  REQUIRE(served_federation::comes_true([&] { return s.epoch_at(s.departmental) == 1; }));
  auto alarms = s.regional.get("gestionnaire", "/v1/federation").body.at("alarms");
  INFO(alarms.dump());
  CHECK(alarms.empty());

  s.act_event(act, "act_ended", {{"end", "repealed"}, {"decision", "Arrêté fictif 3"}});
  REQUIRE(served_federation::comes_true([&] {
    auto told =
        s.territory.ask("", "POST", "/v1/login", {{"login", "desk"}, {"password", served_node::password_of_all()}});
    if (told.status == 200)
      s.territory.use_token("desk", told.body.at("token"));
    return told.status == 200;
  }));
  CHECK(s.epoch_at(s.territory) == 2);
  CHECK(s.territory.read("desk", "/v1/demandes/" + before).status == 200);
  CHECK(s.territory.read("desk", "/v1/demandes/" + during).status == 200);
  // Nobody has to wait for it: it was there before the epoch was opened.
  CHECK(s.territory.read("desk", "/v1/demandes/" + during + "/documents/" + document).raw.body == "Contenu fictif");
  s.territory.must("desk", "/v1/demandes", s.demande());
  auto no_more = s.regional.ask("desk", "POST", s.at_host("/v1/demandes"), s.demande());
  CHECK(no_more.status == 421);
  CHECK(s.names_host(no_more, "t200057867"));
}

TEST_CASE("a demandeur's account passes with his territory, there and back", "[api][L441-2-7-4-1]") {
  overdue s;
  auto number = s.territory.register_demande();
  auto events = "/v1/demandes/" + number + "/events";
  auto opens = [](const char* login) {
    return json{{"kind", "applicant_account_opened"},
                {"event", json::object()},
                {"account", {{"login", login}, {"password", served_node::password_of_all()}, {"display_name", "X"}}}};
  };
  auto lets_in = [](served_node& node, const std::string& at, const std::string& login) {
    auto told =
        node.ask("", "POST", at + "/v1/login", {{"login", login}, {"password", served_node::password_of_all()}});
    if (told.status == 200)
      node.use_token(login, told.body.at("token"));
    return told.status == 200;
  };
  s.territory.must("desk", events, opens("demandeur"));
  auto act = s.substitute();
  REQUIRE(served_federation::comes_true([&] { return s.is_hosted_by_region(); }));
  REQUIRE(lets_in(s.regional, s.at_host(""), "demandeur"));
  CHECK(s.regional.get("demandeur", s.at_host("/v1/own-dossier")).body.at("state").at("number") == number);

  // The desk keeps it there as anywhere.
  s.regional.must("desk", s.at_host(events), {{"kind", "applicant_account_closed"}, {"event", json::object()}});
  CHECK_FALSE(lets_in(s.regional, s.at_host(""), "demandeur"));
  s.regional.must("desk", s.at_host(events), opens("demandeur-2"));
  REQUIRE(lets_in(s.regional, s.at_host(""), "demandeur-2"));

  s.act_event(act, "act_ended", {{"end", "repealed"}, {"decision", "Arrêté fictif 3"}});
  REQUIRE(served_federation::comes_true([&] { return lets_in(s.territory, "", "desk"); }));
  CHECK(s.epoch_at(s.territory) == 2);
  REQUIRE(lets_in(s.territory, "", "demandeur-2"));
  CHECK(s.territory.get("demandeur-2", "/v1/own-dossier").body.at("state").at("number") == number);
  CHECK_FALSE(lets_in(s.territory, "", "demandeur"));
}

TEST_CASE("a territory is not given back while its node lacks a document: the prefect's goes on serving it",
          "[api][L441-2-7-4-1]") {
  overdue s;
  auto number = s.territory.register_demande();
  auto act = s.substitute();
  REQUIRE(served_federation::comes_true([&] { return s.is_hosted_by_region(); }));
  REQUIRE(served_federation::comes_true([&] { return s.epoch_at(s.territory) == 1; }));
  // Its disk takes none.
  std::filesystem::rename(s.territory.data() / "documents", s.territory.data() / "elsewhere");
  s.file_document(number);
  REQUIRE(served_federation::comes_true([&] { return s.documents_lacking() == 1; }));

  s.act_event(act, "act_ended", {{"end", "repealed"}, {"decision", "Arrêté fictif 3"}});
  REQUIRE(served_federation::comes_true([&] { return s.is_about_to_pass(); }));
  for (int i = 0; i < 25; ++i) {
    s.regional.must("desk", s.at_host("/v1/demandes"), s.demande());
    std::this_thread::sleep_for(std::chrono::milliseconds{200});
  }
  CHECK(s.epoch_at(s.territory) == 1);
  // Whoever looks is told of it.
  CHECK(s.documents_lacking() == 1);
  CHECK(s.is_about_to_pass());
}

TEST_CASE("a territory is not taken over while its keys cannot be opened", "[api][L441-2-7-4-1]") {
  overdue s;
  s.all.put_escrow_away();
  s.substitute();
  // It goes on recording meanwhile.
  for (int i = 0; i < 20; ++i) {
    s.territory.register_demande();
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
  }
  CHECK(s.epoch_at(s.regional) == 0);
  auto told_to_wait = [&](const char* gauge) {
    return s.regional.get("", "/metrics").raw.body.find(gauge) != std::string::npos;
  };
  CHECK(served_federation::comes_true([&] { return told_to_wait("\ntoit_epochs_to_open 1"); }));
  s.all.bring_escrow();
  REQUIRE(served_federation::comes_true([&] { return s.is_hosted_by_region(); }));
  CHECK(served_federation::comes_true([&] { return told_to_wait("\ntoit_epochs_to_open 0"); }));
}

TEST_CASE("of a territory that he hosts himself the prefect has all the news there is", "[api][L441-2-7-4-1]") {
  overdue s;
  auto act = s.substitute();
  REQUIRE(served_federation::comes_true([&] { return s.is_hosted_by_region(); }));
  json evidence;
  CHECK(served_federation::comes_true([&] {
    evidence = s.evidence();
    return evidence.value("link_up", false) && evidence.value("known_through", "") == s.regional.today();
  }));
  INFO(evidence.dump());
  auto has = [&](const char* kind) {
    return std::ranges::any_of(evidence.at("items"), [&](const json& item) { return item.at("kind") == kind; });
  };
  CHECK_FALSE(has("no_news"));
  // He is asked as any host is, over no link.
  CHECK_FALSE(has("lateness_unknown"));
}
