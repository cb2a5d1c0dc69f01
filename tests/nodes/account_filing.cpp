#include "nodes/host/account_filing.hpp"

#include "journal/sqlite.hpp"
#include "nodes/host/opened_node.hpp"
#include "nodes/ports/key_file.hpp"

#include <catch2/catch_test_macros.hpp>
#include <unistd.h>

using namespace toit;
using namespace toit::nodes;

namespace {

namespace fs = std::filesystem;

/// Begins as often as wanted, for its own territory and another one.
class node_of_two {
public:
  node_of_two() {
    std::string name = (fs::temp_directory_path() / "toit-accounts-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
    with_.purpose = node_purpose::training;
    with_.territory = *law::siren::parse("200057867");
    with_.also_hosts = {*law::siren::parse("217500016")};
    with_.data = path_ / "data";
    with_.keys = path_ / "node.keys";
    create_keys(with_.keys);
  }
  ~node_of_two() { fs::remove_all(path_); }
  node_of_two(const node_of_two&) = delete;
  node_of_two& operator=(const node_of_two&) = delete;

  template <class Act>
  void begin(Act act) const {
    opened_node opened{with_, map_};
    auto hosted = opened.hosted();
    REQUIRE(hosted.size() == 2);
    act(opened.journal(), *hosted[0], *hosted[1]);
  }

  /// What it begins with next is of an older format.
  void make_older() const {
    journal::sqlite_database{(with_.data / "journal.sqlite").string(), journal::sqlite_access::read_write, ""}.execute(
        "DELETE FROM setting WHERE name = 'accounts filed'");
  }

private:
  fs::path path_;
  territory_map map_ = territory_map::load();
  configuration with_;
};

template <class Id>
Id id_of_bytes(std::uint8_t byte) {
  Id id;
  id.bytes.fill(byte);
  return id;
}

ports::account_row row_of(const territory_context& in, std::uint8_t account, const char* password,
                          std::optional<law::dossier_id> dossier = {}) {
  ports::account_secrets secrets;
  secrets.account = id_of_bytes<law::agent_id>(account);
  secrets.login = law::text<80>{"fictif"};
  secrets.password = password;
  secrets.own_dossier = dossier;
  return in.accounts->seal(secrets);
}

/// As a format had it that did not say whose dossier an account is of.
ports::account_row of_itself(ports::account_row row) {
  row.subject = law::subject_of(row.account);
  return row;
}

/// Of the stream's accounts that open with its keys, in the order of their ids.
std::vector<std::string> passwords_in(const journal::node_journal& node, const territory_context& of) {
  std::vector<std::string> found;
  for (const auto& row : node.open_reader()->accounts(of.stream))
    if (auto secrets = of.accounts->open(row))
      found.push_back(secrets->password);
  return found;
}

using passwords = std::vector<std::string>;
const auto filed_dossier = id_of_bytes<law::dossier_id>(21);

} // namespace

TEST_CASE("accounts that an older format kept together are filed by territory and dossier when the node begins",
          "[L441-2-7-4-1][L441-2-7-1-1c]") {
  node_of_two node;
  node.begin([](auto& journal, const auto& own, const auto& other) {
    REQUIRE(journal.put_accounts(
        {{own.stream,
          {row_of(own, 1, "own agent"), of_itself(row_of(own, 2, "own demandeur", filed_dossier)),
           row_of(other, 3, "other agent"), of_itself(row_of(other, 4, "other demandeur", filed_dossier))}}}));
  });
  node.make_older();
  for (int times = 0; times < 2; ++times)
    node.begin([](auto& journal, const auto& own, const auto& other) {
      CHECK(passwords_in(journal, own) == passwords{"own agent", "own demandeur"});
      CHECK(passwords_in(journal, other) == passwords{"other agent", "other demandeur"});
      auto reader = journal.open_reader();
      CHECK(reader->accounts(own.stream).size() == 2);
      for (const auto& stream : {own.stream, other.stream})
        CHECK(reader->accounts(stream).at(1).subject == law::subject_of(filed_dossier));
    });
}

TEST_CASE("what a territory has had of an account since is not replaced by what an older format kept of it",
          "[L441-2-7-4-1]") {
  node_of_two node;
  node.begin([](auto& journal, const auto& own, const auto& other) {
    REQUIRE(journal.put_accounts(
        {{own.stream, {row_of(other, 1, "before"), of_itself(row_of(other, 2, "closed since", filed_dossier))}},
         {other.stream, {row_of(other, 1, "since"), row_of(other, 3, "opened since", filed_dossier)}}}));
  });
  node.make_older();
  node.begin([](auto& journal, const auto& own, const auto& other) {
    CHECK(journal.open_reader()->accounts(own.stream).empty());
    CHECK(passwords_in(journal, other) == passwords{"since", "opened since"});
  });
}

TEST_CASE("a row of an account that no key opens stops no node, and stays where it is", "[L441-2-7-4-1]") {
  node_of_two node;
  node.begin([](auto& journal, const auto& own, const auto& other) {
    auto altered = row_of(own, 2, "altered");
    altered.sealed.back() ^= 1;
    REQUIRE(journal.put_accounts(
        {{own.stream, {row_of(own, 1, "own agent"), altered}},
         {other.stream,
          {ports::account_row{id_of_bytes<law::agent_id>(1), {1, 2, 3}}, row_of(own, 3, "a stranger")}}}));
  });
  node.make_older();
  node.begin([](auto& journal, const auto& own, const auto& other) {
    CHECK(passwords_in(journal, own) == passwords{"own agent"});
    CHECK(passwords_in(journal, other).empty());
    CHECK(journal.open_reader()->accounts(own.stream).size() == 2);
    CHECK(journal.open_reader()->accounts(other.stream).size() == 2);
  });
}

TEST_CASE("accounts of an older format are filed once, and looked at again only while one of them does not open") {
  node_of_two node;
  auto misfile = [](auto& journal, const auto& own, const auto& other) {
    REQUIRE(journal.put_accounts({{own.stream, {row_of(other, 1, "other agent")}}}));
  };
  auto is_filed = [&] {
    bool filed = false;
    node.begin([&](auto& journal, const auto&, const auto& other) {
      filed = passwords_in(journal, other) == passwords{"other agent"};
    });
    return filed;
  };
  node.begin(misfile);
  CHECK_FALSE(is_filed());
  node.make_older();
  CHECK(is_filed());

  node.begin([](auto& journal, const auto& own, const auto&) {
    REQUIRE(journal.put_accounts({{own.stream, {ports::account_row{id_of_bytes<law::agent_id>(2), {1, 2, 3}}}}}));
  });
  node.make_older();
  node.begin([&](auto& journal, const auto& own, const auto& other) {
    CHECK_FALSE(journal.accounts_are_filed());
    REQUIRE(journal.put_accounts({{other.stream, {ports::account_row{id_of_bytes<law::agent_id>(1), {}}}}}));
    misfile(journal, own, other);
  });
  CHECK(is_filed());
}
