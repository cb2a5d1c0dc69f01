#include "prefecture.hpp"

using namespace toit::law;
using namespace toit::law::testing;

namespace {

using s = act_standing;

state_act signed_act(civil_date on, bool published = true, bool notified = true) {
  state_act a;
  a.act_itself = {{}, "2026-12", "Mme Exemple, préfète", {}, some_document, on, {}};
  a.territory = cast().epci;
  a.needed = {published, notified ? std::optional{cast().epci} : std::nullopt};
  a.signed_on = on;
  return a;
}

} // namespace

TEST_CASE("an act binds from the day after it is published, and from the day on which it is notified",
          "[L441-2-7-4-1]") {
  auto a = signed_act(2026y / 3 / 2);
  CHECK_FALSE(binds_from(a));
  a.published_on = 2026y / 3 / 10;
  CHECK_FALSE(binds_from(a));
  a.notified_on = 2026y / 3 / 5;
  CHECK(binds_from(a) == 2026y / 3 / 11);
  a.notified_on = 2026y / 3 / 12;
  CHECK(binds_from(a) == 2026y / 3 / 12);
  CHECK(standing_of(a, 2026y / 3 / 11) == s::not_yet);
  CHECK(standing_of(a, 2026y / 3 / 12) == s::in_force);
  a.act_itself.effective_from = 2026y / 4 / 1;
  CHECK(standing_of(a, 2026y / 3 / 31) == s::not_yet);
  CHECK(standing_of(a, 2026y / 4 / 1) == s::in_force);
}

TEST_CASE("an act that names its last day is over the day after", "[L441-2-7-4-1]") {
  auto a = signed_act(2026y / 3 / 2, false, false);
  a.act_itself.effective_until = 2027y / 3 / 1;
  CHECK(standing_of(a, 2027y / 3 / 1) == s::in_force);
  CHECK(standing_of(a, 2027y / 3 / 2) == s::expired);
  CHECK_FALSE(alive(s::expired));
}

TEST_CASE("what a judge suspends binds nobody until it resumes", "[L441-2-7-4-1]") {
  auto a = signed_act(2026y / 3 / 2, false, false);
  CHECK(refused(may_be_suspended(a, 2026y / 3 / 1)) == refusal_code::bad_date);
  CHECK(may_be_suspended(a, 2026y / 3 / 2));
  a.suspended_on = 2026y / 4 / 1;
  CHECK(standing_of(a, 2026y / 3 / 31) == s::in_force);
  CHECK(standing_of(a, 2026y / 4 / 1) == s::suspended);
  CHECK(refused(may_be_suspended(a, 2026y / 4 / 2)) == refusal_code::bad_order);
  a.resumed_on = 2026y / 5 / 1;
  CHECK(standing_of(a, 2026y / 4 / 30) == s::suspended);
  CHECK(refused(may_be_suspended(a, 2026y / 3 / 15)) == refusal_code::bad_date);
  CHECK(may_be_suspended(a, 2026y / 5 / 1));
  CHECK(refused(may_resume(a, 2026y / 4 / 15)) == refusal_code::bad_date);
  CHECK(standing_of(a, 2026y / 5 / 1) == s::in_force);
  CHECK(refused(may_resume(a, 2026y / 5 / 1)) == refusal_code::bad_order);
}

TEST_CASE("an act is withdrawn within four months, and repealed or annulled after", "[L441-2-7-4-1]") {
  auto a = signed_act(2026y / 10 / 31, false, false);
  CHECK(may_end(a, act_end::withdrawn, 2027y / 2 / 28));
  CHECK(refused(may_end(a, act_end::withdrawn, 2027y / 3 / 1)) == refusal_code::too_late);
  CHECK(may_end(a, act_end::repealed, 2027y / 3 / 1));
  CHECK(may_end(a, act_end::annulled, 2027y / 3 / 1));
  CHECK(refused(may_end(a, act_end::annulled, 2026y / 10 / 30)) == refusal_code::bad_date);
  a.act_itself.effective_until = 2026y / 12 / 31;
  CHECK(refused(may_end(a, act_end::repealed, 2027y / 1 / 1)) == refusal_code::bad_order);
  CHECK(may_end(a, act_end::annulled, 2027y / 1 / 1));
  a.end = act_end::annulled;
  a.ended_on = 2027y / 1 / 2;
  CHECK(standing_of(a, 2026y / 12 / 1) == s::in_force);
  CHECK(standing_of(a, 2027y / 1 / 2) == s::annulled);
  CHECK(refused(may_end(a, act_end::annulled, 2027y / 1 / 3)) == refusal_code::bad_order);
  a.end = act_end::repealed;
  CHECK(may_end(a, act_end::annulled, 2027y / 1 / 3));
  CHECK(refused(may_end(a, act_end::withdrawn, 2027y / 1 / 3)) == refusal_code::bad_order);
}

