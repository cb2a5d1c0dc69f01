#include "simulation/chance.hpp"

#include "law/require.hpp"

#include <bit>

namespace toit::simulation {

chance::chance(std::uint64_t seed) {
  for (auto& word : state_) {
    seed += 0x9E3779B97F4A7C15U;
    auto mixed = seed;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9U;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBU;
    word = mixed ^ (mixed >> 31);
  }
}

std::uint64_t chance::next() {
  auto result = std::rotl(state_[1] * 5, 7) * 9;
  auto shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

std::uint64_t chance::below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }

void chance::fill(std::span<std::uint8_t> bytes) {
  for (auto& byte : bytes)
    byte = static_cast<std::uint8_t>(next() >> 56);
}

} // namespace toit::simulation
