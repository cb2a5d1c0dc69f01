#include "territory.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit::law;
using namespace toit::law::testing;
using namespace std::chrono_literals;

namespace {

constexpr auto c_no_answer = radiation_motive::c_no_answer;
constexpr auto d_inadmissible = radiation_motive::d_inadmissible;
constexpr auto e_not_renewed = radiation_motive::e_not_renewed;
constexpr auto b_renunciation = radiation_motive::b_renunciation;

/// Received on 10 January 2025 and noticed in time: expires after 10 January 2026, is radiated after 10 February.
struct unrenewed {
  world w;
  dossier_id d = w.new_demande(2025y / 1 / 10);

  unrenewed() { REQUIRE(w.on(2025y / 12 / 10).gestionnaire().sends_notice(d)); }
  unrenewed& until(civil_date day) {
    w.on(day).lets_terms_pass();
    return *this;
  }
  demande_status status() const { return w[d].status; }
};

} // namespace

// -- renewal --------------------------------------------------------------------------------------------------------

TEST_CASE("a renewal gives a year from its own date, and keeps number and reception", "[R441-2-7][R441-2-15-I-4-0]") {
  world w;
  auto d = w.new_demande(2025y / 1 / 10);
  auto n = w[d].number;
  CHECK(w.on(2025y / 12 / 1).demandeur(d).renews(d));
  CHECK(w[d].valid_until() == 2026y / 12 / 1);
  CHECK(w[d].reception == 2025y / 1 / 10);
  CHECK(w[d].number == n);
  CHECK(w.on(2026y / 2 / 1).bailleur().renews(d) == refusal_code::not_originator);
  CHECK(w.on(2026y / 2 / 1).dated(2025y / 11 / 30).desk().renews(d) == refusal_code::bad_date);
  CHECK(w.on(2026y / 2 / 1).desk_for_demandeur().renews(d));
  CHECK(w.on(2026y / 2 / 1).desk().renews(d));
  CHECK(w[d].valid_until() == 2027y / 2 / 1);
}

TEST_CASE("a year begun on 29 February ends on 28 February", "[R441-2-7]") {
  world w;
  CHECK(w[w.new_demande(2024y / 2 / 29)].valid_until() == 2025y / 2 / 28);
}

TEST_CASE("a renewal brings the form up to date", "[R441-2-7]") {
  world w;
  auto d = w.new_demande(2025y / 1 / 10);
  REQUIRE(w.on(2025y / 12 / 1).demandeur(d).asks(d, renewed{{{"search.typology", "t3", "t2"}}, {}}));
  CHECK(w[d].typology == typology::t2);
  CHECK(w.on(2025y / 12 / 2).demandeur(d).asks(d, renewed{{{"search.typology", "t3", "t1"}}, {}}) ==
        refusal_code::conflict);
}

TEST_CASE("the demandeur does not choose the day of what he does himself", "[R441-2-15-I-9][R441-2-8]") {
  SECTION("a renewal said to have been made before the term") {
    unrenewed story;
    story.until(2026y / 2 / 11);
    auto backdated = story.w.on(2026y / 3 / 1).dated(2026y / 2 / 10);
    CHECK(backdated.demandeur(story.d).renews(story.d) == refusal_code::bad_date);
    CHECK(story.status() == demande_status::radiated);
    CHECK(backdated.desk_for_demandeur().renews(story.d));
  }
  SECTION("an answer said to have been given before the term") {
    world w;
    auto d = w.new_demande(2026y / 1 / 10);
    REQUIRE(w.on(2026y / 2 / 1).desk().warns(d, c_no_answer));
    REQUIRE(w.on(2026y / 3 / 2).lets_terms_pass() == 1);
    auto backdated = w.on(2026y / 3 / 5).dated(2026y / 3 / 1);
    CHECK(backdated.demandeur(d).answers(d) == refusal_code::bad_date);
    CHECK(backdated.desk_for_demandeur().answers(d));
  }
}

// -- notice and expiry ----------------------------------------------------------------------------------------------

