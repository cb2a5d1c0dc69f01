/// \file
/// Civil dates, and the month rule of every term.
///
/// Text       no article of the code says how months are counted; by analogy CPC 641 al. 2 and 642 al. 1.
/// Not here   the civil date of an instant in a territory: see time_zone.hpp.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace toit::law {

using civil_date = std::chrono::year_month_day;
using std::chrono::days;
using std::chrono::months;

/// A moment in UTC, to the millisecond: what a journal writes as "recorded at".
using instant = std::chrono::sys_time<std::chrono::milliseconds>;

/// The same day of the month `n` months later, or the last day of that month where it has no such day.
/// Always counted from the first day of the term, never from an intermediate result: 31 January + 1 month is
/// 28 February, and + 2 months is 31 March.
constexpr civil_date add_months(civil_date first_day, months n) {
  auto day = first_day + n;
  return day.ok() ? day : civil_date{day.year() / day.month() / std::chrono::last};
}

constexpr civil_date add_days(civil_date day, days n) { return civil_date{std::chrono::sys_days{day} + n}; }

/// Whole days from `from` to `to`; negative when `to` is earlier.
constexpr std::int64_t days_between(civil_date from, civil_date to) {
  return (std::chrono::sys_days{to} - std::chrono::sys_days{from}).count();
}

/// A procedural term expires at the end of its last day: what follows from it acts on the day after.
constexpr civil_date acts_from(civil_date last_day) { return add_days(last_day, days{1}); }

/// "2026-03-15", and nothing else; a day that does not exist is refused. Years 1900 to 2199.
std::optional<civil_date> parse_date(std::string_view text);
std::string to_text(civil_date day);

/// "2026-03-15T09:30:00Z" or "2026-03-15T09:30:00.250Z" (UTC only).
std::optional<instant> parse_instant(std::string_view text);
std::string to_text(instant moment);

} // namespace toit::law
