/// \file
/// When all is quiet, every follower has what its host has.

#pragma once

#include "tests/federation/some_nodes.hpp"

#include <catch2/catch_test_macros.hpp>

namespace toit::federation::test {

/// Every follower of a stream has it, to the byte, and every witness has said so.
inline void check_all_equal(some_nodes& all) {
  for (const char* host : {"plaine", "ensemble"})
    for (const char* state : {"region", "departement"}) {
      CHECK(all.equal(host, state, host));
      CHECK(all.verify(state, host).empty());
      CHECK(all.witnessed(host, state) == all.seq(host, host));
    }
  for (const char* state : {"region", "departement"})
    for (const char* below : {"plaine", "ensemble"}) {
      CHECK(all.equal(state, below, state));
      CHECK(all.verify(below, state).empty());
    }
  CHECK(all.equal("region", "departement", "region"));
  CHECK(all.equal("departement", "region", "departement"));
  // Nobody holds what is not his to hold.
  CHECK(all.seq("plaine", "ensemble") == 0);
  CHECK(all.seq("ensemble", "plaine") == 0);
}

} // namespace toit::federation::test
