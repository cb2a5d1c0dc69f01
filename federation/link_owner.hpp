/// \file
/// What the two kinds of links tell the transport that owns them, on its thread.

#pragma once

#include "federation/link_sockets.hpp"

#include <atomic>
#include <optional>
#include <span>
#include <utility>

namespace toit::federation {

using link_clock = std::chrono::steady_clock;

/// Written by the transport's thread, `refused_full` by any; read by any.
struct transport_counters {
  std::atomic<std::uint64_t> messages_in{0};
  std::atomic<std::uint64_t> bytes_in{0};
  std::atomic<std::uint64_t> messages_out{0};
  std::atomic<std::uint64_t> bytes_out{0};
  std::atomic<std::uint64_t> refused_full{0};
  std::atomic<std::uint64_t> lost{0};
  std::atomic<std::uint64_t> turned_away{0};
  std::atomic<std::uint64_t> strays{0};
  std::atomic<std::uint64_t> surplus{0};
  std::atomic<std::uint64_t> sockets_made_again{0};
};

class link_owner {
public:
  virtual ~link_owner() = default;
  virtual void heard(const ports::node_name& from, std::span<const std::uint8_t> message) = 0;
  /// Of a peer to whom we go.
  virtual void dialled(const ports::node_name& peer, ports::link_state now) = 0;
  /// He came to us, perhaps anew: what was under way to him is lost.
  virtual void came(const ports::node_name& peer) = 0;
  virtual void left(const ports::node_name& peer) = 0;
  virtual void turned_away() = 0;
  /// Of what was sent to him on the link that stands, so many more.
  virtual void taken(const ports::node_name& by, std::uint64_t count) = 0;
};

/// How far a connection is: numbers of the last message, each way.
struct link_progress {
  std::uint64_t sent = 0;
  std::uint64_t taken = 0; ///< of what was sent
  std::uint64_t heard = 0;
  std::uint64_t heard_told = 0; ///< with the word `taken`

  /// False when it is not the next one.
  bool hear(std::uint64_t number) {
    if (number != heard + 1)
      return false;
    heard = number;
    return true;
  }
  /// What the word adds; absent when it cannot be true.
  std::optional<std::uint64_t> take(std::uint64_t number) {
    if (number < taken || number > sent)
      return std::nullopt;
    return number - std::exchange(taken, number);
  }
};

/// What both kinds of links need of the transport.
struct link_context {
  zmq::context_t& sockets;
  const link_identity& self;
  const transport_limits& limits;
  transport_counters& counters;
  link_owner& owner;
};

/// Read of one socket before the others have their turn.
constexpr std::size_t messages_a_turn = 512;
/// Read of a connection that has ended.
constexpr std::size_t messages_at_the_end = 1U << 16;

} // namespace toit::federation
