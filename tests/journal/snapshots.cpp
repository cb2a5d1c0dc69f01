#include "journal/snapshot_files.hpp"
#include "journal/writer.hpp"
#include "tests/journal/node.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit;
using namespace toit::journal;
using journal::test::id_with;

namespace {

constexpr const char* file = "node/snapshots/T200057867-part.snapshot";

std::shared_ptr<ports::snapshots> snapshots_of(test::node& node) {
  return open_snapshots(node.disk.folder("node/snapshots"), node.journal->keys(), [&node] { return node.rows(); });
}

/// Rows of a few kinds, more than a chunk of them.
void write(test::node& node, std::uint64_t seq, std::uint64_t dwellings) {
  auto writer = snapshots_of(node)->write(test::stream(), "part", seq);
  for (std::uint64_t i = 0; i < dwellings; ++i) {
    law::dwelling dwelling{};
    dwelling.id.bytes[0] = static_cast<std::uint8_t>(i);
    dwelling.id.bytes[1] = static_cast<std::uint8_t>(i >> 8);
    writer->put(dwelling);
  }
  ports::stored_entry entry;
  entry.seq = 2;
  entry.subject = id_with<law::subject_id>(4);
  entry.record = std::make_shared<const law::record>(test::record_of(test::note("kept")));
  writer->put(entry);
  writer->commit();
}

/// How many rows come out; nothing when the part is not there or does not fit. Throws when it is damaged.
std::optional<std::uint64_t> read(test::node& node) {
  auto reader = snapshots_of(node)->open(test::stream(), "part");
  if (!reader)
    return std::nullopt;
  std::uint64_t rows = 0;
  while (auto row = reader->next()) {
    if (const auto* dwelling = std::get_if<law::dwelling>(&*row))
      CHECK(dwelling->id.bytes[0] == static_cast<std::uint8_t>(rows));
    ++rows;
  }
  return rows;
}

/// A damaged part is not there, or says so: never other rows than were put.
bool rejected(test::node& node) {
  try {
    return !read(node);
  } catch (const ports::snapshot_damaged&) {
    return true;
  }
}

test::node& with_entries(test::node& node) {
  node.open();
  node.write(node.asked(id_with<law::subject_id>(1), 0, "a"));
  node.write(node.asked(id_with<law::subject_id>(1), 2, "b"));
  return node;
}

} // namespace

TEST_CASE("a snapshot gives back the rows that were put, in their order", "[journal][snapshot]") {
  test::node node;
  with_entries(node);
  CHECK_FALSE(read(node));
  write(node, 3, 20'000);
  CHECK(snapshots_of(node)->open(test::stream(), "part")->seq() == 3);
  CHECK(read(node) == 20'001);
  write(node, 3, 2);
  CHECK(read(node) == 3);
  snapshots_of(node)->forget(test::stream(), "part");
  CHECK_FALSE(read(node));
}

TEST_CASE("a snapshot with one bit turned anywhere is thrown away", "[journal][snapshot]") {
  test::node node;
  with_entries(node);
  write(node, 3, 40);
  auto whole = node.disk.find(file)->now;
  for (std::size_t at = 0; at < whole.size(); at += 1 + whole.size() / 150) {
    CAPTURE(at);
    node.disk.rot(file, at);
    CHECK(rejected(node));
    node.disk.find(file)->now = whole;
  }
}

TEST_CASE("a snapshot that was cut, at a chunk or inside it, is thrown away", "[journal][snapshot]") {
  test::node node;
  with_entries(node);
  write(node, 3, 20'000);
  auto whole = node.disk.find(file)->now;
  auto chunk = [&](std::size_t from) {
    std::size_t length = 0;
    for (std::size_t i = 0; i < 4; ++i)
      length = length << 8 | whole[from + i];
    return from + 4 + length;
  };
  std::vector<std::size_t> cuts{0, 1, 3, whole.size() - 1, whole.size() / 2};
  for (auto at = chunk(0); at < whole.size(); at = chunk(at))
    cuts.push_back(at);
  REQUIRE(cuts.size() > 6);
  for (auto cut : cuts) {
    CAPTURE(cut);
    auto& now = node.disk.find(file)->now;
    now = whole;
    now.resize(cut);
    CHECK(rejected(node));
  }
}

TEST_CASE("a snapshot of another stream position, part or history is thrown away", "[journal][snapshot]") {
  test::node node;
  with_entries(node);
  test::node other{2};
  with_entries(other);
  other.write(other.asked(id_with<law::subject_id>(1), 3, "c"));
  auto taken = [&](test::node& from, std::uint64_t seq) {
    write(from, seq, 3);
    return from.disk.find(file)->now;
  };
  // Beyond the end of this journal, and of another history.
  for (std::uint64_t seq : {4U, 3U}) {
    node.disk.create(file)->now = taken(other, seq);
    CHECK(rejected(node));
  }
  node.disk.create("node/snapshots/T200057867-other.snapshot")->now = taken(node, 3);
  CHECK_FALSE(snapshots_of(node)->open(test::stream(), "other"));
  CHECK(read(node) == 4);
}

TEST_CASE("a snapshot that finds no room leaves the one before", "[journal][snapshot]") {
  test::node node;
  with_entries(node);
  write(node, 2, 3);
  node.disk.set_room(100);
  CHECK_THROWS_AS(write(node, 3, 20'000), ports::files_full);
  CHECK(read(node) == 4);
}
