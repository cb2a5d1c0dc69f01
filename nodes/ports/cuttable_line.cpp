#include "nodes/ports/cuttable_line.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <system_error>
#include <utility>

namespace toit::nodes {

namespace {

constexpr std::size_t piece_bytes = 65'536;
constexpr int look_every_ms = 100;
constexpr int waiting_most = 64;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// True when all of it has left.
bool send_all(int to, const char* piece, std::size_t size) {
  while (size > 0) {
    auto sent = ::send(to, piece, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR)
      continue;
    if (sent <= 0)
      return false;
    piece += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

} // namespace

cuttable_line::connection::connection(file_descriptor from, file_descriptor to)
    : client{std::move(from)}, target{std::move(to)}, there{[this] { carry(client.get(), target.get()); }},
      back{[this] { carry(target.get(), client.get()); }} {}

cuttable_line::connection::~connection() {
  // The threads are waited for as they go; this is what ends them.
  ::shutdown(client.get(), SHUT_RDWR);
  ::shutdown(target.get(), SHUT_RDWR);
}

/// Until one side has ended: then both have.
void cuttable_line::connection::carry(int from, int to) {
  std::array<char, piece_bytes> piece{};
  for (;;) {
    auto got = ::recv(from, piece.data(), piece.size(), 0);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0 || !send_all(to, piece.data(), static_cast<std::size_t>(got)))
      break;
  }
  ::shutdown(from, SHUT_RDWR);
  ::shutdown(to, SHUT_RDWR);
  ++directions_ended;
}

cuttable_line::cuttable_line(std::uint16_t to) : to_{to}, listening_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
  auto address = loopback(0);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (!listening_ || ::bind(listening_.get(), any, size) != 0 || ::listen(listening_.get(), waiting_most) != 0 ||
      ::getsockname(listening_.get(), any, &size) != 0)
    throw std::system_error{errno, std::generic_category(), "a line cannot be made"};
  port_ = ntohs(address.sin_port);
  thread_ = std::jthread{[this](const std::stop_token& stop) { listen(stop); }};
}

cuttable_line::~cuttable_line() {
  thread_.request_stop();
  thread_.join();
}

void cuttable_line::set_cut(bool cut) {
  std::lock_guard lock{mutex_};
  cut_ = cut;
  if (cut)
    connections_.clear();
}

void cuttable_line::listen(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pollfd polled{listening_.get(), POLLIN, 0};
    if (::poll(&polled, 1, look_every_ms) > 0)
      take(file_descriptor{::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC)});
    std::lock_guard lock{mutex_};
    connections_.remove_if([](const connection& one) { return one.directions_ended == 2; });
  }
}

/// Whoever cannot reach the other end is hung up on.
void cuttable_line::take(file_descriptor client) {
  file_descriptor target{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  auto address = loopback(to_);
  std::lock_guard lock{mutex_};
  if (cut_ || !client || !target ||
      ::connect(target.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return;
  int at_once = 1;
  for (const auto* one : {&client, &target})
    ::setsockopt(one->get(), IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
  connections_.emplace_back(std::move(client), std::move(target));
}

} // namespace toit::nodes
