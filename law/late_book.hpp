/// \file
/// What a former host had recorded beyond the cut: what became of each entry, and what is said of those that nobody
/// outside had witnessed, or that contradict what is there.
///
/// Text       L441-2-7 al. 4: what was recorded in the name of the dispositif before its authority passed.
///            docs/readings.md, 40.
/// Not here   whether an entry is asked for again, and how: authority.hpp, actors/late_entries.

#pragma once

#include "law/decide.hpp"

#include <map>
#include <span>

namespace toit::law {

struct late_file {
  late_entry_settled settled;
  std::uint64_t settled_seq = 0;             ///< the entry that says what became of it
  std::optional<late_entry_reviewed> review; ///< the last one
  std::uint64_t reviewed_seq = 0;
  party reviewed_by;
  civil_date reviewed_on;

  /// What a State node has countersigned stands by itself, unless who made it knew that he hosted no more; what the
  /// host draws anew is nobody's to look at.
  bool awaits_review() const { return is_reviewable() && !review; }
  bool is_reviewable() const {
    return settled.outcome != late_outcome::dropped &&
           (!settled.witnessed || settled.knowing || settled.outcome == late_outcome::conflict);
  }
};

class late_book {
public:
  using key = std::pair<std::uint32_t, std::uint64_t>; ///< epoch of the cut, sequence

  /// Entries that it folds.
  static bool folds(const event& happened);
  void apply(subject_id subject, const record& happened, std::uint64_t seq);
  std::uint64_t last_seq(subject_id subject) const;

  const std::map<key, late_file>& files() const { return files_; }
  /// Null when it was not settled here.
  const late_file* find(key entry) const;
  /// As the entry that settled it names it; empty when there is none.
  subject_id subject_of(key entry) const;

private:
  std::map<key, late_file> files_;
  std::map<key, subject_id> subjects_;
  std::map<subject_id, std::uint64_t> last_seqs_;
};

/// Whose word counts: who answers for the dispositif, or operates it. While the prefect answers in the place of the
/// EPCI, his alone, by agents whom he himself has let in (`by_its_own`): the EPCI, and whoever operated for it, would
/// judge what they have done themselves.
bool may_review(party who, std::span<const capacity> capacities, const std::optional<authority_in_force>& now,
                bool by_its_own);

/// For who may not review: what a refusal says of a dossier (an article alone may say DALO), and what somebody wrote,
/// stay out.
late_file without_reasons(late_file file);

decision decide(const late_book& book, const settings& s, const command& asked, const facts& known);

std::vector<subject_id> subjects_of(const late_book& book, const command& asked);

} // namespace toit::law
