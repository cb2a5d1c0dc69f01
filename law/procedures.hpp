/// \file
/// What a prefect has recorded about the dispositifs of his territories: obligations, reminders, findings, opinions,
/// acts; and what he may do next in each.
///
/// Text       L441-2-7 al. 2 to 4. "Peut": each is the prefect's own act, and the software does none of them by itself.
/// Not here   thresholds and commands, which are the State desk's: state_book.hpp.

#pragma once

#include "law/dispositif.hpp"

#include <set>

namespace toit::law {

struct sent_reminder {
  std::uint64_t seq = 0;
  siren addressee;
  reminder_matter matter{};
  civil_date sent_on;
  std::optional<civil_date> answer_by;
  std::optional<civil_date> answered_on;
  std::uint64_t answer_seq = 0;
};

struct noted_obligation {
  obligation_noted noted;
  std::uint64_t seq = 0;
};

/// One point of a territory's dispositif, as the prefect's services found it on a day.
struct found_point {
  text<40> checklist;
  std::uint16_t version = 0;
  item_finding finding;
  civil_date on;
  std::uint64_t seq = 0;
};

/// What may be joined, as they examined it one day.
struct examined_joinable {
  joinable_examined examined;
  civil_date on;
  std::uint64_t seq = 0;
};

/// The evidence as it was closed one day.
struct filed_evidence {
  bytes32 digest{};
  civil_date as_of;
  std::uint64_t seq = 0;
};

struct established_carence {
  carence_found found;
  civil_date on;
  std::uint64_t seq = 0;
};

/// Everything recorded about one territory.
struct territory_file {
  std::optional<noted_obligation> obligation;
  std::vector<sent_reminder> reminders;
  std::vector<found_point> points;      ///< as they were recorded: a later one prevails
  std::vector<filed_evidence> evidence; ///< as it was filed
  std::optional<established_carence> carence;
  std::optional<act_id> substitution;        ///< the last one ordered
  std::optional<authority_passed> authority; ///< the epoch in force; absent: the first, of the territory's own node
  std::uint64_t authority_seq = 0;           ///< its entry
  std::optional<passing_prepared> prepared;  ///< of the next epoch, until it is opened
  std::uint64_t prepared_seq = 0;
};

class procedures_book {
public:
  /// Entries that it folds.
  static bool folds(const event& happened);
  void apply(subject_id subject, const record& happened, std::uint64_t seq);
  std::uint64_t last_seq(subject_id subject) const;

  const std::map<siren, territory_file>& territories() const { return territories_; }
  const std::map<act_id, state_act>& acts() const { return acts_; }
  const std::map<procedure_id, participation_procedure>& procedures() const { return procedures_; }
  const std::vector<checklist>& specifications() const { return specifications_; }
  const territory_file* find(siren territory) const;
  const state_act* find(act_id id) const;
  const participation_procedure* find(procedure_id id) const;
  /// The evidence of the territory that was filed with this digest; null when none was.
  const filed_evidence* find(siren territory, const bytes32& digest) const;

  /// What is joined, as this prefect has last examined it; null where he has not, or as something else.
  const examined_joinable* find(const adhesion_decided& joined) const;
  /// The same, on a day.
  std::optional<conformity> conformity_of(const adhesion_decided& joined, bool ile_de_france, civil_date day) const;
  /// Of the last arrêté by which this authority has instituted the territory's dispositif; absent where none has.
  std::optional<act_standing> substitution_of(siren territory, civil_date day) const;
  /// Where the territory's dispositif stands on the day, `side` being what its own stream says; null when nothing of
  /// it has ever been received.
  existence_facts existing(siren territory, const dispositif_book* side, bool ile_de_france, civil_date day) const;

private:
  struct folding;

  void keep_act(const act& signed_act, siren territory, act_publicity needed, civil_date on, std::uint64_t seq);
  /// Of one of the territory's own, on a day of its term.
  conformity conformity_of(const service_term& own, const territory_file& file, bool ile_de_france,
                           civil_date day) const;
  /// What is joined, as this prefect had last examined it by that day; null where he had not.
  const examined_joinable* examined_by(const adhesion_decided& joined, civil_date day) const;
  /// Whether what served in this term conformed on one of its days, by what is known now.
  bool conformed(const service_term& term, const territory_file& file, bool ile_de_france, civil_date day) const;
  /// Between these two days, both included: the first, and those on which what is known of the term changed.
  std::set<civil_date> days_to_look_at(const service_term& term, const territory_file& file, civil_date from,
                                       civil_date to) const;
  /// What served on the day of the carence, or after it up to this one, conformed.
  bool is_over(const territory_file& file, const dispositif_book& side, bool ile_de_france, civil_date day) const;

  std::map<siren, territory_file> territories_;
  std::map<act_id, state_act> acts_;
  std::map<procedure_id, participation_procedure> procedures_;
  std::vector<checklist> specifications_;
  /// One may operate several: who joins one of them names it by these.
  using joinable_key = std::tuple<siren, joinable, dispositif_level>;
  std::map<joinable_key, std::vector<examined_joinable>> joinables_; ///< the last ones, as they were recorded
  std::map<subject_id, std::uint64_t> last_seqs_;
};

/// What concerns one territory, in a State authority's stream.
subject_id subject_of_territory(siren territory);

/// Whom an event of the prefect's is about; absent for one about an act or a procedure, which know.
std::optional<siren> territory_of(const event& happened);
/// The same, wherever the book has to say.
std::optional<siren> territory_of(const procedures_book& book, const event& happened);

decision decide(const procedures_book& book, const settings& s, const command& asked, const facts& known);
std::vector<subject_id> subjects_of(const procedures_book& book, const command& asked);

/// What the prefect may do about a territory's dispositif, or why not yet.
enum class prefect_power : std::uint8_t { find_carence, substitute_for_carence, substitute_for_absence };
constexpr auto names_of(prefect_power) {
  return std::to_array<std::string_view>({"find_carence", "substitute_for_carence", "substitute_for_absence"});
}
struct power_finding {
  prefect_power power{};
  std::optional<refusal> barred_by; ///< absent: he may
};
std::vector<power_finding> powers_over(const procedures_book& book, siren territory, const existence_facts& existing,
                                       civil_date day);

} // namespace toit::law
