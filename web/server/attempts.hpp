/// \file
/// Logins by address that failed or have not been answered: beyond a number, an address rests. The guard limits those
/// of one login; this limits who tries many logins.

#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <string>

namespace toit::web {

class attempts {
public:
  static constexpr unsigned failures_limit = 30;
  static constexpr std::chrono::minutes rest{15};
  static constexpr std::size_t addresses_limit = 10'000; ///< beyond, the oldest are forgotten

  /// Counts a login as it begins, so that those made at the same time count too; false while the address must wait.
  /// Times are monotonic.
  bool begin(const std::string& address, std::chrono::milliseconds now);
  /// One that has not failed after all.
  void forgive(const std::string& address);

private:
  struct failures {
    unsigned count = 0;
    std::chrono::milliseconds first{};
  };

  std::mutex mutex_;
  std::map<std::string, failures> addresses_;
  std::deque<std::string> order_; ///< in which addresses came
};

} // namespace toit::web