TEST_CASE("the notice is sent once a year, by a channel, by the gestionnaire", "[R441-2-7][R441-2-15-I-4-0]") {
  world w;
  auto d = w.new_demande(2025y / 1 / 10);
  CHECK(w.on(2025y / 12 / 1).desk().sends_notice(d) == refusal_code::not_originator);
  CHECK(w.on(2025y / 12 / 1).gestionnaire().asks(d, renewal_notice_sent{}) == refusal_code::missing_field);
  CHECK(w.on(2025y / 12 / 1).gestionnaire().sends_notice(d));
  CHECK(w.on(2025y / 12 / 2).gestionnaire().sends_notice(d) == refusal_code::duplicate);
  REQUIRE(w.on(2025y / 12 / 5).desk().renews(d));
  CHECK(w.on(2026y / 1 / 5).dated(2025y / 12 / 4).gestionnaire().sends_notice(d) == refusal_code::bad_date);
  CHECK(w.on(2026y / 11 / 1).gestionnaire().sends_notice(d));
}

TEST_CASE("a demande noticed in time expires the day after its year, not before", "[R441-2-7]") {
  unrenewed story;
  CHECK(story.until(2026y / 1 / 10).status() == demande_status::active);
  CHECK(story.until(2026y / 1 / 11).status() == demande_status::expired);
}

TEST_CASE("the last day for the notice is a month before the end of the year", "[R441-2-7]") {
  world w;
  auto d = w.new_demande(2025y / 1 / 10);
  CHECK(w.term(d, due_rule::renewal_notice)->last_day == 2025y / 12 / 10);
  SECTION("on that day the year keeps its end") {
    REQUIRE(w.on(2025y / 12 / 10).gestionnaire().sends_notice(d));
    CHECK(w.term(d, due_rule::validity_end)->last_day == 2026y / 1 / 10);
  }
  SECTION("a day later the demandeur keeps his month") {
    REQUIRE(w.on(2025y / 12 / 11).gestionnaire().sends_notice(d));
    CHECK(w.term(d, due_rule::validity_end)->last_day == 2026y / 1 / 11);
  }
}

TEST_CASE("without notice a demande never expires", "[R441-2-7]") {
  world w;
  auto d = w.new_demande(2025y / 1 / 10);
  CHECK(w.on(2029y / 1 / 1).lets_terms_pass() == 0);
  CHECK(w[d].status == demande_status::active);
  CHECK(w.on(2029y / 1 / 1).gestionnaire().radiates(d, e_not_renewed) == refusal_code::too_early);
  CHECK(w.on(2029y / 1 / 1).demandeur(d).renews(d));
}

TEST_CASE("an expired demande cannot be designated, and is renewed without loss", "[R441-2-7]") {
  unrenewed story;
  auto v = story.w.new_vacancy(2026y / 1 / 5);
  story.until(2026y / 1 / 11);
  CHECK(story.w.on(2026y / 1 / 15).bailleur().designates(story.d, v) == refusal_code::demande_inactive);
  CHECK(story.w.on(2026y / 1 / 15).gestionnaire().sends_notice(story.d) == refusal_code::demande_inactive);
  CHECK(story.w.on(2026y / 2 / 10).demandeur(story.d).renews(story.d));
  CHECK(story.status() == demande_status::active);
  CHECK(story.w[story.d].valid_until() == 2027y / 2 / 10);
  CHECK(story.w[story.d].reception == 2025y / 1 / 10);
}

// -- radiation e ----------------------------------------------------------------------------------------------------

TEST_CASE("a demande that is not renewed is radiated after thirteen months, not before", "[R441-2-8]") {
  unrenewed story;
  CHECK(story.until(2026y / 2 / 10).status() == demande_status::expired);
  CHECK(story.until(2026y / 2 / 11).status() == demande_status::radiated);
  CHECK(story.w[story.d].radiation == radiation{e_not_renewed, 2026y / 2 / 11});
}

TEST_CASE("radiation e comes from the gestionnaire, once the thirteen months are over", "[R441-2-8]") {
  unrenewed story;
  auto& w = story.w;
  CHECK(w.on(2026y / 1 / 10).gestionnaire().radiates(story.d, e_not_renewed) == refusal_code::too_early);
  story.until(2026y / 1 / 11);
  auto early = w.on(2026y / 2 / 10).gestionnaire().radiates(story.d, e_not_renewed);
  CHECK(early == refusal_code::too_early);
  CHECK(early.answer.error().possible_from == 2026y / 2 / 11);
  CHECK(w.on(2026y / 2 / 11).bailleur().radiates(story.d, e_not_renewed) == refusal_code::not_originator);
  CHECK(w.on(2026y / 2 / 11).gestionnaire().radiates(story.d, e_not_renewed));
}

