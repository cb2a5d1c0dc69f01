/// \file
/// Snapshots as encrypted files.

#pragma once

#include "journal/node_journal.hpp"
#include "ports/files.hpp"
#include "ports/snapshots.hpp"

namespace toit::journal {

/// `open_rows` gives a reader of the store, to hold a snapshot's place against the journal.
std::shared_ptr<ports::snapshots> open_snapshots(std::shared_ptr<ports::files> folder,
                                                 std::shared_ptr<const key_ring> keys,
                                                 std::function<std::unique_ptr<store_reader>()> open_rows);

} // namespace toit::journal
