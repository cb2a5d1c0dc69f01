/// \file
/// Where a node is reached.

#pragma once

#include <string_view>

namespace toit::federation {

/// "tcp://host:port": an IPv4 address, an IPv6 address in brackets or the name of a host; a port from 1 to 65535.
bool is_endpoint(std::string_view text);

} // namespace toit::federation
