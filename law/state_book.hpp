/// \file
/// What a State authority has recorded in its own stream: commands to territories and what became of them, waiting
/// thresholds.
///
/// Text       R441-2-15 I-2 (mentions of DALO), L441-1-4 and R441-2-15 II-2 (waiting threshold of each département).

#pragma once

#include "law/decide.hpp"

#include <map>

namespace toit::law {

/// A command, by its entry. Once it is closed what it asked for is gone.
struct issued_command {
  std::uint64_t issued = 0;
  text<16> addressee;
  std::optional<instant> valid_until; ///< absent once it is closed and folded again
  subject_id subject;
  command_id id;
  std::uint64_t executed = 0; ///< entry of the addressee's stream that says what became of it; 0: not known yet
};

class state_book {
public:
  void apply(subject_id subject, const record& happened, std::uint64_t seq);

  const std::map<std::uint64_t, issued_command>& commands() const { return commands_; }
  /// Null when there is none.
  const issued_command* find(command_id id) const;
  const std::vector<waiting_threshold_set>& thresholds() const { return thresholds_; }

  /// Last entry about a subject of this book, 0 for none.
  std::uint64_t last_seq(subject_id subject) const;

private:
  std::map<std::uint64_t, issued_command> commands_;
  std::map<command_id, std::uint64_t> issued_;
  std::vector<waiting_threshold_set> thresholds_;
  std::map<subject_id, std::uint64_t> last_seqs_;
};

/// The waiting threshold in force on a day: that of the typology before that of all; absent where none was set.
// [R441-2-15-II-2]
const waiting_threshold_set* threshold_in_force(std::span<const waiting_threshold_set> set,
                                                departement_code departement, typology asked, bool mutation,
                                                civil_date day);

decision decide(const state_book& book, const settings& s, const command& asked, const facts& known);

std::vector<subject_id> subjects_of(const state_book& book, const command& asked);

} // namespace toit::law
