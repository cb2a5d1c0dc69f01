#include "territory.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit::law;
using namespace toit::law::testing;
using namespace std::chrono_literals;

namespace {

constexpr auto not_enough = fewer_candidates_ground::not_enough_candidates;
constexpr auto by_prefect = fewer_candidates_ground::designated_by_prefect;
constexpr auto subsidy = fewer_candidates_ground::d331_25_1_subsidy;

/// A dwelling with candidates on the agenda of a session of 20 January 2026.
struct agenda {
  world w;
  vacancy_id v = w.new_vacancy(2026y / 1 / 10);
  session_id session = w.on(2026y / 1 / 10).bailleur().schedules(2026y / 1 / 20).id<session_id>();
  std::vector<candidacy_id> candidacies;

  explicit agenda(unsigned candidates) {
    for (unsigned n = 0; n < candidates; ++n)
      add();
  }
  candidacy_id add() {
    auto d = w.new_demande(2026y / 1 / 10);
    auto designation = w.on(2026y / 1 / 12).bailleur().designates(d, v);
    REQUIRE(designation);
    candidacies.push_back(designation.id<candidacy_id>());
    REQUIRE(w.on(2026y / 1 / 15).bailleur().enters(candidacies.back(), session));
    return candidacies.back();
  }
  hand bailleur() { return w.on(2026y / 1 / 20).bailleur(); }
};

/// The same, once the session has examined them all.
struct examination : agenda {
  explicit examination(unsigned candidates) : agenda{candidates} {
    REQUIRE(bailleur().opens_session(session, {{v, not_enough}}));
    for (auto c : candidacies)
      REQUIRE(bailleur().examines(c));
  }
};

} // namespace

// -- sessions -------------------------------------------------------------------------------------------------------

TEST_CASE("a session is convened for a day to come, and opened on that day with its quorum",
          "[R441-9][R441-2-15-I-6a]") {
  world w;
  CHECK(w.on(2026y / 1 / 11).bailleur().schedules(2026y / 1 / 10) == refusal_code::bad_date);
  CHECK(w.on(2026y / 1 / 11).town().schedules(2026y / 1 / 20) == refusal_code::not_originator);
  auto s = w.on(2026y / 1 / 11).bailleur().schedules(2026y / 1 / 20).id<session_id>();
  CHECK(w.on(2026y / 1 / 19).bailleur().opens_session(s) == refusal_code::bad_date);
  CHECK(w.on(2026y / 1 / 21).bailleur().opens_session(s) == refusal_code::bad_date);
  CHECK(w.on(2026y / 1 / 20).other_bailleur().opens_session(s) == refusal_code::not_originator);
  CHECK(w.on(2026y / 1 / 20).bailleur().opens_session(s, {}, false) == refusal_code::bad_order);
  CHECK(w.on(2026y / 1 / 20).bailleur().closes(s) == refusal_code::bad_order);
  CHECK(w.on(2026y / 1 / 20).bailleur().opens_session(s));
  CHECK(w.on(2026y / 1 / 20).bailleur().opens_session(s) == refusal_code::bad_order);
  CHECK(w.on(2026y / 1 / 20).bailleur().cancels(s) == refusal_code::bad_order);
  CHECK(w.on(2026y / 1 / 20).other_bailleur().closes(s) == refusal_code::not_originator);
  CHECK(w.on(2026y / 1 / 20).bailleur().closes(s));
  CHECK(w.on(2026y / 1 / 20).bailleur().closes(s) == refusal_code::bad_order);
  CHECK(w.on(2026y / 1 / 20).bailleur().closes(id_of<session_id>(w.fresh_id())) == refusal_code::unknown_subject);
}

TEST_CASE("a session recorded late keeps its own day", "[R441-2-15-I-9]") {
  agenda story{3};
  CHECK(story.w.on(2026y / 1 / 25).dated(2026y / 1 / 20).bailleur().opens_session(story.session));
  CHECK(story.w.on(2026y / 1 / 25).dated(2026y / 1 / 20).bailleur().examines(story.candidacies[0]));
}

