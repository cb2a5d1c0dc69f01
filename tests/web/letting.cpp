// Dwellings let through the API, from designation to lease; a second lease is nobody's without an attestation.

#include "tests/web/asking.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit::tests;

namespace {

struct candidate {
  std::string number;
  json candidacy;
};

/// A vacancy, and a session of the commission that will look at its candidates.
class letting {
public:
  letting() : vacancy{node().open_vacancy()} {
    auto planned = node().must("bailleur", "/v1/caleol-sessions",
                               {{"event", {{"held_on", node().today()}, {"commission", "CALEOL"}}}});
    session = planned.assigned().at("session");
  }

  candidate designate(const std::string& number) const {
    auto designated = node().must("bailleur", events_of(number), event("designated", {{"vacancy", vacancy}}));
    json candidacy{{"candidacy", designated.assigned().at("candidacy")}};
    auto on_agenda = candidacy;
    on_agenda["session"] = session;
    node().must("bailleur", events_of(number), event("agenda_entered", on_agenda));
    return {number, candidacy};
  }

  std::string events() const { return "/v1/caleol-sessions/" + session + "/events"; }

  /// The commission looks at all of them and attributes the dwelling to the first.
  void hold(const std::vector<candidate>& candidates) const {
    node().must("bailleur", events(), event("session_opened", {{"quorum_reached", true}}));
    for (const auto& c : candidates)
      node().must("bailleur", events_of(c.number), event("examined", c.candidacy));
    auto decision = candidates.at(0).candidacy;
    decision["decision"] = "attribution";
    decision["motives"] = {"other"};
    decision["motive_text"] = "Premier selon la cotation fictive.";
    decision["charged_on"] = {{"contingent", "non_reserved"}};
    node().must("bailleur", events_of(candidates.at(0).number), event("caleol_decided", decision));
    node().must("bailleur", events(), event("session_closed", {{"minutes", "PV fictif"}}));
  }

  static void offer_to(const candidate& c) {
    auto offer = c.candidacy;
    offer.update({{"reply_by", "2025-12-31"}, {"rent_cents", 50'000}, {"description", "T2"}, {"dalo_warning", false}});
    node().must("bailleur", events_of(c.number), event("offer_made", offer));
    node().must("bailleur", events_of(c.number), event("offer_accepted", c.candidacy));
  }

  static json lease_of(const candidate& c, bool attested = false) {
    auto lease = c.candidacy;
    for (const char* no : {"state_agent", "dalo", "priority_person", "cia_public", "accord_public"})
      lease[no] = false;
    lease["attested"] = attested;
    return event("lease_signed", lease);
  }

  std::string status() const { return node().get("bailleur", "/v1/vacancies/" + vacancy).body.at("status"); }

  std::string vacancy;
  std::string session;
};

} // namespace

TEST_CASE("a dwelling is let through the API, from designation to lease", "[api][R441-2-15-I-8]") {
  letting here;
  std::vector<candidate> candidates;
  for (int i = 0; i < 3; ++i)
    candidates.push_back(here.designate(node().register_demande()));
  const auto& first = candidates[0];
  CHECK(refused("bailleur", events_of(first.number), event("examined", first.candidacy)).code() == "E_BAD_ORDER");
  here.hold(candidates);
  auto told = node().read("bailleur", "/v1/vacancies/" + here.vacancy + "/candidates");
  REQUIRE(told.status == 200);
  CHECK(told.body["items"].size() == 3);
  CHECK(node().get("bailleur", "/v1/caleol-sessions/" + here.session).body["status"] == "closed");
  for (const char* list : {"/v1/caleol-sessions", "/v1/dwellings", "/v1/vacancies"})
    CHECK(node().get("bailleur", list).body["items"].size() > 0);
  letting::offer_to(first);
  node().must("bailleur", events_of(first.number), letting::lease_of(first));
  CHECK(here.status() == "let");
  CHECK(node().read("desk", "/v1/demandes/" + first.number).body["state"]["status"] == "radiated");
}

TEST_CASE("a second lease that nobody attests is refused, an attested one is a conflict", "[api][R441-2-15-I-8]") {
  auto number = node().register_demande();
  letting here;
  letting there;
  auto candidates_of = [&](const letting& place) {
    std::vector<candidate> all{place.designate(number)};
    while (all.size() < 3)
      all.push_back(place.designate(node().register_demande()));
    place.hold(all);
    return all.front();
  };
  auto one = candidates_of(here);
  auto other = candidates_of(there);
  letting::offer_to(one);
  letting::offer_to(other);
  node().must("bailleur", events_of(number), letting::lease_of(one));
  auto second = refused("bailleur", events_of(number), letting::lease_of(other));
  CHECK(second.status == 409);
  CHECK(second.code() == "E_DEMANDE_INACTIVE");
  CHECK(second.body["article"] == "R441-2-15-I-8");
  CHECK(there.status() != "let");
  auto attested = node().must("bailleur", events_of(number), letting::lease_of(other, true));
  auto kinds = attested.body["recorded"];
  CHECK(std::ranges::count_if(kinds, [](const json& r) { return r["kind"] == "lease_conflict_opened"; }) == 1);
  auto state = node().read("desk", "/v1/demandes/" + number).body["state"];
  CHECK(state["conflict"]["first"] == one.candidacy["candidacy"]);
  CHECK(state["conflict"]["second"] == other.candidacy["candidacy"]);
}
