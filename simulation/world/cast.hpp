/// \file
/// Who plays in a run: fictitious bodies and agents of one territory, and how they come to be there.

#pragma once

#include "simulation/fictitious.hpp"
#include "simulation/world/world.hpp"

namespace toit::simulation {

law::commune_code commune(const char* code);

struct body {
  std::string name;
  law::siren siren;
  law::legal_person_kind kind{};
  law::agent_id agent;
  identity who() const { return {siren, agent, {}}; }
};

struct cast {
  body gestionnaire; ///< also responsible for the dispositif, and secretariat of the commission de coordination
  body desk;         ///< a commune that registers demandes
  body narrow_desk;  ///< registers, but is habilitated for one commune alone
  body bailleur;     ///< registers too
  body other_bailleur;
  body action_logement; ///< réservataire with conventions everywhere
  body collectivite;    ///< réservataire in one commune
  body state;           ///< follows attributions, secretariat of mediation, réservataire
  body pdalhpd;         ///< secretariat of the local instances
  body lieu_accueil;
  body stranger; ///< known, with no quality here
  std::map<std::string, law::convention_id> conventions;

  std::vector<body*> all();
  const body* find(law::siren siren) const;
};

/// Makes the territory's stream administrable: the first account, as a host makes it.
void begin_territory(journal::node_journal& node, scene& w, cast& players);

/// Enters everybody, with qualities, mandates, accounts and conventions, through the guard.
void enter(scene& w, cast& players);

cast make_cast();

/// A command of one of the players, dated today unless told otherwise.
std::shared_ptr<asked_command> command_of(const scene& w, const body& by, law::event event);

/// Sends one command and waits for its answer; it must be accepted.
receipt must(scene& w, const std::shared_ptr<asked_command>& asked);

} // namespace toit::simulation
