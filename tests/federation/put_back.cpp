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

} // namespace toit::federation::test
