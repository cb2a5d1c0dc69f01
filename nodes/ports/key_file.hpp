/// \file
/// The node's own secrets in a file that its owner alone can read.

#pragma once

#include "journal/keys.hpp"

#include <expected>
#include <filesystem>
#include <string_view>

namespace toit::nodes {

enum class key_file_fault : std::uint8_t {
  missing,
  open_to_others, ///< group or others have a right on it
  malformed,
};

/// What is wrong with the file, in French.
std::string_view in_words(key_file_fault fault);

/// Two lines, `signing_seed = HEX` and `operating_secret = HEX`; then two more, `former_…`, for each time that the keys
/// have been changed, the latest first.
std::expected<journal::node_keys, key_file_fault> read_keys(const std::filesystem::path& file);

/// Writes fresh keys, mode 0600. Throws std::system_error when the file is there already or cannot be made.
journal::node_keys create_keys(const std::filesystem::path& file);

/// Former keys that a file may hold.
constexpr std::size_t former_keys_limit = 64;

/// Puts these in the place of what is there, at once and durably. Throws std::system_error.
void replace_keys(const std::filesystem::path& file, const journal::node_keys& keys);

} // namespace toit::nodes
