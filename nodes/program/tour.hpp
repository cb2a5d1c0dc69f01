/// \file
/// `toit tour`: one fictitious application from the desk to the lease, through the API of a running demonstration, each
/// step printed; then its timeline, and the journal verified.

#pragma once

#include <filesystem>
#include <iosfwd>

namespace toit::nodes {

/// `data`: the demonstration's folder. Code of exit: 0 every step was as it should be, 1 one was not, 3 the journal is
/// not what was written.
int tour_command(const std::filesystem::path& data, bool json, std::ostream& out, std::ostream& err);

} // namespace toit::nodes
