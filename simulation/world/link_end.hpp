/// \file
/// How a node of the run meets the others: the actor of service that keeps its links, on the virtual network.

#pragma once

#include "journal/node_journal.hpp"
#include "nodes/federation/link_keeper.hpp"
#include "simulation/world/virtual_network.hpp"

#include <caf/scheduler/test_coordinator.hpp>

namespace toit::simulation {

/// What all nodes of a run have in common.
struct small_federation {
  federation::directory directory;
  ports::bytes signed_directory;
  std::shared_ptr<const journal::signing_key> anchor;
  federation::exchange_bugs bugs;

  /// A newer directory, different in one way.
  void issue(const std::function<void(federation::directory&)>& change);
};

struct linked_node {
  ports::node_name name;
  ports::stream_id stream;
  federation::node_tier tier{};
  journal::node_keys keys;
  law::bytes32 escrow_secret{}; ///< of a State authority
};

/// The legal person that answers for the State nodes of a run, and that the territory has habilitated.
law::siren service_of_state();

/// Territories of Seine-Saint-Denis and the State nodes that follow them.
small_federation make_federation(std::span<const linked_node> nodes, law::instant now, federation::exchange_bugs bugs);

bool has_ended(const caf::actor& a);

class link_end {
public:
  link_end(const linked_node& node, std::shared_ptr<const ports::clock> clock, virtual_network& network)
      : node_{node}, clock_{std::move(clock)}, network_{network} {}

  struct beginning {
    caf::actor_system& system;
    journal::node_journal& journal;
    event_recorder_actor recorder;
    const small_federation& federation;
    std::array<std::uint8_t, 16> run{};
    std::function<void(const ports::stream_id&)> fold_again; ///< what was folded from it is no longer all of it
    std::optional<std::vector<ports::stream_id>> hosted{};   ///< absent: the node's own
    federation::authorities authorities{};
    /// Of the node's own stream, and of others': without them nothing is said of documents.
    std::shared_ptr<ports::files> own_documents{};
    std::shared_ptr<ports::files> replica_documents{};
  };
  void begin(beginning with);
  void end(caf::scheduler::test_coordinator& scheduler);
  void tick();
  /// The directory of now is put in its place by hand.
  void bring(const small_federation& newer);
  bool running() const { return keeper_ && !has_ended(caf::actor_cast<caf::actor>(keeper_)); }
  bool was_begun() const { return static_cast<bool>(keeper_); }
  /// Nothing may be recorded here as yet.
  bool is_held() const { return is_held(node_.stream); }
  bool is_held(const ports::stream_id& stream) const;
  const link_keeper_actor& keeper() const { return keeper_; }
  /// As the node last told it; null before it has.
  const ports::federation_report_ptr& report() const { return report_; }

  /// Every alarm of this node's, each time that it was raised anew, settled or not.
  const std::vector<ports::alarm>& told() const { return told_; }
  /// Messages that were not as they should be, as the node last counted them since it began.
  std::uint64_t misbehaviours() const { return misbehaviours_; }
  /// Those that nobody has settled, as the node last said.
  const std::vector<ports::alarm>& standing() const { return standing_; }

private:
  const nodes::link_keeper_state* state() const;
  void hear(ports::federation_report_ptr now);

  const linked_node& node_;
  std::shared_ptr<const ports::clock> clock_;
  virtual_network& network_;
  std::shared_ptr<nodes::link_receiver> receiver_;
  link_keeper_actor keeper_;
  std::vector<ports::alarm> told_;
  std::vector<ports::alarm> standing_;
  std::uint64_t misbehaviours_ = 0;
  ports::federation_report_ptr report_;
};

} // namespace toit::simulation
