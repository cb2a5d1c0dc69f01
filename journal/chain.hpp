/// \file
/// Headers, leaves, links and signed heads: what makes a stream tamper-evident. docs/journal-format.md is normative.

#pragma once

#include "journal/hash.hpp"

namespace toit::journal {

/// What an entry says in clear.
struct entry_header {
  std::uint64_t seq = 0; ///< 1 for the first entry of a stream
  std::uint32_t epoch = 0;
  std::int64_t recorded_at_ms = 0; ///< since 1970-01-01T00:00:00Z
  law::subject_id subject;
  std::uint64_t previous = 0; ///< the subject's entry before this one, 0 for its first
  bytes32 commitment{};
};

/// Binds the payload, and where its nonce ends: what is in clear cannot be passed off as encrypted, nor the reverse.
bytes32 commitment_of(byte_view nonce, byte_view content);
bytes32 leaf_of(const entry_header& header);
bytes32 first_link(const ports::stream_id& stream);
bytes32 next_link(const bytes32& previous, const bytes32& leaf);

/// What a head's signature covers.
bytes head_message(const ports::signed_head& head);

using public_key = bytes32;
using key_id = std::array<std::uint8_t, 8>;
using signature = std::array<std::uint8_t, 64>;
key_id id_of(const public_key& key);

/// Ed25519; the secret half lives in the node's key file alone.
class signing_key {
public:
  explicit signing_key(const bytes32& seed);
  ~signing_key();
  signing_key(const signing_key&) = delete;
  signing_key& operator=(const signing_key&) = delete;

  const public_key& public_half() const { return public_; }
  void sign(ports::signed_head& head) const;
  /// `message` begins with words that say what is signed, so that no signature can be taken for another.
  signature sign(byte_view message) const;

private:
  public_key public_{};
  std::array<std::uint8_t, 64> secret_{};
};

bool verify(const ports::signed_head& head, const public_key& key);
bool verify(byte_view message, const signature& of, const public_key& key);

} // namespace toit::journal
