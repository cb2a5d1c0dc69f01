#include "journal/flat_table.hpp"

#include "law/identifiers.hpp"
#include "simulation/world/chance.hpp"

#include <catch2/catch_test_macros.hpp>
#include <map>

using namespace toit;
using journal::flat_table;

namespace {

/// Holds a table against an ordered map over a long random sequence of changes.
template <class Key, class Make>
void compare(std::uint64_t seed, std::size_t steps, Make make_key) {
  simulation::chance chance{seed};
  flat_table<Key> table;
  std::map<Key, std::uint64_t> model;
  for (std::size_t step = 0; step < steps; ++step) {
    auto key = make_key(chance);
    auto what = chance.below(10);
    if (what < 6) {
      auto value = chance.below(5);
      table.set(key, value);
      if (value == 0)
        model.erase(key);
      else
        model[key] = value;
    } else if (what < 9) {
      table.erase(key);
      model.erase(key);
    }
    auto found = model.find(key);
    REQUIRE(table.find(key) == (found == model.end() ? 0 : found->second));
    REQUIRE(table.size() == model.size());
  }
  std::map<Key, std::uint64_t> seen;
  table.for_each([&](const Key& key, std::uint64_t value) { seen.emplace(key, value); });
  CHECK(seen == model);
}

} // namespace

TEST_CASE("a flat table holds what an ordered map holds, whatever is set and erased", "[journal][flat_table]") {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    auto range = std::uint64_t{1} << (2 * seed);
    compare<std::uint64_t>(seed, 20'000, [range](auto& chance) { return chance.below(range); });
  }
}

TEST_CASE("keys of sixteen bytes that differ in one byte alone are told apart", "[journal][flat_table]") {
  compare<law::subject_id>(9, 20'000, [](auto& chance) {
    law::subject_id id;
    id.bytes[chance.below(16)] = static_cast<std::uint8_t>(chance.below(40));
    return id;
  });
}

TEST_CASE("an empty table knows nothing and forgets it without harm", "[journal][flat_table]") {
  flat_table<std::uint64_t> table;
  CHECK(table.find(3) == 0);
  table.erase(3);
  table.set(3, 0);
  CHECK(table.size() == 0);
}
