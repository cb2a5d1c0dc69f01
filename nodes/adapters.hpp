/// \file
/// Ports of the actors that the journal's own cryptography serves.

#pragma once

#include "journal/node_journal.hpp"
#include "ports/accounts.hpp"

namespace toit::nodes {

/// Accounts as rows sealed under the stream's keys.
std::shared_ptr<ports::account_sealer> make_account_sealer(std::shared_ptr<const journal::key_ring> keys,
                                                           ports::stream_id stream);

/// BLAKE2b under the stream's index key, which goes with the stream: a command repeated on another host is still known.
std::shared_ptr<ports::digester> make_digester(std::shared_ptr<const journal::key_ring> keys, ports::stream_id stream);

/// BLAKE2b of 32 bytes, without a key.
law::bytes32 plain_digest(std::span<const std::uint8_t> content);

} // namespace toit::nodes
