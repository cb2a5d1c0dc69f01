/// \file
/// Messages between nodes over ZeroMQ: TCP under CURVE, whoever is not a peer turned away while hands are shaken.
/// docs/federation-protocol.md is normative.
///
/// A node goes to the peers that have an endpoint and waits for the others. One thread owns every socket; `send` only
/// puts a message into one of the peer's three queues, each bounded: urgent before bulky. What is under way when a link
/// ends is lost, and never sent later: order holds within a lane of a link, nothing is doubled, and whoever needs more
/// counts what he sent.
///
/// Not here   what messages say, credit, acknowledgements: whoever calls `send`.

#pragma once

#include "ports/transport.hpp"

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace toit::federation {

struct link_amount {
  std::size_t messages = 0;
  std::size_t size_bytes = 0;
};

struct transport_limits {
  /// Taken by `send` for one peer, by lane, and not yet by his receiver.
  std::array<link_amount, 3> waiting{{{1024, 16U << 20}, {2048, 32U << 20}, {1024, 16U << 20}}};
  /// Of journal and documents, given to ZeroMQ and not yet taken by the receiver; one message more may pass it. What is
  /// urgent stands behind so much and no more: a second of a poor line.
  link_amount line{1024, 512U << 10};
  /// Of the journal in a row while documents wait: then it is their turn, so that they do not wait for ever.
  std::size_t overtaken_most = 64;
  /// Of the protocol itself: a connection that answers nothing for so long ends. One message has to pass in this time.
  std::chrono::milliseconds heartbeat_interval{5000};
  std::chrono::milliseconds heartbeat_timeout{30000};
  /// From the first packet until the other side has said that it takes us; and how long one who comes may say no hello.
  std::chrono::milliseconds arrival{20000};
  /// Connections that come under one key in such a time; beyond, the key is refused until it is over.
  std::size_t arrivals_most = 16;
  std::chrono::milliseconds arrivals_within{10000};
  std::chrono::milliseconds retry_least{100};
  std::chrono::milliseconds retry_most{30000};
  /// For the proof, before anybody is admitted, that strangers are not.
  std::chrono::milliseconds proof{30000};
};

struct zmq_transport_setup {
  ports::node_name self;
  law::bytes32 link_secret{}; ///< X25519
  std::string bind;           ///< "tcp://address:port", port 0 or * for any free one; empty: does not listen
  transport_limits limits;
};

using ports::transport_stats;

class zmq_transport : public ports::transport {
public:
  /// Listens, and has proved that a stranger is refused, when it returns. Throws std::runtime_error when it cannot.
  zmq_transport(zmq_transport_setup setup, receiver& to);
  ~zmq_transport() override;
  zmq_transport(const zmq_transport&) = delete;
  zmq_transport& operator=(const zmq_transport&) = delete;

  /// Where it listens, with the port in figures; empty when it does not.
  std::string endpoint() const;
  transport_stats stats() const override;

  bool send(const ports::node_name& to, ports::bytes message, ports::lane in) override;
  void set_peers(std::vector<ports::transport_peer> peers) override;

private:
  class engine;
  std::unique_ptr<engine> engine_;
};

} // namespace toit::federation
