/// \file
/// A territory's node and those of the prefects who follow it, on real links between them.

#pragma once

#include "federation/directory.hpp"
#include "tests/web/served_node.hpp"

#include <set>

namespace toit::tests {

/// A territory, and who follows it: the first is the ordering authority.
struct layout {
  std::string territory = "200057867";
  std::string name = "Plaine Commune";
  struct authority {
    federation::node_tier tier;
    std::string code; ///< of the département or the région
    std::string stream() const { return (tier == federation::node_tier::region ? "SR" : "SD") + code; }
  };
  std::vector<authority> authorities{{federation::node_tier::departement, "93"}};
  std::vector<std::string> departements{"93"};
};

class served_federation {
public:
  explicit served_federation(layout of = {});
  ~served_federation();

  served_node& territory() { return *territory_; }
  served_node& state(std::size_t which = 0) { return *states_.at(which); }
  /// SIREN of the prefect's service, which the territory has not habilitated yet.
  static std::string service(std::size_t of = 0);

  /// The escrow's keys are where the ordering authority's node looks for them, or are not.
  void bring_escrow();
  void put_escrow_away();

  /// By a newer directory that authority follows the territory no more; comes true within ten seconds.
  void leave(std::size_t which);

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
  std::filesystem::path keys_of(const std::string& stream) const { return folder_ / (stream + ".keys"); }
  federation::directory describe(std::uint64_t number) const;
  std::filesystem::path write(const federation::directory& issued) const;

  layout of_;
  std::set<std::size_t> left_;
  std::filesystem::path folder_;
  journal::node_keys anchor_ = journal::node_keys::generate();
  std::vector<std::unique_ptr<served_node>> states_;
  std::unique_ptr<served_node> territory_;
};

} // namespace toit::tests
