// Whoever does not keep to the rules, in ways of his own.

#include "federation/link_proof.hpp"
#include "tests/federation/transport_nodes.hpp"

#include <arpa/inet.h>
#include <array>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <list>
#include <sodium.h>
#include <sys/socket.h>
#include <tuple>
#include <unistd.h>

using namespace toit::federation;
using namespace toit::federation::test;

namespace {

/// A listening node that knows two others, one of which behaves.
struct attacked_node {
  explicit attacked_node(transport_limits limits = quick()) : a{"state", 1, any_port, limits} {
    a.transport->set_peers({known, good.as_peer()});
    good.transport->set_peers({a.as_peer()});
    REQUIRE(eventually([&] { return good.is_up_with(a) && a.is_up_with(good); }));
  }
  /// The one who behaves is not disturbed.
  ~attacked_node() {
    auto before = a.heard.count();
    CHECK(good.send(a, "all is well"));
    CHECK(eventually([&] { return a.heard.count() == before + 1; }));
    CHECK(since_admitted(good.heard.changes(a.name)) == std::vector{link_state::up});
  }

  node a;
  node good{"town", 3};
  transport_peer known{named("rude"), {key_with(2)}, {}};
};

/// A TCP connection, to say anything.
class wire {
public:
  explicit wire(const std::string& endpoint) : descriptor_{socket(AF_INET, SOCK_STREAM, 0)} {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1))));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    timeval limit{.tv_sec = patience.count(), .tv_usec = 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    REQUIRE(connect(descriptor_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  }
  ~wire() { ::close(descriptor_); }
  wire(const wire&) = delete;
  wire& operator=(const wire&) = delete;

  void say(const std::string& all) const { std::ignore = send(descriptor_, all.data(), all.size(), MSG_NOSIGNAL); }
  /// The other side ends the connection.
  bool is_hung_up() const {
    std::array<char, 512> told;
    for (;;) {
      auto got = recv(descriptor_, told.data(), told.size(), 0);
      if (got <= 0)
        return got == 0 || errno == ECONNRESET;
    }
  }

private:
  int descriptor_;
};

} // namespace

TEST_CASE("who takes another's name as his own number is dropped and gets nothing of his",
          "[federation][transport][strangers]") {
  node a{"state", 1, any_port};
  node victim{"town", 3};
  a.transport->set_peers({transport_peer{named("rude"), {key_with(2)}, {}}, victim.as_peer()});
  rude_client forger{a, 2, "town"};
  forger.say(frame_kind::hello);
  CHECK(forger.told() == frame_kind::bye);
  forger.say_message("I am the town");
  CHECK(forger.told() == frame_kind::bye);
  CHECK(a.heard.changes(victim.name).empty());
  CHECK(a.transport->stats().strays == 2);
  victim.transport->set_peers({a.as_peer()});
  REQUIRE(eventually([&] { return a.is_up_with(victim); }));
  CHECK(a.send(victim, "for the town alone"));
  CHECK(eventually([&] { return victim.heard.count() == 1; }));
  forger.say_message("again");
  CHECK(forger.told() == frame_kind::bye);
  CHECK(forger.messages_seen == 0);
  CHECK(a.heard.count() == 0);
}

TEST_CASE("what is not in the form is dropped and counted, and ends the link", "[federation][transport][strangers]") {
  attacked_node attacked;
  auto& a = attacked.a;
  rude_client rude{a, 2};
  rude.say_message("before any hello");
  CHECK(rude.told() == frame_kind::bye);
  auto whole = [](std::uint64_t number) { return frame_of(frame_kind::message, number, "whole"); };
  const std::vector<std::vector<std::string>> misshapen{{""},
                                                        {"too short"},
                                                        {frame_of(frame_kind::message, 2)},
                                                        {frame_of(frame_kind::stray, 2, "of no kind")},
                                                        {frame_of(frame_kind{200}, 2, "of no kind")},
                                                        {frame_of(frame_kind::hello, 7)}, // of another protocol
                                                        {frame_of(frame_kind::hello, link_protocol, "and more")},
                                                        {frame_of(frame_kind::welcome, link_protocol)},
                                                        {frame_of(frame_kind::bye, link_protocol)},
                                                        {frame_of(frame_kind::taken, 1)}, // nothing was sent
                                                        {frame_of(frame_kind::taken, ~std::uint64_t{0})},
                                                        {whole(1)}, // again
                                                        {whole(3)}, // without the second
                                                        {whole(0)},
                                                        {whole(~std::uint64_t{0})},
                                                        {whole(2), whole(3)}, // as somebody on the line could join them
                                                        {"", whole(2)},
                                                        std::vector<std::string>(100, whole(2))};
  std::size_t heard = 0;
  for (const auto& frames : misshapen) {
    REQUIRE(rude.takes_part());
    rude.say_message("first");
    rude.say(frames);
    CHECK(rude.told() == frame_kind::bye);
    CHECK(a.heard.count() == ++heard);
    rude.say_message("and on");
    CHECK(rude.told() == frame_kind::bye);
  }
  CHECK(a.transport->stats().strays == 2 * misshapen.size() + 1);
  CHECK(a.heard.changes(named("rude")).size() == 2 * misshapen.size());
}

