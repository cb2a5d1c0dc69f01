/// \file
/// Chance comes from here and nowhere else.

#pragma once

#include "law/identifiers.hpp"

namespace toit::ports {

class randomness {
public:
  virtual ~randomness() = default;

  /// Unpredictable bytes in service, a seeded sequence in a simulation.
  virtual void fill(std::span<std::uint8_t> bytes) = 0;

  template <class Id>
  Id fresh() {
    Id id;
    fill(id.bytes);
    return id;
  }
};

} // namespace toit::ports