// -- agenda ---------------------------------------------------------------------------------------------------------

TEST_CASE("a candidacy is put on the agenda by the bailleur, between designation and session", "[R441-2-15-I-4c]") {
  agenda story{0};
  auto& w = story.w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto c = w.on(2026y / 1 / 12).bailleur().designates(d, story.v).id<candidacy_id>();
  auto of_another = w.on(2026y / 1 / 12).other_bailleur().schedules(2026y / 1 / 20).id<session_id>();
  auto today = w.on(2026y / 1 / 22);
  CHECK(today.dated(2026y / 1 / 11).bailleur().enters(c, story.session) == refusal_code::bad_date);
  CHECK(today.dated(2026y / 1 / 21).bailleur().enters(c, story.session) == refusal_code::bad_date);
  CHECK(today.other_bailleur().enters(c, of_another) == refusal_code::not_originator);
  CHECK(today.bailleur().enters(c, of_another) == refusal_code::unknown_subject);
  CHECK(today.dated(2026y / 1 / 20).bailleur().enters(c, story.session));
  CHECK(today.dated(2026y / 1 / 20).bailleur().enters(c, story.session) == refusal_code::bad_order);
}

TEST_CASE("a candidacy that its session did not examine goes on the agenda of another", "[R441-2-15-I-4c]") {
  agenda story{3};
  auto next = story.w.on(2026y / 1 / 15).bailleur().schedules(2026y / 2 / 20).id<session_id>();
  auto c = story.candidacies[0];
  CHECK(story.w.on(2026y / 1 / 16).bailleur().enters(c, next) == refusal_code::bad_order);
  SECTION("because it was cancelled") { REQUIRE(story.w.on(2026y / 1 / 16).bailleur().cancels(story.session)); }
  SECTION("because it was closed before") {
    REQUIRE(story.bailleur().opens_session(story.session));
    CHECK(story.bailleur().enters(c, next) == refusal_code::bad_order);
    REQUIRE(story.bailleur().closes(story.session));
  }
  CHECK(story.bailleur().enters(c, next));
  CHECK(story.w[c].session == next);
}

TEST_CASE("nothing is added to the agenda of a session that has begun", "[R441-2-15-I-4c]") {
  agenda story{3};
  REQUIRE(story.bailleur().opens_session(story.session));
  auto d = story.w.new_demande(2026y / 1 / 10);
  auto c = story.bailleur().designates(d, story.v).id<candidacy_id>();
  CHECK(story.bailleur().enters(c, story.session) == refusal_code::bad_order);
}

// -- the rule of three ----------------------------------------------------------------------------------------------

TEST_CASE("at least three demandes are examined for a dwelling", "[R441-2-15-I-4c]") {
  for (unsigned candidates : {0U, 1U, 2U, 3U, 4U}) {
    INFO(candidates << " candidates");
    agenda story{candidates};
    auto answer = story.bailleur().opens_session(story.session);
    if (candidates == 1 || candidates == 2)
      CHECK(answer == refusal_code::min_candidates);
    else
      CHECK(answer);
  }
}

TEST_CASE("who has left the agenda is not counted", "[R441-2-15-I-4c]") {
  agenda story{3};
  SECTION("withdrawn") { REQUIRE(story.w.on(2026y / 1 / 16).bailleur().withdraws_designation(story.candidacies[0])); }
  SECTION("radiated") {
    auto d = story.w.book.dossier_of(story.candidacies[0])->id;
    REQUIRE(story.w.on(2026y / 1 / 16).desk().radiates(d, radiation_motive::b_renunciation));
  }
  CHECK(story.bailleur().opens_session(story.session) == refusal_code::min_candidates);
}

