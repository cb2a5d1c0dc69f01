// Bytes taken for a node's configuration: refused with every fault told, or good for a node.

#include "law/require.hpp"
#include "nodes/host/configuration.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto map = toit::nodes::territory_map::load();
  auto read = toit::nodes::parse_configuration({reinterpret_cast<const char*>(data), size}, map, "/srv");
  if (read)
    toit::law::require(toit::nodes::settings_of(*read, map).communes.empty() == read->authority.has_value(),
                       "a good configuration has a territory, or is the State's");
  else
    toit::law::require(!read.error().empty(), "a refusal says why");
  return 0;
}
