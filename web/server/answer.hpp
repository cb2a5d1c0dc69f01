/// \file
/// What goes back: JSON, or a problem with its stable code, article and French words (RFC 9457).

#pragma once

#include "law/refusal.hpp"
#include "web/server/http.hpp"
#include "web/server/json_text.hpp"

namespace toit::web {

/// What is wrong with a request as such, whatever it asks for.
enum class http_fault : std::uint8_t {
  unreadable,
  no_such_path,
  no_such_method,
  not_acceptable_body,
  too_slow,
  too_large,
  headers_too_large,
  expectation,
  too_many_attempts,
  not_ready,
};
constexpr auto names_of(http_fault) {
  return std::to_array<std::string_view>({"E_UNREADABLE", "E_NO_SUCH_PATH", "E_NO_SUCH_METHOD", "E_UNSUPPORTED_BODY",
                                          "E_TOO_SLOW", "E_TOO_LARGE", "E_HEADERS_TOO_LARGE", "E_EXPECTATION",
                                          "E_TOO_MANY_ATTEMPTS", "E_NOT_READY"});
}

int status_of(law::refusal_code code);

response answer_json(int status, const json& body);
response answer_text(int status, std::string_view type, std::string body);
response answer_refusal(const law::refusal& why);
/// `detail` is in French, and holds nothing of the request.
response answer_fault(http_fault fault, std::string_view detail = {});
/// The fault that a status alone tells.
response answer_status(int status);

/// Headers that every answer has.
void protect(response& given);

json schema_of_problem();

} // namespace toit::web
