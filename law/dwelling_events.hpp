/// \file
/// Dwellings, vacancies and sessions of a commission. Their entries name no applicant, and outlive the erasure of his:
/// statistics, balances and ranks are read from them.
///
/// Text       R441-2-15 I items 4 to 8; R441-2-9; R411-3 (RPLS); R441-3, R441-9 (commission); L441-1 al. 42 (one
/// month).

#pragma once

#include "law/candidacy_events.hpp"

namespace toit::law {

struct dwelling_registered {
  dwelling_id dwelling;
  rpls_id rpls;
  commune_code commune;
  law::typology typology{};
  text<240> address;
  text<12> qpv; ///< code of the quartier prioritaire, empty outside
  std::uint32_t rent_cents = 0;
  bool adapted = false;           ///< to a handicap (R441-4)
  bool d331_25_1_subsidy = false; ///< subsidy that lifts the three-candidate rule (R441-3)
  friend bool operator==(const dwelling_registered&, const dwelling_registered&) = default;
  static constexpr auto fields() {
    using t = dwelling_registered;
    return std::tuple{field{"dwelling", &t::dwelling, set_by::node},
                      field{"rpls", &t::rpls},
                      field{"commune", &t::commune},
                      field{"typology", &t::typology},
                      field{"address", &t::address},
                      field{"qpv", &t::qpv},
                      field{"rent_cents", &t::rent_cents},
                      field{"adapted", &t::adapted},
                      field{"d331_25_1_subsidy", &t::d331_25_1_subsidy}};
  }
  static constexpr entry_kind kind{60,
                                   "dwelling_registered",
                                   entry_family::dossier,
                                   "R441-2-15-I-4b",
                                   "Logement enregistré",
                                   originators{quality::bailleur}};
};

struct vacancy_opened {
  vacancy_id vacancy;
  dwelling_id dwelling;
  std::optional<convention_id> reserved_under;  ///< the holder to whom the bailleur offers it; absent: not reserved
  std::optional<civil_date> holder_informed_on; ///< starts the réservataire's month (L441-1 al. 42)
  civil_date available_on;
  friend bool operator==(const vacancy_opened&, const vacancy_opened&) = default;
  static constexpr auto fields() {
    using t = vacancy_opened;
    return std::tuple{field{"vacancy", &t::vacancy, set_by::node}, field{"dwelling", &t::dwelling},
                      field{"reserved_under", &t::reserved_under}, field{"holder_informed_on", &t::holder_informed_on},
                      field{"available_on", &t::available_on}};
  }
  static constexpr entry_kind kind{61,
                                   "vacancy_opened",
                                   entry_family::dossier,
                                   "R441-2-15-I-4b",
                                   "Logement à attribuer",
                                   originators{quality::bailleur}};
};

struct vacancy_withdrawn {
  text<200> motive;
  friend bool operator==(const vacancy_withdrawn&, const vacancy_withdrawn&) = default;
  static constexpr auto fields() { return std::tuple{field{"motive", &vacancy_withdrawn::motive}}; }
  static constexpr entry_kind kind{62,
                                   "vacancy_withdrawn",
                                   entry_family::dossier,
                                   "R441-2-15-I-4b",
                                   "Logement retiré de l'attribution",
                                   originators{quality::bailleur}};
};

/// The dwelling's side of a candidacy: how far it has come, and nothing of whose it is.
struct candidacy_moved {
  candidacy_id candidacy;
  candidacy_step step{};
  std::optional<closing_reason> closed;
  std::uint8_t rank = 0;
  std::optional<session_id> session;
  std::optional<law::imputation> charged_on; ///< stated at the decision, confirmed by the lease
  friend bool operator==(const candidacy_moved&, const candidacy_moved&) = default;
  static constexpr auto fields() {
    using t = candidacy_moved;
    return std::tuple{field{"candidacy", &t::candidacy}, field{"step", &t::step},
                      field{"closed", &t::closed},       field{"rank", &t::rank},
                      field{"session", &t::session},     field{"charged_on", &t::charged_on}};
  }
  static constexpr entry_kind kind{63,
                                   "candidacy_moved",
                                   entry_family::dossier,
                                   "R441-2-15-I-4-0",
                                   "Avancement d'une candidature au logement",
                                   originators::consequence()};
};

struct session_scheduled {
  session_id session;
  civil_date held_on;
  text<120> commission;
  friend bool operator==(const session_scheduled&, const session_scheduled&) = default;
  static constexpr auto fields() {
    using t = session_scheduled;
    return std::tuple{field{"session", &t::session, set_by::node}, field{"held_on", &t::held_on},
                      field{"commission", &t::commission}};
  }
  static constexpr entry_kind kind{64,
                                   "session_scheduled",
                                   entry_family::dossier,
                                   "R441-2-15-I-4c",
                                   "Séance de la commission convoquée",
                                   originators{quality::bailleur}};
};

/// Why fewer than three demandes may be examined for a dwelling (R441-3).
enum class fewer_candidates_ground : std::uint8_t { not_enough_candidates, designated_by_prefect, d331_25_1_subsidy };
constexpr auto names_of(fewer_candidates_ground) {
  return std::to_array<std::string_view>({"not_enough_candidates", "designated_by_prefect", "d331_25_1_subsidy"});
}

struct fewer_candidates {
  vacancy_id vacancy;
  fewer_candidates_ground ground{};
  friend bool operator==(const fewer_candidates&, const fewer_candidates&) = default;
  static constexpr auto fields() {
    using t = fewer_candidates;
    return std::tuple{field{"vacancy", &t::vacancy}, field{"ground", &t::ground}};
  }
};

struct session_opened {
  bool quorum_reached = false;
  list<fewer_candidates, 256> exceptions;
  friend bool operator==(const session_opened&, const session_opened&) = default;
  static constexpr auto fields() {
    using t = session_opened;
    return std::tuple{field{"quorum_reached", &t::quorum_reached}, field{"exceptions", &t::exceptions}};
  }
  static constexpr entry_kind kind{65,
                                   "session_opened",
                                   entry_family::dossier,
                                   "R441-2-15-I-4d",
                                   "Séance de la commission ouverte",
                                   originators{quality::bailleur}};
};

struct session_closed {
  text<200> minutes; ///< reference of the minutes
  friend bool operator==(const session_closed&, const session_closed&) = default;
  static constexpr auto fields() { return std::tuple{field{"minutes", &session_closed::minutes}}; }
  static constexpr entry_kind kind{66,
                                   "session_closed",
                                   entry_family::dossier,
                                   "R441-2-15-I-6a",
                                   "Séance de la commission close",
                                   originators{quality::bailleur}};
};

struct session_cancelled {
  text<200> motive;
  friend bool operator==(const session_cancelled&, const session_cancelled&) = default;
  static constexpr auto fields() { return std::tuple{field{"motive", &session_cancelled::motive}}; }
  static constexpr entry_kind kind{67,
                                   "session_cancelled",
                                   entry_family::dossier,
                                   "R441-2-15-I-4c",
                                   "Séance de la commission annulée",
                                   originators{quality::bailleur}};
};

} // namespace toit::law
