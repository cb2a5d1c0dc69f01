/// \file
/// The dispositif of a territory as its own parties make it: set up or joined, in service, and the convention that its
/// parties sign or refuse. Entries in clear, which name no natural person.
///
/// Text       L441-2-7 al. 1 to 3; R441-2-15 IV (what may be joined).
/// Not here   what the prefect does about it, in his own stream: prefect_events.hpp. Conventions of reservation
///            (R441-5): territory_events.hpp.

#pragma once

#include "law/conformity.hpp"
#include "law/territory_events.hpp"

namespace toit::law {

/// The EPCI begins to set up a dispositif of its own, or who manages it for the EPCI; nobody does who answers in its
/// place (docs/readings.md, 40).
struct dispositif_begun {
  text<200> source; ///< the deliberation
  friend bool operator==(const dispositif_begun&, const dispositif_begun&) = default;
  static constexpr auto fields() { return std::tuple{field{"source", &dispositif_begun::source}}; }
  static constexpr entry_kind kind{118,
                                   "dispositif_begun",
                                   entry_family::territory,
                                   "L441-2-7-1-1a",
                                   "Création du dispositif engagée",
                                   originators{quality::epci_responsable, quality::gestionnaire},
                                   refusal_code::not_empowered};
};

/// It serves, and meets every point of the checklists that apply to it.
struct dispositif_put_in_service {
  list<checklist_findings, 8> findings; ///< one for each checklist in force
  friend bool operator==(const dispositif_put_in_service&, const dispositif_put_in_service&) = default;
  static constexpr auto fields() { return std::tuple{field{"findings", &dispositif_put_in_service::findings}}; }
  static constexpr entry_kind kind{119,
                                   "dispositif_put_in_service",
                                   entry_family::territory,
                                   "L441-2-7-1-1a",
                                   "Dispositif mis en service",
                                   originators{quality::epci_responsable, quality::gestionnaire},
                                   refusal_code::not_empowered};
};

/// What may be joined in the place of a dispositif of one's own (R441-2-15 IV), and nothing else.
enum class joinable : std::uint8_t { sne_module, systeme_particulier };
constexpr auto names_of(joinable) { return std::to_array<std::string_view>({"sne_module", "systeme_particulier"}); }

enum class dispositif_level : std::uint8_t { departement, region, national };
constexpr auto names_of(dispositif_level) {
  return std::to_array<std::string_view>({"departement", "region", "national"});
}

/// The EPCI and its partners decide to join a dispositif that another level has set up.
struct adhesion_decided {
  joinable joined{};
  dispositif_level level{};
  siren host;       ///< who operates what is joined
  text<200> source; ///< the deliberation
  friend bool operator==(const adhesion_decided&, const adhesion_decided&) = default;
  static constexpr auto fields() {
    using t = adhesion_decided;
    return std::tuple{field{"joined", &t::joined}, field{"level", &t::level}, field{"host", &t::host},
                      field{"source", &t::source}};
  }
  static constexpr entry_kind kind{120,
                                   "adhesion_decided",
                                   entry_family::territory,
                                   "L441-2-7-2-1",
                                   "Adhésion à un dispositif décidée",
                                   originators{quality::epci_responsable},
                                   refusal_code::not_empowered};
};

/// The EPCI leaves what it had joined; from then on it owes a dispositif again.
struct adhesion_left {
  text<200> source;
  friend bool operator==(const adhesion_left&, const adhesion_left&) = default;
  static constexpr auto fields() { return std::tuple{field{"source", &adhesion_left::source}}; }
  static constexpr entry_kind kind{121,
                                   "adhesion_left",
                                   entry_family::territory,
                                   "L441-2-7-2-1",
                                   "Sortie d'un dispositif décidée",
                                   originators{quality::epci_responsable},
                                   refusal_code::not_empowered};
};

/// What one party pays of the dispositif's cost.
struct cost_share {
  siren party;
  basis_points share = 0;
  friend bool operator==(const cost_share&, const cost_share&) = default;
  static constexpr auto fields() {
    return std::tuple{field{"party", &cost_share::party}, field{"share", &cost_share::share}};
  }
};

/// The convention of the dispositif: every party of al. 1, and what each pays. The shares add up to the whole.
struct dispositif_convention {
  convention_id id;
  bytes32 document{}; ///< digest of the text that is signed
  text<200> basis;    ///< of the sharing key: dwellings, demandes registered…
  list<cost_share, 1024> shares;
  civil_date from;
  friend bool operator==(const dispositif_convention&, const dispositif_convention&) = default;
  static constexpr auto fields() {
    using t = dispositif_convention;
    return std::tuple{field{"convention", &t::id, set_by::node}, field{"document", &t::document},
                      field{"basis", &t::basis}, field{"shares", &t::shares}, field{"from", &t::from}};
  }
};

/// It is put before its parties. A later one takes the place of an earlier one.
struct dispositif_convention_proposed {
  dispositif_convention convention;
  friend bool operator==(const dispositif_convention_proposed&, const dispositif_convention_proposed&) = default;
  static constexpr auto fields() {
    return std::tuple{field{"convention", &dispositif_convention_proposed::convention}};
  }
  static constexpr entry_kind kind{122,
                                   "dispositif_convention_proposed",
                                   entry_family::territory,
                                   "L441-2-7-3-1",
                                   "Convention du dispositif proposée",
                                   originators{quality::epci_responsable, quality::gestionnaire},
                                   refusal_code::not_empowered};
};

/// What a party says to the convention. That it says nothing means nothing (docs/readings.md, 36).
enum class convention_answer : std::uint8_t { signed_by_party, accepted_to_sign, refused };
constexpr auto names_of(convention_answer) {
  return std::to_array<std::string_view>({"signed", "accepted_to_sign", "refused"});
}

struct dispositif_convention_answered {
  convention_id convention;
  siren party;
  convention_answer answer{};
  bytes32 document{};        ///< digest of the letter or of the signed page
  bool opens_arrete = false; ///< a refusal by who was bailleur or réservataire that day: the prefect may step in
  friend bool operator==(const dispositif_convention_answered&, const dispositif_convention_answered&) = default;
  static constexpr auto fields() {
    using t = dispositif_convention_answered;
    return std::tuple{field{"convention", &t::convention}, field{"party", &t::party}, field{"answer", &t::answer},
                      field{"document", &t::document}, field{"opens_arrete", &t::opens_arrete, set_by::node}};
  }
  static constexpr entry_kind kind{123,
                                   "dispositif_convention_answered",
                                   entry_family::territory,
                                   "L441-2-7-3-2",
                                   "Réponse d'une partie à la convention du dispositif",
                                   originators::any()};
};

} // namespace toit::law
