// What becomes of a former host's late entries, and what the holder says of them.

#include "law/late_book.hpp"

#include "tests/law/prefecture.hpp"

using namespace toit::law;
using namespace toit::law::testing;

namespace {

struct late_desk {
  late_book book;
  facts known;
  std::uint64_t seq = 10;

  late_desk() {
    known.today = civil_date{std::chrono::year{2026} / 3 / 2};
    known.capacities.push_back({quality::epci_responsable, {}, {true, {}, {}}});
  }

  /// Written by the node itself.
  void settle(std::uint64_t late, late_outcome what, bool witnessed, bool knowing = false) {
    late_entry_settled settled;
    settled.cut = 1;
    settled.seq = late;
    settled.outcome = what;
    settled.witnessed = witnessed;
    settled.knowing = knowing;
    record happened{};
    happened.event = settled;
    book.apply(about(late), happened, ++seq);
  }
  static subject_id about(std::uint64_t late) {
    subject_id subject;
    subject.bytes[0] = 'l';
    subject.bytes[1] = static_cast<std::uint8_t>(late);
    return subject;
  }

  command asks(late_entry_reviewed review) const {
    command asked;
    asked.occurred_on = known.today;
    asked.originator = cast().epci;
    asked.introducer = cast().epci;
    asked.asked = event{std::move(review)};
    return asked;
  }
  decision says(late_entry_reviewed review) {
    auto asked = asks(std::move(review));
    auto decided = decide(book, {}, asked, known);
    if (!decided)
      return decided;
    for (const auto& drafted : decided->entries) {
      record happened{};
      happened.event = drafted.event;
      happened.originator = decided->originator;
      happened.occurred_on = decided->occurred_on;
      book.apply(drafted.subject, happened, ++seq);
    }
    return decided;
  }
};

constexpr auto accepted = late_verdict::accepted;
constexpr auto contested = late_verdict::contested;

} // namespace

TEST_CASE("what was recorded knowing that another hosts the stream waits for the holder's word, witnessed or not",
          "[law][L441-2-7-4-1]") {
  late_desk d;
  d.settle(20, late_outcome::recorded, true, true);
  d.settle(21, late_outcome::dropped, true, true);
  CHECK(d.book.find({1, 20})->awaits_review());
  CHECK_FALSE(d.book.find({1, 21})->awaits_review());
  CHECK(d.says({1, 20, contested, "Fictif"}));
}

TEST_CASE("what nobody had witnessed, and what contradicts, waits for the holder's word", "[law][L441-2-7-4-1]") {
  late_desk d;
  d.settle(20, late_outcome::recorded, true);
  d.settle(21, late_outcome::recorded, false);
  d.settle(22, late_outcome::conflict, true);
  d.settle(23, late_outcome::refused, false);
  d.settle(24, late_outcome::dropped, false);
  auto waits = [&](std::uint64_t late) { return d.book.find({1, late})->awaits_review(); };
  CHECK_FALSE(waits(20));
  CHECK(waits(21));
  CHECK(waits(22));
  CHECK(waits(23));
  CHECK_FALSE(waits(24));
  CHECK(d.book.find({2, 21}) == nullptr);

  auto decided = d.says({1, 21, accepted, {}});
  REQUIRE(decided);
  CHECK(decided->entries.front().subject == late_desk::about(21));
  CHECK(decided->entries.front().operation == operation::introduced);
  CHECK_FALSE(waits(21));
  CHECK(waits(22));
  CHECK(d.book.find({1, 21})->reviewed_on == d.known.today);
  CHECK(d.book.find({1, 21})->reviewed_by == party{cast().epci});
}

TEST_CASE("the holder may change his mind, and each word of his stays", "[law][L441-2-7-4-1]") {
  late_desk d;
  d.settle(21, late_outcome::recorded, false);
  REQUIRE(d.says({1, 21, accepted, {}}));
  CHECK(refused(d.says({1, 21, accepted, {}})) == refusal_code::duplicate);
  auto first = d.book.find({1, 21})->reviewed_seq;
  auto changed = d.says({1, 21, contested, "Motif fictif"});
  REQUIRE(changed);
  CHECK(changed->entries.front().operation == operation::modified);
  CHECK(changed->entries.front().supersedes == first);
  CHECK(d.book.find({1, 21})->review->verdict == contested);
}

