#include "territory.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit::law;
using namespace toit::law::testing;
using namespace std::chrono_literals;

namespace {

document_id document_of(std::uint8_t content) {
  document_id id;
  id.bytes.fill(content);
  return id;
}

} // namespace

// -- registration ---------------------------------------------------------------------------------------------------

TEST_CASE("a registered demande runs for a year from its reception", "[R441-2-15-I-0-1]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10, {saint_denis, paris});
  CHECK(w[d].status == demande_status::active);
  CHECK(w[d].reception == 2026y / 1 / 10);
  CHECK(w[d].valid_until() == 2027y / 1 / 10);
  CHECK(w[d].communes == wished_communes{saint_denis, paris});
}

TEST_CASE("without a number from the registration system nothing is registered", "[L441-2-1]") {
  world sne;
  CHECK(sne.on(2026y / 1 / 10).desk().registers(filled_form(), nud{}) == refusal_code::no_nud);
  world particular{particular_territory()};
  auto answer = particular.on(2026y / 1 / 10).desk().registers(filled_form(), nud{});
  REQUIRE(answer);
  CHECK_FALSE(particular[answer.id<dossier_id>()].number.empty());
}

TEST_CASE("one number is one demande", "[L441-2-1]") {
  world w;
  REQUIRE(w.on(2026y / 1 / 10).desk().registers(filled_form(), number(900)));
  CHECK(w.on(2026y / 1 / 11).desk().registers(filled_form(), number(900)) == refusal_code::duplicate);
}

TEST_CASE("a demande belongs where it names one commune of the territory", "[R441-2-15-I-0-1]") {
  world w;
  auto desk = w.on(2026y / 1 / 10).desk();
  CHECK(desk.registers(filled_form({paris, saint_denis}), number(901)));
  CHECK(desk.registers(filled_form({paris}), number(902)) == refusal_code::out_of_scope);
  CHECK(desk.registers(filled_form({saint_denis, nowhere}), number(903)) == refusal_code::unknown_territory);
}

TEST_CASE("an identity document and a complete form are needed, and nothing else", "[R441-2-3]") {
  world w;
  auto desk = w.on(2026y / 1 / 10).desk();
  demande_registered asked{number(904), registration_channel::desk, false, filled_form()};
  CHECK(desk.asks(subject_id{}, asked) == refusal_code::missing_field);
  asked.identity_document_seen = true;
  asked.form.identity->given_names = "";
  CHECK(desk.asks(subject_id{}, asked) == refusal_code::missing_field);
  asked.form.identity->given_names = "Camille";
  CHECK(desk.asks(subject_id{}, asked));
}

TEST_CASE("who registers demandes is a registering body, the gestionnaire or the demandeur himself",
          "[R441-2-15-I-9]") {
  world w;
  auto today = w.on(2026y / 1 / 10);
  unsigned n = 910;
  auto registers = [&](hand by) { return by.registers(filled_form(), number(++n)); };
  CHECK(registers(today.desk()));
  CHECK(registers(today.gestionnaire()));
  CHECK(registers(today.demandeur({})));
  CHECK(registers(today.desk_for_demandeur()));
  for (auto other : {people().stranger, people().bailleur, people().town, people().mediation, people().ept,
                     people().reception_place})
    CHECK(registers(today.by(other)) == refusal_code::not_empowered);
  hand pretending{w, today.today, today.today, party::demandeur(), people().stranger};
  CHECK(registers(pretending) == refusal_code::not_empowered);
}

TEST_CASE("a seniority is not what the demandeur says it is", "[R441-2-15-I-9]") {
  world w;
  auto backdated = w.on(2026y / 1 / 10).dated(2015y / 1 / 10);
  CHECK(backdated.demandeur({}).registers(filled_form(), number(920)) == refusal_code::bad_date);
}

