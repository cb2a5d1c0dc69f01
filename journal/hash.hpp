/// \file
/// BLAKE2b with the purpose of each hash written into it, and the byte order of everything that is hashed.

#pragma once

#include "law/demande_events.hpp"
#include "ports/journal.hpp"

#include <span>

namespace toit::journal {

using law::bytes32;
using ports::bytes;
using byte_view = std::span<const std::uint8_t>;

/// Eight to sixteen characters that say what a hash is for, so that no hash can be taken for another.
class hash_purpose {
public:
  consteval hash_purpose(const char* words) {
    for (std::size_t i = 0; words[i] != '\0'; ++i)
      padded_[i] = static_cast<std::uint8_t>(words[i]);
  }
  const std::uint8_t* data() const { return padded_.data(); }

private:
  std::array<std::uint8_t, 16> padded_{};
};

/// BLAKE2b of 32 bytes over the parts, one after the other; `key` may be empty.
bytes32 hash(hash_purpose purpose, std::initializer_list<byte_view> parts, byte_view key = {});

/// Appends fixed-width integers, most significant byte first.
void put_u32(bytes& out, std::uint32_t value);
void put_u64(bytes& out, std::uint64_t value);
void put(bytes& out, byte_view part);

inline byte_view view_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

} // namespace toit::journal
