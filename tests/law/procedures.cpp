#include "prefecture.hpp"

using namespace toit::law;
using namespace toit::law::testing;

TEST_CASE("a reminder is dated, cited, and answered once", "[L441-2-7-4-1]") {
  prefecture p;
  reminder_sent sent{cast().epci, cast().epci, reminder_matter::dispositif, 2026y / 4 / 2, some_document};
  auto with = [&](auto change) {
    auto changed = sent;
    change(changed);
    return refused(p.prefect(changed));
  };
  CHECK(with([](auto& e) { e.document = {}; }) == refusal_code::missing_field);
  CHECK(with([](auto& e) { e.answer_by = 2026y / 3 / 2; }) == refusal_code::bad_date);
  REQUIRE(p.prefect(sent));
  auto reminder = p.seq;
  reminder_answered answered{cast().epci, reminder, some_document};
  CHECK(refused(p.on(2026y / 3 / 1).prefect(answered)) == refusal_code::bad_date);
  p.on(2026y / 3 / 20);
  CHECK(refused(p.prefect(reminder_answered{cast().epci, reminder + 1, some_document})) ==
        refusal_code::unknown_subject);
  CHECK(refused(p.prefect(reminder_answered{cast().bailleur, reminder, some_document})) ==
        refusal_code::unknown_subject);
  CHECK(refused(p.prefect(reminder_answered{cast().epci, reminder, {}})) == refusal_code::missing_field);
  REQUIRE(p.prefect(answered));
  CHECK(refused(p.prefect(answered)) == refusal_code::duplicate);
}

TEST_CASE("a reminder goes to the EPCI or to a party of the dispositif, where its parties are known",
          "[L441-2-7-1-1a][L441-2-7-4-1]") {
  prefecture p;
  auto to = [](siren who) {
    return reminder_sent{cast().epci, who, reminder_matter::dispositif, 2026y / 4 / 2, some_document};
  };
  auto stranger = p.prefect(to(cast().prefecture));
  CHECK(refused(stranger) == refusal_code::not_party);
  CHECK(stranger.error().article == "L441-2-7-1-1a");
  CHECK(stranger.error().path == "addressee");
  CHECK(p.prefect(to(cast().bailleur)));
  CHECK(p.prefect(to(cast().epci)));
  p.parties.clear();
  CHECK(p.prefect(to(cast().prefecture)));
  CHECK(p.prefect(to(cast().epci)));
}

TEST_CASE("the carence of partners names partners of the EPCI, where they are known", "[L441-2-7-4-3]") {
  prefecture p;
  p.notes_obligation();
  auto of = [&](siren partner) {
    auto found = p.carence(carence_of::partners);
    found.partners = {cast().bailleur, partner};
    return found;
  };
  for (auto who : {cast().prefecture, cast().epci}) {
    auto found = p.prefect(of(who));
    CHECK(refused(found) == refusal_code::not_party);
    CHECK(found.error().article == "L441-2-7-4-3");
  }
  p.parties.clear();
  CHECK(refused(p.prefect(of(cast().epci))) == refusal_code::not_party);
  CHECK(p.prefect(of(cast().prefecture)));
}

TEST_CASE("only the State's services record what the prefect does", "[L441-2-7-4-2]") {
  prefecture p;
  p.prefect_quality = quality::epci_responsable;
  CHECK(refused(p.prefect(obligation_noted{cast().epci, concern::yes, {}, {}, "Liste fictive"})) ==
        refusal_code::not_empowered);
  p.prefect_quality = quality::gestionnaire;
  CHECK(p.prefect(obligation_noted{cast().epci, concern::yes, {}, {}, "Liste fictive"}));
}

