// What a prefect records of a territory's dispositif, upon what has come of the territory's own stream.

#include "actors/prefect_procedures.hpp"

#include "tests/actors/state_on_stage.hpp"

using namespace toit;
using namespace std::chrono_literals;

namespace {

/// What the territory's own stream says is made in `there`.
struct procedures_on_stage : test::state_on_stage {
  procedures_on_stage() {
    there.on(today());
    procedures = on.system().spawn(prefect_procedures, context_of(ordering, prefecture), recorder,
                                   supervisors_by_stream{{journal::test::stream(), supervisor}});
    on.run();
  }
  ~procedures_on_stage() { end(procedures); }
  procedures_on_stage(const procedures_on_stage&) = delete;
  procedures_on_stage& operator=(const procedures_on_stage&) = delete;

  answer_ptr prefect(law::event what) {
    return ask(procedures, prefecture, law::quality::state_attribution_follow_up, std::move(what));
  }
  law::procedures_book book() {
    auto told = on.ask<procedures_ptr>(procedures, list_atom_v);
    on.run();
    REQUIRE(told->answer);
    return (**told->answer).book;
  }
  law::territory_file file() { return *book().find(territory); }

  void is_heard() {
    known->seq = 40;
    known->dispositif = there.territory;
  }
  void habilitates(law::siren who, law::quality as) {
    law::habilitation granted{};
    granted.id = journal::test::id_with<law::habilitation_id>(static_cast<std::uint8_t>(as));
    granted.legal_person = who;
    granted.quality = as;
    granted.from = law::civil_date{2015y / 1 / 1};
    known->rights.apply(law::subject_of(granted.id), journal::test::record_of(law::habilitation_granted{granted}), 1);
  }
  void notes_obligation() {
    REQUIRE(recorded(prefect(law::obligation_noted{territory, law::concern::yes, {}, {}, "Liste fictive"})));
  }
  law::carence_found carence() {
    there.heard = known->seq > 0;
    auto filed = there.evidence();
    REQUIRE(recorded(prefect(filed)));
    return {territory, law::carence_of::epci, {}, filed.digest, "Motifs fictifs"};
  }

  law::testing::prefecture there;
  prefect_procedures_actor procedures;
};

/// The EPCI has signed, and the réservataire refuses.
struct refused_on_stage : procedures_on_stage {
  refused_on_stage() {
    REQUIRE(there.answers(convention, territory, law::convention_answer::signed_by_party));
    REQUIRE(there.answers(convention, reservataire, law::convention_answer::refused));
  }

  law::siren reservataire = law::testing::cast().reservataire;
  law::convention_id convention = there.proposes();
};

} // namespace

TEST_CASE("a reminder that the prefect has sent is kept, and its answer once", "[actors][L441-2-7-4-1]") {
  using enum law::refusal_code;
  procedures_on_stage s;
  auto sent = s.prefect(law::reminder_sent{s.territory, s.territory, law::reminder_matter::recording, 2026y / 4 / 2,
                                           law::testing::some_document});
  REQUIRE(s.recorded(sent));
  REQUIRE(s.file().reminders.size() == 1);
  CHECK(s.file().reminders[0].seq == (*sent)->last_seq);
  CHECK_FALSE(s.file().reminders[0].answered_on);
  law::reminder_answered answered{s.territory, (*sent)->last_seq, law::testing::some_document};
  s.node.clock->at += 24h;
  auto received = s.prefect(answered);
  REQUIRE(s.recorded(received));
  CHECK(s.file().reminders[0].answered_on == 2026y / 3 / 3);
  CHECK(s.file().reminders[0].answer_seq == (*received)->last_seq);
  CHECK(s.code_of(s.prefect(answered)) == duplicate);
  answered.reminder = (*received)->last_seq;
  CHECK(s.code_of(s.prefect(answered)) == unknown_subject);
}

