#include "law/time_zone.hpp"

#include <array>

namespace toit::law {

namespace {

using std::chrono::hours;
using std::chrono::minutes;

struct overseas_offset {
  std::string_view departement;
  hours offset;
};

// Source: décret 2017-292 du 6 mars 2017, article 2.
constexpr std::array overseas{
    overseas_offset{"971", hours{-4}}, overseas_offset{"972", hours{-4}}, overseas_offset{"973", hours{-3}},
    overseas_offset{"974", hours{4}},  overseas_offset{"976", hours{3}},
};

instant last_sunday_at_one_utc(std::chrono::year year, std::chrono::month month) {
  return instant{std::chrono::sys_days{year / month / std::chrono::Sunday[std::chrono::last]}} + hours{1};
}

minutes mainland_offset(instant moment) {
  auto year = civil_date{std::chrono::floor<days>(moment)}.year();
  bool summer = last_sunday_at_one_utc(year, std::chrono::March) <= moment &&
                moment < last_sunday_at_one_utc(year, std::chrono::October);
  return summer ? hours{2} : hours{1};
}

} // namespace

minutes utc_offset(std::string_view departement, instant moment) {
  for (const auto& zone : overseas)
    if (zone.departement == departement)
      return zone.offset;
  return mainland_offset(moment);
}

civil_date local_date(std::string_view departement, instant moment) {
  return civil_date{std::chrono::floor<days>(moment + utc_offset(departement, moment))};
}

instant start_of_day(std::string_view departement, civil_date day) {
  // No change of hour ever falls between midnight and 01:00 local, so the offset at UTC midnight may be one hour off
  // only on a day of change, and the second look settles it.
  instant midnight{std::chrono::sys_days{day}};
  auto guess = midnight - utc_offset(departement, midnight);
  return midnight - utc_offset(departement, guess);
}

} // namespace toit::law
