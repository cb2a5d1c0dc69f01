/// \file
/// Identifiers of the field. A value of these types is well formed: the only way in is `parse`.
///
/// Text       numéro unique: CCH L441-2-1, R441-2-3; SIREN and SIRET: C. com. R123-220, R123-221;
///            RPLS: CCH R411-3.
/// Not here   the meaning of a number's digits: a numéro unique is never read for a département, a date or a desk.

#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace toit::law {

/// A code of at most `Capacity` characters, held in place. `Rule` says what is well formed (`Rule::accepts`).
template <class Rule, std::size_t Capacity>
class code {
public:
  static constexpr std::size_t capacity = Capacity;
  using rule = Rule;

  /// Absent when the text is malformed.
  static std::optional<code> parse(std::string_view text) {
    if (text.empty() || text.size() > Capacity || !Rule::accepts(text))
      return std::nullopt;
    code parsed;
    std::copy(text.begin(), text.end(), parsed.characters_.begin());
    return parsed;
  }

  /// No code at all; compares below every code.
  constexpr code() = default;

  constexpr bool empty() const { return characters_[0] == '\0'; }
  constexpr std::string_view view() const {
    auto end = std::find(characters_.begin(), characters_.end(), '\0');
    return {characters_.data(), static_cast<std::size_t>(end - characters_.begin())};
  }
  std::string text() const { return std::string{view()}; }

  friend constexpr auto operator<=>(const code&, const code&) = default;

private:
  std::array<char, Capacity> characters_{};
};

/// Each rule gives the pattern of the well formed (ECMA 262, for the API's description) and, where a pattern is not
/// enough, checks more in `accepts`.
struct nud_rule {
  static constexpr std::string_view name = "nud";
  static constexpr std::string_view pattern = "^[0-9]{2}[0-9AB](0[1-9]|1[0-2])[0-9]{8}[0-9A-Z]{5}$";
  static bool accepts(std::string_view text);
};
struct siren_rule {
  static constexpr std::string_view name = "siren";
  static constexpr std::string_view pattern = "^[0-9]{9}$";
  static bool accepts(std::string_view text);
};
struct siret_rule {
  static constexpr std::string_view name = "siret";
  static constexpr std::string_view pattern = "^[0-9]{14}$";
  static bool accepts(std::string_view text);
};
struct commune_rule {
  static constexpr std::string_view name = "commune_code";
  static constexpr std::string_view pattern = "^([0-8][0-9]|9[0-5]|2[AB]|97|98)[0-9]{3}$";
  static bool accepts(std::string_view text);
};
struct departement_rule {
  static constexpr std::string_view name = "departement_code";
  static constexpr std::string_view pattern = "^([0-9]{2}|2[AB]|97[0-9])$";
  static bool accepts(std::string_view text);
};
struct rpls_rule {
  static constexpr std::string_view name = "rpls_id";
  static constexpr std::string_view pattern = "^[0-9A-Z]{10}$";
  static bool accepts(std::string_view text);
};
struct nir_rule {
  static constexpr std::string_view name = "nir";
  static constexpr std::string_view pattern = "^[1-478][0-9]{4}[0-9AB][0-9]{9}$";
  static bool accepts(std::string_view text);
};

/// Numéro unique of a demande: département on three characters, month, year, six digits, five of the desk.
using nud = code<nud_rule, 18>;
/// A legal person, with its Luhn checksum.
using siren = code<siren_rule, 9>;
/// An establishment, with its checksum (La Poste's own rule included).
using siret = code<siret_rule, 14>;
/// INSEE code of a commune.
using commune_code = code<commune_rule, 5>;
/// INSEE code of a département.
using departement_code = code<departement_rule, 3>;
/// A dwelling in the répertoire des logements locatifs des bailleurs sociaux: ten positions.
using rpls_id = code<rpls_rule, 10>;
/// Registration number of a person (NIR), 15 digits with its key. Never required: its absence bars no right.
using nir = code<nir_rule, 15>;

/// The département in which a commune lies: INSEE codes of communes begin with it.
departement_code departement_of(commune_code where);

/// Sixteen random bytes that mean nothing.
template <class Tag>
struct random_id {
  std::array<std::uint8_t, 16> bytes{};

  constexpr bool empty() const {
    return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
  }
  friend constexpr auto operator<=>(const random_id&, const random_id&) = default;
};

/// What an entry of the journal is about: a dossier, a vacancy, a convention and so on, whatever its type.
using subject_id = random_id<struct subject_tag>;
using dossier_id = random_id<struct dossier_tag>;
using vacancy_id = random_id<struct vacancy_tag>;
using session_id = random_id<struct session_tag>;
using dwelling_id = random_id<struct dwelling_tag>;
using candidacy_id = random_id<struct candidacy_tag>;
using convention_id = random_id<struct convention_tag>;
using habilitation_id = random_id<struct habilitation_tag>;
using mandate_id = random_id<struct mandate_tag>;
using act_id = random_id<struct act_tag>;
using procedure_id = random_id<struct procedure_tag>;
using document_id = random_id<struct document_tag>;
/// A human at work, or the node itself when empty.
using agent_id = random_id<struct agent_tag>;
/// What makes a repeated command known.
using command_id = random_id<struct command_tag>;

template <class Tag>
constexpr subject_id subject_of(random_id<Tag> id) {
  return subject_id{id.bytes};
}

template <class Id>
constexpr Id id_of(subject_id subject) {
  return Id{subject.bytes};
}

/// Lower-case hexadecimal, two digits a byte.
std::string to_hex(std::span<const std::uint8_t> bytes);

/// Fills `bytes` from exactly twice as many hexadecimal digits; false, and nothing written, when malformed.
bool parse_hex(std::string_view text, std::span<std::uint8_t> bytes);

template <class Tag>
std::string to_text(random_id<Tag> id) {
  return to_hex(id.bytes);
}

/// Hash of values that are random or already well spread, for tables whose order never reaches an answer.
struct hash_bytes {
  template <class Tag>
  std::size_t operator()(random_id<Tag> id) const {
    std::size_t hash;
    std::memcpy(&hash, id.bytes.data(), sizeof hash);
    return hash;
  }
  template <class Rule, std::size_t Capacity>
  std::size_t operator()(const code<Rule, Capacity>& c) const {
    return std::hash<std::string_view>{}(c.view());
  }
};

} // namespace toit::law
