#include "prefecture.hpp"

#include <limits>

using namespace toit::law;
using namespace toit::law::testing;

namespace {

using k = evidence_kind;

struct scene : prefecture {
  std::optional<civil_date> known_through;
  bool has_node = true;
  std::vector<lateness_line> late;
  bool host_tells = true;

  evidence_file gathered() {
    return gather_evidence(state, cast().epci, heard ? &territory : nullptr, elsewhere,
                           host_tells ? told_lateness{late} : std::nullopt, {known_through, true, has_node},
                           ile_de_france, today);
  }
  std::vector<evidence_item> of(evidence_kind kind) {
    std::vector<evidence_item> some;
    std::ranges::copy_if(gathered().items, std::back_inserter(some), [&](auto& item) { return item.kind == kind; });
    return some;
  }
  /// As a host writes it who decides nothing before.
  void writes(event what) {
    record happened{};
    happened.event = std::move(what);
    happened.occurred_on = today;
    territory.apply(subject_of_dispositif(), happened, ++seq);
  }
};

} // namespace

TEST_CASE("an act is missing only in a journal that is known through the day it was due", "[L441-2-7-4-1]") {
  scene s;
  s.notes_obligation(concern::yes, 2026y / 6 / 30);
  s.known_through = 2026y / 6 / 30;
  s.on(2026y / 6 / 30);
  CHECK(s.of(k::calendar_passed).empty());
  CHECK(s.of(k::dispositif_missing).empty());
  s.on(2026y / 7 / 10);
  REQUIRE(s.of(k::calendar_passed).size() == 1);
  CHECK(s.of(k::calendar_passed)[0].since == 2026y / 7 / 1);
  CHECK(s.of(k::calendar_passed)[0].seq == 1);
  // The link has been down since the last day of June: nobody here knows.
  CHECK(s.of(k::dispositif_missing).empty());
  REQUIRE(s.of(k::no_news).size() == 1);
  CHECK(s.of(k::no_news)[0].since == 2026y / 7 / 1);
  s.known_through = 2026y / 7 / 1;
  REQUIRE(s.of(k::dispositif_missing).size() == 1);
  CHECK(s.of(k::dispositif_missing)[0].since == 2026y / 7 / 1);
  CHECK(s.of(k::no_news)[0].since == 2026y / 7 / 2);
  s.known_through = 2026y / 7 / 10;
  CHECK(s.of(k::no_news).empty());
  CHECK(s.of(k::convention_missing).size() == 1);
}

TEST_CASE("of a territory never heard of nothing is said to be missing", "[L441-2-7-4-1]") {
  scene s;
  s.heard = false;
  s.notes_obligation(concern::yes, 2026y / 2 / 1);
  CHECK(s.of(k::never_heard_of).size() == 1);
  CHECK(s.of(k::calendar_passed).size() == 1);
  CHECK(s.of(k::dispositif_missing).empty());
  CHECK(s.gathered().stands.state == dispositif_state::unknown);
  s.has_node = false;
  CHECK(s.gathered().stands.state == dispositif_state::obligated);
}

TEST_CASE("the evidence tells what was noted of the obligation, or that nothing was", "[L441-2-7-1-1a]") {
  scene s;
  s.known_through = s.today;
  CHECK(s.of(k::concern_unknown).size() == 1);
  s.notes_obligation(concern::no);
  CHECK(s.of(k::not_concerned).size() == 1);
  CHECK(s.of(k::concern_unknown).empty());
  CHECK(s.of(k::dispositif_missing).empty());
}

TEST_CASE("silence of a party is told apart from its refusal", "[L441-2-7-3-2]") {
  scene s;
  s.known_through = s.today;
  auto id = s.proposes();
  REQUIRE(s.answers(id, cast().epci, convention_answer::signed_by_party));
  REQUIRE(s.answers(id, cast().bailleur, convention_answer::refused));
  auto refusal_seq = s.seq;
  auto refuses = s.of(k::party_refuses);
  REQUIRE(refuses.size() == 1);
  CHECK(refuses[0].concerns == cast().bailleur);
  CHECK(refuses[0].source == evidence_source::territory);
  CHECK(refuses[0].seq == refusal_seq);
  CHECK(s.of(k::party_silent).size() == 2);
  s.on(2026y / 3 / 3);
  CHECK(s.of(k::party_silent).empty());
  s.known_through = s.today;
  CHECK(s.of(k::party_silent).size() == 2);
  CHECK(s.of(k::convention_missing).empty());
}

