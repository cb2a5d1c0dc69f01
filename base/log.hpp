/// \file
/// The one door to logs: text on a terminal, one JSON object a line in service.
///
/// What is logged never holds personal data, a number of demande, a key or a request: messages are literals, and fields
/// are counts, codes, names of streams and of legal persons.

#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace toit::base {

enum class log_level : std::uint8_t { debug, info, warning, error, off };
enum class log_format : std::uint8_t { text, json };
constexpr auto names_of(log_level) {
  return std::to_array<std::string_view>({"debug", "info", "warning", "error", "off"});
}
constexpr auto names_of(log_format) { return std::to_array<std::string_view>({"text", "json"}); }

struct log_field {
  std::string_view name;
  std::variant<std::int64_t, std::string_view> value;

  template <class Integer>
    requires std::is_integral_v<Integer>
  log_field(std::string_view n, Integer v) : name{n}, value{static_cast<std::int64_t>(v)} {}
  log_field(std::string_view n, std::string_view v) : name{n}, value{v} {}
  log_field(std::string_view n, const std::string& v) : name{n}, value{std::string_view{v}} {}
  log_field(std::string_view n, const char* v) : name{n}, value{std::string_view{v}} {}
};

/// Lines go to standard error. Before the first call nothing below `warning` is written, as text.
void set_up_log(log_format format, log_level least);

void log(log_level level, std::string_view message, std::initializer_list<log_field> fields = {});

inline void log_info(std::string_view message, std::initializer_list<log_field> fields = {}) {
  log(log_level::info, message, fields);
}
inline void log_warning(std::string_view message, std::initializer_list<log_field> fields = {}) {
  log(log_level::warning, message, fields);
}
inline void log_error(std::string_view message, std::initializer_list<log_field> fields = {}) {
  log(log_level::error, message, fields);
}

} // namespace toit::base
