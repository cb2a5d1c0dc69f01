/// \file
/// Checks what another node brings of a stream against what is here: sequence, hashes, heads, keys, opening, cuts,
/// erasures. Decides and writes nothing.

#pragma once

#include "journal/signers.hpp"

namespace toit::journal {

/// What is here of the stream up to an entry at which a head ends.
struct replica_place {
  std::uint64_t seq = 0;
  std::uint32_t epoch = 0;
  std::int64_t recorded_at_ms = 0;
  bytes32 link{};
  std::uint64_t ordering_seq = 0;    ///< of the last head
  std::vector<named_signer> signers; ///< from that of the opening to that of the next head
};

/// What is here of the stream before the transfer.
struct replica_view {
  replica_place at;
  /// The link of an entry that is here.
  std::function<std::optional<bytes32>(std::uint64_t)> link_of;
  /// The subject of an entry that is here.
  std::function<std::optional<law::subject_id>(std::uint64_t)> subject_of;
  /// Whether the payload of an entry that is here is gone.
  std::function<bool(std::uint64_t)> is_erased;
  /// What was here before the next head; absent where no head ends at this entry.
  std::function<std::optional<replica_place>(std::uint64_t)> place_at;
  /// Who has signed the key that is here of this epoch, purpose and recipient; absent where none is.
  std::function<std::optional<key_id>(const sealed_key&)> signer_of;
};

struct checked_transfer {
  ports::transfer_status status{};
  std::uint64_t at = 0;                            ///< the sequence at which it failed
  std::optional<ports::signed_head> other_history; ///< signed by the same host: what proves a fork
  /// A cut leaves out what is here beyond this entry: the rows follow it.
  std::optional<std::uint64_t> rewound_to;
  stream_rows rows;                      ///< what is new: entries, heads, payloads to be emptied
  std::vector<std::uint64_t> came_empty; ///< without payload
  std::vector<std::uint64_t> accounted;  ///< had come so, and an entry says that they were erased
  std::vector<sealed_key> keys;
  std::vector<ports::account_row> accounts; ///< empty rows of those that are closed
  std::vector<named_signer> signers;        ///< after it, as in the view
};

checked_transfer check_transfer(const ports::transfer& brought, const replica_view& here);

} // namespace toit::journal
