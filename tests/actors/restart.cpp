// What a territory's actors begin again from.

#include "simulation/world/world.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit;

TEST_CASE("a damaged snapshot is thrown away, wherever the damage is, and the journal folded", "[actors][snapshot]") {
  simulation::world world{{}};
  world.start();
  for (const char* part : {"registry", "guard", "allocator"}) {
    CAPTURE(part);
    auto file = "node/snapshots/" + simulation::world::stream().text() + "-" + part + ".snapshot";
    world.keep(true);
    world.drain();
    auto kept = world.disk().find(file);
    REQUIRE(kept);
    world.disk().rot(file, kept->now.size() - 1);
    world.crash();
    world.start();
    world.drain();
    CHECK(world.in_trouble() == simulation::world::trouble::none);
    CHECK(world.watch().has_value());
    CHECK_FALSE(world.disk().find(file));
  }
}
