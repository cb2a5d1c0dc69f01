// Bytes taken for what a client sends: the first one chooses a target, a form of two parts, or the body of a command on
// one of the routes that take one.

#include "law/require.hpp"
#include "web/server/asked.hpp"
#include "web/server/event_json.hpp"
#include "web/server/multipart.hpp"
#include "web/server/query.hpp"
#include "web/server/routes.hpp"

namespace {

using namespace toit::web;

std::vector<const route*> routes_with_a_command() {
  std::vector<const route*> found;
  for (const auto& row : all_routes())
    if (row.body == body_form::command || row.body == body_form::upload)
      found.push_back(&row);
  return found;
}

void try_command(const route& on, std::string_view body) {
  auto asked = read_command(body, on);
  if (asked)
    toit::law::require(on.kinds(toit::law::kind_of((*asked)->event)), "a path takes its own kinds alone");
  else
    toit::law::require(!asked.error().because.empty(), "a refusal says why");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto routes = routes_with_a_command();
  if (size == 0)
    return 0;
  std::string_view rest{reinterpret_cast<const char*>(data) + 1, size - 1};
  auto choice = data[0];
  if (choice == 0xFF)
    parse_target(rest);
  else if (choice == 0xFE)
    parse_multipart("multipart/form-data; boundary=x", rest);
  else
    try_command(*routes[choice % routes.size()], rest);
  return 0;
}
