#include "journal/sqlite.hpp"
#include "journal/writer.hpp"
#include "tests/journal/node.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

using namespace toit;
using namespace toit::journal;
using journal::test::id_with;

namespace {

const auto dossier = id_with<law::subject_id>(1);
const std::vector<std::string> nothing;

/// Files of the disk in which one of the pieces is found, as they are seen or as they lie on the medium.
std::vector<std::string> files_with(simulation::virtual_disk& disk, const std::vector<bytes>& pieces) {
  std::vector<std::string> found;
  for (const std::string folder : {"node", "node/snapshots", "node/documents"})
    for (const auto& name : disk.list(folder)) {
      auto file = disk.find(folder + "/" + name);
      auto holds = [&](const bytes& piece) {
        return !std::ranges::search(file->now, piece).empty() || !std::ranges::search(file->synced, piece).empty();
      };
      if (std::ranges::any_of(pieces, holds))
        found.push_back(name);
    }
  return found;
}

/// Sixteen bytes from here and there in each payload, and its nonce: small enough to survive in a piece of a page.
std::vector<bytes> pieces_of(const std::vector<entry_row>& rows) {
  std::vector<bytes> pieces;
  for (const auto& row : rows) {
    pieces.push_back(row.nonce);
    for (std::size_t at = 0; at + 16 <= row.content.size(); at += 48)
      pieces.emplace_back(row.content.begin() + static_cast<std::ptrdiff_t>(at),
                          row.content.begin() + static_cast<std::ptrdiff_t>(at) + 16);
  }
  return pieces;
}

} // namespace

TEST_CASE("once an erasure is checkpointed no byte of what it destroyed is left", "[journal][erasure][L441-2-7-1-1c]") {
  test::node node;
  node.open();
  std::vector<std::uint64_t> emptied;
  for (std::uint64_t i = 0; i < 60; ++i) {
    auto who = i % 3 == 0 ? dossier : id_with<law::subject_id>(static_cast<std::uint8_t>(2 + i % 7));
    std::uint64_t last = 0;
    for (const auto& row : node.rows()->entries(test::stream(), 0, 1000))
      if (row.header.subject == who)
        last = row.header.seq;
    auto written = node.write(node.asked(who, last, std::string(i * 6, 'a')));
    if (who == dossier)
      emptied.push_back(written.first_seq);
    if (i % 20 == 0)
      node.journal->open_keeper()->checkpoint(false);
  }
  node.writer().keep();
  std::vector<entry_row> gone;
  for (auto seq : emptied)
    gone.push_back(*node.rows()->entry(test::stream(), seq));
  auto pieces = pieces_of(gone);
  REQUIRE_FALSE(files_with(node.disk, pieces).empty());
  REQUIRE(node.erase(dossier, emptied).status == ports::append_status::appended);
  REQUIRE(node.journal->open_keeper()->checkpoint(true));
  CHECK(files_with(node.disk, pieces) == nothing);
  auto report = node.verify();
  CHECK(report.faults.empty());
  CHECK(report.erased == emptied.size());
  node.open();
  CHECK_FALSE(node.journal->open_reader()->entry(test::stream(), emptied.front())->record);
}

TEST_CASE("a payload of many pages is overwritten on all of them", "[journal][erasure]") {
  simulation::virtual_disk disk{1};
  auto store = open_sqlite_store("node/store", disk.vfs());
  simulation::chance chance{5};
  entry_row row;
  row.header.seq = 1;
  row.nonce.resize(entry_nonce_bytes);
  row.content.resize(200'000);
  chance.fill(row.nonce);
  chance.fill(row.content);
  store->begin();
  store->put(stream_rows{test::stream(), {row}, {}, {}, {}, {}, {}});
  store->commit();
  REQUIRE(store->open_keeper()->checkpoint(true));
  auto pieces = pieces_of({row});
  REQUIRE_FALSE(files_with(disk, pieces).empty());
  store->begin();
  store->put(stream_rows{test::stream(), {}, {}, {}, {}, {1}, {}});
  store->commit();
  REQUIRE(store->open_keeper()->checkpoint(true));
  CHECK(files_with(disk, pieces) == nothing);
}

TEST_CASE("a reader in the middle of something holds the last checkpoint back, and says so", "[journal][erasure]") {
  simulation::virtual_disk disk{1};
  auto store = open_sqlite_store("node/store", disk.vfs());
  auto write = [&](std::string_view value) {
    store->begin();
    store->put_setting("name", value);
    store->commit();
  };
  write("old");
  sqlite_database reader{"node/store", sqlite_access::read_only, disk.vfs()};
  reader.execute("BEGIN; SELECT * FROM setting");
  write("new");
  CHECK_FALSE(store->open_keeper()->checkpoint(true));
  reader.execute("COMMIT");
  CHECK(store->open_keeper()->checkpoint(true));
}

TEST_CASE("an account that is erased is overwritten", "[journal][erasure]") {
  simulation::virtual_disk disk{1};
  auto store = open_sqlite_store("node/store", disk.vfs());
  ports::account_row row{id_with<law::agent_id>(1), bytes(600)};
  simulation::chance{4}.fill(row.sealed);
  for (const auto& sealed : {row.sealed, bytes{}}) {
    store->begin();
    store->put(journal::test::stream(), {row.account, sealed});
    store->commit();
    REQUIRE(store->open_keeper()->checkpoint(true));
    CHECK(files_with(disk, {{row.sealed.begin() + 100, row.sealed.begin() + 140}}).empty() == sealed.empty());
  }
}
