/// \file
/// Single values as text and back, for field paths: one form a value, the same in the API and in a rectification.

#pragma once

#include "law/civil_date.hpp"
#include "law/fields.hpp"
#include "law/identifiers.hpp"
#include "law/text.hpp"

#include <charconv>
#include <concepts>

namespace toit::law {

template <std::size_t Max>
std::string scalar_to_text(const text<Max>& value) {
  return value.str();
}
template <std::size_t Max>
bool scalar_from_text(std::string_view bytes, text<Max>& value) {
  auto parsed = text<Max>::parse(bytes);
  if (parsed)
    value = *parsed;
  return parsed.has_value();
}

template <class Rule, std::size_t Capacity>
std::string scalar_to_text(const code<Rule, Capacity>& value) {
  return value.text();
}
template <class Rule, std::size_t Capacity>
bool scalar_from_text(std::string_view bytes, code<Rule, Capacity>& value) {
  auto parsed = code<Rule, Capacity>::parse(bytes);
  if (parsed)
    value = *parsed;
  return parsed.has_value();
}

template <named_enum E>
std::string scalar_to_text(E value) {
  return std::string{name_of(value)};
}
template <named_enum E>
bool scalar_from_text(std::string_view bytes, E& value) {
  auto parsed = enum_from<E>(bytes);
  if (parsed)
    value = *parsed;
  return parsed.has_value();
}

inline std::string scalar_to_text(civil_date value) { return to_text(value); }
inline bool scalar_from_text(std::string_view bytes, civil_date& value) {
  auto parsed = parse_date(bytes);
  if (parsed)
    value = *parsed;
  return parsed.has_value();
}

template <std::same_as<bool> B>
std::string scalar_to_text(B value) {
  return value ? "true" : "false";
}
template <std::same_as<bool> B>
bool scalar_from_text(std::string_view bytes, B& value) {
  bool known = bytes == "true" || bytes == "false";
  if (known)
    value = bytes == "true";
  return known;
}

template <std::unsigned_integral N>
  requires(!std::same_as<N, bool>)
std::string scalar_to_text(N value) {
  return std::to_string(value);
}
template <std::unsigned_integral N>
  requires(!std::same_as<N, bool>)
bool scalar_from_text(std::string_view bytes, N& value) {
  N parsed{};
  auto [end, error] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), parsed);
  if (error != std::errc{} || end != bytes.data() + bytes.size())
    return false;
  value = parsed;
  return true;
}

template <class T>
concept scalar = requires(const T& value, T& target) {
  scalar_to_text(value);
  scalar_from_text(std::string_view{}, target);
};

/// An absent value is the empty text.
template <scalar T>
std::string scalar_to_text(const std::optional<T>& value) {
  return value ? scalar_to_text(*value) : std::string{};
}
template <scalar T>
bool scalar_from_text(std::string_view bytes, std::optional<T>& value) {
  if (bytes.empty()) {
    value.reset();
    return true;
  }
  T parsed{};
  if (!scalar_from_text(bytes, parsed))
    return false;
  value = parsed;
  return true;
}

/// A list of codes or names is their texts, separated by commas.
template <scalar T, std::size_t Max>
std::string scalar_to_text(const list<T, Max>& values) {
  std::string joined;
  for (const auto& value : values)
    joined += (joined.empty() ? "" : ",") + scalar_to_text(value);
  return joined;
}
template <scalar T, std::size_t Max>
bool scalar_from_text(std::string_view bytes, list<T, Max>& values) {
  list<T, Max> parsed;
  while (!bytes.empty()) {
    auto comma = bytes.find(',');
    T item{};
    if (parsed.size() == Max || !scalar_from_text(bytes.substr(0, comma), item))
      return false;
    parsed.push_back(item);
    if (comma == bytes.size() - 1)
      return false;
    bytes = comma == std::string_view::npos ? std::string_view{} : bytes.substr(comma + 1);
  }
  values = std::move(parsed);
  return true;
}

} // namespace toit::law
