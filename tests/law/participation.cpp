#include "prefecture.hpp"

#include <catch2/generators/catch_generators.hpp>

using namespace toit::law;
using namespace toit::law::testing;

namespace {

/// A bailleur refuses; the prefect has fixed its participation, and has notified it.
struct ordering_scene : prefecture {
  convention_id convention = proposes();
  act_id act;

  void orders() {
    REQUIRE(answers(convention, cast().epci, convention_answer::signed_by_party));
    REQUIRE(answers(convention, cast().bailleur, convention_answer::refused));
    auto id = procedure_of(asks_opinions(convention, cast().bailleur));
    REQUIRE(receives(id, cast().epci, party_opinion::favourable));
    auto ordered = prefect(participation(id));
    REQUIRE(ordered);
    act = std::get<participation_ordered>(ordered->entries.front().event).act.id;
  }
  void notifies() { REQUIRE(prefect(act_notified{act, cast().bailleur, some_document})); }

  std::optional<ordered_participation> found(siren party = cast().bailleur) const {
    return participation_of(state, convention, party, today);
  }
  party_state stands_now() const {
    return standing_of(territory.find(convention)->positions.at(cast().bailleur), found());
  }
  std::size_t told(evidence_kind kind) const {
    auto file = gather_evidence(state, cast().epci, &territory, {}, {}, {today, true, true}, ile_de_france, today);
    return static_cast<std::size_t>(std::ranges::count(file.items, kind, &evidence_item::kind));
  }
};

} // namespace

TEST_CASE("who refuses participates by arrêté from the day it binds, for the share that it fixes", "[L441-2-7-3-2]") {
  ordering_scene s;
  s.orders();
  CHECK(s.stands_now() == party_state::refused);
  CHECK(s.told(evidence_kind::refusal_answered) == 0);
  s.on(2026y / 3 / 5);
  s.notifies();
  CHECK(s.stands_now() == party_state::participates_by_order);
  REQUIRE(s.found());
  CHECK(s.found()->act == s.act);
  CHECK(s.found()->since == 2026y / 3 / 5);
  CHECK(s.found()->share == 2500);
  CHECK_FALSE(s.found(cast().reservataire));
  CHECK_FALSE(participation_of(s.state, {}, cast().bailleur, s.today));
  // The refusal stays told, and so does what answers it.
  CHECK(s.told(evidence_kind::party_refuses) == 1);
  CHECK(s.told(evidence_kind::refusal_answered) == 1);
}

TEST_CASE("an arrêté that no longer binds leaves the party where its own word put it", "[L441-2-7-3-2]") {
  ordering_scene s;
  s.orders();
  s.notifies();
  SECTION("suspended, until it resumes") {
    REQUIRE(s.on(2026y / 4 / 1).prefect(act_suspended{s.act, "Ordonnance fictive"}));
    CHECK(s.stands_now() == party_state::refused);
    CHECK(s.told(evidence_kind::refusal_answered) == 0);
    REQUIRE(s.on(2026y / 5 / 1).prefect(act_resumed{s.act, "Ordonnance fictive"}));
    CHECK(s.stands_now() == party_state::participates_by_order);
  }
  SECTION("withdrawn, repealed or annulled") {
    auto end = GENERATE(act_end::withdrawn, act_end::repealed, act_end::annulled);
    REQUIRE(s.on(2026y / 4 / 1).prefect(act_ended{s.act, end, "Décision fictive"}));
    CHECK(s.stands_now() == party_state::refused);
  }
  SECTION("once the party signs, its own word counts") {
    REQUIRE(s.on(2026y / 4 / 1).answers(s.convention, cast().bailleur, convention_answer::signed_by_party));
    CHECK(s.stands_now() == party_state::signed_by_party);
    CHECK(s.told(evidence_kind::party_refuses) == 0);
  }
}
