/// \file
/// What the evidence about a territory is made of: facts, each with the entry that it rests on.
///
/// Text       L441-2-7 al. 3 and 4.
/// Not here   how it is gathered: evidence.hpp.

#pragma once

#include "law/civil_date.hpp"
#include "law/existence.hpp"
#include "law/territory_events.hpp"

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
  refusal_answered,    ///< the arrêté in force fixes the participation of the party that refuses
  lateness_unknown,    ///< the territory's host has not told how late its entries are
};
constexpr auto names_of(evidence_kind) {
  return std::to_array<std::string_view>({"not_concerned", "concern_unknown", "calendar_passed", "dispositif_missing",
                                          "convention_missing", "party_silent", "party_refuses", "point_not_met",
                                          "point_unknown", "specification_missing", "reminder_sent",
                                          "reminder_answered", "reminder_unanswered", "records_late", "no_news",
                                          "never_heard_of", "refusal_answered", "lateness_unknown"});
}

/// Who says so, and in which journal the entry stands.
enum class evidence_source : std::uint8_t {
  none,
  authority,
  territory,
  host, ///< the territory's host, asked that day: it sums entries that nobody else can read
};
constexpr auto names_of(evidence_source) {
  return std::to_array<std::string_view>({"none", "authority", "territory", "host"});
}

struct evidence_item {
  evidence_kind kind{};
  civil_date since;            ///< from which day on it is so
  siren concerns;              ///< the EPCI, or a partner
  text<32> point;              ///< of a checklist
  std::uint32_t count = 0;     ///< of late entries
  std::uint32_t days_most = 0; ///< of lateness
  evidence_source source{};
  std::uint64_t seq = 0;       ///< of the entry; 0 where an absence has none
  std::optional<bytes32> link; ///< of that entry in its journal's chain; absent where there is none
  friend bool operator==(const evidence_item&, const evidence_item&) = default;
  static constexpr auto fields() {
    using t = evidence_item;
    return std::tuple{field{"kind", &t::kind},     field{"since", &t::since}, field{"concerns", &t::concerns},
                      field{"point", &t::point},   field{"count", &t::count}, field{"days_most", &t::days_most},
                      field{"source", &t::source}, field{"seq", &t::seq},     field{"link", &t::link}};
  }
};

/// A field that is added later is one that may be absent: the digest of what was filed before stays what it was.
struct evidence_file {
  siren territory;
  civil_date as_of;
  std::optional<civil_date> known_through;
  bool link_up = false;
  existence stands;
  list<evidence_item, 4096> items;
  text<16> authority; ///< stream of the authority whose file it is; the territory's own is T and its SIREN
  friend bool operator==(const evidence_file&, const evidence_file&) = default;
  static constexpr auto fields() {
    using t = evidence_file;
    return std::tuple{
        field{"territory", &t::territory}, field{"as_of", &t::as_of},   field{"known_through", &t::known_through},
        field{"link_up", &t::link_up},     field{"stands", &t::stands}, field{"items", &t::items},
        field{"authority", &t::authority}};
  }
};

} // namespace toit::law
