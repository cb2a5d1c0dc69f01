/// \file
/// Who is who in a territory: legal persons, habilitations, mandates and agents' accounts, all dated.
///
/// Text       R441-2-15 I last alinéas and V; R441-2-1 (delegation); R441-2-5 II (the gestionnaire keeps the accounts).
/// Not here   passwords and names of agents, which are no part of the law: nodes/accounts.hpp.

#pragma once

#include "law/decide.hpp"
#include "law/lateness.hpp"

#include <map>

namespace toit::law {

struct legal_person {
  siren id;
  legal_person_kind kind{};
  text<120> name;
  std::uint64_t last_seq = 0;
  static constexpr auto fields() {
    using t = legal_person;
    return std::tuple{field{"legal_person", &t::id}, field{"kind", &t::kind}, field{"name", &t::name},
                      field{"last_seq", &t::last_seq}};
  }
};

struct agent_account {
  agent_id id;
  siren legal_person;
  agent_missions missions;
  civil_date from;
  std::optional<civil_date> until;
  bool closed = false;
  std::uint64_t last_seq = 0;
  std::uint64_t opened_seq = 0;
  bool by_its_own{}; ///< opened by the legal person itself, by an agent whose account was so, or by the node

  bool in_force(civil_date day) const { return !closed && from <= day && (!until || day <= *until); }
  bool may(agent_mission m) const { return std::ranges::find(missions, m) != missions.end(); }
  static constexpr auto fields() {
    using t = agent_account;
    return std::tuple{field{"account", &t::id},        field{"legal_person", &t::legal_person},
                      field{"missions", &t::missions}, field{"from", &t::from},
                      field{"until", &t::until},       field{"closed", &t::closed},
                      field{"last_seq", &t::last_seq}};
  }
};

/// Conventions by id, as the entries of the stream made them.
class convention_register {
public:
  void apply(const record& happened);
  const reservation_convention* find(convention_id id) const;
  const std::map<convention_id, reservation_convention>& all() const { return conventions_; }
  /// Where the holder has reservations on that day: a convention that names no commune counts in its département.
  // [R441-2-15-V-2-3]
  reach reach_of(siren holder, civil_date day) const;

private:
  std::map<convention_id, reservation_convention> conventions_;
};

/// Everything the access guard owns, folded from entries of family T.
class rights_book {
public:
  void apply(subject_id subject, const record& happened, std::uint64_t seq);

  const legal_person* find(siren id) const;
  const agent_account* find(agent_id id) const;
  const habilitation* find(habilitation_id id) const;
  const mandate* find(mandate_id id) const;
  const convention_register& conventions() const { return conventions_; }

  /// Qualities in force on the day. A réservataire counts where his conventions say, within his habilitation.
  std::vector<capacity> capacities_of(siren legal_person, civil_date day) const;
  bool has_quality(siren legal_person, quality q, civil_date day) const;
  std::vector<instance_kind> instances_in_force(civil_date day) const;
  /// The mandate that lets the introducer enter for the principal.
  std::optional<mandate_id> mandated(siren principal, siren introducer, mandate_matter matter, civil_date day) const;

  const std::map<siren, legal_person>& legal_persons() const { return legal_persons_; }
  const std::map<habilitation_id, habilitation>& habilitations() const { return habilitations_; }
  const std::map<mandate_id, mandate>& mandates() const { return mandates_; }
  const std::map<agent_id, agent_account>& accounts() const { return accounts_; }
  /// Opened by its own legal person since the epoch in force began. While another answers in the EPCI's place, his
  /// agents are those, and no others: the gestionnaire, whom the EPCI has chosen, makes none of them, nor does what was
  /// written before he answered (docs/readings.md, 40).
  // [L441-2-7-4-1]
  bool is_its_own(agent_id account) const;

  /// With which the last epoch of the stream began; absent in the first one.
  const std::optional<authority_cut>& last_cut() const { return last_cut_; }

  /// Last entry about a subject of this book, 0 for none.
  std::uint64_t last_seq(subject_id subject) const;

  /// How late each legal person records: of entries of any family, and kept apart from them.
  void note(const record& happened, civil_date recorded_on) { lateness_.note(happened, recorded_on); }
  void restore(const lateness_line& line) { lateness_.restore(line); }
  const lateness_book& lateness() const { return lateness_; }

private:
  lateness_book lateness_;
  std::map<siren, legal_person> legal_persons_;
  std::map<habilitation_id, habilitation> habilitations_;
  std::map<mandate_id, mandate> mandates_;
  std::map<agent_id, agent_account> accounts_;
  std::map<subject_id, std::uint64_t> last_seqs_;
  convention_register conventions_;
  std::optional<authority_cut> last_cut_;
  std::uint64_t last_cut_seq_ = 0;
};

/// Whom L441-2-7 al. 1 makes a party to the dispositif on that day: the EPCI, bailleurs, réservataires, and bodies that
/// register or inform demandeurs.
std::vector<dispositif_party> parties_of(const rights_book& book, civil_date day);

/// A legal person's own subject: its SIREN, which is public.
subject_id subject_of(siren legal_person);

/// The account that the event closes or gives another secret; absent where it does neither.
std::optional<agent_id> account_kept_by(const event& happened);

/// The account is that of an agent of who answers in the EPCI's place, and `by` another one's: he keeps it for him.
// [L441-2-7-4-1]
bool keeps_for_holder(const rights_book& book, const authority_in_force& now, agent_id by, agent_id account);

/// Decides on what the guard owns: legal persons, habilitations, mandates, accounts.
decision decide(const rights_book& book, const settings& s, const command& asked, const facts& known);

/// The subjects that such a decision reads.
std::vector<subject_id> subjects_of(const rights_book& book, const command& asked);

/// The matter of a mandate under which another may enter this kind of event; absent where only the originator may.
std::optional<mandate_matter> matter_of(const entry_kind& kind);

} // namespace toit::law
