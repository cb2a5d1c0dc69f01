// Under a directory that has expired neighbours say where they stand, bring each other a newer one, and nothing else.

#include "tests/federation/passing_nodes.hpp"
#include "tests/federation/some_papers.hpp"

#include <catch2/catch_test_macros.hpp>

namespace toit::federation::test {

namespace {

constexpr std::chrono::hours beyond_validity{24 * 401};

bool is_always_said(const bytes& sent) {
  auto read = decode(sent);
  return read && (std::holds_alternative<hello>(read->said) || std::holds_alternative<newer_directory>(read->said));
}

struct count_said {
  std::size_t always = 0;
  std::size_t other = 0;
};

/// What is said from now on.
void count_from_now_on(some_nodes& all, count_said& into) {
  all.is_lost = [&into](const some_nodes::on_its_way& one) {
    ++(is_always_said(one.sent) ? into.always : into.other);
    return false;
  };
}

template <class What>
std::size_t count_on_their_way(const some_nodes& all, const node_name& from) {
  return static_cast<std::size_t>(std::ranges::count_if(all.on_their_way, [&](const auto& one) {
    auto read = decode(one.sent);
    return one.from == from && read && std::holds_alternative<What>(read->said);
  }));
}

void let_expire(some_nodes& all, one_node& node) {
  all.clock->at += beyond_validity;
  node.talk->tick(all.clock->monotonic(), all.clock->at, all.today());
  node.documents->tick(all.clock->monotonic(), all.clock->at, all.today());
  all.do_what_is_to_be_done(node);
}

void issue_anew(some_nodes& all) {
  auto newer = all.describe(2);
  all["region"].talk->adopt(newer, sign_directory(newer, all.anchor));
  all.do_what_is_to_be_done(all["region"]);
}

} // namespace

TEST_CASE("under an expired directory nothing travels but where one stands, and all goes on under a newer one",
          "[L441-2-7-1-1a]") {
  passing_nodes all{61};
  all.run(2);
  for (const char* state : {"region", "departement"})
    all.cut("plaine", state);
  all.pass("plaine", "region");
  all.run(2);
  REQUIRE(all.hosts("region", "plaine"));
  for (const char* state : {"region", "departement"})
    all.heal("plaine", state);
  all.run(15);
  // Both of these hold the stream, and are to have this document of it.
  put(*all["region"].replicas, replica_file(all["plaine"], paper_id(1)), bytes(200'000, 7));
  CHECK(all.write_in(all["region"], all.stream("plaine")));
  auto before = all.seq("departement", "plaine");
  all.clock->at += beyond_validity;
  count_said said;
  count_from_now_on(all, said);
  all.let_a_second_pass();
  all.run(130);
  CHECK(said.always > 0);
  CHECK(said.other == 0);
  CHECK(all.seq("departement", "plaine") == before);
  CHECK(all.has_alarm("plaine", alarm_kind::directory_expired));

  issue_anew(all);
  all.run(70);
  CHECK(said.other > 0);
  for (const char* other : {"departement", "plaine"})
    CHECK(all.equal("region", other, "plaine"));
  CHECK((replica(all, "departement", "plaine", paper_id(1)) == bytes(200'000, 7)));
  CHECK(all["plaine"].own->size(own_file(paper_id(1))) == 200'000U);
  CHECK(all.alarms() == std::vector<std::string>{});
}

TEST_CASE("what was being written when the directory expired is countersigned under a newer one alone",
          "[L441-2-7-1-1a]") {
  some_nodes all{62};
  all.run(2);
  auto& plaine = all["plaine"];
  auto& region = all["region"];
  CHECK(all.write(plaine, 2));
  for (const auto& one : std::exchange(all.on_their_way, {}))
    if (one.to == region.name)
      region.talk->received(one.from, one.sent);
  auto todo = region.talk->take();
  REQUIRE(todo.transfers.size() == 1);
  let_expire(all, region);
  all.bring(region, todo);
  CHECK(all.seq("region", "plaine") == all.seq("plaine", "plaine"));
  CHECK(count_on_their_way<marks>(all, region.name) == 0);
  CHECK(count_on_their_way<want>(all, region.name) == 0);

  issue_anew(all);
  all.run(8);
  CHECK(all.witnessed("plaine", "region") == all.seq("plaine", "plaine"));
}

TEST_CASE("a question that was asked before the directory expired is answered by nothing", "[L441-2-7-1-1a]") {
  some_nodes all{63};
  all.run(2);
  auto& plaine = all["plaine"];
  auto from = all["region"].name;
  plaine.talk->received(from, encode({from, plaine.name, question{1, bytes{1}}}));
  plaine.talk->received(from, encode({from, plaine.name, question{2, bytes{1}}}));
  REQUIRE(plaine.talk->take().questions.size() == 2);
  all.on_their_way.clear();
  plaine.talk->answer(from, 1, bytes{2});
  all.do_what_is_to_be_done(plaine);
  CHECK(count_on_their_way<reply>(all, plaine.name) == 1);
  let_expire(all, plaine);
  plaine.talk->answer(from, 2, bytes{2});
  plaine.talk->ask(from, 3, bytes{3});
  all.do_what_is_to_be_done(plaine);
  CHECK(count_on_their_way<reply>(all, plaine.name) == 1);
  CHECK(count_on_their_way<question>(all, plaine.name) == 0);
}

} // namespace toit::federation::test
