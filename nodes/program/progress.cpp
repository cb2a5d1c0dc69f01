#include "nodes/program/progress.hpp"

#include <algorithm>
#include <unistd.h>
#include <utility>

namespace toit::nodes {

progress_line::progress_line(std::string what, std::ostream& out)
    : what_{std::move(what)}, out_{out}, terminal_{::isatty(STDERR_FILENO) == 1} {}

progress_line::~progress_line() {
  if (shown_percent_ >= 0)
    out_ << "\r\033[K" << std::flush;
}

void progress_line::at(std::uint64_t done, std::uint64_t all) {
  constexpr std::chrono::seconds patience{2};
  if (!terminal_ || std::chrono::steady_clock::now() - begun_ < patience)
    return;
  auto percent = static_cast<int>(100 * done / std::max<std::uint64_t>(all, 1));
  if (std::exchange(shown_percent_, percent) == percent)
    return;
  constexpr int width = 40;
  auto filled = static_cast<std::size_t>(width * std::min(percent, 100) / 100);
  out_ << "\r" << what_ << " [" << std::string(filled, '#') << std::string(width - filled, '.') << "] " << percent
       << " %" << std::flush;
}

} // namespace toit::nodes
