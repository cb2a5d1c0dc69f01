#include "simulation/world/world.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit;
using namespace std::chrono_literals;
using std::chrono::days;

namespace {

/// A node that has just begun, and looks at its clock when told to.
struct watched {
  watched() { world.start(); }

  bool frozen() {
    world.tick();
    world.drain();
    auto status = world.watch();
    REQUIRE(status);
    return status->frozen;
  }
  /// The node is ended and begun again while `much` goes by on its clock.
  void restart_after(std::chrono::milliseconds much) {
    world.crash();
    world.clock().jump(much);
    world.start();
  }

  simulation::world world{{}};
};

} // namespace

TEST_CASE("a clock that keeps step with monotonic time freezes nothing, however long it runs", "[actors][clock]") {
  watched node;
  CHECK_FALSE(node.frozen());
  for (int i = 0; i < 40; ++i) {
    node.world.clock().pass(days{3});
    CHECK_FALSE(node.frozen());
  }
}

TEST_CASE("a clock that parts from monotonic time by more than a day freezes automatic effects", "[actors][clock]") {
  for (auto sign : {1, -1}) {
    watched node;
    CHECK_FALSE(node.frozen());
    node.world.clock().jump(sign * std::chrono::milliseconds{24h});
    CHECK_FALSE(node.frozen());
    node.world.clock().jump(sign * 1ms);
    CHECK(node.frozen());
    // Time that goes by does not make it right.
    node.world.clock().pass(days{2});
    CHECK(node.frozen());
    node.world.confirm_clock();
    node.world.drain();
    CHECK_FALSE(node.frozen());
  }
}

TEST_CASE("a clock that parts a little each time is found out too", "[actors][clock]") {
  watched node;
  CHECK_FALSE(node.frozen());
  node.world.clock().jump(20h);
  CHECK_FALSE(node.frozen());
  node.world.clock().jump(20h);
  CHECK(node.frozen());
}

TEST_CASE("a node that begins before its last entry is frozen until its clock is confirmed", "[actors][clock]") {
  watched node;
  node.restart_after(-1ms);
  CHECK(node.frozen());
  node.world.confirm_clock();
  node.world.drain();
  CHECK_FALSE(node.frozen());
}

TEST_CASE("a node that begins more than thirty-one days after its last entry is frozen", "[actors][clock]") {
  watched node;
  node.restart_after(days{31});
  CHECK_FALSE(node.frozen());
  node.restart_after(1ms);
  CHECK(node.frozen());
}
