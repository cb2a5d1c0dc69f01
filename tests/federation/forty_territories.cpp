// Forty territories on the node of one that they have joined.

#include "simulation/fictitious.hpp"
#include "tests/federation/passing_nodes.hpp"

#include <catch2/catch_test_macros.hpp>

namespace toit::federation::test {

namespace {

constexpr std::size_t forty = 40;

struct territories {
  std::vector<std::string> names;
  std::vector<std::string> sirens;
  std::vector<std::string> streams;

  territories() {
    constexpr std::uint32_t of_nobody = 99'700'000;
    for (std::uint32_t i = 0; i < forty; ++i) {
      names.push_back("epci-" + std::to_string(i));
      sirens.push_back(simulation::make_siren(of_nobody + i).text());
      streams.push_back("T" + sirens.back());
    }
  }
  some_nodes::members members() const {
    some_nodes::members all{{"region", "SR11", node_tier::region}, {"departement", "SD93", node_tier::departement}};
    for (std::size_t i = 0; i < forty; ++i)
      all.push_back({names[i].c_str(), streams[i].c_str(), node_tier::territory});
    return all;
  }
  void lay_out(directory& made) const {
    for (const auto& siren : sirens)
      made.territories.push_back(some_nodes::territory_of(siren.c_str(), {"93"}, {"SR11", "SD93"}));
  }
};

void join_all(passing_nodes& all, const std::vector<std::string>& names) {
  for (const auto& name : names)
    all.prepare(name, "departement");
  all.run(10);
  for (const auto& name : names)
    REQUIRE(all.close(name, name, "departement"));
  all.run(10);
  for (const auto& name : names)
    all.pass(name, "departement");
  all.run(10);
}

/// After a power cut: with every stream that it hosts.
void begin_again(passing_nodes& all, one_node& host) {
  all.stop(host, true);
  all.open(host);
  for (const auto& stream : host.hosts)
    if (stream != host.hosted)
      host.journal->load(stream);
  all.start(host);
}

} // namespace

TEST_CASE("forty territories that have joined one system are hosted by one node, each by itself", "[L441-2-7-2-1]") {
  const territories forty_of_them;
  passing_nodes all{61, forty_of_them.members(), [&](directory& made) { forty_of_them.lay_out(made); }};
  all.run(2);
  for (const auto& name : forty_of_them.names)
    REQUIRE(all.write(all[name], 3));
  all.run(4);
  join_all(all, forty_of_them.names);
  auto& host = all["departement"];
  for (unsigned round = 0; round < 2; ++round) {
    for (unsigned i = 0; i < forty; ++i) {
      const auto& name = forty_of_them.names[i];
      INFO(name);
      REQUIRE(all.hosts("departement", name));
      REQUIRE_FALSE(all.hosts(name, name));
      REQUIRE(all.write_in(host, all.stream(name), i + 1));
    }
    all.run(10);
    begin_again(all, host);
    all.run(10);
  }
  for (std::size_t i = 0; i < forty; ++i) {
    const auto& name = forty_of_them.names[i];
    INFO(name);
    CHECK(all.equal("region", "departement", name));
    CHECK(all.equal(name, "departement", name));
    // Nobody holds what is not his own.
    CHECK(all.seq(forty_of_them.names[(i + 1) % forty], name) == 0);
  }
  CHECK(all.alarms() == std::vector<std::string>{});

  const std::vector<std::string> leavers{forty_of_them.names.begin(), forty_of_them.names.begin() + 3};
  for (const auto& name : leavers)
    all.prepare(name, name);
  all.run(10);
  for (const auto& name : leavers)
    REQUIRE(all.close(name, "departement", name));
  all.run(10);
  for (const auto& name : leavers)
    all.pass(name, name);
  all.run(10);
  for (const auto& name : forty_of_them.names) {
    INFO(name);
    bool left = std::ranges::find(leavers, name) != leavers.end();
    REQUIRE(all.hosts(name, name) == left);
    REQUIRE(all.hosts("departement", name) != left);
    REQUIRE(all.write_in(left ? all[name] : host, all.stream(name)));
  }
  all.run(10);
  for (const auto& name : forty_of_them.names)
    CHECK(all.equal(name, "departement", name));
  CHECK(all.alarms() == std::vector<std::string>{});
}

} // namespace toit::federation::test
