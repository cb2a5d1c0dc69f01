#include "web/server/query.hpp"

#include "law/text.hpp"

#include <algorithm>

namespace toit::web {

namespace {

constexpr std::size_t target_limit_bytes = 2048;
constexpr std::size_t segments_limit = 8;
constexpr std::size_t parameters_limit = 16;

int digit_of(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::optional<std::string> decode(std::string_view text, bool plus_is_space) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      plain += ' ';
    } else if (text[i] != '%') {
      plain += text[i];
    } else {
      int high = i + 2 < text.size() ? digit_of(text[i + 1]) : -1;
      int low = i + 2 < text.size() ? digit_of(text[i + 2]) : -1;
      if (high < 0 || low < 0)
        return std::nullopt;
      plain += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return law::is_clean_text(plain) ? std::optional{plain} : std::nullopt;
}

/// Calls `take` with each part; false as soon as it says so or there are too many.
bool split(std::string_view text, char by, std::size_t most, auto&& take) {
  for (std::size_t count = 0;; ++count) {
    auto end = text.find(by);
    if (count == most || !take(text.substr(0, end)))
      return false;
    if (end == std::string_view::npos)
      return true;
    text.remove_prefix(end + 1);
  }
}

} // namespace

std::optional<std::string_view> target::parameter(std::string_view name) const {
  auto found = std::ranges::find(parameters, name, &std::pair<std::string, std::string>::first);
  return found == parameters.end() ? std::nullopt : std::optional<std::string_view>{found->second};
}

std::optional<target> parse_target(std::string_view text) {
  if (text.empty() || text.front() != '/' || text.size() > target_limit_bytes)
    return std::nullopt;
  target parsed;
  auto mark = text.find('?');
  bool good = split(text.substr(1, mark == std::string_view::npos ? mark : mark - 1), '/', segments_limit,
                    [&](std::string_view part) {
                      auto plain = decode(part, false);
                      return plain && (parsed.path.push_back(std::move(*plain)), true);
                    });
  if (!good)
    return std::nullopt;
  if (mark == std::string_view::npos || mark + 1 == text.size())
    return parsed;
  good = split(text.substr(mark + 1), '&', parameters_limit, [&](std::string_view part) {
    auto equals = part.find('=');
    auto name = decode(part.substr(0, equals), true);
    auto value = decode(equals == std::string_view::npos ? "" : part.substr(equals + 1), true);
    if (!name || !value || parsed.parameter(*name))
      return false;
    parsed.parameters.emplace_back(std::move(*name), std::move(*value));
    return true;
  });
  return good ? std::optional{std::move(parsed)} : std::nullopt;
}

std::string encode(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  static constexpr std::string_view plain = "-._~";
  std::string out;
  for (char c : text) {
    bool as_it_is = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                    plain.find(c) != std::string_view::npos;
    if (as_it_is) {
      out += c;
      continue;
    }
    auto byte = static_cast<unsigned char>(c);
    out += {'%', digits[byte >> 4], digits[byte & 0xF]};
  }
  return out;
}

} // namespace toit::web