TEST_CASE("fewer are examined where there are not enough candidates", "[R441-2-15-I-4c]") {
  agenda story{1};
  auto other = story.w.new_vacancy(2026y / 1 / 10);
  CHECK(story.bailleur().opens_session(story.session, {{other, not_enough}}) == refusal_code::min_candidates);
  CHECK(story.bailleur().opens_session(story.session, {{story.v, not_enough}}));
}

TEST_CASE("fewer are examined for a dwelling with the subsidy of D331-25-1, and no other", "[R441-2-15-I-4c]") {
  agenda story{1};
  CHECK(story.bailleur().opens_session(story.session, {{story.v, subsidy}}) == refusal_code::min_candidates);
  world& w = story.w;
  auto home = w.on(2026y / 1 / 10).bailleur().registers_dwelling("93A0000009", saint_denis, true).id<dwelling_id>();
  auto v = w.on(2026y / 1 / 10).bailleur().opens(home).id<vacancy_id>();
  auto c = w.on(2026y / 1 / 12).bailleur().designates(w.new_demande(2026y / 1 / 10), v).id<candidacy_id>();
  REQUIRE(story.bailleur().enters(c, story.session));
  CHECK(story.bailleur().opens_session(story.session, {{v, subsidy}, {story.v, not_enough}}));
}

TEST_CASE("fewer are examined where the préfet has designated, and not where the bailleur says so",
          "[R441-2-15-I-4c]") {
  agenda story{1};
  CHECK(story.bailleur().opens_session(story.session, {{story.v, by_prefect}}) == refusal_code::min_candidates);
  world& w = story.w;
  auto v = w.reserved_vacancy(2026y / 1 / 10, w.state_convention);
  auto c = w.on(2026y / 1 / 12)
               .state()
               .designates(w.new_demande(2026y / 1 / 10), v, designation_route::prefect)
               .id<candidacy_id>();
  REQUIRE(story.bailleur().enters(c, story.session));
  CHECK(story.bailleur().opens_session(story.session, {{v, by_prefect}, {story.v, not_enough}}));
}

// -- examination ----------------------------------------------------------------------------------------------------

TEST_CASE("nothing is examined without designation, agenda and open session", "[R441-2-15-I-4d]") {
  agenda story{3};
  auto c = story.candidacies[0];
  auto designated_only =
      story.w.on(2026y / 1 / 12).bailleur().designates(story.w.new_demande(2026y / 1 / 10), story.v).id<candidacy_id>();
  CHECK(story.bailleur().examines(c) == refusal_code::bad_order);
  REQUIRE(story.bailleur().opens_session(story.session));
  CHECK(story.bailleur().examines(designated_only) == refusal_code::bad_order);
  CHECK(story.w.on(2026y / 1 / 21).bailleur().examines(c) == refusal_code::bad_date);
  CHECK(story.w.on(2026y / 1 / 20).other_bailleur().examines(c) == refusal_code::not_originator);
  CHECK(story.bailleur().examines(c));
  CHECK(story.bailleur().examines(c) == refusal_code::bad_order);
}

// -- the five decisions ---------------------------------------------------------------------------------------------

TEST_CASE("the commission decides once, after examination, from the session on", "[R441-2-15-I-6a]") {
  agenda story{3};
  auto c = story.candidacies[0];
  CHECK(story.bailleur().attributes(c) == refusal_code::bad_order);
  REQUIRE(story.bailleur().opens_session(story.session));
  REQUIRE(story.bailleur().examines(c));
  CHECK(story.w.on(2026y / 1 / 20).dated(2026y / 1 / 19).bailleur().attributes(c) == refusal_code::bad_date);
  CHECK(story.w.on(2026y / 1 / 20).other_bailleur().attributes(c) == refusal_code::not_originator);
  CHECK(story.bailleur().attributes(c));
  CHECK(story.bailleur().attributes(c) == refusal_code::duplicate);
  CHECK(story.bailleur().rejects(c) == refusal_code::duplicate);
}

