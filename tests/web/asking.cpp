#include "tests/web/asking.hpp"

#include <catch2/catch_test_macros.hpp>

namespace toit::tests {

answer refused(const std::string& who, const std::string& target, const json& body, web::headers more) {
  auto before = node().last_seq();
  auto told = node().ask(who, "POST", target, body, std::move(more));
  INFO(target << " " << told.body.dump());
  CHECK(told.status >= 400);
  CHECK(web::find_header(told.raw.headers, "Content-Type") == "application/problem+json");
  CHECK(told.body.at("status") == told.status);
  CHECK(node().last_seq() == before);
  return told;
}

} // namespace toit::tests