TEST_CASE("a renewal dated in time undoes radiation e and what it closed", "[R441-2-8]") {
  unrenewed story;
  auto& w = story.w;
  auto v = w.new_vacancy(2026y / 1 / 5);
  auto c = w.on(2026y / 1 / 5).bailleur().designates(story.d, v).id<candidacy_id>();
  story.until(2026y / 2 / 11);
  REQUIRE(w[c].closed == closing_reason::demande_radiated);
  CHECK(w.on(2026y / 3 / 1).dated(2026y / 2 / 10).desk_for_demandeur().renews(story.d));
  CHECK(story.status() == demande_status::active);
  CHECK(w[c].open());
  CHECK_FALSE(w.seen_by_dwelling(c).closed);
  CHECK(w[story.d].valid_until() == 2027y / 2 / 10);
}

TEST_CASE("a late renewal reactivates until the eighteenth month, through the service that receives it",
          "[R441-2-8][R441-2-15-I-4-0]") {
  unrenewed story;
  auto& w = story.w;
  auto n = w[story.d].number;
  story.until(2026y / 2 / 11);
  CHECK(w.on(2026y / 7 / 10).demandeur(story.d).renews(story.d) == refusal_code::not_empowered);
  CHECK(w.on(2026y / 7 / 11).desk().renews(story.d) == refusal_code::too_late);
  CHECK(w.on(2026y / 7 / 11).desk().reactivates(story.d, reactivation_cause::late_renewal) == refusal_code::too_late);
  SECTION("by a renewal") { CHECK(w.on(2026y / 7 / 10).desk().renews(story.d)); }
  SECTION("by a reactivation") {
    CHECK(w.on(2026y / 7 / 10).desk().reactivates(story.d, reactivation_cause::late_renewal));
  }
  CHECK(story.status() == demande_status::active);
  CHECK(w[story.d].reception == 2025y / 1 / 10);
  CHECK(w[story.d].number == n);
  CHECK(w[story.d].valid_until() == 2027y / 7 / 10);
}

TEST_CASE("a late notice leaves a month to renew, then the month of tolerance", "[R441-2-8]") {
  world w;
  auto d = w.new_demande(2025y / 1 / 10);
  REQUIRE(w.on(2026y / 1 / 31).gestionnaire().sends_notice(d));
  w.on(2026y / 2 / 28).lets_terms_pass();
  CHECK(w[d].status == demande_status::active);
  w.on(2026y / 3 / 31).lets_terms_pass();
  CHECK(w[d].status == demande_status::expired);
  CHECK(w.on(2026y / 3 / 31).demandeur(d).renews(d));
}

TEST_CASE("a notice sent after the eighteenth month still leaves the month of tolerance", "[R441-2-8]") {
  world w;
  auto d = w.new_demande(2025y / 1 / 10);
  REQUIRE(w.on(2026y / 9 / 10).gestionnaire().sends_notice(d));
  w.on(2026y / 10 / 11).lets_terms_pass();
  REQUIRE(w[d].status == demande_status::expired);
  REQUIRE(w.term(d, due_rule::non_renewal)->last_day == 2026y / 11 / 10);
  CHECK(w.on(2026y / 10 / 20).demandeur(d).renews(d));
  CHECK(w[d].status == demande_status::active);
}

TEST_CASE("a renewal after the tolerance is not a renewal in time because the watcher is late", "[R441-2-8]") {
  unrenewed story;
  story.until(2026y / 1 / 11);
  REQUIRE(story.status() == demande_status::expired);
  CHECK_FALSE(story.w.on(2026y / 3 / 1).demandeur(story.d).renews(story.d));
}

// -- radiations b, a and f ------------------------------------------------------------------------------------------

