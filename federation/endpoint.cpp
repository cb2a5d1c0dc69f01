#include "federation/endpoint.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <cstdint>
#include <string>

namespace toit::federation {

namespace {

bool is_decimal(char c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char c) { return is_decimal(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_address(int family, std::string_view text) {
  std::array<std::uint8_t, 16> parsed{};
  return text.find('\0') == std::string_view::npos && inet_pton(family, std::string{text}.c_str(), parsed.data()) == 1;
}

bool is_label(std::string_view label) {
  auto allowed = [](char c) { return is_alphanumeric(c) || c == '-'; };
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::ranges::all_of(label, allowed);
}

/// A name whose last label is a number would be taken for an address.
bool is_host_name(std::string_view text) {
  while (true) {
    auto dot = text.find('.');
    auto label = text.substr(0, dot);
    if (!is_label(label))
      return false;
    if (dot == std::string_view::npos)
      return !std::ranges::all_of(label, is_decimal);
    text.remove_prefix(dot + 1);
  }
}

bool is_host(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']'))
    return is_address(AF_INET6, text.substr(1, text.size() - 2));
  return is_address(AF_INET, text) || is_host_name(text);
}

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && !text.starts_with('0');
}

} // namespace

bool is_endpoint(std::string_view text) {
  constexpr std::string_view scheme = "tcp://";
  auto colon = text.rfind(':');
  return text.starts_with(scheme) && colon != std::string_view::npos && colon >= scheme.size() &&
         is_host(text.substr(scheme.size(), colon - scheme.size())) && is_port(text.substr(colon + 1));
}

} // namespace toit::federation
