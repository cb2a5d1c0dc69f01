/// \file
/// A federation in a bottle: the actors and the journal of a territory's node, and beside it two State nodes that
/// follow its stream, on virtual clocks, disks, network and chance, in one thread. A run is named by its seed and gives
/// the same heads to the byte.

#pragma once

#include "actors/territory.hpp"
#include "federation/command_letters.hpp"
#include "journal/snapshot_files.hpp"
#include "journal/sqlite_store.hpp"
#include "simulation/world/chance.hpp"
#include "simulation/world/scene.hpp"
#include "simulation/world/state_node.hpp"

namespace toit::simulation {

/// A password costs nothing here.
class plain_hasher : public ports::password_hasher {
public:
  std::string hash(std::string_view password) override { return "plain:" + std::string{password}; }
  bool matches(std::string_view hashed, std::string_view password) override { return hashed == hash(password); }
};

struct world_options {
  std::uint64_t seed = 1;
  law::civil_date first_day{std::chrono::year{2024}, std::chrono::January, std::chrono::day{8}};
  deliberate_bugs bugs;
  bool federated = false; ///< else nobody else is there
  federation::exchange_bugs link_bugs;
};

class world : public scene {
public:
  explicit world(const world_options& options);
  ~world() override;

  static const ports::stream_id& stream();
  static const law::settings& settings();

  // -- life of the node ---------------------------------------------------------------------------------------------

  /// Opens the journal as it is on disk, verifies it, and begins the actors.
  void start();
  /// Power is cut: everything that was not synced may be lost, everything that ran is gone.
  void crash();
  /// One of them dies on the spot: the territory's actors in the order of `territory_actors::all`, then the recorder.
  std::size_t actor_count() const { return actors_.all().size() + 1; }
  void kill(std::size_t which);
  /// The territory is begun again from the journal, as a supervisor would, while what the dead had sent is on its way.
  void restart_territory();
  bool running() const { return static_cast<bool>(node_); }
  /// What ended under the others: the territory is to be begun again, or its past has come back from another node; or,
  /// without disk, recorder or links, the whole node; or a State node.
  enum class trouble : std::uint8_t { none, territory, node, state };
  trouble in_trouble() const;

  // -- the others ---------------------------------------------------------------------------------------------------

  static constexpr std::size_t state_count = 2;
  state_node& state(std::size_t which) { return *states_[which]; }
  virtual_network& network() { return *network_; }
  link_end& links() { return *links_; }
  /// All of them: first the territory's, then those of the State.
  const std::vector<linked_node>& members() const { return members_; }
  const small_federation& federation() const { return federation_; }
  /// A newer directory, different in one way, for whoever starts from now on.
  void issue_directory(const std::function<void(federation::directory&)>& change);
  /// ... and for everybody who runs.
  void bring_directory();
  /// Of a State node that is off: the directory names them, and revokes those of before when they were stolen.
  void change_keys_of_state(std::size_t which, bool stolen);
  /// The links look at the clock.
  void tick_links();
  /// Power is cut and comes back; a State node stays off until it is started.
  void crash_state(std::size_t which) { states_[which]->crash(); }

  // -- messages -----------------------------------------------------------------------------------------------------

  /// Delivers one message between actors or between nodes, chosen by chance; false when there is none.
  bool step();
  /// Delivers messages until there is none, or the disk goes down.
  void drain() override;
  /// Time goes by for time-outs alone: what waits for an answer stops waiting.
  void stall(std::chrono::seconds much);

  /// Sends a command; `done` is called with its answer, or with null when whoever had it is gone.
  void submit(const asked_command_ptr& asked, std::function<void(answer_ptr)> done) override;
  void read(const read_request_ptr& asked, std::function<void(read_answer_ptr)> done);
  void tick();
  /// As an entry of this sequence would: without one, as an entry that is being recorded.
  void confirm_clock(std::uint64_t seq = std::numeric_limits<std::uint64_t>::max());
  void keep(bool force);
  void probe();
  void checkpoint(bool truncate);

  // Questions that are answered at once; nothing when the actors are gone.
  std::optional<watcher_status> watch();
  contingents_ptr contingents();
  rights_ptr rights();
  std::vector<law::dossier> registry_dossiers();
  /// Every dwelling, vacancy and session that the registry has.
  register_page registry_dwellings();
  /// Documents that no entry names are removed.
  void sweep();
  bool read_only() const;

  /// Called at every start, after the journal is loaded: what a host does once for itself.
  std::function<void(journal::node_journal&, world&)> on_start;

  virtual_clock& clock() { return *clock_; }
  virtual_disk& disk() { return *disk_; }
  chance& random() override { return chance_; }
  law::instant now() const override { return clock_->now(); }
  law::civil_date today() const override { return law::local_date("93", clock_->now()); }
  /// Reads what is on disk; good until the next crash.
  ports::journal_reader& reader();
  std::unique_ptr<journal::store_reader> open_rows() const;
  const territory_context& context() const override { return *context_; }
  const journal::node_keys& keys() const { return members_.front().keys; }
  std::shared_ptr<ports::randomness> chance_of_actors() const override { return actors_chance_; }
  journal::node_journal& node() { return *node_; }

  /// As the node itself reads and writes letters.
  std::shared_ptr<federation::command_letters> letters_of(const linked_node& node) const;

private:
  void make_members();
  void open_journal();
  void end_actors();
  void kill_territory();
  template <class Result, class Handle, class... Args>
  void request(const Handle& whom, std::function<void(std::optional<Result>)> done, Args... args);
  template <class Result, class Handle, class... Args>
  std::optional<Result> ask(const Handle& whom, Args... args);

  world_options options_;
  chance chance_;
  std::shared_ptr<virtual_clock> clock_;
  std::unique_ptr<sodium_chance> sodium_;
  std::shared_ptr<ports::randomness> actors_chance_;
  std::unique_ptr<virtual_disk> disk_;
  std::vector<linked_node> members_;
  small_federation federation_;
  std::unique_ptr<virtual_network> network_;
  std::unique_ptr<journal::node_journal> node_;
  std::unique_ptr<ports::journal_reader> reader_;
  std::shared_ptr<federation::command_letters> letters_; ///< of the territory
  territory_context_ptr context_;
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  caf::scheduler::test_coordinator* scheduler_ = nullptr;
  event_recorder_actor recorder_;
  territory_actors actors_;
  std::unique_ptr<link_end> links_;
  bool past_is_back_ = false; ///< what the territory's actors have folded is no longer all of it
  std::vector<std::unique_ptr<state_node>> states_;
};

} // namespace toit::simulation
