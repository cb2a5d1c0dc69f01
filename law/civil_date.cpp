#include "law/civil_date.hpp"

#include <charconv>
#include <cstdio>

namespace toit::law {

namespace {

/// Exactly `text.size()` digits, as a number.
std::optional<unsigned> parse_digits(std::string_view text) {
  for (char c : text)
    if (c < '0' || c > '9')
      return std::nullopt;
  unsigned number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

} // namespace

std::optional<civil_date> parse_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-')
    return std::nullopt;
  auto year = parse_digits(text.substr(0, 4));
  auto month = parse_digits(text.substr(5, 2));
  auto day = parse_digits(text.substr(8, 2));
  if (!year || !month || !day || *year < 1900 || *year > 2199)
    return std::nullopt;
  civil_date date{std::chrono::year{static_cast<int>(*year)}, std::chrono::month{*month}, std::chrono::day{*day}};
  if (!date.ok())
    return std::nullopt;
  return date;
}

std::string to_text(civil_date day) {
  char text[16];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                static_cast<unsigned>(day.day()));
  return text;
}

std::optional<instant> parse_instant(std::string_view text) {
  if ((text.size() != 20 && text.size() != 24) || text[10] != 'T' || text[13] != ':' || text[16] != ':' ||
      text.back() != 'Z')
    return std::nullopt;
  auto date = parse_date(text.substr(0, 10));
  auto hour = parse_digits(text.substr(11, 2));
  auto minute = parse_digits(text.substr(14, 2));
  auto second = parse_digits(text.substr(17, 2));
  std::optional<unsigned> millisecond = 0;
  if (text.size() == 24)
    millisecond = text[19] == '.' ? parse_digits(text.substr(20, 3)) : std::nullopt;
  if (!date || !hour || !minute || !second || !millisecond || *hour > 23 || *minute > 59 || *second > 59)
    return std::nullopt;
  return instant{std::chrono::sys_days{*date}} + std::chrono::hours{*hour} + std::chrono::minutes{*minute} +
         std::chrono::seconds{*second} + std::chrono::milliseconds{*millisecond};
}

std::string to_text(instant moment) {
  auto midnight = std::chrono::floor<days>(moment);
  auto time = std::chrono::hh_mm_ss{moment - midnight};
  char text[40];
  std::snprintf(text, sizeof text, "%sT%02d:%02d:%02d.%03dZ", to_text(civil_date{midnight}).c_str(),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()), static_cast<int>(time.subseconds().count()));
  return text;
}

} // namespace toit::law
