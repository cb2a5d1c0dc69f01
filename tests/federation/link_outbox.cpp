// What waits for a peer, by lane.

#include "federation/link_outbox.hpp"

#include "tests/federation/transport_nodes.hpp"

using namespace toit::federation;
using namespace toit::federation::test;

namespace {

const auto peer = named("state");

struct outbox_of_one {
  explicit outbox_of_one(transport_limits with = {}) : limits{with} {
    outbox.set_peers({transport_peer{peer, {key_with(1)}, {}}});
    outbox.open(peer);
  }
  link_outbox::answer put(lane in, std::string_view text) { return outbox.put(peer, bytes_of(text), in); }
  bool has_room(lane in, std::string_view text) { return put(in, text) == link_outbox::answer::taken; }
  /// The first characters of what is to leave now. ZeroMQ lets go of it at once.
  std::string leaves() {
    std::string firsts;
    for (const auto& batch : outbox.take())
      for (const auto& parcel : batch.parcels)
        firsts += static_cast<char>(parcel->frame[frame_head_bytes]);
    return firsts;
  }

  transport_limits limits;
  wake_signal wake;
  link_outbox outbox{limits, wake};
};

} // namespace

TEST_CASE("what is urgent overtakes four megabytes of entries, and a document", "[federation][outbox]") {
  outbox_of_one one;
  const std::size_t transfer = 256U << 10;
  REQUIRE(one.has_room(lane::documents, std::string(64U << 10, 'd')));
  for (int i = 0; i < 16; ++i)
    REQUIRE(one.has_room(lane::journal, std::string(transfer, 'j')));
  REQUIRE(one.has_room(lane::control, "c"));
  CHECK(one.leaves() == "cjj"); // the line is full
  REQUIRE(one.has_room(lane::control, "now"));
  CHECK(one.leaves() == "n");
  CHECK(one.leaves().empty());
  one.outbox.release(peer, 2); // c, j
  CHECK(one.leaves() == "j");
  one.outbox.release(peer, 100);
  std::string rest;
  for (auto left = one.leaves(); !left.empty(); left = one.leaves()) {
    rest += left;
    one.outbox.release(peer, left.size());
  }
  CHECK(rest == std::string(13, 'j') + 'd');
}

TEST_CASE("each lane has a bound of its own, in messages and in bytes, until what it holds is taken",
          "[federation][outbox]") {
  transport_limits limits;
  limits.waiting = {{{3, 1'000}, {2, 1'000}, {1, 1'000}}};
  outbox_of_one one{limits};
  for (auto [in, most] : {std::pair{lane::control, 3}, {lane::journal, 2}, {lane::documents, 1}}) {
    for (int i = 0; i < most; ++i)
      CHECK(one.has_room(in, "x"));
    CHECK(one.put(in, "x") == link_outbox::answer::full);
  }
  CHECK(one.leaves().size() == 6);
  CHECK_FALSE(one.has_room(lane::journal, "x")); // it has left, and is not taken
  one.outbox.release(peer, 6);
  for (auto in : {lane::control, lane::journal, lane::documents}) {
    CHECK_FALSE(one.has_room(in, std::string(1'001, 'x')));
    CHECK(one.has_room(in, std::string(1'000, 'x')));
    CHECK((in == lane::documents || !one.has_room(in, "x")));
  }
  CHECK(one.outbox.close(peer) == 3);
  CHECK(one.put(lane::control, "x") == link_outbox::answer::no_link);
  one.outbox.open(peer);
  CHECK(one.has_room(lane::documents, "x"));
}

TEST_CASE("order holds within a lane, and no lane waits for ever", "[federation][outbox]") {
  outbox_of_one one;
  for (char number = '0'; number <= '9'; ++number)
    for (auto in : {lane::documents, lane::journal, lane::control})
      REQUIRE(one.has_room(in, std::string(1, static_cast<char>(number + 10 * static_cast<int>(in)))));
  std::string in_order;
  for (char number = 0; number < 30; ++number)
    in_order += static_cast<char>('0' + number);
  CHECK(one.leaves() == in_order);
  one.outbox.release(peer, 30);
  // Somebody fills both lanes that go before; the line takes one message at a time.
  transport_limits limits;
  limits.line.messages = 1;
  outbox_of_one busy{limits};
  REQUIRE(busy.has_room(lane::documents, "d"));
  REQUIRE(busy.has_room(lane::documents, "e"));
  std::string left;
  for (int i = 0; i < 1'000; ++i) {
    REQUIRE((busy.has_room(lane::journal, "j") && busy.has_room(lane::control, "c")));
    auto now = busy.leaves();
    busy.outbox.release(peer, now.size());
    left += now;
  }
  CHECK(left.find('d') < 2 * limits.overtaken_most + 2);
  CHECK(left.find('e') < 4 * limits.overtaken_most + 4);
  CHECK(std::ranges::count(left, 'j') > 900);
}

TEST_CASE("whoever takes is woken whenever something may leave", "[federation][outbox]") {
  outbox_of_one one;
  auto is_rung = [&] {
    zmq_pollitem_t polled{nullptr, one.wake.descriptor(), ZMQ_POLLIN, 0};
    bool rung = zmq_poll(&polled, 1, 0) > 0;
    one.wake.clear();
    return rung;
  };
  REQUIRE(one.has_room(lane::journal, std::string(600U << 10, 'j')));
  CHECK(is_rung());
  CHECK(one.leaves() == "j");
  REQUIRE(one.has_room(lane::journal, "k"));
  CHECK_FALSE(is_rung()); // there is no room on the line
  REQUIRE(one.has_room(lane::control, "c"));
  CHECK(is_rung());
  CHECK(one.leaves() == "c");
  one.outbox.release(peer, 1);
  CHECK(one.leaves() == "k");
}
