/// \file
/// `toit verify`: whether a journal, or a dossier de preuve taken from one, is what was written, by anyone who has its
/// file.

#pragma once

#include "nodes/host/configuration.hpp"

#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace toit::nodes {

struct verify_options {
  std::filesystem::path journal; ///< the file, or the data directory that holds it; or a dossier de preuve
  std::optional<std::filesystem::path>
      head; ///< JSON of a signed head, as the API gives it, which must be in the journal
  std::optional<std::filesystem::path> keys;  ///< of the node: payloads must then decrypt and decode too
  std::vector<std::string> signers;           ///< known from elsewhere: "HEX", or "FLUX:HEX" for one stream alone
  std::vector<std::filesystem::path> cited{}; ///< dossiers de preuve whose entries that one cites
  /// Stream of the node itself, of a copy that is looked at for damage: what others have written in theirs is theirs.
  std::optional<ports::stream_id> hosted;
  bool json = false;
};

/// As `verify_options` takes them: the keys in this file for the node's own stream, and those that the newest directory
/// in `data` names for every other, revoked ones too: a change to one of them may be followed by another.
std::vector<std::string> signers_known_to(const configuration& with, const std::filesystem::path& keys,
                                          const std::filesystem::path& data);

/// The file of a journal that is named by itself, or by the data directory that holds it.
std::filesystem::path journal_file(const std::filesystem::path& given);

/// Code of exit: 0 every stream and log is whole, 3 one is not, 1 when there is nothing to read, 2 on options
/// that do not go with the file.
int verify_command(const verify_options& options, std::ostream& out, std::ostream& err);

} // namespace toit::nodes
