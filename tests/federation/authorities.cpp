#include "federation/authorities.hpp"

#include "tests/federation/small_directory.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

namespace toit::federation::test {

namespace {

const auto today = day("2026-06-01");
const auto stream_a = ports::stream_of(a);
const auto stream_b = ports::stream_of(b);

authorities passed(const stream_id& of, std::initializer_list<const char*> hosts, const char* next = nullptr) {
  authorities made;
  auto& one = made[of];
  for (const char* host : hosts)
    one.passed.push_back({one.epoch() + 1, name(host)});
  if (next)
    one.next = name(next);
  return made;
}

bool are_neighbours(const directory& in, const char* one, const char* other) {
  auto has = [&](const char* whose, const char* whom) {
    auto all = neighbours_of(in, name(whose), today);
    return std::ranges::any_of(all, [&](const node_entry* node) { return node->name == name(whom); });
  };
  CHECK(has(one, other) == has(other, one));
  return has(one, other);
}

} // namespace

TEST_CASE("where nothing has passed the directory says who hosts", "[L441-2-7-4-1]") {
  auto issued = small_directory();
  CHECK(with_hosts(issued, {}) == issued);
  CHECK(hosts_of(issued, {}, stream_a) == std::vector<host_epoch>{{0, name("territory-a")}});
  CHECK(hosts_of(issued, {}, ports::stream_of(without_node)).empty());
}

TEST_CASE("a stream that has passed is its last host's, and whom the directory lists holds it still",
          "[L441-2-7-4-1]") {
  auto issued = small_directory();
  auto now = with_hosts(issued, passed(stream_a, {"region"}));
  CHECK(now.host_of(stream_a)->name == name("region"));
  CHECK(now.host_of(stream("SR11"))->name == name("region"));
  CHECK(now.find(name("territory-a"))->streams.empty());
  CHECK(now.territory_of(stream_a, today)->holders == std::vector{name("territory-a")});
  CHECK(should_hold(now, name("territory-a"), stream_a, today));
  CHECK(should_hold(now, name("territory-a"), stream("SD93"), today));
  CHECK(are_neighbours(now, "territory-a", "seine-saint-denis"));
  CHECK_FALSE(are_neighbours(now, "territory-a", "val-d-oise"));
  // What is signed knows nothing of it.
  const auto& key = anchor();
  now.nodes = issued.nodes;
  CHECK(sign_directory(now, key) == sign_directory(issued, key));

  auto back = with_hosts(issued, passed(stream_a, {"region", "territory-a"}));
  CHECK(back.host_of(stream_a)->name == name("territory-a"));
  CHECK(back.territory_of(stream_a, today)->holders.empty());
}

TEST_CASE("who holds one territory's stream holds nothing else of its host's", "[L441-2-7-2-1]") {
  auto issued = small_directory();
  for (const auto& now : {with_hosts(issued, passed(stream_a, {}, "territory-b")),
                          with_hosts(issued, passed(stream_a, {"territory-b"}))}) {
    CHECK(are_neighbours(now, "territory-a", "territory-b"));
    CHECK(should_hold(now, name("territory-b"), stream_a, today));
    CHECK_FALSE(should_hold(now, name("territory-a"), stream_b, today));
    CHECK_FALSE(should_hold(now, name("territory-a"), stream("SD95"), today));
    CHECK(should_hold(now, name("territory-b"), stream("SD95"), today));
    CHECK_FALSE(should_hold(now, name("val-d-oise"), stream_a, today));
    CHECK_FALSE(are_neighbours(now, "territory-a", "val-d-oise"));
  }
  // Both have passed to the région: their former hosts remain strangers to each other.
  auto both = passed(stream_a, {"region"});
  both.merge(passed(stream_b, {"region"}));
  auto now = with_hosts(issued, both);
  CHECK_FALSE(are_neighbours(now, "territory-a", "territory-b"));
  CHECK_FALSE(should_hold(now, name("territory-a"), stream_b, today));
  CHECK_FALSE(should_hold(now, name("territory-b"), stream_a, today));
  CHECK(are_neighbours(now, "territory-b", "region"));
}

TEST_CASE("a node that the directory does not know changes nothing", "[L441-2-7-4-1]") {
  auto issued = small_directory();
  CHECK(with_hosts(issued, passed(stream_a, {"nobody"}, "no-one")) == issued);
  auto epochs = passed(stream_a, {"region", "nobody"});
  CHECK(host_in(issued, epochs, stream_a, 0)->name == name("territory-a"));
  CHECK(host_in(issued, epochs, stream_a, 1)->name == name("region"));
  CHECK(host_in(issued, epochs, stream_a, 2) == nullptr);
}

TEST_CASE("where nobody had a node the first host stands for the epoch before his own", "[L441-2-7-4-1]") {
  auto issued = small_directory();
  auto nobodys = ports::stream_of(without_node);
  auto now = passed(nobodys, {"region"});
  CHECK(hosts_of(issued, now, nobodys) == std::vector<host_epoch>{{0, name("region")}, {1, name("region")}});
  auto effective = with_hosts(issued, now);
  CHECK(effective.host_of(nobodys)->name == name("region"));
  CHECK(effective.territory_of(nobodys, today)->holders.empty());
}

} // namespace toit::federation::test
