/// \file
/// What must hold of any run, read from the entries themselves by the shortest way: nothing here asks the actors, and
/// little asks law/.
///
/// The properties P1 to P9 are those of docs/readings.md.

#pragma once

#include "simulation/world/cast.hpp"

namespace toit::simulation {

/// All that a checker looks at.
struct evidence {
  std::vector<ports::stored_entry> entries; ///< of the stream, in order, as each was before any erasure
  std::vector<ports::stored_entry> at_last; ///< the same as they are on disk, without record once erased
  std::vector<receipt> receipts;            ///< everything that was acknowledged in the run
  std::set<law::civil_date> disturbed_days; ///< on which the node was down, frozen, full or stalled for a while
  std::vector<law::dossier> registry;       ///< what the registry says it has
  register_page dwellings;                  ///< the same, of what names no demandeur
  contingents_ptr contingents;
  std::vector<law::document_id> vault; ///< documents whose file is there, once it has been swept
  law::civil_date today;
};

struct fault {
  std::string checker;
  std::string what;
};

/// Chain, signatures, subjects' order, payloads and erasures: what `toit verify` looks at, with the keys.
std::vector<fault> check_chain(world& w);

/// Every check that reads entries: receipts kept, commands whole, origins, leases, ranks, charges, terms, replay,
/// order, documents.
std::vector<fault> check_entries(const evidence& seen);

/// Who may read what, told again in a few lines for the players of a run (P5).
bool may_be_read(const cast& c, const read_request& asked, const law::dossier* d, bool code_valid);

} // namespace toit::simulation
