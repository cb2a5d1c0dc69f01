// Two nodes that know each other, or not yet, or no longer.

#include "tests/federation/transport_nodes.hpp"

#include <algorithm>
#include <array>
#include <catch2/generators/catch_generators.hpp>

using namespace toit::federation;
using namespace toit::federation::test;

namespace {

/// B goes to A; both are up.
struct pair_of_nodes {
  explicit pair_of_nodes(transport_limits limits = quick())
      : a{"state", 1, any_port, limits}, b{"town", 2, {}, limits} {
    a.transport->set_peers({b.as_peer()});
    b.transport->set_peers({a.as_peer()});
    REQUIRE(eventually([&] { return a.is_up_with(b) && b.is_up_with(a); }));
  }
  node a;
  node b;
};

std::vector<std::string> texts(const node& of) {
  std::vector<std::string> all;
  for (const auto& [from, text] : of.heard.messages())
    all.push_back(text);
  return all;
}

/// Sends `count` numbered messages, each as often as it takes.
void send_numbered(const node& from, const node& to, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    while (!from.send(to, std::to_string(i)))
      std::this_thread::sleep_for(100us);
}

bool are_numbered(const std::vector<std::string>& got, std::size_t count) {
  if (got.size() != count)
    return false;
  for (std::size_t i = 0; i < count; ++i)
    if (got[i] != std::to_string(i))
      return false;
  return true;
}

} // namespace

TEST_CASE("two nodes send to each other over one link", "[federation][transport]") {
  pair_of_nodes both;
  CHECK(both.b.send(both.a, "from the town"));
  CHECK(both.a.send(both.b, "from the State"));
  REQUIRE(eventually([&] { return both.a.heard.count() == 1 && both.b.heard.count() == 1; }));
  CHECK(both.a.heard.messages()[0] == std::pair{named("town"), std::string{"from the town"}});
  CHECK(both.b.heard.messages()[0] == std::pair{named("state"), std::string{"from the State"}});
  CHECK(both.a.heard.changes(both.b.name) == std::vector{link_state::up});
  CHECK(since_admitted(both.b.heard.changes(both.a.name)) == std::vector{link_state::up});
  auto counted = both.a.transport->stats();
  CHECK(counted.messages_in == 1);
  CHECK(counted.bytes_in == 13);
  CHECK(eventually([&] { return both.a.transport->stats().messages_out == 1; }));
  CHECK(counted.strays == 0);
}

TEST_CASE("nodes that both listen go to each other, and each sends on its own way", "[federation][transport]") {
  node a{"state", 1, any_port};
  node b{"region", 2, any_port};
  a.transport->set_peers({b.as_peer()});
  b.transport->set_peers({a.as_peer()});
  REQUIRE(eventually([&] { return a.is_up_with(b) && b.is_up_with(a); }));
  std::thread back{[&] { send_numbered(a, b, 500); }};
  send_numbered(b, a, 500);
  back.join();
  CHECK(eventually([&] { return are_numbered(texts(a), 500) && are_numbered(texts(b), 500); }));
}

TEST_CASE("a stranger is turned away, and admitted without anybody restarting", "[federation][transport]") {
  node a{"state", 1, any_port};
  node b{"town", 2};
  b.transport->set_peers({a.as_peer()});
  REQUIRE(eventually([&] { return a.heard.turned_away_count > 1; }));
  REQUIRE(eventually([&] { return b.heard.state(a.name) == link_state::refused; }));
  CHECK(b.heard.changes(a.name) == std::vector{link_state::refused});
  CHECK_FALSE(b.send(a, "let me in"));
  CHECK(b.transport->stats().sockets_made_again > 0);
  a.transport->set_peers({b.as_peer()});
  REQUIRE(eventually([&] { return b.is_up_with(a); }));
  CHECK(b.send(a, "here I am"));
  REQUIRE(eventually([&] { return a.heard.count() == 1; }));
  CHECK(texts(a) == std::vector<std::string>{"here I am"});
  CHECK(a.transport->stats().turned_away == static_cast<std::uint64_t>(a.heard.turned_away_count));
}

