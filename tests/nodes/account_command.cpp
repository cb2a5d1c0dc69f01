// Accounts that whoever runs the prefect's node opens in a territory that was taken over, while it does not run.

#include "federation/directory.hpp"
#include "journal/sqlite_store.hpp"
#include "nodes/host/opened_node.hpp"
#include "nodes/ports/disk_files.hpp"
#include "nodes/ports/key_file.hpp"
#include "nodes/program/exit_code.hpp"
#include "nodes/program/node_command.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <sstream>
#include <unistd.h>

using namespace toit;
using namespace toit::nodes;

namespace {

constexpr const char* taken_territory = "200057867";
constexpr const char* prefects_service = "123456782";
constexpr const char* agents_password = "mot de passe fictif";
constexpr law::civil_date taken_on{std::chrono::year{2026}, std::chrono::March, std::chrono::day{2}};

struct account_outcome {
  int code = 0;
  std::string told;
};

/// The région's, stopped, once it has gone on with a territory that never had a node.
class taking_node {
public:
  explicit taking_node(law::passing_ground ground = law::passing_ground::substitution,
                       const char* holder = prefects_service) {
    std::string name = (std::filesystem::temp_directory_path() / "toit-account-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
    keys_ = create_keys(path_ / "node.keys");
    auto anchor = journal::signing_key{journal::node_keys::generate().signing_seed};
    std::ofstream{path_ / "node.toml"}
        << "purpose = \"training\"\n[authority]\ntier = \"region\"\ncode = \"11\"\nlegal_person = \""
        << prefects_service << "\"\n[data]\ndirectory = \"data\"\nkeys = \"node.keys\"\n"
        << "[federation]\nname = \"region\"\ndirectory = \"directory.toit\"\nanchor = \""
        << law::to_hex(anchor.public_half()) << "\"\n";
    issue(anchor);
    begin(ground, law::siren::parse(holder).value());
  }
  ~taking_node() { std::filesystem::remove_all(path_); }
  taking_node(const taking_node&) = delete;
  taking_node& operator=(const taking_node&) = delete;

  account_outcome create(const char* login, const char* territory = taken_territory) const {
    account_options options;
    options.configuration = path_ / "node.toml";
    options.login = login;
    options.display_name = "Personne fictive";
    options.territory = territory;
    std::istringstream in{std::string{agents_password} + "\n"};
    std::ostringstream out;
    std::ostringstream err;
    int code = create_account_command(options, in, out, err);
    return {code, out.str() + err.str()};
  }

  /// As it begins next.
  template <class Look>
  void look(Look&& at) const {
    auto map = territory_map::load();
    auto read = read_configuration_text(path_ / "node.toml", map);
    REQUIRE(read);
    opened_node opened{*read, map};
    REQUIRE(opened.hosted().size() == 2);
    at(opened, *opened.hosted().back());
  }

  /// It was put back from a backup, and its neighbours have not spoken since.
  void mark_restored() const {
    std::filesystem::create_directories(path_ / "data" / "marks");
    std::ofstream{path_ / "data" / "marks" / data_directory::restored_mark} << "2026-03-01T00:00:00Z";
  }

private:
  void issue(const journal::signing_key& anchor) const {
    federation::directory made;
    made.number = 1;
    made.purpose = law::text<16>{"training"};
    made.issued_at = law::parse_instant("2026-01-01T00:00:00Z").value();
    made.valid_until = law::parse_instant("2100-01-01T00:00:00Z").value();
    add_node(made, "region", federation::node_tier::region, "SR11", keys_).escrow_key =
        journal::operating_public(journal::node_keys::generate().operating_secret);
    add_node(made, "departement", federation::node_tier::departement, "SD93", journal::node_keys::generate());
    auto& territory = made.territories.emplace_back();
    territory.stream = taken_;
    territory.territory = law::siren::parse(taken_territory).value();
    territory.name = law::text<120>{"Plaine Commune"};
    territory.departements.push_back(law::departement_code::parse("93").value());
    territory.ordering = own_;
    territory.supervisors = {own_, ports::stream_id::parse("SD93").value()};
    territory.from = law::civil_date{std::chrono::year{2020} / 1 / 1};
    REQUIRE(federation::inconsistency_of(made).empty());
    auto content = federation::sign_directory(made, anchor);
    std::ofstream{path_ / "directory.toit", std::ios::binary}.write(reinterpret_cast<const char*>(content.data()),
                                                                    static_cast<std::streamsize>(content.size()));
  }
  static federation::node_entry& add_node(federation::directory& made, const char* name, federation::node_tier tier,
                                          const char* hosted, const journal::node_keys& keys) {
    auto& entry = made.nodes.emplace_back();
    entry.name = ports::node_name::parse(name).value();
    entry.tier = tier;
    entry.legal_person = law::siren::parse(prefects_service).value();
    entry.title = law::text<120>{name};
    entry.streams.push_back(ports::stream_id::parse(hosted).value());
    entry.link_keys.push_back({journal::link_public(keys), {}, {}});
    entry.signing_keys.push_back({journal::signing_key{keys.signing_seed}.public_half(), {}, {}});
    return entry;
  }

  void begin(law::passing_ground ground, law::siren holder) const {
    auto data = path_ / "data";
    std::filesystem::create_directories(data / "log");
    journal::journal_setup setup;
    setup.keys = keys_;
    setup.open_store = [data] { return journal::open_sqlite_store((data / "journal.sqlite").string()); };
    setup.log_place = {(data / "log").string(), {}};
    setup.log_folder = open_log_folder(data / "log");
    setup.snapshots = open_folder(data / "snapshots");
    setup.clock = std::make_shared<system_clock>();
    journal::node_journal journal{std::move(setup)};
    auto service = law::siren::parse(prefects_service).value();
    law::text<16> training{"training"};
    open_stream(journal, {own_, service, law::text<120>{"Préfecture fictive"}, training}, taken_on);
    journal.load(own_);
    law::authority_passed passed{};
    passed.territory = law::siren::parse(taken_territory).value();
    passed.epoch = 1;
    passed.holder = holder;
    passed.host = law::text<64>{"region"};
    passed.ground = ground;
    auto seq = append_one(journal, passed);
    ports::adoption asked;
    asked.stream = taken_;
    asked.epoch = 1;
    asked.ordered_by = own_;
    asked.ordered_seq = seq;
    asked.today = taken_on;
    asked.opening =
        opening_of({taken_, passed.territory, law::text<120>{"Plaine Commune"}, training}, journal.signer(), taken_on);
    REQUIRE(journal.writer().adopt(asked).status == ports::adoption_status::adopted);
  }
  std::uint64_t append_one(journal::node_journal& journal, law::event happened) const {
    law::record record{};
    record.occurred_on = taken_on;
    record.event = std::move(happened);
    auto subject = law::subject_of(law::siren::parse(taken_territory).value());
    auto payload = journal.open_sealer()->seal(own_, subject, record);
    auto append = std::make_shared<ports::append>();
    append->stream = own_;
    append->drafts.push_back({subject, std::move(payload), std::make_shared<const law::record>(std::move(record))});
    std::vector<ports::append_ptr> group{append};
    auto written = journal.writer().stage(group).front();
    REQUIRE(written.status == ports::append_status::appended);
    REQUIRE(journal.writer().sync().entries);
    return written.first_seq;
  }

  std::filesystem::path path_;
  journal::node_keys keys_;
  const ports::stream_id own_ = ports::stream_id::parse("SR11").value();
  const ports::stream_id taken_ = ports::stream_id::parse("T200057867").value();
};

/// Of the territory's stream, in order.
template <class E>
std::vector<E> entered(opened_node& opened, const territory_context& of) {
  std::vector<E> all;
  for (const auto& entry : opened.journal().open_reader()->read(of.stream, 0, 64))
    if (const auto* happened = entry.record ? std::get_if<E>(&entry.record->event) : nullptr)
      all.push_back(*happened);
  return all;
}

bool lets_in(opened_node& opened, const territory_context& of, const std::string& login) {
  for (const auto& row : opened.journal().open_reader()->accounts(of.stream))
    if (auto known = of.accounts->open(row); known && known->login == law::text<80>{login})
      return of.passwords->matches(known->password, agents_password);
  return false;
}

} // namespace

TEST_CASE("a territory that never had a node has its first account from whoever runs the prefect's",
          "[L441-2-7-4-1][R441-2-15-V-2-5]") {
  taking_node node;
  // The cut is there, and nobody who could log in.
  node.look([](opened_node& opened, const territory_context& of) {
    CHECK(entered<law::authority_cut>(opened, of).size() == 1);
    CHECK(opened.needs_first_account(of));
  });
  auto told = node.create("gestionnaire");
  INFO(told.told);
  REQUIRE(told.code == exit_done);
  node.look([](opened_node& opened, const territory_context& of) {
    CHECK_FALSE(opened.needs_first_account(of));
    auto granted = entered<law::habilitation_granted>(opened, of);
    REQUIRE(granted.size() == 1);
    CHECK(granted.front().habilitation.quality == law::quality::gestionnaire);
    CHECK(granted.front().habilitation.legal_person.text() == taken_territory);
    CHECK(lets_in(opened, of, "gestionnaire"));
  });
}

TEST_CASE(
    "while he answers in the EPCI's place the prefect has an account made for his agent, without the gestionnaire",
    "[L441-2-7-4-1][R441-2-15-V-2-2]") {
  taking_node node;
  REQUIRE(node.create("gestionnaire").code == exit_done);
  auto told = node.create("prefecture");
  INFO(told.told);
  REQUIRE(told.code == exit_done);
  CHECK(told.told.find(prefects_service) != std::string::npos);
  for (const char* taken : {"prefecture", "gestionnaire"}) {
    auto again = node.create(taken);
    CHECK(again.code == exit_refused);
    CHECK(again.told.find("pris") != std::string::npos);
  }
  REQUIRE(node.create("prefecture-2").code == exit_done);

  node.look([](opened_node& opened, const territory_context& of) {
    auto service = law::siren::parse(prefects_service).value();
    auto persons = entered<law::legal_person_registered>(opened, of);
    REQUIRE(persons.size() == 2);
    CHECK(persons.back().legal_person == service);
    CHECK(persons.back().person_kind == law::legal_person_kind::state_service);
    auto accounts = entered<law::account_opened>(opened, of);
    REQUIRE(accounts.size() == 3);
    for (const auto& account : {accounts[1], accounts[2]}) {
      CHECK(account.legal_person == service);
      CHECK(account.missions == law::agent_missions{law::agent_mission::consult, law::agent_mission::record});
    }
    // He needs none.
    CHECK(entered<law::habilitation_granted>(opened, of).size() == 1);
    CHECK(lets_in(opened, of, "gestionnaire"));
    CHECK(lets_in(opened, of, "prefecture"));
    CHECK(lets_in(opened, of, "prefecture-2"));
  });
}

TEST_CASE("who does not answer in the EPCI's place opens no account beside its gestionnaire's", "[L441-2-7-4-1]") {
  auto refused_once_administered = [](const taking_node& node) {
    REQUIRE(node.create("gestionnaire").code == exit_done);
    auto told = node.create("prefecture");
    CHECK(told.code == exit_refused);
    CHECK(told.told.find("gestionnaire") != std::string::npos);
    node.look([](opened_node& opened, const territory_context& of) {
      CHECK(entered<law::account_opened>(opened, of).size() == 1);
    });
  };
  SECTION("the territory has joined another's dispositif, and answers for it") {
    refused_once_administered(taking_node{law::passing_ground::adhesion, taken_territory});
  }
  SECTION("another service holds the epoch") {
    refused_once_administered(taking_node{law::passing_ground::substitution, "200054781"});
  }
}

TEST_CASE("an account is made in nothing but what the node hosts, and holds the whole of", "[L441-2-7-4-1]") {
  taking_node node;
  SECTION("another territory") {
    auto told = node.create("prefecture", "200054781");
    CHECK(told.code == exit_refused);
    CHECK(told.told.find("n'héberge pas") != std::string::npos);
  }
  SECTION("no SIREN") { CHECK(node.create("prefecture", "Plaine Commune").code == exit_usage); }
  SECTION("others may hold what came after the backup") {
    node.mark_restored();
    auto told = node.create("gestionnaire");
    CHECK(told.code == exit_refused);
    CHECK(told.told.find("restauré") != std::string::npos);
    node.look([](opened_node& opened, const territory_context& of) { CHECK(opened.needs_first_account(of)); });
  }
}
