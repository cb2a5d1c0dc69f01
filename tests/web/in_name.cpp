// What others enter in the name of a legal person, as it can list it.

#include "tests/web/served_node.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit::tests;

TEST_CASE("a legal person lists what others have entered in its name, and nothing else",
          "[api][R441-2-15-I-9][R441-2-15-I-10]") {
  served_node own;
  own.enter_players();
  own.must("gestionnaire", "/v1/mandates",
           {{"event",
             {{"mandate",
               {{"principal", sirens.at("bailleur")},
                {"introducer", sirens.at("desk")},
                {"matter", "registration"},
                {"ground", "Convention fictive"},
                {"from", "2015-01-01"}}}}}});
  CHECK(own.get("bailleur", "/v1/entries").body.at("items").empty());
  auto told = own.must("desk", "/v1/demandes",
                       {{"originator", sirens.at("bailleur")},
                        {"event", {{"channel", "desk"}, {"identity_document_seen", true}, {"form", own.form()}}}});
  own.register_demande();
  auto items = own.get("bailleur", "/v1/entries").body.at("items");
  REQUIRE(items.size() == 1);
  CHECK(items.at(0).at("kind") == "demande_registered");
  CHECK(items.at(0).at("seq") == told.body.at("first_seq"));
  CHECK(items.at(0).at("introducer") == sirens.at("desk"));
  CHECK(own.get("desk", "/v1/entries").body.at("items").empty());
  auto nothing_after = own.get("bailleur", "/v1/entries?limit=1");
  auto next = nothing_after.body.value("next", "");
  REQUIRE_FALSE(next.empty());
  CHECK(own.get("bailleur", next).body.at("items").empty());
}
