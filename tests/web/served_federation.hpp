/// \file
/// Plaine Commune's node and that of the département's prefect, on real links between them.

#pragma once

#include "federation/directory.hpp"
#include "tests/web/served_node.hpp"

namespace toit::tests {

class served_federation {
public:
  served_federation();
  ~served_federation();

  served_node& territory() { return *territory_; }
  served_node& state() { return *state_; }
  /// SIREN of the prefect's service, which the territory has not habilitated yet.
  static std::string service();

  /// Asks again until it is so, within a bound.
  template <class Condition>
  static bool comes_true(Condition&& is_so) {
    for (int i = 0; i < 1500; ++i) {
      if (is_so())
        return true;
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    return false;
  }

private:
  federation::directory describe(std::uint64_t number, const std::string& endpoint) const;
  std::filesystem::path write(const federation::directory& issued) const;

  std::filesystem::path folder_;
  journal::node_keys anchor_ = journal::node_keys::generate();
  std::unique_ptr<served_node> state_;
  std::unique_ptr<served_node> territory_;
};

} // namespace toit::tests
