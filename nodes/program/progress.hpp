/// \file
/// How far something long has come: one line on a terminal, after two seconds; nothing elsewhere.

#pragma once

#include <chrono>
#include <cstdint>
#include <ostream>
#include <string>

namespace toit::nodes {

class progress_line {
public:
  progress_line(std::string what, std::ostream& out);
  /// Leaves a clean line.
  ~progress_line();
  void at(std::uint64_t done, std::uint64_t all);

private:
  std::string what_;
  std::ostream& out_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  bool terminal_;
  int shown_percent_ = -1;
};

} // namespace toit::nodes
