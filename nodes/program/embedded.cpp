#include "nodes/program/embedded.hpp"

#include <cstdint>

extern "C" {
extern const char toit_embedded_population[];
extern const std::uint64_t toit_embedded_population_size;
extern const char toit_embedded_law_index[];
extern const std::uint64_t toit_embedded_law_index_size;
}

namespace toit::nodes {

std::string_view embedded_population() { return {toit_embedded_population, toit_embedded_population_size}; }
std::string_view embedded_law_index() { return {toit_embedded_law_index, toit_embedded_law_index_size}; }

} // namespace toit::nodes
