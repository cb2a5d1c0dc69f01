/// \file
/// `toit node run`, and what is done on a host while it does not run: keys, accounts that nobody else can open.

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

struct account_options {
  std::filesystem::path configuration;
  std::string login;
  std::string display_name;
  std::string territory; ///< SIREN of one that the node hosts; empty: its own
  bool json = false;
};

/// The gestionnaire's first account, or one of whoever answers in the EPCI's place for a territory that was taken over;
/// the password is the first line of `in`.
int create_account_command(const account_options& options, std::istream& in, std::ostream& out, std::ostream& err);

} // namespace toit::nodes
