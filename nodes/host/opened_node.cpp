#include "nodes/host/opened_node.hpp"

#include "journal/snapshot_files.hpp"
#include "journal/sqlite_store.hpp"
#include "journal/vault.hpp"
#include "law/require.hpp"
#include "law/time_zone.hpp"
#include "nodes/adapters.hpp"
#include "nodes/ports/argon2_hasher.hpp"
#include "nodes/ports/disk_files.hpp"
#include "nodes/ports/key_file.hpp"
#include "nodes/ports/system_randomness.hpp"

#include <fstream>

namespace toit::nodes {

namespace {

/// How long all neighbours of a restored node are waited for; then one is enough.
constexpr std::chrono::minutes past_within{10};

/// A demonstration begins its first day at this hour of the territory.
constexpr std::chrono::hours opening_hour{8};

std::optional<law::instant> last_written(const std::filesystem::path& journal, const ports::stream_id& stream) {
  if (!std::filesystem::exists(journal))
    return std::nullopt;
  auto rows = journal::open_sqlite_reader(journal.string());
  auto head = rows->last_head(stream);
  auto last = head ? rows->entry(stream, head->seq) : std::nullopt;
  if (!last)
    return std::nullopt;
  return law::instant{std::chrono::milliseconds{last->header.recorded_at_ms}};
}

} // namespace

opened_node::opened_node(const configuration& with, const territory_map& map) : directory_{with.data} {
  if (std::filesystem::exists(directory_.restoring()))
    throw std::runtime_error{"a restoration is unfinished: \"toit restore\" begins it again"};
  // Replicas, keys and documents of several streams are not told apart on links yet.
  law::require(with.also_hosts.empty() || !with.federation, "a node of the federation hosts one territory");
  set_up_clock(with, place_of(with, map).departement);
  open_journal(with);
  own_documents_ = open_folder(directory_.documents());
  auto own = make_context(with, map, {own_documents_, open_folder(directory_.marks())});
  hosted_.push_back(own);
  for (auto territory : with.also_hosts) {
    auto one = with.of(territory);
    auto folder = directory_.hosted(one.stream().view());
    std::filesystem::create_directories(folder);
    hosted_.push_back(make_context(one, map, {open_folder(folder / "documents"), open_folder(folder / "marks")}));
  }
  check_accounts();
  if (with.federation) {
    join_federation(*with.federation, with.purpose);
    take_post(*own);
  }
  see_to_change_of_keys();
}

/// Where nobody is waited for, at once; else when the stream is released.
void opened_node::see_to_change_of_keys() {
  journal_->change_keys_when_released(
      [this](const ports::stream_id& stream, const journal::public_key& former) {
        auto now = system_clock{}.now();
        auto listed = letters_ ? letters_->current()->signing_keys_of(stream) : std::vector<federation::dated_key>{};
        return std::ranges::none_of(
            listed, [&](const federation::dated_key& key) { return key.key == former && key.is_revoked(now); });
      },
      [this] { return context()->today(); });
  if (!links_ || !has_neighbours())
    for (const auto& one : hosted_)
      journal_->writer().hold_back(one->stream, false);
}

void opened_node::check_accounts() const {
  for (const auto& row : journal_->open_reader()->accounts())
    if (std::ranges::none_of(hosted_, [&](const auto& one) { return one->accounts->open(row).has_value(); }))
      throw journal::store_broken{"an account does not open"};
}

void opened_node::set_up_clock(const configuration& with, const std::string& departement) {
  if (!with.clock_is_steered()) {
    clock_ = std::make_shared<system_clock>();
    return;
  }
  auto begin = last_written(directory_.journal(), with.stream());
  for (auto territory : with.also_hosts)
    begin = std::max(begin, last_written(directory_.journal(), with.of(territory).stream()));
  if (!begin && with.clock_begins)
    begin = law::start_of_day(departement, *with.clock_begins) + opening_hour;
  steered_ = std::make_shared<steered_clock>(begin.value_or(system_clock{}.now()));
  clock_ = steered_;
}

void opened_node::open_journal(const configuration& with) {
  auto keys = read_keys(with.keys);
  if (!keys)
    throw std::runtime_error{"the node's keys do not read: " + with.keys.string()};
  keys_ = *keys;
  auto snapshots = open_folder(directory_.snapshots());
  log_folder_ = open_log_folder(directory_.logs());
  journal::journal_setup setup;
  setup.open_store = [path = directory_.journal().string()] { return journal::open_sqlite_store(path); };
  setup.log_place = {directory_.logs().string(), {}};
  setup.log_folder = log_folder_;
  setup.snapshots = std::move(snapshots);
  setup.keys = *keys;
  setup.clock = clock_;
  setup.keep_consultations_months = with.keep_consultations_months;
  journal_ = std::make_unique<journal::node_journal>(std::move(setup));
}

std::shared_ptr<territory_context> opened_node::make_context(const configuration& with, const territory_map& map,
                                                             const own_files& files) {
  const auto& where = places_.insert_or_assign(with.stream(), place_of(with, map)).first->second;
  auto shared = std::make_shared<territory_context>();
  shared->stream = with.stream();
  shared->settings = settings_of(with, map);
  shared->departement = where.departement;
  shared->clock = clock_;
  open_stream(*journal_,
              {shared->stream, with.territory, where.name, law::text<16>{std::string{law::name_of(with.purpose)}}},
              shared->today());
  journal_->load(shared->stream);
  std::vector<law::commune_code> known;
  for (const auto& one : map.communes())
    known.push_back(one.code);
  shared->commune_exists = [known = std::move(known)](law::commune_code code) {
    return std::ranges::binary_search(known, code);
  };
  shared->territory_of_commune = [&map, shared = shared.get()](law::commune_code code) {
    const auto* found = map.territory_of(code, shared->today());
    return found ? std::optional{found->id} : std::nullopt;
  };
  shared->chance = std::make_shared<system_randomness>();
  shared->sealer = journal_->open_sealer();
  shared->open_reader = [this] { return journal_->open_reader(); };
  shared->vault = journal::open_vault(files.documents, journal_->keys());
  shared->snapshots =
      journal::open_snapshots(open_folder(directory_.snapshots()), journal_->keys(),
                              [path = directory_.journal().string()] { return journal::open_sqlite_reader(path); });
  shared->marks = files.marks;
  shared->accounts = make_account_sealer(journal_->keys(), shared->stream);
  shared->digester = make_digester(journal_->keys(), shared->stream);
  shared->passwords = std::make_shared<argon2_hasher>();
  shared->metrics = metrics_;
  return shared;
}

/// Commands lapse, and the directory counts, by the time of the machines.
void opened_node::take_post(territory_context& context) {
  auto clock = std::make_shared<system_clock>();
  auto today = [clock, departement = context.departement] { return law::local_date(departement, clock->now()); };
  letters_ = std::make_shared<federation::command_letters>(context.stream, journal::operating_secrets(keys_),
                                                           links_->directory, clock, today);
  context.post = letters_;
}

namespace {

std::optional<ports::bytes> read_whole(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  ports::bytes content(federation::directory_limit_bytes + 1);
  in.read(reinterpret_cast<char*>(content.data()), static_cast<std::streamsize>(content.size()));
  if (!in && !in.eof())
    return std::nullopt;
  content.resize(static_cast<std::size_t>(in.gcount()));
  return content;
}

} // namespace

constexpr const char* kept_name = "directory.toit";

std::optional<signed_directory> newest_directory(const federated& with, node_purpose purpose,
                                                 const std::filesystem::path& data) {
  std::optional<signed_directory> newest;
  for (const auto& brought :
       {read_whole(with.directory), read_whole(data_directory::federation_in(data) / kept_name)}) {
    auto opened = brought ? federation::open_directory(*brought, with.anchor)
                          : std::unexpected{federation::directory_fault::malformed};
    // Data of the kinds never mix.
    if (opened && opened->purpose.str() == law::name_of(purpose) &&
        (!newest || opened->number > newest->directory.number))
      newest = {std::move(*opened), *brought};
  }
  return newest;
}

void opened_node::join_federation(const federated& with, node_purpose purpose) {
  kept_directory_ = open_folder(directory_.federation());
  replica_documents_ = open_folder(directory_.replicas());
  given_directory_ = with.directory;
  if (auto newest = newest_directory(with, purpose, directory_.path())) {
    links_.emplace();
    links_->directory = std::move(newest->directory);
    links_->signed_directory = std::move(newest->content);
  }
  if (!links_)
    throw std::runtime_error{"no directory for this purpose that the anchor has signed: " + with.directory.string()};
  const auto* self = links_->directory.find(with.name);
  if (!self || std::ranges::find(self->streams, stream()) == self->streams.end())
    throw std::runtime_error{"the directory does not say that " + with.name.text() + " hosts " + stream().text()};
  links_->self = with.name;
  links_->hosted = {stream()};
  links_->anchor = with.anchor;
  links_->limits.confirm_within = with.confirm_within;
  if (auto mark = context()->marks->size(data_directory::restored_mark); mark && has_neighbours()) {
    links_->restored = true;
    links_->limits.confirm_within = std::max<std::chrono::milliseconds>(with.confirm_within, past_within);
  }
  links_->signer = std::make_shared<journal::signing_key>(keys_.signing_seed);
  context()->chance->fill(links_->run);
  // Before anybody asks for them. What changes later, or finds no room now, is sealed while the node writes.
  if (auto escrow = links_->directory.escrow_of(stream(), context()->today()))
    journal_->writer().seal_keys_to(stream(), *escrow);
}

bool opened_node::has_neighbours() const {
  return !federation::neighbours_of(links_->directory, links_->self, context()->today()).empty();
}

void opened_node::past_is_back() { context()->marks->remove(data_directory::restored_mark); }

void opened_node::keep_directory(const ports::bytes& signed_bytes) {
  auto file = kept_directory_->create(kept_name);
  file->append(signed_bytes);
  file->commit();
}

std::optional<law::siren> opened_node::answers_for(const ports::node_name& node) const {
  auto in_force = letters_ ? letters_->current() : nullptr;
  const auto* found = in_force ? in_force->find(node) : nullptr;
  return found ? std::optional{found->legal_person} : std::nullopt;
}

std::optional<ports::node_name> opened_node::host_of(const ports::stream_id& stream) const {
  auto in_force = letters_ ? letters_->current() : nullptr;
  const auto* found = in_force ? in_force->host_of(stream) : nullptr;
  return found ? std::optional{found->name} : std::nullopt;
}

std::optional<ports::bytes> opened_node::look_for_directory() { return read_whole(given_directory_); }

bool opened_node::needs_first_account(const territory_context& of) {
  return nodes::needs_first_account(*journal_, of.stream);
}

void opened_node::create_first_account(const territory_context& of, const std::string& login,
                                       const std::string& display_name, const std::string& password) {
  const auto& where = places_.at(of.stream);
  first_account first;
  first.gestionnaire = of.settings.gestionnaire;
  first.gestionnaire_name = where.name;
  first.gestionnaire_kind = where.kind;
  first.login = law::text<80>{login};
  first.display_name = law::text<120>{display_name};
  first.password = password;
  first.from = of.today();
  nodes::create_first_account(*journal_, of.stream, first, *of.accounts, *of.passwords, *of.chance, of.today());
}

} // namespace toit::nodes
