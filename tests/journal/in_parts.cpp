// A long stream is read by several threads, and ahead of whoever takes it: what is read is the same.

#include "journal/in_parts.hpp"

#include "base/read_ahead.hpp"
#include "journal/sqlite.hpp"
#include "tests/journal/node.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <numeric>

using namespace toit;
using namespace toit::journal;
using namespace toit::journal::test;

TEST_CASE("what is made of each row comes in the order of the rows, however many there are", "[journal]") {
  auto size = GENERATE(0U, 1U, 255U, 256U, 511U, 512U, 513U, 1'023U, 1'024U, 10'007U);
  std::vector<unsigned> rows(size);
  std::iota(rows.begin(), rows.end(), 0U);
  auto made = in_parts(rows, [](unsigned row) { return std::to_string(row); });
  REQUIRE(made.size() == size);
  for (unsigned row = 0; row < size; ++row)
    CHECK(made[row] == std::to_string(row));
}

TEST_CASE("what one row throws is thrown to whoever reads them all", "[journal]") {
  auto bad = GENERATE(0U, 3'000U, 4'999U);
  std::vector<unsigned> rows(5'000);
  std::iota(rows.begin(), rows.end(), 0U);
  auto read = [&](unsigned row) {
    if (row == bad)
      throw store_broken{"row " + std::to_string(row)};
    return row;
  };
  CHECK_THROWS_MATCHES(in_parts(rows, read), store_broken, Catch::Matchers::Message("row " + std::to_string(bad)));
}

TEST_CASE("a part that was begun ahead is made once, and another one when another is taken", "[journal]") {
  std::vector<int> made;
  base::read_ahead<int, int> parts{[&](const int& at) {
    made.push_back(at);
    if (at < 0)
      throw std::out_of_range{"no such part"};
    return at * 10;
  }};
  CHECK(parts.take(1) == 10);
  parts.begin(2);
  CHECK(parts.take(2) == 20);
  parts.begin(3);
  parts.begin(9); // one at a time
  CHECK(parts.take(4) == 40);
  CHECK(made == std::vector{1, 2, 3, 4});
  parts.begin(-1);
  CHECK_THROWS_AS(parts.take(-1), std::out_of_range);
  CHECK(parts.take(5) == 50);
}

namespace {

/// More than is read at once, twice over.
constexpr std::uint64_t many = 9'000;

struct long_stream {
  long_stream() {
    n.open();
    std::uint64_t last = 0;
    while (n.last_seq() < many) {
      auto append = n.asked(id_with<law::subject_id>(1), last, "note");
      while (append->drafts.size() < 1'000)
        append->drafts.push_back(n.draft(id_with<law::subject_id>(1), record_of(note("another"))));
      last = n.write(append).last_seq;
    }
  }
  std::string trouble_of_opening() {
    try {
      n.journal.reset();
      n.open();
    } catch (const store_broken& trouble) {
      return trouble.what();
    }
    return {};
  }
  void execute(const std::string& sql) {
    n.journal.reset();
    sqlite_database database{test::node::path, sqlite_access::read_write, n.disk.vfs()};
    database.execute(sql);
  }

  test::node n;
};

std::string of(std::uint64_t seq) { return "place % 17592186044416 = " + std::to_string(seq); }

} // namespace

TEST_CASE("a stream longer than what is read at once goes on where it ended", "[journal]") {
  long_stream s;
  auto last = s.n.last_seq();
  CHECK(s.trouble_of_opening().empty());
  CHECK(s.n.last_seq() == last);
  auto reader = s.n.journal->open_reader();
  auto all = reader->read(stream(), 0, last);
  REQUIRE(all.size() == last);
  for (const auto& entry : all)
    REQUIRE(entry.seq == static_cast<std::uint64_t>(&entry - all.data()) + 1);
  CHECK(std::ranges::all_of(all, [](const auto& entry) { return entry.record != nullptr; }));
  CHECK(s.n.write(s.n.asked(id_with<law::subject_id>(1), last, "once more")).first_seq == last + 1);
}

TEST_CASE("of a long stream the first entry that is not as it was written is named", "[journal]") {
  auto seq = GENERATE(std::uint64_t{4'096}, 4'097, 8'900);
  long_stream s;
  auto place = of(seq);
  SECTION("its payload is another") {
    s.execute("UPDATE entry SET content = zeroblob(100) WHERE " + place);
    CHECK_THAT(s.trouble_of_opening(),
               Catch::Matchers::ContainsSubstring("entry " + std::to_string(seq) + ": has another payload"));
  }
  SECTION("it is not there") {
    s.execute("DELETE FROM entry WHERE " + place);
    CHECK_THAT(s.trouble_of_opening(),
               Catch::Matchers::ContainsSubstring("entry " + std::to_string(seq) + ": is missing"));
  }
  SECTION("it stands for another time") {
    s.execute("UPDATE entry SET recorded_at = recorded_at + 1 WHERE " + place);
    CHECK_THAT(s.trouble_of_opening(),
               Catch::Matchers::ContainsSubstring("entry " + std::to_string(seq) + ": is not what was written"));
  }
}
