/// \file
/// What happens to a demande's candidacy for one dwelling, from designation to lease.
///
/// Text       R441-2-15 I, items 4 to 8; R441-3 (decisions of the commission), R441-10 (offer), R441-2-9 (imputation).
/// Not here   the dwelling's own side of it, which names no applicant: dwelling_events.hpp.

#pragma once

#include "law/demande_events.hpp"

namespace toit::law {

// -- words shared by both sides -------------------------------------------------------------------------------------

/// Whose right a dwelling goes to: a type of réservataire, or nobody's (R441-2-9).
enum class contingent_kind : std::uint8_t {
  non_reserved,
  state_priority,
  state_agents,
  collectivite,
  action_logement,
  employer,
  defence_security_health,
  other,
};
constexpr auto names_of(contingent_kind) {
  return std::to_array<std::string_view>({"non_reserved", "state_priority", "state_agents", "collectivite",
                                          "action_logement", "employer", "defence_security_health", "other"});
}

/// The contingent on which an attribution is charged; `convention` is empty for a dwelling that nobody has reserved.
struct imputation {
  contingent_kind contingent{};
  convention_id convention;
  friend bool operator==(const imputation&, const imputation&) = default;
  static constexpr auto fields() {
    using t = imputation;
    return std::tuple{field{"contingent", &t::contingent}, field{"convention", &t::convention, set_by::either}};
  }
};

/// How far a candidacy has come. A closed candidacy keeps the step it had reached.
enum class candidacy_step : std::uint8_t {
  designated,
  on_agenda,
  examined,
  attributed,
  ranked,
  conditional,
  non_attributed,
  inadmissible,
  offered,
  accepted,
  refused,
  condition_failed,
  lease_signed,
};
constexpr auto names_of(candidacy_step) {
  return std::to_array<std::string_view>({"designated", "on_agenda", "examined", "attributed", "ranked", "conditional",
                                          "non_attributed", "inadmissible", "offered", "accepted", "refused",
                                          "condition_failed", "lease_signed"});
}

/// Why a candidacy ended without a decision or an answer of its own.
enum class closing_reason : std::uint8_t {
  designation_withdrawn,
  dwelling_let,     ///< another candidate signed the lease
  housed_elsewhere, ///< the demandeur signed another lease
  demande_radiated,
  demande_merged,
  dwelling_withdrawn,      ///< no longer to be let
  dwelling_no_longer_free, ///< would have been restored by a correction, but the dwelling has gone
};
constexpr auto names_of(closing_reason) {
  return std::to_array<std::string_view>({"designation_withdrawn", "dwelling_let", "housed_elsewhere",
                                          "demande_radiated", "demande_merged", "dwelling_withdrawn",
                                          "dwelling_no_longer_free"});
}

// -- E11 to E16: designation and commission -------------------------------------------------------------------------

enum class designation_route : std::uint8_t { alone, common_agreement, qpv_commission, prefect };
constexpr auto names_of(designation_route) {
  return std::to_array<std::string_view>({"alone", "common_agreement", "qpv_commission", "prefect"});
}

struct designated {
  candidacy_id candidacy;
  vacancy_id vacancy;
  law::imputation contingent; ///< the right used; `non_reserved` for the bailleur's own designation
  designation_route route{};
  friend bool operator==(const designated&, const designated&) = default;
  static constexpr auto fields() {
    using t = designated;
    return std::tuple{field{"candidacy", &t::candidacy, set_by::node}, field{"vacancy", &t::vacancy},
                      field{"contingent", &t::contingent, set_by::either}, field{"route", &t::route, set_by::either}};
  }
  static constexpr entry_kind kind{11,
                                   "designated",
                                   entry_family::dossier,
                                   "R441-2-15-I-4b",
                                   "Désigné candidat à un logement",
                                   originators{quality::reservataire, quality::bailleur}};
};

struct designation_withdrawn {
  candidacy_id candidacy;
  text<400> motive;
  friend bool operator==(const designation_withdrawn&, const designation_withdrawn&) = default;
  static constexpr auto fields() {
    using t = designation_withdrawn;
    return std::tuple{field{"candidacy", &t::candidacy}, field{"motive", &t::motive}};
  }
  static constexpr entry_kind kind{34,
                                   "designation_withdrawn",
                                   entry_family::dossier,
                                   "R441-2-15-I-4b",
                                   "Désignation retirée",
                                   originators{quality::reservataire, quality::bailleur}};
};

struct agenda_entered {
  candidacy_id candidacy;
  session_id session;
  friend bool operator==(const agenda_entered&, const agenda_entered&) = default;
  static constexpr auto fields() {
    using t = agenda_entered;
    return std::tuple{field{"candidacy", &t::candidacy}, field{"session", &t::session}};
  }
  static constexpr entry_kind kind{12,
                                   "agenda_entered",
                                   entry_family::dossier,
                                   "R441-2-15-I-4c",
                                   "Inscrit à l'ordre du jour de la commission",
                                   originators{quality::bailleur}};
};

struct examined {
  candidacy_id candidacy;
  friend bool operator==(const examined&, const examined&) = default;
  static constexpr auto fields() { return std::tuple{field{"candidacy", &examined::candidacy}}; }
  static constexpr entry_kind kind{13,
                                   "examined",
                                   entry_family::dossier,
                                   "R441-2-15-I-4d",
                                   "Examiné par la commission",
                                   originators{quality::bailleur}};
};

struct visit_proposed {
  vacancy_id vacancy;
  civil_date visit_on;
  friend bool operator==(const visit_proposed&, const visit_proposed&) = default;
  static constexpr auto fields() {
    using t = visit_proposed;
    return std::tuple{field{"vacancy", &t::vacancy}, field{"visit_on", &t::visit_on}};
  }
  static constexpr entry_kind kind{
      14, "visit_proposed", entry_family::dossier, "R441-2-15-I-5", "Visite proposée", originators{quality::bailleur}};
};

struct visit_made {
  vacancy_id vacancy;
  friend bool operator==(const visit_made&, const visit_made&) = default;
  static constexpr auto fields() { return std::tuple{field{"vacancy", &visit_made::vacancy}}; }
  static constexpr entry_kind kind{
      15, "visit_made", entry_family::dossier, "R441-2-15-I-5", "Visite effectuée", originators{quality::bailleur}};
};

/// The five decisions of R441-3.
enum class caleol_decision : std::uint8_t { attribution, ranked, conditional, non_attribution, inadmissibility };
constexpr auto names_of(caleol_decision) {
  return std::to_array<std::string_view>(
      {"attribution", "ranked", "conditional", "non_attribution", "inadmissibility"});
}

constexpr candidacy_step step_after(caleol_decision decision) {
  constexpr std::array steps{candidacy_step::attributed, candidacy_step::ranked, candidacy_step::conditional,
                             candidacy_step::non_attributed, candidacy_step::inadmissible};
  return steps[static_cast<std::size_t>(decision)];
}

enum class decision_motive : std::uint8_t {
  income_ceiling_exceeded,
  irregular_stay,
  missing_piece,
  household_does_not_fit_dwelling,
  resources_do_not_fit_rent,
  owner_of_adapted_dwelling,
  fragile_occupation_of_residence,
  no_local_link,
  incomplete_file,
  other,
};
constexpr auto names_of(decision_motive) {
  return std::to_array<std::string_view>({"income_ceiling_exceeded", "irregular_stay", "missing_piece",
                                          "household_does_not_fit_dwelling", "resources_do_not_fit_rent",
                                          "owner_of_adapted_dwelling", "fragile_occupation_of_residence",
                                          "no_local_link", "incomplete_file", "other"});
}
inline refusal unknown_name(decision_motive) {
  return refuse(refusal_code::bad_motive, "R441-2-15-I-6c", "Ce motif de décision n'est pas reconnu.").error();
}

struct caleol_decided {
  candidacy_id candidacy;
  caleol_decision decision{};
  std::uint8_t rank = 0; ///< 1 and more where the dwelling is attributed, ranked or not; 0 otherwise
  list<decision_motive, 5> motives;
  text<400> motive_text;
  std::optional<piece_type> missing_piece;   ///< with `conditional`
  std::optional<civil_date> piece_due;       ///< with `conditional`
  std::optional<law::imputation> charged_on; ///< where the dwelling is attributed
  friend bool operator==(const caleol_decided&, const caleol_decided&) = default;
  static constexpr auto fields() {
    using t = caleol_decided;
    return std::tuple{field{"candidacy", &t::candidacy},       field{"decision", &t::decision},
                      field{"rank", &t::rank, set_by::either}, field{"motives", &t::motives},
                      field{"motive_text", &t::motive_text},   field{"missing_piece", &t::missing_piece},
                      field{"piece_due", &t::piece_due},       field{"charged_on", &t::charged_on}};
  }
  static constexpr entry_kind kind{16,
                                   "caleol_decided",
                                   entry_family::dossier,
                                   "R441-2-15-I-6a",
                                   "Décision de la commission",
                                   originators{quality::bailleur}};
};

// -- E17 to E21: offer and lease ------------------------------------------------------------------------------------

/// What who is offered a dwelling has at least to answer (R441-10).
inline constexpr days days_to_reply{10};

struct offer_made {
  candidacy_id candidacy;
  civil_date reply_by; ///< at least ten days after the offer
  std::uint32_t rent_cents = 0;
  text<400> description;
  bool dalo_warning = false; ///< the demandeur is told what refusing means for his DALO decision
  friend bool operator==(const offer_made&, const offer_made&) = default;
  static constexpr auto fields() {
    using t = offer_made;
    return std::tuple{field{"candidacy", &t::candidacy}, field{"reply_by", &t::reply_by},
                      field{"rent_cents", &t::rent_cents}, field{"description", &t::description},
                      field{"dalo_warning", &t::dalo_warning}};
  }
  static constexpr entry_kind kind{17,
                                   "offer_made",
                                   entry_family::dossier,
                                   "R441-2-15-I-4-0",
                                   "Logement proposé à l'attributaire",
                                   originators{quality::bailleur}};
};

struct offer_accepted {
  candidacy_id candidacy;
  friend bool operator==(const offer_accepted&, const offer_accepted&) = default;
  static constexpr auto fields() { return std::tuple{field{"candidacy", &offer_accepted::candidacy}}; }
  static constexpr entry_kind kind{18,
                                   "offer_accepted",
                                   entry_family::dossier,
                                   "R441-2-15-I-4-0",
                                   "Proposition acceptée",
                                   originators{quality::bailleur}};
};

enum class refusal_motive : std::uint8_t {
  silence,
  location,
  size,
  rent,
  state_of_dwelling,
  surroundings,
  accessibility,
  personal_change,
  other_housing_found,
  not_stated,
  other,
};
constexpr auto names_of(refusal_motive) {
  return std::to_array<std::string_view>({"silence", "location", "size", "rent", "state_of_dwelling", "surroundings",
                                          "accessibility", "personal_change", "other_housing_found", "not_stated",
                                          "other"});
}
inline refusal unknown_name(refusal_motive) {
  return refuse(refusal_code::bad_motive, "R441-2-15-I-7", "Ce motif de refus n'est pas reconnu.").error();
}

struct offer_refused {
  candidacy_id candidacy;
  refusal_motive motive{};
  text<400> motive_text;
  friend bool operator==(const offer_refused&, const offer_refused&) = default;
  static constexpr auto fields() {
    using t = offer_refused;
    return std::tuple{field{"candidacy", &t::candidacy}, field{"motive", &t::motive},
                      field{"motive_text", &t::motive_text}};
  }
  static constexpr entry_kind kind{19,
                                   "offer_refused",
                                   entry_family::dossier,
                                   "R441-2-15-I-7",
                                   "Proposition refusée par l'attributaire",
                                   originators{quality::bailleur}};
};

struct condition_fulfilled {
  candidacy_id candidacy;
  friend bool operator==(const condition_fulfilled&, const condition_fulfilled&) = default;
  static constexpr auto fields() { return std::tuple{field{"candidacy", &condition_fulfilled::candidacy}}; }
  static constexpr entry_kind kind{20,
                                   "condition_fulfilled",
                                   entry_family::dossier,
                                   "R441-2-15-I-6c",
                                   "Condition suspensive levée",
                                   originators{quality::bailleur}};
};

struct condition_failed {
  candidacy_id candidacy;
  text<400> motive;
  friend bool operator==(const condition_failed&, const condition_failed&) = default;
  static constexpr auto fields() {
    using t = condition_failed;
    return std::tuple{field{"candidacy", &t::candidacy}, field{"motive", &t::motive}};
  }
  static constexpr entry_kind kind{35,
                                   "condition_failed",
                                   entry_family::dossier,
                                   "R441-2-15-I-6c",
                                   "Condition suspensive non remplie",
                                   originators{quality::bailleur}};
};

struct lease_signed {
  candidacy_id candidacy;
  std::optional<law::imputation> charged_on; ///< that of the decision; another one is refused
  bool state_agent = false;
  bool dalo = false;
  bool priority_person = false; ///< L441-1
  bool cia_public = false;
  bool accord_public = false;
  bool attested = false; ///< the recorder attests the signature although the demande is already housed
  friend bool operator==(const lease_signed&, const lease_signed&) = default;
  static constexpr auto fields() {
    using t = lease_signed;
    return std::tuple{field{"candidacy", &t::candidacy},
                      field{"charged_on", &t::charged_on},
                      field{"state_agent", &t::state_agent},
                      field{"dalo", &t::dalo},
                      field{"priority_person", &t::priority_person},
                      field{"cia_public", &t::cia_public},
                      field{"accord_public", &t::accord_public},
                      field{"attested", &t::attested}};
  }
  static constexpr entry_kind kind{
      21, "lease_signed", entry_family::dossier, "R441-2-15-I-8", "Bail signé", originators{quality::bailleur}};
};

/// The lease had been recorded wrongly: it is taken back, with what followed from it.
struct lease_corrected {
  candidacy_id candidacy;
  text<400> motive;
  std::optional<civil_date> known_on{}; ///< when it was recorded: what comes back has its time from then on
  friend bool operator==(const lease_corrected&, const lease_corrected&) = default;
  static constexpr auto fields() {
    using t = lease_corrected;
    return std::tuple{field{"candidacy", &t::candidacy}, field{"motive", &t::motive},
                      field{"known_on", &t::known_on, set_by::node}};
  }
  static constexpr entry_kind kind{39,
                                   "lease_corrected",
                                   entry_family::dossier,
                                   "R441-2-15-I-10",
                                   "Bail enregistré à tort, corrigé",
                                   originators{quality::bailleur}};
};

// -- consequences ---------------------------------------------------------------------------------------------------

struct candidacy_closed {
  candidacy_id candidacy;
  closing_reason reason{};
  friend bool operator==(const candidacy_closed&, const candidacy_closed&) = default;
  static constexpr auto fields() {
    using t = candidacy_closed;
    return std::tuple{field{"candidacy", &t::candidacy}, field{"reason", &t::reason}};
  }
  static constexpr entry_kind kind{37,
                                   "candidacy_closed",
                                   entry_family::dossier,
                                   "R441-2-15-I-4-0",
                                   "Candidature close",
                                   originators::consequence()};
};

struct candidacy_restored {
  candidacy_id candidacy;
  std::optional<civil_date> known_on{}; ///< when it was recorded
  friend bool operator==(const candidacy_restored&, const candidacy_restored&) = default;
  static constexpr auto fields() {
    using t = candidacy_restored;
    return std::tuple{field{"candidacy", &t::candidacy}, field{"known_on", &t::known_on, set_by::node}};
  }
  static constexpr entry_kind kind{38,
                                   "candidacy_restored",
                                   entry_family::dossier,
                                   "R441-2-15-I-10",
                                   "Candidature rétablie",
                                   originators::consequence()};
};

/// Two leases are signed for one demande: one conflict, which both bailleurs see until one of them corrects.
struct lease_conflict_opened {
  candidacy_id first;
  candidacy_id second;
  siren first_bailleur;
  siren second_bailleur;
  friend bool operator==(const lease_conflict_opened&, const lease_conflict_opened&) = default;
  static constexpr auto fields() {
    using t = lease_conflict_opened;
    return std::tuple{field{"first", &t::first}, field{"second", &t::second},
                      field{"first_bailleur", &t::first_bailleur}, field{"second_bailleur", &t::second_bailleur}};
  }
  static constexpr entry_kind kind{40,
                                   "lease_conflict_opened",
                                   entry_family::dossier,
                                   "R441-2-15-I-8",
                                   "Deux baux signés pour une demande : conflit à lever",
                                   originators::consequence()};
};

struct lease_conflict_closed {
  candidacy_id kept;
  friend bool operator==(const lease_conflict_closed&, const lease_conflict_closed&) = default;
  static constexpr auto fields() { return std::tuple{field{"kept", &lease_conflict_closed::kept}}; }
  static constexpr entry_kind kind{41,
                                   "lease_conflict_closed",
                                   entry_family::dossier,
                                   "R441-2-15-I-8",
                                   "Conflit entre deux baux levé",
                                   originators::consequence()};
};

} // namespace toit::law
