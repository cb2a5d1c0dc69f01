/// \file
/// The part of `toit tour` that shows a substitution: a calendar that has passed, the prefect's arrêté, the take-over,
/// what the former node had recorded brought in, the hand-back, an adhesion, a participation by arrêté.

#pragma once

#include <filesystem>
#include <iosfwd>

namespace toit::nodes {

/// Throws `api_failure` at the first step that is not as it should be. `steps` are counted on from there.
void tour_taking_over(const std::filesystem::path& data, bool in_json, int& steps, std::ostream& out);

} // namespace toit::nodes
