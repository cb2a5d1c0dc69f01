/// \file
/// Which key signs a stream's heads: that of its opening, then those that its own entries name: changes of
/// key (kind 117) and cuts (kind 124). docs/journal-format.md, *Change of key* and *Cut*.

#pragma once

#include "journal/store.hpp"

namespace toit::journal {

/// A key of a stream, and from where on it signs.
struct named_signer {
  public_key key{};
  std::uint32_t epoch = 0;
  std::uint64_t named_at = 0; ///< the entry that names it: it signs the heads beyond; 0: the opening, which it signs
  friend bool operator==(const named_signer&, const named_signer&) = default;
};
std::vector<public_key> public_keys_of(std::span<const named_signer> signers);

/// Whom the entries that change a stream's key are about.
law::subject_id subject_of_keys(const ports::stream_id& stream);

/// The key that the record names for the heads after it, when it is such a change. It counts where a head stands at it;
/// that of a cut where it is alone under one.
std::optional<public_key> key_named_by(const ports::stream_id& stream, law::subject_id subject,
                                       const law::record& record);

/// What stands right before an entry.
struct place_before {
  std::uint32_t epoch = 0;
  std::uint64_t seq = 0;
  bytes32 link{};
};
/// The cut that an entry is [L441-2-7-4-1]: it begins the epoch of its header, which is later than the one before, and
/// names the entry that it follows. Absent for any other, and for a cut that does not say where it stands.
std::optional<law::authority_cut> cut_that_is(const ports::stream_id& stream, const entry_header& header,
                                              const law::record& record, const place_before& before);

/// The sequences of the changes and cuts, the last first. Looked for among the headers from the end back.
std::vector<std::uint64_t> changes_of_key(store_reader& rows, const ports::stream_id& stream);

/// The first first. What is here was checked when it came: the first entry of an epoch is its cut.
std::vector<ports::cut_place> cuts_of(store_reader& rows, const ports::stream_id& stream);
std::optional<law::authority_cut> cut_at(store_reader& rows, const ports::stream_id& stream, std::uint64_t seq);

std::optional<public_key> opening_key(store_reader& rows, const ports::stream_id& stream);

/// From that of the opening to that of the next head, as far as the stream is here. Empty where there is no
/// opening. What is here was checked when it came.
std::vector<named_signer> named_signers_of(store_reader& rows, const ports::stream_id& stream);
std::vector<public_key> signers_of(store_reader& rows, const ports::stream_id& stream);

} // namespace toit::journal
