/// \file
/// Files of the project that the program carries, laid down by embedded_files.S.

#pragma once

#include <string_view>

namespace toit::nodes {

/// config/population/seine_saint_denis.toml
std::string_view embedded_population();
/// docs/law-index.md
std::string_view embedded_law_index();

} // namespace toit::nodes
