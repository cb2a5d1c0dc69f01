#include "federation/link_proof.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <optional>
#include <sodium.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace toit::federation {

namespace {

using proof_clock = std::chrono::steady_clock;

[[noreturn]] void not_proved(const std::string& why) {
  throw std::runtime_error{"the links are not safe to open: " + why};
}

/// From the same machine: an endpoint that listens everywhere is reached by loopback.
std::string reached_at(std::string endpoint) {
  for (auto [everywhere, loopback] : {std::pair{"//0.0.0.0:", "//127.0.0.1:"}, std::pair{"//[::]:", "//[::1]:"}})
    if (auto found = endpoint.find(everywhere); found != std::string::npos)
      endpoint.replace(found, std::string_view{everywhere}.size(), loopback);
  return endpoint;
}

law::bytes32 throw_away_secret() {
  law::bytes32 secret;
  randombytes_buf(secret.data(), secret.size());
  return secret;
}

/// True when the key was refused; absent as long as nothing is told.
std::optional<bool> verdict_of(const socket_event& told) {
  if (told.what == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
    return true;
  if (told.what == ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
    return false;
  return std::nullopt;
}

void prove_unknown_key_refused(const std::string& endpoint, const law::bytes32& server, proof_clock::time_point until) {
  zmq::context_t context{link_threads};
  transport_limits limits;
  auto stranger = make_going_socket(context, identity_of(throw_away_secret()), server, limits);
  socket_watch watch{context, stranger, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_SUCCEEDED};
  stranger.set(zmq::sockopt::ipv6, endpoint.find('[') != std::string::npos);
  stranger.connect(endpoint);
  while (proof_clock::now() < until) {
    zmq::pollitem_t told{watch.handle(), 0, ZMQ_POLLIN, 0};
    zmq_poll(&told, 1, 10);
    while (auto event = watch.next())
      if (auto refused = verdict_of(*event)) {
        if (!*refused)
          not_proved("a key of nobody's was admitted");
        return;
      }
  }
  not_proved("the endpoint does not answer a key of nobody's");
}

// -- without encryption: the library itself would not even try -----------------------------------------------------

class plain_connection {
public:
  plain_connection(const std::string& endpoint, proof_clock::time_point until);
  ~plain_connection() { ::close(descriptor_); }
  plain_connection(const plain_connection&) = delete;
  plain_connection& operator=(const plain_connection&) = delete;

  void send(std::string_view bytes) const;
  /// Until the other side ends; absent when it does not in time.
  std::optional<std::size_t> count_to_end(proof_clock::time_point until) const;

private:
  int descriptor_ = -1;
};

/// An address in figures, as an endpoint that listens has it.
struct numeric_address {
  sockaddr_storage storage{};
  socklen_t length = 0; ///< 0: not understood
};

numeric_address read_address(const std::string& endpoint) {
  constexpr std::string_view scheme = "tcp://";
  auto colon = endpoint.rfind(':');
  auto host = endpoint.substr(scheme.size(), colon - scheme.size());
  auto port = htons(static_cast<std::uint16_t>(std::stoul(endpoint.substr(colon + 1))));
  numeric_address read;
  if (host.starts_with('[')) {
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    six.sin6_port = port;
    if (inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &six.sin6_addr) == 1)
      read.length = sizeof six;
    std::memcpy(&read.storage, &six, sizeof six);
  } else {
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = port;
    if (inet_pton(AF_INET, host.c_str(), &four.sin_addr) == 1)
      read.length = sizeof four;
    std::memcpy(&read.storage, &four, sizeof four);
  }
  return read;
}

plain_connection::plain_connection(const std::string& endpoint, proof_clock::time_point until) {
  auto to = read_address(endpoint);
  auto left = std::chrono::ceil<std::chrono::seconds>(until - proof_clock::now()).count();
  timeval patience{.tv_sec = std::max<long>(left, 1), .tv_usec = 0};
  descriptor_ = socket(to.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool connected = to.length > 0 && descriptor_ >= 0 &&
                   setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
                   setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) == 0 &&
                   connect(descriptor_, reinterpret_cast<const sockaddr*>(&to.storage), to.length) == 0;
  if (connected)
    return;
  ::close(descriptor_);
  not_proved("nothing answers at " + endpoint);
}

void plain_connection::send(std::string_view bytes) const {
  // One that is closed already has refused: what is read afterwards tells.
  while (!bytes.empty()) {
    auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0)
      return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::optional<std::size_t> plain_connection::count_to_end(proof_clock::time_point until) const {
  std::size_t count = 0;
  std::array<char, 256> bytes;
  while (proof_clock::now() < until) {
    auto got = recv(descriptor_, bytes.data(), bytes.size(), 0);
    if (got == 0 || (got < 0 && errno == ECONNRESET))
      return count;
    if (got < 0 && errno != EINTR)
      return std::nullopt;
    count += got > 0 ? static_cast<std::size_t>(got) : 0;
  }
  return std::nullopt;
}

constexpr std::size_t greeting_bytes = 64;

/// What a client of ZMTP 3 says that wants no encryption: greeting, then READY (ZeroMQ RFC 23).
std::string plain_hello() {
  using namespace std::string_literals;
  auto signature = "\xff\0\0\0\0\0\0\0\0\x7f"s;
  auto greeting = signature + "\x03\0NULL"s;
  greeting.resize(greeting_bytes, '\0');
  auto ready = "\x05READY\x0bSocket-Type\0\0\0\x06"s + "DEALER\x08Identity\0\0\0\0"s;
  return greeting + '\x04' + static_cast<char>(ready.size()) + ready;
}

void prove_plain_refused(const std::string& endpoint, proof_clock::time_point until) {
  plain_connection plain{endpoint, until};
  plain.send(plain_hello());
  auto answered = plain.count_to_end(until);
  if (!answered)
    not_proved("a connection without encryption stays open");
  if (*answered > greeting_bytes)
    not_proved("a connection without encryption was answered");
}

} // namespace

void prove_that_strangers_are_refused(const std::string& endpoint, const law::bytes32& server,
                                      std::chrono::milliseconds within) {
  auto until = proof_clock::now() + within;
  auto here = reached_at(endpoint);
  prove_unknown_key_refused(here, server, until);
  prove_plain_refused(here, until);
}

} // namespace toit::federation
