/// \file
/// Seeded chance, the same on every machine: no distribution of the standard library, whose results differ.

#pragma once

#include "ports/randomness.hpp"

namespace toit::simulation {

/// xoshiro256**, seeded through splitmix64.
class chance {
public:
  explicit chance(std::uint64_t seed);

  std::uint64_t next();
  /// From 0 to `bound` - 1; 0 when `bound` is 0.
  std::uint64_t below(std::uint64_t bound);
  /// True `times` out of `out_of`.
  bool one_in(std::uint64_t out_of) { return below(out_of) == 0; }
  bool percent(std::uint64_t of_hundred) { return below(100) < of_hundred; }
  template <class List>
  const auto& pick(const List& list) {
    return list[below(list.size())];
  }
  void fill(std::span<std::uint8_t> bytes);
  /// A stream of its own, so that one part of a run does not shift another.
  chance branch() { return chance{next()}; }

private:
  std::array<std::uint64_t, 4> state_{};
};

/// The actors' randomness.
class chance_port : public ports::randomness {
public:
  explicit chance_port(std::uint64_t seed) : chance_{seed} {}
  void fill(std::span<std::uint8_t> bytes) override { chance_.fill(bytes); }

private:
  chance chance_;
};

} // namespace toit::simulation
