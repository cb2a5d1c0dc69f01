/// \file
/// `toit keys rotate`: other keys for a node that is stopped. Its stream announces them once the node serves, and knows
/// from its neighbours where that stream ends. docs/operating.md says when, and what the directory must say first.

#pragma once

#include <filesystem>
#include <iosfwd>

namespace toit::nodes {

struct rotate_options {
  std::filesystem::path configuration;
  bool prepare = false; ///< make the next keys and show their public halves, for the directory; change nothing
  bool json = false;
};

/// Code of exit: 0 changed, or prepared, 1 refused or failed. Interrupted at any point, it goes on where it was when it
/// is begun again.
int rotate_keys_command(const rotate_options& options, std::ostream& out, std::ostream& err);

} // namespace toit::nodes
