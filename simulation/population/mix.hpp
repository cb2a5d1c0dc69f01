/// \file
/// How many demandeurs a fictitious population has, and of what mix. Read from config/population/ by whoever runs it:
/// each figure has its source there.

#pragma once

#include "law/identifiers.hpp"

#include <array>
#include <vector>

namespace toit::simulation {

/// Hundredths of a per cent.
using share = std::uint32_t;
constexpr share whole = 10'000;

struct population_mix {
  std::uint32_t demandes = 0; ///< active at the end
  law::departement_code departement;

  /// Under one year, then 1 to 2, 2 to 3, 3 to 5, 5 to 8 years.
  std::array<share, 5> seniority{};

  share mutations = 0;
  share singles = 0;
  share asks_t1 = 0;
  share couples_with_children = 0;
  share single_parents = 0;
  share couples = 0;
  share in_work = 0;
  share hosted = 0;
  share dalo = 0;

  share abandoned_each_year = 0; ///< of `demandes`
  std::uint32_t abandoned_years = 0;
  std::uint32_t demandes_for_one_lease = 0; ///< a year, in hundredths
  std::uint32_t leases_days = 0;

  struct weighted_commune {
    law::commune_code code;
    std::uint32_t inhabitants = 0;
  };
  std::vector<weighted_commune> communes;

  /// One in `factor`, of the same mix.
  population_mix thinned(std::uint32_t factor) const {
    auto fewer = *this;
    fewer.demandes = std::max(demandes / factor, 1U);
    return fewer;
  }
};

} // namespace toit::simulation
