/// \file
/// A party that refuses the convention and participates by arrêté: what its own word is, and what binds it, put
/// together.
///
/// Text       L441-2-7 al. 3. It binds while it is in force: suspended or ended, the party is again where its own word
///            left it, and once it signs the arrêté has no object.
/// Not here   how the arrêté comes about: dispositif_convention.hpp, procedures.hpp.

#pragma once

#include "law/procedures.hpp"

namespace toit::law {

/// The arrêté that binds a party.
struct ordered_participation {
  act_id act;
  civil_date since;       ///< from which day on it binds
  basis_points share = 0; ///< of the dispositif's cost
  std::uint64_t seq = 0;  ///< of the arrêté, in its authority's stream
  friend bool operator==(const ordered_participation&, const ordered_participation&) = default;
};

/// The one in force on the day for this party of this convention; absent where none is.
std::optional<ordered_participation> participation_of(const procedures_book& book, convention_id convention,
                                                      siren party, civil_date day);

/// Where the party stands, the prefect's part included.
party_state standing_of(const party_position& told, const std::optional<ordered_participation>& ordered);

} // namespace toit::law
