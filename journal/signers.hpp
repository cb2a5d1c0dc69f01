/// \file
/// Which key signs a stream's heads: that of its opening, then those that its own entries name (kind 117).
/// docs/journal-format.md, *Change of key*.

#pragma once

#include "journal/store.hpp"

namespace toit::journal {

/// Whom the entries that change a stream's key are about.
law::subject_id subject_of_keys(const ports::stream_id& stream);

/// The key that the record names for the heads after it, when it is such a change. It counts where a head stands at it.
std::optional<public_key> key_named_by(const ports::stream_id& stream, law::subject_id subject,
                                       const law::record& record);

/// The sequences of the changes, the last first. Looked for among the headers from the end back.
std::vector<std::uint64_t> changes_of_key(store_reader& rows, const ports::stream_id& stream);

/// From that of the opening to that of the next head, as far as the stream is here. Only the first where every head is
/// its; empty where there is no opening. What is here was checked when it came.
std::vector<public_key> signers_of(store_reader& rows, const ports::stream_id& stream);

} // namespace toit::journal
