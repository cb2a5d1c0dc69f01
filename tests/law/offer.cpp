#include "territory.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit::law;
using namespace toit::law::testing;
using namespace std::chrono_literals;

namespace {

/// Three demandes ranked for one dwelling on 20 January 2026.
struct ranking {
  world w;
  vacancy_id v = w.new_vacancy(2026y / 1 / 10);
  std::vector<dossier_id> d{w.new_demande(2026y / 1 / 10), w.new_demande(2026y / 1 / 10),
                            w.new_demande(2026y / 1 / 10)};
  std::vector<candidacy_id> c = w.ranked(2026y / 1 / 20, v, d);

  hand bailleur(civil_date day) { return w.on(day).bailleur(); }
};

} // namespace

// -- visits ---------------------------------------------------------------------------------------------------------

TEST_CASE("a visit is proposed then made, by the bailleur of the dwelling", "[R441-2-15-I-5]") {
  ranking story;
  auto today = story.w.on(2026y / 1 / 22);
  CHECK(today.other_bailleur().proposes_visit(story.d[0], story.v) == refusal_code::not_originator);
  CHECK(today.bailleur().asks(story.d[0], visit_proposed{story.v, 2026y / 1 / 21}) == refusal_code::bad_date);
  CHECK(today.bailleur().proposes_visit(story.d[0], id_of<vacancy_id>(story.w.fresh_id())) ==
        refusal_code::unknown_subject);
  CHECK(today.bailleur().proposes_visit(story.d[0], story.v));
  CHECK_FALSE(today.bailleur().makes_visit(story.d[0], story.v).warns(warning::visit_not_proposed));
}

TEST_CASE("a visit made without having been proposed is accepted, and told", "[R441-2-15-I-5]") {
  ranking story;
  CHECK(story.bailleur(2026y / 1 / 22).makes_visit(story.d[0], story.v).warns(warning::visit_not_proposed));
}

// -- offer ----------------------------------------------------------------------------------------------------------

TEST_CASE("an offer leaves ten days at least", "[R441-10]") {
  ranking story;
  CHECK(story.bailleur(2026y / 1 / 21).offers(story.c[0], 2026y / 1 / 30) == refusal_code::bad_date);
  CHECK(story.bailleur(2026y / 1 / 21).offers(story.c[0], 2026y / 1 / 31));
  CHECK(story.w[story.c[0]].step == candidacy_step::offered);
  CHECK(story.w.seen_by_dwelling(story.c[0]).step == candidacy_step::offered);
}

TEST_CASE("an offer follows a decision in favour", "[R441-10]") {
  world w;
  auto v = w.new_vacancy(2026y / 1 / 10);
  auto c = w.examined(2026y / 1 / 20, v, {w.new_demande(2026y / 1 / 10)}).front();
  CHECK(w.on(2026y / 1 / 21).bailleur().offers(c, 2026y / 2 / 10) == refusal_code::bad_order);
  REQUIRE(w.on(2026y / 1 / 21).bailleur().attributes(c));
  CHECK(w.on(2026y / 1 / 22).dated(2026y / 1 / 20).bailleur().offers(c, 2026y / 2 / 10) == refusal_code::bad_date);
  CHECK(w.on(2026y / 1 / 22).other_bailleur().offers(c, 2026y / 2 / 10) == refusal_code::not_originator);
  CHECK(w.on(2026y / 1 / 22).bailleur().offers(c, 2026y / 2 / 10));
  CHECK(w.on(2026y / 1 / 22).bailleur().offers(c, 2026y / 2 / 10) == refusal_code::bad_order);
}

TEST_CASE("a dwelling is offered in the order of the ranks", "[R441-2-15-I-6b]") {
  ranking story;
  auto offers = [&](unsigned rank, civil_date day) {
    return story.bailleur(day).offers(story.c[rank - 1], add_days(day, days{10}));
  };
  CHECK(offers(2, 2026y / 1 / 21) == refusal_code::bad_order);
  REQUIRE(offers(1, 2026y / 1 / 21));
  CHECK(offers(2, 2026y / 1 / 22) == refusal_code::bad_order);
  REQUIRE(story.bailleur(2026y / 1 / 25).refuses(story.c[0]));
  CHECK(offers(3, 2026y / 1 / 26) == refusal_code::bad_order);
  REQUIRE(offers(2, 2026y / 1 / 26));
  REQUIRE(story.bailleur(2026y / 1 / 27).accepts(story.c[1]));
  CHECK(offers(3, 2026y / 1 / 28) == refusal_code::bad_order);
  // Who renounces after accepting makes way too.
  REQUIRE(story.bailleur(2026y / 1 / 29).refuses(story.c[1]));
  CHECK(offers(3, 2026y / 1 / 30));
}

