/// \file
/// A federation in which a territory's stream passes between nodes: the territory's own, two State nodes and the node
/// of a dispositif that it may join, on one clock, each on a disk of its own, in one thread.

#pragma once

#include "simulation/world/chance.hpp"
#include "simulation/world/passing_node.hpp"
#include "simulation/world/scene.hpp"

namespace toit::simulation {

struct passing_world_options {
  std::uint64_t seed = 1;
  deliberate_bugs bugs;
  nodes::hosting_bugs hosting_bugs;
};

class passing_world {
public:
  explicit passing_world(const passing_world_options& options);
  ~passing_world();

  /// Places of the nodes among all.
  static constexpr std::size_t territory = 0;
  static constexpr std::size_t region = 1; ///< whose stream orders the territory's authorities
  static constexpr std::size_t departement = 2;
  static constexpr std::size_t joined = 3; ///< operates a dispositif of another territory
  static constexpr std::size_t node_count = 4;

  passing_node& node(std::size_t which) { return *nodes_[which]; }
  const std::vector<linked_node>& members() const { return members_; }
  std::optional<std::size_t> place_of(std::string_view name) const;
  virtual_network& network() { return *network_; }
  virtual_clock& clock() { return *clock_; }
  chance& random() { return chance_; }
  caf::actor_system& system() { return *system_; }
  std::shared_ptr<ports::randomness> chance_of_actors() const { return actors_chance_; }
  law::civil_date today() const { return law::local_date("93", clock_->now()); }
  const small_federation& federation() const { return federation_; }

  /// Delivers one message between actors or between nodes, chosen by chance; false when there is none.
  bool step();
  /// No actor has anything to do before a message arrives.
  bool is_quiet() const { return scheduler_->jobs.empty(); }
  /// Everybody looks at the clock.
  void tick();

private:
  void make_nodes(const passing_world_options& options);

  chance chance_;
  std::shared_ptr<virtual_clock> clock_;
  std::unique_ptr<sodium_chance> sodium_;
  std::shared_ptr<ports::randomness> actors_chance_;
  std::unique_ptr<virtual_network> network_;
  std::vector<linked_node> members_;
  small_federation federation_;
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  caf::scheduler::test_coordinator* scheduler_ = nullptr;
  std::vector<std::unique_ptr<passing_node>> nodes_;
};

/// The territory as it is served by one of the nodes.
class served_place : public scene {
public:
  served_place(passing_world& w, std::size_t which) : w_{w}, which_{which} {}

  /// The territory's actors are here.
  bool serves() const;
  std::size_t which() const { return which_; }

  law::instant now() const override { return w_.clock().now(); }
  law::civil_date today() const override { return w_.today(); }
  chance& random() override { return w_.random(); }
  std::shared_ptr<ports::randomness> chance_of_actors() const override { return w_.chance_of_actors(); }
  const territory_context& context() const override;
  void submit(const asked_command_ptr& asked, std::function<void(answer_ptr)> done) override;
  void drain() override;

private:
  passing_world& w_;
  std::size_t which_;
};

} // namespace toit::simulation
