#include "base/log.hpp"

#include <memory>
#include <mutex>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

namespace toit::base {

namespace {

struct log_state {
  log_state() : logger{spdlog::stderr_color_mt("toit")} {
    logger->set_level(spdlog::level::warn);
    logger->set_pattern("%H:%M:%S.%e %^%l%$ %v");
    logger->flush_on(spdlog::level::debug);
  }
  std::shared_ptr<spdlog::logger> logger;
  log_format format = log_format::text;
};

log_state& state() {
  static log_state only;
  return only;
}

spdlog::level::level_enum level_of(log_level level) {
  switch (level) {
  case log_level::debug:
    return spdlog::level::debug;
  case log_level::info:
    return spdlog::level::info;
  case log_level::warning:
    return spdlog::level::warn;
  case log_level::error:
    return spdlog::level::err;
  case log_level::off:
    return spdlog::level::off;
  }
  return spdlog::level::err;
}

/// The five characters that a JSON string may not hold as they are, and control characters.
void append_escaped(std::string& out, std::string_view text) {
  for (char c : text) {
    if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    else
      out += c;
  }
}

std::string as_json(std::string_view message, std::initializer_list<log_field> fields) {
  std::string line = "\"message\":\"";
  append_escaped(line, message);
  line += '"';
  for (const auto& field : fields) {
    line += ",\"";
    append_escaped(line, field.name);
    line += "\":";
    if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
      line += std::to_string(*number);
    } else {
      line += '"';
      append_escaped(line, std::get<std::string_view>(field.value));
      line += '"';
    }
  }
  return line;
}

std::string as_text(std::string_view message, std::initializer_list<log_field> fields) {
  std::string line{message};
  for (const auto& field : fields) {
    line += fmt::format(" {}=", field.name);
    if (const auto* number = std::get_if<std::int64_t>(&field.value))
      line += std::to_string(*number);
    else
      line += std::get<std::string_view>(field.value);
  }
  return line;
}

} // namespace

void set_up_log(log_format format, log_level least) {
  auto& only = state();
  only.format = format;
  only.logger->set_level(level_of(least));
  if (format == log_format::json)
    only.logger->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})", spdlog::pattern_time_type::utc);
}

void log(log_level level, std::string_view message, std::initializer_list<log_field> fields) {
  auto& only = state();
  if (!only.logger->should_log(level_of(level)))
    return;
  auto line = only.format == log_format::json ? as_json(message, fields) : as_text(message, fields);
  only.logger->log(level_of(level), "{}", line);
}

} // namespace toit::base
