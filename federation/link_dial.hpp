/// \file
/// The link with a peer to whom we go: one attempt a socket, then another socket, later and later.
///
/// A socket that was refused stays refused for ever, so that the library's own repetition would not do.

#pragma once

#include "federation/link_owner.hpp"

namespace toit::federation {

class link_dial {
public:
  link_dial(link_context with, ports::transport_peer peer);

  const ports::transport_peer& peer() const { return peer_; }
  /// His keys have changed: the link ends if it stands on one that he has no more.
  void set_keys(std::vector<law::bytes32> keys);

  /// Does all that can be done without waiting.
  void turn(link_clock::time_point now);
  /// When it has to have a turn even if nothing comes.
  link_clock::time_point due() const { return due_; }
  void add_to(std::vector<zmq::pollitem_t>& polled);
  /// Nothing is sent unless the link is up.
  send_result send(parcel_ptr parcel);

private:
  enum class phase : std::uint8_t { waiting, arriving, up };
  enum class failure : std::uint8_t { unreachable, handshake, refused, lost, misshapen };
  static constexpr auto names_of_failures() {
    return std::to_array<std::string_view>({"unreachable", "handshake", "refused", "lost", "misshapen"});
  }

  void begin(link_clock::time_point now);
  void read_events(link_clock::time_point now);
  void handle(const socket_event& told, link_clock::time_point now);
  void read_messages(link_clock::time_point now, std::size_t most);
  void handle(const arrival& came, link_clock::time_point now);
  void arrived(link_clock::time_point now);
  void tell_progress(link_clock::time_point now);
  void end(failure why, link_clock::time_point now);
  void close();
  void tell(ports::link_state now);
  void log_once(failure why);

  link_context with_;
  ports::transport_peer peer_;
  std::optional<zmq::socket_t> socket_;
  std::optional<socket_watch> watch_; ///< after the socket: it ends first
  phase phase_ = phase::waiting;
  link_progress progress_;
  std::size_t key_ = 0; ///< of his keys, the one that he is taken to have
  law::bytes32 key_in_use_{};
  std::uint32_t failures_ = 0; ///< in a row, each of his keys tried
  bool made_once_ = false;
  std::optional<failure> logged_;
  ports::link_state told_{};
  link_clock::time_point due_{};
  link_clock::time_point up_since_{};
};

} // namespace toit::federation
