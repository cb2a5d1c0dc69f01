/// \file
/// The evidence about a territory, gathered from what is recorded: dates passed, acts missing, reminders, answers,
/// points not met. It finds no carence: the prefect does, or does not.
///
/// Text       L441-2-7 al. 3 and 4. An act missing is told apart from no news: what a journal does not say is missing
///            only up to the day through which that journal is known (docs/readings.md, 38).

#pragma once

#include "law/lateness.hpp"
#include "law/procedures.hpp"

namespace toit::law {

enum class evidence_kind : std::uint8_t {
  not_concerned,      ///< what was noted of the obligation: no EPCI there owes a dispositif
  concern_unknown,    ///< nobody has noted it
  calendar_passed,    ///< the last day of the calendar is over
  dispositif_missing, ///< the territory's journal, known through the day, says of none
  convention_missing, ///< likewise: none was proposed
  party_silent,       ///< has not answered the convention: no refusal
  party_refuses,
  point_not_met, ///< of a checklist
  point_unknown,
  specification_missing, ///< Île-de-France without a cahier des charges in force
  reminder_sent,
  reminder_answered,
  reminder_unanswered, ///< its last day is over
  records_late,        ///< a legal person's entries of the past twelve months, in days of lateness
  no_news,             ///< of the territory's journal since a day
  never_heard_of,      ///< no journal of the territory has ever been received
};
constexpr auto names_of(evidence_kind) {
  return std::to_array<std::string_view>(
      {"not_concerned", "concern_unknown", "calendar_passed", "dispositif_missing", "convention_missing",
       "party_silent", "party_refuses", "point_not_met", "point_unknown", "specification_missing", "reminder_sent",
       "reminder_answered", "reminder_unanswered", "records_late", "no_news", "never_heard_of"});
}

/// In which journal the entry stands that says so.
enum class evidence_source : std::uint8_t { none, authority, territory };
constexpr auto names_of(evidence_source) { return std::to_array<std::string_view>({"none", "authority", "territory"}); }

struct evidence_item {
  evidence_kind kind{};
  civil_date since;            ///< from which day on it is so
  siren concerns;              ///< the EPCI, or a partner
  text<32> point;              ///< of a checklist
  std::uint32_t count = 0;     ///< of late entries
  std::uint32_t days_most = 0; ///< of lateness
  evidence_source source{};
  std::uint64_t seq = 0; ///< of the entry; 0 where an absence has none
  friend bool operator==(const evidence_item&, const evidence_item&) = default;
  static constexpr auto fields() {
    using t = evidence_item;
    return std::tuple{field{"kind", &t::kind},     field{"since", &t::since}, field{"concerns", &t::concerns},
                      field{"point", &t::point},   field{"count", &t::count}, field{"days_most", &t::days_most},
                      field{"source", &t::source}, field{"seq", &t::seq}};
  }
};

/// How far the territory's journal is known.
struct journal_news {
  std::optional<civil_date> known_through; ///< on that day all that had been recorded was here; absent: never
  bool link_up = false;
  bool has_node = true; ///< without one there is no journal to wait for
};

struct evidence_file {
  siren territory;
  civil_date as_of;
  std::optional<civil_date> known_through;
  bool link_up = false;
  existence stands;
  list<evidence_item, 4096> items;
  friend bool operator==(const evidence_file&, const evidence_file&) = default;
  static constexpr auto fields() {
    using t = evidence_file;
    return std::tuple{
        field{"territory", &t::territory}, field{"as_of", &t::as_of},   field{"known_through", &t::known_through},
        field{"link_up", &t::link_up},     field{"stands", &t::stands}, field{"items", &t::items}};
  }
};

/// `side` is null when nothing of the territory's journal has ever been received; `late` may be empty.
evidence_file gather_evidence(const procedures_book& book, siren territory, const dispositif_book* side,
                              std::span<const lateness_line> late, journal_news news, bool ile_de_france,
                              civil_date day);

} // namespace toit::law
