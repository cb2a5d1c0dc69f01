/// \file
/// The keys of a node and of its streams, and what is encrypted under them.
///
/// A stream has one secret an epoch, from which its working keys are derived by purpose, and one index key for its
/// whole life. Both are stored sealed to each recipient: the node's operating key, and the ordering authority's escrow
/// key.

#pragma once

#include "journal/chain.hpp"

#include <expected>
#include <map>

namespace toit::journal {

/// Of an encrypted payload.
constexpr std::size_t entry_nonce_bytes = 24;
/// A key of 32 bytes in a box that libsodium seals.
constexpr std::size_t sealed_key_box_bytes = 80;

/// What a node had before its keys were changed.
struct former_keys {
  bytes32 signing_seed{};
  bytes32 operating_secret{};
};

/// The node's own secrets, read from a file that its owner alone can read.
struct node_keys {
  bytes32 signing_seed{};
  bytes32 operating_secret{};        ///< X25519
  std::vector<former_keys> former{}; ///< the latest first: they open what was written then, and sign one thing, that
                                     ///< these are the keys now

  static node_keys generate();
  /// This one, and `before` as it was.
  node_keys following(const node_keys& before) const;
};
/// Of the present and of the former keys, in this order.
std::vector<public_key> signing_publics(const node_keys& keys);
std::vector<bytes32> operating_secrets(const node_keys& keys);

bytes32 operating_public(const bytes32& operating_secret);

/// The key with which the node's links to others are encrypted (X25519, as CURVE has it), and what others know of it.
bytes32 link_secret(const node_keys& keys);
bytes32 link_public(const node_keys& keys);

enum class key_purpose : std::uint8_t { stream, index };

/// For the rows of accounts, sealed under the keys of the stream that they are of.
constexpr hash_purpose accounts_purpose = "toit.accounts";

/// A stream key as it is stored and travels: encrypted to one recipient, signed by the node that made it. Anybody can
/// encrypt to a public key: without the signature a stranger could slip in a key that he knows.
struct sealed_key {
  ports::stream_id stream;
  std::uint32_t epoch = 0; ///< of a stream key; 0 for an index key
  key_purpose purpose{};
  bytes32 recipient{}; ///< X25519 public key
  bytes box;
  journal::key_id key_id{};
  journal::signature signature{};
};

sealed_key seal_key(const ports::stream_id& stream, std::uint32_t epoch, key_purpose purpose, const bytes32& secret,
                    const bytes32& recipient, const signing_key& signer);
void sign(sealed_key& sealed, const signing_key& signer);
bool verify(const sealed_key& sealed, const public_key& signer);
/// Absent when the box is not for this key or was altered.
std::optional<bytes32> open_key(const sealed_key& sealed, const bytes32& operating_secret);
/// The same with the present key or a former one.
std::optional<bytes32> open_key(const sealed_key& sealed, const node_keys& keys);

/// What one node alone may read, as base64: anybody can make one, so what is in it says who it is from.
std::string seal_box(const bytes32& recipient, byte_view plain);
/// Absent when the box is not for this key or was altered.
std::optional<bytes> open_box(std::string_view box, const bytes32& operating_secret);
/// Characters of a box of so many bytes.
constexpr std::size_t box_characters(std::size_t plain_bytes) { return (plain_bytes + 48 + 2) / 3 * 4; }

/// The opened keys of one stream.
class stream_keys {
public:
  explicit stream_keys(ports::stream_id stream) : stream_{stream} {}

  void add(std::uint32_t epoch, const bytes32& secret);
  void set_index(const bytes32& secret) { index_ = secret; }

  const ports::stream_id& stream() const { return stream_; }
  bool has(std::uint32_t epoch) const { return secrets_.contains(epoch); }
  /// A replica's: its host alone reads it.
  bool open_nothing() const { return secrets_.empty(); }
  bool has_index() const { return index_.has_value(); }
  std::uint32_t latest_epoch() const;
  template <class Visitor>
  void for_each_epoch(Visitor&& visit) const {
    for (const auto& [epoch, keys] : secrets_)
      visit(epoch, keys.secret);
  }
  /// The stream must have it.
  const bytes32& index() const { return index_key(); }

  /// XChaCha20-Poly1305 with a random nonce; stream, epoch and subject are bound to it.
  ports::sealed_payload encrypt(std::uint32_t epoch, law::subject_id subject, byte_view plain) const;
  /// Absent when the payload was altered or belongs elsewhere.
  std::optional<bytes> decrypt(std::uint32_t epoch, law::subject_id subject, byte_view nonce, byte_view content) const;

  /// What opens the payload that has this nonce, and nothing else of the stream: see `open_disclosed`. Absent without
  /// the epoch's key.
  std::optional<bytes32> disclosure_key(std::uint32_t epoch, byte_view nonce) const;

  bytes32 number_key(law::nud number) const;
  /// Tells a document filed twice in one dossier, and nothing across dossiers.
  bytes32 document_digest(law::dossier_id dossier, byte_view content) const;
  /// Of a secret or a key that the stream must recognise, wherever it is hosted.
  bytes32 digest(std::string_view purpose, byte_view content) const;

  /// For local files and rows of this stream's host: snapshots, accounts, logs.
  bytes seal_local(hash_purpose purpose, byte_view plain) const;
  std::optional<bytes> open_local(hash_purpose purpose, byte_view sealed) const;

private:
  struct epoch_keys {
    bytes32 secret{};
    bytes32 entries{};
  };
  const epoch_keys& keys_of(std::uint32_t epoch) const;
  const bytes32& index_key() const;

  ports::stream_id stream_;
  std::map<std::uint32_t, epoch_keys> secrets_;
  std::optional<bytes32> index_;
};

/// Opens one payload with the key that was disclosed for it. Absent when the two do not belong together, or elsewhere.
std::optional<bytes> open_disclosed(const bytes32& disclosed, const ports::stream_id& stream, std::uint32_t epoch,
                                    law::subject_id subject, byte_view nonce, byte_view content);

/// One-shot authenticated encryption under a key used once or with a random nonce put in front.
bytes encrypt_with(const bytes32& key, byte_view plain, byte_view bound_to);
std::optional<bytes> decrypt_with(const bytes32& key, byte_view sealed, byte_view bound_to);

} // namespace toit::journal
