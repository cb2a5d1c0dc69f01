/// \file
/// The instruments of a territory: legal persons, habilitations, mandates, accounts, reservation conventions and flows,
/// and what concerns the stream itself. Entries in clear, which name no natural person: an agent is a random id.
///
/// Text       R441-2-15 I (identification of legal persons) and V; R441-2-5 II (the gestionnaire keeps the list of
///            accounts); R441-5 to R441-5-3 (reservation conventions, flows and their ceilings).

#pragma once

#include "law/candidacy_events.hpp"

namespace toit::law {

struct stream_opened {
  siren territory;
  text<120> name;
  text<16> purpose;      ///< "production", "training" or "demonstration": data of the kinds never mix
  bytes32 signing_key{}; ///< public key of the batch heads
  friend bool operator==(const stream_opened&, const stream_opened&) = default;
  static constexpr auto fields() {
    using t = stream_opened;
    return std::tuple{field{"territory", &t::territory}, field{"name", &t::name}, field{"purpose", &t::purpose},
                      field{"signing_key", &t::signing_key}};
  }
  static constexpr entry_kind kind{101,
                                   "stream_opened",
                                   entry_family::territory,
                                   "L441-2-7-1-1a",
                                   "Journal du territoire ouvert",
                                   originators::consequence()};
};

struct legal_person_registered {
  siren legal_person;
  legal_person_kind person_kind{};
  text<120> name;
  friend bool operator==(const legal_person_registered&, const legal_person_registered&) = default;
  static constexpr auto fields() {
    using t = legal_person_registered;
    return std::tuple{field{"legal_person", &t::legal_person}, field{"person_kind", &t::person_kind},
                      field{"name", &t::name}};
  }
  static constexpr entry_kind kind{102,
                                   "legal_person_registered",
                                   entry_family::territory,
                                   "R441-2-15-I-10",
                                   "Personne morale enregistrée",
                                   originators{quality::gestionnaire},
                                   refusal_code::not_empowered};
};

struct habilitation_granted {
  law::habilitation habilitation;
  friend bool operator==(const habilitation_granted&, const habilitation_granted&) = default;
  static constexpr auto fields() { return std::tuple{field{"habilitation", &habilitation_granted::habilitation}}; }
  static constexpr entry_kind kind{103,
                                   "habilitation_granted",
                                   entry_family::territory,
                                   "R441-2-15-V-1",
                                   "Habilitation accordée",
                                   originators{quality::gestionnaire},
                                   refusal_code::not_empowered};
};

struct habilitation_ended {
  habilitation_id habilitation;
  civil_date last_day;
  friend bool operator==(const habilitation_ended&, const habilitation_ended&) = default;
  static constexpr auto fields() {
    using t = habilitation_ended;
    return std::tuple{field{"habilitation", &t::habilitation}, field{"last_day", &t::last_day}};
  }
  static constexpr entry_kind kind{104,
                                   "habilitation_ended",
                                   entry_family::territory,
                                   "R441-2-15-V-1",
                                   "Habilitation terminée",
                                   originators{quality::gestionnaire},
                                   refusal_code::not_empowered};
};

struct mandate_granted {
  law::mandate mandate;
  friend bool operator==(const mandate_granted&, const mandate_granted&) = default;
  static constexpr auto fields() { return std::tuple{field{"mandate", &mandate_granted::mandate}}; }
  static constexpr entry_kind kind{105,
                                   "mandate_granted",
                                   entry_family::territory,
                                   "R441-2-15-I-10",
                                   "Mandat enregistré",
                                   originators{quality::gestionnaire},
                                   refusal_code::not_empowered};
};

struct mandate_ended {
  mandate_id mandate;
  civil_date last_day;
  friend bool operator==(const mandate_ended&, const mandate_ended&) = default;
  static constexpr auto fields() {
    using t = mandate_ended;
    return std::tuple{field{"mandate", &t::mandate}, field{"last_day", &t::last_day}};
  }
  static constexpr entry_kind kind{106,
                                   "mandate_ended",
                                   entry_family::territory,
                                   "R441-2-15-I-10",
                                   "Mandat terminé",
                                   originators{quality::gestionnaire},
                                   refusal_code::not_empowered};
};

/// What an agent may do in the name of his legal person, within its qualities.
enum class agent_mission : std::uint8_t { consult, record, rectify, administer };
constexpr auto names_of(agent_mission) {
  return std::to_array<std::string_view>({"consult", "record", "rectify", "administer"});
}
using agent_missions = list<agent_mission, 4>;

struct account_opened {
  agent_id account;
  siren legal_person;
  agent_missions missions;
  civil_date from;
  std::optional<civil_date> until;
  friend bool operator==(const account_opened&, const account_opened&) = default;
  static constexpr auto fields() {
    using t = account_opened;
    return std::tuple{field{"account", &t::account, set_by::node}, field{"legal_person", &t::legal_person},
                      field{"missions", &t::missions}, field{"from", &t::from}, field{"until", &t::until}};
  }
  static constexpr entry_kind kind{107,
                                   "account_opened",
                                   entry_family::territory,
                                   "R441-2-15-V-2-5",
                                   "Compte d'agent ouvert",
                                   originators{quality::gestionnaire},
                                   refusal_code::not_empowered};
};

struct account_closed {
  agent_id account;
  friend bool operator==(const account_closed&, const account_closed&) = default;
  static constexpr auto fields() { return std::tuple{field{"account", &account_closed::account}}; }
  static constexpr entry_kind kind{108,
                                   "account_closed",
                                   entry_family::territory,
                                   "R441-2-15-V-2-5",
                                   "Compte d'agent fermé",
                                   originators{quality::gestionnaire},
                                   refusal_code::not_empowered};
};

/// The secrets of an account have changed; what they are is in the local table alone.
enum class secret_change : std::uint8_t { password_set, token_issued, tokens_revoked };
constexpr auto names_of(secret_change) {
  return std::to_array<std::string_view>({"password_set", "token_issued", "tokens_revoked"});
}

struct account_secret_changed {
  agent_id account;
  secret_change change{};
  friend bool operator==(const account_secret_changed&, const account_secret_changed&) = default;
  static constexpr auto fields() {
    using t = account_secret_changed;
    return std::tuple{field{"account", &t::account}, field{"change", &t::change}};
  }
  static constexpr entry_kind kind{114,
                                   "account_secret_changed",
                                   entry_family::territory,
                                   "R441-2-15-V-2-5",
                                   "Secret d'un compte changé",
                                   originators::any(),
                                   refusal_code::not_empowered};
};

/// Hundredths of a percent.
using basis_points = std::uint16_t;

/// A holder's right to a share of the yearly flow of a bailleur's dwellings in a département.
struct reservation_convention {
  convention_id id;
  siren bailleur;
  siren holder;
  contingent_kind contingent{};
  departement_code departement;
  basis_points flow_share = 0;   ///< of the yearly flow
  basis_points agents_share = 0; ///< part of `flow_share` for the State's own agents; 0 for another holder
  bool loan_guarantee = false;   ///< held by a collectivité against its guarantee (R441-5-3)
  law::communes communes;        ///< where the holder has reservations; empty: wherever the bailleur has stock
  civil_date from;
  std::optional<civil_date> until;

