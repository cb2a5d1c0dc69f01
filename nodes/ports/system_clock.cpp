#include "nodes/ports/system_clock.hpp"

namespace toit::nodes {

using std::chrono::milliseconds;

law::instant system_clock::now() const { return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()); }

milliseconds system_clock::monotonic() const {
  return std::chrono::floor<milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
}

steered_clock::steered_clock(law::instant begin)
    : ahead_ms_{(begin.time_since_epoch() - machine_.monotonic()).count()} {}

law::instant steered_clock::now() const { return law::instant{milliseconds{ahead_ms_} + machine_.monotonic()}; }

void steered_clock::set(law::instant to) {
  auto wanted = (to.time_since_epoch() - machine_.monotonic()).count();
  auto known = ahead_ms_.load();
  while (wanted > known && !ahead_ms_.compare_exchange_weak(known, wanted))
    continue;
}

} // namespace toit::nodes
