/// \file
/// libsodium's own randomness, made part of a run.

#pragma once

#include "simulation/chance.hpp"

namespace toit::simulation {

/// Makes libsodium's own randomness (nonces, keys) part of the run, for as long as it lives. One at a time.
class sodium_chance {
public:
  explicit sodium_chance(std::uint64_t seed);
  ~sodium_chance();
  sodium_chance(const sodium_chance&) = delete;
  sodium_chance& operator=(const sodium_chance&) = delete;
};

} // namespace toit::simulation