TEST_CASE("a demandeur who has a demande registers no other with its account", "[L441-2-1]") {
  world w;
  auto d = w.new_demande(2025y / 1 / 10);
  auto registers_another = [&](civil_date day, unsigned n) {
    return w.on(day).demandeur(d).asks(
        d, demande_registered{number(n), registration_channel::online, true, filled_form()});
  };
  CHECK(registers_another(2026y / 1 / 10, 921) == refusal_code::duplicate);
  SECTION("a radiated one is followed by one alone") {
    REQUIRE(w.on(2026y / 1 / 10).desk().radiates(d, radiation_motive::b_renunciation));
    auto next = registers_another(2026y / 1 / 11, 922);
    REQUIRE(next);
    CHECK(registers_another(2026y / 1 / 11, 923) == refusal_code::duplicate);
    REQUIRE(w.on(2026y / 1 / 12).desk().radiates(next.id<dossier_id>(), radiation_motive::b_renunciation));
    CHECK(registers_another(2026y / 1 / 13, 924));
  }
  SECTION("a merged one goes on in another") {
    auto kept = w.new_demande(2025y / 2 / 10);
    REQUIRE(w.on(2026y / 1 / 10).gestionnaire().merges(kept, {d}));
    CHECK(registers_another(2026y / 1 / 11, 925) == refusal_code::duplicate);
  }
}

TEST_CASE("a reception is a day that exists and has come", "[R441-2-15-I-0-2]") {
  world w;
  auto today = w.on(2026y / 1 / 10);
  auto registered_on = [&](civil_date day) { return today.dated(day).desk().registers(filled_form(), number(930)); };
  CHECK(registered_on(2026y / 1 / 11) == refusal_code::bad_date);
  CHECK(registered_on(2026y / 2 / 30) == refusal_code::bad_date);
  CHECK(registered_on(2025y / 12 / 1));
}

TEST_CASE("an entry names the legal person at the origin and the one that entered it", "[R441-2-15-I-10]") {
  world w;
  auto own = w.on(2026y / 1 / 10).desk_for_demandeur().registers(filled_form(), number(940));
  REQUIRE(own);
  CHECK(own.answer->originator.is_demandeur());
  auto by_desk = w.on(2026y / 1 / 10).desk().registers(filled_form(), number(941));
  REQUIRE(by_desk);
  CHECK(by_desk.answer->originator == people().desk);
  CHECK(by_desk.answer->occurred_on == 2026y / 1 / 10);
}

// -- common checks of what is recorded on a demande -----------------------------------------------------------------

TEST_CASE("nothing is recorded on a demande that is not here", "[L441-2-1]") {
  world w;
  CHECK(w.on(2026y / 1 / 10).desk().renews(id_of<dossier_id>(w.fresh_id())) == refusal_code::unknown_demande);
  CHECK(w.on(2026y / 1 / 10).desk().renews(dossier_id{}) == refusal_code::unknown_demande);
}

TEST_CASE("only documents, DALO decisions and kept seniority may be older than the demande", "[R441-2-15-I-0-2]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto older = w.on(2026y / 2 / 1).dated(2026y / 1 / 9);
  CHECK(older.desk().issues_certificate(d) == refusal_code::bad_date);
  CHECK(older.bailleur().recognises(d, priority_category::a) == refusal_code::bad_date);
  CHECK(older.desk().warns(d, radiation_motive::c_no_answer) == refusal_code::bad_date);
  CHECK(older.desk().files(d, 1));
  CHECK(older.mediation().mentions_dalo(d));
  CHECK(w.on(2026y / 2 / 1).dated(2026y / 1 / 10).desk().issues_certificate(d));
}

TEST_CASE("what follows from another event is never recorded by itself", "[R441-2-15-I-9]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto gestionnaire = w.on(2026y / 1 / 11).gestionnaire();
  for (const event& consequence :
       {event{expired{}}, event{candidacy_closed{}}, event{candidacy_restored{}}, event{candidacy_moved{}},
        event{lease_conflict_opened{}}, event{lease_conflict_closed{}}, event{demande_erased{}}})
    CHECK(gestionnaire.asks(d, consequence) == refusal_code::not_empowered);
}

TEST_CASE("an instrument of the territory is no event of a demande", "[R441-2-15-I-10]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  command asked;
  asked.occurred_on = 2026y / 1 / 11;
  asked.originator = asked.introducer = people().gestionnaire;
  asked.target = subject_of(d);
  asked.asked = event{flow_stated{}};
  auto known = w.facts_for(w.on(2026y / 1 / 11).gestionnaire(), asked);
  CHECK(decide(w.book, w.settings, asked, known).error().code == refusal_code::bad_order);
}

