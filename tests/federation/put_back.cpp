// A State node whose disk is put back as it was, by somebody who tells it nothing of that.

#include "tests/federation/passing_nodes.hpp"

#include <catch2/catch_test_macros.hpp>

namespace toit::federation::test {

TEST_CASE("a State node that was put back writes nothing in an epoch after which it had opened another one",
          "[L441-2-7-4-1]") {
  passing_nodes all{54};
  all.run(2);
  auto stream = all.stream("plaine");
  all.pass("plaine", "region");
  all.run(8);
  auto& region = all["region"];
  REQUIRE(all.hosts("region", "plaine"));
  CHECK(all.write_in(region, stream, 2));
  all.run(6);
  auto heeded = region.heeded;
  all.stop(region, false);
  auto copy = region.disk.copy();
  auto begin_again = [&] {
    all.open(region);
    region.journal->load(stream);
    all.start(region);
  };
  begin_again();
  all.run(3);
  all.pass("plaine", "region");
  all.run(6);
  REQUIRE(all.cuts("region", "plaine").size() == 2);
  CHECK(all.write_in(region, stream, 3));
  all.run(8);
  REQUIRE(all.equal("departement", "region", "plaine"));

  all.stop(region, false);
  region.disk.restore(copy);
  region.heeded = heeded;
  // Where others stand it hears at once, what it had signed itself later.
  auto own = region.hosted;
  auto before = std::exchange(all.is_lost, [own](const some_nodes::on_its_way& one) {
    auto read = decode(one.sent);
    const auto* said = read ? std::get_if<entries>(&read->said) : nullptr;
    return said && said->brought.stream == own;
  });
  begin_again();
  all.run(4);
  REQUIRE(all.cuts("region", "plaine").size() == 1);
  CHECK_FALSE(all.write_in(region, stream, 1));
  all.is_lost = before;
  all.run(10);
  REQUIRE(all.cuts("region", "plaine").size() == 2);
  CHECK(all.equal("departement", "region", "plaine"));
  CHECK(all.write_in(region, stream, 1));
  all.run(8);
  CHECK(all.equal("departement", "region", "plaine"));
  CHECK_FALSE(all.has_alarm("departement", alarm_kind::forked));
}

namespace {

/// What is brought of this stream, on its way from one to the other.
std::optional<entries> brought(const some_nodes::on_its_way& one, const stream_id& stream, const node_name& from,
                               const node_name& to) {
  auto read = one.from == from && one.to == to ? std::optional{decode(one.sent)} : std::nullopt;
  const auto* said = read && *read ? std::get_if<entries>(&(*read)->said) : nullptr;
  return said && said->brought.stream == stream ? std::optional{*said} : std::nullopt;
}

bool is_of_epoch(const std::optional<entries>& said, std::uint32_t epoch) {
  return said && !said->brought.entries.empty() && said->brought.entries.front().epoch == epoch;
}

} // namespace

// The former host alone has what the put back node had written; the other State node has what the cut had left out.
TEST_CASE(
    "a State node that was put back takes its own epoch up from the former host, whatever it holds beyond the cut",
    "[L441-2-7-4-1]") {
  passing_nodes all{55};
  all.run(2);
  CHECK(all.write(all["plaine"], 3));
  all.run(4);
  auto stream = all.stream("plaine");
  auto& region = all["region"];
  auto copy = region.disk.copy();
  auto heeded = region.heeded;
  all.cut("plaine", "region");
  all.cut("departement", "region");
  all.pass("plaine", "region");
  all.run(4);
  REQUIRE(all.cuts("region", "plaine").size() == 1);
  CHECK(all.write_in(region, stream, 4));
  // It has not heard of it, and the departmental node hears it alone.
  CHECK(all.write(all["plaine"], 2));
  all.run(3);
  // Then it does; the departmental node does not hear what was written since.
  auto plaine = node_named("plaine");
  auto stays_behind = [&](const some_nodes::on_its_way& one) {
    return is_of_epoch(brought(one, stream, plaine, node_named("departement")), 1);
  };
  all.is_lost = stays_behind;
  all.heal("plaine", "region");
  all.run(10);
  REQUIRE(all.equal("plaine", "region", "plaine"));
  REQUIRE(all.seq("departement", "plaine") != all.seq("plaine", "plaine"));

  all.stop(region, false);
  region.disk.restore(copy);
  region.heeded = heeded;
  std::optional<some_nodes::on_its_way> last_brought;
  all.is_lost = [&](const some_nodes::on_its_way& one) {
    bool is_kept = is_of_epoch(brought(one, stream, plaine, region.name), 1);
    if (is_kept)
      last_brought = one;
    return is_kept || stays_behind(one);
  };
  all.heal("departement", "region");
  all.open(region);
  region.journal->load(region.hosted);
  all.start(region);
  all.run(6);
  REQUIRE(all.cuts("region", "plaine").empty());
  REQUIRE(all.seq("region", "plaine") == all.seq("departement", "plaine"));
  // Keys come first where they are asked for: what follows comes while they are being written.
  entries keys;
  keys.brought.stream = stream;
  keys.brought.keys = all["plaine"].source->keys(stream);
  std::erase_if(keys.brought.keys, [](const auto& key) { return key.epoch != 0; });
  region.talk->received(plaine, encode({plaine, region.name, keys}));
  region.talk->received(plaine, last_brought.value().sent);
  all.do_what_is_to_be_done(region);
  CHECK(all.equal("plaine", "region", "plaine"));
  all.is_lost = {};
  all.run(20);
  REQUIRE(all.hosts("region", "plaine"));
  CHECK(all.cuts("region", "plaine").size() == 1);
  CHECK(all.equal("plaine", "region", "plaine"));
  CHECK(all.equal("departement", "region", "plaine"));
  CHECK_FALSE(all.has_alarm("departement", alarm_kind::forked));
  CHECK_FALSE(all.has_alarm("plaine", alarm_kind::forked));
}

} // namespace toit::federation::test
