/// \file
/// The machine's clock, and the one that a demonstration sets by hand.

#pragma once

#include "ports/clock.hpp"

#include <atomic>

namespace toit::nodes {

class system_clock : public ports::clock {
public:
  law::instant now() const override;
  std::chrono::milliseconds monotonic() const override;
};

/// Begins where it is told, runs as time does, and goes where it is set, forwards only. Any thread may call.
class steered_clock : public ports::clock {
public:
  explicit steered_clock(law::instant begin);
  law::instant now() const override;
  std::chrono::milliseconds monotonic() const override { return machine_.monotonic(); }

  /// Nothing when `to` is past already.
  void set(law::instant to);

private:
  system_clock machine_;
  std::atomic<std::int64_t> ahead_ms_; ///< of monotonic time
};

} // namespace toit::nodes
