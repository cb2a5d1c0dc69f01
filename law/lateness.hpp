/// \file
/// How late each legal person records what it caused, month by month: late records are accepted and counted, never
/// refused.
///
/// Text       R441-2-15 I, last alinéas ("as soon as it occurs"); the text sets no tolerance: any later day is late.

#pragma once

#include "law/catalogue.hpp"

#include <map>

namespace toit::law {

/// Of one legal person, for the entries recorded in one month.
struct lateness_line {
  siren legal_person; ///< at the origin
  std::uint16_t year = 0;
  std::uint8_t month = 0;
  std::uint64_t recorded = 0;
  std::uint64_t late = 0;      ///< of which on a later day than they occurred
  std::uint64_t days = 0;      ///< of lateness, in all
  std::uint32_t days_most = 0; ///< of one entry
  friend bool operator==(const lateness_line&, const lateness_line&) = default;
  static constexpr auto fields() {
    using t = lateness_line;
    return std::tuple{field{"legal_person", &t::legal_person}, field{"year", &t::year}, field{"month", &t::month},
                      field{"recorded", &t::recorded},         field{"late", &t::late}, field{"days", &t::days},
                      field{"days_most", &t::days_most}};
  }
};

/// What a book may hold: who tells of anything else tells nothing.
bool is_possible(const lateness_line& line);

/// Days between what occurred and its record; 0 when it was recorded on its day.
std::uint32_t lateness_days(const record& happened, civil_date recorded_on);

class lateness_book {
public:
  /// What an agent has recorded of a demande; what the node draws by itself is nobody's lateness.
  void note(const record& happened, civil_date recorded_on);
  void restore(const lateness_line& line);

  using key = std::tuple<siren, std::uint16_t, std::uint8_t>;
  const std::map<key, lateness_line>& lines() const { return lines_; }

private:
  std::map<key, lateness_line> lines_;
};

} // namespace toit::law
