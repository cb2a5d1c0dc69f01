// A territory's dispositif and its prefect's part in it, each from his own node, over real links.

#include "tests/web/served_federation.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit;
using namespace toit::tests;

namespace {

constexpr const char* territory_siren = "200057867";
const std::string document(64, 'a');

/// Seine-Saint-Denis: the regional prefect orders, the departmental one follows.
layout two_prefects() {
  using enum federation::node_tier;
  return {territory_siren, "Plaine Commune", {{region, "11"}, {departement, "93"}}, {"93"}};
}

struct scene {
  served_federation all{two_prefects()};
  served_node& regional = all.state(0);
  served_node& departmental = all.state(1);
  served_node& territory = all.territory();
  std::string gestionnaire = territory.get("gestionnaire", "/v1/session").body.at("legal_person");
  std::string bailleur = territory.get("bailleur", "/v1/session").body.at("legal_person");
  std::string reservataire = territory.get("action_logement", "/v1/session").body.at("legal_person");

  scene() {
    territory.must("gestionnaire", "/v1/habilitations",
                   {{"event",
                     {{"habilitation",
                       {{"legal_person", gestionnaire}, {"quality", "epci_responsable"}, {"from", "2015-01-01"}}}}}});
  }

  std::string of_territory(const char* what) const { return std::string{"/v1/territories/"} + territory_siren + what; }
  tests::answer notes(served_node& prefect, const json& event, const char* kind) {
    return prefect.ask("gestionnaire", "POST", of_territory("/events"), {{"kind", kind}, {"event", event}});
  }
  tests::answer proposes(const std::vector<std::string>& parties, unsigned each) {
    json shares = json::array();
    for (const auto& party : parties)
      shares.push_back({{"party", party}, {"share", each}});
    json convention{{"document", document}, {"basis", "Logements"}, {"shares", shares}, {"from", territory.today()}};
    return territory.ask("gestionnaire", "POST", "/v1/dispositif/conventions",
                         {{"event", {{"convention", convention}}}});
  }
  /// What the prefect's services note of the obligation.
  static json obligation(const char* concern, const json& due_on = {}) {
    json noted{
        {"territory", territory_siren}, {"concern", concern}, {"communes", json::array()}, {"source", "Liste fictive"}};
    if (!due_on.is_null())
      noted["due_on"] = due_on;
    return noted;
  }
  json evidence() { return regional.get("gestionnaire", of_territory("/evidence")).body; }
  json position(const std::string& party) {
    auto listed = territory.get("gestionnaire", "/v1/dispositif/conventions").body.at("items").at(0);
    for (const auto& one : listed.at("positions"))
      if (one.at("party") == party)
        return one;
    return {};
  }
  bool has(const char* kind) {
    auto items = evidence().value("items", json::array());
    return std::ranges::any_of(items, [&](const json& item) { return item.at("kind") == kind; });
  }
  json act() {
    return {{"number", "2026-FICTIF-1"},
            {"signatory", "Mme Exemple, préfète"},
            {"document", document},
            {"effective_from", regional.today()}};
  }
  json power(const char* name) {
    auto told = regional.get("gestionnaire", of_territory("/powers")).body;
    for (const auto& one : told.at("items"))
      if (one.at("power") == name)
        return one;
    return {};
  }
};

/// A letter is entered in the name of whoever wrote it, who finds it among what others have entered for him.
void enters_letter(scene& s, const std::string& id) {
  json event{{"convention", id}, {"party", s.reservataire}, {"answer", "accepted_to_sign"}, {"document", document}};
  s.territory.must("gestionnaire", "/v1/dispositif/conventions/" + id + "/events",
                   {{"originator", s.reservataire}, {"event", event}});
  auto entered = s.territory.get("action_logement", "/v1/entries").body.at("items");
  CHECK(std::ranges::any_of(entered, [](auto& e) { return e.at("kind") == "dispositif_convention_answered"; }));
}

/// The party is told to participate on both nodes while the arrêté binds; its refusal stays told.
void binds_until_suspended(scene& s, const std::string& act) {
  auto stands = [&](const char* state) {
    return served_federation::comes_true([&] { return s.position(s.bailleur).at("state") == state; }) &&
           s.regional.get("gestionnaire", "/v1/procedures").body.at("items").at(0).at("stands") == state;
  };
  CHECK(stands("participates_by_order"));
  CHECK(s.position(s.bailleur).at("ordered_by") == act);
  CHECK(s.position(s.bailleur).at("ordered_share") == 2000);
  CHECK_FALSE(s.position(s.reservataire).contains("ordered_share"));
  CHECK(s.has("party_refuses"));
  CHECK(s.has("refusal_answered"));
  s.regional.must("gestionnaire", "/v1/acts/" + act + "/events",
                  {{"kind", "act_suspended"}, {"event", {{"act", act}, {"decision", "Ordonnance fictive"}}}});
  CHECK(stands("refused"));
  CHECK(s.has("party_refuses"));
  CHECK_FALSE(s.has("refusal_answered"));
}

/// As it stands, it is an entry of the prefect's: told again by its digest, whatever comes after.
std::string files_evidence(scene& s) {
  tests::answer filed;
  CHECK(served_federation::comes_true(
      [&] { return s.evidence().value("link_up", false) && !s.has("lateness_unknown"); }));
  REQUIRE(served_federation::comes_true([&] {
    filed = s.regional.ask("gestionnaire", "POST", s.of_territory("/evidence"));
    return filed.status == 201;
  }));
  std::string digest = filed.assigned().at("digest");
  auto told = s.regional.get("gestionnaire", s.of_territory(("/evidence/" + digest).c_str()));
  REQUIRE(told.status == 200);
  CHECK(told.body == filed.assigned().at("file"));
  CHECK(told.body.at("authority") == "SR11");
  CHECK(web::find_header(told.raw.headers, "ETag") == '"' + digest + '"');
  for (const auto& item : told.body.at("items"))
    CHECK(item.contains("link") == (item.at("seq") > 0));
  // Nothing has changed: it is the file that would be gathered now.
  auto now = s.regional.get("gestionnaire", s.of_territory("/evidence"));
  CHECK(now.raw.body == told.raw.body);
  CHECK(web::find_header(now.raw.headers, "ETag") == '"' + digest + '"');
  CHECK(s.regional.ask("gestionnaire", "POST", s.of_territory("/evidence")).code() == "E_DUPLICATE");
  CHECK(s.departmental.ask("gestionnaire", "POST", s.of_territory("/evidence")).code() == "E_WRONG_PREFET");
  auto unknown = s.of_territory(("/evidence/" + document).c_str());
  CHECK(s.regional.get("gestionnaire", unknown).code() == "E_UNKNOWN_SUBJECT");
  return digest;
}

} // namespace

