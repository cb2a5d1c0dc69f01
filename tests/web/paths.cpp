// Targets, multipart bodies and the table of routes.

#include "web/server/attempts.hpp"
#include "web/server/event_json.hpp"
#include "web/server/multipart.hpp"
#include "web/server/openapi.hpp"
#include "web/server/query.hpp"
#include "web/server/routes.hpp"

#include <catch2/catch_test_macros.hpp>
#include <set>

using namespace toit;
using namespace toit::web;

TEST_CASE("a target is decoded, and a malformed one is none") {
  auto plain = parse_target("/v1/demandes/a%2Fb?limit=3&name=%C3%A9t%C3%A9+fini");
  REQUIRE(plain.has_value());
  CHECK(plain->path == std::vector<std::string>{"v1", "demandes", "a/b"});
  CHECK(plain->parameter("limit") == "3");
  CHECK(plain->parameter("name") == "été fini");
  CHECK_FALSE(plain->parameter("after").has_value());
  for (const char* wrong : {"", "v1", "/%", "/%4", "/%zz", "/%C3%28", "/a?b=1&b=2", "/1/2/3/4/5/6/7/8/9"}) {
    INFO(wrong);
    CHECK_FALSE(parse_target(wrong).has_value());
  }
  CHECK_FALSE(parse_target("/" + std::string(2048, 'a')).has_value());
  CHECK(encode("été/1") == "%C3%A9t%C3%A9%2F1");
}

TEST_CASE("a form of several parts is read within its boundary") {
  auto type = "multipart/form-data; boundary=\"xyz\"";
  std::string body =
      "--xyz\r\nContent-Disposition: form-data; name=\"command\"\r\nContent-Type: application/json\r\n\r\n{}"
      "\r\n--xyz\r\ncontent-disposition: form-data; name=content; filename=\"a\"\r\n\r\n\r\n1\r\n"
      "\r\n--xyz--\r\n";
  auto parts = parse_multipart(type, body);
  REQUIRE(parts.has_value());
  REQUIRE(parts->size() == 2);
  CHECK(parts->at(0).name == "command");
  CHECK(parts->at(0).content == "{}");
  CHECK(parts->at(1).name == "content");
  CHECK(parts->at(1).content == "\r\n1\r\n");
  CHECK_FALSE(parse_multipart("application/json", body).has_value());
  CHECK_FALSE(parse_multipart("multipart/form-data", body).has_value());
  for (std::size_t cut = 0; cut + 4 < body.size(); ++cut)
    CHECK_FALSE(parse_multipart(type, body.substr(0, cut)).has_value());
}

TEST_CASE("each route is found by its own path alone") {
  std::set<std::string_view> ids;
  for (const auto& row : all_routes()) {
    INFO(row.method << " " << row.path);
    CHECK(ids.insert(row.id).second);
    auto segments = parse_target(row.path)->path;
    auto found = find_route(row.method, segments);
    CHECK(found.what == &row);
    CHECK(found.path.size() == names_in(row.path).size());
    segments.push_back("more");
    CHECK(find_route(row.method, segments).what != &row);
  }
  CHECK(find_route("PATCH", {"v1", "demandes"}).allowed == "POST, GET");
  CHECK(find_route("GET", {"v2"}).allowed.empty());
}

TEST_CASE("every event that may be asked for has a path, and every consequence has none") {
  std::set<std::uint16_t> reachable;
  for (const auto& row : all_routes())
    for (const auto& kind : law::all_kinds())
      if (row.kinds && row.kinds(kind))
        reachable.insert(kind.number);
  for (const auto& kind : law::all_kinds()) {
    INFO(kind.name);
    CHECK(reachable.contains(kind.number) == !kind.who.only_consequence());
  }
}

TEST_CASE("an address that fails too often rests, and is forgotten in the end") {
  using std::chrono::milliseconds;
  attempts table;
  milliseconds now{1000};
  for (unsigned i = 0; i < attempts::failures_limit; ++i)
    CHECK(table.begin("192.0.2.1", now));
  CHECK_FALSE(table.begin("192.0.2.1", now));
  // One of them was right after all, or was never tried.
  table.forgive("192.0.2.1");
  CHECK(table.begin("192.0.2.1", now));
  CHECK_FALSE(table.begin("192.0.2.1", now));
  CHECK(table.begin("192.0.2.2", now));
  CHECK(table.begin("192.0.2.1", now + attempts::rest));
  for (std::size_t i = 0; i < attempts::addresses_limit; ++i)
    table.begin(std::to_string(i), now);
  for (unsigned i = 0; i < attempts::failures_limit; ++i)
    CHECK(table.begin("192.0.2.1", now));
}

TEST_CASE("every operation of the description names schemas that are there") {
  auto document = make_openapi();
  auto check = [&](auto&& self, const json& value) -> void {
    if (value.is_object() && value.contains("$ref")) {
      auto reference = value["$ref"].get<std::string>();
      INFO(reference);
      CHECK(document.contains(json::json_pointer{reference.substr(1)}));
    }
    if (value.is_structured())
      for (const auto& inside : value)
        self(self, inside);
  };
  check(check, document);
  CHECK(document["paths"].size() > 30);
}