TEST_CASE("a legal person records only on demandes that bear on its communes", "[R441-2-15-V-2-3]") {
  world w;
  auto here = w.new_demande(2026y / 1 / 10, {saint_denis, aubervilliers});
  auto elsewhere = w.new_demande(2026y / 1 / 10, {aubervilliers});
  auto town = w.on(2026y / 1 / 11).town();
  CHECK(town.recognises(here, priority_category::a));
  CHECK(town.recognises(elsewhere, priority_category::a) == refusal_code::out_of_scope);
}

TEST_CASE("an opinion or a decision that precedes the radiation is recorded late", "[R441-2-15-I-9]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  REQUIRE(w.on(2026y / 3 / 1).desk().radiates(d, radiation_motive::b_renunciation));
  auto before = w.on(2026y / 3 / 10).dated(2026y / 3 / 1);
  auto after = w.on(2026y / 3 / 10).dated(2026y / 3 / 2);
  CHECK(before.mediation().mentions_dalo(d));
  CHECK(before.by(people().coordination).gives_opinion(d, instance_kind::coordination));
  CHECK(after.mediation().mentions_loss_of_dalo(d) == refusal_code::demande_inactive);
}

TEST_CASE("any fact that precedes the radiation is recorded late", "[R441-2-15-I-9]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  REQUIRE(w.on(2026y / 3 / 1).desk().radiates(d, radiation_motive::b_renunciation));
  auto before = w.on(2026y / 3 / 10).dated(2026y / 3 / 1);
  auto after = w.on(2026y / 3 / 10).dated(2026y / 3 / 2);
  SECTION("a document") {
    CHECK(before.desk().files(d, 1));
    CHECK(after.desk().files(d, 2) == refusal_code::demande_inactive);
  }
  SECTION("the recognition of a priority") {
    CHECK(before.bailleur().recognises(d, priority_category::a));
    CHECK(after.bailleur().recognises(d, priority_category::b) == refusal_code::demande_inactive);
  }
  SECTION("the eligibility to a contingent") {
    CHECK(before.bailleur().declares_eligible(d, {}, true));
    CHECK(after.bailleur().declares_eligible(d, {}, true) == refusal_code::demande_inactive);
  }
  SECTION("a change by the demandeur") {
    CHECK(before.desk_for_demandeur().changes(d, "search.typology", "t3", "t4"));
    CHECK(after.desk_for_demandeur().changes(d, "search.typology", "t4", "t3") == refusal_code::demande_inactive);
  }
}

// -- certificate ----------------------------------------------------------------------------------------------------

TEST_CASE("the certificate is issued once for a registration", "[R441-2-4]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  CHECK(w.on(2026y / 1 / 20).bailleur().issues_certificate(d) == refusal_code::not_originator);
  CHECK(w.on(2026y / 1 / 20).desk().issues_certificate(d));
  CHECK(w.on(2026y / 1 / 21).desk().issues_certificate(d) == refusal_code::duplicate);
}

TEST_CASE("a renewal gives right to a certificate of its own", "[R441-2-7]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  REQUIRE(w.on(2026y / 1 / 20).desk().issues_certificate(d));
  REQUIRE(w.on(2026y / 12 / 20).desk().renews(d));
  CHECK(w.on(2026y / 12 / 20).desk().issues_certificate(d));
}

// -- changes --------------------------------------------------------------------------------------------------------

TEST_CASE("the demandeur changes his own demande, alone or through any registering body", "[R441-2-15-I-0-1]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto another = w.new_demande(2026y / 1 / 10);
  auto today = w.on(2026y / 2 / 1);
  CHECK(today.demandeur(d).changes(d, "search.typology", "t3", "t4"));
  CHECK(today.desk_for_demandeur().changes(d, "search.typology", "t4", "t5_or_more"));
  CHECK(today.demandeur(another).changes(d, "search.typology", "t5_or_more", "t1") == refusal_code::not_originator);
  CHECK(today.bailleur().changes(d, "search.typology", "t5_or_more", "t1") == refusal_code::not_originator);
  CHECK(w[d].typology == typology::t5_or_more);
}

