/// \file
/// Records as the payloads of entries, and back. docs/entry-catalogue.md lists what each kind holds.

#pragma once

#include "journal/hash.hpp"

namespace toit::journal {

/// The first element of every payload.
constexpr std::uint8_t payload_version = 1;

/// Entries of T and S, and those of D that must be seen without a key.
bool is_in_clear(const law::event& happened);

bytes encode(const law::record& record);

/// Absent for bytes that are no record of this version's catalogue.
std::optional<law::record> decode(byte_view payload);
/// The same, null instead of absent.
ports::record_ptr decode_shared(byte_view payload);

} // namespace toit::journal
