/// \file
/// The one question every actor asks: may this be recorded, and what is recorded then?
///
/// Text       R441-2-15 I; each rule cites its own article, docs/readings.md says where a choice was made.

#pragma once

#include "law/acts.hpp"
#include "law/demand_book.hpp"
#include "law/dispositif_convention.hpp"

#include <expected>
#include <memory>

namespace toit::law {

class dispositif_book;
struct existence_facts;

/// Asks that an automatic effect take place: only the deadline watcher does.
struct due_reached {
  law::due due;
};

/// Asks that an event be recorded. What the node itself assigns (identifiers, ranks left out) is blank in `event`.
struct command {
  civil_date occurred_on;
  party originator;
  party introducer;
  agent_id agent;
  command_id id;
  bytes32 request{};
  subject_id target; ///< dossier, vacancy or session; empty when the command creates one
  std::variant<event, due_reached> asked;
};

/// Where something counts: in the whole territory, or in these communes and in all those of these départements.
struct reach {
  bool everywhere = false;
  law::communes scope{};
  list<departement_code, 128> departements{};

  bool covers(const wished_communes& wished) const;
  bool covers(commune_code where) const;
  /// Adds what the other covers.
  void widen(const reach& other);
};

/// A quality that the originator has today, and where it counts.
struct capacity {
  law::quality quality{};
  std::optional<instance_kind> instance;
  reach where;

  bool covers(const auto& wished) const { return where.covers(wished); }
};

/// What a decision needs and the book does not hold. Whoever asks gathers it; the decision trusts it.
struct facts {
  civil_date today;
  std::vector<capacity> capacities;                ///< of the originator; unused when it is the demandeur
  bool may_rectify = false;                        ///< the agent is empowered to rectify (R441-2-15 I, first tiret)
  bool own_dossier = false;                        ///< the demandeur himself is at work, on the target
  std::vector<instance_kind> instances_in_force;   ///< on the day of the event, whoever their secretariat is
  std::optional<law::form> form;                   ///< of the target, for changes and rectifications
  std::optional<dossier_id> number_holder;         ///< dossier that already has the number asked for
  std::vector<dossier_id> named_demandes;          ///< of the numbers that the event names, in order
  std::optional<nud> fresh_number;                 ///< for a demande without one, where numbers are allotted here
  std::vector<reservation_convention> conventions; ///< those that the event names or that reserve the vacancy
  bool balance_exhausted = false;            ///< of the contingent that reserves the vacancy, for the year of the event
  std::array<subject_id, 2> fresh_ids;       ///< random, for what the event creates
  std::vector<std::uint64_t> sealed_entries; ///< of the target, for an erasure
  std::vector<commune_code> unknown_communes; ///< among those that the event names
  std::vector<siren> bailleurs;     ///< among the legal persons that the event names, those with that quality today
  std::vector<siren> reservataires; ///< likewise
  /// Where the State authority that commands from its own node is competent in what the event is about; absent when
  /// somebody else asks, whose habilitation decides.
  std::optional<std::vector<departement_code>> competent_in;
  bool competent = false; ///< the directory says so, of this State authority and what the event is about
  /// Of the dispositif: its parties, the checklists that apply, what is known from the other streams.
  std::vector<dispositif_party> parties;
  std::vector<checklist> regional_checklists;
  bool ile_de_france = false; ///< of the territory that the event is about
  std::shared_ptr<const existence_facts>
      existing; ///< of the territory, by its stream and the prefect's; null: not asked
  std::shared_ptr<const dispositif_book> territory_side; ///< what its own stream says; null: nothing was received
  std::optional<conformity> host_conformity;             ///< of the dispositif to be joined, as the prefect found it
  std::vector<commune_code> communes_of_epci; ///< among those named, those that lie in an EPCI, an EPT or Paris
  bool listed = false;                        ///< the territory that the event is about is one of the directory's
  bool unheard = false;                       ///< it has a node, of whose journal nothing has been received
  /// Of the arrêté by which an authority that was competent before has instituted the territory's dispositif.
  std::optional<act_standing> substitution_elsewhere{};
  std::optional<authority_in_force> authority{}; ///< over the dispositif; absent: not asked, or the first epoch's
  bool by_its_own{}; ///< the agent's account was opened by his legal person itself, since the epoch in force began
};

/// One entry to record. Fields left out are the command's.
struct drafted {
  subject_id subject;
  law::event event;
  law::operation operation = law::operation::introduced;
  std::optional<std::uint64_t> supersedes;
};

struct outcome {
  std::vector<drafted> entries;
  std::vector<warning> warnings;
  civil_date occurred_on; ///< of the entries: the command's, or the day an automatic effect counts from
  party originator;
};

using decision = std::expected<outcome, refusal>;

/// Total: any command in any state gives entries or a refusal.
decision decide(const demand_book& book, const settings& s, const command& asked, const facts& known);

/// Everything the decision may read or write, in order of id: what must stand still while it is made and recorded.
std::vector<subject_id> subjects_of(const demand_book& book, const command& asked, const facts& known);

/// The kind of entry that the command asks for; absent for a due effect.
const entry_kind* kind_asked(const command& asked);

} // namespace toit::law