TEST_CASE("a peer that was removed hears it and is heard no more", "[federation][transport]") {
  pair_of_nodes both;
  both.a.transport->set_peers({});
  CHECK_FALSE(both.a.send(both.b, "too late"));
  REQUIRE(eventually([&] { return both.b.heard.state(both.a.name) == link_state::refused; }));
  REQUIRE(eventually([&] { return both.a.heard.state(both.b.name) == link_state::down; }));
  CHECK_FALSE(both.b.send(both.a, "still there?"));
  both.a.transport->set_peers({both.b.as_peer()});
  REQUIRE(eventually([&] { return both.b.is_up_with(both.a) && both.a.is_up_with(both.b); }));
  both.b.transport->set_peers({});
  REQUIRE(eventually([&] { return both.a.heard.state(both.b.name) == link_state::down; }));
  CHECK(both.a.heard.count() == 0);
  CHECK(both.b.heard.count() == 0);
}

TEST_CASE("a removed peer that keeps his connection speaks into the void", "[federation][transport]") {
  node a{"state", 1, any_port};
  node other{"town", 3};
  auto known = transport_peer{named("rude"), {key_with(2)}, {}};
  a.transport->set_peers({known, other.as_peer()});
  rude_client rude{a, 2};
  REQUIRE(rude.takes_part());
  rude.say_message("while I may");
  REQUIRE(eventually([&] { return a.heard.count() == 1; }));
  a.transport->set_peers({other.as_peer()});
  CHECK(rude.told() == frame_kind::bye);
  auto strays = a.transport->stats().strays;
  rude.say_message("after");
  rude.say(frame_kind::hello);
  CHECK(rude.told() == frame_kind::bye);
  CHECK(rude.told() == frame_kind::bye);
  CHECK(a.transport->stats().strays == strays + 2);
  CHECK(a.heard.count() == 1);
}

TEST_CASE("a link ends with the key on which it stands", "[federation][transport]") {
  node a{"state", 1, any_port};
  auto both_keys = transport_peer{named("town"), {key_with(2), key_with(3)}, {}};
  a.transport->set_peers({both_keys});
  rude_client older{a, 2};
  REQUIRE(older.takes_part());
  both_keys.link_keys = {key_with(3)};
  a.transport->set_peers({both_keys});
  CHECK(older.told() == frame_kind::bye);
  REQUIRE(eventually([&] { return a.heard.state(named("town")) == link_state::down; }));
  rude_client newer{a, 3};
  CHECK(newer.takes_part());
}

TEST_CASE("a peer under a wrong key is never reached, and is under the right one", "[federation][transport]") {
  node a{"state", 1, any_port};
  node b{"town", 2};
  a.transport->set_peers({b.as_peer()});
  auto wrong = a.as_peer();
  wrong.link_keys = {key_with(9)};
  b.transport->set_peers({wrong});
  REQUIRE(eventually([&] { return b.transport->stats().sockets_made_again > 2; }));
  CHECK(b.heard.changes(a.name).empty());
  CHECK(a.heard.changes(b.name).empty());
  CHECK(eventually([&] { return a.heard.turned_away_count > 0; }));
  b.transport->set_peers({a.as_peer()});
  CHECK(eventually([&] { return b.is_up_with(a); }));
}

TEST_CASE("while a key changes either is tried", "[federation][transport]") {
  node b{"town", 2};
  std::string endpoint;
  auto both_keys = transport_peer{named("state"), {key_with(1), key_with(9)}, {}};
  for (auto secret : std::to_array<std::uint8_t>({1, 9})) {
    node a{"state", secret, endpoint.empty() ? any_port : endpoint};
    endpoint = both_keys.endpoint = a.transport->endpoint();
    a.transport->set_peers({b.as_peer()});
    b.transport->set_peers({both_keys});
    REQUIRE(eventually([&] { return b.is_up_with(a); }));
    CHECK(b.send(a, "under either"));
    CHECK(eventually([&] { return a.heard.count() == 1; }));
    auto only = both_keys;
    only.link_keys = {key_with(secret)};
    b.transport->set_peers({only}); // the link stands on that key, and stays
    CHECK(b.send(a, "still there"));
    CHECK(eventually([&] { return a.heard.count() == 2; }));
    b.transport->set_peers({both_keys});
  }
  CHECK(eventually([&] { return b.heard.state(named("state")) == link_state::down; }));
  CHECK(std::ranges::count(b.heard.changes(named("state")), link_state::up) == 2);
}

