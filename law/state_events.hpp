/// \file
/// What a State authority records in its own stream: commands to territories, waiting thresholds. Entries in clear,
/// which name no natural person; what a command asks for is sealed to the territory's host.
///
/// Text       R441-2-15 I-2 (mentions of DALO, by the State's service), L441-1-4 and R441-2-15 II-2 (waiting threshold
///            of each département).
/// Not here   acts, by which the prefect takes over: they come with substitution.

#pragma once

#include "law/form.hpp"
#include "law/territory_events.hpp"

namespace toit::law {

/// Something to be recorded in a territory, decided there, under the territory's own rules.
struct command_issued {
  text<16> addressee;          ///< stream of the territory
  instant valid_until{};       ///< later it is refused
  hidden<text<65536>> command; ///< sealed to the territory's host; kind and article alone would say DALO
  friend bool operator==(const command_issued&, const command_issued&) = default;
  static constexpr auto fields() {
    using t = command_issued;
    return std::tuple{field{"addressee", &t::addressee, set_by::node},
                      field{"valid_until", &t::valid_until, set_by::either},
                      field{"command", &t::command, set_by::node}};
  }
  static constexpr entry_kind kind{201,
                                   "command_issued",
                                   entry_family::state,
                                   "R441-2-15-I-9",
                                   "Commande adressée à un territoire",
                                   originators::consequence()};
};

/// The wait from which a demande's delay is abnormally long, by arrêté of the préfet de département.
struct waiting_threshold_set {
  departement_code departement;
  std::optional<law::typology> typology; ///< absent: every size of dwelling that has no threshold of its own
  bool mutation = false;                 ///< for tenants of social housing who ask for another
  std::uint16_t wait_months = 0;
  civil_date from;
  text<200> source; ///< the arrêté
  friend bool operator==(const waiting_threshold_set&, const waiting_threshold_set&) = default;
  static constexpr auto fields() {
    using t = waiting_threshold_set;
    return std::tuple{
        field{"departement", &t::departement}, field{"typology", &t::typology}, field{"mutation", &t::mutation},
        field{"wait_months", &t::wait_months}, field{"from", &t::from},         field{"source", &t::source}};
  }
  static constexpr entry_kind kind{202,
                                   "waiting_threshold_set",
                                   entry_family::state,
                                   "R441-2-15-II-2",
                                   "Délai d'attente anormalement long fixé",
                                   originators{quality::gestionnaire, quality::state_attribution_follow_up},
                                   refusal_code::not_empowered};
};

/// What became of a command is known: what it held is destroyed, here and wherever this stream is held.
struct command_closed {
  text<16> addressee;             ///< stream of the territory
  std::uint64_t issued = 0;       ///< the command's entry
  std::uint64_t executed = 0;     ///< entry of the territory's stream that says what became of it
  list<std::uint64_t, 4> entries; ///< sequences emptied in this stream
  command_id command;             ///< whose repeat is still answered
  friend bool operator==(const command_closed&, const command_closed&) = default;
  static constexpr auto fields() {
    using t = command_closed;
    return std::tuple{field{"addressee", &t::addressee}, field{"issued", &t::issued}, field{"executed", &t::executed},
                      field{"entries", &t::entries}, field{"command", &t::command}};
  }
  static constexpr entry_kind kind{203,
                                   "command_closed",
                                   entry_family::state,
                                   "R441-2-15-I-9",
                                   "Issue d'une commande connue",
                                   originators::consequence()};
};

} // namespace toit::law
