#include "simulation/world/world.hpp"

#include "actors/event_recorder.hpp"
#include "actors/spawning.hpp"
#include "journal/vault.hpp"
#include "nodes/adapters.hpp"
#include "nodes/bootstrap.hpp"
#include "simulation/world/question.hpp"
#include "simulation/world/registry_reading.hpp"
#include "simulation/world/stepping.hpp"
#include "simulation/world/virtual_journal.hpp"

namespace toit::simulation {

namespace {

/// Eight communes of Seine-Saint-Denis: the territory of the EPT Plaine Commune.
law::settings make_settings() {
  law::settings s;
  s.territory = *law::siren::parse("200057867");
  s.gestionnaire = s.territory;
  s.allots_numbers = true;
  s.tense_zone = true;
  for (const char* code : {"93001", "93027", "93031", "93039", "93066", "93070", "93072", "93079"})
    s.communes.push_back(*law::commune_code::parse(code));
  std::ranges::sort(s.communes);
  return s;
}

caf::actor_system_config& testing(caf::actor_system_config& config) {
  config.set("scheduler.policy", caf::atom("testing"));
  return config;
}

} // namespace

const ports::stream_id& world::stream() {
  static const auto id = ports::stream_of(settings().territory);
  return id;
}

const law::settings& world::settings() {
  static const auto s = make_settings();
  return s;
}

world::world(const world_options& options)
    : options_{options}, chance_{options.seed},
      clock_{std::make_shared<virtual_clock>(law::start_of_day("93", options.first_day) + std::chrono::hours{6})},
      sodium_{std::make_unique<sodium_chance>(chance_.next())},
      actors_chance_{std::make_shared<chance_port>(chance_.next())},
      disk_{std::make_unique<virtual_disk>(chance_.next())},
      network_{std::make_unique<virtual_network>(chance_.next(), clock_)},
      system_{std::make_unique<caf::actor_system>(testing(config_))} {
  system_->await_actors_before_shutdown(false);
  scheduler_ = dynamic_cast<caf::scheduler::test_coordinator*>(&system_->scheduler());
  law::require(scheduler_ != nullptr, "the scheduler is the one for tests");
  make_members();
}

void world::make_members() {
  using federation::node_tier;
  struct member {
    const char* name;
    ports::stream_id stream;
    node_tier tier;
  };
  for (const auto& one : {member{"plaine", stream(), node_tier::territory},
                          member{"region", *ports::stream_id::parse("SR11"), node_tier::region},
                          member{"departement", *ports::stream_id::parse("SD93"), node_tier::departement}})
    members_.push_back({*ports::node_name::parse(one.name), one.stream, one.tier, journal::node_keys::generate(),
                        journal::node_keys::generate().operating_secret});
  federation_ = make_federation(members_, clock_->now(), options_.link_bugs);
  links_ = std::make_unique<link_end>(members_.front(), clock_, *network_);
  for (std::size_t i = 1; i < members_.size(); ++i)
    states_.push_back(std::make_unique<state_node>(
        members_[i], chance_.next(),
        state_node::surroundings{*system_, *scheduler_, federation_, *network_, *actors_chance_, clock_}));
}

world::~world() {
  states_.clear();
  if (running())
    end_actors();
  links_.reset();
  // Nothing may be left that re-arms a timer: the test scheduler would fire it for ever.
  reader_.reset();
  node_.reset();
  context_.reset();
  system_.reset();
}

// -- life of the node -----------------------------------------------------------------------------------------------

void world::open_journal() {
  auto setup = journal_on(*disk_);
  setup.keys = keys();
  setup.clock = clock_;
  setup.escrow_recipient = federation_.directory.escrow_of(stream(), law::local_date("93", clock_->now()));
  node_ = std::make_unique<journal::node_journal>(std::move(setup));
  nodes::open_stream(*node_,
                     {stream(), settings().territory, law::text<120>{"Plaine Commune"}, law::text<16>{"training"}},
                     law::local_date("93", clock_->now()));
  node_->load(stream());
}

void world::start() {
  open_journal();
  auto context = std::make_shared<territory_context>();
  context->stream = stream();
  context->settings = settings();
  context->departement = "93";
  context->commune_exists = [](law::commune_code code) { return code.view().starts_with("93"); };
  context->clock = clock_;
  context->chance = actors_chance_;
  context->sealer = node_->open_sealer();
  context->open_reader = [this] { return node_->open_reader(); };
  context->vault = journal::open_vault(disk_->folder("node/documents"), node_->keys());
  context->snapshots =
      journal::open_snapshots(disk_->folder("node/snapshots"), node_->keys(), [this] { return open_rows(); });
  context->marks = disk_->folder("node/marks");
  context->accounts = nodes::make_account_sealer(node_->keys(), stream());
  context->digester = nodes::make_digester(node_->keys(), stream());
  context->passwords = std::make_shared<plain_hasher>();
  context->metrics = std::make_shared<base::metrics>();
  context->bugs = options_.bugs;
  if (options_.federated)
    context->post = letters_ = letters_of(members_.front());
  context_ = std::move(context);
  if (on_start)
    on_start(*node_, *this);
  recorder_ = system_->spawn(event_recorder, &node_->writer(), context_->metrics, options_.bugs);
  restart_territory();
  if (!options_.federated)
    return;
  std::array<std::uint8_t, 16> run{};
  actors_chance_->fill(run);
  links_->begin(
      {*system_, *node_, recorder_, federation_, run, [this](const ports::stream_id&) { past_is_back_ = true; }});
}

std::shared_ptr<federation::command_letters> world::letters_of(const linked_node& node) const {
  return std::make_shared<federation::command_letters>(
      node.stream, journal::operating_secrets(node.keys), federation_.directory, clock_,
      [clock = clock_] { return law::local_date("93", clock->now()); });
}

void world::issue_directory(const std::function<void(federation::directory&)>& change) { federation_.issue(change); }

void world::bring_directory() {
  if (letters_)
    letters_->adopt(federation_.directory);
  links_->bring(federation_);
  for (const auto& one : states_)
    one->links().bring(federation_);
}

void world::change_keys_of_state(std::size_t which, bool stolen) {
  law::require(!states_[which]->running(), "keys are changed on a node that is off");
  auto& node = members_[which + 1];
  node.keys = journal::node_keys::generate().following(node.keys);
  issue_directory([&](federation::directory& newer) {
    auto& entry = *std::ranges::find(newer.nodes, node.name, &federation::node_entry::name);
    if (stolen)
      entry.link_keys.back().revoked = entry.signing_keys.back().revoked = clock_->now();
    entry.link_keys.push_back({journal::link_public(node.keys), {}, {}});
    entry.signing_keys.push_back({journal::signing_key{node.keys.signing_seed}.public_half(), {}, {}});
    entry.operating_key = journal::operating_public(node.keys.operating_secret);
  });
}

void world::restart_territory() {
  kill_territory();
  past_is_back_ = false;
  territory_options options;
  options.watch.last_entry = last_recorded(reader(), stream());
  options.detached = false;
  actors_ = spawn_territory(*system_, context_, recorder_, options);
}

void world::kill_territory() {
  if (!actors_.guard)
    return;
  auto all = actors_.all();
  for (const auto& actor : all)
    caf::anon_send_exit(actor, caf::exit_reason::kill);
  // A supervisor begins them again once they are dead. What they had sent stays on its way.
  for (const auto& actor : all)
    while (!has_ended(actor) && scheduler_->prioritize(actor))
      scheduler_->run_once();
  actors_ = territory_actors{};
}

void world::end_actors() {
  // The past must not write any more: its disk is gone before its actors are.
  disk_->go_down();
  links_->end(*scheduler_);
  kill_territory();
  if (recorder_)
    caf::anon_send_exit(recorder_, caf::exit_reason::kill);
  recorder_ = event_recorder_actor{};
  while (scheduler_->has_job())
    scheduler_->run_once();
}

void world::crash() {
  end_actors();
  context_.reset();
  reader_.reset();
  node_.reset();
  disk_->come_back();
}

void world::kill(std::size_t which) {
  auto all = actors_.all();
  all.push_back(caf::actor_cast<caf::actor>(recorder_));
  law::require(which < all.size(), "there are as many actors as are counted");
  caf::anon_send_exit(all[which], caf::exit_reason::kill);
}

world::trouble world::in_trouble() const {
  if (disk_->down() || !recorder_ || has_ended(caf::actor_cast<caf::actor>(recorder_)) ||
      (options_.federated && !links_->running()))
    return trouble::node;
  if (past_is_back_ || !actors_.guard || std::ranges::any_of(actors_.all(), has_ended))
    return trouble::territory;
  auto in_trouble = [](const auto& one) { return one->in_trouble(); };
  return std::ranges::any_of(states_, in_trouble) ? trouble::state : trouble::none;
}

void world::tick_links() {
  links_->tick();
  for (const auto& one : states_)
    one->links().tick();
}

ports::journal_reader& world::reader() {
  if (!reader_)
    reader_ = node_->open_reader();
  return *reader_;
}

std::unique_ptr<journal::store_reader> world::open_rows() const { return open_rows_on(*disk_); }

// -- messages -------------------------------------------------------------------------------------------------------

bool world::step() { return step_one(*scheduler_, *network_, chance_); }

void world::drain() {
  // A run that does not come to rest is a fault of its own.
  for (std::size_t steps = 0; step(); ++steps)
    law::require(steps < 2'000'000, "messages come to an end");
}

void world::stall(std::chrono::seconds much) { scheduler_->advance_time(much); }

template <class Result, class Handle, class... Args>
void world::request(const Handle& whom, std::function<void(std::optional<Result>)> done, Args... args) {
  put_question<Result>(*system_, whom, std::move(done), args...);
}

template <class Result, class Handle, class... Args>
std::optional<Result> world::ask(const Handle& whom, Args... args) {
  std::optional<Result> answer;
  request<Result>(whom, [&](std::optional<Result> given) { answer = std::move(given); }, args...);
  drain();
  return answer;
}

void world::submit(const asked_command_ptr& asked, std::function<void(answer_ptr)> done) {
  request<answer_ptr>(
      actors_.guard, [done](std::optional<answer_ptr> given) { done(given.value_or(nullptr)); }, submit_atom_v, asked);
}

void world::read(const read_request_ptr& asked, std::function<void(read_answer_ptr)> done) {
  request<read_answer_ptr>(
      actors_.guard, [done](std::optional<read_answer_ptr> given) { done(given.value_or(nullptr)); }, read_atom_v,
      asked);
}

void world::tick() {
  if (actors_.watcher)
    caf::anon_send(actors_.watcher, tick_atom_v);
  if (actors_.executor)
    caf::anon_send(actors_.executor, tick_atom_v);
}

void world::confirm_clock(std::uint64_t seq) {
  if (actors_.watcher)
    caf::anon_send(actors_.watcher, confirm_atom_v, seq);
}

std::optional<watcher_status> world::watch() { return ask<watcher_status>(actors_.watcher, status_atom_v); }

contingents_ptr world::contingents() { return ask<contingents_ptr>(actors_.allocator, list_atom_v).value_or(nullptr); }

rights_ptr world::rights() { return ask<rights_ptr>(actors_.guard, rights_atom_v).value_or(nullptr); }

std::vector<law::dossier> world::registry_dossiers() {
  return registry_reading{*system_, actors_.registry, [this] { drain(); }}.dossiers();
}

register_page world::registry_dwellings() {
  return registry_reading{*system_, actors_.registry, [this] { drain(); }}.dwellings();
}

void world::sweep() {
  caf::anon_send(actors_.documents, sweep_atom_v, actors_.registry);
  drain();
}

void world::keep(bool force) {
  auto ignore = [](std::optional<bool>) {};
  request<bool>(actors_.registry, ignore, keep_atom_v, force);
  request<bool>(actors_.allocator, ignore, keep_atom_v, force);
  request<bool>(actors_.guard, ignore, keep_atom_v, force);
  request<bool>(recorder_, ignore, keep_atom_v, force);
}

bool world::read_only() const { return node_->writer().read_only(); }

void world::probe() { caf::anon_send(recorder_, tick_atom_v); }

void world::checkpoint(bool truncate) {
  // A keeper that finds the disk gone dies with its node.
  try {
    node_->open_keeper()->checkpoint(truncate);
  } catch (const std::runtime_error&) {
    law::require(disk_->down(), "a checkpoint fails only with the disk");
  }
}

} // namespace toit::simulation
