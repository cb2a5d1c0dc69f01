// A node that slept, or had no processor for a while: nobody was heard meanwhile, and nobody was waited for.

#include "tests/federation/passing_nodes.hpp"

#include <catch2/catch_test_macros.hpp>

namespace toit::federation::test {

TEST_CASE("a State node that sleeps while it gathers what others hold has not waited for them", "[L441-2-7-4-1]") {
  passing_nodes all{57};
  auto held = all.leave_ahead(1, 40);
  all.pass("plaine", "region");
  // Its question is on its way: it looks at its clock next, and has not read what came.
  all.clock->at += std::chrono::seconds{10};
  all.let_a_second_pass();
  REQUIRE(all.cuts("region", "plaine").empty());
  all.run(3);
  CHECK(all.cuts("region", "plaine") == std::vector{held + 1});
}

} // namespace toit::federation::test