TEST_CASE("a written renunciation radiates at once, whoever received it, and closes the candidacies",
          "[R441-2-8][R441-2-15-I-4-0]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto v = w.new_vacancy(2026y / 1 / 11);
  auto c = w.on(2026y / 1 / 12).bailleur().designates(d, v).id<candidacy_id>();
  auto today = w.on(2026y / 2 / 1);
  CHECK(today.desk().asks(d, radiated{b_renunciation, ""}) == refusal_code::missing_field);
  CHECK(today.stranger().radiates(d, b_renunciation) == refusal_code::not_originator);
  CHECK(today.demandeur(d).radiates(d, b_renunciation) == refusal_code::not_originator);
  CHECK(today.desk().radiates(d, b_renunciation));
  CHECK(w[d].status == demande_status::radiated);
  CHECK(w[c].closed == closing_reason::demande_radiated);
  CHECK(w.seen_by_dwelling(c).closed == closing_reason::demande_radiated);
  CHECK(today.desk().radiates(d, b_renunciation) == refusal_code::demande_inactive);
  CHECK(today.bailleur().designates(d, v) == refusal_code::demande_inactive);
}

TEST_CASE("motives a and f are consequences, and there is no seventh", "[R441-2-8]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  CHECK(w.on(2026y / 2 / 1).desk().radiates(d, radiation_motive::a_housed) == refusal_code::too_early);
  CHECK(w.on(2026y / 2 / 1).gestionnaire().radiates(d, radiation_motive::f_merged) == refusal_code::too_early);
  CHECK(enum_count<radiation_motive> == 6);
  CHECK_FALSE(enum_from<radiation_motive>("g_moved_away"));
  CHECK(unknown_name(radiation_motive{}).code == refusal_code::bad_motive);
}

// -- radiation c ----------------------------------------------------------------------------------------------------

TEST_CASE("a warning has a motive that calls for one, and proof of its delivery", "[R441-2-8][R441-2-15-I-4-0]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto desk = w.on(2026y / 2 / 1).desk();
  CHECK(desk.warns(d, e_not_renewed) == refusal_code::bad_motive);
  CHECK(desk.asks(d, radiation_warning_sent{c_no_answer, ""}) == refusal_code::missing_field);
  CHECK(desk.radiates(d, c_no_answer) == refusal_code::too_early);
  CHECK(desk.warns(d, c_no_answer));
  CHECK(desk.warns(d, c_no_answer) == refusal_code::duplicate);
}

TEST_CASE("a month after his warning the sender radiates who has not answered", "[R441-2-8][R441-2-15-I-4-0]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  REQUIRE(w.on(2026y / 1 / 31).desk().warns(d, c_no_answer));
  auto early = w.on(2026y / 2 / 28).desk().radiates(d, c_no_answer);
  CHECK(early == refusal_code::too_early);
  CHECK(early.answer.error().possible_from == 2026y / 3 / 1);
  CHECK(w.on(2026y / 3 / 1).bailleur().radiates(d, c_no_answer) == refusal_code::not_originator);
  CHECK(w.on(2026y / 3 / 1).desk().radiates(d, d_inadmissible) == refusal_code::too_early);
  CHECK(w.on(2026y / 2 / 28).lets_terms_pass() == 0);
  SECTION("by himself") { CHECK(w.on(2026y / 3 / 1).desk().radiates(d, c_no_answer)); }
  SECTION("or by the passing of the term") { CHECK(w.on(2026y / 3 / 1).lets_terms_pass() == 1); }
  CHECK(w[d].radiation == radiation{c_no_answer, 2026y / 3 / 1});
}

TEST_CASE("a système particulier leaves two months to answer", "[R441-2-8]") {
  world w{particular_territory()};
  auto d = w.new_demande(2026y / 1 / 10);
  REQUIRE(w.on(2026y / 1 / 31).desk().warns(d, c_no_answer));
  CHECK(w.on(2026y / 3 / 31).lets_terms_pass() == 0);
  CHECK(w.on(2026y / 3 / 31).desk().radiates(d, c_no_answer) == refusal_code::too_early);
  CHECK(w.on(2026y / 4 / 1).lets_terms_pass() == 1);
}

