/// \file
/// Unpredictable bytes, from libsodium.

#pragma once

#include "ports/randomness.hpp"

namespace toit::nodes {

class system_randomness : public ports::randomness {
public:
  void fill(std::span<std::uint8_t> bytes) override;
};

} // namespace toit::nodes