TEST_CASE("a reminder is unanswered only after its last day", "[L441-2-7-4-1]") {
  scene s;
  REQUIRE(
      s.prefect(reminder_sent{cast().epci, cast().epci, reminder_matter::dispositif, 2026y / 4 / 2, some_document}));
  auto reminder = s.seq;
  CHECK(s.of(k::reminder_sent).size() == 1);
  s.on(2026y / 4 / 2);
  CHECK(s.of(k::reminder_unanswered).empty());
  s.on(2026y / 4 / 3);
  auto unanswered = s.of(k::reminder_unanswered);
  REQUIRE(unanswered.size() == 1);
  CHECK(unanswered[0].since == 2026y / 4 / 3);
  CHECK(unanswered[0].seq == reminder);
  REQUIRE(s.prefect(reminder_answered{cast().epci, reminder, some_document}));
  CHECK(s.of(k::reminder_unanswered).empty());
  REQUIRE(s.of(k::reminder_answered).size() == 1);
  CHECK(s.of(k::reminder_answered)[0].seq == s.seq);
}

TEST_CASE("points not met and points not looked at are told apart, with who found them", "[L441-2-7-2-2]") {
  scene s;
  s.sets_cahier(1);
  s.notes_obligation();
  s.serves();
  s.known_through = s.today;
  CHECK(s.of(k::point_not_met).empty());
  CHECK(s.of(k::point_unknown).empty());
  conformity_found found{cast().epci, {findings_of(national_checklist())}};
  found.findings[0].items[2].finding = finding::not_met;
  REQUIRE(s.on(2026y / 5 / 1).prefect(found));
  auto not_met = s.of(k::point_not_met);
  REQUIRE(not_met.size() == 1);
  CHECK(not_met[0].point == found.findings[0].items[2].item);
  CHECK(not_met[0].since == 2026y / 5 / 1);
  CHECK(not_met[0].seq == s.seq);
  CHECK(s.of(k::point_unknown).empty());
  // What was declared, and is out of date, is cited where it was declared.
  s.on(2026y / 6 / 1).sets_cahier(2);
  auto unknown = s.of(k::point_unknown);
  REQUIRE(unknown.size() == 2);
  CHECK(unknown[0].source == evidence_source::territory);
  CHECK(unknown[0].seq == s.territory.declared_seq());
  CHECK(s.of(k::point_not_met)[0].source == evidence_source::authority);
}

TEST_CASE("what a territory's host wrote without deciding it is cited where it stands", "[L441-2-7-2-2]") {
  scene s;
  s.notes_obligation();
  s.known_through = s.today;
  s.writes(adhesion_decided{joinable::systeme_particulier, dispositif_level::region, cast().prefecture, "D"});
  // Nobody has examined what was joined: of its points nothing is known here.
  CHECK(s.of(k::point_unknown).empty());
  s.writes(dispositif_put_in_service{});
  CHECK_FALSE(s.territory.adhesion());
  CHECK_FALSE(s.territory.existing({}, false, s.today).adhered_on);
  auto unknown = s.of(k::point_unknown);
  REQUIRE_FALSE(unknown.empty());
  CHECK(unknown[0].source == evidence_source::territory);
  CHECK(unknown[0].seq == s.seq);
}

TEST_CASE("late records of the past twelve months are summed for each legal person", "[L441-2-7-4-3]") {
  scene s;
  auto line = [](siren who, int year, int month, unsigned late, unsigned most) {
    return lateness_line{who, static_cast<std::uint16_t>(year), static_cast<std::uint8_t>(month), 100, late, late,
                         most};
  };
  s.late = {line(cast().bailleur, 2025, 3, 9, 90), line(cast().bailleur, 2025, 4, 1, 3),
            line(cast().bailleur, 2026, 3, 2, 40), line(cast().reservataire, 2026, 1, 0, 0)};
  auto late = s.of(k::records_late);
  REQUIRE(late.size() == 1);
  CHECK(late[0].concerns == cast().bailleur);
  CHECK(late[0].count == 3);
  CHECK(late[0].days_most == 40);
  CHECK(late[0].since == 2025y / 4 / 1);
}