TEST_CASE("an answer within the term ends the warning", "[R441-2-8][R441-2-15-I-4-0]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  CHECK(w.on(2026y / 2 / 1).demandeur(d).answers(d) == refusal_code::bad_order);
  REQUIRE(w.on(2026y / 2 / 1).desk().warns(d, c_no_answer));
  CHECK(w.on(2026y / 2 / 1).dated(2026y / 1 / 31).desk_for_demandeur().answers(d) == refusal_code::bad_date);
  CHECK(w.on(2026y / 3 / 2).demandeur(d).answers(d) == refusal_code::too_late);
  CHECK(w.on(2026y / 3 / 1).demandeur(d).answers(d));
  CHECK(w.on(2026y / 6 / 1).lets_terms_pass() == 0);
  CHECK(w[d].status == demande_status::active);
}

TEST_CASE("an answer dated in time undoes radiation c and what it closed", "[R441-2-8]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto v = w.new_vacancy(2026y / 1 / 11);
  auto gone = w.new_vacancy(2026y / 1 / 11);
  auto c = w.on(2026y / 1 / 12).bailleur().designates(d, v).id<candidacy_id>();
  auto lost = w.on(2026y / 1 / 12).bailleur().designates(d, gone).id<candidacy_id>();
  REQUIRE(w.on(2026y / 2 / 1).desk().warns(d, c_no_answer));
  REQUIRE(w.on(2026y / 3 / 2).lets_terms_pass() == 1);
  REQUIRE(w.on(2026y / 3 / 3).bailleur().withdraws(gone));
  CHECK(w.on(2026y / 3 / 5).dated(2026y / 3 / 2).desk().answers(d) == refusal_code::too_late);
  CHECK(w.on(2026y / 3 / 5).dated(2026y / 3 / 1).desk().answers(d));
  CHECK(w[d].status == demande_status::active);
  CHECK(w[c].open());
  CHECK(w[lost].closed == closing_reason::dwelling_no_longer_free);
  CHECK(w.on(2026y / 6 / 1).lets_terms_pass() == 0);
}

TEST_CASE("both sides tell why a candidacy could not be restored", "[L441-2-7-1-1b]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto gone = w.new_vacancy(2026y / 1 / 11);
  auto lost = w.on(2026y / 1 / 12).bailleur().designates(d, gone).id<candidacy_id>();
  REQUIRE(w.on(2026y / 2 / 1).desk().warns(d, c_no_answer));
  REQUIRE(w.on(2026y / 3 / 2).lets_terms_pass() == 1);
  REQUIRE(w.on(2026y / 3 / 3).bailleur().withdraws(gone));
  REQUIRE(w.on(2026y / 3 / 5).dated(2026y / 3 / 1).desk().answers(d));
  CHECK(w[lost].closed == w.seen_by_dwelling(lost).closed);
}

TEST_CASE("an answer to a warning undoes the radiation of that warning alone", "[R441-2-8]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto v = w.new_vacancy(2026y / 1 / 11);
  auto c = w.attributed(2026y / 1 / 12, v, d);
  REQUIRE(w.on(2026y / 2 / 1).desk().warns(d, c_no_answer));
  SECTION("not that of a lease") {
    REQUIRE(w.on(2026y / 2 / 5).bailleur().signs(c));
    CHECK_FALSE(w.on(2026y / 2 / 10).demandeur(d).answers(d));
    CHECK(w[d].status == demande_status::radiated);
  }
  SECTION("not that of a renunciation") {
    REQUIRE(w.on(2026y / 2 / 5).desk().radiates(d, b_renunciation));
    CHECK_FALSE(w.on(2026y / 2 / 10).demandeur(d).answers(d));
    CHECK(w[d].status == demande_status::radiated);
  }
}

TEST_CASE("what an earlier radiation had closed for good is not restored by undoing a later one", "[R441-2-8]") {
  world w{particular_territory()};
  auto d = w.new_demande(2026y / 1 / 10);
  auto v = w.new_vacancy(2026y / 1 / 11);
  auto c = w.on(2026y / 1 / 12).bailleur().designates(d, v).id<candidacy_id>();
  REQUIRE(w.on(2026y / 1 / 12).desk().warns(d, c_no_answer));
  REQUIRE(w.on(2026y / 3 / 13).lets_terms_pass() == 1);
  REQUIRE(w.on(2026y / 4 / 1).desk().reactivates(d, reactivation_cause::answer_after_term));
  REQUIRE_FALSE(w[c].open());
  auto anew = w.on(2026y / 4 / 2).bailleur().designates(d, v).id<candidacy_id>();
  REQUIRE(w.on(2026y / 4 / 2).desk().warns(d, c_no_answer));
  REQUIRE(w.on(2026y / 6 / 3).lets_terms_pass() == 1);
  REQUIRE(w.on(2026y / 6 / 10).dated(2026y / 6 / 1).desk().answers(d));
  CHECK(w[anew].open());
  CHECK_FALSE(w[c].open());
}