TEST_CASE("however many come under one key, the last that says hello is kept, and the others end",
          "[federation][transport][strangers]") {
  attacked_node attacked;
  auto& a = attacked.a;
  std::list<rude_client> all;
  constexpr std::size_t most = 12;
  for (std::size_t i = 0; i < most; ++i)
    REQUIRE(all.emplace_back(a, std::uint8_t{2}).takes_part());
  auto ended = [&] {
    std::size_t count = 0;
    for (auto& one : all)
      count += one.is_hung_up() ? 1 : 0;
    return count;
  };
  CHECK(eventually([&] { return ended() == most - 1; }));
  CHECK_FALSE(all.back().is_hung_up());
  CHECK(a.transport->stats().surplus == most - 1);
  CHECK(a.heard.state(named("rude")) == link_state::up);
  auto before = a.heard.count();
  all.back().say_message("still here");
  CHECK(eventually([&] { return a.heard.count() == before + 1; }));
  CHECK(a.transport->send(named("rude"), bytes_of("and heard"), lane::control));
  CHECK(eventually([&] {
    all.back().look();
    return all.back().messages_seen == 1;
  }));
}

TEST_CASE("who says no hello, or stays when he is told to go, is let go in time",
          "[federation][transport][strangers]") {
  auto limits = quick();
  limits.arrival = 2s;
  attacked_node attacked{limits};
  rude_client silent{attacked.a, 2};
  rude_client rude{attacked.a, 2};
  REQUIRE(rude.takes_part());
  rude.say({"in no form"});
  CHECK(rude.told() == frame_kind::bye);
  CHECK(eventually([&] { return silent.is_hung_up() && rude.is_hung_up(); }));
  CHECK(attacked.a.transport->stats().surplus >= 2);
}

namespace {

/// Whether one who goes there once, under this key, is let in.
bool is_let_in(const node& server, std::uint8_t secret) {
  zmq::context_t context{link_threads};
  auto socket = make_going_socket(context, identity_of(secret_with(secret)), key_with(server.secret), quick());
  socket_watch watch{context, socket, coming_events};
  socket.connect(server.transport->endpoint());
  std::optional<socket_event> event;
  REQUIRE(eventually([&] { return (event = watch.next()).has_value(); }));
  return event->what == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
}

} // namespace

TEST_CASE("a key with which too many come is refused for a while, and no other key is",
          "[federation][transport][strangers]") {
  auto limits = quick();
  limits.arrivals_most = 4;
  limits.arrivals_within = patience;
  attacked_node attacked{limits};
  for (int i = 0; i < 4; ++i)
    CHECK(is_let_in(attacked.a, 2));
  CHECK_FALSE(is_let_in(attacked.a, 2));
  CHECK_FALSE(is_let_in(attacked.a, 2));
  CHECK(attacked.a.transport->stats().surplus == 2);
  CHECK(is_let_in(attacked.a, 3));
}

TEST_CASE("a key with which too many came is let in again when the while is over",
          "[federation][transport][strangers]") {
  auto limits = quick();
  limits.arrivals_most = 1;
  limits.arrivals_within = 500ms;
  attacked_node attacked{limits};
  for (int i = 0; i < 2; ++i) {
    rude_client one{attacked.a, 2};
    CHECK(one.takes_part());
  }
}

TEST_CASE("a message beyond the limit ends the connection that brought it", "[federation][transport][strangers]") {
  attacked_node attacked;
  rude_client rude{attacked.a, 2};
  REQUIRE(rude.takes_part());
  rude.say_message(std::string(toit::ports::message_limit_bytes + 1000, 'x'));
  CHECK(eventually([&] { return attacked.a.heard.state(named("rude")) == link_state::down; }));
  CHECK(attacked.a.heard.count() == 0);
}

TEST_CASE("who does not encrypt is turned away", "[federation][transport][strangers]") {
  attacked_node attacked;
  zmq::context_t context;
  zmq::socket_t plain{context, zmq::socket_type::dealer};
  plain.set(zmq::sockopt::linger, 0);
  plain.connect(attacked.a.transport->endpoint());
  plain.send(zmq::str_buffer("in clear"), zmq::send_flags::dontwait);
  auto before = attacked.a.heard.turned_away_count.load();
  CHECK(eventually([&] { return attacked.a.heard.turned_away_count > before; }));
  CHECK(attacked.a.heard.count() == 0);
}