TEST_CASE("a change of communes moves the demande, but not out of the territory", "[R441-2-15-I-0-1]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto himself = w.on(2026y / 2 / 1).demandeur(d);
  CHECK(himself.changes(d, "search.communes", "93066", "93001,75056"));
  CHECK(w[d].communes == wished_communes{aubervilliers, paris});
  CHECK(himself.changes(d, "search.communes", "93001,75056", "75056") == refusal_code::out_of_scope);
  CHECK(himself.changes(d, "search.communes", "93001,75056", "93001,93999") == refusal_code::unknown_territory);
  CHECK(himself.changes(d, "search.communes", "93001,75056", "") == refusal_code::missing_field);
}

// -- communes that move -----------------------------------------------------------------------------------------------

namespace {

/// Saint-Denis leaves the territory after 2025; Paris comes on 1 January 2026.
world world_that_moves() {
  auto s = sne_territory();
  s.communes.push_back(paris);
  std::ranges::sort(s.communes);
  s.dated = {{saint_denis, {}, 2025y / 12 / 31}, {paris, 2026y / 1 / 1, {}}};
  return world{s};
}

} // namespace

TEST_CASE("a demande belongs where its commune is on its day", "[R441-2-15-I-0-1]") {
  auto w = world_that_moves();
  auto registers = [&](civil_date day, commune_code wished) {
    return w.on(day).desk().registers(filled_form({wished}), number(++w.registered));
  };
  CHECK(registers(2025y / 12 / 31, saint_denis));
  CHECK(registers(2025y / 12 / 31, paris) == refusal_code::out_of_scope);
  CHECK(registers(2026y / 1 / 1, saint_denis) == refusal_code::out_of_scope);
  CHECK(registers(2026y / 1 / 1, paris));
  CHECK(registers(2026y / 1 / 1, aubervilliers));
  // What happened before and is recorded late belongs where it happened.
  auto late = w.on(2026y / 1 / 5).dated(2025y / 12 / 30).desk();
  CHECK(late.registers(filled_form({saint_denis}), number(++w.registered)));
  CHECK(late.registers(filled_form({paris}), number(++w.registered)) == refusal_code::out_of_scope);
}

TEST_CASE("a demande stays at home when its commune leaves, and is changed there", "[R441-2-15-I-0-1]") {
  auto w = world_that_moves();
  auto d = w.new_demande(2025y / 6 / 10, {saint_denis});
  auto himself = w.on(2026y / 2 / 1).demandeur(d);
  CHECK(himself.changes(d, "search.typology", "t3", "t4"));
  CHECK(himself.changes(d, "search.communes", "93066", "93066,93999") == refusal_code::unknown_territory);
  CHECK(himself.renews(d));
  auto later = w.new_demande(2026y / 1 / 10, {aubervilliers});
  auto other = w.on(2026y / 2 / 1).demandeur(later);
  CHECK(other.changes(later, "search.communes", "93001", "93066") == refusal_code::out_of_scope);
  CHECK(other.changes(later, "search.communes", "93001", "75056"));
}

TEST_CASE("a dwelling is registered where its commune is on the day", "[R441-2-15-I-4b]") {
  auto w = world_that_moves();
  CHECK(w.on(2025y / 12 / 31).bailleur().registers_dwelling("0000000001", saint_denis));
  CHECK(w.on(2026y / 1 / 1).bailleur().registers_dwelling("0000000002", saint_denis) == refusal_code::out_of_scope);
  CHECK(w.on(2025y / 12 / 31).bailleur().registers_dwelling("0000000003", paris) == refusal_code::out_of_scope);
  CHECK(w.on(2026y / 1 / 1).bailleur().registers_dwelling("0000000004", paris));
}

TEST_CASE("what the dossier keeps at hand follows its form", "[R441-2-15-I-0-1]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto himself = w.on(2026y / 2 / 1).demandeur(d);
  REQUIRE(himself.changes(d, "search.neighbouring_communes", "false", "true"));
  REQUIRE(himself.changes(d, "situation.housing", "private_tenant", "social_tenant"));
  CHECK(w[d].neighbouring_communes);
  CHECK(w[d].mutation);
  REQUIRE(himself.changes(d, "situation.housing", "social_tenant", "no_housing"));
  CHECK_FALSE(w[d].mutation);
}