TEST_CASE("after radiation c a système particulier reactivates for five months, the SNE never", "[R441-2-8]") {
  auto radiated_on_march_first = [](world& w) {
    auto d = w.new_demande(2025y / 11 / 1);
    REQUIRE(w.on(2025y / 12 / 31).desk().warns(d, c_no_answer));
    w.on(2026y / 3 / 1).lets_terms_pass();
    REQUIRE(w[d].status == demande_status::radiated);
    return d;
  };
  world particular{particular_territory()};
  auto d = radiated_on_march_first(particular);
  REQUIRE(particular[d].radiation->on == 2026y / 3 / 1);
  auto reactivates = [&](civil_date day) {
    return particular.on(day).desk().reactivates(d, reactivation_cause::answer_after_term);
  };
  CHECK(reactivates(2026y / 8 / 2) == refusal_code::too_late);
  CHECK(particular.on(2026y / 8 / 1).bailleur().reactivates(d, reactivation_cause::answer_after_term) ==
        refusal_code::not_originator);
  CHECK(reactivates(2026y / 8 / 1));
  CHECK(particular[d].status == demande_status::active);
  world sne;
  d = radiated_on_march_first(sne);
  CHECK(sne.on(2026y / 3 / 2).desk().reactivates(d, reactivation_cause::answer_after_term) == refusal_code::too_late);
}

TEST_CASE("a reactivation has a cause of its own, and a radiation to undo", "[R441-2-8][R441-2-15-I-4-0]") {
  world w{particular_territory()};
  auto d = w.new_demande(2026y / 1 / 10);
  auto desk = w.on(2026y / 2 / 1).desk();
  CHECK(desk.reactivates(d, reactivation_cause::late_renewal) == refusal_code::bad_order);
  REQUIRE(desk.radiates(d, b_renunciation));
  CHECK(desk.reactivates(d, reactivation_cause::late_renewal) == refusal_code::demande_inactive);
  CHECK(desk.reactivates(d, reactivation_cause::answer_after_term) == refusal_code::bad_motive);
  CHECK(desk.reactivates(d, reactivation_cause::fact_before_term) == refusal_code::bad_motive);
  CHECK(desk.reactivates(d, reactivation_cause::lease_corrected) == refusal_code::bad_motive);
  CHECK(w.on(2026y / 2 / 1).dated(2026y / 1 / 31).desk().reactivates(d, reactivation_cause::answer_after_term) ==
        refusal_code::bad_date);
  CHECK(desk.renews(d) == refusal_code::demande_inactive);
}

// -- radiation d ----------------------------------------------------------------------------------------------------

TEST_CASE("radiation d follows a commission's decision and a month's warning, both of the same bailleur",
          "[R441-2-8]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  CHECK(w.on(2026y / 1 / 11).bailleur().warns(d, d_inadmissible) == refusal_code::too_early);
  auto c = w.examined(2026y / 1 / 20, w.new_vacancy(2026y / 1 / 11), {d}).front();
  REQUIRE(w.on(2026y / 1 / 20).bailleur().rejects(c, decision_motive::income_ceiling_exceeded));
  CHECK(w.on(2026y / 1 / 21).bailleur().radiates(d, d_inadmissible) == refusal_code::too_early);
  CHECK(w.on(2026y / 1 / 21).other_bailleur().warns(d, d_inadmissible) == refusal_code::not_originator);
  CHECK(w.on(2026y / 1 / 21).desk().warns(d, d_inadmissible) == refusal_code::not_originator);
  CHECK(w.on(2026y / 1 / 21).bailleur().warns(d, d_inadmissible));
  CHECK(w.on(2026y / 2 / 21).bailleur().radiates(d, d_inadmissible) == refusal_code::too_early);
  CHECK(w.on(2026y / 2 / 21).lets_terms_pass() == 0);
  SECTION("by the bailleur") { CHECK(w.on(2026y / 2 / 22).bailleur().radiates(d, d_inadmissible)); }
  SECTION("or by the passing of the term, at his origin") {
    auto term = w.term(d, due_rule::inadmissible);
    auto passed = w.on(2026y / 2 / 22).reaches(*term);
    REQUIRE(passed);
    CHECK(passed.answer->originator == people().bailleur);
  }
  CHECK(w[d].radiation->motive == d_inadmissible);
}

