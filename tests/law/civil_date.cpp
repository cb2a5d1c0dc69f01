#include "law/civil_date.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit::law;
using namespace std::chrono_literals;

TEST_CASE("a term of months ends on the same day, or on the last day of a shorter month", "[L441-1-6-9-2]") {
  CHECK(add_months(2026y / 1 / 15, months{1}) == 2026y / 2 / 15);
  CHECK(add_months(2026y / 1 / 31, months{1}) == 2026y / 2 / 28);
  CHECK(add_months(2028y / 1 / 31, months{1}) == 2028y / 2 / 29);
  CHECK(add_months(2026y / 3 / 31, months{1}) == 2026y / 4 / 30);
}

TEST_CASE("a term is counted from its first day, never from an intermediate result", "[R441-2-7]") {
  CHECK(add_months(2026y / 1 / 31, months{2}) == 2026y / 3 / 31);
  CHECK(add_months(add_months(2026y / 1 / 31, months{1}), months{1}) == 2026y / 3 / 28);
  CHECK(add_months(2024y / 2 / 29, months{12}) == 2025y / 2 / 28);
  CHECK(add_months(2024y / 2 / 29, months{48}) == 2028y / 2 / 29);
}

TEST_CASE("what follows from a term acts on the day after its last day", "[R441-2-8]") {
  CHECK(acts_from(2026y / 12 / 31) == 2027y / 1 / 1);
  CHECK(acts_from(2028y / 2 / 28) == 2028y / 2 / 29);
}

TEST_CASE("a date is read as written, or not at all") {
  CHECK(parse_date("2026-03-15") == 2026y / 3 / 15);
  CHECK(parse_date("2024-02-29") == 2024y / 2 / 29);
  CHECK(parse_date("1900-01-01") == 1900y / 1 / 1);
  CHECK(parse_date("2199-12-31") == 2199y / 12 / 31);
  for (auto malformed : {"2026-02-29", "2026-13-01", "2026-00-10", "2026-3-15", "15/03/2026", "2026-03-15 ", "",
                         "1899-12-31", "2200-01-01", "2026-03-3x", "-026-03-01"})
    CHECK_FALSE(parse_date(malformed));
  CHECK(to_text(2026y / 3 / 5) == "2026-03-05");
}

TEST_CASE("a moment is read as written, in UTC, or not at all") {
  auto moment = parse_instant("2026-03-15T09:30:05.250Z");
  REQUIRE(moment);
  CHECK(to_text(*moment) == "2026-03-15T09:30:05.250Z");
  CHECK(to_text(*parse_instant("2026-12-31T23:59:59.999Z")) == "2026-12-31T23:59:59.999Z");
  CHECK(to_text(*parse_instant("1970-01-01T00:00:00Z")) == "1970-01-01T00:00:00.000Z");
  for (auto malformed : {"2026-03-15T24:00:00Z", "2026-03-15T09:60:00Z", "2026-03-15T09:30:60Z", "2026-03-15",
                         "2026-03-15T09:30:00+02:00", "2026-03-15T09:30:00.25Z", "2026-02-30T09:30:00Z"})
    CHECK_FALSE(parse_instant(malformed));
}
