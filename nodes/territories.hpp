/// \file
/// The real map: every commune of France and the territory in which it lies, on each day.
///
/// Text       CCH L441-2-7 al. 1 (EPCI, EPT of the Grand Paris, Paris) and al. 4 (communes in none).
/// Source     config/territories/, written by tools/import-map and embedded in the program.
/// Not here   territories that an arrêté makes of communes in none: those are facts of the journal. Whether an EPCI is
///            concerned: never inferred, it is unknown until config/territories/concerned.tsv says it with a source.

#pragma once

#include "law/settings.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace toit::nodes {

/// What the Licence Ouverte asks to be named wherever the map is shown, in French.
inline constexpr std::string_view map_source =
    "découpage administratif 6.0.0 de mars 2026 (Etalab, d'après l'INSEE et la DGCL), Licence Ouverte 2.0";

enum class territory_kind : std::uint8_t { cc, ca, cu, metropole, metropole_lyon, ept, paris };
constexpr auto names_of(territory_kind) {
  return std::to_array<std::string_view>({"cc", "ca", "cu", "metropole", "metropole_lyon", "ept", "paris"});
}

struct region_rule {
  static constexpr std::string_view name = "region_code";
  static constexpr std::string_view pattern = "^[0-9]{2,3}$";
  static bool accepts(std::string_view text);
};
/// INSEE code of a région; an overseas collectivity, which belongs to none, stands for itself on three digits.
using region_code = law::code<region_rule, 3>;

struct region {
  region_code code;
  std::string_view name;
};

struct departement {
  law::departement_code code;
  std::string_view name;
  region_code region;
};

/// From that day on a commune lies in another territory, or in none.
struct move {
  law::civil_date day;
  std::optional<law::siren> from;
  std::optional<law::siren> to;
  std::string_view source;
};

struct commune {
  law::commune_code code;
  std::string_view name;
  std::optional<std::uint32_t> population; ///< inhabitants; absent where none is published
  std::optional<law::siren> territory;     ///< as the map is drawn; absent when it lies in none
  std::vector<move> moves;                 ///< in order of date, before the map was drawn or to come; mostly none

  std::optional<law::siren> territory_on(law::civil_date day) const;
};

/// Whether a territory is concerned (L441-1 al. 24, L441-2-7 al. 1), from that day on, by that source.
struct concern {
  bool concerned;
  law::civil_date from;
  std::string_view source;
};

struct territory {
  law::siren id;
  territory_kind kind{};
  std::string_view name;
  std::vector<law::commune_code> communes;         ///< as the map is drawn; sorted, never empty
  std::vector<law::departement_code> departements; ///< of its communes: one or several, sorted
  std::vector<region_code> regions;                ///< of its départements: one or several, sorted
  std::uint32_t population = 0;                    ///< inhabitants, summed over its communes
  std::vector<concern> concerned;                  ///< in order of date; empty: unknown, which is not "no"
};

/// What is known on that day; absent: unknown.
std::optional<concern> concern_on(const territory& where, law::civil_date day);

using place = std::variant<const territory*, const commune*>;

struct places_found {
  std::vector<place> best; ///< best first, as many as asked for at most
  std::size_t total = 0;   ///< how many there are
};

/// The form in which names are compared: small letters and digits, one space between words, without accents; "st" and
/// "ste" before another word in full, for sources write them both ways. Empty when the text has no letter or digit.
std::string search_key(std::string_view text);

/// The map of a year. Immutable; what it hands out lives as long as the map does, the names as long as the program.
class territory_map {
public:
  /// Reads what is embedded. A malformed map is a broken promise of the build.
  static territory_map load();
  /// The same with other moves of communes, in the form of changes.tsv; they live as long as the map does.
  static territory_map load(std::string_view changes);

  std::span<const territory> territories() const { return territories_; }     ///< by SIREN
  std::span<const commune> communes() const { return communes_; }             ///< by code
  std::span<const departement> departements() const { return departements_; } ///< by code
  std::span<const region> regions() const { return regions_; }                ///< by code

  /// Null when the map does not have it.
  const territory* find(law::siren id) const;
  const commune* find(law::commune_code code) const;
  const departement* find(law::departement_code code) const;
  const region* find(region_code code) const;

  /// As the map is drawn. Null when the commune is unknown or lies in no territory.
  const territory* territory_of(law::commune_code code) const;
  const territory* territory_of(law::commune_code code, law::civil_date day) const;
  /// The communes that are in the territory, have been or are to be, sorted; of those that move, when they are.
  std::vector<law::membership> memberships_of(law::siren territory) const;

  /// A SIREN or the code of a commune finds that one; anything else is looked for in the names: the whole name first,
  /// then its beginning, then any part of it, the most populated first. "CC", "CA" and "CU" may be left out.
  places_found search(std::string_view query, std::size_t limit) const;

private:
  territory_map() = default;

  // The steps of `load`, in their order.
  void read_divisions();
  void read_territories();
  void read_communes();
  void read_changes(std::string_view changes);
  void check_moves() const;
  void place_territories();
  void read_concerned();
  void index_names();
  territory& named(std::string_view siren);

  std::optional<place> find_code(std::string_view key) const;

  std::vector<region> regions_;
  std::vector<departement> departements_;
  std::vector<territory> territories_;
  std::vector<commune> communes_;
  std::string keys_;                      ///< search keys of territories, then of communes, one after the other
  std::vector<std::uint32_t> key_starts_; ///< one more than there are keys
};

} // namespace toit::nodes
