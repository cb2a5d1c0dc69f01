/// \file
/// The API's description (OpenAPI 3.1), made from the table of routes and the lists of fields.

#pragma once

#include "web/server/json_text.hpp"

namespace toit::web {

json make_openapi();

/// As it is served and kept in docs/openapi.json: made once, indented.
const std::string& openapi_text();

} // namespace toit::web
