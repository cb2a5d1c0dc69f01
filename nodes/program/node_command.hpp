/// \file
/// `toit node run`, and what is done once on a host before it: keys, the first account.

#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>

namespace toit::nodes {

/// Says what is wrong with the configuration, each fault on a line. Code of exit: 0 nothing, 1 something.
int check_configuration_command(const std::filesystem::path& file, bool json, std::ostream& out, std::ostream& err);

/// Serves until a signal, and says first where. Code of exit: 0 stopped in order, 1 it could not begin or go on, 3 the
/// journal is damaged.
int node_run_command(const std::filesystem::path& file, bool json, std::ostream& out, std::ostream& err);

/// Makes the node's keys; refuses to replace a file.
int create_keys_command(const std::filesystem::path& file, bool json, std::ostream& out, std::ostream& err);

/// The gestionnaire's first account; the password is the first line of `in`.
int create_account_command(const std::filesystem::path& configuration, const std::string& login,
                           const std::string& display_name, bool json, std::istream& in, std::ostream& out,
                           std::ostream& err);

} // namespace toit::nodes
