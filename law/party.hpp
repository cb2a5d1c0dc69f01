/// \file
/// Legal persons, their qualities in a territory, and who causes or enters an event.
///
/// Text       R441-2-15 I last two alinéas (originator and introducer), V (qualities); R441-2-1 (registering bodies).
/// Not here   who may read or record what: see access.hpp and each rule.

#pragma once

#include "law/civil_date.hpp"
#include "law/fields.hpp"
#include "law/identifiers.hpp"
#include "law/text.hpp"

#include <string>

namespace toit::law {

/// What a legal person is in a territory. Several add up (docs/readings.md, 14).
enum class quality : std::uint8_t {
  service_enregistreur,        ///< registers demandes (R441-2-1 a to h), not having delegated it
  bailleur,                    ///< social landlord with stock in the territory
  reservataire,                ///< holds reservation rights there
  epci_responsable,            ///< EPCI, EPT or Paris, responsible for the dispositif
  state_attribution_follow_up, ///< State service that follows the attributions of V 1°
  state_mediation_secretariat, ///< State service: secretariat of the commission de médiation, execution of its
                               ///< decisions
  instance_secretariat,        ///< secretariat of an instance of V 4°, named by the habilitation
  gestionnaire,                ///< operates the dispositif
  lieu_accueil,                ///< reception place of the plan that does not register
};
constexpr auto names_of(quality) {
  return std::to_array<std::string_view>({"service_enregistreur", "bailleur", "reservataire", "epci_responsable",
                                          "state_attribution_follow_up", "state_mediation_secretariat",
                                          "instance_secretariat", "gestionnaire", "lieu_accueil"});
}

/// The letters of R441-2-1 under which a body registers demandes.
enum class registering_body : std::uint8_t { a, b, c, d, e, f, g, h };
constexpr auto names_of(registering_body) {
  return std::to_array<std::string_view>({"a", "b", "c", "d", "e", "f", "g", "h"});
}

/// Instances whose opinions are mentioned in a dossier (R441-2-15 I, second tiret).
enum class instance_kind : std::uint8_t { pdalhpd, partenariale, coordination, qpv };
constexpr auto names_of(instance_kind) {
  return std::to_array<std::string_view>({"pdalhpd", "partenariale", "coordination", "qpv"});
}

enum class legal_person_kind : std::uint8_t {
  state_service,
  epci,
  ept,
  commune,
  departement,
  region,
  hlm_body,
  sem,
  action_logement,
  employer,
  association,
  other,
};
constexpr auto names_of(legal_person_kind) {
  return std::to_array<std::string_view>({"state_service", "epci", "ept", "commune", "departement", "region",
                                          "hlm_body", "sem", "action_logement", "employer", "association", "other"});
}

/// Who caused or entered an event: a legal person, or the demandeur himself.
class party {
public:
  static constexpr party demandeur() { return {}; }
  constexpr party() = default;
  constexpr party(siren legal_person) : legal_person_{legal_person} {}

  constexpr bool is_demandeur() const { return legal_person_.empty(); }
  /// Empty for the demandeur.
  constexpr siren legal_person() const { return legal_person_; }

  friend constexpr auto operator<=>(const party&, const party&) = default;

private:
  siren legal_person_;
};

using communes = list<commune_code, 1024>;

/// A quality of a legal person in the territory, from a day and until one (included), where one is set.
struct habilitation {
  habilitation_id id;
  siren legal_person;
  law::quality quality{};
  std::optional<registering_body> registers_as; ///< with `service_enregistreur`
  std::optional<instance_kind> instance;        ///< with `instance_secretariat`
  communes scope;                               ///< empty: the whole territory
  text<200> mission;
  civil_date from;
  std::optional<civil_date> until;
  std::optional<siren> introduced_by{}; ///< who answers for the node of the federation that may introduce for it

  bool in_force(civil_date day) const { return from <= day && (!until || day <= *until); }

  friend bool operator==(const habilitation&, const habilitation&) = default;
  static constexpr auto fields() {
    return std::tuple{field{"habilitation", &habilitation::id, set_by::node},
                      field{"legal_person", &habilitation::legal_person},
                      field{"quality", &habilitation::quality},
                      field{"registers_as", &habilitation::registers_as},
                      field{"instance", &habilitation::instance},
                      field{"scope", &habilitation::scope},
                      field{"mission", &habilitation::mission},
                      field{"from", &habilitation::from},
                      field{"until", &habilitation::until},
                      field{"introduced_by", &habilitation::introduced_by}};
  }
};

/// What one legal person may enter for another, which stays the originator (R441-2-1, R441-5).
enum class mandate_matter : std::uint8_t { registration, designation, attribution };
constexpr auto names_of(mandate_matter) {
  return std::to_array<std::string_view>({"registration", "designation", "attribution"});
}

struct mandate {
  mandate_id id;
  siren principal; ///< originator of what is entered
  siren introducer;
  mandate_matter matter{};
  text<200> ground;
  civil_date from;
  std::optional<civil_date> until;

  bool in_force(civil_date day) const { return from <= day && (!until || day <= *until); }

  friend bool operator==(const mandate&, const mandate&) = default;
  static constexpr auto fields() {
    return std::tuple{field{"mandate", &mandate::id, set_by::node},
                      field{"principal", &mandate::principal},
                      field{"introducer", &mandate::introducer},
                      field{"matter", &mandate::matter},
                      field{"ground", &mandate::ground},
                      field{"from", &mandate::from},
                      field{"until", &mandate::until}};
  }
};

} // namespace toit::law
