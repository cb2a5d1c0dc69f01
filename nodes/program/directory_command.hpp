/// \file
/// `toit directory` and `toit keys show`: the ordering authority issues the directory of the federation, from the
/// public halves of keys that each node gives; anyone with the anchor's public half reads it.

#pragma once

#include "law/civil_date.hpp"

#include <filesystem>
#include <iosfwd>
#include <string>

namespace toit::nodes {

struct issue_options {
  std::filesystem::path description; ///< TOML
  std::filesystem::path anchor;      ///< file of keys, whose signing half signs
  std::filesystem::path out;         ///< must not be there
  bool json = false;
};

/// Signs a directory as the description has it. Code of exit: 0 written, 1 refused, every mistake told on a line.
int issue_directory_command(const issue_options& options, law::instant now, std::ostream& out, std::ostream& err);

struct show_options {
  std::filesystem::path file;
  std::string anchor; ///< 64 hexadecimal digits, or a file that holds them, or the anchor's own file of keys
  bool json = false;
};

/// Who is in a directory, by which keys and until when. Code of exit: 0 shown, even when it has expired, 1 refused, 3
/// not signed by the anchor.
int show_directory_command(const show_options& options, law::instant now, std::ostream& out, std::ostream& err);

/// The public halves of a node's keys, which its directory states.
int show_keys_command(const std::filesystem::path& file, bool json, std::ostream& out, std::ostream& err);

} // namespace toit::nodes
