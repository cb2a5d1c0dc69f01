// docs/openapi.json is what the API says of itself. To write it anew: web_tests "docs/openapi.json is current" with
// TOIT_REWRITE=1 in the environment.

#include "web/server/openapi.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

TEST_CASE("docs/openapi.json is current") {
  std::string path = TOIT_SOURCE_DIR "/docs/openapi.json";
  const char* rewrite = std::getenv("TOIT_REWRITE");
  if (rewrite && std::string_view{rewrite} == "1")
    std::ofstream{path, std::ios::binary} << toit::web::openapi_text();
  std::stringstream committed;
  committed << std::ifstream{path, std::ios::binary}.rdbuf();
  CHECK((committed.str() == toit::web::openapi_text()));
}
