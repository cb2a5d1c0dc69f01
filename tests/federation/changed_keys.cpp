// Nodes whose keys are changed, revoked or stolen.

#include "tests/federation/equal_nodes.hpp"

namespace toit::federation::test {

TEST_CASE("under a revoked key only what was countersigned before stands", "[L441-2-7-1-1a]") {
  some_nodes all{11};
  all.run(2);
  all.write(all["plaine"], 2);
  all.run(2);
  auto newer = all.describe(2);
  auto entry = std::ranges::find(newer.nodes, all["plaine"].name, &node_entry::name);
  entry->signing_keys.front().revoked = all.clock->at;
  entry->signing_keys.push_back({filled(9), all.clock->at, {}});
  all["region"].talk->adopt(newer, sign_directory(newer, all.anchor));
  all.do_what_is_to_be_done(all["region"]);
  all.run(3);
  auto before = all.seq("region", "plaine");
  CHECK(all.write(all["plaine"]));
  all.run(5);
  CHECK(all.seq("region", "plaine") == before);
  CHECK(all.has_alarm("region", alarm_kind::bad_signature));
}

TEST_CASE("a node that has changed its keys is followed and witnessed as before", "[L441-2-7-1-1a]") {
  some_nodes all{15};
  all.run(2);
  std::uint64_t number = 1;
  for (const char* who : {"plaine", "region"}) {
    auto& node = all[who];
    all.write(node, 3);
    all.run(2);
    all.stop(node, false);
    node.keys = journal::node_keys{filled(static_cast<std::uint8_t>(50 + number)),
                                   filled(static_cast<std::uint8_t>(60 + number))}
                    .following(node.keys);
    all.open(node);
    REQUIRE(node.journal->change_key(node.hosted, number == 1, all.today()));
    all.issue(++number);
    all.start(node);
    all.run(8);
    CHECK(all.write(node, 2));
    all.run(8);
  }
  check_all_equal(all);
  CHECK(all.all_alarms().empty());
  CHECK(all.witnessed("plaine", "region") == all.seq("plaine", "plaine"));
  CHECK(all.verify("region", "plaine").empty());
}

namespace {

constexpr std::array<const char*, 4> everybody{"plaine", "region", "departement", "ensemble"};

journal::node_keys next_keys_of(one_node& node) {
  return journal::node_keys{filled(50), filled(60)}.following(node.keys);
}

/// A directory that revokes plaine's signing key and names the next one: known to all who start from here.
void revoke_key_of_plaine(some_nodes& all, std::optional<law::instant> as_of = {}) {
  auto& plaine = all["plaine"];
  auto former = journal::signing_key{plaine.keys.signing_seed}.public_half();
  auto next = next_keys_of(plaine);
  auto newer = all.describe(2);
  auto entry = std::ranges::find(newer.nodes, plaine.name, &node_entry::name);
  std::ranges::find(entry->signing_keys, former, &dated_key::key)->revoked = as_of.value_or(all.clock->at);
  entry->signing_keys.push_back({journal::signing_key{next.signing_seed}.public_half(), {}, {}});
  entry->link_keys.push_back({journal::link_public(next), {}, {}});
  all.current = newer;
}

/// The région holds and has witnessed plaine's stream, the département has never heard of it. Plaine's key is revoked;
/// it records on alone, many times what one message carries.
void revoke_and_record_alone(some_nodes& all) {
  all.cut("plaine", "departement");
  all.run(2);
  CHECK(all.write(all["plaine"], 10));
  all.run(4);
  REQUIRE(all.witnessed("plaine", "region") == all.seq("plaine", "plaine"));
  all.cut("plaine", "region");
  all.clock->at += std::chrono::seconds{1};
  revoke_key_of_plaine(all);
  for (const char* who : everybody)
    all.stop(all[who], false);
  for (const char* who : everybody)
    all.start(all[who]);
  all.run(40); // nobody is there to be asked where its stream stands
  for (unsigned batch = 0; batch < 40; ++batch)
    REQUIRE(all.write(all["plaine"]));
}

void reach_plaine(some_nodes& all) {
  all.heal("plaine", "departement");
  all.heal("plaine", "region");
}

/// Marks that a State node has given on plaine's stream beyond `seq`.
std::size_t marks_beyond(some_nodes& all, const char* state, std::uint64_t seq) {
  auto marks = all[state].source->marks(all["plaine"].hosted);
  return static_cast<std::size_t>(std::ranges::count_if(marks, [&](const auto& mark) { return mark.seq > seq; }));
}

} // namespace

TEST_CASE("what was recorded alone under a revoked key stands once the host goes on under another", "[L441-2-7-1-1a]") {
  some_nodes all{16};
  revoke_and_record_alone(all);
  auto& plaine = all["plaine"];
  all.stop(plaine, false);
  plaine.keys = next_keys_of(plaine);
  all.open(plaine);
  REQUIRE(plaine.journal->change_key(plaine.hosted, false, all.today()));
  all.start(plaine);
  reach_plaine(all);
  all.run(20);
  CHECK(all.write(plaine, 2));
  all.run(8);
  check_all_equal(all);
  CHECK(all.all_alarms().empty());
}

TEST_CASE("what was recorded under a revoked key is neither taken nor witnessed", "[L441-2-7-1-1a]") {
  some_nodes all{17};
  auto before = all.seq("plaine", "plaine") + 10;
  revoke_and_record_alone(all);
  reach_plaine(all);
  all.run(20);
  CHECK(all.write(all["plaine"], 2));
  all.run(20);
  CHECK(all.seq("departement", "plaine") == 0);
  CHECK(all.seq("region", "plaine") == before);
  for (const char* state : {"departement", "region"}) {
    CHECK(all.has_alarm(state, alarm_kind::bad_signature));
    CHECK(marks_beyond(all, state, before) == 0);
  }
}

TEST_CASE("what is vouched for by a head to come is not witnessed before it comes", "[L441-2-7-1-1a]") {
  some_nodes all{18};
  revoke_and_record_alone(all);
  auto& plaine = all["plaine"];
  auto alone_until = all.seq("plaine", "plaine");
  all.stop(plaine, false);
  plaine.keys = next_keys_of(plaine);
  all.open(plaine);
  REQUIRE(plaine.journal->change_key(plaine.hosted, false, all.today()));
  all.start(plaine);
  reach_plaine(all);
  for (unsigned round = 0; round < 400 && all.seq("departement", "plaine") <= alone_until; ++round) {
    if (all.seq("departement", "plaine") <= alone_until)
      CHECK(marks_beyond(all, "departement", 0) == 0);
    if (all.on_their_way.empty())
      all.let_a_second_pass();
    else
      all.deliver();
  }
  all.run(4);
  CHECK(marks_beyond(all, "departement", alone_until) == 1);
}

namespace {

/// Plaine's machine has been stolen: an older copy of its disk is put back under the keys that follow. The key of
/// before is revoked after what was witnessed.
void put_back_after_a_theft(some_nodes& all) {
  auto& plaine = all["plaine"];
  all.run(2);
  all.stop(plaine, false);
  auto copy = plaine.disk.copy();
  all.start(plaine);
  all.run(2);
  for (unsigned batch = 0; batch < 30; ++batch)
    REQUIRE(all.write(plaine, 3));
  all.run(4);
  REQUIRE(all.witnessed("plaine", "region") == all.seq("plaine", "plaine"));
  all.clock->at += std::chrono::seconds{1};
  revoke_key_of_plaine(all);
  for (const char* who : everybody)
    all.stop(all[who], false);
  plaine.disk.restore(copy);
  plaine.keys = next_keys_of(plaine);
  plaine.restored = true;
  all.open(plaine);
  plaine.journal->change_keys_when_released([](const auto&, const auto&) { return false; },
                                            [&all] { return all.today(); });
  for (const char* who : everybody)
    all.start(all[who]);
  all.run(40);
}

} // namespace

TEST_CASE("after a theft an older copy takes back what was witnessed, and goes on under other keys",
          "[L441-2-7-1-1a]") {
  some_nodes all{19};
  put_back_after_a_theft(all);
  CHECK(all["plaine"].journal->can_sign(all["plaine"].hosted));
  CHECK(all.write(all["plaine"], 2));
  all.run(8);
  check_all_equal(all);
  CHECK(all.all_alarms().empty());
  CHECK(all.witnessed("plaine", "region") == all.seq("plaine", "plaine"));
  CHECK(all.verify("departement", "plaine").empty());
}

TEST_CASE("a mark of the thief's time brings nothing back", "[L441-2-7-1-1a]") {
  some_nodes all{20};
  all.run(2);
  CHECK(all.write(all["plaine"], 3));
  all.run(3);
  auto& plaine = all["plaine"];
  all.stop(plaine, false);
  auto copy = plaine.disk.copy();
  all.start(plaine);
  all.run(2);
  // Revoked as of now, and known an hour later: whatever was countersigned meanwhile may be the thief's.
  auto revoked_at = all.clock->at;
  all.clock->at += std::chrono::hours{1};
  CHECK(all.write(plaine, 5));
  all.run(3);
  auto with_thief = all.seq("region", "plaine");
  REQUIRE(all.witnessed("plaine", "region") == with_thief);
  revoke_key_of_plaine(all, revoked_at);
  for (const char* who : everybody)
    all.stop(all[who], false);
  plaine.disk.restore(copy);
  plaine.keys = next_keys_of(plaine);
  plaine.restored = true;
  for (const char* who : everybody)
    all.start(all[who]);
  all.run(40);
  CHECK(all.seq("plaine", "plaine") < with_thief);
  CHECK_FALSE(all.write(plaine));
  CHECK(all.has_alarm("plaine", alarm_kind::bad_signature));
  CHECK(all.has_alarm("plaine", alarm_kind::rolled_back));
}

TEST_CASE("what a key signed that the directory no longer names is not countersigned, however it got here",
          "[L441-2-7-1-1a]") {
  some_nodes all{21};
  auto& plaine = all["plaine"];
  auto& region = all["region"];
  all.run(2);
  for (const char* other : {"departement", "ensemble"})
    all.cut("region", other);
  all.stop(region, false);
  CHECK(all.write(plaine, 3));
  // It takes the entries while it waits for its neighbours, and may not sign yet.
  all.start(region);
  while (!all.on_their_way.empty())
    all.deliver();
  REQUIRE(all.seq("region", "plaine") == all.seq("plaine", "plaine"));
  REQUIRE(marks_beyond(all, "region", 1) == 0);
  auto newer = all.describe(2);
  std::ranges::find(newer.nodes, plaine.name, &node_entry::name)->signing_keys.front().key = filled(9);
  all.stop(region, false);
  SECTION("dropped: nothing is signed") {
    all.current = newer;
    all.start(region);
    all.run(30);
    CHECK(marks_beyond(all, "region", 1) == 0);
  }
  SECTION("still there: it is") {
    all.start(region);
    all.run(30);
    CHECK(marks_beyond(all, "region", 1) == 1);
  }
}

} // namespace toit::federation::test
