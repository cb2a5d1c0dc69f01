/// \file
/// Which State representative is competent for a territory, matter by matter.
///
/// Text       L441-2-7 al. 3 and 4, L441-2-8, R441-2-5 (in Île-de-France the prefect of the région); L441-1-4,
/// L441-2-3,
///            L441-1-5, L441-1-6, L441-1-3 (the prefect of the département everywhere).
/// Not here   who is competent where the text leaves several: the directory's table says (docs/readings.md, 33).

#pragma once

#include "law/catalogue.hpp"

#include <span>
#include <vector>

namespace toit::law {

enum class state_matter : std::uint8_t { dispositif, thresholds, dalo, cil, cia, plan, registration, obstruction };
constexpr auto names_of(state_matter) {
  return std::to_array<std::string_view>(
      {"dispositif", "thresholds", "dalo", "cil", "cia", "plan", "registration", "obstruction"});
}

/// Of what an authority records; absent where its habilitation alone decides.
std::optional<state_matter> state_matter_of(const event& happened);

enum class prefect_level : std::uint8_t { departement, region };
constexpr auto names_of(prefect_level) { return std::to_array<std::string_view>({"departement", "region"}); }

/// A State representative, by where he represents it. In Paris one officer is both: the capacity stated decides.
struct prefect {
  prefect_level level{};
  text<3> of; ///< code of the département or of the région
  friend auto operator<=>(const prefect&, const prefect&) = default;
};

/// Stream of the regional prefect of Île-de-France, whose matter the dispositif is there, and the cahier des charges.
inline constexpr std::string_view ile_de_france_authority = "SR11";
/// Île-de-France, where the dispositif is the regional prefect's matter.
bool in_ile_de_france(departement_code departement);

/// Whom the text makes competent: one, or several where the territory lies in several départements and the text says
/// nothing. Outside of Île-de-France it is never the prefect of a région.
std::vector<prefect> competent_by_text(state_matter of, std::span<const departement_code> territory);

} // namespace toit::law
