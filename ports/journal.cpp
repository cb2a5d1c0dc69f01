#include "ports/journal.hpp"

namespace toit::ports {

bool stream_rule::accepts(std::string_view text) {
  auto plain = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); };
  return text.size() >= 2 && (text[0] == 'T' || text[0] == 'S') && std::ranges::all_of(text, plain);
}

stream_id stream_of(law::siren territory) { return *stream_id::parse("T" + territory.text()); }

} // namespace toit::ports
