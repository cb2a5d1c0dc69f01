#include "simulation/world/passing_node.hpp"

#include "actors/event_recorder.hpp"
#include "actors/owner.hpp"
#include "journal/snapshot_files.hpp"
#include "journal/vault.hpp"
#include "nodes/adapters.hpp"
#include "nodes/bootstrap.hpp"
#include "nodes/prefixed_files.hpp"
#include "simulation/world/virtual_journal.hpp"
#include "simulation/world/world.hpp"

namespace toit::simulation {

namespace {

/// Where the journal goes on that a territory's own node has begun, whoever hosts it: its rules are the same there.
law::settings settings_for(const ports::stream_id& stream) {
  if (stream == world::stream())
    return world::settings();
  bool of_state = stream.view().starts_with('S');
  law::settings s;
  s.territory = of_state ? service_of_state() : *law::siren::parse(stream.view().substr(1));
  s.gestionnaire = s.territory;
  return s;
}

constexpr const char* own_documents = "node/documents";
constexpr const char* replica_documents = "node/replicas";

std::string folder_of(const ports::stream_id& stream, const char* what) {
  return "node/hosted/" + stream.text() + "/" + what;
}

} // namespace

passing_node::passing_node(const linked_node& node, std::uint64_t disk_seed, surroundings around)
    : node_{node}, around_{std::move(around)}, disk_{disk_seed}, links_{node, around_.time, around_.network} {}

passing_node::~passing_node() {
  if (running())
    crash();
}

// -- beginning ------------------------------------------------------------------------------------------------------

void passing_node::start() {
  rows_.reset();
  issued_ = std::make_shared<const federation::directory>(around_.federation.directory);
  open_journal();
  nodes::authority_reading reading{journal_->open_reader()};
  reading.catch_up(*issued_);
  authorities_ = reading.now();
  open_hosted();
  if (on_start)
    on_start(*this);
  // Held before anybody can record: neighbours have yet to say where the streams stand.
  for (const auto& one : hosted_) {
    if (auto escrow = issued_->escrow_of(one->stream, today()))
      journal_->writer().seal_keys_to(one->stream, *escrow);
    journal_->writer().hold_back(one->stream, true);
  }
  recorder_ =
      around_.system.spawn(event_recorder, &journal_->writer(), std::make_shared<base::metrics>(), around_.bugs);
  begin_links();
  if (hosting_)
    hosting_->attach([this] { return links_.report(); });
  for (const auto& one : hosted_)
    begin_actors(one);
  begin_keeper();
}

void passing_node::open_journal() {
  auto setup = journal_on(disk_);
  setup.keys = node_.keys;
  setup.escrow = [this] { return escrow_secret(); };
  setup.clock = around_.time;
  journal_ = std::make_unique<journal::node_journal>(std::move(setup));
}

void passing_node::load(const ports::stream_id& stream) {
  nodes::open_stream(*journal_,
                     {stream, settings_for(stream).territory, law::text<120>{stream.text()}, law::text<16>{"training"}},
                     today());
  journal_->load(stream);
}

/// What another node hosts is neither begun nor loaded.
void passing_node::open_hosted() {
  letters_.clear();
  hosted_.clear();
  auto source = journal_->open_transfers();
  if (node_.tier != federation::node_tier::territory)
    hosting_ = std::make_shared<nodes::node_hosting>(*this, node_.name);
  own_ = make_context(node_.stream);
  if (!nodes::is_elsewhere(node_.stream, authorities_, node_.name, *source)) {
    load(node_.stream);
    hosted_.push_back(own_);
  }
  for (const auto& [stream, hosts] : authorities_)
    if (stream != node_.stream && !hosts.passed.empty() &&
        !nodes::is_elsewhere(stream, authorities_, node_.name, *source)) {
      load(stream);
      begin_hosting(stream);
    }
}

std::shared_ptr<territory_context> passing_node::make_context(const ports::stream_id& stream) {
  auto context = std::make_shared<territory_context>();
  context->stream = stream;
  context->settings = settings_for(stream);
  context->departement = "93";
  context->commune_exists = [](law::commune_code code) { return code.view().starts_with("93"); };
  context->clock = around_.time;
  context->chance = around_.chance;
  context->sealer = journal_->open_sealer();
  context->open_reader = [this] { return journal_->open_reader(); };
  context->vault = journal::open_vault(documents_of(stream), journal_->keys());
  context->snapshots =
      journal::open_snapshots(disk_.folder("node/snapshots"), journal_->keys(), [this] { return open_rows_on(disk_); });
  context->marks = disk_.folder(folder_of(stream, "marks"));
  context->accounts = nodes::make_account_sealer(journal_->keys(), stream);
  context->digester = nodes::make_digester(journal_->keys(), stream);
  context->passwords = std::make_shared<plain_hasher>();
  context->metrics = std::make_shared<base::metrics>();
  context->bugs = around_.bugs;
  auto letters = std::make_shared<federation::command_letters>(
      stream, journal::operating_secrets(node_.keys), federation::with_hosts(*issued_, authorities_), around_.time,
      [time = around_.time] { return law::local_date("93", time->now()); });
  context->post = letters;
  letters_.push_back(std::move(letters));
  if (stream == node_.stream)
    context->hosting = hosting_;
  return context;
}

/// Where those of its links look for them.
std::shared_ptr<ports::files> passing_node::documents_of(const ports::stream_id& stream) {
  if (stream == node_.stream)
    return disk_.folder(own_documents);
  return nodes::open_prefixed(disk_.folder(replica_documents), stream.text() + "-");
}

void passing_node::begin_links() {
  std::array<std::uint8_t, 16> run{};
  around_.chance->fill(run);
  std::vector<ports::stream_id> streams;
  for (const auto& one : hosted_)
    streams.push_back(one->stream);
  links_.begin({around_.system, *journal_, recorder_, around_.federation, run,
                [this](const ports::stream_id& stream) { fold_again_.insert(stream); }, std::move(streams),
                authorities_, disk_.folder(own_documents), disk_.folder(replica_documents)});
}

void passing_node::begin_keeper() {
  nodes::host_keeping in_charge;
  in_charge.place = this;
  in_charge.recorder = recorder_;
  in_charge.links = links_.keeper();
  in_charge.report = [this] { return links_.report(); };
  in_charge.begin = [this](const territory_context_ptr& context) { begin_actors(context); };
  in_charge.end = [this](const ports::stream_id& stream) { end_actors(stream); };
  // Whoever runs the world sees by himself that it has ended.
  in_charge.give_up = [] {};
  in_charge.ticks_by_itself = false;
  in_charge.bugs = around_.hosting_bugs;
  keeper_ = around_.system.spawn(nodes::host_keeper, std::move(in_charge));
}

void passing_node::begin_actors(const territory_context_ptr& context) {
  territory_options options;
  options.watch.last_entry = last_recorded(*context->open_reader(), context->stream);
  options.detached = false;
  actors_.insert_or_assign(context->stream, spawn_territory(around_.system, context, recorder_, options));
}

/// While messages are delivered: they end with their next one.
void passing_node::end_actors(const ports::stream_id& stream) {
  auto gone = actors_.extract(stream);
  if (!gone)
    return;
  for (const auto& actor : gone.mapped().all())
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
}

// -- the end --------------------------------------------------------------------------------------------------------

void passing_node::kill(const std::vector<caf::actor>& all) {
  for (const auto& actor : all)
    caf::anon_send_exit(actor, caf::exit_reason::kill);
  for (const auto& actor : all)
    while (!has_ended(actor) && around_.scheduler.prioritize(actor))
      around_.scheduler.run_once();
}

void passing_node::crash() {
  // The past must not write any more: its disk is gone before its actors are.
  disk_.go_down();
  links_.end(around_.scheduler);
  // First who begins others.
  if (keeper_)
    kill({caf::actor_cast<caf::actor>(std::exchange(keeper_, host_keeper_actor{}))});
  std::vector<caf::actor> all;
  for (const auto& [stream, actors] : std::exchange(actors_, {}))
    std::ranges::copy(actors.all(), std::back_inserter(all));
  if (recorder_)
    all.push_back(caf::actor_cast<caf::actor>(std::exchange(recorder_, event_recorder_actor{})));
  kill(all);
  fold_again_.clear();
  hosted_.clear();
  own_.reset();
  hosting_.reset();
  letters_.clear();
  reader_.reset();
  rows_.reset();
  journal_.reset();
  disk_.come_back();
}

void passing_node::put_back(const virtual_disk::backup& copy) {
  law::require(!running(), "a disk is put back while its node is off");
  rows_.reset();
  disk_.restore(copy);
}

bool passing_node::in_trouble() const {
  auto gone = [](const auto& actor) { return !actor || has_ended(caf::actor_cast<caf::actor>(actor)); };
  return running() && (disk_.down() || gone(recorder_) || gone(keeper_) || !links_.running());
}

void passing_node::look_after_territories() {
  for (const auto& context : std::vector{hosted_}) {
    auto found = actors_.find(context->stream);
    if (found == actors_.end())
      continue;
    auto all = found->second.all();
    if (fold_again_.erase(context->stream) == 0 && std::ranges::none_of(all, has_ended))
      continue;
    kill(all);
    begin_actors(context);
  }
}

void passing_node::tick() {
  links_.tick();
  if (keeper_)
    caf::anon_send(keeper_, tick_atom_v);
  for (const auto& [stream, actors] : actors_) {
    caf::anon_send(actors.watcher, tick_atom_v);
    if (actors.executor)
      caf::anon_send(actors.executor, tick_atom_v);
    if (actors.late)
      caf::anon_send(actors.late, tick_atom_v, actors.guard);
    if (actors.substitution)
      caf::anon_send(actors.substitution, tick_atom_v);
  }
}

// -- what is asked of it --------------------------------------------------------------------------------------------

const territory_actors* passing_node::actors_of(const ports::stream_id& stream) const {
  auto found = actors_.find(stream);
  return found == actors_.end() ? nullptr : &found->second;
}

territory_context_ptr passing_node::context_of(const ports::stream_id& stream) const {
  auto found = std::ranges::find(hosted_, stream, [](const auto& one) { return one->stream; });
  return found == hosted_.end() ? nullptr : *found;
}

void passing_node::record(const ports::stream_id& stream, law::subject_id about, std::vector<law::event> happened) {
  auto context = running() && !in_trouble() ? context_of(stream) : nullptr;
  if (!context)
    return;
  auto group = std::make_shared<append_group>();
  for (auto& event : happened)
    group->push_back(append_of_node(*context, about, std::move(event), {}));
  caf::anon_send(recorder_, append_atom_v, append_group_ptr{std::move(group)});
}

journal::store_reader* passing_node::rows() {
  if (!rows_ && has_journal(disk_))
    rows_ = open_rows_on(disk_);
  return rows_.get();
}

ports::journal_reader& passing_node::reader() {
  if (!reader_)
    reader_ = journal_->open_reader();
  return *reader_;
}

// -- what its keeper of hosts asks ----------------------------------------------------------------------------------

territory_context_ptr passing_node::begin_hosting(const ports::stream_id& stream) {
  if (auto known = context_of(stream))
    return known;
  hosted_.push_back(stream == node_.stream ? own_ : make_context(stream));
  return hosted_.back();
}

void passing_node::end_hosting(const ports::stream_id& stream) {
  std::erase_if(hosted_, [&](const auto& one) { return one->stream == stream; });
}

ports::adoption passing_node::adoption_of(const ports::stream_id& stream, const nodes::opened_epoch& opened) const {
  return nodes::going_on_with(stream, opened, *this);
}

std::optional<law::bytes32> passing_node::escrow_secret() const {
  return node_.tier == federation::node_tier::territory ? std::nullopt : std::optional{node_.escrow_secret};
}

void passing_node::adopt_authorities(federation::authorities now) {
  authorities_ = std::move(now);
  for (const auto& one : letters_)
    one->adopt(federation::with_hosts(*issued_, authorities_));
}

} // namespace toit::simulation
