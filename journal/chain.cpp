#include "journal/chain.hpp"

#include <sodium.h>

namespace toit::journal {

bytes32 commitment_of(byte_view nonce, byte_view content) {
  law::require(nonce.size() <= 0xFF, "a nonce's length fits in a byte");
  auto length = static_cast<std::uint8_t>(nonce.size());
  return hash("toit.commitment", {{&length, 1}, nonce, content});
}

bytes32 leaf_of(const entry_header& header) {
  bytes fields;
  fields.reserve(76);
  put_u64(fields, header.seq);
  put_u32(fields, header.epoch);
  put_u64(fields, static_cast<std::uint64_t>(header.recorded_at_ms));
  put(fields, header.subject.bytes);
  put_u64(fields, header.previous);
  put(fields, header.commitment);
  return hash("toit.leaf", {fields});
}

bytes32 first_link(const ports::stream_id& stream) { return hash("toit.stream", {view_of(stream.view())}); }

bytes32 next_link(const bytes32& previous, const bytes32& leaf) { return hash("toit.link", {previous, leaf}); }

bytes head_message(const ports::signed_head& head) {
  bytes message;
  put(message, view_of("toit.head.1"));
  message.push_back(static_cast<std::uint8_t>(head.stream.view().size()));
  put(message, view_of(head.stream.view()));
  put_u32(message, head.epoch);
  put_u64(message, head.first);
  put_u64(message, head.seq);
  put(message, head.link);
  put_u64(message, head.ordering_seq);
  return message;
}

key_id id_of(const public_key& key) {
  auto digest = hash("toit.key", {key});
  key_id id;
  std::copy_n(digest.begin(), id.size(), id.begin());
  return id;
}

signing_key::signing_key(const bytes32& seed) { crypto_sign_seed_keypair(public_.data(), secret_.data(), seed.data()); }

signing_key::~signing_key() { sodium_memzero(secret_.data(), secret_.size()); }

void signing_key::sign(ports::signed_head& head) const {
  head.key_id = id_of(public_);
  head.signature = sign(head_message(head));
}

signature signing_key::sign(byte_view message) const {
  signature made;
  crypto_sign_detached(made.data(), nullptr, message.data(), message.size(), secret_.data());
  return made;
}

bool verify(const ports::signed_head& head, const public_key& key) {
  return head.key_id == id_of(key) && verify(head_message(head), head.signature, key);
}

bool verify(byte_view message, const signature& of, const public_key& key) {
  return crypto_sign_verify_detached(of.data(), message.data(), message.size(), key.data()) == 0;
}

} // namespace toit::journal
