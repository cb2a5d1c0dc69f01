/// \file
/// What makes a directory count: everything that is wrong in one at once, each with its place, for whoever issues it;
/// and which of two counts, for whoever is brought one.

#pragma once

#include "federation/directory.hpp"

namespace toit::federation {

struct inconsistency {
  std::string where; ///< "nodes[3].link_keys[0].key", counted from 0
  std::string what;  ///< in French, to be read after `where`
};

/// As many as `most`, in the order in which they stand in the directory.
std::vector<inconsistency> inconsistencies_of(const directory& given, std::size_t most = 200);

/// Both are the anchor's: one of another purpose never counts, whatever its number. Data of the kinds never mix.
bool replaces(const directory& brought, const directory& in_force);

} // namespace toit::federation
