#include "nodes/host/opened_node.hpp"

#include "federation/directory_check.hpp"
#include "journal/snapshot_files.hpp"
#include "journal/sqlite_store.hpp"
#include "journal/vault.hpp"
#include "law/require.hpp"
#include "law/time_zone.hpp"
#include "nodes/adapters.hpp"
#include "nodes/host/account_filing.hpp"
#include "nodes/ports/argon2_hasher.hpp"
#include "nodes/ports/disk_files.hpp"
#include "nodes/ports/key_file.hpp"
#include "nodes/ports/system_randomness.hpp"
#include "nodes/prefixed_files.hpp"

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

stream_setup setup_of(const configuration& with, const territory_map& map) {
  return {with.stream(), with.territory, place_of(with, map).name,
          law::text<16>{std::string{law::name_of(with.purpose)}}};
}

} // namespace

opened_node::opened_node(const configuration& with, const territory_map& map)
    : directory_{with.data}, with_{with}, map_{map} {
  if (std::filesystem::exists(directory_.restoring()))
    throw std::runtime_error{"a restoration is unfinished: \"toit restore\" begins it again"};
  set_up_clock(with, place_of(with, map).departement);
  open_journal(with);
  own_documents_ = open_folder(directory_.documents());
  if (with.federation)
    find_directory(*with.federation, with.purpose);
  begin_own(with);
  for (auto territory : with.also_hosts) {
    load(with.of(territory));
    add_hosted(with.of(territory));
  }
  if (with.federation)
    join_federation(*with.federation);
  file_accounts(*journal_);
  see_to_change_of_keys();
}

/// What another node hosts is neither begun nor loaded.
void opened_node::begin_own(const configuration& with) {
  own_ = make_context(with, {own_documents_, open_folder(directory_.marks())});
  if (is_elsewhere(with.stream()))
    return;
  load(with);
  hosted_.push_back(own_);
}

void opened_node::load(const configuration& of) {
  open_stream(*journal_, setup_of(of, map_), own_->today());
  journal_->load(of.stream());
}

/// Beside the node's own: its documents are where those of replicas are, when it was one.
territory_context_ptr opened_node::add_hosted(const configuration& of) {
  auto folder = directory_.hosted(of.stream().view());
  std::filesystem::create_directories(folder);
  auto made = make_context(of, {documents_of(of.stream()), open_folder(folder / "marks")});
  made->settings.gestionnaire = gestionnaire_in(*journal_->open_reader(), made->stream, of.territory);
  if (!letters_.empty())
    take_post(*made);
  std::lock_guard lock{mutex_};
  hosted_.push_back(made);
  return made;
}

std::shared_ptr<ports::files> opened_node::documents_of(const ports::stream_id& stream) {
  if (replica_documents_)
    return open_prefixed(replica_documents_, stream.text() + "-");
  return open_folder(directory_.hosted(stream.view()) / "documents");
}

std::vector<territory_context_ptr> opened_node::hosted() const {
  std::lock_guard lock{mutex_};
  return hosted_;
}

namespace {

/// That in force on the day, else any; null where there is none.
const federation::territory_entry* line_of(const federation::directory& issued, const ports::stream_id& stream,
                                           law::civil_date day) {
  if (const auto* line = issued.territory_of(stream, day))
    return line;
  auto any = std::ranges::find(issued.territories, stream, &federation::territory_entry::stream);
  return any == issued.territories.end() ? nullptr : &*any;
}

} // namespace

/// A territory that a directory lists may be newer than this program's map, and what its own node is configured with is
/// known to nobody else.
configuration opened_node::as_hosted(const ports::stream_id& stream) const {
  auto issued = issued_directory();
  const auto* line = line_of(*issued, stream, context()->today());
  return line ? with_.of(*line) : with_.of(*law::siren::parse(stream.view().substr(1)));
}

void opened_node::tell_unsaid_rules(const ports::stream_id& stream) const {
  auto issued = issued_directory();
  const auto* line = line_of(*issued, stream, context()->today());
  if (!line || !line->registration)
    base::log_error("the directory does not say by whose rules demandes are registered: the SNE's are taken",
                    {{"stream", stream.view()}});
}

