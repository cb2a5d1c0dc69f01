/// \file
/// A node of a federation in which streams pass from one host to another: journal, links and keeper of hosts, and the
/// actors of each stream that it hosts now, on a disk of its own.

#pragma once

#include "actors/territory.hpp"
#include "federation/command_letters.hpp"
#include "nodes/hosting/host_keeper.hpp"
#include "nodes/hosting/node_hosting.hpp"
#include "simulation/world/link_end.hpp"
#include "simulation/world/virtual_disk.hpp"

namespace toit::simulation {

class passing_node : public nodes::hosting_place {
public:
  struct surroundings {
    caf::actor_system& system;
    caf::scheduler::test_coordinator& scheduler;
    const small_federation& federation;
    virtual_network& network;
    std::shared_ptr<ports::randomness> chance;
    std::shared_ptr<const virtual_clock> time;
    deliberate_bugs bugs;
    nodes::hosting_bugs hosting_bugs;
  };

  passing_node(const linked_node& node, std::uint64_t disk_seed, surroundings around);
  ~passing_node() override;

  // -- life ---------------------------------------------------------------------------------------------------------

  /// Throws when the disk goes down meanwhile.
  void start();
  void crash();
  /// While it is off: its disk is again what it was then.
  void put_back(const virtual_disk::backup& copy);
  bool running() const { return static_cast<bool>(journal_); }
  /// Its disk is down, or one without whom it cannot go on has ended.
  bool in_trouble() const;
  /// As a supervisor does: who has ended, or has folded what is no longer all of it, is begun again with the others of
  /// his stream.
  void look_after_territories();
  /// Everybody here looks at the clock.
  void tick();
  /// Called at every start, after the journal is loaded.
  std::function<void(passing_node&)> on_start;

  // -- what is asked of it ------------------------------------------------------------------------------------------

  const linked_node& who() const { return node_; }
  virtual_disk& disk() { return disk_; }
  link_end& links() { return links_; }
  const territory_actors* actors_of(const ports::stream_id& stream) const;
  territory_context_ptr context_of(const ports::stream_id& stream) const;
  /// What is recorded by whoever runs the node, as its own actors would; nothing where it may not be.
  void record(const ports::stream_id& stream, law::subject_id about, std::vector<law::event> happened);
  /// Reads what is on disk, whether it runs or not; null while there is no journal. Good until the next start or crash.
  journal::store_reader* rows();
  /// The same, decrypted where it may; while it runs.
  ports::journal_reader& reader();
  law::civil_date today() const { return law::local_date("93", around_.time->now()); }

  // -- what its keeper of hosts asks --------------------------------------------------------------------------------

  std::optional<ports::node_name> name() const override { return node_.name; }
  territory_context_ptr context() const override { return own_; }
  journal::node_journal& journal() const override { return *journal_; }
  std::vector<territory_context_ptr> hosted() const override { return hosted_; }
  territory_context_ptr begin_hosting(const ports::stream_id& stream) override;
  void end_hosting(const ports::stream_id& stream) override;
  ports::adoption adoption_of(const ports::stream_id& stream, const nodes::opened_epoch& opened) const override;
  std::optional<law::bytes32> escrow_secret() const override;
  std::shared_ptr<const federation::directory> issued_directory() const override { return issued_; }
  void adopt_authorities(federation::authorities now) override;

private:
  void open_journal();
  void load(const ports::stream_id& stream);
  std::shared_ptr<territory_context> make_context(const ports::stream_id& stream);
  std::shared_ptr<ports::files> documents_of(const ports::stream_id& stream);
  void open_hosted();
  void begin_links();
  void begin_keeper();
  void begin_actors(const territory_context_ptr& context);
  void end_actors(const ports::stream_id& stream);
  void kill(const std::vector<caf::actor>& all);

  const linked_node& node_;
  surroundings around_;
  virtual_disk disk_;
  std::shared_ptr<const federation::directory> issued_;
  federation::authorities authorities_;
  std::unique_ptr<journal::node_journal> journal_;
  std::unique_ptr<journal::store_reader> rows_;
  std::unique_ptr<ports::journal_reader> reader_;
  std::vector<std::shared_ptr<federation::command_letters>> letters_;
  std::shared_ptr<nodes::node_hosting> hosting_; ///< of a State node
  territory_context_ptr own_;
  std::vector<territory_context_ptr> hosted_;
  event_recorder_actor recorder_;
  std::map<ports::stream_id, territory_actors> actors_;
  std::set<ports::stream_id> fold_again_;
  host_keeper_actor keeper_;
  link_end links_;
};

} // namespace toit::simulation
