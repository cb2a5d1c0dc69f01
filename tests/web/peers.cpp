#include "web/server/peers.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit::web;

TEST_CASE("a limit is for a whole IPv4 address, and for the network of an IPv6 one") {
  CHECK(peer_of("192.0.2.7") == "192.0.2.7");
  CHECK(peer_of("::ffff:192.0.2.7") == "192.0.2.7");
  CHECK(peer_of("2001:db8:1:2:aaaa::1") == "2001:db8:1:2::");
  CHECK(peer_of("2001:db8:1:2::9") == peer_of("2001:db8:1:2:ffff:ffff:ffff:ffff"));
  CHECK(peer_of("2001:db8:1:3::9") != peer_of("2001:db8:1:2::9"));
  CHECK(peer_of("nobody") == "nobody");
}

TEST_CASE("an address has one form") {
  CHECK(parse_address("192.0.2.7") == "192.0.2.7");
  CHECK(parse_address("::ffff:192.0.2.7") == "192.0.2.7");
  CHECK(parse_address("0:0:0:0:0:0:0:1") == "::1");
  CHECK(parse_address("2001:DB8::0001") == "2001:db8::1");
  for (const char* none : {"", "somewhere", "192.0.2", "192.0.2.7 ", "192.0.2.256", "::1%lo"})
    CHECK_FALSE(parse_address(none));
}

TEST_CASE("who asks is what the proxy added last, and nothing that anybody else says") {
  auto behind = [](const char* connection, const char* proxy, std::string value) {
    return peer_behind(connection, proxy, {{"X-Forwarded-For", std::move(value)}});
  };
  CHECK(behind("127.0.0.1", "127.0.0.1", "192.0.2.7") == "192.0.2.7");
  CHECK(behind("127.0.0.1", "127.0.0.1", "198.51.100.1, 192.0.2.7 ") == "192.0.2.7");
  CHECK(behind("127.0.0.1", "127.0.0.1", "192.0.2.7, somewhere") == "127.0.0.1");
  CHECK(behind("127.0.0.1", "127.0.0.1", "") == "127.0.0.1");
  CHECK(behind("192.0.2.1", "127.0.0.1", "192.0.2.7") == "192.0.2.1");
  CHECK(behind("127.0.0.1", "", "192.0.2.7") == "127.0.0.1");
  CHECK(peer_behind("127.0.0.1", "127.0.0.1", {{"x-forwarded-for", "192.0.2.7"}, {"X-Forwarded-For", "192.0.2.8"}}) ==
        "192.0.2.8");
}

TEST_CASE("the room for long bodies is shared, and one peer has a part of it") {
  upload_room room{10, 6};
  CHECK(room.take("a", 6));
  CHECK_FALSE(room.take("a", 1));
  CHECK_FALSE(room.take("b", 5));
  CHECK(room.take("b", 4));
  CHECK_FALSE(room.take("c", 1));
  room.give_back("a", 6);
  CHECK(room.take("c", 6));
  CHECK_FALSE(room.take("a", 1));
}
