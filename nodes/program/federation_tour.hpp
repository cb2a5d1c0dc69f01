/// \file
/// The part of `toit tour` that needs several nodes: witnesses, a node that is killed and comes back, a stream
/// rewritten at its source, a dossier proved offline.

#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>

namespace toit::nodes {

/// True when the folder is that of a federation's demonstration.
bool is_federation(const std::filesystem::path& data);
/// The folder of the territory that the rest of the tour visits.
std::filesystem::path first_territory(const std::filesystem::path& data);

/// `number`: a demande of the first territory, to be proved. Throws `api_failure` at the first step that is not as it
/// should be. `steps` are counted on from there.
void tour_federation(const std::filesystem::path& data, const std::string& number, bool in_json, int& steps,
                     std::ostream& out);

} // namespace toit::nodes
