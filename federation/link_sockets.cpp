#include "federation/link_sockets.hpp"

#include "law/require.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <sodium.h>
#include <stdexcept>
#include <tuple>

namespace toit::federation {

namespace {

/// Named in the library, but not in every header of it: refuses whoever comes where no handler of keys answers, instead
/// of admitting him.
constexpr int zap_enforce_domain_option = 93;
constexpr std::string_view zap_domain = "toit";

/// What CURVE and a frame's head put around a message counts against the largest one.
constexpr std::int64_t overhead_bytes = 96;
/// What waits in the kernel delays a heartbeat: little enough for the poorest line.
constexpr int kernel_buffer_bytes = 1 << 20;
/// What the library holds of a link is bounded by what the outbox gives it: what is on the line, and what is urgent.
/// Its own limit counts messages, whatever their size, and is only to refuse none of these: a pipe hears of room when
/// half of it is free, and not at once. So half of it unheard of, the limit under way, and the limit put since it was
/// last asked.
int pipe_limit(const transport_limits& limits) {
  return static_cast<int>(4 * (limits.waiting[0].messages + limits.line.messages) + 64);
}

/// Longer than a socket lives: it is closed as soon as its connection has ended.
constexpr int never_in_ms = 24 * 3600 * 1000;

int milliseconds_of(std::chrono::milliseconds span) { return static_cast<int>(span.count()); }

zmq::socket_t make_socket(zmq::context_t& in, zmq::socket_type type, const transport_limits& limits) {
  zmq::socket_t made{in, type};
  made.set(zmq::sockopt::linger, 0);
  made.set(zmq::sockopt::sndhwm, pipe_limit(limits));
  // A connection that ends while the library holds up its reading can end the process in 4.3 (libzmq issues 4364 and
  // 3937), at the next heartbeat. So it reads on, and what may wait is bounded by the word `taken`.
  made.set(zmq::sockopt::rcvhwm, 0);
  made.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(ports::message_limit_bytes) + overhead_bytes);
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

/// What follows the first frame of a message, which comes whole. True when there was anything.
bool skip_rest(zmq::socket_t& from, bool more) {
  bool skipped = more;
  for (zmq::message_t surplus; more; more = surplus.more())
    law::require(receive_frame(from, surplus), "a message comes whole");
  return skipped;
}

void write_head(std::span<std::uint8_t> frame, frame_kind kind, std::uint64_t number) {
  frame[0] = static_cast<std::uint8_t>(kind);
  for (std::size_t i = 1; i < frame_head_bytes; ++i)
    frame[i] = static_cast<std::uint8_t>(number >> (8 * (frame_head_bytes - 1 - i)));
}

void read_head(arrival& came) {
  std::span frame{static_cast<const std::uint8_t*>(came.frame.data()), came.frame.size()};
  if (frame.size() < frame_head_bytes || frame[0] >= static_cast<std::uint8_t>(frame_kind::stray))
    return;
  auto kind = static_cast<frame_kind>(frame[0]);
  auto content = frame.size() - frame_head_bytes;
  if (kind == frame_kind::message ? content == 0 || content > ports::message_limit_bytes : content > 0)
    return;
  came.kind = kind;
  for (auto byte : frame.subspan(1, frame_head_bytes - 1))
    came.number = came.number << 8U | byte;
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
  made.set(zmq::sockopt::affinity, std::uint64_t{1});
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
  made.set(zmq::sockopt::affinity, std::uint64_t{2});
  made.set(zmq::sockopt::reconnect_ivl, never_in_ms);
  made.set(zmq::sockopt::connect_timeout, milliseconds_of(limits.arrival));
  set_key(made, ZMQ_CURVE_SERVERKEY, server);
  set_key(made, ZMQ_CURVE_PUBLICKEY, self.public_half);
  set_key(made, ZMQ_CURVE_SECRETKEY, self.secret);
  return made;
}

socket_watch::socket_watch(zmq::context_t& in, zmq::socket_t& watched, int events)
    : watched_{watched}, told_{in, zmq::socket_type::pair} {
  law::require((events & ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL) == 0, "that event is not asked for");
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
  zmq::message_t event;
  if (!receive_frame(told_, event))
    return std::nullopt;
  skip_rest(told_, event.more());
  std::uint16_t what = 0;
  std::int32_t value = 0;
  law::require(event.size() == sizeof what + sizeof value, "an event has its form");
  const auto* told = static_cast<const std::uint8_t*>(event.data());
  std::memcpy(&what, told, sizeof what);
  std::memcpy(&value, told + sizeof what, sizeof value);
  return socket_event{what, value};
}

std::span<const std::uint8_t> arrival::content() const {
  return std::span{static_cast<const std::uint8_t*>(frame.data()), frame.size()}.subspan(frame_head_bytes);
}

std::optional<arrival> receive(zmq::socket_t& from, bool routed) {
  arrival came;
  if (routed) {
    zmq::message_t route;
    if (!receive_frame(from, route))
      return std::nullopt;
    came.route.assign(static_cast<const char*>(route.data()), route.size());
  }
  if (!receive_frame(from, came.frame))
    return std::nullopt;
  if (!skip_rest(from, came.frame.more()))
    read_head(came);
  return came;
}

send_result send_word(zmq::socket_t& to, std::string_view route, frame_kind word, std::uint64_t number) {
  if (!send_route(to, route))
    return send_result::not_there;
  std::array<std::uint8_t, frame_head_bytes> frame{};
  write_head(frame, word, number);
  return send_frame(to, {frame.data(), frame.size()}, 0) ? send_result::sent : send_result::not_there;
}

send_result send_parcel(zmq::socket_t& to, std::string_view route, std::uint64_t number, parcel_ptr given) {
  if (!send_route(to, route))
    return send_result::not_there;
  auto* parcel_given = given.release(); // free_parcel has it from now on
  auto& frame = parcel_given->frame;
  write_head(frame, frame_kind::message, number);
  zmq::message_t message{frame.data(), frame.size(), free_parcel, parcel_given};
  return send_frame(to, std::move(message), 0) ? send_result::sent : send_result::not_there;
}

} // namespace toit::federation