TEST_CASE("what the prefect's services find of conformity is recorded where he is competent, and only there",
          "[actors][L441-2-7-2-2][L441-2-7-4-3]") {
  using enum law::refusal_code;
  procedures_on_stage s;
  law::conformity_found found{s.territory, {law::testing::findings_of(law::national_checklist())}};
  s.post->competent = false;
  CHECK(s.code_of(s.prefect(found)) == wrong_prefect);
  s.post->competent = true;
  REQUIRE(s.recorded(s.prefect(found)));
  REQUIRE(s.file().points.size() == law::national_checklist().items.size());
  CHECK(s.file().points.front().finding == found.findings[0].items.front());
}

TEST_CASE("a réservataire's participation is ordered once every opinion has come or is waived, with its ground",
          "[actors][L441-2-7-3-2]") {
  using enum law::refusal_code;
  refused_on_stage s;
  law::opinions_asked asked{{}, s.territory, s.convention, s.reservataire, {}};
  CHECK(s.code_of(s.prefect(asked)) == not_party);
  s.is_heard();
  auto begun = s.prefect(asked);
  REQUIRE(s.recorded(begun));
  auto id = std::get<law::opinions_asked>((*begun)->entries.front().record->event).procedure;
  auto ordered = s.there.participation(id);
  CHECK(s.code_of(s.prefect(ordered)) == missing_opinion);
  law::opinion_received waived{id, s.territory, law::party_opinion::waived, {}, {}};
  CHECK(s.code_of(s.prefect(waived)) == missing_field);
  CHECK(s.code_of(s.prefect(ordered)) == missing_opinion);
  waived.ground = "Relances sans réponse";
  REQUIRE(s.recorded(s.prefect(waived)));
  auto signed_now = s.prefect(ordered);
  REQUIRE(s.recorded(signed_now));
  auto act = std::get<law::participation_ordered>((*signed_now)->entries.front().record->event).act.id;
  CHECK_FALSE(participation_of(s.book(), s.convention, s.reservataire, s.today()));
  REQUIRE(s.recorded(s.prefect(law::act_notified{act, s.reservataire, law::testing::some_document})));
  auto binds = participation_of(s.book(), s.convention, s.reservataire, s.today());
  REQUIRE(binds);
  CHECK(binds->act == act);
  CHECK(binds->share == ordered.share);
}

TEST_CASE("while a territory's stream is still being read its prefect is told to try again", "[actors][L441-2-7-3-2]") {
  using enum law::refusal_code;
  refused_on_stage s;
  s.is_heard();
  s.known->caught_up = false;
  law::opinions_asked asked{{}, s.territory, s.convention, s.reservataire, {}};
  CHECK(s.code_of(s.prefect(asked)) == busy);
  s.known->caught_up = true;
  CHECK(s.recorded(s.prefect(asked)));
}

TEST_CASE("the carence of a territory of which nothing has come is found in so many words", "[actors][L441-2-7-4-1]") {
  using enum law::refusal_code;
  procedures_on_stage s;
  s.notes_obligation();
  auto found = s.carence();
  CHECK(s.code_of(s.prefect(found)) == bad_order);
  found.nothing_heard = true;
  SECTION("and is his to find while nothing has") {
    REQUIRE(s.recorded(s.prefect(found)));
    CHECK(s.file().carence);
  }
  SECTION("and no longer once its stream has come") {
    s.is_heard();
    CHECK(s.code_of(s.prefect(found)) == bad_order);
    found.nothing_heard.reset();
    CHECK(s.recorded(s.prefect(found)));
  }
}

TEST_CASE("the partners whose carence is found are parties by the territory's own stream", "[actors][L441-2-7-4-3]") {
  using enum law::refusal_code;
  procedures_on_stage s;
  s.is_heard();
  s.habilitates(s.territory, law::quality::epci_responsable);
  s.habilitates(law::testing::cast().bailleur, law::quality::bailleur);
  s.notes_obligation();
  auto found = s.carence();
  found.whose = law::carence_of::partners;
  found.partners = {law::testing::cast().reservataire};
  CHECK(s.code_of(s.prefect(found)) == not_party);
  found.partners = {law::testing::cast().bailleur};
  REQUIRE(s.recorded(s.prefect(found)));
  CHECK(s.file().carence->found.partners == found.partners);
}
