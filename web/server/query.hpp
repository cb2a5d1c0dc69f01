/// \file
/// Targets of requests: path segments and query parameters, decoded, or refused.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace toit::web {

struct target {
  std::vector<std::string> path;                               ///< segments, without the empty first one
  std::vector<std::pair<std::string, std::string>> parameters; ///< each name once

  std::optional<std::string_view> parameter(std::string_view name) const;
};

/// Absent when it is malformed, has too many parts, or gives a parameter twice.
std::optional<target> parse_target(std::string_view text);

/// With everything but letters, digits and "-._~" percent-encoded.
std::string encode(std::string_view text);

} // namespace toit::web