// -- erasure --------------------------------------------------------------------------------------------------------

TEST_CASE("a year after radiation the demande is erased, with a list of what was emptied", "[L441-2-7-1-1c]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  REQUIRE(w.on(2026y / 1 / 12).desk().files(d, 1));
  REQUIRE(w.on(2026y / 2 / 1).desk().radiates(d, b_renunciation));
  REQUIRE(w[d].documents.size() == 1);
  auto filed = w[d].documents.front().id;
  auto term = w.term(d, due_rule::erasure);
  REQUIRE(term);
  CHECK(w.on(2027y / 2 / 1).reaches(*term) == refusal_code::too_early);
  auto written = w.entries_of[subject_of(d)];
  auto erased = w.on(2027y / 2 / 2).reaches(*term);
  REQUIRE(erased);
  auto tombstone = std::get<demande_erased>(erased.answer->entries.front().event);
  CHECK(std::ranges::equal(tombstone.entries, written));
  CHECK(tombstone.documents == 1);
  CHECK(std::ranges::equal(tombstone.files, std::array{filed}));
  CHECK_FALSE(w.book.find(d));
  CHECK(w.on(2027y / 2 / 3).desk().files(d, 2) == refusal_code::unknown_demande);
}

TEST_CASE("only a term that runs and has passed takes effect, and once", "[R441-2-8][R441-2-15-I-4-0]") {
  unrenewed story;
  auto& w = story.w;
  auto term = *w.term(story.d, due_rule::validity_end);
  CHECK(w.on(2026y / 1 / 10).reaches(term) == refusal_code::too_early);
  auto other = term;
  other.last_day = 2026y / 1 / 9;
  CHECK(w.on(2026y / 1 / 11).reaches(other) == refusal_code::bad_order);
  CHECK(w.on(2026y / 1 / 11).reaches({due_rule::certificate, story.d, {}, 2025y / 2 / 10}) == refusal_code::bad_order);
  other.dossier = id_of<dossier_id>(w.fresh_id());
  CHECK(w.on(2026y / 1 / 11).reaches(other) == refusal_code::unknown_demande);
  CHECK(w.on(2026y / 1 / 20).reaches(term));
  CHECK(w.on(2026y / 1 / 20).reaches(term) == refusal_code::bad_order);
}

// -- merging --------------------------------------------------------------------------------------------------------

TEST_CASE("merged demandes leave one, with the oldest reception of each département", "[R441-2-8][R441-2-15-I-4-0]") {
  world w;
  auto kept = w.new_demande(2024y / 1 / 10, {saint_denis});
  auto older = w.new_demande(2020y / 5 / 1, {saint_denis, paris});
  auto v = w.new_vacancy(2024y / 2 / 1);
  auto c = w.on(2024y / 2 / 1).bailleur().designates(older, v).id<candidacy_id>();
  CHECK(w.on(2024y / 3 / 1).desk().merges(kept, {older}) == refusal_code::not_originator);
  CHECK(w.on(2024y / 3 / 1).gestionnaire().merges(kept, {older}));
  CHECK(w[kept].status == demande_status::active);
  CHECK(w[older].radiation == radiation{radiation_motive::f_merged, 2024y / 3 / 1});
  CHECK(w[c].closed == closing_reason::demande_merged);
  CHECK(w.seen_by_dwelling(c).closed == closing_reason::demande_merged);
  auto seine_saint_denis = *departement_code::parse("93");
  auto ville_de_paris = *departement_code::parse("75");
  CHECK(w[kept].seniority ==
        list<seniority_by_departement, 16>{{ville_de_paris, 2020y / 5 / 1}, {seine_saint_denis, 2020y / 5 / 1}});
}

