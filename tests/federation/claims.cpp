// Who says that he holds more of a node's own stream than the node itself.

#include "tests/federation/some_nodes.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit;
using namespace toit::federation;
using namespace toit::federation::test;

namespace {

/// What `who` says to `whom`, whatever he holds.
void says_hello_with(some_nodes& all, const char* who, const char* whom, const ports::stream_position& claimed) {
  hello said;
  said.run = all[who].run;
  said.directory_number = all.current.number;
  said.at = all.clock->at;
  said.positions.push_back(claimed);
  all[whom].talk->received(node_named(who), encode({node_named(who), node_named(whom), said}));
  all.do_what_is_to_be_done(all[whom]);
}

/// A mark of `who` on this place, as it would come to `whom`.
void says_mark(some_nodes& all, const char* who, const char* whom, const ports::stream_position& at) {
  ports::witness_mark mark;
  mark.stream = at.stream;
  mark.epoch = at.epoch;
  mark.seq = at.seq;
  mark.link = at.link;
  mark.witness = all[who].hosted;
  mark.at = all.clock->at;
  journal::sign(mark, journal::signing_key{all[who].keys.signing_seed});
  marks said;
  said.given.push_back(mark);
  all[whom].talk->received(node_named(who), encode({node_named(who), node_named(whom), said}));
  all.do_what_is_to_be_done(all[whom]);
}

ports::stream_position beyond(some_nodes& all, const char* host) {
  auto at = *all[host].source->position(all[host].hosted);
  return {at.stream, at.epoch, at.seq + 1, filled(7)};
}

} // namespace

TEST_CASE("a claim that is not made good holds a stream for a while, whatever else its author brings",
          "[L441-2-7-1-1a]") {
  some_nodes all{31};
  all.run(2);
  REQUIRE(all.write(all["region"]));
  all.run(2);
  auto claimed = beyond(all, "region");
  bool was_held = false;
  for (int second = 0; second < 60; ++second) {
    says_hello_with(all, "plaine", "region", claimed);
    was_held = was_held || !all.write(all["region"]);
    // His own stream goes on to be held there.
    REQUIRE(all.write(all["plaine"]));
    all.run(1);
  }
  CHECK(was_held);
  CHECK(all.write(all["region"]));
  CHECK(all.seq("region", "plaine") == all.seq("plaine", "plaine"));
  CHECK(all.has_alarm("region", alarm_kind::misbehaving));
  CHECK_FALSE(all.has_alarm("region", alarm_kind::rolled_back));
}

namespace {

/// A minute in which plaine claims to hold more of the région's stream each second, and then does something more.
template <class What>
bool is_held_after_a_minute(some_nodes& all, What then) {
  all.run(2);
  auto claimed = beyond(all, "region");
  for (int second = 0; second < 60; ++second) {
    says_hello_with(all, "plaine", "region", claimed);
    if (second == 0)
      CHECK_FALSE(all.write(all["region"]));
    then(second);
    all.run(1);
  }
  says_hello_with(all, "plaine", "region", claimed);
  return !all.write(all["region"]);
}

} // namespace

TEST_CASE("a claim lapses whatever its author does but bring entries", "[L441-2-7-1-1a]") {
  some_nodes all{36};
  auto& region = all["region"];
  SECTION("he brings keys alone") {
    unsigned stored = 0;
    auto brings_keys = [&](int second) {
      if (second % 20 != 10)
        return;
      entries keys;
      keys.brought.stream = region.hosted;
      keys.brought.keys = region.source->keys(region.hosted);
      region.talk->received(node_named("plaine"), encode({node_named("plaine"), region.name, keys}));
      all.do_what_is_to_be_done(region);
      stored += region.statuses.back() == ports::transfer_status::stored ? 1 : 0;
    };
    CHECK_FALSE(is_held_after_a_minute(all, brings_keys));
    CHECK(stored > 0);
  }
  SECTION("he ends the link and comes anew") {
    auto comes_anew = [&](int second) {
      if (second % 20 != 10)
        return;
      all.cut("plaine", "region");
      all.heal("plaine", "region");
    };
    CHECK_FALSE(is_held_after_a_minute(all, comes_anew));
  }
  SECTION("he takes it back, and claims it again") {
    auto takes_it_back = [&](int) {
      says_hello_with(all, "plaine", "region", *region.source->position(region.hosted));
    };
    CHECK_FALSE(is_held_after_a_minute(all, takes_it_back));
  }
  CHECK(all.has_alarm("region", alarm_kind::misbehaving));
}

TEST_CASE("a claim that a State node has signed binds until it is made good, or disclaimed", "[L441-2-7-1-1a]") {
  some_nodes all{32};
  all.run(2);
  auto claimed = beyond(all, "plaine");
  // From here on it says nothing but this.
  auto insist = [&] {
    all["plaine"].talk->link_changed(node_named("region"), ports::link_state::up);
    says_hello_with(all, "region", "plaine", claimed);
    says_mark(all, "region", "plaine", claimed);
    all.run(60);
  };
  all.stop(all["region"], false);
  insist();
  CHECK_FALSE(all.write(all["plaine"]));
  CHECK(all.has_alarm("plaine", alarm_kind::rolled_back));

  all.stop(all["plaine"], false);
  all["plaine"].disclaimed = {claimed.link};
  all.start(all["plaine"]);
  insist();
  CHECK(all.write(all["plaine"]));
}

TEST_CASE("a territory's node countersigns nothing", "[L441-2-7-1-1a]") {
  some_nodes all{33};
  all.run(2);
  auto at = *all["region"].source->position(all["region"].hosted);
  says_mark(all, "plaine", "region", at);
  for (const auto& kept : all["region"].source->marks(at.stream))
    CHECK(kept.witness != all["plaine"].hosted);
  CHECK(all.has_alarm("region", alarm_kind::misbehaving));
}

TEST_CASE("a mark of a stream that has passed, and of which nobody has said so here yet, is no misdeed",
          "[L441-2-7-4-1]") {
  some_nodes all{35};
  all.run(2);
  says_mark(all, "region", "ensemble", *all["plaine"].source->position(all["plaine"].hosted));
  CHECK_FALSE(all.has_alarm("ensemble", alarm_kind::bad_signature));
  CHECK_FALSE(all.has_alarm("ensemble", alarm_kind::misbehaving));
  CHECK(all["ensemble"].source->marks(all["plaine"].hosted).empty());
}
