#include "law/time_zone.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <ctime>
#include <filesystem>

using namespace toit::law;
using namespace std::chrono_literals;

namespace {

struct zone {
  const char* name; ///< in the tz database
  std::string_view departement;
};
constexpr std::array zones{zone{"Europe/Paris", "93"},        zone{"Europe/Paris", "2A"},
                           zone{"America/Guadeloupe", "971"}, zone{"America/Martinique", "972"},
                           zone{"America/Cayenne", "973"},    zone{"Indian/Reunion", "974"},
                           zone{"Indian/Mayotte", "976"}};

/// The C library in another time zone, as long as it lives.
class local_time_in {
public:
  explicit local_time_in(const char* name) {
    if (const char* set = std::getenv("TZ"))
      before_ = set;
    setenv("TZ", name, 1);
    tzset();
  }
  ~local_time_in() {
    before_.empty() ? unsetenv("TZ") : setenv("TZ", before_.c_str(), 1);
    tzset();
  }
  local_time_in(const local_time_in&) = delete;
  local_time_in& operator=(const local_time_in&) = delete;

  static std::tm at(instant moment) {
    auto seconds =
        static_cast<std::time_t>(std::chrono::floor<std::chrono::seconds>(moment).time_since_epoch().count());
    std::tm local{};
    localtime_r(&seconds, &local);
    return local;
  }

private:
  std::string before_;
};

civil_date date_of(const std::tm& local) {
  return std::chrono::year{local.tm_year + 1900} / (local.tm_mon + 1) / local.tm_mday;
}

bool agrees(std::string_view departement, instant moment) {
  auto expected = local_time_in::at(moment);
  return utc_offset(departement, moment) == std::chrono::seconds{expected.tm_gmtoff} &&
         local_date(departement, moment) == date_of(expected);
}

bool tz_database_is_here() {
  for (const auto& zone : zones)
    if (!std::filesystem::exists(std::filesystem::path{"/usr/share/zoneinfo"} / zone.name))
      return false;
  return true;
}

/// The first moment of that day: local midnight, and not a millisecond before.
bool starts(std::string_view departement, civil_date day) {
  auto start = start_of_day(departement, day);
  return local_date(departement, start) == day && local_date(departement, start - 1ms) == add_days(day, days{-1});
}

} // namespace

TEST_CASE("the civil time of every territory is the one of the tz database, 2000 to 2040") {
  if (!tz_database_is_here())
    SKIP("the tz database is not installed");
  for (const auto& zone : zones) {
    local_time_in there{zone.name};
    unsigned wrong = 0;
    for (std::chrono::sys_days day = 2000y / 1 / 1; day < std::chrono::sys_days{2041y / 1 / 1}; day += days{1}) {
      wrong += !agrees(zone.departement, instant{day}) + !agrees(zone.departement, instant{day} - 1ms) +
               !agrees(zone.departement, instant{day} + 23h) + !starts(zone.departement, civil_date{day});
    }
    INFO(zone.name);
    CHECK(wrong == 0);
  }
}

TEST_CASE("every hour around every change of hour is the one of the tz database") {
  if (!tz_database_is_here())
    SKIP("the tz database is not installed");
  local_time_in paris{"Europe/Paris"};
  unsigned wrong = 0;
  for (int year = 2000; year <= 2040; ++year)
    for (auto month : {std::chrono::March, std::chrono::October}) {
      auto first = std::chrono::sys_days{std::chrono::year{year} / month / 24};
      for (instant moment{first}; moment < instant{first + days{9}}; moment += 1h)
        wrong += !agrees("93", moment) + !agrees("93", moment + 3599s);
    }
  CHECK(wrong == 0);
}

TEST_CASE("summer time begins and ends at one o'clock UTC") {
  auto spring = *parse_instant("2026-03-29T01:00:00Z");
  CHECK(utc_offset("93", spring - 1ms) == 1h);
  CHECK(utc_offset("93", spring) == 2h);
  auto autumn = *parse_instant("2026-10-25T01:00:00Z");
  CHECK(utc_offset("93", autumn - 1ms) == 2h);
  CHECK(utc_offset("93", autumn) == 1h);
}

TEST_CASE("a day begins at midnight of the territory, not of Paris") {
  CHECK(to_text(start_of_day("93", 2026y / 7 / 1)) == "2026-06-30T22:00:00.000Z");
  CHECK(to_text(start_of_day("93", 2026y / 3 / 29)) == "2026-03-28T23:00:00.000Z");
  CHECK(to_text(start_of_day("93", 2026y / 3 / 30)) == "2026-03-29T22:00:00.000Z");
  CHECK(to_text(start_of_day("971", 2026y / 7 / 1)) == "2026-07-01T04:00:00.000Z");
  CHECK(to_text(start_of_day("974", 2026y / 7 / 1)) == "2026-06-30T20:00:00.000Z");
}
