/// \file
/// Holds what is brought of an orphan tail [L441-2-7-4-1] against what is here of it: sequence, hashes, heads, marks.
/// Decides and writes nothing.

#pragma once

#include "journal/store.hpp"

namespace toit::journal {

/// An entry of a tail, or the one that a tail begins after.
struct tail_place {
  std::uint64_t seq = 0;
  std::uint32_t epoch = 0;
  std::int64_t recorded_at_ms = 0;
  bytes32 link{};
  std::uint64_t ordering_seq = 0; ///< of the head that ends there
};

/// The row is what comes next in a tail that this cut has left out.
bool follows(const tail_place& before, const entry_row& row, std::uint32_t cut);
/// The head is that of the batch after `before` which the row ends.
bool ends_batch(const ports::signed_head& head, const tail_place& before, const entry_row& last);

/// What is here of the tail before.
struct orphan_view {
  std::uint64_t begins_after = 0; ///< the entry that the cut names
  tail_place at;                  ///< where the tail ends here: that entry where nothing of it is
  /// The link of an entry of the tail.
  std::function<std::optional<bytes32>(std::uint64_t)> link_of;
  std::function<bool(const ports::witness_mark&)> has_mark;
  /// An entry of the tail that is here without its payload.
  std::function<bool(std::uint64_t)> is_empty{};
};

struct checked_orphans {
  ports::transfer_status status{};
  orphan_rows rows; ///< what is new
};

checked_orphans check_orphans(const ports::orphan_tail& brought, const orphan_view& here);

} // namespace toit::journal
