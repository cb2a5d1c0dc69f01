#include "nodes/ports/system_randomness.hpp"

#include <sodium.h>

namespace toit::nodes {

void system_randomness::fill(std::span<std::uint8_t> bytes) { randombytes_buf(bytes.data(), bytes.size()); }

} // namespace toit::nodes
