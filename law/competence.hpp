/// \file
/// Matters in which one State authority alone is competent for a territory. Which one is the directory's to say.
///
/// Text       L441-2-7, L441-1-4, L441-2-3, L441-1-5, L441-1-6, L441-2-8.
/// Not here   the table of competences itself: federation/directory.hpp. Who is competent where it says nothing:
///            docs/readings.md, reading 33.

#pragma once

#include "law/catalogue.hpp"

namespace toit::law {

enum class state_matter : std::uint8_t { dispositif, thresholds, dalo, cil, cia, plan };
constexpr auto names_of(state_matter) {
  return std::to_array<std::string_view>({"dispositif", "thresholds", "dalo", "cil", "cia", "plan"});
}

/// Of what an authority records; absent where its habilitation alone decides.
std::optional<state_matter> state_matter_of(const event& happened);

} // namespace toit::law
