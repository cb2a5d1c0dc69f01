/// \file
/// What a command did or would not do, for a reader or for a machine.

#pragma once

#include "nodes/host/configuration.hpp"
#include "nodes/program/exit_code.hpp"

#include <iosfwd>
#include <nlohmann/json.hpp>

namespace toit::nodes {

struct teller {
  bool json = false;
  std::ostream& out;
  std::ostream& err;

  int done(const nlohmann::ordered_json& for_machines, const std::string& for_readers) const;
  int refuse(const std::string& why, exit_code code = exit_refused) const;
  /// What is wrong in a file, each fault on a line.
  int refuse(const configuration_faults& faults, const std::filesystem::path& file) const;
};

} // namespace toit::nodes