/// Two hosts of one territory that go by other rules date other deadlines: somebody has to mend one of them.
void opened_node::compare_with(const federation::directory& issued) const {
  const auto* line = with_.authority ? nullptr : issued.territory_of(stream(), context()->today());
  bool apart = line && with_.differs_from(*line);
  if (apart)
    base::log_error("the directory and this node's configuration say different things of its territory",
                    {{"stream", stream().view()}, {"directory", issued.number}});
  context()
      ->metrics
      ->make_gauge("toit_settings_apart",
                   "1 while the directory says otherwise of the territory than this node goes by")
      .set(apart ? 1 : 0);
}

territory_context_ptr opened_node::begin_hosting(const ports::stream_id& stream) {
  for (const auto& one : hosted())
    if (one->stream == stream)
      return one;
  if (stream != own_->stream) {
    tell_unsaid_rules(stream);
    return add_hosted(as_hosted(stream));
  }
  std::lock_guard lock{mutex_};
  hosted_.insert(hosted_.begin(), own_);
  return own_;
}

void opened_node::end_hosting(const ports::stream_id& stream) {
  std::lock_guard lock{mutex_};
  std::erase_if(hosted_, [&](const auto& one) { return one->stream == stream; });
}

/// Where nobody is waited for, at once; else when the stream is released.
void opened_node::see_to_change_of_keys() {
  journal_->change_keys_when_released(
      [this](const ports::stream_id& stream, const journal::public_key& former) {
        auto now = system_clock{}.now();
        auto directory = directory_in_force();
        auto listed = directory ? directory->signing_keys_of(stream) : std::vector<federation::dated_key>{};
        return std::ranges::none_of(
            listed, [&](const federation::dated_key& key) { return key.key == former && key.is_revoked(now); });
      },
      [this] { return context()->today(); });
  if (!links_ || !has_neighbours())
    for (const auto& one : hosted_)
      journal_->writer().hold_back(one->stream, false);
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
  setup.escrow = [this] { return escrow_secret(); };
  setup.clock = clock_;
  setup.keep_consultations_months = with.keep_consultations_months;
  journal_ = std::make_unique<journal::node_journal>(std::move(setup));
}

std::shared_ptr<territory_context> opened_node::make_context(const configuration& with, const own_files& files) {
  const auto& where = places_.insert_or_assign(with.stream(), place_of(with, map_)).first->second;
  auto shared = std::make_shared<territory_context>();
  shared->stream = with.stream();
  shared->settings = settings_of(with, map_);
  shared->departement = where.departement;
  shared->clock = clock_;
  std::vector<law::commune_code> known;
  for (const auto& one : map_.communes())
    known.push_back(one.code);
  shared->commune_exists = [known = std::move(known)](law::commune_code code) {
    return std::ranges::binary_search(known, code);
  };
  shared->territory_of_commune = [map = &map_, shared = shared.get()](law::commune_code code) {
    const auto* found = map->territory_of(code, shared->today());
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
  auto letters = std::make_shared<federation::command_letters>(context.stream, journal::operating_secrets(keys_),
                                                               *directory_in_force(), clock, today);
  context.post = letters;
  std::lock_guard lock{mutex_};
  letters_.push_back(std::move(letters));
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
        (!newest || federation::replaces(*opened, newest->directory)))
      newest = {std::move(*opened), *brought};
  }
  return newest;
}

void opened_node::find_directory(const federated& with, node_purpose purpose) {
  kept_directory_ = open_folder(directory_.federation());
  replica_documents_ = open_folder(directory_.replicas());
  given_directory_ = with.directory;
  auto newest = newest_directory(with, purpose, directory_.path());
  if (!newest)
    throw std::runtime_error{"no directory for this purpose that the anchor has signed: " + with.directory.string()};
  links_.emplace();
  links_->self = with.name;
  links_->directory = std::move(newest->directory);
  links_->signed_directory = std::move(newest->content);
  issued_ = std::make_shared<const federation::directory>(links_->directory);
  authority_reading reading{journal_->open_reader()};
  reading.catch_up(*issued_);
  authorities_ = links_->authorities = reading.now();
  put_in_force();
}

