// A commune that leaves one territory for another on a day, on two nodes that nobody starts again.

#include "tests/web/served_node.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit;
using namespace toit::tests;

namespace {

/// La Courneuve goes from Plaine Commune to Est Ensemble.
constexpr const char* moves = "2025-01-01\t93027\t200057867\t200057875\tarrêté fictif\n";

tests::answer register_in(served_node& node, const char* commune) {
  return node.ask("desk", "POST", "/v1/demandes",
                  {{"event", {{"channel", "desk"}, {"identity_document_seen", true}, {"form", node.form(commune)}}}});
}

} // namespace

TEST_CASE("from its day on a commune's demandes are registered in its new territory, and the old ones stay",
          "[api][R441-2-15-I-0-1]") {
  served_node leaves{{}, nodes::territory_map::load(moves)};
  served_node receives{[](nodes::configuration& with) { with.territory = *law::siren::parse("200057875"); },
                       nodes::territory_map::load(moves)};
  leaves.enter_players();
  receives.enter_players();
  auto old = leaves.register_demande("93027");
  for (auto* node : {&leaves, &receives})
    node->set_clock("2024-12-31T12:00:00Z");
  CHECK(register_in(leaves, "93027").status == 201);
  CHECK(register_in(receives, "93027").code() == "E_OUT_OF_SCOPE");

  for (auto* node : {&leaves, &receives})
    node->set_clock("2025-01-01T12:00:00Z");
  CHECK(register_in(leaves, "93027").code() == "E_OUT_OF_SCOPE");
  CHECK(register_in(leaves, "93066").status == 201);
  CHECK(register_in(receives, "93027").status == 201);

  // An older dossier stays where it is: read, changed and renewed there.
  CHECK(leaves.read("desk", "/v1/demandes/" + old).status == 200);
  json change{{"kind", "demande_changed"},
              {"originator", "demandeur"},
              {"event", {{"changes", {{{"path", "search.typology"}, {"old_value", "t2"}, {"new_value", "t3"}}}}}}};
  leaves.must("desk", "/v1/demandes/" + old + "/events", change);
}
