/// \file
/// What is known of dwellings, vacancies and sessions of a commission: the dwelling's side, without applicants.
///
/// Text       R441-2-15 I items 4 to 8; R441-3, R441-9 (commission).

#pragma once

#include "law/catalogue.hpp"

namespace toit::law {

struct dwelling {
  dwelling_id id;
  std::uint64_t last_seq = 0;
  rpls_id rpls;
  siren bailleur;
  commune_code commune;
  law::typology typology{};
  bool in_qpv = false;
  bool d331_25_1_subsidy = false;
  friend bool operator==(const dwelling&, const dwelling&) = default;
  static constexpr auto fields() {
    using t = dwelling;
    return std::tuple{field{"dwelling", &t::id},     field{"last_seq", &t::last_seq},
                      field{"rpls", &t::rpls},       field{"bailleur", &t::bailleur},
                      field{"commune", &t::commune}, field{"typology", &t::typology},
                      field{"in_qpv", &t::in_qpv},   field{"d331_25_1_subsidy", &t::d331_25_1_subsidy}};
  }
};

enum class vacancy_status : std::uint8_t { open, let, withdrawn };
constexpr auto names_of(vacancy_status) { return std::to_array<std::string_view>({"open", "let", "withdrawn"}); }

/// A candidacy as the dwelling sees it.
struct candidate {
  candidacy_id candidacy;
  candidacy_step step{};
  std::optional<closing_reason> closed;
  std::uint8_t rank = 0;
  std::uint16_t order = 0; ///< 1 for the first decision in somebody's favour on this vacancy, and so on; 0 before
  session_id session;
  std::optional<imputation> charged_on;
  friend bool operator==(const candidate&, const candidate&) = default;
  static constexpr auto fields() {
    using t = candidate;
    return std::tuple{field{"candidacy", &t::candidacy},  field{"step", &t::step},
                      field{"closed", &t::closed},        field{"rank", &t::rank},
                      field{"order", &t::order},          field{"session", &t::session},
                      field{"charged_on", &t::charged_on}};
  }
};

struct vacancy {
  vacancy_id id;
  std::uint64_t last_seq = 0;
  dwelling_id dwelling;
  siren bailleur;
  std::optional<convention_id> reserved_under;
  std::optional<civil_date> holder_informed_on;
  civil_date opened_on;
  vacancy_status status{};
  list<candidate, 256> candidates;

  const candidate* find(candidacy_id wanted) const;

  friend bool operator==(const vacancy&, const vacancy&) = default;
  static constexpr auto fields() {
    using t = vacancy;
    return std::tuple{field{"vacancy", &t::id},
                      field{"last_seq", &t::last_seq},
                      field{"dwelling", &t::dwelling},
                      field{"bailleur", &t::bailleur},
                      field{"reserved_under", &t::reserved_under},
                      field{"holder_informed_on", &t::holder_informed_on},
                      field{"opened_on", &t::opened_on},
                      field{"status", &t::status},
                      field{"candidates", &t::candidates}};
  }
};

enum class session_status : std::uint8_t { scheduled, opened, closed, cancelled };
constexpr auto names_of(session_status) {
  return std::to_array<std::string_view>({"scheduled", "opened", "closed", "cancelled"});
}

/// A session of a commission d'attribution (CALEOL).
struct caleol_session {
  session_id id;
  std::uint64_t last_seq = 0;
  siren bailleur;
  civil_date held_on;
  session_status status{};

  bool held() const { return status == session_status::opened || status == session_status::closed; }

  friend bool operator==(const caleol_session&, const caleol_session&) = default;
  static constexpr auto fields() {
    using t = caleol_session;
    return std::tuple{field{"session", &t::id}, field{"last_seq", &t::last_seq}, field{"bailleur", &t::bailleur},
                      field{"held_on", &t::held_on}, field{"status", &t::status}};
  }
};

void evolve(dwelling& d, const record& happened, std::uint64_t seq);
void evolve(vacancy& v, const record& happened, std::uint64_t seq);
void evolve(caleol_session& s, const record& happened, std::uint64_t seq);

/// The rank that the next decision in somebody's favour must bear in this session: ranks are dense
/// (docs/readings.md, 9).
std::uint8_t next_rank(const vacancy& v, session_id session);

/// True when nobody decided before this candidate can still have the dwelling.
// [R441-2-15-I-6b]
bool first_in_line(const vacancy& v, candidacy_id candidacy);

} // namespace toit::law