TEST_CASE("what the substitute records in the EPCI's place is the dispositif and nothing else", "[L441-2-7-4-2]") {
  // No entry of his stream takes a conference, an agreement, a plan or a grid in hand: all that he can record about a
  // territory is a matter of the dispositif, the threshold of his own département, or a command to be decided there.
  for (const auto& kind : all_kinds()) {
    if (kind.family != entry_family::state)
      continue;
    CAPTURE(kind.name);
    bool of_dispositif = kind.article.starts_with("L441-2-7");
    bool his_own = kind.article == "R441-2-15-II-2" || kind.article == "R441-2-15-I-9";
    CHECK((of_dispositif || his_own));
  }
  prefecture p;
  CHECK(refused(p.prefect(event{flow_stated{}})) == refusal_code::not_empowered);
  p.prefect_quality = quality::gestionnaire;
  CHECK(refused(p.prefect(event{flow_stated{}})) == refusal_code::bad_order);
}

TEST_CASE("the life of an act is told by its number, and by nobody else's", "[L441-2-7-4-1]") {
  prefecture p;
  p.notes_obligation(concern::no);
  CHECK(refused(p.prefect(act_published{{}, "Recueil fictif"})) == refusal_code::unknown_subject);
  CHECK(refused(p.prefect(act_notified{{}, cast().epci, some_document})) == refusal_code::unknown_subject);
  CHECK(refused(p.prefect(act_ended{{}, act_end::annulled, "Jugement fictif"})) == refusal_code::unknown_subject);
  auto ordered = p.prefect(p.substitution(substitution_ground::absence));
  auto id = std::get<substitution_ordered>(ordered->entries.front().event).act.id;
  CHECK(refused(p.prefect(act_published{id, {}})) == refusal_code::missing_field);
  CHECK(refused(p.prefect(act_notified{id, cast().epci, {}})) == refusal_code::missing_field);
  CHECK(refused(p.prefect(act_suspended{id, {}})) == refusal_code::missing_field);
  CHECK(refused(p.prefect(act_resumed{id, "Ordonnance fictive"})) == refusal_code::bad_order);
  CHECK(refused(p.prefect(act_ended{id, act_end::repealed, {}})) == refusal_code::missing_field);
  REQUIRE(p.prefect(act_suspended{id, "Ordonnance fictive"}));
  CHECK(refused(p.on(2026y / 4 / 1).prefect(act_resumed{id, {}})) == refusal_code::missing_field);
  REQUIRE(p.prefect(act_resumed{id, "Ordonnance fictive"}));
  CHECK(refused(p.on(2026y / 7 / 3).prefect(act_ended{id, act_end::withdrawn, "Arrêté fictif"})) ==
        refusal_code::too_late);
  CHECK(p.prefect(act_ended{id, act_end::repealed, "Arrêté fictif"}));
}

TEST_CASE("what concerns one territory is decided in turn, and what concerns two is not", "[L441-2-7-4-1]") {
  prefecture p;
  auto subjects = [&](event e) {
    command asked;
    asked.asked = std::move(e);
    return subjects_of(p.state, asked);
  };
  p.notes_obligation(concern::no);
  auto ordered = p.prefect(p.substitution(substitution_ground::absence));
  auto id = std::get<substitution_ordered>(ordered->entries.front().event).act.id;
  auto of_epci = subjects(obligation_noted{cast().epci, concern::yes, {}, {}, {}});
  CHECK(of_epci.size() == 1);
  CHECK(subjects(act_published{id, {}}) == of_epci);
  CHECK(subjects(p.carence()) == of_epci);
  CHECK(subjects(obligation_noted{cast().bailleur, concern::yes, {}, {}, {}}) != of_epci);
  CHECK(subjects(specification_set{}) != of_epci);
  CHECK(p.state.last_seq(of_epci.front()) == p.seq);
}

TEST_CASE("nothing is dated in the future", "[L441-2-7-4-1]") {
  prefecture p;
  auto asked = prefecture::asking(cast().prefecture, obligation_noted{cast().epci, concern::yes, {}, {}, "Liste"},
                                  2026y / 3 / 3);
  auto k = p.known();
  k.capacities.push_back({quality::gestionnaire, {}, {true, {}, {}}});
  CHECK(refused(decide(p.state, {}, asked, k)) == refusal_code::bad_date);
  asked.asked = event{dispositif_begun{"Délibération fictive"}};
  CHECK(refused(decide(p.territory, {}, asked, k)) == refusal_code::bad_date);
}
