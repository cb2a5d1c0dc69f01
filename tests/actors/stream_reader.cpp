// A stream is read once for all who begin to fold it together.

#include "actors/stream_reader.hpp"

#include "actors/stream_cursor.hpp"
#include "tests/actors/stage.hpp"
#include "tests/journal/node.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace toit;
using journal::test::id_with;

namespace {

constexpr std::uint64_t chunk = stream_cursor::chunk;

struct reading_on_stage {
  explicit reading_on_stage(std::uint64_t entries, bool ahead = false) {
    node.open();
    std::uint64_t last = 0;
    while (node.last_seq() < entries) {
      auto append = node.asked(id_with<law::subject_id>(1), last, "note");
      auto more = std::min<std::uint64_t>(1'000, entries - node.last_seq());
      while (append->drafts.size() < more)
        append->drafts.push_back(
            node.draft(id_with<law::subject_id>(1), journal::test::record_of(journal::test::note("another"))));
      last = node.write(append).last_seq;
    }
    auto context = std::make_shared<territory_context>();
    context->stream = journal::test::stream();
    context->open_reader = [this] { return node.journal->open_reader(); };
    reader = on.system().spawn(stream_reader, territory_context_ptr{context}, ahead);
  }
  ~reading_on_stage() {
    caf::anon_send_exit(reader, caf::exit_reason::kill);
    on.run();
  }

  ports::batch_ptr read(std::uint64_t after) {
    auto asked = on.ask<ports::batch_ptr>(reader, read_atom_v, after);
    on.run();
    return asked->answer.value_or(nullptr);
  }

  journal::test::node node;
  test::stage on;
  stream_reader_actor reader;
};

} // namespace

TEST_CASE("whoever begins at the same time is given the same entries, read once", "[actors]") {
  auto ahead = GENERATE(false, true);
  reading_on_stage r{2 * chunk + 10, ahead};
  for (std::uint64_t after = 0; after < 2 * chunk + 10;) {
    auto first = r.read(after);
    REQUIRE(first);
    CHECK(first == r.read(after));
    CHECK(first->entries.front().seq == after + 1);
    CHECK(first->entries.size() == std::min(chunk, 2 * chunk + 10 - after));
    after = first->entries.back().seq;
  }
  REQUIRE(r.read(2 * chunk + 10));
  CHECK(r.read(2 * chunk + 10)->entries.empty());
}

TEST_CASE("whoever has a snapshot is given the rest of a part, and then goes on with the others", "[actors]") {
  reading_on_stage r{2 * chunk};
  auto rest = r.read(chunk - 7);
  REQUIRE(rest->entries.size() == 7);
  CHECK(r.read(rest->entries.back().seq) == r.read(chunk));
}

TEST_CASE("a few parts are kept for whoever is slower, and none once somebody has come to the end", "[actors]") {
  reading_on_stage r{6 * chunk};
  std::weak_ptr<const ports::entry_batch> first = r.read(0);
  for (std::uint64_t part = 1; part < 4; ++part)
    r.read(part * chunk);
  CHECK_FALSE(first.expired());
  r.read(4 * chunk);
  CHECK(first.expired());
  // Read again for himself, whoever is that slow.
  CHECK(r.read(0)->entries.front().seq == 1);
  std::weak_ptr<const ports::entry_batch> last = r.read(5 * chunk);
  CHECK_FALSE(last.expired());
  CHECK(r.read(6 * chunk)->entries.empty());
  CHECK(last.expired());
}

TEST_CASE("a stream that goes on meanwhile is read to where it is by then", "[actors]") {
  reading_on_stage r{chunk - 1};
  auto before = r.read(0);
  REQUIRE(before->entries.size() == chunk - 1);
  r.node.write(r.node.asked(id_with<law::subject_id>(1), chunk - 1, "one more"));
  auto next = r.read(chunk - 1);
  REQUIRE(next->entries.size() == 1);
  CHECK(next->entries.front().seq == chunk);
}

TEST_CASE("a journal that does not read ends who reads it, and whoever waits is told", "[actors]") {
  reading_on_stage r{10};
  r.node.disk.go_down();
  CHECK_FALSE(r.read(0));
  CHECK_FALSE(r.read(0));
  r.node.disk.come_back();
}