TEST_CASE("who leaves the line makes way", "[R441-2-15-I-6b]") {
  ranking story;
  REQUIRE(story.w.on(2026y / 1 / 21).desk().radiates(story.d[0], radiation_motive::b_renunciation));
  CHECK(story.bailleur(2026y / 1 / 22).offers(story.c[1], 2026y / 2 / 10));
}

TEST_CASE("a later session does not pass before an earlier one", "[R441-2-15-I-6b]") {
  ranking story;
  auto later = story.w.examined(2026y / 2 / 20, story.v, {story.w.new_demande(2026y / 1 / 10)}).front();
  REQUIRE(story.bailleur(2026y / 2 / 20).ranks(later, 1));
  CHECK(story.bailleur(2026y / 2 / 21).offers(later, 2026y / 3 / 10) == refusal_code::bad_order);
  CHECK(story.bailleur(2026y / 2 / 21).offers(story.c[0], 2026y / 3 / 10));
}

TEST_CASE("the beneficiary of a DALO decision is warned of what a refusal means", "[R441-16-3]") {
  ranking story;
  REQUIRE(story.w.on(2026y / 1 / 21).mediation().mentions_dalo(story.d[0]));
  CHECK(story.bailleur(2026y / 1 / 22).offers(story.c[0], 2026y / 2 / 10) == refusal_code::missing_field);
  CHECK(story.bailleur(2026y / 1 / 22).offers(story.c[0], 2026y / 2 / 10, true));
}

// -- answer ---------------------------------------------------------------------------------------------------------

TEST_CASE("an acceptance comes within the delay, after an offer", "[R441-10][R441-2-15-I-4-0]") {
  ranking story;
  CHECK(story.bailleur(2026y / 1 / 21).accepts(story.c[0]) == refusal_code::bad_order);
  CHECK(story.bailleur(2026y / 1 / 21).refuses(story.c[0]) == refusal_code::bad_order);
  CHECK(story.bailleur(2026y / 1 / 21).asks(story.d[0], offer_accepted{story.c[1]}) == refusal_code::unknown_subject);
  REQUIRE(story.bailleur(2026y / 1 / 21).offers(story.c[0], 2026y / 1 / 31));
  CHECK(story.w.on(2026y / 1 / 31).other_bailleur().accepts(story.c[0]) == refusal_code::not_originator);
  CHECK(story.bailleur(2026y / 2 / 1).accepts(story.c[0]) == refusal_code::too_late);
  CHECK(story.bailleur(2026y / 1 / 31).accepts(story.c[0]));
  CHECK(story.bailleur(2026y / 1 / 31).accepts(story.c[0]) == refusal_code::bad_order);
  CHECK(story.w.on(2026y / 3 / 1).lets_terms_pass() == 0);
}

TEST_CASE("nobody answers before he is offered the dwelling", "[R441-10][R441-2-15-I-0-2]") {
  ranking story;
  REQUIRE(story.bailleur(2026y / 1 / 25).offers(story.c[0], 2026y / 2 / 10));
  auto too_soon = story.w.on(2026y / 1 / 26).dated(2026y / 1 / 24).bailleur();
  CHECK(too_soon.accepts(story.c[0]) == refusal_code::bad_date);
  CHECK(too_soon.refuses(story.c[0]) == refusal_code::bad_date);
  SECTION("nor when silence has counted as a refusal") {
    REQUIRE(story.w.on(2026y / 2 / 11).lets_terms_pass() == 1);
    auto backdated = story.w.on(2026y / 2 / 12).dated(2026y / 1 / 24).bailleur();
    CHECK(backdated.accepts(story.c[0]) == refusal_code::bad_date);
    CHECK(backdated.refuses(story.c[0]) == refusal_code::bad_date);
  }
  SECTION("on its day he does") {
    CHECK(story.w.on(2026y / 1 / 26).dated(2026y / 1 / 25).bailleur().accepts(story.c[0]));
  }
}

