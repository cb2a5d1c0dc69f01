#include "law/numbering.hpp"

#include "law/require.hpp"

#include <cstdio>

namespace toit::law {

nud make_nud(departement_code departement, civil_date received, std::uint32_t sequence, std::string_view office) {
  auto where = departement.text();
  char text[48];
  std::snprintf(text, sizeof text, "%s%s%02u%02d%06u%.5s", where.size() == 2 ? "0" : "", where.c_str(),
                static_cast<unsigned>(received.month()), static_cast<int>(received.year()) % 100, sequence % 1'000'000,
                std::string{office}.c_str());
  auto number = nud::parse(text);
  require(number.has_value(), "a number made of its parts is well formed");
  return *number;
}

} // namespace toit::law
