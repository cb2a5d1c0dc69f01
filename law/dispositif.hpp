/// \file
/// Whether a territory has its dispositif: owed, being set up, in service, lost, in carence, instituted by the prefect.
///
/// Text       L441-2-7 al. 1, 2 and 4; R441-2-15 IV. What a machine may say ends where the prefect decides: it never
///            finds a carence (docs/readings.md, 37).
/// Not here   the life of the prefect's act (acts.hpp); who holds the authority and since when: it comes with taking
///            over.

#pragma once

#include "law/acts.hpp"
#include "law/decide.hpp"
#include "law/existence.hpp"

namespace toit::law {

/// What is known, of whichever stream, to say where the dispositif stands.
struct existence_facts {
  law::concern concern{};
  std::optional<civil_date> begun_on;
  std::optional<civil_date> in_service_on;            ///< one of its own
  std::optional<civil_date> adhered_on;               ///< one that it has joined
  std::optional<law::conformity> conformity;          ///< of what serves, under the checklists of the day
  std::optional<civil_date> carence_on;               ///< of one that is not over
  std::optional<act_standing> substitution;           ///< of the last arrêté that instituted one
  std::optional<act_standing> substitution_elsewhere; ///< of that of an authority that was competent before
  bool unheard = false; ///< the territory has a node, of whose journal nothing has come: what it has done is not known
  bool found_unheard = false; ///< the carence: the prefect has said that nothing had ever been heard
};

existence existence_of(const existence_facts& known);

// What each may do next, on a day that is not before what it rests on. `conformity` is that of what would serve.
check may_begin(const existence_facts& known);
check may_put_in_service(const existence_facts& known, const conformity& found, civil_date day);
/// `host` is absent where the competent prefect has examined no such dispositif.
check may_adhere(const existence_facts& known, const std::optional<conformity>& host);
check may_leave(const existence_facts& known, civil_date day);
/// `nothing_heard` is the prefect's own word for a territory of whose journal nothing has ever come.
check may_find_carence(const existence_facts& known, std::optional<civil_date> due_on, bool nothing_heard,
                       civil_date day);
check may_substitute(const existence_facts& known, substitution_ground ground, civil_date day);

/// What has served for some time, whether it conformed or not: another's stream is folded as it comes.
struct service_term {
  std::optional<adhesion_decided> joined;   ///< absent: one of the territory's own
  std::vector<checklist_findings> declared; ///< of its own
  civil_date since;
  std::uint64_t seq = 0;           ///< the entry by which it began to serve
  std::optional<civil_date> until; ///< the day on which another took its place, or it was left
};

/// What the territory's own stream says of its dispositif.
class dispositif_book {
public:
  /// Entries that it folds.
  static bool folds(const event& happened);
  void apply(subject_id subject, const record& happened, std::uint64_t seq);
  std::uint64_t last_seq(subject_id subject) const;

  const std::map<convention_id, convention_file>& conventions() const { return conventions_; }
  const convention_file* find(convention_id id) const;
  /// The last one proposed; null when there is none.
  const convention_file* current() const;
  /// What it has joined; null when nothing.
  const adhesion_decided* adhesion() const;
  /// What serves; null when nothing does.
  const service_term* serving() const;
  /// The last terms, in the order in which they were recorded; what serves is the last one.
  const std::vector<service_term>& terms() const { return terms_; }

  /// What this stream says by itself, on the day and under the checklists of that day.
  existence_facts existing(std::span<const checklist> regional, bool ile_de_france, civil_date day) const;

private:
  void end_term(civil_date on);
  void begin_term(service_term next);

  std::optional<civil_date> begun_on_;
  std::vector<service_term> terms_;
  std::map<convention_id, convention_file> conventions_;
  std::optional<convention_id> current_;
  std::map<subject_id, std::uint64_t> last_seqs_;
};

/// What is done about the dispositif in the territory's stream, its convention and the answers to it included.
subject_id subject_of_dispositif();

decision decide(const dispositif_book& book, const settings& s, const command& asked, const facts& known);
std::vector<subject_id> subjects_of(const dispositif_book& book, const command& asked);

} // namespace toit::law