  bool in_force(civil_date day) const { return from <= day && (!until || day <= *until); }
  /// The holder has reservations in this commune.
  bool covers(commune_code where) const {
    return departement_of(where) == departement &&
           (communes.empty() || std::find(communes.begin(), communes.end(), where) != communes.end());
  }

  friend bool operator==(const reservation_convention&, const reservation_convention&) = default;
  static constexpr auto fields() {
    using t = reservation_convention;
    return std::tuple{field{"convention", &t::id, set_by::node},
                      field{"bailleur", &t::bailleur},
                      field{"holder", &t::holder},
                      field{"contingent", &t::contingent},
                      field{"departement", &t::departement},
                      field{"flow_share", &t::flow_share},
                      field{"agents_share", &t::agents_share},
                      field{"loan_guarantee", &t::loan_guarantee},
                      field{"communes", &t::communes},
                      field{"from", &t::from},
                      field{"until", &t::until}};
  }
};

struct reservation_convention_signed {
  reservation_convention convention;
  friend bool operator==(const reservation_convention_signed&, const reservation_convention_signed&) = default;
  static constexpr auto fields() { return std::tuple{field{"convention", &reservation_convention_signed::convention}}; }
  static constexpr entry_kind kind{109,
                                   "reservation_convention_signed",
                                   entry_family::territory,
                                   "R441-2-15-V-2-3",
                                   "Convention de réservation signée",
                                   originators{quality::gestionnaire, quality::bailleur}};
};

struct reservation_convention_ended {
  convention_id convention;
  civil_date last_day;
  friend bool operator==(const reservation_convention_ended&, const reservation_convention_ended&) = default;
  static constexpr auto fields() {
    using t = reservation_convention_ended;
    return std::tuple{field{"convention", &t::convention}, field{"last_day", &t::last_day}};
  }
  static constexpr entry_kind kind{110,
                                   "reservation_convention_ended",
                                   entry_family::territory,
                                   "R441-2-15-V-2-3",
                                   "Convention de réservation terminée",
                                   originators{quality::gestionnaire, quality::bailleur, quality::reservataire}};
};

/// The flow of one bailleur for one year in one département: the base of every holder's share.
struct flow_stated {
  siren bailleur;
  departement_code departement;
  std::uint16_t year = 0;
  std::uint32_t dwellings_to_let = 0;
  std::uint32_t subtracted = 0; ///< own mutations, compulsory rehousing, sales
  friend bool operator==(const flow_stated&, const flow_stated&) = default;
  static constexpr auto fields() {
    using t = flow_stated;
    return std::tuple{field{"bailleur", &t::bailleur}, field{"departement", &t::departement}, field{"year", &t::year},
                      field{"dwellings_to_let", &t::dwellings_to_let}, field{"subtracted", &t::subtracted}};
  }
  static constexpr entry_kind kind{111,
                                   "flow_stated",
                                   entry_family::territory,
                                   "R441-2-15-I-3",
                                   "Flux annuel déclaré",
                                   originators{quality::bailleur, quality::gestionnaire}};
};

/// From the next batch on the stream's heads are signed with another key. Written by the host itself, alone in its
/// batch; docs/journal-format.md says who may believe it.
struct signing_key_changed {
  bytes32 signing_key{};   ///< public key of the batch heads that follow
  bytes32 operating_key{}; ///< public key to which the host's own stream keys are sealed from now on
  friend bool operator==(const signing_key_changed&, const signing_key_changed&) = default;
  static constexpr auto fields() {
    using t = signing_key_changed;
    return std::tuple{field{"signing_key", &t::signing_key}, field{"operating_key", &t::operating_key}};
  }
  static constexpr entry_kind kind{117,
                                   "signing_key_changed",
                                   entry_family::territory,
                                   "L441-2-7-1-1a",
                                   "Clés du nœud changées",
                                   originators::consequence()};
};

/// A demonstration node's civil time has been set.
struct clock_set {
  instant now;
  friend bool operator==(const clock_set&, const clock_set&) = default;
  static constexpr auto fields() { return std::tuple{field{"now", &clock_set::now}}; }
  static constexpr entry_kind kind{112,
                                   "clock_set",
                                   entry_family::territory,
                                   "R441-2-15-I-10",
                                   "Horloge de démonstration réglée",
                                   originators{quality::gestionnaire},
                                   refusal_code::not_empowered};
};

/// Somebody who answers for it has confirmed the node's time: automatic effects run again.
struct clock_confirmed {
  instant now;
  friend bool operator==(const clock_confirmed&, const clock_confirmed&) = default;
  static constexpr auto fields() { return std::tuple{field{"now", &clock_confirmed::now, set_by::node}}; }
  static constexpr entry_kind kind{113,
                                   "clock_confirmed",
                                   entry_family::territory,
                                   "R441-2-15-I-10",
                                   "Horloge confirmée",
                                   originators{quality::gestionnaire},
                                   refusal_code::not_empowered};
};

/// A State authority's command has been carried out here, or refused: what became of it is for its issuer alone to
/// read, since an article could say what the command was about.
struct command_executed {
  text<16> issuer;           ///< stream of the State authority
  std::uint64_t issued = 0;  ///< the command's entry there
  hidden<text<8192>> result; ///< sealed to the issuer's node
  friend bool operator==(const command_executed&, const command_executed&) = default;
  static constexpr auto fields() {
    using t = command_executed;
    return std::tuple{field{"issuer", &t::issuer, set_by::node}, field{"issued", &t::issued, set_by::node},
                      field{"result", &t::result, set_by::node}};
  }
  static constexpr entry_kind kind{116,
                                   "command_executed",
                                   entry_family::territory,
                                   "R441-2-15-I-9",
                                   "Commande d'une autorité de l'État exécutée",
                                   originators::consequence()};
};

} // namespace toit::law