TEST_CASE("each of the five decisions leads to its own step", "[R441-2-15-I-6a]") {
  examination story{5};
  const auto& c = story.candidacies;
  CHECK(story.bailleur().attributes(c[0]));
  CHECK(story.bailleur().ranks(c[1], 2));
  CHECK(story.bailleur().attributes_if(c[2], 2026y / 2 / 1));
  CHECK(story.bailleur().rejects(c[3]));
  CHECK(story.bailleur().rejects(c[4], decision_motive::irregular_stay));
  using enum candidacy_step;
  const std::array expected{attributed, ranked, conditional, non_attributed, inadmissible};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(story.w[c[i]].step == expected[i]);
    CHECK(story.w.seen_by_dwelling(c[i]).step == expected[i]);
    CHECK(story.w[c[i]].rank == (i < 3 ? i + 1 : 0));
  }
}

TEST_CASE("an unknown motive of decision is refused as such", "[R441-2-15-I-6c]") {
  CHECK_FALSE(enum_from<decision_motive>("does_not_please"));
  CHECK(unknown_name(decision_motive{}).code == refusal_code::bad_motive);
}

TEST_CASE("condition, non-attribution and inadmissibility state their motive", "[R441-2-15-I-6c]") {
  examination story{1};
  caleol_decided decision;
  decision.candidacy = story.candidacies[0];
  for (auto kind : {caleol_decision::non_attribution, caleol_decision::inadmissibility}) {
    decision.decision = kind;
    CHECK(story.bailleur().decides(decision) == refusal_code::missing_field);
  }
  decision.decision = caleol_decision::conditional;
  decision.missing_piece = piece_type::tax_notice;
  decision.piece_due = 2026y / 2 / 1;
  CHECK(story.bailleur().decides(decision) == refusal_code::missing_field);
}

TEST_CASE("the absence of a link with the commune is never the sole motive", "[R441-2-15-I-6c]") {
  examination story{1};
  caleol_decided decision;
  decision.candidacy = story.candidacies[0];
  decision.decision = caleol_decision::non_attribution;
  decision.motives = {decision_motive::no_local_link};
  CHECK(story.bailleur().decides(decision) == refusal_code::bad_motive);
  SECTION("even said twice") {
    decision.motives = {decision_motive::no_local_link, decision_motive::no_local_link};
    CHECK(story.bailleur().decides(decision) == refusal_code::bad_motive);
  }
  SECTION("beside another motive it may be") {
    decision.motives = {decision_motive::no_local_link, decision_motive::resources_do_not_fit_rent};
    CHECK(story.bailleur().decides(decision));
  }
}

TEST_CASE("another motive is told in words", "[R441-2-15-I-6c]") {
  examination story{1};
  caleol_decided decision;
  decision.candidacy = story.candidacies[0];
  decision.decision = caleol_decision::non_attribution;
  decision.motives = {decision_motive::other};
  CHECK(story.bailleur().decides(decision) == refusal_code::missing_field);
  decision.motive_text = "Le logement est inaccessible à un fauteuil roulant.";
  CHECK(story.bailleur().decides(decision));
}

TEST_CASE("a demande is inadmissible for the income ceiling or the irregularity of a stay alone", "[R441-2-8]") {
  examination story{2};
  caleol_decided decision;
  decision.candidacy = story.candidacies[0];
  decision.decision = caleol_decision::inadmissibility;
  decision.motives = {decision_motive::income_ceiling_exceeded, decision_motive::incomplete_file};
  CHECK(story.bailleur().decides(decision) == refusal_code::bad_motive);
  CHECK(story.bailleur().rejects(story.candidacies[0], decision_motive::income_ceiling_exceeded));
  CHECK(story.bailleur().rejects(story.candidacies[1], decision_motive::irregular_stay));
}