TEST_CASE("nothing is sent to a peer that is not there, and nothing waits for him", "[federation][transport]") {
  node b{"town", 2};
  CHECK_FALSE(b.transport->send(named("nobody"), bytes_of("hello"), lane::control));
  b.transport->set_peers({transport_peer{named("state"), {key_with(1)}, "tcp://127.0.0.1:1"},
                          transport_peer{named("mute"), {key_with(4)}, {}},
                          transport_peer{named("keyless"), {}, "tcp://127.0.0.1:1"},
                          transport_peer{named("nowhere"), {key_with(5)}, "no endpoint at all"}});
  REQUIRE(eventually([&] { return b.transport->stats().sockets_made_again > 4; }));
  for (auto name : {"state", "mute", "keyless", "nowhere"}) {
    CHECK_FALSE(b.transport->send(named(name), bytes_of("hello"), lane::control));
    CHECK(b.heard.changes(named(name)).empty());
  }
  CHECK(b.transport->stats().messages_out == 0);
  CHECK(b.transport->stats().lost == 0);
}

TEST_CASE("a peer that comes back is told as having been away", "[federation][transport]") {
  node a{"state", 1, any_port};
  auto known = transport_peer{named("town"), {key_with(2)}, {}};
  a.transport->set_peers({known});
  {
    rude_client first{a, 2};
    REQUIRE(first.takes_part());
    rude_client second{a, 2}; // the first has not gone
    REQUIRE(second.takes_part());
    first.say_message("late");
    CHECK(eventually([&] { return first.is_hung_up(); }));
    second.say_message("in time");
    REQUIRE(eventually([&] { return a.heard.count() == 1; }));
    CHECK(texts(a) == std::vector<std::string>{"in time"});
  }
  CHECK(eventually([&] { return a.heard.state(named("town")) == link_state::down; }));
  CHECK(a.heard.changes(named("town")) ==
        std::vector{link_state::up, link_state::down, link_state::up, link_state::down});
}

TEST_CASE("a message of the largest size arrives, a larger one is not taken", "[federation][transport]") {
  pair_of_nodes both;
  bytes largest(toit::ports::message_limit_bytes, 7);
  CHECK(both.b.transport->send(both.a.name, largest, lane::journal));
  REQUIRE(eventually([&] { return both.a.heard.count() == 1; }));
  CHECK(both.a.heard.messages()[0].second == text_of(largest));
  largest.push_back(7);
  CHECK_FALSE(both.b.transport->send(both.a.name, largest, lane::journal));
  CHECK_FALSE(both.b.transport->send(both.a.name, {}, lane::journal));
}

TEST_CASE("what waits for a peer that stalls is bounded, and arrives once he reads", "[federation][transport]") {
  auto limits = quick();
  const std::size_t size = 256U << 10;
  SECTION("in bytes") { limits.waiting[1].size_bytes = 4 * size + 1000; }
  SECTION("in messages") { limits.waiting[1].messages = 4; }
  pair_of_nodes both{limits};
  bool up = GENERATE(true, false);
  auto& from = up ? both.b : both.a;
  auto& to = up ? both.a : both.b;
  to.heard.hold();
  std::vector<std::string> sent;
  auto numbered = [&] {
    auto text = std::to_string(sent.size());
    text.resize(size, '.');
    return text;
  };
  while (sent.size() < 5 && from.send(to, numbered()))
    sent.push_back(numbered());
  REQUIRE(sent.size() == 4);
  // However long: he takes none of them, and two fill the line.
  REQUIRE(eventually([&] { return to.heard.keeps_waiting() && from.transport->stats().messages_out == 2; }));
  CHECK_FALSE(from.send(to, std::string(size, '.')));
  CHECK(from.transport->stats().refused_full == 2);
  to.heard.release();
  REQUIRE(eventually([&] { return from.send(to, "last"); }));
  sent.push_back("last");
  REQUIRE(eventually([&] { return to.heard.count() == sent.size(); }));
  CHECK(texts(to) == sent);
}

