// The host of a territory is asked how late its entries are, and answers as he likes.

#include "web/server/lateness_question.hpp"

#include "journal/codec.hpp"
#include "law/procedures.hpp"
#include "web/server/dispositif_answers.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit;
using namespace toit::web;
using namespace std::chrono_literals;

namespace {

constexpr law::civil_date today = 2026y / 3 / 10;
const auto territory = *law::siren::parse("200057867");

class hand_clock : public ports::clock {
public:
  law::instant now() const override { return {}; }
  std::chrono::milliseconds monotonic() const override { return at; }
  std::chrono::milliseconds at{0};
};

json line(int year = 2026, int month = 3, std::uint64_t late = 2) {
  return {{"legal_person", "200057867"},
          {"year", year},
          {"month", month},
          {"recorded", 4},
          {"late", late},
          {"days", 9},
          {"days_most", 5}};
}

/// Answers the same page each time, but the last.
struct some_host {
  json items = json::array({line()});
  std::size_t pages = 1;
  std::string more{}; ///< in each page, that nobody asked for
  std::string next = "/v1/lateness?limit=200&after=k1";
  std::chrono::milliseconds takes{0};
  bool answers = true;
  std::size_t asked = 0;

  std::optional<relayed_answer> answer() {
    ++asked;
    json page{{"items", items}};
    if (!more.empty())
      page["more"] = more;
    if (asked < pages)
      page["next"] = next;
    return answers ? std::optional{relayed_answer{200, "application/json", page.dump()}} : std::nullopt;
  }
};

told_lines told_by(some_host& host, lateness_limits limits = {}) {
  auto clock = std::make_shared<hand_clock>();
  told_lines told;
  auto ask = [&](const law::text<2048>&, const std::function<void(const std::optional<relayed_answer>&)>& take) {
    clock->at += host.takes;
    take(host.answer());
  };
  std::make_shared<lateness_question>(ask, clock, [&](told_lines lines) { told = std::move(lines); }, limits)->begin();
  return told;
}

law::evidence_file gathered(const told_lines& lines) {
  law::procedures_book book;
  auto told = lines ? law::told_lateness{*lines} : std::nullopt;
  return law::gather_evidence(book, territory, nullptr, {}, told, {today, true, true}, false, today);
}

bool has(const law::evidence_file& file, law::evidence_kind kind) {
  return std::ranges::any_of(file.items, [&](const auto& item) { return item.kind == kind; });
}

/// As whoever reads it back from the journal has it: what was digested is that.
void check_reads_back(const law::evidence_file& file) {
  law::record filed{};
  filed.occurred_on = today;
  filed.event = law::evidence_filed{territory, {}, file};
  auto back = journal::decode(journal::encode(filed));
  REQUIRE(back);
  CHECK(to_text(to_json(std::get<law::evidence_filed>(back->event).file)) == to_text(to_json(file)));
}

void check_not_told(some_host host, lateness_limits limits = {}) {
  auto lines = told_by(host, limits);
  CHECK_FALSE(lines);
  auto file = gathered(lines);
  CHECK(has(file, law::evidence_kind::lateness_unknown));
  CHECK_FALSE(has(file, law::evidence_kind::records_late));
  check_reads_back(file);
}

} // namespace

TEST_CASE("a host that answers page by page is listened to until the end", "[L441-2-7-4-3]") {
  some_host host{.pages = 3, .takes = 9s};
  auto lines = told_by(host);
  REQUIRE(lines);
  CHECK(lines->size() == 3);
  auto file = gathered(lines);
  CHECK(has(file, law::evidence_kind::records_late));
  CHECK_FALSE(has(file, law::evidence_kind::lateness_unknown));
  check_reads_back(file);
}

TEST_CASE("a host that answers what cannot be, or too much of it, has told nothing", "[L441-2-7-4-3]") {
  check_not_told({.answers = false});
  check_not_told({.items = "none"});
  check_not_told({.items = json::array({line(2010, 200)})});
  check_not_told({.items = json::array({line(2026, 0)})});
  check_not_told({.items = json::array({line(2026, 3, 5)})});
  check_not_told({.items = json(201, line())});
  check_not_told({.more = std::string(1U << 20, 'x')});
  check_not_told({.pages = 2, .next = "/v1/dossiers?limit=200"});
  check_not_told({.pages = 4}, {.pages = 3});
  check_not_told({.pages = 4}, {.lines = 3});
}

TEST_CASE("a host that lets itself be waited for at each page is not waited for longer than a while",
          "[L441-2-7-4-3]") {
  some_host host{.pages = 100, .takes = 9'900ms};
  CHECK_FALSE(told_by(host));
  CHECK(host.asked == 4);
}

TEST_CASE("lines that no host may tell change nothing of what is digested", "[L441-2-7-4-3]") {
  law::lateness_line impossible{territory, 2010, 200, 9, 9, 9, 9};
  auto file = gathered(std::vector{impossible});
  CHECK(has(file, law::evidence_kind::lateness_unknown));
  check_reads_back(file);
}
