#include "law/text.hpp"

#include <cstdint>

namespace toit::law {

namespace {

/// Length of the well formed UTF-8 sequence at the front of `bytes`, 0 where there is none (RFC 3629, table of §4).
std::size_t sequence_length(std::string_view bytes) {
  auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  auto continues = [&](std::size_t i, std::uint8_t low = 0x80, std::uint8_t high = 0xBF) {
    return i < bytes.size() && at(i) >= low && at(i) <= high;
  };
  auto first = at(0);
  if (first < 0x80)
    return 1;
  if (first >= 0xC2 && first <= 0xDF)
    return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    std::uint8_t low = first == 0xE0 ? 0xA0 : 0x80;
    std::uint8_t high = first == 0xED ? 0x9F : 0xBF;
    return continues(1, low, high) && continues(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    std::uint8_t low = first == 0xF0 ? 0x90 : 0x80;
    std::uint8_t high = first == 0xF4 ? 0x8F : 0xBF;
    return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

/// A control character of either set (C0 with DEL, C1) at the front of `bytes`; line feed and tab are none here.
bool is_control(std::string_view bytes) {
  auto first = static_cast<std::uint8_t>(bytes.front());
  if (first == 0xC2 && bytes.size() > 1)
    return static_cast<std::uint8_t>(bytes[1]) < 0xA0;
  return (first < 0x20 && first != '\n' && first != '\t') || first == 0x7F;
}

} // namespace

bool is_clean_text(std::string_view bytes) {
  while (!bytes.empty()) {
    auto length = sequence_length(bytes);
    if (length == 0 || is_control(bytes))
      return false;
    bytes.remove_prefix(length);
  }
  return true;
}

} // namespace toit::law