TEST_CASE("dossier and form never part, however a field is named", "[R441-2-15-I-0-1]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto himself = w.on(2026y / 2 / 1).demandeur(d);
  if (himself.changes(d, "search.communes.", "93066", "93001"))
    CHECK(w[d].communes == w.forms[d].search.communes);
}

TEST_CASE("a change needs something to change, and a value that is still current", "[R441-2-15-I-0-1]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto himself = w.on(2026y / 2 / 1).demandeur(d);
  CHECK(himself.asks(d, demande_changed{}) == refusal_code::missing_field);
  CHECK(himself.changes(d, "search.typology", "t2", "t4") == refusal_code::conflict);
  CHECK(himself.changes(d, "search.rooms", "3", "4") == refusal_code::malformed);
  CHECK(himself.changes(d, "identity.birth_name", "Exemple", "") == refusal_code::missing_field);
  CHECK(himself.asks(d, demande_changed{{}, household{{"Exemple", "Noé", {}, household_role::unborn_child, {}}}}));
  CHECK(w.forms[d].household.size() == 1);
}

// -- documents ------------------------------------------------------------------------------------------------------

TEST_CASE("a document is filed once: a second filing, by whomever, is told and records nothing", "[L441-2-7-1-1b]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  REQUIRE(w.on(2026y / 1 / 11).desk().files(d, 7));
  for (auto again : {w.on(2026y / 1 / 12).bailleur(), w.on(2026y / 1 / 12).demandeur(d)}) {
    auto answer = again.files(d, 7);
    CHECK(answer.warns(warning::already_recorded));
    CHECK(answer.answer->entries.empty());
  }
  CHECK(w.on(2026y / 1 / 12).bailleur().files(d, 8));
  CHECK(w[d].documents.size() == 2);
}

TEST_CASE("a dossier receives a bounded number of documents", "[L441-2-1]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  document_filed filed;
  for (unsigned n = 0; n < 256; ++n) {
    filed.digest[0] = static_cast<std::uint8_t>(n);
    REQUIRE(w.on(2026y / 1 / 11).desk().asks(d, filed));
  }
  CHECK(w.on(2026y / 1 / 11).desk().asks(d, filed).warns(warning::already_recorded));
  filed.digest[1] = 1;
  CHECK(w.on(2026y / 1 / 11).desk().asks(d, filed) == refusal_code::too_large);
}

// -- rectification --------------------------------------------------------------------------------------------------

TEST_CASE("a rectification is made by an empowered agent, after a document of the dossier", "[R441-2-15-I-1]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto desk = w.on(2026y / 2 / 1).desk();
  REQUIRE(desk.files(d, 1));
  auto rectifies = [&](hand by, std::vector<document_id> documents) {
    return by.rectifies(d, "situation.occupants", "2", "5", std::move(documents));
  };
  CHECK(rectifies(desk, {document_of(1)}) == refusal_code::not_empowered);
  CHECK(rectifies(desk.empowered(), {}) == refusal_code::missing_field);
  CHECK(rectifies(desk.empowered(), {document_of(1), document_of(2)}) == refusal_code::unknown_subject);
  CHECK(rectifies(w.on(2026y / 2 / 1).bailleur().empowered(), {document_of(1)}) == refusal_code::not_empowered);
  auto made = rectifies(desk.empowered(), {document_of(1)});
  REQUIRE(made);
  CHECK(made.answer->entries.front().operation == operation::modified);
  CHECK(w.forms[d].situation->occupants == 5);
  CHECK(rectifies(desk.empowered(), {document_of(1)}) == refusal_code::conflict);
}

// -- requests, other events, codes ----------------------------------------------------------------------------------

TEST_CASE("a request for documents asks for something, and leaves time", "[R441-2-15-I-4a]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto bailleur = w.on(2026y / 2 / 1).bailleur();
  documents_requested asked;
  asked.due = 2026y / 2 / 1;
  CHECK(bailleur.asks(d, asked) == refusal_code::missing_field);
  asked.pieces = {piece_type::tax_notice};
  CHECK(bailleur.asks(d, asked));
  asked.due = 2026y / 1 / 31;
  CHECK(bailleur.asks(d, asked) == refusal_code::bad_date);
}

