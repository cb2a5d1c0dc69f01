/// \file
/// The journal of a simulated node, on its disk.

#pragma once

#include "journal/node_journal.hpp"
#include "simulation/world/virtual_disk.hpp"

namespace toit::simulation {

/// Store, log and snapshots; keys and time are for whoever opens it to say. The disk outlives the journal.
journal::journal_setup journal_on(virtual_disk& disk);

bool has_journal(virtual_disk& disk);

/// Rows as they are on disk.
std::unique_ptr<journal::store_reader> open_rows_on(const virtual_disk& disk);

} // namespace toit::simulation
