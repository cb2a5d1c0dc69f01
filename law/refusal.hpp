/// \file
/// Refusals: what was asked cannot be done, why, by which text, and what would make it possible.

#pragma once

#include "law/civil_date.hpp"
#include "law/fields.hpp"

#include <expected>
#include <string>

namespace toit::law {

/// Stable codes; their names are part of the API and of the attempt log, and never change meaning.
enum class refusal_code : std::uint8_t {
  malformed,         ///< not of the right type, length or form
  missing_field,     ///< something the text requires is absent
  too_large,         ///< over a published limit of size
  unauthenticated,   ///< nobody known asks
  not_empowered,     ///< the legal person or the agent has no power to do this
  not_originator,    ///< the recorder is not the legal person at the origin of the event
  out_of_scope,      ///< outside the purpose or the territory of the reader or recorder
  unknown_demande,   ///< no demande has this numéro unique here
  unknown_subject,   ///< no dwelling, vacancy, session, convention or person has this identifier here
  unknown_territory, ///< a commune or territory that does not exist
  no_nud,            ///< nothing may be done on a demande without a numéro unique
  demande_inactive,  ///< the demande is expired, radiated or erased
  bad_date,          ///< in the future, before the demande's reception, or a delay under its minimum
  bad_order,         ///< not possible in the present state
  duplicate,         ///< already there
  conflict,          ///< the value corrected is no longer the current one
  too_early,         ///< a term has not passed
  too_late,          ///< a term has passed
  bad_motive,        ///< a motive or category that the text does not list
  not_in_force,      ///< the instance, convention or grid is not in force on that date
  min_candidates,    ///< fewer than three demandes for a dwelling without a recognised exception
  quota_above_legal_maximum,
  not_party,              ///< the legal person has no stock, reservation or mission in the territory
  idempotency_key_reused, ///< another request bore the same idempotency key
  busy,                   ///< too many are waiting; try again
  read_only,              ///< the node cannot write at present
  unknown_outcome,        ///< no answer in time: ask again with the same idempotency key
  rolled_back,     ///< another node holds more of this journal than this one: nothing is written until it is back
  internal,        ///< the node itself failed; nothing was recorded
  wrong_prefect,   ///< another State authority is competent in the matter there
  missing_opinion, ///< an opinion that the text asks for is neither in nor recorded as waived
  not_conform,     ///< a dispositif does not meet, or is not known to meet, what the text asks of it
  not_concerned,   ///< the territory's EPCI is not among those that owe a dispositif
  fenced,          ///< another node hosts this territory's dispositif now
};

constexpr auto names_of(refusal_code) {
  return std::to_array<std::string_view>({
      "E_MALFORMED",
      "E_MISSING_FIELD",
      "E_TOO_LARGE",
      "E_UNAUTHENTICATED",
      "E_NOT_EMPOWERED",
      "E_NOT_ORIGINATOR",
      "E_OUT_OF_SCOPE",
      "E_UNKNOWN_DEMANDE",
      "E_UNKNOWN_SUBJECT",
      "E_UNKNOWN_TERRITORY",
      "E_NO_NUD",
      "E_DEMANDE_INACTIVE",
      "E_BAD_DATE",
      "E_BAD_ORDER",
      "E_DUPLICATE",
      "E_CONFLICT",
      "E_TOO_EARLY",
      "E_TOO_LATE",
      "E_BAD_MOTIVE",
      "E_NOT_IN_FORCE",
      "E_MIN_CANDIDATES",
      "E_QUOTA_ABOVE_LEGAL_MAXIMUM",
      "E_NOT_PARTY",
      "E_IDEMPOTENCY_KEY_REUSED",
      "E_BUSY",
      "E_READ_ONLY",
      "E_UNKNOWN_OUTCOME",
      "E_ROLLED_BACK",
      "E_INTERNAL",
      "E_WRONG_PREFET",
      "E_MISSING_OPINION",
      "E_NOT_CONFORM",
      "E_NOT_CONCERNED",
      "E_FENCED",
  });
}

/// Words known when the code was compiled: no data of a request can get into them.
class literal {
public:
  consteval literal(const char* words) : words_{words} {}
  constexpr std::string_view view() const { return words_; }

private:
  std::string_view words_;
};

struct refusal {
  refusal_code code{};
  std::string article; ///< requirement id ("R441-2-15-I-9") or article ("L441-2-1") that forbids or limits
  std::string because; ///< one French sentence, for whoever asked; never holds data of the request
  std::string path;    ///< of the field at fault, empty where none is
  std::optional<civil_date> possible_from; ///< the day on which the same request would be possible, where known

  friend bool operator==(const refusal&, const refusal&) = default;
  static constexpr auto fields() {
    return std::tuple{field{"code", &refusal::code}, field{"article", &refusal::article},
                      field{"because", &refusal::because}, field{"path", &refusal::path},
                      field{"possible_from", &refusal::possible_from}};
  }
};

inline std::unexpected<refusal> refuse(refusal_code code, literal article, literal because) {
  return std::unexpected{refusal{code, std::string{article.view()}, std::string{because.view()}, {}, {}}};
}

inline std::unexpected<refusal> refuse_field(refusal_code code, literal article, literal because,
                                             std::string_view path) {
  return std::unexpected{
      refusal{code, std::string{article.view()}, std::string{because.view()}, std::string{path}, {}}};
}

inline std::unexpected<refusal> refuse_until(refusal_code code, literal article, literal because,
                                             civil_date possible_from) {
  return std::unexpected{refusal{code, std::string{article.view()}, std::string{because.view()}, {}, possible_from}};
}

/// Nothing, or a refusal.
using check = std::expected<void, refusal>;

} // namespace toit::law
