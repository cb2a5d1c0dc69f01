/// \file
/// A request and its response as plain values: the seam between the sockets and everything else.

#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace toit::web {

using headers = std::vector<std::pair<std::string, std::string>>;

/// Names of headers know no case.
inline bool same_header(std::string_view a, std::string_view b) {
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

inline std::optional<std::string_view> find_header(const headers& in, std::string_view name) {
  auto found = std::ranges::find_if(in, [&](const auto& header) { return same_header(header.first, name); });
  return found == in.end() ? std::nullopt : std::optional<std::string_view>{found->second};
}

struct request {
  std::string method;
  std::string target; ///< path and query, as they were sent
  web::headers headers;
  std::string body;
  std::string peer; ///< address at the other end of the connection, for limits alone: never logged

  std::optional<std::string_view> header(std::string_view name) const { return find_header(headers, name); }
};

struct response {
  int status = 200;
  web::headers headers;
  std::string body;
};

using respond = std::function<void(response)>;

/// Answers a request, at once or later, from any thread, exactly once. Never blocks.
using handler = std::function<void(request, respond)>;

} // namespace toit::web
