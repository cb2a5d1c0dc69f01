/// \file
/// Which node hosts each stream now. The directory says who did at first; entries of the ordering authorities' streams
/// say who does since.
///
/// Text       L441-2-7 al. 2 and 4; the entries are `passing_prepared` and `authority_passed`.

#pragma once

#include "federation/directory.hpp"
#include "ports/federation.hpp"

namespace toit::federation {

using ports::authorities;
using ports::host_epoch;
using ports::stream_hosts;

/// The directory as if it had been issued with these hosts. The node that it lists itself, and the next one, hold the
/// stream all the same (`territory_entry::holders`). Nodes that it does not know change nothing.
directory with_hosts(const directory& issued, const authorities& now);

/// The last epoch of the stream that has been opened.
std::uint32_t epoch_of(const authorities& now, const stream_id& stream);

/// Who hosted each epoch of the stream, the first one too: who hosts the first that was opened stands for it where the
/// directory lists nobody. Empty when nobody ever did.
std::vector<host_epoch> hosts_of(const directory& issued, const authorities& now, const stream_id& stream);

/// Who hosted this epoch of the stream; null when nobody whom the directory knows.
const node_entry* host_in(const directory& issued, const authorities& now, const stream_id& stream,
                          std::uint32_t epoch);

} // namespace toit::federation