TEST_CASE("a word on a late entry is refused where there is nothing to say, or by whom", "[law][L441-2-7-4-1]") {
  late_desk d;
  d.settle(20, late_outcome::recorded, true);
  d.settle(21, late_outcome::recorded, false);
  d.settle(24, late_outcome::dropped, false);
  CHECK(refused(d.says({1, 20, accepted, {}})) == refusal_code::bad_order);
  CHECK(refused(d.says({1, 24, accepted, {}})) == refusal_code::bad_order);
  CHECK(refused(d.says({1, 22, accepted, {}})) == refusal_code::unknown_subject);
  CHECK(refused(d.says({2, 21, accepted, {}})) == refusal_code::unknown_subject);
  CHECK(refused(d.says({1, 21, contested, {}})) == refusal_code::missing_field);
  auto asked = d.asks({1, 21, accepted, {}});
  for (int away : {-1, 1}) {
    asked.occurred_on = add_days(d.known.today, toit::law::days{away});
    CHECK(refused(decide(d.book, {}, asked, d.known)) == refusal_code::bad_date);
  }
  d.known.capacities = {{quality::bailleur, {}, {true, {}, {}}}};
  CHECK(refused(d.says({1, 21, accepted, {}})) == refusal_code::not_empowered);
  d.known.capacities.clear();
  asked = d.asks({1, 21, accepted, {}});
  asked.originator = {};
  CHECK(refused(decide(d.book, {}, asked, d.known)) == refusal_code::not_empowered);
  asked.asked = event{renewed{}};
  CHECK(refused(decide(d.book, {}, asked, d.known)) == refusal_code::bad_order);
  CHECK(subjects_of(d.book, asked).empty());
  CHECK(subjects_of(d.book, d.asks({1, 21, accepted, {}})) == std::vector{late_desk::about(21)});
}

TEST_CASE("what is settled or said of no late entry is none of the book's", "[law][L441-2-7-4-1]") {
  late_desk d;
  CHECK(late_book::folds(event{late_entry_settled{}}));
  CHECK(late_book::folds(event{late_entry_reviewed{}}));
  CHECK_FALSE(late_book::folds(event{renewed{}}));
  record happened{};
  happened.event = renewed{};
  d.book.apply(late_desk::about(1), happened, 5);
  CHECK(d.book.last_seq(late_desk::about(1)) == 0);
  d.settle(21, late_outcome::recorded, false);
  CHECK(d.book.last_seq(late_desk::about(21)) == d.seq);
}

TEST_CASE("in the place of the EPCI the prefect alone says what a late entry is worth", "[law][L441-2-7-4-1]") {
  late_desk d;
  d.settle(21, late_outcome::recorded, false);
  auto of = [&](siren who) {
    auto asked = d.asks({1, 21, accepted, {}});
    asked.originator = asked.introducer = who;
    return decide(d.book, {}, asked, d.known);
  };
  d.known.authority = authority_in_force{cast().prefecture, passing_ground::substitution};
  d.known.by_its_own = true;
  for (auto quality_of : {quality::epci_responsable, quality::gestionnaire}) {
    d.known.capacities = {{quality_of, {}, {true, {}, {}}}};
    CHECK(refused(of(cast().epci)) == refusal_code::not_empowered);
  }
  d.known.capacities.clear();
  CHECK(of(cast().prefecture));
  // An agent whom the gestionnaire has made for him is none of his.
  d.known.by_its_own = false;
  CHECK(refused(of(cast().prefecture)) == refusal_code::not_empowered);
  d.known.by_its_own = true;

  // Who has opened the epoch is not known: nobody's word counts.
  d.known.authority = authority_in_force{{}, passing_ground::substitution};
  CHECK(refused(of(cast().prefecture)) == refusal_code::not_empowered);
  CHECK(refused(of({})) == refusal_code::not_empowered);

  for (auto ground : {passing_ground::handing_back, passing_ground::adhesion, passing_ground::leaving}) {
    d.known.authority = authority_in_force{cast().epci, ground};
    d.known.by_its_own = true;
    CHECK(refused(of(cast().prefecture)) == refusal_code::not_empowered);
    d.known.by_its_own = false;
    d.known.capacities = {{quality::epci_responsable, {}, {true, {}, {}}}};
    CHECK(of(cast().epci));
    d.known.capacities.clear();
  }
}

TEST_CASE("who may not review a late entry is not told its reasons", "[law][L441-2-7-4-1][L441-2-7-1-1c]") {
  late_file file;
  file.settled.outcome = late_outcome::conflict;
  file.settled.code = "E_DUPLICATE";
  file.settled.article = "R441-2-15-I-2a";
  file.settled.seq = 21;
  file.review = late_entry_reviewed{1, 21, contested, "Motif fictif"};
  auto shown = without_reasons(file);
  CHECK(shown.settled.code.empty());
  CHECK(shown.settled.article.empty());
  CHECK(shown.review->because.empty());
  CHECK(shown.review->verdict == contested);
  CHECK(shown.settled.outcome == late_outcome::conflict);
  CHECK(shown.settled.seq == 21);
  CHECK_FALSE(without_reasons({}).review);
}
