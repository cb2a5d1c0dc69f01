// A host whose disk is put back as it was, as those see it who hold what it has lost.

#include "tests/federation/some_nodes.hpp"

#include <catch2/catch_test_macros.hpp>

namespace toit::federation::test {

namespace {

template <class What>
bool brings(const some_nodes::on_its_way& one, const node_name& from) {
  auto read = one.from == from ? std::optional{decode(one.sent)} : std::nullopt;
  return read && *read && std::holds_alternative<What>((*read)->said);
}

std::vector<alarm> alarms_of(some_nodes& all, const char* where, alarm_kind kind) {
  auto told = all[where].talk->report().alarms;
  std::vector<alarm> found;
  std::ranges::copy_if(told, std::back_inserter(found), [&](const alarm& a) { return a.kind == kind; });
  return found;
}

/// Three entries of the host are on the région's disk, and no more on its own. Where it stands now.
std::uint64_t put_plaine_back(some_nodes& all) {
  auto& plaine = all["plaine"];
  all.run(2);
  REQUIRE(all.write(plaine, 2));
  all.run(3);
  all.stop(plaine, false);
  auto copy = plaine.disk.copy();
  all.start(plaine);
  all.run(4);
  all.cut("plaine", "departement");
  auto before = all.seq("plaine", "plaine");
  REQUIRE(all.write(plaine, 3));
  all.run(3);
  REQUIRE(all.seq("region", "plaine") == before + 3);
  all.stop(plaine, false);
  plaine.disk.restore(copy);
  return before;
}

} // namespace

TEST_CASE("a State node raises an alarm while a host has less of its own stream than the State node holds",
          "[L441-2-7-1-1a]") {
  some_nodes all{36};
  auto before = put_plaine_back(all);
  auto held = all.seq("region", "plaine");
  auto plaine = all["plaine"].name;
  auto region = all["region"].name;
  auto said_at = before;
  SECTION("as the host says where it stands") {
    all.is_lost = [&](const auto& one) { return brings<no>(one, plaine) || brings<entries>(one, region); };
  }
  SECTION("as the host answers who asks for what follows") {
    said_at = held;
    all.is_lost = [&](const auto& one) { return brings<hello>(one, plaine) || brings<entries>(one, region); };
  }
  all.start(all["plaine"]);
  all.run(7);
  REQUIRE(all.seq("plaine", "plaine") == before);
  auto raised = alarms_of(all, "region", alarm_kind::rolled_back);
  REQUIRE(raised.size() == 1);
  CHECK(raised.front().stream == all["plaine"].hosted);
  CHECK(raised.front().node == plaine);
  CHECK(raised.front().seq == said_at);
  CHECK_FALSE(all.write(all["plaine"]));
  // It gets back what it had.
  all.is_lost = {};
  all.heal("plaine", "departement");
  all.run(40);
  CHECK(all.seq("plaine", "plaine") == held);
  CHECK(all.equal("plaine", "region", "plaine"));
  for (const char* who : {"region", "departement", "plaine"})
    CHECK(alarms_of(all, who, alarm_kind::rolled_back).empty());
  CHECK(all.write(all["plaine"]));
}

} // namespace toit::federation::test