TEST_CASE("who does not speak the protocol is hung up on", "[federation][transport][strangers]") {
  attacked_node attacked;
  using namespace std::string_literals;
  auto greeting = "\xff\0\0\0\0\0\0\0\1\x7f\3\0CURVE"s;
  greeting.resize(64, '\0');
  std::string noise(100000, '\0');
  randombytes_buf(noise.data(), noise.size());
  noise[0] = 'x';
  for (const auto& said :
       {"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"s, "\x16\3\1\2\0\1\0\1\xfc\3\3"s + std::string(500, 'a'), noise,
        std::string(5000, '\0'), greeting + "\x04\x06\5HELLO"s, greeting + "\x04\xc8\5HELLO"s + std::string(194, '\1'),
        greeting + "\x06\x7f\xff\xff\xff\xff\xff\xff\xff"s,
        "\xff\0\0\0\0\0\0\0\1\x7f\3\0NULL"s + std::string(300, '\0')}) {
    wire stranger{attacked.a.transport->endpoint()};
    stranger.say(said);
    CHECK(stranger.is_hung_up());
  }
  CHECK(attacked.a.heard.count() == 0);
}

TEST_CASE("room is there for as much as was taken", "[federation][transport][strangers]") {
  node a{"state", 1, any_port, with_room_for(3)};
  a.transport->set_peers({transport_peer{named("rude"), {key_with(2)}, {}}});
  rude_client rude{a, 2};
  REQUIRE(rude.takes_part());
  auto send_all = [&] {
    int sent = 0;
    while (a.transport->send(named("rude"), bytes_of("x"), lane::control))
      ++sent;
    return sent;
  };
  REQUIRE(eventually([&] { return a.heard.state(named("rude")) == link_state::up; }));
  CHECK(send_all() == 3);
  auto room_after = [&](std::uint64_t taken) {
    REQUIRE(eventually([&] { return a.transport->stats().messages_out >= taken; }));
    rude.say(frame_kind::taken, taken);
    rude.say_message("the answer to this one shows that the count was read");
    REQUIRE(eventually([&] {
      rude.look();
      return rude.taken == rude.said;
    }));
    return send_all();
  };
  CHECK(room_after(2) == 2);
  CHECK(room_after(2) == 0);
  CHECK(room_after(5) == 3);
}

TEST_CASE("a listening socket that admits anybody is not taken for one that refuses strangers",
          "[federation][transport][strangers]") {
  using Catch::Matchers::ContainsSubstring;
  using Catch::Matchers::MessageMatches;
  zmq::context_t context{link_threads}; // without a handler of keys
  zmq::socket_t open{context, zmq::socket_type::router};
  open.set(zmq::sockopt::linger, 0);
  auto prove = [&](std::chrono::milliseconds within) {
    prove_that_strangers_are_refused(open.get(zmq::sockopt::last_endpoint), key_with(1), within);
  };
  SECTION("to any key") {
    auto secret = secret_with(1);
    open.set(zmq::sockopt::curve_server, true);
    REQUIRE(zmq_setsockopt(open.handle(), ZMQ_CURVE_SECRETKEY, secret.data(), secret.size()) == 0);
    open.bind(any_port);
    CHECK_THROWS_MATCHES(prove(patience), std::runtime_error, MessageMatches(ContainsSubstring("was admitted")));
  }
  SECTION("without encryption") {
    open.bind(any_port);
    CHECK_THROWS_MATCHES(prove(300ms), std::runtime_error, MessageMatches(ContainsSubstring("does not answer")));
  }
  SECTION("unless a handler of keys is there") {
    make_waiting_socket(context, identity_of(secret_with(1)), quick()).swap(open);
    open.bind(any_port);
    CHECK_THROWS_MATCHES(prove(300ms), std::runtime_error, MessageMatches(ContainsSubstring("does not answer")));
  }
}

TEST_CASE("a transport that cannot prove in time that strangers are refused does not begin",
          "[federation][transport][strangers]") {
  using Catch::Matchers::ContainsSubstring;
  using Catch::Matchers::MessageMatches;
  auto limits = quick();
  limits.proof = 0ms;
  listener heard;
  auto begin = [&](const char* bind) {
    zmq_transport transport{zmq_transport_setup{named("state"), secret_with(1), bind, limits}, heard};
  };
  CHECK_THROWS_MATCHES(begin(any_port), std::runtime_error, MessageMatches(ContainsSubstring("not safe to open")));
  // Who waits for nobody has nobody to refuse.
  CHECK_NOTHROW(begin(""));
}
