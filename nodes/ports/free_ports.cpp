#include "nodes/ports/free_ports.hpp"

#include "nodes/ports/file_descriptor.hpp"
#include "nodes/ports/system_randomness.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <system_error>

namespace toit::nodes {

namespace {

/// Below what Linux gives out by itself (net.ipv4.ip_local_port_range begins at 32768), above what services have.
constexpr std::uint16_t first_port = 20000, end_port = 32768;
constexpr int attempts_per_port = 100;

std::uint16_t any_port() {
  std::array<std::uint8_t, 2> drawn{};
  system_randomness{}.fill(drawn);
  std::uint16_t value{};
  std::memcpy(&value, drawn.data(), sizeof value);
  return static_cast<std::uint16_t>(first_port + value % (end_port - first_port));
}

bool listens(const file_descriptor& one, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return ::bind(one.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

} // namespace

std::vector<std::uint16_t> free_ports(std::size_t how_many) {
  std::vector<file_descriptor> held;
  std::vector<std::uint16_t> ports;
  for (std::size_t left = how_many * attempts_per_port; ports.size() < how_many; --left) {
    file_descriptor one{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    auto port = any_port();
    if (one && listens(one, port)) {
      held.push_back(std::move(one));
      ports.push_back(port);
    } else if (!one || errno != EADDRINUSE || left <= 1)
      throw std::system_error{errno, std::generic_category(), "no free port"};
  }
  return ports;
}

} // namespace toit::nodes
