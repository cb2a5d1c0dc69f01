/// \file
/// Clocks of a run: time goes by for every node alike, what a node's clock shows is its own affair.

#pragma once

#include "law/time_zone.hpp"
#include "ports/clock.hpp"

#include <memory>

namespace toit::simulation {

class virtual_clock : public ports::clock {
public:
  explicit virtual_clock(law::instant start) : now_{start} {}
  law::instant now() const override { return now_; }
  std::chrono::milliseconds monotonic() const override { return monotonic_; }

  /// Time goes by.
  void pass(std::chrono::milliseconds much) {
    now_ += much;
    monotonic_ += much;
  }
  /// The clock is set, wrongly or not, while no time goes by.
  void jump(std::chrono::milliseconds by) {
    now_ += by;
    wrong_by_ += by;
  }
  std::chrono::milliseconds wrong_by() const { return wrong_by_; }

private:
  law::instant now_;
  std::chrono::milliseconds monotonic_{0};
  std::chrono::milliseconds wrong_by_{0};
};

/// The clock of another node: time goes by with the first one's, and is set apart from it.
class neighbour_clock : public ports::clock {
public:
  explicit neighbour_clock(std::shared_ptr<const virtual_clock> time) : time_{std::move(time)} {}
  law::instant now() const override { return time_->now() - time_->wrong_by() + wrong_by_; }
  std::chrono::milliseconds monotonic() const override { return time_->monotonic(); }

  void jump(std::chrono::milliseconds by) { wrong_by_ += by; }
  std::chrono::milliseconds wrong_by() const { return wrong_by_; }

private:
  std::shared_ptr<const virtual_clock> time_;
  std::chrono::milliseconds wrong_by_{0};
};

} // namespace toit::simulation
