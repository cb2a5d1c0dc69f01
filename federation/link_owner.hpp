/// \file
/// What the two kinds of links tell the transport that owns them, on its thread.

#pragma once

#include "federation/link_sockets.hpp"

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
  std::atomic<std::uint64_t> sockets_made_again{0};
};

class link_owner {
public:
  virtual ~link_owner() = default;
  virtual void heard(const ports::node_name& from, const zmq::message_t& message) = 0;
  /// Of a peer to whom we go.
  virtual void dialled(const ports::node_name& peer, ports::link_state now) = 0;
  /// He came to us, perhaps anew: what was under way to him is lost.
  virtual void came(const ports::node_name& peer) = 0;
  virtual void left(const ports::node_name& peer) = 0;
  virtual void turned_away() = 0;
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

} // namespace toit::federation
