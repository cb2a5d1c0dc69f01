/// \file
/// `toit backup` and `toit restore`: a node's data in a folder that can be checked, taken while the node serves or not,
/// and put back. docs/operating.md says what comes back with it, and what neighbours bring.

#pragma once

#include <filesystem>
#include <iosfwd>
#include <optional>

namespace toit::nodes {

struct backup_options {
  std::filesystem::path configuration;
  std::filesystem::path to; ///< folder to make, or an empty one
  bool with_keys = false;   ///< the node's secrets too: whoever has both reads everything
  bool json = false;
};

struct restore_options {
  std::filesystem::path configuration;
  std::filesystem::path from;
  /// A journal that goes on where the backup's ends: of a damaged node, of a State node. What it has more of the
  /// node's own stream comes back too, what was erased meanwhile is erased.
  std::optional<std::filesystem::path> newer;
  bool json = false;
};

/// Code of exit: 0 the backup is whole and has been verified, 1 refused or failed, 3 the journal is damaged.
int backup_command(const backup_options& options, std::ostream& out, std::ostream& err);

/// Code of exit: 0 in place, 1 refused or failed, 3 the backup or the newer journal is not what was written. Nothing is
/// in place before all of it has been verified.
int restore_command(const restore_options& options, std::ostream& out, std::ostream& err);

} // namespace toit::nodes
