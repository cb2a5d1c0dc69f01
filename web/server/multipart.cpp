#include "web/server/multipart.hpp"

#include "web/server/http.hpp"

namespace toit::web {

namespace {

constexpr std::size_t parts_limit = 8;
constexpr std::size_t boundary_limit = 70;

/// The value of `name=` in a header's parameters, with or without quotes.
std::optional<std::string_view> parameter(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    auto end = header.find(';');
    auto one = header.substr(0, end);
    one.remove_prefix(std::min(one.find_first_not_of(" \t"), one.size()));
    if (auto equals = one.find('='); equals != std::string_view::npos && same_header(one.substr(0, equals), name)) {
      auto value = one.substr(equals + 1);
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
        value = value.substr(1, value.size() - 2);
      return value;
    }
    header = end == std::string_view::npos ? std::string_view{} : header.substr(end + 1);
  }
  return std::nullopt;
}

std::optional<std::string> name_of(std::string_view heads) {
  constexpr std::string_view wanted = "content-disposition:";
  while (!heads.empty()) {
    auto end = heads.find("\r\n");
    auto line = heads.substr(0, end);
    if (line.size() > wanted.size() && same_header(line.substr(0, wanted.size()), wanted))
      if (auto name = parameter(line.substr(wanted.size()), "name"))
        return std::string{*name};
    heads = end == std::string_view::npos ? std::string_view{} : heads.substr(end + 2);
  }
  return std::nullopt;
}

} // namespace

std::optional<std::vector<part>> parse_multipart(std::string_view content_type, std::string_view body) {
  constexpr std::string_view wanted = "multipart/form-data";
  auto boundary = parameter(content_type, "boundary");
  if (content_type.size() < wanted.size() || !same_header(content_type.substr(0, wanted.size()), wanted) || !boundary ||
      boundary->empty() || boundary->size() > boundary_limit)
    return std::nullopt;
  auto line = "--" + std::string{*boundary};
  if (!body.starts_with(line))
    return std::nullopt;
  body.remove_prefix(line.size());
  std::vector<part> parts;
  while (!body.starts_with("--")) {
    auto end = body.find("\r\n" + line);
    auto heads_end = body.find("\r\n\r\n");
    if (!body.starts_with("\r\n") || end == std::string_view::npos || heads_end == std::string_view::npos ||
        heads_end < 2 || heads_end + 4 > end || parts.size() == parts_limit)
      return std::nullopt;
    auto name = name_of(body.substr(2, heads_end - 2));
    if (!name)
      return std::nullopt;
    parts.push_back({std::move(*name), body.substr(heads_end + 4, end - heads_end - 4)});
    body.remove_prefix(end + 2 + line.size());
  }
  return parts;
}

} // namespace toit::web
