// Territories that several State authorities follow, in several départements and régions, and days on which they
// change.

#include "tests/federation/some_nodes.hpp"

#include <catch2/catch_test_macros.hpp>

namespace toit::federation::test {

namespace {

using std::chrono::sys_days;
using std::chrono::year;

constexpr law::instant noon_of(int month, int day) {
  return law::instant{sys_days{year{2026} / month / day} + std::chrono::hours{12}};
}

/// The CC du Pays Houdanais, of Yvelines and Eure-et-Loir, of Île-de-France and Centre-Val de Loire; its seat is in
/// Yvelines.
const some_nodes::members everybody{{"ile-de-france", "SR11", node_tier::region},
                                    {"centre", "SR24", node_tier::region},
                                    {"yvelines", "SD78", node_tier::departement},
                                    {"eure-et-loir", "SD28", node_tier::departement},
                                    {"houdan", "T247800550", node_tier::territory}};
constexpr std::array states{"ile-de-france", "centre", "yvelines", "eure-et-loir"};

territory_entry houdan(std::initializer_list<const char*> supervisors) {
  return some_nodes::territory_of("247800550", {"28", "78"}, supervisors);
}

void lay_out_two_regions(directory& made) { made.territories.push_back(houdan({"SD78", "SD28", "SR11", "SR24"})); }

/// Until 31 March the prefect of Eure-et-Loir orders, with his région; from 1 April on the one of Yvelines.
void lay_out_a_change(directory& made) {
  auto before = houdan({"SD28", "SR24"});
  before.until = law::civil_date{year{2026} / 3 / 31};
  auto after = houdan({"SD78", "SD28", "SR11"});
  after.from = law::civil_date{year{2026} / 4 / 1};
  made.territories = {before, after};
}

/// What was only vouched for before is so no more.
void check_follows_yvelines(some_nodes& all, std::uint64_t held_by_centre) {
  auto& host = all["houdan"];
  auto seq = all.seq("houdan", "houdan");
  CHECK(host.talk->report().ordering == stream_named("SD78"));
  for (const char* state : {"yvelines", "eure-et-loir", "ile-de-france"}) {
    INFO(state);
    CHECK(all.equal("houdan", state, "houdan"));
    CHECK(all.verify(state, "houdan").empty());
    CHECK(all.witnessed("houdan", state) == seq);
    CHECK(all.equal(state, "houdan", state));
    CHECK(all[state].source->has_keys_for(host.hosted, all["yvelines"].escrow));
  }
  // Who follows no longer keeps what he held, and says no more.
  CHECK(all.seq("centre", "houdan") == held_by_centre);
  CHECK(all.witnessed("houdan", "centre") == held_by_centre);
}

} // namespace

TEST_CASE("every authority of a territory of two régions holds and countersigns; the directory says whose mark counts",
          "[L441-2-7-1-1a]") {
  some_nodes all{31, everybody, lay_out_two_regions};
  all.run(2);
  auto& host = all["houdan"];
  CHECK(all.write(host, 3));
  for (const char* state : states)
    CHECK(all.write(all[state]));
  all.run(2);
  for (const char* state : states) {
    INFO(state);
    CHECK(all.equal("houdan", state, "houdan"));
    CHECK(all.witnessed("houdan", state) == all.seq("houdan", "houdan"));
    CHECK(all[state].source->has_keys_for(host.hosted, all["yvelines"].escrow));
    CHECK_FALSE(all[state].source->has_keys_for(host.hosted, all["ile-de-france"].escrow));
    for (const char* other : states)
      CHECK(all.equal(state, other, state));
    CHECK(all.equal(state, "houdan", state));
  }
  CHECK(host.talk->report().ordering == stream_named("SD78"));

  // While the ordering authority is out of reach all the others go on marking, and none for it.
  all.cut("houdan", "yvelines");
  auto before = all.witnessed("houdan", "yvelines");
  CHECK(all.write(host));
  all.run(4);
  CHECK(all.witnessed("houdan", "yvelines") == before);
  for (const char* state : {"ile-de-france", "centre", "eure-et-loir"})
    CHECK(all.witnessed("houdan", state) == before + 1);
  all.heal("houdan", "yvelines");
  all.run(2);
  CHECK(all.witnessed("houdan", "yvelines") == before + 1);
  CHECK(all.all_alarms().empty());
}

TEST_CASE(
    "on its day a new ordering authority takes the stream from its first entry, and the former one is witness no more",
    "[L441-2-7-1-1a]") {
  some_nodes all{32, everybody, lay_out_a_change};
  all.run(2);
  auto& host = all["houdan"];
  CHECK(all.write(host, 3));
  CHECK(all.write(all["yvelines"]));
  all.clock->at = noon_of(3, 31);
  all.run(8);
  auto held = all.seq("houdan", "houdan");
  for (const char* state : {"eure-et-loir", "centre"})
    CHECK(all.witnessed("houdan", state) == held);
  for (const char* state : {"yvelines", "ile-de-france"})
    CHECK(all.seq(state, "houdan") == 0);
  CHECK(host.talk->report().ordering == stream_named("SD28"));
  CHECK_FALSE(host.source->has_keys_for(host.hosted, all["yvelines"].escrow));

  all.clock->at = noon_of(4, 1);
  all.run(10);
  check_follows_yvelines(all, held);
  CHECK(all.write(host, 2));
  CHECK(all.write(all["yvelines"]));
  all.run(6);
  check_follows_yvelines(all, held);
  CHECK(all.all_alarms().empty());
}

TEST_CASE("a newer directory changes the ordering authority without a restart of the host", "[L441-2-7-1-1a]") {
  some_nodes all{33, everybody, [](directory& made) { made.territories.push_back(houdan({"SD28", "SR24"})); }};
  all.run(2);
  auto& host = all["houdan"];
  CHECK(all.write(host, 3));
  all.run(6);
  auto held = all.seq("houdan", "houdan");
  auto newer = all.describe(2);
  newer.territories = {houdan({"SD78", "SD28", "SR11"})};
  auto signed_bytes = sign_directory(newer, all.anchor);
  for (auto& [name, node] : all.nodes)
    node->talk->adopt(newer, signed_bytes);
  all.run(10);
  CHECK(all.write(host));
  all.run(6);
  check_follows_yvelines(all, held);
  CHECK(all.all_alarms().empty());
}

TEST_CASE("what is not sealed to who orders from now on is held and not countersigned", "[L441-2-7-1-1a]") {
  some_nodes all{34, everybody, lay_out_a_change};
  all.hosts_seal = false;
  all.run(2);
  CHECK(all.write(all["houdan"], 3));
  all.clock->at = noon_of(4, 1);
  all.run(10);
  CHECK(all.equal("houdan", "yvelines", "houdan"));
  CHECK(all.witnessed("houdan", "yvelines") == 0);
  CHECK(all.has_alarm("yvelines", alarm_kind::keys_missing));
  all.hosts_seal = true;
  all.run(40);
  CHECK(all.witnessed("houdan", "yvelines") == all.seq("houdan", "houdan"));
  CHECK(all.all_alarms().empty());
}

} // namespace toit::federation::test