TEST_CASE("a refusing bailleur's participation is fixed by arrêté, after the opinions, by the competent prefect",
          "[api][L441-2-7-3-1][L441-2-7-3-2]") {
  scene s;
  // The territory has an EPCI, two desks, a bailleur and a réservataire: all of them, and for the whole.
  CHECK(s.proposes({s.gestionnaire, s.bailleur}, 5000).code() == "E_MISSING_FIELD");
  std::vector<std::string> parties;
  std::set<std::string> seen;
  auto habilitations = s.territory.get("gestionnaire", "/v1/habilitations").body;
  for (const auto& h : habilitations.at("items"))
    if (h.at("quality") != "gestionnaire" && seen.insert(h.at("legal_person")).second)
      parties.push_back(h.at("legal_person"));
  REQUIRE(parties.size() == 5);
  auto proposed = s.proposes(parties, 2000);
  INFO(proposed.body.dump());
  REQUIRE(proposed.status == 201);
  std::string id = proposed.assigned().at("convention");
  auto answers = [&](const std::string& who, const std::string& party, const char* answer) {
    return s.territory.ask(
        who, "POST", "/v1/dispositif/conventions/" + id + "/events",
        {{"event", {{"convention", id}, {"party", party}, {"answer", answer}, {"document", document}}}});
  };
  CHECK(answers("action_logement", s.bailleur, "signed").code() == "E_NOT_ORIGINATOR");
  REQUIRE(answers("bailleur", s.bailleur, "refused").status == 201);
  REQUIRE(answers("gestionnaire", s.gestionnaire, "signed").status == 201);
  enters_letter(s, id);
  auto listed = s.territory.get("gestionnaire", "/v1/dispositif/conventions").body.at("items").at(0);
  CHECK(listed.at("positions").size() == 5);

  json asks{{"territory", territory_siren}, {"convention", id}, {"party", s.bailleur}};
  REQUIRE(served_federation::comes_true([&] { return s.has("party_refuses"); }));
  CHECK(s.notes(s.departmental, asks, "opinions_asked").code() == "E_WRONG_PREFET");
  auto begun = s.notes(s.regional, asks, "opinions_asked");
  INFO(begun.body.dump());
  REQUIRE(begun.status == 201);
  std::string procedure = begun.assigned().at("procedure");
  CHECK(begun.assigned().at("asked").size() == 2);
  auto in_procedure = [&](const char* kind, json event) {
    event["procedure"] = procedure;
    return s.regional.ask("gestionnaire", "POST", "/v1/procedures/" + procedure + "/events",
                          {{"kind", kind}, {"event", event}});
  };
  json ordered{{"act", s.act()}, {"share", 2000}, {"conditions", "Conditions fictives"}};
  CHECK(in_procedure("participation_ordered", ordered).code() == "E_MISSING_OPINION");
  for (const auto& from : {s.gestionnaire, s.reservataire}) {
    json opinion{{"from", from}, {"sense", "favourable"}, {"document", document}, {"ground", ""}};
    REQUIRE(in_procedure("opinion_received", opinion).status == 201);
  }
  auto act = in_procedure("participation_ordered", ordered);
  INFO(act.body.dump());
  REQUIRE(act.status == 201);
  std::string act_id = act.assigned().at("act");
  auto standing = [&] {
    return s.regional.get("gestionnaire", "/v1/acts").body.at("items").at(0).at("standing").get<std::string>();
  };
  CHECK(standing() == "not_yet");
  s.regional.must(
      "gestionnaire", "/v1/acts/" + act_id + "/events",
      {{"kind", "act_notified"}, {"event", {{"act", act_id}, {"addressee", s.bailleur}, {"receipt", document}}}});
  CHECK(standing() == "in_force");
  auto procedures = s.regional.get("gestionnaire", "/v1/procedures").body.at("items");
  REQUIRE(procedures.size() == 1);
  CHECK(procedures[0].at("ordered_by") == act_id);
  binds_until_suspended(s, act_id);
}

