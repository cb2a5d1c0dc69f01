/// \file
/// Ports of this machine for whoever begins several nodes on it.

#pragma once

#include <cstdint>
#include <vector>

namespace toit::nodes {

/// Different ports of the loopback that nobody uses now, and that the system gives to nobody who does not ask for them
/// by number: between this and the start of whoever is to listen there, any connection or listener of this machine may
/// be given a port. Throws std::system_error.
std::vector<std::uint16_t> free_ports(std::size_t how_many);

} // namespace toit::nodes