TEST_CASE("a piece outside of the closed list is a motive that the text does not know", "[R441-2-15-I-4a]") {
  CHECK_FALSE(enum_from<piece_type>("bank_statement"));
  CHECK(unknown_name(piece_type{}).code == refusal_code::bad_motive);
}

TEST_CASE("the list of events is open, to who has a quality and gives it a name", "[R441-2-15-I-4-0]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto today = w.on(2026y / 2 / 1);
  CHECK(today.bailleur().asks(d, processing_event{"Enquête sociale", ""}));
  CHECK(today.bailleur().asks(d, processing_event{}) == refusal_code::missing_field);
  CHECK(today.stranger().asks(d, processing_event{"Enquête sociale", ""}) == refusal_code::not_originator);
  CHECK(today.by(people().reception_place).asks(d, processing_event{"Enquête sociale", ""}) ==
        refusal_code::not_originator);
}

TEST_CASE("the demandeur opens his file to a reception place for a month at most", "[R441-2-15-V-3]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto opens_until = [&](civil_date last_day) {
    return w.on(2026y / 1 / 31).demandeur(d).asks(d, consultation_authorised{{}, last_day});
  };
  CHECK(opens_until(2026y / 1 / 30) == refusal_code::bad_date);
  CHECK(opens_until(2026y / 1 / 31));
  CHECK(opens_until(2026y / 2 / 28));
  CHECK(opens_until(2026y / 3 / 1) == refusal_code::bad_date);
  CHECK(w.on(2026y / 1 / 31).bailleur().asks(d, consultation_authorised{{}, 2026y / 1 / 31}) ==
        refusal_code::not_originator);
}

TEST_CASE("sixteen codes may be valid at a time, and others follow once they have lapsed", "[R441-2-15-V-3]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto authorises = [&](civil_date day, civil_date last_day) {
    return w.on(day).demandeur(d).asks(d, consultation_authorised{{}, last_day});
  };
  for (unsigned n = 0; n < 16; ++n)
    REQUIRE(authorises(2026y / 2 / 1, 2026y / 2 / 10));
  CHECK(authorises(2026y / 2 / 1, 2026y / 2 / 10) == refusal_code::too_large);
  CHECK(authorises(2026y / 2 / 10, 2026y / 2 / 20) == refusal_code::too_large);
  CHECK(authorises(2026y / 2 / 11, 2026y / 2 / 20));
  CHECK(w[d].consultation_codes.size() == 1);
}

TEST_CASE("a dossier never holds more codes than its list may, whatever the date that is claimed", "[R441-2-15-V-3]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  for (unsigned n = 0; n < 16; ++n)
    REQUIRE(w.on(2026y / 2 / 1).demandeur(d).asks(d, consultation_authorised{{}, 2026y / 2 / 10}));
  auto late = w.on(2026y / 2 / 11).dated(2026y / 2 / 5).desk_for_demandeur();
  CHECK(late.asks(d, consultation_authorised{{}, 2026y / 2 / 20}));
  CHECK(w[d].consultation_codes.size() <= 16);
}

TEST_CASE("a dossier with more entries than any life has takes no more chatter, and still every act that moves it on",
          "[R441-2-15-I-4-0][R441-2-7]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  processing_event followed{"Suivi", ""};
  record happened;
  happened.event = followed;
  while (w[d].entry_count.value + 1 < entries_of_a_dossier_most)
    w.apply(subject_of(d), happened);
  auto bailleur = w.on(2026y / 11 / 10).bailleur();
  CHECK(bailleur.asks(d, followed));
  CHECK(bailleur.asks(d, followed) == refusal_code::too_large);
  CHECK(w.on(2026y / 11 / 10).demandeur(d).changes(d, "contact.phone", "", "0100000000") == refusal_code::too_large);
  REQUIRE(w.on(2026y / 11 / 10).gestionnaire().asks(d, renewal_notice_sent{{notice_channel::post}}));
  CHECK(w.on(2027y / 1 / 12).lets_terms_pass() == 1);
  CHECK(w[d].status == demande_status::expired);
}
