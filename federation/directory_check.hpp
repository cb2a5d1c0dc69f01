/// \file
/// Everything that is wrong in a directory at once, each with its place: for whoever issues it.

#pragma once

#include "federation/directory.hpp"

namespace toit::federation {

struct inconsistency {
  std::string where; ///< "nodes[3].link_keys[0].key", counted from 0
  std::string what;  ///< in French, to be read after `where`
};

/// As many as `most`, in the order in which they stand in the directory.
std::vector<inconsistency> inconsistencies_of(const directory& given, std::size_t most = 200);

} // namespace toit::federation
