#include "prefecture.hpp"

#include <set>

using namespace toit::law;
using namespace toit::law::testing;

TEST_CASE("a dispositif conforms when every point is found to be met", "[R441-2-15-IV]") {
  auto day = civil_date{2026y / 3 / 2};
  std::vector found{findings_of(national_checklist())};
  CHECK(assess({}, false, day, found).conforming());
  for (std::size_t i = 0; i < found[0].items.size(); ++i) {
    auto one_short = found;
    one_short[0].items[i].finding = finding::not_met;
    auto assessed = assess({}, false, day, one_short);
    CHECK_FALSE(assessed.conforming());
    REQUIRE(assessed.not_met.size() == 1);
    CHECK(assessed.not_met.front() == found[0].items[i].item);
    CHECK(assessed.unknown.empty());
  }
}

TEST_CASE("what nobody has looked at is unknown, and bars conformity as well", "[R441-2-15-IV]") {
  auto day = civil_date{2026y / 3 / 2};
  auto nothing = assess({}, false, day, {});
  CHECK(nothing.unknown.size() == national_checklist().items.size());
  CHECK(nothing.not_met.empty());
  CHECK_FALSE(nothing.conforming());
  std::vector found{findings_of(national_checklist())};
  found[0].items.front().finding = finding::unknown;
  CHECK(assess({}, false, day, found).unknown.size() == 1);
  found[0].items.erase(found[0].items.begin());
  CHECK(assess({}, false, day, found).unknown.size() == 1);
  std::vector other_version{findings_of(national_checklist())};
  other_version[0].version = 2;
  CHECK(assess({}, false, day, other_version) == nothing);
}

TEST_CASE("in Île-de-France a dispositif also meets the cahier des charges, and without one nothing conforms",
          "[L441-2-7-2-2]") {
  auto day = civil_date{2026y / 3 / 2};
  std::vector found{findings_of(national_checklist())};
  auto without = assess({}, true, day, found);
  CHECK(without.regional_missing);
  CHECK_FALSE(without.conforming());
  std::vector regional{cahier(1, 2026y / 3 / 2)};
  auto partly = assess(regional, true, day, found);
  CHECK_FALSE(partly.regional_missing);
  CHECK(partly.unknown.size() == 2);
  CHECK(assess(regional, true, 2026y / 3 / 1, found).regional_missing);
  found.push_back(findings_of(regional[0]));
  CHECK(assess(regional, true, day, found).conforming());
  CHECK(assess(regional, false, day, {found.data(), 1}).conforming());
}

TEST_CASE("a new version of the cahier des charges is looked at anew from its first day on", "[L441-2-7-2-2]") {
  std::vector regional{cahier(1, 2026y / 1 / 1), cahier(2, 2026y / 7 / 1)};
  std::vector found{findings_of(national_checklist()), findings_of(regional[0])};
  CHECK(assess(regional, true, 2026y / 6 / 30, found).conforming());
  auto after = assess(regional, true, 2026y / 7 / 1, found);
  CHECK_FALSE(after.conforming());
  CHECK(after.unknown.size() == 2);
  found.push_back(findings_of(regional[1]));
  CHECK(assess(regional, true, 2026y / 7 / 1, found).conforming());
}

TEST_CASE("a point that does not exist in the version named is no point", "[R441-2-15-IV]") {
  std::vector regional{cahier(1, 2026y / 1 / 1)};
  std::vector found{findings_of(national_checklist()), findings_of(regional[0])};
  CHECK(all_points_exist(regional, found));
  CHECK_FALSE(all_points_exist({}, found));
  found[1].items[0].item = "9.9";
  CHECK_FALSE(all_points_exist(regional, found));
  found[1] = findings_of(regional[0]);
  found[1].version = 2;
  CHECK_FALSE(all_points_exist(regional, found));
  found[1].version = 1;
  found[0].checklist = "r441_2_51";
  CHECK_FALSE(all_points_exist(regional, found));
}

TEST_CASE("each point has a number of its own, and says where it comes from", "[R441-2-15-IV]") {
  std::set<std::string> ids;
  for (const auto& item : national_checklist().items) {
    CHECK(ids.insert(item.id.str()).second);
    CHECK_FALSE(item.asks.empty());
    CHECK_FALSE(item.article.empty());
  }
}

TEST_CASE("the cahier des charges has its opinion, its points and a later version than the last", "[L441-2-7-2-2]") {
  prefecture p;
  specification_set whole{cahier(1, p.today), p.today, "Arrêté fictif"};
  auto with = [&](auto change) {
    auto changed = whole;
    change(changed);
    return p.prefect(changed);
  };
  CHECK(refused(with([](auto& e) { e.opinion_on = 2026y / 3 / 3; })) == refusal_code::missing_opinion);
  CHECK(refused(with([](auto& e) { e.opinion_on = {}; })) == refusal_code::missing_opinion);
  CHECK(refused(with([](auto& e) { e.checklist.from = 2026y / 3 / 1; })) == refusal_code::bad_date);
  CHECK(refused(with([](auto& e) { e.checklist.name = "autre"; })) == refusal_code::missing_field);
  CHECK(refused(with([](auto& e) { e.checklist.items.clear(); })) == refusal_code::missing_field);
  CHECK(refused(with([](auto& e) { e.checklist.items[1].id = e.checklist.items[0].id; })) == refusal_code::malformed);
  CHECK(refused(with([](auto& e) { e.source = {}; })) == refusal_code::missing_field);
  CHECK(p.prefect(whole));
  CHECK(refused(p.prefect(whole)) == refusal_code::duplicate);
  whole.checklist.version = 2;
  CHECK(p.prefect(whole));
  p.competent = false;
  whole.checklist.version = 3;
  CHECK(refused(p.prefect(whole)) == refusal_code::wrong_prefect);
}
