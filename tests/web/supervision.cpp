// An actor that ends is begun again from the journal, with the others, and the API goes on; the recorder's end, and
// actors that end again and again, are the node's.

#include "simulation/fictitious.hpp"
#include "tests/web/served_node.hpp"

#include <catch2/catch_test_macros.hpp>
#include <thread>

using namespace toit;
using namespace toit::tests;

namespace {

/// Answers once the API is served by new actors; false when it is not in time.
bool is_served_again(served_node& node, unsigned restarts) {
  auto counted = "toit_territory_restarts_total " + std::to_string(restarts);
  for (int i = 0; i < 600; ++i) {
    // Counted first: until then it is the old ones that are ready.
    if (node.get("", "/metrics").raw.body.find(counted) != std::string::npos && node.get("", "/readyz").status == 200)
      return true;
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
  return false;
}

bool waits_for_fault(const served_node& node, nodes::node_fault wanted) {
  for (int i = 0; i < 600 && node.faults().empty(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  return node.faults() == std::vector{wanted};
}

json a_new_body(unsigned which) {
  return {{"event",
           {{"legal_person", simulation::make_siren(30'000'000 + which).text()},
            {"person_kind", "other"},
            {"name", "Corps fictif"}}}};
}

} // namespace

TEST_CASE("an actor that ends is begun again, and nothing acknowledged is lost", "[R441-2-15-I-9]") {
  served_node node;
  node.enter_gestionnaire();
  unsigned restarts = 0;
  constexpr unsigned most = 5; // in ten minutes
  for (; restarts < most; ++restarts) {
    node.must("gestionnaire", "/v1/legal-persons", a_new_body(2 * restarts));
    auto actors = node.running().actors();
    REQUIRE(actors.has_value());
    caf::anon_send_exit(actors->all().at(restarts), caf::exit_reason::kill);
    REQUIRE(is_served_again(node, restarts + 1));
    // Sessions are the guard's, and end with it.
    node.enter_gestionnaire();
    auto known = node.get("gestionnaire", "/v1/legal-persons?limit=200").body.at("items");
    auto entered = a_new_body(2 * restarts).at("event").at("legal_person");
    CHECK(std::ranges::count_if(known, [&](const json& body) { return body.at("legal_person") == entered; }) == 1);
    node.must("gestionnaire", "/v1/legal-persons", a_new_body(2 * restarts + 1));
    CHECK(node.faults().empty());
  }
  caf::anon_send_exit(node.running().actors()->registry, caf::exit_reason::kill);
  CHECK(waits_for_fault(node, nodes::node_fault::actors_end_again));
  CHECK(node.get("", "/readyz").status == 503);
}

TEST_CASE("the recorder's end is the node's: what it could not write is not tried again", "[R441-2-15-I-9]") {
  served_node node;
  caf::anon_send_exit(node.running().recorder(), caf::exit_reason::kill);
  CHECK(waits_for_fault(node, nodes::node_fault::recorder_ended));
  CHECK(node.get("", "/readyz").status == 503);
}
