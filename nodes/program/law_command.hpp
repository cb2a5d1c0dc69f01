/// \file
/// `toit law ID`: what a requirement asks, how it is read here, which function carries it and which tests show it.

#pragma once

#include <iosfwd>
#include <string>

namespace toit::nodes {

/// `id` is a requirement ("R441-2-15-I-9") or the beginning of several. Code of exit: 0 found, 1 not.
int law_command(const std::string& id, bool json, std::ostream& out, std::ostream& err);

} // namespace toit::nodes
