/// \file
/// What is fixed for a territory from outside: its communes, its system of registration, its operator.
///
/// Text       L441-1 al. 24 and L441-2-7 (territories), R441-2-5 (SNE or système particulier), loi 89-462 art. 17 I.

#pragma once

#include "law/party.hpp"

#include <algorithm>
#include <vector>

namespace toit::law {

/// Where demandes get their number and by whose rules they are radiated.
enum class registration_system : std::uint8_t { sne, systeme_particulier };
constexpr auto names_of(registration_system) { return std::to_array<std::string_view>({"sne", "systeme_particulier"}); }

/// A commune in a territory, from its first day to its last; a side without a date has no end.
struct membership {
  commune_code commune;
  std::optional<civil_date> from;
  std::optional<civil_date> until;

  bool in_force(civil_date day) const { return (!from || *from <= day) && (!until || day <= *until); }
  friend bool operator==(const membership&, const membership&) = default;
};

struct settings {
  siren territory;
  siren gestionnaire; ///< enters what the node does by itself
  registration_system registration{};
  bool allots_numbers = false; ///< a demande without a number gets one here: système particulier or demonstration
  bool ile_de_france = false;  ///< the dispositif conforms to the regional cahier des charges (L441-2-7 al. 2)
  bool tense_zone = false;     ///< the réservataire has one month to propose (L441-1 al. 42)
  std::vector<commune_code> communes; ///< that are of the territory, have been or are to be; sorted
  /// Of those that are not always: communes move from one territory to another on a day, most often a 1 January.
  std::vector<membership> dated;

  bool contains(commune_code where, civil_date day) const {
    auto is_it = [&](const membership& m) { return m.commune == where; };
    auto counts = [&](const membership& m) { return is_it(m) && m.in_force(day); };
    return std::ranges::binary_search(communes, where) &&
           (std::ranges::none_of(dated, is_it) || std::ranges::any_of(dated, counts));
  }

  /// Months after the warning of motive c: one by the code, two in a système particulier (annex 6.5).
  months months_to_answer() const { return months{registration == registration_system::sne ? 1 : 2}; }
};

} // namespace toit::law
