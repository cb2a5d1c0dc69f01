/// \file
/// Every path of the API, in one table: what is served and what docs/openapi.json says of it are made from it.

#pragma once

#include "law/entry_kind.hpp"
#include "web/server/call.hpp"

#include <span>

namespace toit::web {

/// Who may ask at all; what he may then do is the guard's to say.
enum class caller : std::uint8_t {
  anybody, ///< without a session
  known,   ///< an agent or a demandeur
  agent,   ///< an agent of a legal person
};

enum class body_form : std::uint8_t {
  none,
  command, ///< a command on one of `kinds`
  upload,  ///< a command and a file, as multipart/form-data
  login,
  label,
};

enum class answer_form : std::uint8_t { fields, text, bytes, nothing };

/// Kinds of events that a path takes.
using kind_filter = bool (*)(const law::entry_kind& kind);

struct route {
  std::string_view method;
  std::string_view path; ///< "/v1/demandes/{number}"
  std::string_view id;   ///< operationId
  std::string_view tag;
  std::string_view summary; ///< in French
  caller who = caller::known;
  void (*serve)(const call_ptr& asked) = nullptr;
  body_form body = body_form::none;
  kind_filter kinds = nullptr;
  std::string_view parameters = {}; ///< names of query parameters, separated by spaces
  answer_form answers = answer_form::fields;
  std::string_view schema = {}; ///< of the answer: a name that `schema_of_answer` knows
  int status = 200;
  bool nominative = false; ///< needs a purpose, and is logged before it is answered
  bool relays = false;     ///< asked of the host of another stream
  bool to_state = false;   ///< names nobody, and is told to the State nodes that follow the territory
  bool by_code = false;    ///< a reception place shows the code that the demandeur gave it

  /// Answered by the actors of the territory: by whoever hosts it. The rest is the node's own, or the journal's.
  bool of_territory() const { return who != caller::anybody || body == body_form::login; }
};

std::span<const route> all_routes();

/// Where a request goes: the route, or the methods that its path admits.
struct found_route {
  const route* what = nullptr;
  std::vector<std::pair<std::string_view, std::string>> path; ///< values of the path's parameters
  std::string allowed;                                        ///< "GET, POST"; empty where the path is unknown
};
found_route find_route(std::string_view method, const std::vector<std::string>& segments);

/// Query parameters that the route takes, in order.
std::vector<std::string_view> parameter_names(const route& row);

/// Names between braces in a path, in order.
std::vector<std::string_view> names_in(std::string_view path);

} // namespace toit::web
