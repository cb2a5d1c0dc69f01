/// \file
/// `toit verify`: whether a journal is what was written, by anyone who has its file.

#pragma once

#include <filesystem>
#include <iosfwd>
#include <optional>

namespace toit::nodes {

struct verify_options {
  std::filesystem::path journal; ///< the file, or the data directory that holds it
  std::optional<std::filesystem::path>
      head; ///< JSON of a signed head, as the API gives it, which must be in the journal
  std::optional<std::filesystem::path> keys; ///< of the node: payloads must then decrypt and decode too
  bool json = false;
};

/// Code of exit: 0 every stream and log is whole, 3 one is not, 1 when there is nothing to read.
int verify_command(const verify_options& options, std::ostream& out, std::ostream& err);

} // namespace toit::nodes
