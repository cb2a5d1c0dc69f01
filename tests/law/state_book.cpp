#include "law/state_book.hpp"

#include "prefecture.hpp"

using namespace toit::law;
using toit::law::testing::refused;

namespace {

constexpr civil_date day(int y, unsigned m, unsigned d) {
  return {std::chrono::year{y}, std::chrono::month{m}, std::chrono::day{d}};
}
const auto seine_saint_denis = *departement_code::parse("93");

waiting_threshold_set threshold(std::optional<toit::law::typology> typology, std::uint16_t wait_months,
                                civil_date from) {
  return {seine_saint_denis, typology, false, wait_months, from, text<200>{"Arrêté fictif"}};
}

command asking(event what) {
  command asked;
  asked.occurred_on = day(2026, 3, 2);
  asked.originator = *siren::parse("200057867");
  asked.introducer = asked.originator;
  asked.agent.bytes[0] = 1;
  asked.asked = std::move(what);
  return asked;
}

facts known_of(quality q) {
  facts known;
  known.today = day(2026, 3, 2);
  known.capacities.push_back({q, {}, {true, {}, {}}});
  known.competent = true;
  known.fresh_ids[0].bytes[0] = 7;
  return known;
}

/// As the journal would give it back.
void record_all(state_book& book, const decision& decided, std::uint64_t seq) {
  for (const auto& drafted : decided.value().entries) {
    record happened{};
    happened.event = drafted.event;
    book.apply(drafted.subject, happened, seq++);
  }
}

} // namespace

TEST_CASE("the threshold in force is the latest of the typology, else of all", "[R441-2-15-II-2]") {
  using enum typology;
  std::vector all{threshold({}, 36, day(2024, 1, 1)), threshold(t3, 48, day(2025, 1, 1)),
                  threshold({}, 30, day(2026, 1, 1))};
  auto in_force = [&](toit::law::typology of, civil_date on) {
    const auto* found = threshold_in_force(all, seine_saint_denis, of, false, on);
    return found ? std::optional{found->wait_months} : std::nullopt;
  };
  CHECK_FALSE(in_force(t3, day(2023, 12, 31)).has_value());
  CHECK(in_force(t3, day(2024, 1, 1)) == 36);
  CHECK(in_force(t3, day(2024, 12, 31)) == 36);
  CHECK(in_force(t3, day(2025, 1, 1)) == 48);
  CHECK(in_force(t3, day(2026, 6, 1)) == 48);
  CHECK(in_force(t2, day(2025, 12, 31)) == 36);
  CHECK(in_force(t2, day(2026, 1, 1)) == 30);
  CHECK(threshold_in_force(all, *departement_code::parse("75"), t2, false, day(2026, 1, 1)) == nullptr);
  CHECK(threshold_in_force(all, seine_saint_denis, t2, true, day(2026, 1, 1)) == nullptr);
}

TEST_CASE("a threshold is set by the competent prefect, within bounds, once a date", "[R441-2-15-II-2]") {
  state_book book;
  auto asked = threshold(typology::t1, 360, day(2026, 1, 1));
  auto by_prefect = known_of(quality::state_attribution_follow_up);
  auto set = decide(book, {}, asking(asked), by_prefect);
  record_all(book, set, 2);
  CHECK(book.thresholds().size() == 1);
  CHECK(refused(decide(book, {}, asking(asked), by_prefect)) == refusal_code::duplicate);
  for (auto months : {std::uint16_t{0}, std::uint16_t{361}}) {
    auto wrong = threshold(typology::t1, months, day(2026, 2, 1));
    CHECK(refused(decide(book, {}, asking(wrong), by_prefect)) == refusal_code::malformed);
  }
  auto unfounded = threshold(typology::t1, 1, day(2026, 2, 1));
  CHECK(decide(book, {}, asking(unfounded), by_prefect).has_value());
  unfounded.source = {};
  CHECK(refused(decide(book, {}, asking(unfounded), by_prefect)) == refusal_code::missing_field);
  CHECK(refused(decide(book, {}, asking(asked), known_of(quality::bailleur))) == refusal_code::not_empowered);
  CHECK(refused(decide(book, {}, asking(asked), known_of(quality::state_mediation_secretariat))) ==
        refusal_code::not_empowered);
  by_prefect.competent = false;
  CHECK(refused(decide(book, {}, asking(asked), by_prefect)) == refusal_code::not_empowered);
  auto tomorrow = asking(asked);
  tomorrow.occurred_on = day(2026, 3, 3);
  CHECK(refused(decide(book, {}, tomorrow, known_of(quality::gestionnaire))) == refusal_code::bad_date);
}

TEST_CASE("a command is closed once, by the node alone, and what it held goes", "[R441-2-15-I-9][L441-2-7-1-1c]") {
  state_book book;
  command_issued letter{text<16>{"T200057867"}, {}, {text<65536>{"fictif"}}};
  auto issued = decide(book, {}, asking(letter), known_of(quality::state_mediation_secretariat));
  record_all(book, issued, 5);
  REQUIRE(book.commands().contains(5));
  CHECK(book.commands().at(5).executed == 0);
  CHECK(refused(decide(book, {}, asking(letter), known_of(quality::bailleur))) == refusal_code::not_empowered);

  command_closed close{text<16>{"T200057867"}, 5, 9, {}, {}};
  CHECK(refused(decide(book, {}, asking(close), known_of(quality::gestionnaire))) == refusal_code::not_empowered);
  auto by_node = asking(close);
  by_node.agent = {};
  facts nothing;
  nothing.today = day(2026, 3, 2);
  auto other = by_node;
  other.asked = event{command_closed{text<16>{"T200057875"}, 5, 9, {}, {}}};
  CHECK(refused(decide(book, {}, other, nothing)) == refusal_code::bad_order);
  auto closed = decide(book, {}, by_node, nothing);
  REQUIRE(closed.has_value());
  const auto& drafted = closed->entries.front();
  CHECK(drafted.subject == book.commands().at(5).subject);
  auto emptied = emptied_by(drafted.event);
  CHECK(std::vector(emptied.begin(), emptied.end()) == std::vector<std::uint64_t>{5});
  record_all(book, closed, 6);
  CHECK(book.commands().at(5).executed == 9);
  // Folded again, the command's own entry says nothing any more.
  state_book again;
  record happened{};
  happened.event = drafted.event;
  again.apply(drafted.subject, happened, 6);
  CHECK(again.find(book.commands().at(5).id)->issued == 5);
  CHECK(refused(decide(book, {}, by_node, nothing)) == refusal_code::bad_order);
}

TEST_CASE("a command is closed again by another answer alone, and empties nothing more", "[R441-2-15-I-9]") {
  state_book book;
  command_issued letter{text<16>{"T200057867"}, {}, {text<65536>{"fictif"}}};
  record_all(book, decide(book, {}, asking(letter), known_of(quality::state_mediation_secretariat)), 5);
  facts nothing;
  nothing.today = day(2026, 3, 2);
  auto closing = [&](std::uint64_t executed) {
    auto by_node = asking(command_closed{text<16>{"T200057867"}, 5, executed, {}, {}});
    by_node.agent = {};
    return decide(book, {}, by_node, nothing);
  };
  record_all(book, closing(9), 6);
  CHECK(refused(closing(9)) == refusal_code::bad_order);
  auto again = closing(7);
  REQUIRE(again.has_value());
  CHECK(emptied_by(again->entries.front().event).empty());
  record_all(book, again, 7);
  CHECK(book.commands().at(5).executed == 7);
}