TEST_CASE("what cannot be told of late records, and more of it than is filed, is not told", "[L441-2-7-4-3]") {
  scene s;
  auto line = [](siren who, int year, unsigned month, std::uint64_t late) {
    return lateness_line{who, static_cast<std::uint16_t>(year), static_cast<std::uint8_t>(month), late, late, late, 1};
  };
  // Counted in months from year 0 on, that one is within the past twelve.
  s.late = {line(cast().bailleur, 2010, 200, 9)};
  CHECK(s.of(k::records_late).empty());
  CHECK(s.of(k::lateness_unknown).size() == 1);
  s.late = {line(cast().bailleur, 2026, 3, 9)};
  s.late.front().recorded = 8;
  CHECK(s.of(k::lateness_unknown).size() == 1);

  auto most = evidence_file{}.items.max_items;
  auto everybody = [&](std::size_t how_many) {
    std::vector<lateness_line> lines;
    for (std::uint32_t body = 0; lines.size() < how_many; ++body)
      for (char digit = '0'; digit <= '9'; ++digit)
        if (auto who = siren::parse(std::to_string(10'000'000 + body) + digit))
          lines.push_back(line(*who, 2026, 3, 1));
    return lines;
  };
  auto own = s.gathered().items.size() - 1;
  s.late = everybody(most - own);
  CHECK(s.gathered().items.size() == most);
  CHECK(s.of(k::lateness_unknown).empty());
  s.late = everybody(most - own + 1);
  CHECK(s.of(k::records_late).empty());
  CHECK(s.of(k::lateness_unknown).size() == 1);
  CHECK(s.gathered().items.size() == own + 1);

  s.late.assign(3, line(cast().bailleur, 2026, 3, std::numeric_limits<std::uint64_t>::max()));
  REQUIRE(s.of(k::records_late).size() == 1);
  CHECK(s.of(k::records_late)[0].count == std::numeric_limits<std::uint32_t>::max());
}

TEST_CASE("that nobody has told how late entries are is no word of their being in time", "[L441-2-7-4-3]") {
  scene s;
  s.known_through = s.today;
  CHECK(s.of(k::lateness_unknown).empty());
  CHECK(s.of(k::records_late).empty());
  s.host_tells = false;
  CHECK(s.of(k::lateness_unknown).size() == 1);
  // Where there is no node, there is nobody to tell.
  s.has_node = false;
  CHECK(s.of(k::lateness_unknown).empty());
}

TEST_CASE("a carence is found upon an evidence that was filed, and upon no other", "[L441-2-7-4-1]") {
  scene s;
  s.notes_obligation();
  auto found = s.carence();
  auto unknown = found;
  unknown.evidence = some_document;
  auto refused_one = s.prefect(unknown);
  CHECK(refused(refused_one) == refusal_code::unknown_subject);
  CHECK(refused_one.error().path == "evidence");
  CHECK(refused(s.on(2026y / 3 / 1).prefect(found)) == refusal_code::bad_date);
  s.on(2026y / 3 / 20);
  CHECK(s.prefect(found));
}

TEST_CASE("an evidence is filed on its own day, as it stands, and once", "[L441-2-7-4-1]") {
  scene s;
  auto filed = s.evidence();
  auto with = [&](auto change) {
    auto changed = filed;
    change(changed);
    return refused(s.prefect(changed));
  };
  CHECK(with([](auto& e) { e.file.as_of = 2026y / 3 / 1; }) == refusal_code::malformed);
  CHECK(with([](auto& e) { e.file.territory = cast().bailleur; }) == refusal_code::malformed);
  CHECK(with([](auto& e) { e.digest = {}; }) == refusal_code::malformed);
  CHECK(with([](auto& e) { e.file.items.resize(4097); }) == refusal_code::too_large);
  s.competent = false;
  CHECK(refused(s.prefect(filed)) == refusal_code::wrong_prefect);
  s.competent = true;
  REQUIRE(s.prefect(filed));
  CHECK(s.state.find(cast().epci, filed.digest)->seq == s.seq);
  CHECK(s.state.find(cast().bailleur, filed.digest) == nullptr);
  CHECK(refused(s.prefect(filed)) == refusal_code::duplicate);
}

TEST_CASE("a line rests on an entry that says the same of the same", "[L441-2-7-4-1]") {
  evidence_item item{};
  item.kind = k::party_refuses;
  item.concerns = cast().bailleur;
  dispositif_convention_answered answered{{}, cast().bailleur, convention_answer::refused, some_document, true};
  CHECK(rests_on(item, event{answered}));
  answered.party = cast().reservataire;
  CHECK_FALSE(rests_on(item, event{answered}));
  answered.party = cast().bailleur;
  answered.answer = convention_answer::signed_by_party;
  CHECK_FALSE(rests_on(item, event{answered}));
  CHECK_FALSE(rests_on(item, event{reminder_sent{}}));
  item.kind = k::calendar_passed;
  item.concerns = cast().epci;
  obligation_noted noted{cast().epci, concern::yes, {}, 2026y / 6 / 30, "Liste fictive"};
  CHECK(rests_on(item, event{noted}));
  noted.due_on.reset();
  CHECK_FALSE(rests_on(item, event{noted}));
}
