/// \file
/// The sockets of links, and what a frame on them may be. Every option that a link's safety stands on is set here.
///
/// Everything is one frame: a kind and a number, nine bytes, then content in a message alone. What stands in a frame is
/// authenticated, where it begins and ends a sequence of frames is not: somebody on the line could take one out, or
/// make one message of two. Numbers without a gap tell.

#pragma once

#include "federation/link_outbox.hpp"

#include <optional>
#include <span>
#include <string>
#include <zmq.hpp>

namespace toit::federation {

constexpr std::uint64_t link_protocol = 1;

/// Of the library, in a context of these sockets. One for those who come, so that what is told of their connections
/// comes in order; one for those to whom we go, who alone are held up by a name server that does not answer.
constexpr int link_threads = 2;

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

/// Never of ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: the library tells it in the middle of refusing a message that cannot
/// be decrypted, forgets why (errno), and takes the connection for one that is to be read later.
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

enum class frame_kind : std::uint8_t {
  message, ///< its number counts from 1 in a connection, each way
  hello,   ///< of the one who goes, before anything else; its number is that of the protocol
  welcome, ///< the answer, with the same number: from now on messages are taken
  bye,     ///< the answer to anybody who is not, or no longer, taken; its number is that of the protocol
  taken,   ///< the number of the last message that was
  stray,   ///< in no form: never sent
};

/// What came.
struct arrival {
  frame_kind kind = frame_kind::stray;
  std::uint64_t number = 0;
  std::string route; ///< by which the sender is answered; empty where there is one peer alone
  zmq::message_t frame;

  /// Of a message.
  std::span<const std::uint8_t> content() const;
};

/// Absent when nothing has come. `routed`: the socket serves several.
std::optional<arrival> receive(zmq::socket_t& from, bool routed);

enum class send_result : std::uint8_t { sent, not_there };
/// Never blocks.
send_result send_word(zmq::socket_t& to, std::string_view route, frame_kind word, std::uint64_t number = link_protocol);
send_result send_parcel(zmq::socket_t& to, std::string_view route, std::uint64_t number, parcel_ptr parcel);

} // namespace toit::federation
