#include "ports/transport.hpp"

namespace toit::ports {

bool node_name_rule::accepts(std::string_view text) {
  auto small = [](char c) { return c >= 'a' && c <= 'z'; };
  auto plain = [&](char c) { return small(c) || (c >= '0' && c <= '9') || c == '-'; };
  return text.size() >= 2 && small(text[0]) && std::ranges::all_of(text, plain);
}

} // namespace toit::ports