TEST_CASE("a suspensive condition names a piece and a delay, and only it does", "[R441-2-15-I-6c]") {
  examination story{1};
  caleol_decided decision;
  decision.candidacy = story.candidacies[0];
  decision.decision = caleol_decision::conditional;
  decision.motives = {decision_motive::missing_piece};
  CHECK(story.bailleur().decides(decision) == refusal_code::missing_field);
  decision.missing_piece = piece_type::tax_notice;
  CHECK(story.bailleur().decides(decision) == refusal_code::missing_field);
  decision.piece_due = 2026y / 1 / 19;
  CHECK(story.bailleur().decides(decision) == refusal_code::bad_date);
  decision.piece_due = 2026y / 1 / 20;
  decision.decision = caleol_decision::attribution;
  CHECK(story.bailleur().decides(decision) == refusal_code::malformed);
  decision.decision = caleol_decision::conditional;
  CHECK(story.bailleur().decides(decision));
}

// -- ranks ----------------------------------------------------------------------------------------------------------

TEST_CASE("ranks follow each other without hole or double", "[R441-2-15-I-6b]") {
  examination story{4};
  const auto& c = story.candidacies;
  CHECK(story.bailleur().ranks(c[0], 0) == refusal_code::missing_field);
  CHECK(story.bailleur().ranks(c[0], 2) == refusal_code::bad_order);
  CHECK(story.bailleur().ranks(c[0], 1));
  CHECK(story.bailleur().ranks(c[1], 1) == refusal_code::bad_order);
  CHECK(story.bailleur().ranks(c[1], 3) == refusal_code::bad_order);
  CHECK(story.bailleur().ranks(c[1], 2));
  CHECK(story.bailleur().attributes(c[2]) == refusal_code::bad_order);
  CHECK(story.bailleur().rejects(c[2]));
  CHECK(story.bailleur().ranks(c[3], 3));
}

TEST_CASE("who is not attributed the dwelling has no rank", "[R441-2-15-I-6b]") {
  examination story{1};
  caleol_decided decision;
  decision.candidacy = story.candidacies[0];
  decision.decision = caleol_decision::non_attribution;
  decision.motives = {decision_motive::incomplete_file};
  decision.rank = 1;
  CHECK(story.bailleur().decides(decision) == refusal_code::malformed);
}

TEST_CASE("while its beneficiary has not refused a dwelling, another session does not attribute it outright",
          "[R441-2-15-I-6b]") {
  world w;
  auto v = w.new_vacancy(2026y / 1 / 10);
  w.attributed(2026y / 1 / 20, v, w.new_demande(2026y / 1 / 10));
  auto later = w.examined(2026y / 2 / 20, v, {w.new_demande(2026y / 1 / 10)}).front();
  CHECK(w.on(2026y / 2 / 20).bailleur().attributes(later) == refusal_code::bad_order);
}

TEST_CASE("once the first beneficiary has refused, another session attributes the dwelling", "[R441-2-15-I-6b]") {
  world w;
  auto v = w.new_vacancy(2026y / 1 / 10);
  auto first = w.offered(2026y / 1 / 20, v, w.new_demande(2026y / 1 / 10), 2026y / 1 / 30);
  REQUIRE(w.on(2026y / 1 / 25).bailleur().refuses(first));
  auto later = w.examined(2026y / 2 / 20, v, {w.new_demande(2026y / 1 / 10)}).front();
  CHECK(w.on(2026y / 2 / 20).bailleur().attributes(later));
}

// -- imputation -----------------------------------------------------------------------------------------------------

TEST_CASE("an attribution is charged on the contingent of the designation, and on no other", "[R441-2-9]") {
  examination story{2};
  caleol_decided decision;
  decision.candidacy = story.candidacies[0];
  decision.charged_on = {{contingent_kind::collectivite, story.w.town_convention}};
  CHECK(story.bailleur().decides(decision) == refusal_code::out_of_scope);
  decision.charged_on.reset();
  CHECK(story.bailleur().decides(decision));
  CHECK(story.w[story.candidacies[0]].charged_on == imputation{});
  CHECK(story.bailleur().rejects(story.candidacies[1]));
  CHECK_FALSE(story.w[story.candidacies[1]].charged_on);
}
