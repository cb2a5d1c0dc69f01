#include "nodes/program/teller.hpp"

#include <ostream>

namespace toit::nodes {

using nlohmann::ordered_json;

int teller::done(const ordered_json& for_machines, const std::string& for_readers) const {
  out << (json ? for_machines.dump() : for_readers) << std::endl;
  return exit_done;
}

int teller::refuse(const std::string& why, exit_code code) const {
  if (json)
    out << ordered_json{{"refused", why}}.dump() << std::endl;
  else
    err << why << "\n";
  return code;
}

int teller::refuse(const configuration_faults& faults, const std::filesystem::path& file) const {
  for (const auto& fault : faults) {
    if (json)
      out << ordered_json{{"file", file.string()}, {"line", fault.line}, {"key", fault.key}, {"fault", fault.what}}
                 .dump()
          << "\n";
    else
      err << file.string() << (fault.line > 0 ? ":" + std::to_string(fault.line) : "") << ": "
          << (fault.key.empty() ? "" : fault.key + " ") << fault.what << "\n";
  }
  return exit_refused;
}

} // namespace toit::nodes
