/// \file
/// Where a territory's dispositif stands, as it is told.
///
/// Text       L441-2-7 al. 1, 2 and 4; R441-2-15 IV.
/// Not here   how that follows from what is recorded: dispositif.hpp.

#pragma once

#include "law/fields.hpp"

#include <tuple>

namespace toit::law {

enum class dispositif_state : std::uint8_t {
  unknown,   ///< nobody has said whether the territory is concerned
  obligated, ///< it is, and nothing has begun
  own_building,
  in_service,
  non_conforming, ///< in service, and not, or no longer, known to meet what is asked of it
  carence,        ///< found by the prefect
  absence,        ///< no EPCI there owes a dispositif: the prefect may institute one
};
constexpr auto names_of(dispositif_state) {
  return std::to_array<std::string_view>(
      {"unknown", "obligated", "own_building", "in_service", "non_conforming", "carence", "absence"});
}

enum class service_form : std::uint8_t { own, adhered, by_prefect };
constexpr auto names_of(service_form) { return std::to_array<std::string_view>({"own", "adhered", "by_prefect"}); }

struct existence {
  dispositif_state state{};
  std::optional<service_form> form; ///< of what serves
  friend bool operator==(const existence&, const existence&) = default;
  static constexpr auto fields() {
    return std::tuple{field{"state", &existence::state}, field{"form", &existence::form}};
  }
};

} // namespace toit::law