TEST_CASE("a merger names living demandes, each once, and not itself", "[R441-2-8]") {
  world w;
  auto kept = w.new_demande(2024y / 1 / 10);
  auto other = w.new_demande(2024y / 1 / 11);
  auto housed_soon = w.new_demande(2024y / 1 / 11);
  auto gone = w.new_demande(2024y / 1 / 11);
  w.attributed(2024y / 1 / 20, w.new_vacancy(2024y / 1 / 12), housed_soon);
  REQUIRE(w.on(2024y / 1 / 20).desk().radiates(gone, b_renunciation));
  auto gestionnaire = w.on(2024y / 3 / 1).gestionnaire();
  CHECK(gestionnaire.merges(kept, {}) == refusal_code::missing_field);
  CHECK(gestionnaire.merges(kept, {kept}) == refusal_code::malformed);
  CHECK(gestionnaire.merges(kept, {other, other}) == refusal_code::malformed);
  CHECK(gestionnaire.merges(kept, {other, gone}) == refusal_code::demande_inactive);
  CHECK(gestionnaire.merges(kept, {housed_soon}) == refusal_code::bad_order);
  CHECK(gestionnaire.asks(kept, merged{{number(999)}, {}}) == refusal_code::unknown_demande);
  CHECK(w[other].status == demande_status::active);
}

TEST_CASE("seniority survives a second merger", "[R441-2-8]") {
  world w;
  auto first = w.new_demande(2022y / 1 / 10);
  auto second = w.new_demande(2023y / 1 / 10);
  auto oldest = w.new_demande(2018y / 5 / 1);
  REQUIRE(w.on(2024y / 3 / 1).gestionnaire().merges(first, {oldest}));
  SECTION("of the demande that was kept") {
    REQUIRE(w.on(2024y / 4 / 1).gestionnaire().merges(first, {second}));
    CHECK(w[first].seniority.front().reception == 2018y / 5 / 1);
  }
  SECTION("into another demande") {
    REQUIRE(w.on(2024y / 4 / 1).gestionnaire().merges(second, {first}));
    CHECK(w[second].seniority.front().reception == 2018y / 5 / 1);
  }
}

TEST_CASE("a merger is not dated before the reception of what it absorbs", "[R441-2-15-I-0-2]") {
  world w;
  auto kept = w.new_demande(2024y / 1 / 10);
  auto absorbed = w.new_demande(2024y / 6 / 1);
  CHECK(w.on(2024y / 7 / 1).dated(2024y / 5 / 31).gestionnaire().merges(kept, {absorbed}) == refusal_code::bad_date);
}

// -- separation -----------------------------------------------------------------------------------------------------

TEST_CASE("who leaves a household keeps the reception of its demande", "[L441-1][R441-2-15-I-4-0]") {
  world w;
  auto of_couple = w.new_demande(2020y / 5 / 1);
  auto own = w.new_demande(2024y / 1 / 10);
  auto desk = w.on(2024y / 2 / 1).desk();
  CHECK(desk.asks(own, seniority_transferred{w[of_couple].number, {}, ""}) == refusal_code::missing_field);
  CHECK(desk.asks(own, seniority_transferred{number(999), {}, "Divorce"}) == refusal_code::unknown_demande);
  CHECK(desk.transfers_seniority(of_couple, own) == refusal_code::bad_order);
  CHECK(w.on(2024y / 2 / 1).bailleur().transfers_seniority(own, of_couple) == refusal_code::not_originator);
  CHECK(desk.transfers_seniority(own, of_couple));
  CHECK(w[own].reception == 2020y / 5 / 1);
  CHECK(w[own].valid_until() == 2025y / 1 / 10);
  CHECK(desk.transfers_seniority(own, of_couple) == refusal_code::bad_order);
}

TEST_CASE("a kept seniority does not make the certificate overdue", "[L441-2-1]") {
  world w;
  auto of_couple = w.new_demande(2020y / 5 / 1);
  auto own = w.new_demande(2024y / 1 / 10);
  REQUIRE(w.on(2024y / 1 / 11).desk().transfers_seniority(own, of_couple));
  CHECK(w.term(own, due_rule::certificate)->last_day == 2024y / 2 / 10);
}
