/// \file
/// A line on this machine that can be cut: for a demonstration of what nodes do then.

#pragma once

#include "nodes/ports/file_descriptor.hpp"

#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>
#include <thread>

namespace toit::nodes {

/// Whoever connects to `port()` on loopback reaches the port given, as long as the line is whole.
class cuttable_line {
public:
  /// Throws std::system_error when it cannot listen.
  explicit cuttable_line(std::uint16_t to);
  ~cuttable_line();
  cuttable_line(const cuttable_line&) = delete;
  cuttable_line& operator=(const cuttable_line&) = delete;

  std::uint16_t port() const { return port_; }
  /// Connections end, and whoever comes is hung up on; or not any more.
  void set_cut(bool cut);

private:
  struct connection {
    connection(file_descriptor client, file_descriptor target);
    ~connection();
    void carry(int from, int to);

    file_descriptor client;
    file_descriptor target;
    std::atomic<int> directions_ended{0};
    std::jthread there;
    std::jthread back;
  };

  void listen(const std::stop_token& stop);
  void take(file_descriptor client);

  std::uint16_t to_;
  std::uint16_t port_ = 0;
  file_descriptor listening_;
  std::mutex mutex_;
  bool cut_ = false;
  std::list<connection> connections_;
  std::jthread thread_;
};

} // namespace toit::nodes
