/// \file
/// A body of multipart/form-data (RFC 7578): what a browser or curl sends for a command with a file.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace toit::web {

struct part {
  std::string name;
  std::string_view content; ///< within the body
};

/// Absent when the type is another one or the body is malformed; at most eight parts.
std::optional<std::vector<part>> parse_multipart(std::string_view content_type, std::string_view body);

} // namespace toit::web
