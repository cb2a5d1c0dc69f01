#include "actors/number_cache.hpp"

#include "ports/replica.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cstdio>
#include <map>

using namespace toit;

namespace {

law::nud number(unsigned n) {
  char text[19];
  std::snprintf(text, sizeof text, "09301%08uAAAAA", n % 100'000'000U);
  return *law::nud::parse(text);
}

law::dossier_id dossier(unsigned mark) {
  law::dossier_id id;
  id.bytes[0] = static_cast<std::uint8_t>(mark);
  return id;
}

/// A journal that knows numbers alone, and counts how often it is asked.
class numbers : public ports::journal_reader {
public:
  std::map<law::nud, law::dossier_id> known;
  unsigned asked = 0;

  std::optional<law::dossier_id> find_number(const ports::stream_id&, law::nud wanted) override {
    ++asked;
    auto found = known.find(wanted);
    return found == known.end() ? std::nullopt : std::optional{found->second};
  }
  std::vector<ports::stored_entry> read(const ports::stream_id&, std::uint64_t, std::size_t) override { return {}; }
  std::vector<ports::stored_entry> read_clear(const ports::stream_id&, std::uint64_t, std::uint64_t) override {
    return {};
  }
  std::vector<ports::stored_entry> read_subject(const ports::stream_id&, std::uint64_t) override { return {}; }
  std::optional<ports::stored_entry> entry(const ports::stream_id&, std::uint64_t) override { return {}; }
  std::optional<law::bytes32> link_of(const ports::stream_id&, std::uint64_t) override { return {}; }
  std::vector<ports::stored_entry> read_these(const ports::stream_id&, std::span<const std::uint64_t>) override {
    return {};
  }
  std::vector<ports::orphan_entry> orphans(const ports::stream_id&, std::uint32_t, std::uint64_t,
                                           std::size_t) override {
    return {};
  }
  std::vector<ports::cut_place> cuts(const ports::stream_id&) override { return {}; }
  std::optional<ports::signed_head> head_covering(const ports::stream_id&, std::uint64_t) override { return {}; }
  std::optional<ports::signed_head> latest_head(const ports::stream_id&) override { return {}; }
  std::vector<ports::witness_mark> marks_covering(const ports::stream_id&, std::uint64_t) override { return {}; }
  std::vector<ports::account_row> accounts(const ports::stream_id&) override { return {}; }
  std::vector<ports::logged_line> log_about(law::subject_id, std::size_t) override { return {}; }
};

const ports::stream_id& somewhere() {
  static const auto id = *ports::stream_id::parse("T200057867");
  return id;
}

} // namespace

TEST_CASE("a number that was found is not looked up again, one that was not is") {
  numbers journal;
  number_cache cache;
  CHECK_FALSE(cache.find(journal, somewhere(), number(1)));
  journal.known[number(1)] = dossier(1);
  CHECK(cache.find(journal, somewhere(), number(1)) == dossier(1));
  CHECK(cache.find(journal, somewhere(), number(1)) == dossier(1));
  CHECK(journal.asked == 2);
}

TEST_CASE("what was erased is not found any more once the cache is emptied", "[L441-2-7-1-1c]") {
  numbers journal;
  journal.known[number(1)] = dossier(1);
  number_cache cache;
  REQUIRE(cache.find(journal, somewhere(), number(1)));
  journal.known.clear();
  cache.clear();
  CHECK_FALSE(cache.find(journal, somewhere(), number(1)));
}

TEST_CASE("the cache of numbers has a limit, and begins afresh there") {
  numbers journal;
  number_cache cache;
  for (unsigned n = 0; n <= number_cache::limit; ++n) {
    journal.known = {{number(n), dossier(n)}};
    REQUIRE(cache.find(journal, somewhere(), number(n)) == dossier(n));
  }
  auto before = journal.asked;
  CHECK(cache.find(journal, somewhere(), number(number_cache::limit)));
  CHECK(journal.asked == before);
  CHECK_FALSE(cache.find(journal, somewhere(), number(0)));
}
