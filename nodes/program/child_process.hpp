/// \file
/// This program again, in a process of its own.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace toit::nodes {

/// Ends with whoever began it, however that ends.
class child_process {
public:
  child_process() = default;
  /// Begins it with these arguments. Throws std::system_error.
  explicit child_process(const std::vector<std::string>& arguments);

  pid_t pid() const { return pid_; }
  bool runs();
  /// Asks it to end in order.
  void terminate();
  /// True once it has ended; killed, and false, when it has not in that time.
  bool wait(std::chrono::seconds within);

private:
  pid_t pid_ = -1;
};

} // namespace toit::nodes
