#include "nodes/ports/cuttable_line.hpp"

#include <arpa/inet.h>
#include <catch2/catch_test_macros.hpp>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>

using namespace toit::nodes;

namespace {

sockaddr_in on_loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// Whom the line leads to.
struct far_end {
  far_end() : listening{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    auto address = on_loopback(0);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(listening.get(), any, size) == 0);
    REQUIRE(::listen(listening.get(), 4) == 0);
    REQUIRE(::getsockname(listening.get(), any, &size) == 0);
    port = ntohs(address.sin_port);
  }
  file_descriptor accept() const { return file_descriptor{::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC)}; }

  file_descriptor listening;
  std::uint16_t port = 0;
};

file_descriptor connected_to(std::uint16_t port) {
  file_descriptor made{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  auto address = on_loopback(port);
  REQUIRE(::connect(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  return made;
}

void say(const file_descriptor& to, const std::string& what) {
  REQUIRE(::send(to.get(), what.data(), what.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(what.size()));
}

/// So many bytes; fewer when the other side has ended.
std::string hear(const file_descriptor& from, std::size_t size) {
  std::string heard(size, '\0');
  auto got = ::recv(from.get(), heard.data(), size, MSG_WAITALL);
  heard.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return heard;
}

} // namespace

TEST_CASE("a line carries both ways until it is cut, and again once it is whole") {
  far_end far;
  cuttable_line line{far.port};
  for (int round = 0; round < 2; ++round) {
    auto near = connected_to(line.port());
    auto there = far.accept();
    say(near, std::string(200'000, 'u') + "up");
    CHECK(hear(there, 200'002).ends_with("up"));
    say(there, "down");
    CHECK(hear(near, 4) == "down");
    line.set_cut(true);
    CHECK(hear(near, 1).empty());
    CHECK(hear(there, 1).empty());
    CHECK(hear(connected_to(line.port()), 1).empty());
    line.set_cut(false);
  }
}

TEST_CASE("who cannot be led anywhere is hung up on, and one side's end is the other's") {
  std::uint16_t nobody = 0;
  {
    far_end gone;
    nobody = gone.port;
  }
  cuttable_line nowhere{nobody};
  CHECK(hear(connected_to(nowhere.port()), 1).empty());
  far_end far;
  cuttable_line line{far.port};
  auto near = connected_to(line.port());
  far.accept(); // and closed at once
  CHECK(hear(near, 1).empty());
}
