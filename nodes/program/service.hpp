/// \file
/// A node with its API, from the first request to the last.

#pragma once

#include "nodes/host/running_node.hpp"
#include "nodes/program/exit_code.hpp"
#include "web/server/server.hpp"

namespace toit::nodes {

/// Keeps SIGTERM and SIGINT for `wait_for_end`; to be called before any thread begins.
void block_signals();

/// What ends a node: a signal, or a fault of its own.
class end_of_service {
public:
  /// Any thread; the first reason counts.
  void give_up(node_fault because);
  /// Blocks; absent when a signal asked for the end, the fault otherwise.
  std::optional<node_fault> wait();
  std::optional<node_fault> fault() const;
  /// Blocks for so long at most; true once a signal has asked for the end.
  static bool signalled(std::chrono::milliseconds within);

private:
  mutable std::mutex mutex_;
  std::optional<node_fault> fault_;
};

class service {
public:
  /// Throws what opening the address or the certificate throws.
  service(running_node& node, const configuration& with, const std::filesystem::path& data);

  std::uint16_t port() const { return server_.port(); }
  const std::filesystem::path& certificate() const { return certificate_; }
  void stop(std::chrono::milliseconds within) { server_.stop(within); }

private:
  web::server_options options(const configuration& with, const std::filesystem::path& data);

  std::filesystem::path certificate_;
  web::server server_;
};

/// Serves until the end, then stops in order within the configured time; answers the code of exit.
int serve_until_end(running_node& node, service& serving, const configuration& with, end_of_service& end);

} // namespace toit::nodes
