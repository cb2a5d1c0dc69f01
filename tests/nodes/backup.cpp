#include "journal/node_journal.hpp"
#include "journal/sqlite_store.hpp"
#include "nodes/bootstrap.hpp"
#include "nodes/ports/data_directory.hpp"
#include "nodes/ports/disk_files.hpp"
#include "nodes/ports/key_file.hpp"
#include "nodes/ports/system_clock.hpp"
#include "nodes/program/backup_command.hpp"
#include "nodes/program/backup_manifest.hpp"
#include "nodes/program/exit_code.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <unistd.h>

using namespace toit;
using namespace toit::nodes;

namespace {

namespace fs = std::filesystem;

struct backup_outcome {
  int code = 0;
  std::string out;
  std::string err;
};

/// A node's folder, its configuration, and a journal that is at work.
class backed_up_node {
public:
  backed_up_node() {
    std::string name = (fs::temp_directory_path() / "toit-backup-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
    keys_ = create_keys(path_ / "node.keys");
    std::ofstream{config()} << "purpose = \"training\"\n[territory]\nsiren = \"200057867\"\n"
                               "registration_system = \"systeme_particulier\"\n"
                               "[data]\ndirectory = \"data\"\nkeys = \"node.keys\"\n";
    open();
    write(1, 0);
    file_document(std::string(32, 'a'));
  }
  ~backed_up_node() {
    close();
    fs::remove_all(path_);
  }
  backed_up_node(const backed_up_node&) = delete;
  backed_up_node& operator=(const backed_up_node&) = delete;

  void open() {
    fs::create_directories(data() / "log");
    journal::journal_setup setup;
    setup.keys = keys_;
    setup.open_store = [this] { return journal::open_sqlite_store((data() / "journal.sqlite").string()); };
    setup.log_place = {(data() / "log").string(), {}};
    setup.log_folder = open_log_folder(data() / "log");
    setup.snapshots = open_folder(data() / "snapshots");
    setup.clock = std::make_shared<system_clock>();
    journal_ = std::make_unique<journal::node_journal>(std::move(setup));
    auto territory = law::siren::parse("200057867").value();
    open_stream(*journal_, {stream, territory, law::text<120>{"Plaine Commune"}, law::text<16>{"training"}}, today_);
    journal_->load(stream);
  }
  void close() { journal_.reset(); }

  static law::subject_id subject(std::uint8_t byte) {
    law::subject_id id;
    id.bytes.fill(byte);
    return id;
  }

  void write(std::uint8_t whom, std::uint64_t last) {
    append(whom, last, law::processing_event{law::text<80>{"note"}, law::text<400>{"fictif"}}, {});
  }
  /// Its one entry goes, with a document.
  void erase(std::uint8_t whom, std::uint64_t seq) {
    law::demande_erased tombstone;
    tombstone.entries.push_back(seq);
    tombstone.files.emplace_back().bytes.fill(0xAA);
    append(whom, seq, tombstone, {seq});
  }
  void file_document(const std::string& id) const {
    fs::create_directories(data() / "documents");
    std::ofstream{data() / "documents" / (id + ".document")} << "chiffré";
  }

  backup_outcome back_up(const fs::path& to, bool with_keys = false) const {
    backup_options options;
    options.configuration = config();
    options.to = to;
    options.with_keys = with_keys;
    std::ostringstream out;
    std::ostringstream err;
    int code = backup_command(options, out, err);
    return {code, out.str(), err.str()};
  }
  backup_outcome restore(const fs::path& from, std::optional<fs::path> newer = {}) const {
    restore_options options;
    options.configuration = config();
    options.from = from;
    options.newer = std::move(newer);
    std::ostringstream out;
    std::ostringstream err;
    int code = restore_command(options, out, err);
    return {code, out.str(), err.str()};
  }
  /// The machine is lost; what it held is elsewhere.
  fs::path lose_data() {
    close();
    fs::rename(data(), path_ / "lost");
    return path_ / "lost";
  }
  std::vector<journal::entry_row> rows() const {
    return journal::open_sqlite_reader((data() / "journal.sqlite").string())->entries(stream, 0, 1'000);
  }

  fs::path config() const { return path_ / "node.toml"; }
  fs::path data() const { return path_ / "data"; }
  fs::path in(const char* name) const { return path_ / name; }

  const ports::stream_id stream = *ports::stream_id::parse("T200057867");

private:
  void append(std::uint8_t whom, std::uint64_t last, law::event event, std::vector<std::uint64_t> empties) {
    auto asked = std::make_shared<ports::append>();
    asked->stream = stream;
    asked->reads.push_back({subject(whom), last});
    asked->empties.assign(empties.begin(), empties.end());
    law::record record{};
    record.occurred_on = today_;
    record.event = std::move(event);
    auto payload = journal_->open_sealer()->seal(stream, subject(whom), record);
    asked->drafts.push_back(
        {subject(whom), std::move(payload), std::make_shared<const law::record>(std::move(record))});
    std::vector<ports::append_ptr> group{asked};
    REQUIRE(journal_->writer().stage(group).front().status == ports::append_status::appended);
    REQUIRE(journal_->writer().sync().entries);
  }

  fs::path path_;
  journal::node_keys keys_;
  std::unique_ptr<journal::node_journal> journal_;
  const law::civil_date today_{std::chrono::year{2026} / 3 / 2};
};

void flip_byte(const fs::path& file, std::streamoff at) {
  std::fstream changed{file, std::ios::in | std::ios::out | std::ios::binary};
  changed.seekg(at);
  auto byte = static_cast<char>(changed.get() ^ 1);
  changed.seekp(at);
  changed.put(byte);
}

} // namespace

TEST_CASE("a backup of a node at work holds what was recorded, and never its secrets unless asked", "[L441-2-7-1-1c]") {
  backed_up_node node;
  auto done = node.back_up(node.in("b"));
  REQUIRE(done.code == exit_done);
  CHECK(done.out.find("clés du nœud n'y sont pas") != std::string::npos);
  CHECK_FALSE(fs::exists(node.in("b") / "node.keys"));
  auto manifest = read_manifest(node.in("b"));
  REQUIRE(manifest);
  CHECK(manifest->streams.size() == 1);
  CHECK(manifest->streams.front().seq == 2);
  CHECK(manifest->files.size() == 2);
  CHECK(node.back_up(node.in("b")).code == exit_refused);
  CHECK(fs::exists(node.in("b") / manifest_name));

  auto with_keys = node.back_up(node.in("k"), true);
  CHECK(with_keys.code == exit_done);
  CHECK(with_keys.out.find("LES CLÉS DU NŒUD Y SONT") != std::string::npos);
  CHECK(fs::exists(node.in("k") / "node.keys"));
}

TEST_CASE("what is put back is what was backed up, and waits for its neighbours' word", "[L441-2-7-1-1c]") {
  backed_up_node node;
  REQUIRE(node.back_up(node.in("b"), true).code == exit_done);
  auto before = node.rows();
  CHECK(node.restore(node.in("b")).code == exit_refused);
  node.lose_data();
  fs::remove(node.in("node.keys"));
  auto done = node.restore(node.in("b"));
  REQUIRE(done.code == exit_done);
  CHECK(node.rows() == before);
  CHECK(fs::exists(node.data() / "marks" / data_directory::restored_mark));
  CHECK(fs::exists(node.data() / "documents" / (std::string(32, 'a') + ".document")));
  CHECK_FALSE(fs::exists(node.data() / "restoring"));
  CHECK(read_keys(node.in("node.keys")));
  node.open();
  node.write(1, 2);
}

TEST_CASE("what was erased after the backup is erased again from a newer journal", "[L441-2-7-1-1c]") {
  backed_up_node node;
  REQUIRE(node.back_up(node.in("b")).code == exit_done);
  node.erase(1, 2);
  node.write(2, 0);
  auto lost = node.lose_data();
  auto done = node.restore(node.in("b"), lost);
  REQUIRE(done.code == exit_done);
  CHECK(done.out.find("2 écritures reprises") != std::string::npos);
  auto rows = node.rows();
  REQUIRE(rows.size() == 4);
  CHECK(rows[1].erased);
  CHECK_FALSE(fs::exists(node.data() / "documents" / (std::string(32, 'a') + ".document")));
  node.open();
  node.write(2, 4);
}

TEST_CASE("a newer journal of another history is refused, and nothing is put in place", "[L441-2-7-1-1c]") {
  backed_up_node node;
  REQUIRE(node.back_up(node.in("b")).code == exit_done);
  node.write(2, 0);
  fs::rename(node.lose_data(), node.in("first"));
  REQUIRE(node.restore(node.in("b")).code == exit_done);
  node.open();
  node.write(3, 0);
  REQUIRE(node.back_up(node.in("c")).code == exit_done);
  node.lose_data();
  CHECK(node.restore(node.in("c"), node.in("first")).code == exit_integrity);
  CHECK_FALSE(fs::exists(node.data() / "journal.sqlite"));
}

TEST_CASE("a backup that is damaged, not whole, or another's is refused", "[L441-2-7-1-1c]") {
  backed_up_node node;
  REQUIRE(node.back_up(node.in("b")).code == exit_done);
  node.lose_data();
  auto journal = node.in("b") / "journal.sqlite";
  auto manifest = node.in("b") / manifest_name;
  int expected = exit_integrity;
  SECTION("a byte of the journal") { flip_byte(journal, 5'000); }
  SECTION("a file that is missing") { fs::remove(node.in("b") / "documents" / (std::string(32, 'a') + ".document")); }
  SECTION("a manifest that does not read") { std::ofstream{manifest} << "{"; }
  SECTION("a manifest that leads out of the folder") {
    auto told = nlohmann::json::parse(std::ifstream{manifest});
    told["files"][0]["path"] = "log/../../node.toml";
    std::ofstream{manifest} << told;
  }
  SECTION("a journal that was changed together with the manifest") {
    {
      auto store = journal::open_sqlite_store(journal.string());
      store->begin();
      journal::stream_rows changed;
      changed.stream = node.stream;
      changed.emptied.push_back(2);
      store->put(changed);
      store->commit();
    }
    auto told = nlohmann::json::parse(std::ifstream{manifest});
    auto measured = measure_durably(journal);
    told["files"][0]["bytes"] = measured.bytes;
    told["files"][0]["sha256"] = law::to_hex(measured.hash);
    std::ofstream{manifest} << told;
  }
  SECTION("no manifest at all") {
    fs::remove(manifest);
    expected = exit_refused;
  }
  SECTION("another node's") {
    auto told = nlohmann::json::parse(std::ifstream{manifest});
    told["purpose"] = "production";
    std::ofstream{manifest} << told;
    expected = exit_refused;
  }
  SECTION("other keys than the journal's") {
    fs::remove(node.in("node.keys"));
    create_keys(node.in("node.keys"));
    expected = exit_refused;
  }
  auto done = node.restore(node.in("b"));
  CHECK(done.code == expected);
  CHECK_FALSE(done.err.empty());
  CHECK_FALSE(fs::exists(node.data() / "journal.sqlite"));
}

TEST_CASE("a damaged journal makes no backup", "[L441-2-7-1-1c]") {
  backed_up_node node;
  node.close();
  auto store = journal::open_sqlite_store((node.data() / "journal.sqlite").string());
  store->begin();
  journal::stream_rows changed;
  changed.stream = node.stream;
  changed.emptied.push_back(2);
  store->put(changed);
  store->commit();
  CHECK(node.back_up(node.in("b")).code == exit_integrity);
  CHECK_FALSE(fs::exists(node.in("b")));
}
