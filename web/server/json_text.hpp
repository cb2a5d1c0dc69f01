/// \file
/// JSON as untrusted bytes: well formed, without duplicate keys, within limits of depth and number, or refused.

#pragma once

#include "law/refusal.hpp"

#include <nlohmann/json.hpp>

namespace toit::web {

using nlohmann::json;

constexpr std::size_t json_depth_limit = 16;
constexpr std::size_t json_values_limit = 100'000;

std::expected<json, law::refusal> parse_json(std::string_view bytes);

/// On one line, UTF-8 as it is.
std::string to_text(const json& value);

} // namespace toit::web
