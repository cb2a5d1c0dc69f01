#include "nodes/program/keys_command.hpp"

#include "federation/directory.hpp"
#include "journal/sqlite_store.hpp"
#include "journal/verify.hpp"
#include "nodes/bootstrap.hpp"
#include "nodes/host/opened_node.hpp"
#include "nodes/ports/data_directory.hpp"
#include "nodes/ports/disk_files.hpp"
#include "nodes/ports/key_file.hpp"
#include "nodes/ports/system_clock.hpp"
#include "nodes/program/exit_code.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <sstream>
#include <unistd.h>

using namespace toit;
using namespace toit::nodes;

namespace {

namespace fs = std::filesystem;

struct rotate_outcome {
  int code = 0;
  std::string told;
};

journal::public_key signing_half(const journal::node_keys& keys) {
  return journal::signing_key{keys.signing_seed}.public_half();
}

/// A node that is stopped, with a stream of one entry.
class stopped_node {
public:
  explicit stopped_node(bool federated = false) {
    std::string name = (fs::temp_directory_path() / "toit-keys-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
    auto keys = create_keys(path_ / "node.keys");
    auto anchor = create_keys(path_ / "anchor.keys");
    std::ofstream config{path_ / "node.toml"};
    config << "purpose = \"training\"\n[territory]\nsiren = \"200057867\"\n"
              "registration_system = \"systeme_particulier\"\n"
              "[data]\ndirectory = \"data\"\nkeys = \"node.keys\"\n";
    if (federated)
      config << "[federation]\nname = \"plaine\"\ndirectory = \"directory.toit\"\nanchor = \""
             << law::to_hex(signing_half(anchor)) << "\"\n";
    config.close();
    fs::create_directories(data() / "log");
    journal::journal_setup setup;
    setup.keys = keys;
    setup.open_store = [this] { return journal::open_sqlite_store((data() / "journal.sqlite").string()); };
    setup.log_place = {(data() / "log").string(), {}};
    setup.log_folder = open_log_folder(data() / "log");
    setup.snapshots = open_folder(data() / "snapshots");
    setup.clock = std::make_shared<system_clock>();
    journal::node_journal journal{std::move(setup)};
    auto territory = law::siren::parse("200057867").value();
    open_stream(journal, {stream, territory, law::text<120>{"Plaine Commune"}, law::text<16>{"training"}},
                law::civil_date{std::chrono::year{2026} / 3 / 2});
  }
  ~stopped_node() { fs::remove_all(path_); }
  stopped_node(const stopped_node&) = delete;
  stopped_node& operator=(const stopped_node&) = delete;

  rotate_outcome rotate(bool prepare = false) const {
    rotate_options options;
    options.configuration = path_ / "node.toml";
    options.prepare = prepare;
    std::ostringstream out;
    std::ostringstream err;
    int code = rotate_keys_command(options, out, err);
    return {code, out.str() + err.str()};
  }
  /// Begins, and is released when its neighbours have spoken.
  void begin(bool released = true) const {
    auto map = territory_map::load();
    auto with = read_configuration_text(path_ / "node.toml", map);
    REQUIRE(with);
    opened_node opened{*with, map};
    if (released)
      opened.journal().writer().hold_back(stream, false);
  }
  journal::node_keys keys(const char* name = "node.keys") const { return read_keys(path_ / name).value(); }
  journal::verify_report verify(std::span<const journal::public_key> known = {}) const {
    auto rows = journal::open_sqlite_reader((data() / "journal.sqlite").string());
    return journal::verify_stream(*rows, stream, {}, nullptr, {}, known);
  }

  /// Signed by the anchor: the node with these keys, and the région.
  void issue(std::uint64_t number, const std::vector<journal::node_keys>& listed,
             const std::vector<journal::node_keys>& revoked = {}) const {
    federation::directory made;
    made.number = number;
    made.purpose = law::text<16>{"training"};
    made.issued_at = law::parse_instant("2026-01-01T00:00:00Z").value();
    made.valid_until = law::parse_instant("2100-01-01T00:00:00Z").value();
    auto& region = node_in(made, "region", federation::node_tier::region, "SR11");
    auto other = journal::node_keys::generate();
    region.link_keys.push_back({journal::link_public(other), {}, {}});
    region.signing_keys.push_back({signing_half(other), {}, {}});
    region.escrow_key = journal::operating_public(journal::node_keys::generate().operating_secret);
    auto& own = node_in(made, "plaine", federation::node_tier::territory, "T200057867");
    for (const auto& one : listed) {
      own.link_keys.push_back({journal::link_public(one), {}, {}});
      own.signing_keys.push_back({signing_half(one), {}, {}});
    }
    for (const auto& one : revoked)
      std::ranges::find(own.signing_keys, signing_half(one), &federation::dated_key::key)->revoked = made.issued_at;
    auto& territory = made.territories.emplace_back();
    territory.stream = stream;
    territory.territory = law::siren::parse("200057867").value();
    territory.name = law::text<120>{"Plaine Commune"};
    territory.departements.push_back(law::departement_code::parse("93").value());
    territory.ordering = ports::stream_id::parse("SR11").value();
    territory.supervisors = {territory.ordering};
    territory.from = law::civil_date{std::chrono::year{2020} / 1 / 1};
    REQUIRE(federation::inconsistency_of(made).empty());
    auto content = federation::sign_directory(made, journal::signing_key{keys("anchor.keys").signing_seed});
    std::ofstream{path_ / "directory.toit", std::ios::binary}.write(reinterpret_cast<const char*>(content.data()),
                                                                    static_cast<std::streamsize>(content.size()));
  }

  fs::path data() const { return path_ / "data"; }
  fs::path in(const char* name) const { return path_ / name; }

  const ports::stream_id stream = *ports::stream_id::parse("T200057867");

private:
  static federation::node_entry& node_in(federation::directory& made, const char* name, federation::node_tier tier,
                                         const char* hosted) {
    auto& entry = made.nodes.emplace_back();
    entry.name = ports::node_name::parse(name).value();
    entry.tier = tier;
    entry.legal_person = law::siren::parse("200057867").value();
    entry.title = law::text<120>{name};
    entry.streams.push_back(ports::stream_id::parse(hosted).value());
    return entry;
  }

  fs::path path_;
};

} // namespace

TEST_CASE("keys are changed as often as wanted, and the stream says so itself", "[L441-2-7-1-1a]") {
  stopped_node node;
  auto first = node.keys();
  REQUIRE(node.rotate().code == exit_done);
  auto second = node.keys();
  CHECK(second.signing_seed != first.signing_seed);
  CHECK(second.operating_secret != first.operating_secret);
  REQUIRE(second.former.size() == 1);
  CHECK(second.former.front().operating_secret == first.operating_secret);
  CHECK(node.verify().signers.size() == 1);
  node.begin(false); // alone: at once
  CHECK(node.verify().signers.size() == 2);
  REQUIRE(node.rotate().code == exit_done);
  node.begin();
  auto third = node.keys();
  CHECK(third.former.size() == 2);
  auto report = node.verify();
  CHECK(report.faults.empty());
  CHECK(report.signers == std::vector{signing_half(first), signing_half(second), signing_half(third)});
}

TEST_CASE("a change that the stream has not announced yet may be followed by another", "[L441-2-7-1-1a]") {
  stopped_node node;
  auto first = node.keys();
  REQUIRE(node.rotate().code == exit_done);
  REQUIRE(node.rotate().code == exit_done);
  node.begin();
  CHECK(node.verify().faults.empty());
  CHECK(node.verify().signers == std::vector{signing_half(first), signing_half(node.keys())});
}

TEST_CASE("a change of keys that was interrupted goes on where it was", "[L441-2-7-1-1a]") {
  stopped_node node;
  auto first = node.keys();
  REQUIRE(node.rotate(true).code == exit_done);
  auto prepared = node.keys("node.keys.next");
  SECTION("before anything was changed") {}
  SECTION("once the new keys were in their place") { replace_keys(node.in("node.keys"), prepared.following(first)); }
  SECTION("while they were written") { std::ofstream{node.in("node.keys.part")} << "signing_seed = 00"; }
  REQUIRE(node.rotate().code == exit_done);
  CHECK(node.keys().signing_seed == prepared.signing_seed);
  CHECK(node.keys().former.size() == 1);
  CHECK_FALSE(fs::exists(node.in("node.keys.next")));
}

TEST_CASE("keys are not changed under a node that serves", "[L441-2-7-1-1a]") {
  stopped_node node;
  auto before = node.keys();
  data_directory held{node.data()};
  auto told = node.rotate();
  CHECK(told.code == exit_refused);
  CHECK(told.told.find("Arrêtez") != std::string::npos);
  CHECK(node.keys().signing_seed == before.signing_seed);
}

TEST_CASE("in a federation keys are changed once the directory names the new ones", "[L441-2-7-1-1a]") {
  stopped_node node{true};
  auto first = node.keys();
  node.issue(1, {first});
  CHECK(node.rotate().code == exit_refused);
  auto shown = node.rotate(true);
  REQUIRE(shown.code == exit_done);
  auto next = node.keys("node.keys.next");
  CHECK(shown.told.find(law::to_hex(journal::link_public(next))) != std::string::npos);
  CHECK(shown.told.find(law::to_hex(next.signing_seed)) == std::string::npos);
  CHECK(node.rotate().code == exit_refused);
  CHECK(node.verify().signers.size() == 1);
  node.issue(2, {first, next});
  REQUIRE(node.rotate().code == exit_done);
  CHECK(node.keys().signing_seed == next.signing_seed);
  // Neighbours may hold more of the stream: nothing is signed before they have spoken.
  node.begin(false);
  CHECK(node.verify().signers.size() == 1);
  SECTION("in order") {
    node.begin();
    CHECK(node.verify().signers == std::vector{signing_half(first), signing_half(next)});
    CHECK(node.verify().faults.empty());
  }
  SECTION("keys that others may have endorse nothing") {
    node.issue(3, {first, next}, {first});
    node.begin();
    CHECK_FALSE(node.verify().faults.empty());
    CHECK(node.verify(std::vector{signing_half(next)}).faults.empty());
  }
}

TEST_CASE("a file of keys tells the former ones, and no half of one", "[L441-2-7-1-1a]") {
  stopped_node node;
  auto keys = node.keys().following(node.keys());
  replace_keys(node.in("node.keys"), keys);
  CHECK(node.keys().former.size() == 1);
  std::ofstream{node.in("node.keys"), std::ios::app} << "former_signing_seed = 00\n";
  CHECK(read_keys(node.in("node.keys")).error() == key_file_fault::malformed);
}
