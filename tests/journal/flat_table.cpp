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

TEST_CASE("a table with room made for them takes the keys of another one in its order", "[journal][flat_table]") {
  // Without the room each key would walk past all those before it: minutes, not milliseconds.
  constexpr std::uint64_t many = 200'000;
  simulation::chance chance{11};
  flat_table<std::uint64_t> kept;
  while (kept.size() < many)
    kept.set(chance.next(), kept.size() + 1);
  flat_table<std::uint64_t> put_back;
  put_back.reserve(kept.size());
  kept.for_each([&](std::uint64_t key, std::uint64_t value) { put_back.set(key, value); });
  CHECK(put_back.size() == many);
  kept.for_each([&](std::uint64_t key, std::uint64_t value) { REQUIRE(put_back.find(key) == value); });
}