TEST_CASE("a refusal bears its motive, and another one is told in words", "[R441-2-15-I-7]") {
  ranking story;
  REQUIRE(story.bailleur(2026y / 1 / 21).offers(story.c[0], 2026y / 1 / 31));
  CHECK(story.bailleur(2026y / 1 / 22).refuses(story.c[0], refusal_motive::other) == refusal_code::missing_field);
  CHECK(story.bailleur(2026y / 1 / 22).asks(story.d[0], offer_refused{story.c[0], refusal_motive::other, "Trop loin"}));
  CHECK_FALSE(enum_from<refusal_motive>("caprice"));
  CHECK(unknown_name(refusal_motive{}).code == refusal_code::bad_motive);
}

TEST_CASE("silence is a refusal the day after the delay, not before", "[R441-10]") {
  ranking story;
  REQUIRE(story.bailleur(2026y / 1 / 21).offers(story.c[0], 2026y / 1 / 31));
  auto early = story.bailleur(2026y / 1 / 31).refuses(story.c[0], refusal_motive::silence);
  CHECK(early == refusal_code::too_early);
  CHECK(early.answer.error().possible_from == 2026y / 2 / 1);
  CHECK(story.w.on(2026y / 1 / 31).lets_terms_pass() == 0);
  SECTION("by the passing of the term, at the origin of the bailleur") {
    auto passed = story.w.on(2026y / 2 / 1).reaches(*story.w.term(story.d[0], due_rule::offer_silence));
    REQUIRE(passed);
    CHECK(passed.answer->originator == people().bailleur);
    CHECK(passed.answer->occurred_on == 2026y / 2 / 1);
  }
  SECTION("or told by the bailleur") {
    CHECK(story.bailleur(2026y / 2 / 1).refuses(story.c[0], refusal_motive::silence));
  }
  CHECK(story.w[story.c[0]].step == candidacy_step::refused);
  CHECK(story.w.seen_by_dwelling(story.c[0]).step == candidacy_step::refused);
  CHECK(story.bailleur(2026y / 2 / 1).offers(story.c[1], 2026y / 2 / 20));
}

TEST_CASE("an acceptance dated in time undoes the silence, unless the next one has the offer", "[R441-10]") {
  ranking story;
  REQUIRE(story.bailleur(2026y / 1 / 21).offers(story.c[0], 2026y / 1 / 31));
  REQUIRE(story.w.on(2026y / 2 / 1).lets_terms_pass() == 1);
  auto late = story.w.on(2026y / 2 / 5).dated(2026y / 1 / 31);
  CHECK(story.w.on(2026y / 2 / 5).bailleur().accepts(story.c[0]) == refusal_code::too_late);
  SECTION("nobody has it yet") {
    auto accepted = late.bailleur().accepts(story.c[0]);
    REQUIRE(accepted);
    CHECK(accepted.answer->entries.front().operation == operation::modified);
    CHECK(accepted.answer->entries.front().supersedes.has_value());
    CHECK(story.w[story.c[0]].step == candidacy_step::accepted);
    CHECK(story.bailleur(2026y / 2 / 6).offers(story.c[1], 2026y / 2 / 20) == refusal_code::bad_order);
  }
  SECTION("the next one has it") {
    REQUIRE(story.bailleur(2026y / 2 / 1).offers(story.c[1], 2026y / 2 / 20));
    CHECK(late.bailleur().accepts(story.c[0]) == refusal_code::conflict);
  }
  SECTION("the next one had it, and refused") {
    REQUIRE(story.bailleur(2026y / 2 / 1).offers(story.c[1], 2026y / 2 / 20));
    REQUIRE(story.bailleur(2026y / 2 / 2).refuses(story.c[1]));
    CHECK(late.bailleur().accepts(story.c[0]));
  }
  SECTION("the dwelling is no longer to let") {
    REQUIRE(story.bailleur(2026y / 2 / 2).withdraws(story.v));
    CHECK_FALSE(late.bailleur().accepts(story.c[0]));
  }
}

TEST_CASE("a late acceptance does not make the demande run twice for the dwelling", "[R441-10][R441-2-15-I-4b]") {
  ranking story;
  REQUIRE(story.bailleur(2026y / 1 / 21).offers(story.c[0], 2026y / 1 / 31));
  REQUIRE(story.w.on(2026y / 2 / 1).lets_terms_pass() == 1);
  auto anew = story.bailleur(2026y / 2 / 2).designates(story.d[0], story.v);
  REQUIRE(anew);
  CHECK(story.w.on(2026y / 2 / 5).dated(2026y / 1 / 31).bailleur().accepts(story.c[0]) == refusal_code::conflict);
}

