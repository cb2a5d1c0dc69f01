/// \file
/// What the catalogue says of each kind of entry: its number, its text, who may be at its origin.
///
/// Text       R441-2-15 I: the events, and "recorded by the legal person at the origin of the event".

#pragma once

#include "law/party.hpp"
#include "law/refusal.hpp"

#include <initializer_list>

namespace toit::law {

enum class entry_family : std::uint8_t {
  dossier,   ///< D: encrypted under the stream's key
  territory, ///< T: in clear, names no natural person
  state,     ///< S: in clear, in the stream of a State authority
};
constexpr auto names_of(entry_family) { return std::to_array<std::string_view>({"dossier", "territory", "state"}); }

/// Who may be at the origin of an event.
class originators {
public:
  constexpr originators(std::initializer_list<quality> qualities) {
    for (auto q : qualities)
      mask_ |= bit(q);
  }
  constexpr originators or_demandeur() const {
    auto widened = *this;
    widened.demandeur_ = true;
    return widened;
  }
  /// Any legal person habilitated in the territory.
  static constexpr originators any() {
    originators all{};
    all.mask_ = 0xFFFF;
    return all;
  }
  /// Any of them but these.
  static constexpr originators any_but(std::initializer_list<quality> qualities) {
    auto others = any();
    for (auto q : qualities)
      others.mask_ &= static_cast<std::uint16_t>(~bit(q));
    return others;
  }
  /// The node itself, when a term passes or as a consequence: never asked for from outside.
  static constexpr originators consequence() { return originators{}; }

  constexpr bool admits(quality q) const { return (mask_ & bit(q)) != 0; }
  constexpr bool admits_demandeur() const { return demandeur_; }
  constexpr bool only_consequence() const { return mask_ == 0 && !demandeur_; }

private:
  static constexpr std::uint16_t bit(quality q) { return static_cast<std::uint16_t>(1U << static_cast<unsigned>(q)); }

  std::uint16_t mask_ = 0;
  bool demandeur_ = false;
};

struct entry_kind {
  std::uint16_t number;  ///< in the journal, for ever
  std::string_view name; ///< in the API
  entry_family family;
  std::string_view article; ///< requirement id, or article where the seeds only refer to it
  std::string_view title;   ///< as a French reader sees it
  originators who;
  /// What a recorder of another quality is answered.
  refusal_code otherwise = refusal_code::not_originator;
  /// In clear although of the dossier family: an erasure must be seen by who has no key.
  bool clear = false;
};

} // namespace toit::law
