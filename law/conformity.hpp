/// \file
/// Whether a dispositif is what the text asks for: checklists with versions, and what was found point by point.
///
/// Text       R441-2-15 (what any dispositif holds and does), L441-2-7 al. 1 (interconnection with the SNE, loi 78-17)
///            and al. 2 (in Île-de-France, the cahier des charges régional); R362-2 18° (opinion on it of the CRHH).
/// Not here   the points of a cahier des charges, which the regional prefect sets by an entry of his stream.

#pragma once

#include "law/civil_date.hpp"
#include "law/fields.hpp"
#include "law/text.hpp"

#include <span>

namespace toit::law {

/// One point of a checklist.
struct checklist_item {
  text<32> id;      ///< a requirement id, or a number of the cahier des charges
  text<400> asks;   ///< one French sentence
  text<32> article; ///< where it comes from
  friend bool operator==(const checklist_item&, const checklist_item&) = default;
  static constexpr auto fields() {
    using t = checklist_item;
    return std::tuple{field{"id", &t::id}, field{"asks", &t::asks}, field{"article", &t::article}};
  }
};

/// A later version takes the place of an earlier one from its first day on.
struct checklist {
  text<40> name;
  std::uint16_t version = 0;
  civil_date from;
  list<checklist_item, 128> items;
  friend bool operator==(const checklist&, const checklist&) = default;
  static constexpr auto fields() {
    using t = checklist;
    return std::tuple{field{"name", &t::name}, field{"version", &t::version}, field{"from", &t::from},
                      field{"items", &t::items}};
  }
};

enum class finding : std::uint8_t { met, not_met, unknown };
constexpr auto names_of(finding) { return std::to_array<std::string_view>({"met", "not_met", "unknown"}); }

struct item_finding {
  text<32> item;
  law::finding finding{};
  text<200> ground; ///< what shows it, by reference: never a name
  friend bool operator==(const item_finding&, const item_finding&) = default;
  static constexpr auto fields() {
    using t = item_finding;
    return std::tuple{field{"item", &t::item}, field{"finding", &t::finding}, field{"ground", &t::ground}};
  }
};

/// What was found under one version of one checklist.
struct checklist_findings {
  text<40> checklist;
  std::uint16_t version = 0;
  list<item_finding, 128> items;
  friend bool operator==(const checklist_findings&, const checklist_findings&) = default;
  static constexpr auto fields() {
    using t = checklist_findings;
    return std::tuple{field{"checklist", &t::checklist}, field{"version", &t::version}, field{"items", &t::items}};
  }
};

/// The points of R441-2-15 and of L441-2-7 al. 1 that any dispositif meets.
const checklist& national_checklist();
constexpr std::string_view regional_checklist_name = "cahier_des_charges_regional";

/// The latest of that name in force on the day; null when there is none.
const checklist* checklist_in_force(std::span<const checklist> all, std::string_view name, civil_date day);

/// True when every finding is of a point that exists, in the version that it names.
bool all_points_exist(std::span<const checklist> regional, std::span<const checklist_findings> found);

/// What stands against conformity. An unknown is told apart from what was found not to be met, and bars it as well.
struct conformity {
  list<text<32>, 256> not_met;
  list<text<32>, 256> unknown;   ///< found to be unknown, or not looked at under the version in force
  bool regional_missing = false; ///< Île-de-France without a cahier des charges in force: conformity cannot be found

  bool conforming() const { return not_met.empty() && unknown.empty() && !regional_missing; }
  friend bool operator==(const conformity&, const conformity&) = default;
  static constexpr auto fields() {
    using t = conformity;
    return std::tuple{field{"not_met", &t::not_met}, field{"unknown", &t::unknown},
                      field{"regional_missing", &t::regional_missing}};
  }
};

/// Findings held against the checklists in force on the day: the national one, and in Île-de-France the regional one.
/// What was found under another version says nothing of this one.
conformity assess(std::span<const checklist> regional, bool ile_de_france, civil_date day,
                  std::span<const checklist_findings> found);

} // namespace toit::law