TEST_CASE("a refusal given in time and recorded late replaces the silence by its motive",
          "[R441-2-15-I-7][R441-2-15-I-9]") {
  ranking story;
  REQUIRE(story.bailleur(2026y / 1 / 21).offers(story.c[0], 2026y / 1 / 31));
  REQUIRE(story.w.on(2026y / 2 / 1).lets_terms_pass() == 1);
  CHECK(story.w.on(2026y / 2 / 5).dated(2026y / 1 / 30).bailleur().refuses(story.c[0], refusal_motive::rent));
  CHECK_FALSE(story.w[story.c[0]].refused_by_silence);
}

// -- suspensive condition -------------------------------------------------------------------------------------------

namespace {

struct condition {
  world w;
  vacancy_id v = w.new_vacancy(2026y / 1 / 10);
  std::vector<candidacy_id> c =
      w.examined(2026y / 1 / 20, v, {w.new_demande(2026y / 1 / 10), w.new_demande(2026y / 1 / 10)});

  condition() {
    REQUIRE(w.on(2026y / 1 / 20).bailleur().attributes_if(c[0], 2026y / 2 / 10));
    REQUIRE(w.on(2026y / 1 / 20).bailleur().ranks(c[1], 2));
  }
};

} // namespace

TEST_CASE("a suspensive condition is met within its delay, and then the lease may be signed", "[R441-2-15-I-6c]") {
  condition story;
  CHECK(story.w.on(2026y / 2 / 1).bailleur().signs(story.c[0]) == refusal_code::bad_order);
  CHECK(story.w.on(2026y / 2 / 11).bailleur().fulfils_condition(story.c[0]) == refusal_code::too_late);
  auto before_decision = story.w.on(2026y / 2 / 10).dated(2026y / 1 / 19).bailleur();
  CHECK(before_decision.fulfils_condition(story.c[0]) == refusal_code::bad_date);
  CHECK(before_decision.fails_condition(story.c[0]) == refusal_code::bad_date);
  CHECK(story.w.on(2026y / 2 / 10).other_bailleur().fulfils_condition(story.c[0]) == refusal_code::not_originator);
  CHECK(story.w.on(2026y / 2 / 10).bailleur().fulfils_condition(story.c[1]) == refusal_code::bad_order);
  CHECK(story.w.on(2026y / 2 / 10).bailleur().fulfils_condition(story.c[0]));
  CHECK(story.w.on(2026y / 2 / 10).bailleur().fulfils_condition(story.c[0]) == refusal_code::bad_order);
  CHECK(story.w.on(2026y / 2 / 10).bailleur().fails_condition(story.c[0]) == refusal_code::bad_order);
  CHECK(story.w.on(2026y / 2 / 10).bailleur().signs(story.c[0]));
}

TEST_CASE("who has not met the condition makes way for the next", "[R441-2-15-I-6c]") {
  condition story;
  auto dossier = story.w.book.dossier_of(story.c[0])->id;
  CHECK(story.w.on(2026y / 2 / 11).bailleur().offers(story.c[1], 2026y / 3 / 1) == refusal_code::bad_order);
  CHECK(story.w.on(2026y / 2 / 11).bailleur().asks(dossier, condition_failed{story.c[0], ""}) ==
        refusal_code::missing_field);
  CHECK(story.w.on(2026y / 2 / 11).bailleur().fails_condition(story.c[0]));
  CHECK(story.w.on(2026y / 2 / 11).bailleur().signs(story.c[0]) == refusal_code::bad_order);
  CHECK(story.w.on(2026y / 2 / 11).bailleur().offers(story.c[1], 2026y / 3 / 1));
}

TEST_CASE("the offer waits neither for the condition nor does its acceptance lift it", "[R441-2-15-I-6c]") {
  condition story;
  REQUIRE(story.w.on(2026y / 1 / 21).bailleur().offers(story.c[0], 2026y / 1 / 31));
  REQUIRE(story.w.on(2026y / 1 / 25).bailleur().accepts(story.c[0]));
  CHECK(story.w.on(2026y / 1 / 26).bailleur().signs(story.c[0]) == refusal_code::bad_order);
  REQUIRE(story.w.on(2026y / 1 / 27).bailleur().fulfils_condition(story.c[0]));
  CHECK(story.w.on(2026y / 1 / 27).bailleur().signs(story.c[0]));
}