TEST_CASE("each end has its own standing", "[L441-2-7-4-1]") {
  auto a = signed_act(2026y / 3 / 2, false, false);
  a.ended_on = 2026y / 3 / 3;
  for (auto [end, standing] : {std::pair{act_end::withdrawn, s::withdrawn}, std::pair{act_end::repealed, s::repealed},
                               std::pair{act_end::annulled, s::annulled}}) {
    a.end = end;
    CHECK(standing_of(a, 2026y / 3 / 3) == standing);
    CHECK_FALSE(alive(standing));
    CHECK(refused(may_be_published(a, 2026y / 3 / 3)) == refusal_code::bad_order);
    CHECK(refused(may_be_notified(a, cast().epci, 2026y / 3 / 3)) == refusal_code::bad_order);
    CHECK(refused(may_be_suspended(a, 2026y / 3 / 3)) == refusal_code::bad_order);
  }
}

TEST_CASE("of the arrêtés of several authorities the one in force counts, then one that may still be",
          "[L441-2-7-4-1]") {
  CHECK_FALSE(prevailing({}, {}));
  CHECK(prevailing(s::repealed, {}) == s::repealed);
  CHECK(prevailing({}, s::suspended) == s::suspended);
  CHECK(prevailing(s::expired, s::not_yet) == s::not_yet);
  CHECK(prevailing(s::suspended, s::annulled) == s::suspended);
  CHECK(prevailing(s::suspended, s::in_force) == s::in_force);
  CHECK(prevailing(s::in_force, s::not_yet) == s::in_force);
}

TEST_CASE("the term to go to court counts neither its first day nor its last", "[L441-2-7-4-1]") {
  auto a = signed_act(2026y / 3 / 2);
  CHECK_FALSE(recourse_until(a));
  a.published_on = 2026y / 3 / 15;
  CHECK_FALSE(recourse_until(a));
  a.notified_on = 2026y / 3 / 10;
  CHECK(recourse_until(a) == 2026y / 5 / 16);
  a.published_on = 2026y / 12 / 31;
  CHECK(recourse_until(a) == 2027y / 3 / 1);
}

TEST_CASE("an act is published once, and notified once to whom it must reach", "[L441-2-7-4-1]") {
  auto a = signed_act(2026y / 3 / 2);
  CHECK(refused(may_be_published(a, 2026y / 3 / 1)) == refusal_code::bad_date);
  CHECK(may_be_published(a, 2026y / 3 / 2));
  a.published_on = 2026y / 3 / 2;
  CHECK(refused(may_be_published(a, 2026y / 3 / 3)) == refusal_code::duplicate);
  CHECK(refused(may_be_notified(a, cast().epci, 2026y / 3 / 1)) == refusal_code::bad_date);
  CHECK(may_be_notified(a, cast().epci, 2026y / 3 / 2));
  a.notified_on = 2026y / 3 / 3;
  CHECK(refused(may_be_notified(a, cast().epci, 2026y / 3 / 4)) == refusal_code::duplicate);
  CHECK(may_be_notified(a, cast().bailleur, 2026y / 3 / 4));
}

TEST_CASE("an act says its number, who signs, by which delegation, and from when", "[L441-2-7-4-1]") {
  auto day = civil_date{2026y / 3 / 2};
  auto whole = prefecture{}.an_act();
  CHECK(check_act(whole, day));
  auto with = [&](auto change) {
    auto changed = whole;
    change(changed);
    return check_act(changed, day);
  };
  CHECK(refused(with([](act& a) { a.number = {}; })) == refusal_code::missing_field);
  CHECK(refused(with([](act& a) { a.signatory = {}; })) == refusal_code::missing_field);
  CHECK(refused(with([](act& a) { a.document = {}; })) == refusal_code::missing_field);
  CHECK(refused(with([](act& a) { a.effective_from = 2026y / 3 / 1; })) == refusal_code::bad_date);
  CHECK(refused(with([](act& a) { a.effective_from = 2026y / 2 / 30; })) == refusal_code::bad_date);
  CHECK(refused(with([](act& a) { a.effective_until = 2026y / 3 / 1; })) == refusal_code::bad_date);
  CHECK(with([](act& a) { a.effective_until = 2026y / 3 / 2; }));
  auto delegated = [&](delegation d) { return with([&](act& a) { a.delegation = d; }); };
  CHECK(delegated({"Arrêté fictif", 2026y / 3 / 2, 2026y / 3 / 2}));
  CHECK(refused(delegated({"Arrêté fictif", 2026y / 3 / 3, {}})) == refusal_code::not_empowered);
  CHECK(refused(delegated({"Arrêté fictif", 2026y / 1 / 1, 2026y / 3 / 1})) == refusal_code::not_empowered);
  CHECK(refused(delegated({"Arrêté fictif", 2026y / 3 / 2, 2026y / 3 / 1})) == refusal_code::bad_date);
  CHECK(refused(delegated({"", 2026y / 1 / 1, {}})) == refusal_code::missing_field);
}
