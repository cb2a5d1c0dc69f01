#include "territory.hpp"

#include <catch2/catch_test_macros.hpp>
#include <random>

using namespace toit::law;
using namespace toit::law::testing;
using namespace std::chrono_literals;

namespace {

std::vector<due_rule> rules_of(const world& w, dossier_id d) {
  std::vector<due_rule> rules;
  for (const auto& term : dues_of(w[d], w.settings))
    rules.push_back(term.rule);
  return rules;
}

} // namespace

// -- what runs on a dossier -----------------------------------------------------------------------------------------

TEST_CASE("a new demande waits for its certificate and its notice, and nothing takes effect by itself",
          "[R441-2-15-I-4-0]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 31);
  CHECK(rules_of(w, d) == std::vector{due_rule::certificate, due_rule::renewal_notice});
  CHECK(w.term(d, due_rule::certificate)->last_day == 2026y / 2 / 28);
  CHECK(w.term(d, due_rule::renewal_notice)->last_day == 2026y / 12 / 31);
  REQUIRE(w.on(2026y / 2 / 1).desk().issues_certificate(d));
  CHECK(rules_of(w, d) == std::vector{due_rule::renewal_notice});
  REQUIRE(w.on(2026y / 12 / 1).gestionnaire().sends_notice(d));
  CHECK(rules_of(w, d) == std::vector{due_rule::validity_end});
}

TEST_CASE("on a radiated demande only the erasure runs", "[L441-2-7-1-1c]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 31);
  REQUIRE(w.on(2026y / 2 / 1).desk().warns(d, radiation_motive::c_no_answer));
  REQUIRE(w.on(2026y / 2 / 28).desk().radiates(d, radiation_motive::b_renunciation));
  CHECK(rules_of(w, d) == std::vector{due_rule::erasure});
  CHECK(w.term(d, due_rule::erasure)->last_day == 2027y / 2 / 28);
}

TEST_CASE("each offer has its own term", "[R441-10]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto first = w.offered(2026y / 1 / 20, w.new_vacancy(2026y / 1 / 10), d, 2026y / 2 / 1);
  auto second = w.offered(2026y / 1 / 21, w.new_vacancy(2026y / 1 / 10), d, 2026y / 2 / 5);
  std::vector<due> silences;
  std::ranges::copy_if(dues_of(w[d], w.settings), std::back_inserter(silences),
                       [](const due& term) { return term.rule == due_rule::offer_silence; });
  CHECK(silences == std::vector<due>{{due_rule::offer_silence, d, first, 2026y / 2 / 1},
                                     {due_rule::offer_silence, d, second, 2026y / 2 / 5}});
  REQUIRE(w.on(2026y / 1 / 25).bailleur().accepts(first));
  CHECK(w.term(d, due_rule::offer_silence)->candidacy == second);
}

TEST_CASE("an alert has no effect of its own", "[R441-2-15-I-4-0]") {
  for (auto rule : {due_rule::certificate, due_rule::renewal_notice})
    CHECK_FALSE(takes_effect(rule));
  for (auto rule : {due_rule::validity_end, due_rule::non_renewal, due_rule::no_answer, due_rule::inadmissible,
                    due_rule::offer_silence, due_rule::erasure})
    CHECK(takes_effect(rule));
}

TEST_CASE("each rule has its article", "[R441-2-15-I-4-0]") {
  CHECK(article_of(due_rule::validity_end) == "R441-2-7");
  CHECK(article_of(due_rule::non_renewal) == "R441-2-8");
  CHECK(article_of(due_rule::no_answer) == "R441-2-8");
  CHECK(article_of(due_rule::inadmissible) == "R441-2-8");
  CHECK(article_of(due_rule::offer_silence) == "R441-10");
  CHECK(article_of(due_rule::certificate) == "L441-2-1");
}

// -- the calendar, beside a slow and obvious one --------------------------------------------------------------------

namespace {

due some_due(std::minstd_rand& random) {
  dossier_id d;
  d.bytes[0] = static_cast<std::uint8_t>(1 + random() % 5);
  candidacy_id c;
  c.bytes[0] = static_cast<std::uint8_t>(random() % 2);
  return {static_cast<due_rule>(random() % enum_count<due_rule>), d, c, add_days(2026y / 1 / 1, days{random() % 12})};
}

struct obvious_calendar {
  std::set<due> noted;

  void note(const std::vector<due>& before, const std::vector<due>& now) {
    for (const auto& term : now)
      if (takes_effect(term.rule) && std::ranges::find(before, term) == before.end())
        noted.insert(term);
  }
  std::vector<due> up_to(civil_date last_day) const {
    std::vector<due> found;
    std::ranges::copy_if(noted, std::back_inserter(found), [&](const due& d) { return d.last_day <= last_day; });
    return found;
  }
};

std::vector<due> up_to(const due_calendar& calendar, civil_date last_day, std::size_t limit = 10'000) {
  std::vector<due> found;
  calendar.visit(last_day, [&](const due& item) {
    if (found.size() == limit)
      return false;
    found.push_back(item);
    return true;
  });
  return found;
}

std::vector<due> sorted(std::vector<due> all) {
  std::ranges::sort(all);
  return all;
}

} // namespace

TEST_CASE("the calendar knows what an obvious one knows", "[R441-2-15-I-4-0]") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    std::minstd_rand random{seed};
    due_calendar calendar;
    obvious_calendar model;
    for (int step = 0; step < 200; ++step) {
      if (random() % 3 != 0) {
        std::vector<due> before;
        std::vector<due> now;
        for (unsigned n = random() % 4; n > 0; --n)
          before.push_back(some_due(random));
        for (unsigned n = random() % 4; n > 0; --n)
          now.push_back(some_due(random));
        if (!before.empty() && random() % 2 == 0)
          now.push_back(before.front());
        calendar.note(before, now);
        model.note(before, now);
      } else {
        auto answered = some_due(random);
        calendar.forget(answered);
        model.noted.erase(answered);
      }
      auto day = add_days(2025y / 12 / 30, days{random() % 16});
      auto all = up_to(calendar, day);
      REQUIRE(sorted(all) == model.up_to(day));
      REQUIRE(std::ranges::is_sorted(all, {}, &due::last_day));
      auto limit = random() % 8;
      auto some = up_to(calendar, day, limit);
      REQUIRE(std::ranges::equal(some, std::span{all}.first(std::min<std::size_t>(limit, all.size()))));
      REQUIRE(calendar.size() >= model.noted.size());
    }
  }
}

TEST_CASE("an emptied calendar holds nothing", "[R441-2-15-I-4-0]") {
  due_calendar calendar;
  due term{due_rule::validity_end, {}, {}, 2026y / 1 / 1};
  calendar.note({}, {term});
  calendar.note({}, {term});
  CHECK(up_to(calendar, 2026y / 1 / 1).size() == 1);
  calendar.forget(term);
  CHECK(calendar.size() == 0);
  CHECK(up_to(calendar, 2027y / 1 / 1).empty());
}

TEST_CASE("a day is answered in the order of its dossiers", "[R441-2-15-I-4-0]") {
  due_calendar calendar;
  dossier_id first;
  first.bytes[0] = 1;
  dossier_id second;
  second.bytes[0] = 2;
  calendar.note({},
                {{due_rule::validity_end, second, {}, 2026y / 1 / 1}, {due_rule::erasure, first, {}, 2026y / 1 / 1}});
  auto day = up_to(calendar, 2026y / 1 / 1);
  CHECK(std::ranges::is_sorted(day, {}, &due::dossier));
}
