/// \file
/// Clients that ask the access guard and wait for their answers, so many at a time.

#pragma once

#include "nodes/host/running_node.hpp"

#include <span>

namespace toit::bench {

using clock = std::chrono::steady_clock;
using seconds = std::chrono::duration<double>;

struct asked_result {
  seconds took{};                         ///< from the first command to the last answer
  std::uint64_t entries = 0;              ///< on disk, by the receipts
  std::uint64_t last_seq = 0;             ///< highest that a receipt names
  std::vector<seconds> waits;             ///< one a command, in the order of answers
  std::optional<ports::signed_head> head; ///< of the last answer
};

/// Keeps `window` commands in flight until all are answered. Throws std::runtime_error when one is refused, for the
/// crowd asks nothing that may be, or when the node does not answer.
asked_result ask_all(nodes::running_node& node, std::span<const asked_command_ptr> commands, std::size_t window,
                     const std::function<void(const receipt&)>& told = {});

/// What one territory of the node is asked.
struct asked_part {
  std::size_t territory = 0; ///< its place among those that the node hosts
  std::vector<asked_command_ptr> commands;
  std::size_t window = 0;
  std::function<void(const receipt&)> told;
};

/// Asks them all at once, each within its own window, until all is answered.
std::vector<asked_result> ask_together(nodes::running_node& node, std::span<const asked_part> parts);

/// Sends a command each time `every` has gone by, whether or not those before have been answered.
asked_result ask_steadily(nodes::running_node& node, std::span<const asked_command_ptr> commands,
                          std::chrono::microseconds every, const std::function<void(const receipt&)>& told);

} // namespace toit::bench
