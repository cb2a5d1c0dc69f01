// What the parties of a territory record of its dispositif, and what the prefect's stream adds to it.

#include "actors/convention_keeper.hpp"

#include "tests/actors/state_on_stage.hpp"

using namespace toit;

namespace {

/// The convention is put before its four parties.
struct convention_on_stage : test::state_on_stage {
  convention_on_stage() {
    keeper = on.system().spawn(convention_keeper, context_of(journal::test::stream(), territory), recorder,
                               stream_reader_actor{});
    on.run();
    law::testing::prefecture text;
    text.on(today());
    auto proposed = ask(keeper, territory, law::quality::epci_responsable,
                        law::dispositif_convention_proposed{text.draft()}, law::testing::all_parties());
    REQUIRE(recorded(proposed));
    convention =
        std::get<law::dispositif_convention_proposed>((*proposed)->entries.front().record->event).convention.id;
  }
  ~convention_on_stage() { end(keeper); }
  convention_on_stage(const convention_on_stage&) = delete;
  convention_on_stage& operator=(const convention_on_stage&) = delete;

  answer_ptr answers(law::siren who, law::convention_answer answer, std::optional<law::siren> party = {}) {
    return ask(keeper, who, law::quality::bailleur,
               law::dispositif_convention_answered{convention, party.value_or(who), answer, document, false},
               law::testing::all_parties());
  }
  dispositif_report report() {
    auto told = on.ask<dispositif_ptr>(keeper, list_atom_v);
    on.run();
    REQUIRE(told->answer);
    return **told->answer;
  }
  law::party_position position(law::siren party) { return report().book.find(convention)->positions.at(party); }
  /// In the prefect's stream, as it reaches the territory's node.
  void orders_participation(law::siren party, law::act_id id) {
    auto procedure = journal::test::id_with<law::procedure_id>(6);
    note(law::opinions_asked{procedure, territory, convention, party, {}}, today());
    law::act act{id, "2026-13", "Mme Exemple, préfète", {}, document, today(), {}};
    note(law::participation_ordered{act, procedure, 2000, "Conditions fictives"}, today());
    note(law::act_notified{id, party, document}, today());
  }

  const law::siren bailleur = law::testing::cast().bailleur;
  const law::bytes32 document = law::testing::some_document;
  convention_keeper_actor keeper;
  law::convention_id convention;
};

} // namespace

TEST_CASE("a party's answer is recorded with what it opens, for itself alone, and found again after a restart",
          "[actors][L441-2-7-3-2]") {
  convention_on_stage s;
  using enum law::convention_answer;
  CHECK(s.code_of(s.answers(s.bailleur, refused, law::testing::cast().reservataire)) ==
        law::refusal_code::not_originator);
  auto told = s.answers(s.bailleur, refused);
  REQUIRE(s.recorded(told));
  CHECK(std::get<law::dispositif_convention_answered>((*told)->entries.front().record->event).opens_arrete);
  // Who informs holds no dwelling and no reservation: its refusal opens nothing.
  told = s.answers(law::testing::cast().reception, refused);
  REQUIRE(s.recorded(told));
  CHECK_FALSE(std::get<law::dispositif_convention_answered>((*told)->entries.front().record->event).opens_arrete);
  REQUIRE(s.recorded(s.answers(s.territory, signed_by_party)));
  s.end(s.keeper);
  s.keeper = s.on.system().spawn(convention_keeper, s.context_of(journal::test::stream(), s.territory), s.recorder,
                                 stream_reader_actor{});
  s.on.run();
  CHECK(s.position(s.bailleur).state == law::party_state::refused);
  CHECK(s.position(law::testing::cast().reception).state == law::party_state::refused_no_power);
  CHECK(s.position(s.territory).state == law::party_state::signed_by_party);
  CHECK(s.position(law::testing::cast().reservataire).state == law::party_state::proposed);
  CHECK(s.code_of(s.answers(s.bailleur, accepted_to_sign)) == law::refusal_code::bad_order);
}

TEST_CASE("what binds who refuses is told from the prefect's stream, and only of who refuses",
          "[actors][L441-2-7-3-2]") {
  convention_on_stage s;
  auto act = journal::test::id_with<law::act_id>(5);
  REQUIRE(s.recorded(s.answers(s.bailleur, law::convention_answer::refused)));
  CHECK(s.report().participations.empty());
  s.orders_participation(s.bailleur, act);
  auto told = s.report().participations;
  REQUIRE(told.size() == 1);
  const auto& [whose, ordered] = *told.begin();
  CHECK(whose == std::pair{s.convention, s.bailleur});
  CHECK(ordered.act == act);
  CHECK(ordered.share == 2000);
  // Its own word stays what it was.
  CHECK(s.position(s.bailleur).state == law::party_state::refused);
  SECTION("until it is suspended") {
    s.note(law::act_suspended{act, "Ordonnance fictive"}, s.today());
    CHECK(s.report().participations.empty());
  }
  SECTION("until the party signs") {
    REQUIRE(s.recorded(s.answers(s.bailleur, law::convention_answer::signed_by_party)));
    CHECK(s.report().participations.empty());
  }
}