TEST_CASE("the evidence of a carence gathers itself, and the prefect alone finds it", "[api][L441-2-7-4-1]") {
  scene s;
  CHECK(served_federation::comes_true([&] { return s.has("concern_unknown"); }));
  CHECK(s.departmental.get("gestionnaire", s.of_territory("/evidence")).code() == "E_WRONG_PREFET");
  CHECK(s.departmental.get("gestionnaire", s.of_territory("/powers")).code() == "E_WRONG_PREFET");
  auto yesterday = law::to_text(law::add_days(*law::parse_date(s.regional.today()), law::days{-1}));
  CHECK(s.notes(s.departmental, s.obligation("yes", yesterday), "obligation_noted").code() == "E_WRONG_PREFET");
  REQUIRE(s.notes(s.regional, s.obligation("yes", yesterday), "obligation_noted").status == 201);
  REQUIRE(served_federation::comes_true([&] { return s.has("dispositif_missing"); }));
  CHECK(s.has("calendar_passed"));
  CHECK(s.evidence().at("stands").at("state") == "obligated");
  CHECK(s.power("find_carence").at("possible") == true);
  CHECK(s.power("substitute_for_carence").at("refused") == "E_BAD_ORDER");

  json ordered{{"act", s.act()}, {"territory", territory_siren}, {"ground", "carence"}};
  CHECK(s.notes(s.regional, ordered, "substitution_ordered").code() == "E_BAD_ORDER");
  json found{{"territory", territory_siren},
             {"whose", "epci"},
             {"partners", json::array()},
             {"evidence", document},
             {"grounds", "Motifs fictifs"}};
  auto refused = s.notes(s.regional, found, "carence_found");
  CHECK(refused.code() == "E_UNKNOWN_SUBJECT");
  CHECK(refused.body.at("path") == "evidence");
  found["evidence"] = files_evidence(s);
  REQUIRE(s.notes(s.regional, found, "carence_found").status == 201);
  CHECK(s.power("substitute_for_carence").at("possible") == true);
  CHECK(s.notes(s.departmental, ordered, "substitution_ordered").code() == "E_WRONG_PREFET");
  auto act = s.notes(s.regional, ordered, "substitution_ordered");
  INFO(act.body.dump());
  REQUIRE(act.status == 201);
  CHECK(s.power("substitute_for_carence").at("refused") == "E_BAD_ORDER");
  CHECK(s.regional.get("gestionnaire", "/v1/acts").body.at("items").at(0).at("standing") == "not_yet");
}

TEST_CASE("whoever may record nothing is refused before evidence is gathered for him", "[api][L441-2-7-4-1]") {
  scene s;
  s.departmental.must(
      "gestionnaire", "/v1/accounts",
      {{"event", {{"legal_person", served_federation::service(1)}, {"missions", {"consult"}}, {"from", "2024-01-01"}}},
       {"account", {{"login", "consultant"}, {"password", served_node::password_of_all()}, {"display_name", "X"}}}});
  s.departmental.use_token("consultant", s.departmental.log_in("consultant", served_node::password_of_all()));
  // Whose territory it is, is what gathering begins with.
  CHECK(s.departmental.ask("gestionnaire", "POST", s.of_territory("/evidence")).code() == "E_WRONG_PREFET");
  CHECK(s.departmental.ask("consultant", "POST", s.of_territory("/evidence")).code() == "E_NOT_EMPOWERED");
  CHECK(s.departmental.get("consultant", s.of_territory("/evidence")).code() == "E_WRONG_PREFET");
}

