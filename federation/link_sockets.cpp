#include "federation/link_sockets.hpp"

#include "law/require.hpp"

#include <array>
#include <atomic>
#include <sodium.h>
#include <stdexcept>

namespace toit::federation {

namespace {

/// Named in the library, but not in every header of it: refuses whoever comes where no handler of keys answers, instead
/// of admitting him.
constexpr int zap_enforce_domain_option = 93;
constexpr std::string_view zap_domain = "toit";

/// What CURVE puts around a message counts against the largest message.
constexpr std::int64_t curve_overhead_bytes = 64;
/// What waits in the kernel delays a heartbeat: little enough for the poorest line.
constexpr int kernel_buffer_bytes = 1 << 20;
/// A pipe of the library hears of room only when half of it is free, and not at once. This one never refuses what the
/// limit allows: half of it unheard of, the limit under way, and the limit put since it was last asked.
int pipe_limit(const transport_limits& limits) { return static_cast<int>(4 * limits.messages_per_peer + 64); }

/// Longer than a socket lives: it is closed as soon as its connection has ended.
constexpr int never_in_ms = 24 * 3600 * 1000;

int milliseconds_of(std::chrono::milliseconds span) { return static_cast<int>(span.count()); }

zmq::socket_t make_socket(zmq::context_t& in, zmq::socket_type type, const transport_limits& limits) {
  zmq::socket_t made{in, type};
  made.set(zmq::sockopt::linger, 0);
  made.set(zmq::sockopt::sndhwm, pipe_limit(limits));
  made.set(zmq::sockopt::rcvhwm, limits.unread_messages);
  made.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(ports::message_limit_bytes) + curve_overhead_bytes);
  made.set(zmq::sockopt::sndbuf, kernel_buffer_bytes);
  made.set(zmq::sockopt::heartbeat_ivl, milliseconds_of(limits.heartbeat_interval));
  made.set(zmq::sockopt::heartbeat_timeout, milliseconds_of(limits.heartbeat_timeout));
  made.set(zmq::sockopt::handshake_ivl, milliseconds_of(limits.arrival));
  return made;
}

void set_key(zmq::socket_t& socket, int option, const law::bytes32& key) {
  if (zmq_setsockopt(socket.handle(), option, key.data(), key.size()) != 0)
    throw std::runtime_error{"this build of ZeroMQ has no CURVE encryption"};
}

bool send_frame(zmq::socket_t& to, zmq::message_t frame, int flags) {
  auto once = [&] {
    int sent = -1;
    do
      sent = zmq_msg_send(frame.handle(), to.handle(), flags | ZMQ_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    return sent;
  };
  auto sent = once();
  if (sent < 0 && errno == EAGAIN) {
    // What it has been told of room it reads only now and then, or when asked.
    std::ignore = to.get(zmq::sockopt::events);
    sent = once();
  }
  law::require(sent >= 0 || errno == EAGAIN || errno == EHOSTUNREACH, "a frame is sent or there is no room for it");
  return sent >= 0;
}

/// The part of the message that says to whom.
bool send_route(zmq::socket_t& to, std::string_view route) {
  return route.empty() || send_frame(to, zmq::message_t{route.data(), route.size()}, ZMQ_SNDMORE);
}

bool receive_frame(zmq::socket_t& from, zmq::message_t& into) {
  int got = -1;
  do
    got = zmq_msg_recv(into.handle(), from.handle(), ZMQ_DONTWAIT);
  while (got < 0 && errno == EINTR);
  law::require(got >= 0 || errno == EAGAIN, "a frame is received or there is none");
  return got >= 0;
}

/// After the first frame of a message the others are there. What is more than can be is read and forgotten.
void receive_rest(zmq::socket_t& from, std::array<zmq::message_t, 2>& frames, std::size_t& count) {
  for (count = 1; frames[0].more(); ++count) {
    zmq::message_t surplus;
    auto& next = count == 1 ? frames[1] : surplus;
    law::require(receive_frame(from, next), "a message comes whole");
    if (!next.more()) {
      ++count;
      return;
    }
  }
}

void read_word(arrival& came, const zmq::message_t& said) {
  const auto* told = static_cast<const std::uint8_t*>(said.data());
  if (said.size() != 2 || told[0] < 1 || told[0] > static_cast<std::uint8_t>(link_word::bye))
    return;
  came.is = arrival::kind::word;
  came.word = static_cast<link_word>(told[0]);
  came.protocol = told[1];
}

void free_parcel(void* /*content*/, void* parcel_given) { delete static_cast<parcel*>(parcel_given); }

std::string next_watch_address() {
  static std::atomic<std::uint64_t> count{0};
  return "inproc://watch-" + std::to_string(++count);
}

} // namespace

link_identity identity_of(const law::bytes32& secret) {
  link_identity self{secret, {}};
  law::require(crypto_scalarmult_base(self.public_half.data(), self.secret.data()) == 0, "a secret has a public half");
  return self;
}

zmq::socket_t make_waiting_socket(zmq::context_t& in, const link_identity& self, const transport_limits& limits) {
  auto made = make_socket(in, zmq::socket_type::router, limits);
  made.set(zmq::sockopt::router_mandatory, true);
  made.set(zmq::sockopt::curve_server, true);
  set_key(made, ZMQ_CURVE_SECRETKEY, self.secret);
  made.set(zmq::sockopt::zap_domain, std::string{zap_domain});
  int enforced = 1;
  if (zmq_setsockopt(made.handle(), zap_enforce_domain_option, &enforced, sizeof enforced) != 0)
    throw std::runtime_error{"this build of ZeroMQ cannot promise to refuse strangers"};
  return made;
}

zmq::socket_t make_going_socket(zmq::context_t& in, const link_identity& self, const law::bytes32& server,
                                const transport_limits& limits) {
  auto made = make_socket(in, zmq::socket_type::dealer, limits);
  made.set(zmq::sockopt::reconnect_ivl, never_in_ms);
  made.set(zmq::sockopt::connect_timeout, milliseconds_of(limits.arrival));
  set_key(made, ZMQ_CURVE_SERVERKEY, server);
  set_key(made, ZMQ_CURVE_PUBLICKEY, self.public_half);
  set_key(made, ZMQ_CURVE_SECRETKEY, self.secret);
  return made;
}

socket_watch::socket_watch(zmq::context_t& in, zmq::socket_t& watched, int events)
    : watched_{watched}, told_{in, zmq::socket_type::pair} {
  auto address = next_watch_address();
  told_.set(zmq::sockopt::linger, 0);
  if (zmq_socket_monitor(watched.handle(), address.c_str(), events) != 0)
    throw zmq::error_t{};
  told_.connect(address);
}

socket_watch::~socket_watch() {
  // First what tells, then what is told: a thread of the library would wait for ever to tell nobody.
  while (next())
    ;
  zmq_socket_monitor(watched_.handle(), nullptr, 0);
}

std::optional<socket_event> socket_watch::next() {
  std::array<zmq::message_t, 2> frames;
  std::size_t count = 0;
  if (!receive_frame(told_, frames[0]))
    return std::nullopt;
  receive_rest(told_, frames, count);
  std::uint16_t what = 0;
  std::int32_t value = 0;
  law::require(frames[0].size() == sizeof what + sizeof value, "an event has its form");
  const auto* told = static_cast<const std::uint8_t*>(frames[0].data());
  std::memcpy(&what, told, sizeof what);
  std::memcpy(&value, told + sizeof what, sizeof value);
  return socket_event{what, value};
}

std::optional<arrival> receive(zmq::socket_t& from, bool routed) {
  arrival came;
  if (routed) {
    zmq::message_t route;
    if (!receive_frame(from, route))
      return std::nullopt;
    came.route.assign(static_cast<const char*>(route.data()), route.size());
  }
  std::array<zmq::message_t, 2> frames;
  std::size_t count = 0;
  if (!receive_frame(from, frames[0]))
    return std::nullopt;
  receive_rest(from, frames, count);
  came.is = arrival::kind::stray;
  if (count == 2 && frames[0].size() == 0)
    read_word(came, frames[1]);
  else if (count == 1 && frames[0].size() > 0 && frames[0].size() <= ports::message_limit_bytes)
    came.is = arrival::kind::message;
  came.body = std::move(frames[0]);
  return came;
}

send_result send_word(zmq::socket_t& to, std::string_view route, link_word word) {
  if (!send_route(to, route))
    return send_result::not_there;
  std::array<std::uint8_t, 2> said{static_cast<std::uint8_t>(word), link_protocol};
  bool sent = send_frame(to, zmq::message_t{}, ZMQ_SNDMORE) && send_frame(to, {said.data(), said.size()}, 0);
  return sent ? send_result::sent : send_result::not_there;
}

send_result send_parcel(zmq::socket_t& to, std::string_view route, parcel_ptr given) {
  if (!send_route(to, route))
    return send_result::not_there;
  auto& content = given->content;
  zmq::message_t body{content.data(), content.size(), free_parcel, given.get()};
  given.release();
  return send_frame(to, std::move(body), 0) ? send_result::sent : send_result::not_there;
}

} // namespace toit::federation
