/// \file
/// Streams as they travel, read from the store.

#pragma once

#include "journal/store.hpp"

namespace toit::journal {

/// The sealed keys of a stream, all of them.
law::list<ports::travelling_key, 1024> keys_of(store_reader& rows, const ports::stream_id& stream);

sealed_key key_brought(const ports::stream_id& stream, const ports::travelling_key& key);

/// An entry that was brought, as it would lie on disk after this link. Nonce and content are there both, or neither.
entry_row row_brought(const ports::sealed_entry& entry, const bytes32& link_before);

/// What these entries take of a message.
ports::batch_load load_of(std::span<const entry_row> entries);
/// Whether the batch that ends with this head can be carried on. `entries` follow the entry `after`, one by one, and
/// reach to the head's.
bool fits_into_message(std::span<const entry_row> entries, std::uint64_t after, const ports::signed_head& head);

std::unique_ptr<ports::transfer_source> open_transfers(std::unique_ptr<store_reader> rows);

} // namespace toit::journal
