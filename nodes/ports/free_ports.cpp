#include "nodes/ports/free_ports.hpp"

#include "nodes/ports/file_descriptor.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <netinet/in.h>
#include <sys/socket.h>
#include <system_error>

namespace toit::nodes {

std::vector<std::uint16_t> free_ports(std::size_t how_many) {
  std::vector<file_descriptor> held;
  std::vector<std::uint16_t> ports;
  for (std::size_t i = 0; i < how_many; ++i) {
    auto& one = held.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (!one || ::bind(one.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::getsockname(one.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::system_error{errno, std::generic_category(), "no free port"};
    ports.push_back(ntohs(address.sin_port));
  }
  return ports;
}

} // namespace toit::nodes
