#include "law/lateness.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit::law;

namespace {

constexpr civil_date day(unsigned d) { return {std::chrono::year{2026}, std::chrono::March, std::chrono::day{d}}; }

record of(const char* siren_text, civil_date occurred_on) {
  record happened{};
  happened.event = processing_event{};
  happened.originator = *siren::parse(siren_text);
  happened.agent.bytes[0] = 1;
  happened.occurred_on = occurred_on;
  return happened;
}

const lateness_book::key plaine{*siren::parse("200057867"), std::uint16_t{2026}, std::uint8_t{3}};

} // namespace

TEST_CASE("a record is late from the day after on, and counted for whoever caused it", "[R441-2-15-I-9]") {
  lateness_book book;
  book.note(of("200057867", day(10)), day(10));
  CHECK(book.lines().at(plaine).late == 0);
  book.note(of("200057867", day(10)), day(11));
  book.note(of("200057867", day(1)), day(31));
  book.note(of("200057875", day(1)), day(3));
  const auto& line = book.lines().at(plaine);
  CHECK(line.recorded == 3);
  CHECK(line.late == 2);
  CHECK(line.days == 31);
  CHECK(line.days_most == 30);
  CHECK(book.lines().size() == 2);
}

TEST_CASE("what the node draws by itself, or the demandeur does, is nobody's lateness", "[R441-2-15-I-9]") {
  lateness_book book;
  auto by_node = of("200057867", day(1));
  by_node.agent = {};
  book.note(by_node, day(31));
  auto by_himself = of("200057867", day(1));
  by_himself.originator = party::demandeur();
  book.note(by_himself, day(31));
  auto of_rights = of("200057867", day(1));
  of_rights.event = clock_confirmed{};
  book.note(of_rights, day(31));
  CHECK(book.lines().empty());
}

TEST_CASE("a line taken back goes on counting", "[R441-2-15-I-9]") {
  lateness_book book;
  book.note(of("200057867", day(10)), day(12));
  lateness_book again;
  for (const auto& [key, line] : book.lines())
    again.restore(line);
  again.note(of("200057867", day(10)), day(11));
  CHECK(again.lines().at(plaine).late == 2);
  CHECK(again.lines().at(plaine).days_most == 2);
}
