#include "law/scalar_text.hpp"
#include "web/server/api.hpp"

#include <charconv>

namespace toit::web {

host& call::node() const { return server->node(); }
gateway& call::gateway() const { return server->way(); }

std::optional<std::string_view> call::in_path(std::string_view name) const {
  auto found = std::ranges::find(path, name, &std::pair<std::string_view, std::string>::first);
  return found == path.end() ? std::nullopt : std::optional<std::string_view>{found->second};
}

void call::refuse_parameter(std::string_view name) const {
  refuse(law::refuse_field(law::refusal_code::malformed, "", "Ce paramètre n'a pas la forme attendue.", name).error());
}

namespace {

std::string next_address(const call& c, const std::string& after) {
  std::string_view sent = c.asked.target;
  std::string address{sent.substr(0, sent.find('?'))};
  char mark = '?';
  auto add = [&](std::string_view name, std::string_view value) {
    address += std::exchange(mark, '&');
    address += std::string{name} + "=" + encode(value);
  };
  for (const auto& [name, value] : c.target.parameters)
    if (name != "after")
      add(name, value);
  add("after", after);
  return address;
}

bool read_after(std::string_view text, page_query& page) {
  if (text.starts_with('k') && text.size() <= 64) {
    page.key = text.substr(1);
    return true;
  }
  auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), page.position, 16);
  return text.starts_with('p') && text.size() > 1 && error == std::errc{} && end == text.data() + text.size();
}

} // namespace

std::optional<page_query> read_page(const call& c) {
  page_query page;
  if (auto limit = c.parameter("limit"))
    if (!law::scalar_from_text(*limit, page.limit) || page.limit == 0 || page.limit > page_query::limit_most)
      return c.refuse_parameter("limit"), std::nullopt;
  if (auto after = c.parameter("after"))
    if (after->empty() || !read_after(*after, page))
      return c.refuse_parameter("after"), std::nullopt;
  return page;
}

std::string next_page(const call& c, std::uint64_t position) {
  char text[24];
  auto end = std::to_chars(text, text + sizeof text, position, 16).ptr;
  return next_address(c, "p" + std::string{text, end});
}

std::string next_page(const call& c, std::string_view key) { return next_address(c, "k" + std::string{key}); }

} // namespace toit::web
