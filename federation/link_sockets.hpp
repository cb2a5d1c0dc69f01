/// \file
/// The sockets of links, and what a frame on them may be. Every option that a link's safety stands on is set here.
///
/// A message is one frame that is not empty. Two frames, the first empty, are a word between the transports themselves.

#pragma once

#include "federation/link_outbox.hpp"

#include <optional>
#include <zmq.hpp>

namespace toit::federation {

constexpr std::uint8_t link_protocol = 1;

struct link_identity {
  law::bytes32 secret{};
  law::bytes32 public_half{};
};
link_identity identity_of(const law::bytes32& secret);

/// Waits behind CURVE for those who come; every key is asked of the handler of this context. Throws
/// std::runtime_error where the library cannot promise that.
zmq::socket_t make_waiting_socket(zmq::context_t& in, const link_identity& self, const transport_limits& limits);
/// Goes to the one who has the secret half of `server`: one attempt, never repeated by the library.
zmq::socket_t make_going_socket(zmq::context_t& in, const link_identity& self, const law::bytes32& server,
                                const transport_limits& limits);

/// What ZeroMQ tells of a socket's connections.
struct socket_event {
  int what = 0;  ///< ZMQ_EVENT_…
  int value = 0; ///< a descriptor, an errno or a status, after the event
};

class socket_watch {
public:
  socket_watch(zmq::context_t& in, zmq::socket_t& watched, int events);
  /// Before the watched socket is closed.
  ~socket_watch();
  socket_watch(const socket_watch&) = delete;
  socket_watch& operator=(const socket_watch&) = delete;

  std::optional<socket_event> next();
  void* handle() { return told_.handle(); }

private:
  zmq::socket_t& watched_;
  zmq::socket_t told_;
};

enum class link_word : std::uint8_t {
  hello = 1, ///< of the one who goes, before anything else
  welcome,   ///< the answer: from now on messages are taken
  bye,       ///< the answer to anybody who is not, or no longer, taken
};

/// What came in one message.
struct arrival {
  enum class kind : std::uint8_t { message, word, stray };
  kind is{};
  link_word word{};
  std::uint8_t protocol = 0; ///< that a word names
  std::string route;         ///< by which the sender is answered; empty where there is one peer alone
  zmq::message_t body;
};

/// Absent when nothing has come. `routed`: the socket serves several.
std::optional<arrival> receive(zmq::socket_t& from, bool routed);

enum class send_result : std::uint8_t { sent, not_there };
/// Never blocks.
send_result send_word(zmq::socket_t& to, std::string_view route, link_word word);
send_result send_parcel(zmq::socket_t& to, std::string_view route, parcel_ptr parcel);

} // namespace toit::federation
