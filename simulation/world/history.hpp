/// \file
/// What a run has seen of the stream, entry by entry, as each was before any erasure.

#pragma once

#include "simulation/world/checkers.hpp"
#include "simulation/world/play.hpp"

namespace toit::simulation {

/// How often something happened, by name: "command.leased", "refusal.E_BUSY", "fault.crash".
using tally = std::map<std::string, std::uint64_t>;

class history {
public:
  /// Reads what is on disk and new; the play hears it.
  void look(world& w, play& p);

  const std::vector<ports::stored_entry>& entries() const { return entries_; }

  /// What came after this entry is gone for good, and not by the node's fault.
  void forget_after(std::uint64_t seq, play& p);

  /// The stream as it is on disk at last, from its beginning.
  static std::vector<ports::stored_entry> read_all(world& w);

  /// Nothing that was seen on disk is gone or other than it was, but what a tombstone names.
  std::vector<fault> compare(const std::vector<ports::stored_entry>& at_last) const;

  /// Counts the kinds of entries, and the deadlines that took effect.
  void count(tally& counts) const;

private:
  std::vector<ports::stored_entry> entries_;
};

} // namespace toit::simulation
