#include "prefecture.hpp"

#include <limits>
#include <map>
#include <set>

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
  CHECK(unknown[0].seq == s.territory.serving()->seq);
  CHECK(s.of(k::point_not_met)[0].source == evidence_source::authority);
}

TEST_CASE("what a territory's host wrote without deciding it is cited where it stands", "[L441-2-7-2-2]") {
  scene s;
  s.notes_obligation();
  s.known_through = s.today;
  s.writes_there(adhesion_decided{joinable::systeme_particulier, dispositif_level::region, cast().prefecture, "D"});
  // Nobody has examined what was joined: of its points nothing is known here.
  CHECK(s.of(k::point_unknown).empty());
  s.writes_there(dispositif_put_in_service{});
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

namespace {

/// A line, and the entry that it cites.
struct citation {
  evidence_file file;
  evidence_item item;
  record cited{};
  procedures_book authority;

  citation(k kind, siren who, event what) {
    file.territory = cast().epci;
    file.as_of = 2026y / 7 / 10;
    item.kind = kind;
    item.concerns = who;
    item.since = 2026y / 7 / 1;
    item.source = evidence_source::authority;
    item.seq = 9;
    item.link = bytes32{9};
    cited.event = std::move(what);
    cited.occurred_on = 2026y / 7 / 1;
  }
  void told_before(event what, std::uint64_t seq) {
    record before{};
    before.event = std::move(what);
    authority.apply({}, before, seq);
  }
  bool rests() const { return is_well_made(item) && rests_on(file, item, cited, authority); }
  /// The same, but for one change of the line, of the file or of the entry.
  bool rests_but(auto change) const {
    auto changed = *this;
    change(changed);
    return changed.rests();
  }
  template <class Event>
  bool rests_if(auto change) const {
    return rests_but([&](citation& c) { change(std::get<Event>(c.cited.event)); });
  }
  /// Nothing but that kind of line, about that person and since that day, in the territory's file.
  void check_line() const {
    CHECK(rests());
    CHECK_FALSE(rests_but([](auto& c) { c.item.concerns = cast().reception; }));
    CHECK_FALSE(rests_but([](auto& c) { c.item.since = 2026y / 7 / 2; }));
    CHECK_FALSE(rests_but([](auto& c) { c.item.seq = 0; }));
    CHECK_FALSE(rests_but([](auto& c) { c.item.link.reset(); }));
    CHECK_FALSE(rests_but([](auto& c) { c.item.source = evidence_source::host; }));
    CHECK_FALSE(rests_but([](auto& c) { c.cited.event = evidence_filed{}; }));
    for (auto other : all_kinds())
      if (other != item.kind)
        CHECK_FALSE(rests_but([other](auto& c) { c.item.kind = other; }));
  }
  void check_territory() const {
    CHECK_FALSE(rests_but([](auto& c) { c.file.territory = cast().reception; }));
  }

  static std::vector<k> all_kinds() {
    std::vector<k> all;
    for (std::size_t i = 0; i < names_of(k{}).size(); ++i)
      all.push_back(static_cast<k>(i));
    return all;
  }
};

dispositif_convention_answered refusal_of(siren party) {
  return {{}, party, convention_answer::refused, some_document, true};
}

conformity_found found_so(finding what) {
  return {cast().epci, {{"r441_2_15", 1, {{"R441-2-15-I-9", what, "Constat fictif"}}}}};
}

} // namespace

TEST_CASE("a line of the obligation rests on what was noted of that territory", "[L441-2-7-4-1]") {
  obligation_noted noted{cast().epci, concern::no, {}, {}, "Liste fictive"};
  for (auto [kind, what] : {std::pair{k::not_concerned, concern::no}, {k::concern_unknown, concern::unknown}}) {
    noted.concern = what;
    citation c{kind, cast().epci, noted};
    CHECK(c.rests());
    c.check_territory();
    CHECK_FALSE(c.rests_if<obligation_noted>([](auto& e) { e.concern = concern::yes; }));
    CHECK_FALSE(c.rests_if<obligation_noted>([](auto& e) { e.territory = cast().reception; }));
  }
  noted.concern = concern::yes;
  noted.due_on = 2026y / 6 / 30;
  citation passed{k::calendar_passed, cast().epci, noted};
  passed.check_line();
  passed.check_territory();
  CHECK_FALSE(passed.rests_if<obligation_noted>([](auto& e) { e.due_on.reset(); }));
  CHECK_FALSE(passed.rests_if<obligation_noted>([](auto& e) { e.due_on = 2026y / 7 / 1; }));
  CHECK_FALSE(passed.rests_but([](auto& c) { c.file.as_of = 2026y / 6 / 30; }));
}

TEST_CASE("a refusal rests on that party's own, and what answers it on an arrêté about that party",
          "[L441-2-7-3-2][L441-2-7-4-1]") {
  citation refuses{k::party_refuses, cast().bailleur, refusal_of(cast().bailleur)};
  CHECK_FALSE(refuses.rests());
  refuses.item.source = evidence_source::territory;
  refuses.check_line();
  CHECK_FALSE(
      refuses.rests_if<dispositif_convention_answered>([](auto& e) { e.answer = convention_answer::signed_by_party; }));
  CHECK_FALSE(refuses.rests_if<dispositif_convention_answered>([](auto& e) { e.party = cast().reservataire; }));

  procedure_id procedure;
  procedure.bytes.fill(1);
  citation answered{k::refusal_answered, cast().bailleur, participation_ordered{{}, procedure, 2500, "Fictives"}};
  CHECK_FALSE(answered.rests());
  answered.told_before(opinions_asked{procedure, cast().epci, {}, cast().bailleur, {}}, 3);
  CHECK(answered.rests());
  answered.check_territory();
  CHECK_FALSE(answered.rests_but([](auto& c) { c.item.concerns = cast().reservataire; }));
  CHECK_FALSE(answered.rests_but([](auto& c) { c.item.kind = k::party_refuses; }));
  CHECK_FALSE(answered.rests_if<participation_ordered>([](auto& e) { e.procedure = {}; }));
}

TEST_CASE("a line of a reminder rests on the one to that addressee, and on its own answer", "[L441-2-7-4-1]") {
  reminder_sent reminder{cast().epci, cast().bailleur, reminder_matter::dispositif, 2026y / 6 / 30, some_document};
  citation sent{k::reminder_sent, cast().bailleur, reminder};
  CHECK(sent.rests());
  sent.check_territory();
  CHECK_FALSE(sent.rests_but([](auto& c) { c.item.since = 2026y / 7 / 2; }));
  CHECK_FALSE(sent.rests_if<reminder_sent>([](auto& e) { e.addressee = cast().reservataire; }));

  citation unanswered{k::reminder_unanswered, cast().bailleur, reminder};
  CHECK(unanswered.rests());
  CHECK_FALSE(unanswered.rests_if<reminder_sent>([](auto& e) { e.answer_by.reset(); }));
  CHECK_FALSE(unanswered.rests_if<reminder_sent>([](auto& e) { e.answer_by = 2026y / 7 / 1; }));
  CHECK_FALSE(unanswered.rests_but([](auto& c) { c.file.as_of = 2026y / 6 / 30; }));

  citation answered{k::reminder_answered, cast().bailleur, reminder_answered{cast().epci, 4, some_document}};
  CHECK_FALSE(answered.rests());
  answered.told_before(reminder, 4);
  answered.check_line();
  answered.check_territory();
  CHECK_FALSE(answered.rests_if<reminder_answered>([](auto& e) { e.reminder = 5; }));
  CHECK_FALSE(answered.rests_if<reminder_answered>([](auto& e) { e.territory = cast().reception; }));
}

TEST_CASE("a point not met rests on an entry that finds that very point so", "[L441-2-7-2-2][L441-2-7-4-1]") {
  citation found{k::point_not_met, cast().epci, found_so(finding::not_met)};
  found.item.point = "R441-2-15-I-9";
  CHECK(found.rests());
  found.check_territory();
  CHECK_FALSE(found.rests_but([](auto& c) { c.item.point = "R441-2-15-I-8"; }));
  CHECK_FALSE(found.rests_but([](auto& c) { c.item.since = 2026y / 7 / 2; }));
  CHECK_FALSE(found.rests_but([](auto& c) { c.item.concerns = cast().bailleur; }));
  CHECK_FALSE(found.rests_but([](auto& c) { c.item.kind = k::calendar_passed; }));
  CHECK_FALSE(found.rests_but([](auto& c) { c.cited.event = found_so(finding::met); }));
  CHECK_FALSE(found.rests_if<conformity_found>([](auto& e) { e.territory = cast().reception; }));
  auto findings = found_so(finding::not_met).findings;
  auto joined = [&](auto& c) {
    c.cited.event = joinable_examined{cast().prefecture, joinable::sne_module, dispositif_level::region, findings, ""};
  };
  auto served = [&](auto& c) {
    c.cited.event = dispositif_put_in_service{findings};
    c.item.source = evidence_source::territory;
  };
  CHECK(found.rests_but(joined));
  CHECK(found.rests_but(served));
  findings = found_so(finding::met).findings;
  CHECK_FALSE(found.rests_but(joined));
  CHECK_FALSE(found.rests_but(served));
}

TEST_CASE("a point of which nothing is known may have been found under a version that is out of date",
          "[L441-2-7-2-2][L441-2-7-4-1]") {
  citation unknown{k::point_unknown, cast().epci, found_so(finding::met)};
  unknown.item.point = "R441-2-15-I-9";
  CHECK(unknown.rests());
  CHECK_FALSE(unknown.rests_but([](auto& c) { c.item.point = "R441-2-15-I-8"; }));
  // All of it was looked at then, and there was no such point yet.
  CHECK(unknown.rests_but([](auto& c) {
    c.cited.event = dispositif_put_in_service{};
    c.item.source = evidence_source::territory;
  }));
  CHECK_FALSE(unknown.rests_but([](auto& c) {
    c.cited.event = dispositif_put_in_service{};
    c.item.concerns = cast().bailleur;
  }));
}

TEST_CASE("only an absence, or what the host has told, cites no entry", "[L441-2-7-4-1]") {
  using from = evidence_source;
  auto is_told_by = [](k kind, from source, bool cites) {
    evidence_item item{};
    item.kind = kind;
    item.source = source;
    item.seq = cites ? 9 : 0;
    if (cites)
      item.link = bytes32{9};
    return is_well_made(item);
  };
  const std::set absences{k::concern_unknown, k::dispositif_missing,    k::convention_missing,
                          k::party_silent,    k::specification_missing, k::no_news,
                          k::never_heard_of,  k::lateness_unknown};
  for (auto kind : citation::all_kinds()) {
    CAPTURE(name_of(kind));
    CHECK(is_told_by(kind, from::none, false) == absences.contains(kind));
    CHECK(is_told_by(kind, from::host, false) == (kind == k::records_late));
    CHECK_FALSE(is_told_by(kind, from::authority, false));
    CHECK_FALSE(is_told_by(kind, from::territory, false));
    CHECK_FALSE(is_told_by(kind, from::none, true));
    bool is_cited = is_told_by(kind, from::authority, true) || is_told_by(kind, from::territory, true);
    CHECK(is_cited == (kind == k::concern_unknown || (!absences.contains(kind) && kind != k::records_late)));
  }
}

TEST_CASE("each line that is gathered of entries rests on the one that it cites", "[L441-2-7-4-1]") {
  scene s;
  std::map<std::uint64_t, record> written;
  auto keeps = [&](const decision& decided) {
    REQUIRE(decided);
    record happened{};
    happened.event = decided->entries.front().event;
    happened.occurred_on = decided->occurred_on;
    written[s.seq] = happened;
  };
  keeps(s.prefect(obligation_noted{cast().epci, concern::yes, {}, 2026y / 3 / 1, "Liste fictive"}));
  keeps(s.prefect(specification_set{cahier(1, s.today), s.today, "Arrêté fictif"}));
  keeps(s.prefect(reminder_sent{cast().epci, cast().epci, reminder_matter::dispositif, 2026y / 3 / 20, some_document}));
  auto convention = s.proposes();
  keeps(s.answers(convention, cast().epci, convention_answer::signed_by_party));
  keeps(s.answers(convention, cast().bailleur, convention_answer::refused));
  auto asked = s.asks_opinions(convention, cast().bailleur);
  keeps(asked);
  keeps(s.receives(prefecture::procedure_of(asked), cast().epci, party_opinion::favourable));
  auto ordered = s.prefect(s.participation(prefecture::procedure_of(asked)));
  keeps(ordered);
  keeps(s.prefect(act_notified{std::get<participation_ordered>(ordered->entries.front().event).act.id, cast().bailleur,
                               some_document}));
  keeps(s.epci(dispositif_begun{"Délibération fictive"}));
  keeps(s.epci(s.service()));
  auto not_met = findings_of(cahier(1, s.today));
  not_met.items.resize(1);
  not_met.items[0].finding = finding::not_met;
  keeps(s.on(2026y / 3 / 25).prefect(conformity_found{cast().epci, {not_met}}));
  keeps(s.on(2026y / 3 / 30).prefect(specification_set{cahier(2, s.today), s.today, "Arrêté fictif"}));
  keeps(s.prefect(conformity_found{cast().epci, {checklist_findings{not_met.checklist, 2, not_met.items}}}));
  s.known_through = s.today;
  auto file = s.gathered();
  std::set<k> cited;
  for (auto item : file.items) {
    CAPTURE(name_of(item.kind), item.seq, item.point.str());
    if (item.seq > 0)
      item.link = bytes32{9};
    CHECK(is_well_made(item));
    if (item.seq == 0)
      continue;
    cited.insert(item.kind);
    CHECK(rests_on(file, item, written.at(item.seq), s.state));
  }
  CHECK(cited == std::set{k::calendar_passed, k::party_refuses, k::refusal_answered, k::point_not_met, k::point_unknown,
                          k::reminder_sent, k::reminder_unanswered});
}
