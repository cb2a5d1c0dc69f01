/// \file
/// What must hold of any bytes taken for something packed: checked by random mutation in tests, and by the fuzzer.

#pragma once

#include "journal/codec.hpp"

namespace toit::fuzz {

/// Whether the bytes decode as an entry's payload. Ends the process when a record packs otherwise than the bytes it
/// came from, but for the fields that an older entry lacks, or when packing and unpacking do not come to rest.
bool try_payload(journal::byte_view content);

/// The same of a payload (0), a line of the log (1), a head (2), an account (3), or a row of a snapshot (4 and above).
bool try_packed(std::uint8_t kind, journal::byte_view content);

} // namespace toit::fuzz
