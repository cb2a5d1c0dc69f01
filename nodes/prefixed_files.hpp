/// \file
/// Those files of a folder whose names begin alike, by the rest of their names.

#pragma once

#include "ports/files.hpp"

#include <memory>

namespace toit::nodes {

std::shared_ptr<ports::files> open_prefixed(std::shared_ptr<ports::files> all, std::string prefix);

} // namespace toit::nodes