bool opened_node::is_elsewhere(const ports::stream_id& stream) const {
  return links_ && nodes::is_elsewhere(stream, authorities_, links_->self, *journal_->open_transfers());
}

void opened_node::join_federation(const federated& with) {
  const auto* self = links_->directory.find(with.name);
  if (!self || std::ranges::find(self->streams, stream()) == self->streams.end())
    throw std::runtime_error{"the directory does not say that " + with.name.text() + " hosts " + stream().text()};
  take_post(*own_);
  compare_with(links_->directory);
  if (with_.authority) {
    hosting_ = std::make_shared<node_hosting>(*this, with.name);
    own_->hosting = hosting_;
  }
  for (const auto& [taken, hosts] : authorities_)
    if (taken != stream() && !is_elsewhere(taken) && !hosts.passed.empty()) {
      load(as_hosted(taken));
      begin_hosting(taken);
    }
  for (const auto& one : hosted_)
    links_->hosted.push_back(one->stream);
  links_->anchor = with.anchor;
  links_->limits.confirm_within = with.confirm_within;
  links_->disclaimed = with.disclaims;
  if (auto mark = context()->marks->size(data_directory::restored_mark); mark && has_neighbours()) {
    links_->restored = true;
    links_->limits.confirm_within = std::max<std::chrono::milliseconds>(with.confirm_within, past_within);
  }
  links_->signer = std::make_shared<journal::signing_key>(keys_.signing_seed);
  context()->chance->fill(links_->run);
  // Before anybody asks for them. What changes later, or finds no room now, is sealed while the node writes.
  for (const auto& one : links_->hosted)
    if (auto escrow = links_->directory.escrow_of(one, context()->today()))
      journal_->writer().seal_keys_to(one, *escrow);
}

bool opened_node::has_neighbours() const {
  return !federation::neighbours_of(*directory_in_force(), links_->self, context()->today()).empty();
}

void opened_node::past_is_back() { context()->marks->remove(data_directory::restored_mark); }

void opened_node::keep_directory(const ports::bytes& signed_bytes) {
  auto file = kept_directory_->create(kept_name);
  file->append(signed_bytes);
  file->commit();
}

// -- who hosts what -------------------------------------------------------------------------------------------------

void opened_node::adopt_directory(federation::directory newer) {
  compare_with(newer);
  std::lock_guard lock{mutex_};
  issued_ = std::make_shared<const federation::directory>(std::move(newer));
  put_in_force();
}

void opened_node::adopt_authorities(federation::authorities now) {
  std::lock_guard lock{mutex_};
  authorities_ = std::move(now);
  put_in_force();
}

/// Under the lock.
void opened_node::put_in_force() {
  in_force_ = std::make_shared<const federation::directory>(federation::with_hosts(*issued_, authorities_));
  for (const auto& one : letters_)
    one->adopt(*in_force_);
}

std::shared_ptr<const federation::directory> opened_node::issued_directory() const {
  std::lock_guard lock{mutex_};
  return issued_;
}

std::shared_ptr<const federation::directory> opened_node::directory_in_force() const {
  std::lock_guard lock{mutex_};
  return in_force_;
}

std::optional<ports::node_name> opened_node::name() const {
  return links_ ? std::optional{links_->self} : std::nullopt;
}

void opened_node::tell_hosting(std::function<ports::federation_report_ptr()> links) {
  if (hosting_)
    hosting_->attach(std::move(links));
}

// [L441-2-7-4-1]
std::optional<law::bytes32> opened_node::escrow_secret() const {
  if (!with_.federation || with_.federation->escrow_keys.empty())
    return std::nullopt;
  auto keys = read_keys(with_.federation->escrow_keys);
  return keys ? std::optional{keys->operating_secret} : std::nullopt;
}

