#include "law/lateness.hpp"

#include <algorithm>

namespace toit::law {

bool is_possible(const lateness_line& line) {
  return line.month >= 1 && line.month <= 12 && line.late <= line.recorded;
}

// [R441-2-15-I-9]
std::uint32_t lateness_days(const record& happened, civil_date recorded_on) {
  auto late_by = (std::chrono::sys_days{recorded_on} - std::chrono::sys_days{happened.occurred_on}).count();
  return late_by > 0 ? static_cast<std::uint32_t>(late_by) : 0;
}

// [R441-2-15-I-9]
void lateness_book::note(const record& happened, civil_date recorded_on) {
  if (kind_of(happened.event).family != entry_family::dossier || happened.originator.is_demandeur() ||
      happened.agent.empty())
    return;
  auto year = static_cast<std::uint16_t>(static_cast<int>(recorded_on.year()));
  auto month = static_cast<std::uint8_t>(static_cast<unsigned>(recorded_on.month()));
  auto person = happened.originator.legal_person();
  auto& line = lines_[{person, year, month}];
  line.legal_person = person;
  line.year = year;
  line.month = month;
  ++line.recorded;
  if (auto late_by = lateness_days(happened, recorded_on)) {
    ++line.late;
    line.days += late_by;
    line.days_most = std::max(line.days_most, late_by);
  }
}

void lateness_book::restore(const lateness_line& line) { lines_[{line.legal_person, line.year, line.month}] = line; }

} // namespace toit::law