TEST_CASE("what is urgent arrives in front of what waits", "[federation][transport]") {
  pair_of_nodes both;
  const std::size_t size = 256U << 10;
  bool up = GENERATE(true, false);
  auto& from = up ? both.b : both.a;
  auto& to = up ? both.a : both.b;
  to.heard.hold();
  for (int i = 0; i < 4; ++i)
    REQUIRE(from.send(to, std::string(size, 'd'), lane::documents));
  for (int i = 0; i < 16; ++i)
    REQUIRE(from.send(to, std::string(size, 'j'), lane::journal));
  REQUIRE(eventually([&] { return to.heard.keeps_waiting(); }));
  REQUIRE(from.send(to, "now", lane::control));
  to.heard.release();
  REQUIRE(eventually([&] { return to.heard.count() == 21; }));
  auto got = texts(to);
  auto urgent = std::ranges::find(got, "now") - got.begin();
  CHECK(urgent <= 3);
  // Documents that were on the line before go on; the others come last.
  for (std::size_t i = 3; i < 17; ++i)
    CHECK((got[i] == "now" || got[i].front() == 'j'));
}

TEST_CASE("a hundred thousand messages each way arrive once and in order", "[federation][transport]") {
  const std::size_t count = 100000;
  pair_of_nodes both;
  std::thread back{[&] { send_numbered(both.a, both.b, count); }};
  send_numbered(both.b, both.a, count);
  back.join();
  REQUIRE(eventually([&] { return both.a.heard.count() >= count && both.b.heard.count() >= count; }));
  CHECK(are_numbered(texts(both.a), count));
  CHECK(are_numbered(texts(both.b), count));
  CHECK(both.a.transport->stats().lost == 0);
}

TEST_CASE("nothing that was taken is lost as long as the link lasts", "[federation][transport]") {
  const std::size_t count = 20000;
  pair_of_nodes both{with_room_for(8)};
  std::thread back{[&] { send_numbered(both.a, both.b, count); }};
  send_numbered(both.b, both.a, count);
  back.join();
  REQUIRE(eventually([&] { return both.a.heard.count() >= count && both.b.heard.count() >= count; }));
  CHECK(are_numbered(texts(both.a), count));
  CHECK(are_numbered(texts(both.b), count));
  CHECK(both.a.heard.changes(both.b.name).size() == 1);
}

TEST_CASE("a transport stops while everybody is busy with it", "[federation][transport]") {
  for (int round = 0; round < 5; ++round) {
    auto both = std::make_unique<pair_of_nodes>();
    std::atomic<bool> done{false};
    auto flood = [&](node& from, node_name to) {
      const bytes message(10000, 1);
      while (!done)
        from.transport->send(to, message, lane::documents);
    };
    std::thread town{[&] { flood(both->b, both->a.name); }};
    std::thread state{[&] { flood(both->a, both->b.name); }};
    CHECK(eventually([&] { return both->a.heard.count() > 100 && both->b.heard.count() > 100; }));
    done = true;
    town.join();
    state.join();
    auto begun = std::chrono::steady_clock::now();
    (round % 2 == 0 ? both->a : both->b).transport.reset();
    both.reset();
    CHECK(std::chrono::steady_clock::now() - begun < 30s);
  }
}

TEST_CASE("a transport that cannot listen says so", "[federation][transport]") {
  node a{"state", 1, any_port};
  listener nobody;
  auto open = [&](const std::string& bind) {
    zmq_transport second{{named("second"), secret_with(2), bind, quick()}, nobody};
  };
  CHECK_THROWS_AS(open(a.transport->endpoint()), std::runtime_error);
  CHECK_THROWS_AS(open("ipc:///tmp/none"), std::runtime_error);
  CHECK_THROWS_AS(open("tcp://127.0.0.1"), std::runtime_error);
  CHECK_NOTHROW(open("tcp://127.0.0.1:0"));
  CHECK_NOTHROW(open(""));
}

TEST_CASE("a link's speed over loopback", "[.][bench]") {
  const std::size_t count = 300000;
  pair_of_nodes both;
  const bytes message(1024, 1);
  auto begun = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < count; ++i)
    while (!both.b.transport->send(both.a.name, message, lane::journal))
      std::this_thread::sleep_for(50us);
  REQUIRE(eventually([&] { return both.a.transport->stats().messages_in == count; }));
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  WARN("messages of 1 KiB a second: " << static_cast<std::size_t>(static_cast<double>(count) / took.count()));
}
