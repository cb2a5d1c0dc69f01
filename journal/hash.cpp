#include "journal/hash.hpp"

#include <sodium.h>

namespace toit::journal {

bytes32 hash(hash_purpose purpose, std::initializer_list<byte_view> parts, byte_view key) {
  crypto_generichash_blake2b_state state;
  bytes32 digest;
  law::require(crypto_generichash_blake2b_init_salt_personal(&state, key.empty() ? nullptr : key.data(), key.size(),
                                                             digest.size(), nullptr, purpose.data()) == 0,
               "BLAKE2b accepts keys of at most 64 bytes");
  for (auto part : parts)
    crypto_generichash_blake2b_update(&state, part.data(), part.size());
  crypto_generichash_blake2b_final(&state, digest.data(), digest.size());
  return digest;
}

void put_u32(bytes& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(value >> shift));
}

void put_u64(bytes& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(value >> shift));
}

void put(bytes& out, byte_view part) { out.insert(out.end(), part.begin(), part.end()); }

} // namespace toit::journal