ports::adoption opened_node::adoption_of(const ports::stream_id& taken, const opened_epoch& opened) const {
  auto asked = going_on_with(taken, opened, *this);
  if (!issued_directory()->host_of(taken) && opened.passed.epoch == 1)
    asked.opening = opening_of(setup_of(as_hosted(taken), map_), journal_->signer(), asked.today);
  return asked;
}

std::optional<ports::node_name> opened_node::host_of(const ports::stream_id& of) const {
  auto in_force = directory_in_force();
  const auto* found = in_force ? in_force->host_of(of) : nullptr;
  return found ? std::optional{found->name} : std::nullopt;
}

std::optional<ports::bytes> opened_node::look_for_directory() { return read_whole(given_directory_); }

/// What another node hosts has its accounts there.
bool opened_node::needs_first_account(const territory_context& of) {
  auto here = hosted();
  return std::ranges::any_of(here, [&](const auto& one) { return one->stream == of.stream; }) &&
         nodes::needs_first_account(*journal_, of.stream);
}

void opened_node::create_first_account(const territory_context& of, const std::string& login,
                                       const std::string& display_name, const std::string& password) {
  new_account first;
  first.login = law::text<80>{login};
  first.display_name = law::text<120>{display_name};
  first.password = password;
  enter_gestionnaire(of, std::move(first));
}

namespace {

/// One that records nothing is answered as any other is.
bool takes_entries(ports::journal_writer& writer, const ports::stream_id& stream) {
  auto nothing = std::make_shared<ports::append>();
  nothing->stream = stream;
  std::vector<ports::append_ptr> group{std::move(nothing)};
  return writer.stage(group).front().status == ports::append_status::appended;
}

} // namespace

// [L441-2-7-4-1]
std::expected<law::siren, account_fault> opened_node::create_account(law::siren territory, const new_account& asked) {
  auto all = hosted();
  auto found = std::ranges::find_if(
      all, [stream = ports::stream_of(territory)](const auto& one) { return one->stream == stream; });
  if (found == all.end())
    return std::unexpected{account_fault::not_hosted};
  const auto& of = **found;
  if (awaits_past())
    return std::unexpected{account_fault::past_awaited};
  bool is_first = needs_first_account(of);
  if (!is_first && !answers_for(of.stream))
    return std::unexpected{account_fault::administered};
  if (is_taken(asked.login, of))
    return std::unexpected{account_fault::login_taken};
  if (!takes_entries(journal_->writer(), of.stream))
    return std::unexpected{account_fault::no_entries};
  return is_first ? enter_gestionnaire(of, asked) : enter_holder(of, asked);
}

law::siren opened_node::enter_gestionnaire(const territory_context& of, new_account first) {
  const auto& where = places_.at(of.stream);
  first.legal_person = of.settings.gestionnaire;
  first.legal_person_name = where.name;
  first.kind = where.kind;
  first.from = of.today();
  nodes::create_first_account(*journal_, of.stream, first, *of.accounts, *of.passwords, *of.chance, of.today());
  return first.legal_person;
}

law::siren opened_node::enter_holder(const territory_context& of, new_account asked) {
  const auto& service = places_.at(own_->stream);
  asked.legal_person = own_->settings.territory;
  asked.legal_person_name = service.name;
  asked.kind = service.kind;
  asked.from = of.today();
  create_holders_account(*journal_, of.stream, asked, *of.accounts, *of.passwords, *of.chance, of.today());
  return asked.legal_person;
}

/// It is this node's own service that answers for the dispositif in the EPCI's place.
// [L441-2-7-4-1]
bool opened_node::answers_for(const ports::stream_id& stream) const {
  auto opened = hosting_ ? hosting_->opened(stream) : std::nullopt;
  if (!opened)
    return false;
  law::authority_in_force now{opened->passed.holder, opened->passed.ground};
  return now.in_its_place() && now.holder == own_->settings.territory;
}

bool opened_node::is_taken(const law::text<80>& login, const territory_context& of) const {
  return std::ranges::any_of(journal_->open_reader()->accounts(of.stream), [&](const ports::account_row& row) {
    auto known = of.accounts->open(row);
    return known && known->login == login;
  });
}

} // namespace toit::nodes