TEST_CASE("how late each records is in the evidence, as the territory's host tells it", "[api][L441-2-7-4-3]") {
  scene s;
  s.territory.register_demande();
  auto three_days_ago = law::to_text(law::add_days(*law::parse_date(s.territory.today()), law::days{-3}));
  s.territory.must("desk", "/v1/demandes",
                   {{"occurred_on", three_days_ago},
                    {"event", {{"channel", "desk"}, {"identity_document_seen", true}, {"form", s.territory.form()}}}});
  auto told = s.territory.get("desk", "/v1/lateness").body.at("items");
  REQUIRE(told.size() == 1);
  json late;
  CHECK(served_federation::comes_true([&] {
    for (const auto& item : s.evidence().value("items", json::array()))
      if (item.at("kind") == "records_late")
        late = item;
    return !late.is_null();
  }));
  REQUIRE(late.is_object());
  CHECK(late.at("concerns") == told[0].at("legal_person"));
  CHECK(late.at("count") == told[0].at("late"));
  CHECK(late.at("days_most") == 3);
  CHECK(late.at("source") == "host");
  CHECK_FALSE(s.has("lateness_unknown"));
}

TEST_CASE("a territory puts its dispositif in service under the regional cahier des charges that has reached it",
          "[api][L441-2-7-1-1a][L441-2-7-2-2]") {
  scene s;
  auto dispositif = [&](const char* kind, const json& event) {
    return s.territory.ask("gestionnaire", "POST", "/v1/dispositif/events", {{"kind", kind}, {"event", event}});
  };
  REQUIRE(dispositif("dispositif_begun", {{"source", "Délibération fictive"}}).status == 201);
  auto findings = [&] {
    json all = json::array();
    auto specifications = s.regional.get("gestionnaire", "/v1/specifications").body;
    for (const auto& checklist : specifications.at("items")) {
      json items = json::array();
      for (const auto& item : checklist.at("items"))
        items.push_back({{"item", item.at("id")}, {"finding", "met"}, {"ground", ""}});
      all.push_back({{"checklist", checklist.at("name")}, {"version", checklist.at("version")}, {"items", items}});
    }
    return json{{"findings", all}};
  };
  CHECK(dispositif("dispositif_put_in_service", findings()).code() == "E_NOT_CONFORM");
  json cahier{{"checklist",
               {{"name", "cahier_des_charges_regional"},
                {"version", 1},
                {"from", s.regional.today()},
                {"items", {{{"id", "1.1"}, {"asks", "Les flux sont quotidiens."}, {"article", "cahier"}}}}}},
              {"opinion_on", s.regional.today()},
              {"source", "Arrêté fictif"}};
  CHECK(s.departmental.ask("gestionnaire", "POST", "/v1/specifications", {{"event", cahier}}).code() ==
        "E_WRONG_PREFET");
  s.regional.must("gestionnaire", "/v1/specifications", {{"event", cahier}});
  tests::answer served;
  CHECK(served_federation::comes_true([&] {
    served = dispositif("dispositif_put_in_service", findings());
    return served.status == 201;
  }));
  INFO(served.body.dump());
  auto stands = s.territory.get("gestionnaire", "/v1/dispositif").body.at("stands");
  CHECK(stands.at("state") == "in_service");
  CHECK(stands.at("form") == "own");
  CHECK(s.territory.get("gestionnaire", "/v1/specifications").body.at("items").size() == 2);
  CHECK(s.territory.get("gestionnaire", "/v1/acts").code() == "E_OUT_OF_SCOPE");
  CHECK(s.regional.get("gestionnaire", "/v1/dispositif").code() == "E_OUT_OF_SCOPE");

  // It joins what its prefect has examined, and nothing else.
  json adhesion{{"joined", "sne_module"},
                {"level", "national"},
                {"host", served_federation::service(1)},
                {"source", "Délibération fictive"}};
  CHECK(dispositif("adhesion_decided", adhesion).code() == "E_NOT_CONFORM");
  json examined = findings();
  examined.update(
      {{"host", served_federation::service(1)}, {"joined", "sne_module"}, {"level", "national"}, {"source", ""}});
  s.regional.must("gestionnaire", "/v1/joinables", {{"event", examined}});
  CHECK(served_federation::comes_true([&] { return dispositif("adhesion_decided", adhesion).status == 201; }));
  CHECK(s.territory.get("gestionnaire", "/v1/dispositif").body.at("stands").at("form") == "adhered");
  CHECK(s.regional
            .ask("gestionnaire", "POST", "/v1/dispositif/events",
                 {{"kind", "dispositif_begun"}, {"event", {{"source", "Délibération fictive"}}}})
            .code() == "E_OUT_OF_SCOPE");
}
