/// \file
/// Ports of this machine for whoever begins several nodes on it.

#pragma once

#include <cstdint>
#include <vector>

namespace toit::nodes {

/// Ports of the loopback that nobody uses now. Throws std::system_error.
std::vector<std::uint16_t> free_ports(std::size_t how_many);

} // namespace toit::nodes
