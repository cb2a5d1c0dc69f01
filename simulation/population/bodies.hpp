/// \file
/// Legal persons of a demonstration, one or more for each role, all fictitious but the territory itself.

#pragma once

#include "actors/messages.hpp"

#include <deque>

namespace toit::simulation {

struct demonstration_body {
  std::string role; ///< in French, for whoever looks at the demonstration
  std::string name;
  law::siren siren;
  law::legal_person_kind kind{};
  std::string login;
  law::agent_missions missions;
  std::vector<law::habilitation> habilitations;
  law::agent_id agent{}; ///< once the account is open
  identity who() const { return {siren, agent, {}}; }
};

struct demonstration_bodies {
  demonstration_body gestionnaire;      ///< whose account is there from the first day
  std::deque<demonstration_body> desks; ///< one a commune, which registers demandes
  std::deque<demonstration_body> bailleurs;
  demonstration_body action_logement;
  demonstration_body town; ///< réservataire in the first commune
  demonstration_body state;
  demonstration_body pdalhpd;

  std::vector<demonstration_body*> but_gestionnaire();
};

/// Everybody, habilitated from `since`.
demonstration_bodies make_bodies(law::siren territory, std::span<const law::commune_code> communes,
                                 law::civil_date since);

} // namespace toit::simulation
