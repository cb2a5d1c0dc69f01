// SM-2: whether a territory has its dispositif.

#include "prefecture.hpp"

using namespace toit::law;
using namespace toit::law::testing;

namespace {

using enum dispositif_state;

constexpr existence just(dispositif_state state, std::optional<service_form> form = {}) { return {state, form}; }

adhesion_decided joining(joinable what = joinable::systeme_particulier,
                         dispositif_level level = dispositif_level::region) {
  return {what, level, cast().prefecture, "Délibération fictive"};
}

} // namespace

TEST_CASE("whether a territory is concerned is noted with its source, and never inferred", "[L441-2-7-1-1a]") {
  prefecture p;
  CHECK(p.stands() == just(unknown));
  p.notes_obligation(concern::yes);
  CHECK(p.stands() == just(obligated));
  p.notes_obligation(concern::no);
  CHECK(p.stands() == just(absence));
  p.notes_obligation(concern::unknown);
  CHECK(p.stands() == just(unknown));
  obligation_noted noted{cast().epci, concern::yes, {}, {}, {}};
  CHECK(refused(p.prefect(noted)) == refusal_code::missing_field);
  noted.source = "Liste fictive";
  noted.due_on = 2026y / 2 / 30;
  CHECK(refused(p.prefect(noted)) == refusal_code::bad_date);
}

TEST_CASE("an EPCI concerned sets a dispositif up, and puts it in service once it conforms",
          "[L441-2-7-1-1a][L441-2-7-2-2]") {
  prefecture p;
  p.sets_cahier(1);
  p.notes_obligation();
  CHECK(refused(p.epci(p.service())) == refusal_code::bad_order);
  CHECK(refused(p.epci(dispositif_begun{})) == refusal_code::missing_field);
  REQUIRE(p.epci(dispositif_begun{"Délibération fictive"}));
  CHECK(p.stands() == just(own_building));
  CHECK(refused(p.epci(dispositif_begun{"Délibération fictive"})) == refusal_code::bad_order);
  auto one_short = p.service();
  one_short.findings[1].items[1].finding = finding::not_met;
  auto short_of_one = p.epci(one_short);
  CHECK(refused(short_of_one) == refusal_code::not_conform);
  CHECK(short_of_one.error().path == "1.2");
  auto without_cahier = p.service();
  without_cahier.findings.pop_back();
  CHECK(refused(p.epci(without_cahier)) == refusal_code::not_conform);
  REQUIRE(p.epci(p.service()));
  CHECK(p.stands() == just(in_service, service_form::own));
  CHECK(refused(p.epci(p.service())) == refusal_code::duplicate);
}

TEST_CASE("who has no quality for it sets no dispositif up", "[L441-2-7-1-1a]") {
  prefecture p;
  p.notes_obligation();
  CHECK(refused(p.there(cast().bailleur, quality::bailleur, dispositif_begun{"Délibération fictive"})) ==
        refusal_code::not_empowered);
  p.notes_obligation(concern::no);
  CHECK(refused(p.epci(dispositif_begun{"Délibération fictive"})) == refusal_code::not_concerned);
  CHECK(refused(p.epci(joining())) == refusal_code::not_concerned);
  auto asked = prefecture::asking({}, dispositif_begun{"Délibération fictive"}, p.today);
  REQUIRE(asked.originator.is_demandeur());
  CHECK(refused(decide(p.territory, {}, asked, p.known())) == refusal_code::not_originator);
}

TEST_CASE("in Île-de-France nothing is put in service without a cahier des charges in force", "[L441-2-7-2-2]") {
  prefecture p;
  p.notes_obligation();
  REQUIRE(p.epci(dispositif_begun{"Délibération fictive"}));
  CHECK(refused(p.epci(p.service())) == refusal_code::not_conform);
  p.ile_de_france = false;
  CHECK(p.epci(p.service()));
}

TEST_CASE("a new cahier des charges makes a dispositif look at itself again", "[L441-2-7-2-2]") {
  prefecture p;
  p.sets_cahier(1);
  p.notes_obligation();
  p.serves();
  p.on(2026y / 6 / 1).sets_cahier(2);
  CHECK(p.stands() == just(non_conforming, service_form::own));
  REQUIRE(p.epci(p.service()));
  CHECK(p.stands() == just(in_service, service_form::own));
}

TEST_CASE("what the prefect finds prevails over what was declared, until it is cured", "[L441-2-7-4-3]") {
  prefecture p;
  p.sets_cahier(1);
  p.notes_obligation();
  p.serves();
  conformity_found found{cast().epci, p.service().findings};
  found.findings[0].items[2].finding = finding::not_met;
  found.findings[0].items[2].ground = {};
  CHECK(refused(p.on(2026y / 5 / 1).prefect(found)) == refusal_code::missing_field);
  found.findings[0].items[2].ground = "Aucun échange depuis mars";
  REQUIRE(p.prefect(found));
  CHECK(p.stands() == just(non_conforming, service_form::own));
  CHECK(refused(p.prefect(conformity_found{cast().epci, {}})) == refusal_code::missing_field);
  REQUIRE(p.on(2026y / 5 / 2).epci(p.service()));
  CHECK(p.stands() == just(in_service, service_form::own));
}

TEST_CASE("what the prefect has not looked at stays as it was declared", "[L441-2-7-4-3]") {
  prefecture p;
  p.sets_cahier(1);
  p.notes_obligation();
  p.serves();
  conformity_found one{cast().epci, {findings_of(national_checklist())}};
  one.findings[0].items.resize(1);
  REQUIRE(p.on(2026y / 4 / 1).prefect(one));
  CHECK(p.stands() == just(in_service, service_form::own));
  one.findings[0].items[0].finding = finding::unknown;
  REQUIRE(p.on(2026y / 4 / 2).prefect(one));
  CHECK(p.stands() == just(non_conforming, service_form::own));
  one.findings[0].checklist = "autre";
  CHECK(refused(p.prefect(one)) == refusal_code::malformed);
}

TEST_CASE("an EPCI joins what its prefect has examined and found to conform, and nothing else",
          "[L441-2-7-2-1][R441-2-15-IV]") {
  prefecture p;
  p.sets_cahier(1);
  p.notes_obligation();
  CHECK(refused(p.epci(joining())) == refusal_code::not_conform);
  auto one_short = p.examined();
  one_short.findings[1].items[0].finding = finding::not_met;
  REQUIRE(p.prefect(one_short));
  CHECK(refused(p.epci(joining())) == refusal_code::not_conform);
  REQUIRE(p.prefect(p.examined()));
  CHECK(refused(p.epci(joining(joinable::sne_module, dispositif_level::national))) == refusal_code::not_conform);
  CHECK(refused(p.epci(joining(joinable::systeme_particulier, dispositif_level::departement))) ==
        refusal_code::not_conform);
  auto unfounded = joining();
  unfounded.source = {};
  CHECK(refused(p.epci(unfounded)) == refusal_code::missing_field);
  REQUIRE(p.epci(joining()));
  CHECK(p.territory.adhesion()->level == dispositif_level::region);
  CHECK(refused(p.epci(joining())) == refusal_code::bad_order);
  CHECK(refused(p.epci(p.service())) == refusal_code::bad_order);
  CHECK(refused(p.epci(adhesion_left{})) == refusal_code::missing_field);
  CHECK(refused(p.there(cast().bailleur, quality::gestionnaire, adhesion_left{"Délibération fictive"})) ==
        refusal_code::not_empowered);
  CHECK(refused(p.on(2026y / 3 / 1).epci(adhesion_left{"Délibération fictive"})) == refusal_code::bad_date);
  REQUIRE(p.on(2026y / 3 / 2).epci(adhesion_left{"Délibération fictive"}));
  CHECK(p.stands() == just(obligated));
  CHECK(refused(p.epci(adhesion_left{"Délibération fictive"})) == refusal_code::bad_order);
}

TEST_CASE("what may be joined is the SNE's module, or a designated système particulier", "[R441-2-15-IV]") {
  prefecture p;
  p.sets_cahier(1);
  auto with = [&](auto change) {
    auto e = p.examined();
    change(e);
    return refused(p.prefect(e));
  };
  CHECK(with([](auto& e) { e.level = dispositif_level::national; }) == refusal_code::not_conform);
  CHECK(with([](auto& e) { e.joined = joinable::sne_module; }) == refusal_code::not_conform);
  CHECK(with([](auto& e) { e.source = {}; }) == refusal_code::missing_field);
  CHECK(with([](auto& e) { e.findings.clear(); }) == refusal_code::missing_field);
  CHECK(with([](auto& e) { e.findings[0].version = 9; }) == refusal_code::malformed);
  auto national = p.examined();
  national.joined = joinable::sne_module;
  national.level = dispositif_level::national;
  national.source = {};
  CHECK(p.prefect(national));
}

TEST_CASE("who has joined a dispositif that conforms is deemed to have met the obligation", "[L441-2-7-2-1]") {
  prefecture p;
  p.sets_cahier(1);
  p.notes_obligation();
  REQUIRE(p.prefect(p.examined()));
  REQUIRE(p.epci(joining()));
  CHECK(p.stands() == just(in_service, service_form::adhered));
  CHECK(refused(p.prefect(p.carence())) == refusal_code::bad_order);
  p.on(2026y / 6 / 1).sets_cahier(2);
  CHECK(p.stands() == just(non_conforming, service_form::adhered));
  REQUIRE(p.prefect(p.examined()));
  CHECK(p.stands() == just(in_service, service_form::adhered));
}

TEST_CASE("what one has joined stays examined when another dispositif of the same operator is", "[R441-2-15-IV]") {
  prefecture p;
  p.sets_cahier(1);
  p.notes_obligation();
  REQUIRE(p.prefect(p.examined()));
  REQUIRE(p.epci(joining()));
  auto of_departement = p.examined();
  of_departement.level = dispositif_level::departement;
  of_departement.findings[0].items[0].finding = finding::not_met;
  REQUIRE(p.prefect(of_departement));
  CHECK(p.stands() == just(in_service, service_form::adhered));
  auto again = p.examined();
  again.findings[0].items[0].finding = finding::not_met;
  REQUIRE(p.prefect(again));
  CHECK(p.stands() == just(non_conforming, service_form::adhered));
}

TEST_CASE("who leaves what it had joined begins again, whatever it had before", "[L441-2-7-2-1]") {
  prefecture p;
  p.sets_cahier(1);
  p.notes_obligation();
  p.serves();
  REQUIRE(p.prefect(p.examined()));
  REQUIRE(p.on(2026y / 4 / 1).epci(joining()));
  CHECK(p.stands() == just(in_service, service_form::adhered));
  REQUIRE(p.on(2026y / 6 / 1).epci(adhesion_left{"Délibération fictive"}));
  CHECK(p.stands() == just(obligated));
}

TEST_CASE("a carence that is over does not come back by itself", "[L441-2-7-4-1]") {
  prefecture p;
  p.sets_cahier(1);
  p.notes_obligation();
  SECTION("after an adhesion that has ended") {
    REQUIRE(p.prefect(p.examined()));
    REQUIRE(p.prefect(p.carence()));
    REQUIRE(p.on(2026y / 4 / 1).epci(joining()));
    REQUIRE(p.on(2026y / 6 / 1).epci(adhesion_left{"Délibération fictive"}));
    CHECK(p.stands() == just(obligated));
    CHECK(refused(p.prefect(p.substitution())) == refusal_code::bad_order);
    CHECK(p.prefect(p.carence()));
  }
  SECTION("after all points were found to be met") {
    p.serves();
    conformity_found found{cast().epci, {findings_of(national_checklist())}};
    found.findings[0].items.resize(1);
    found.findings[0].items[0].finding = finding::not_met;
    REQUIRE(p.on(2026y / 5 / 1).prefect(found));
    REQUIRE(p.on(2026y / 5 / 10).prefect(p.carence()));
    CHECK(p.stands() == just(carence, service_form::own));
    found.findings[0].items[0].finding = finding::met;
    REQUIRE(p.on(2026y / 6 / 1).prefect(found));
    CHECK(p.stands() == just(in_service, service_form::own));
    p.on(2026y / 9 / 1).sets_cahier(2);
    CHECK(p.stands() == just(non_conforming, service_form::own));
  }
}

TEST_CASE("a carence that is over since what was joined conforms again does not come back by itself",
          "[L441-2-7-2-1][L441-2-7-4-1]") {
  prefecture p;
  p.sets_cahier(1);
  p.notes_obligation();
  REQUIRE(p.prefect(p.examined()));
  REQUIRE(p.epci(joining()));
  auto one_short = p.examined();
  one_short.findings[0].items[0].finding = finding::not_met;
  REQUIRE(p.on(2026y / 5 / 1).prefect(one_short));
  REQUIRE(p.on(2026y / 5 / 10).prefect(p.carence()));
  CHECK(p.stands() == just(carence, service_form::adhered));
  REQUIRE(p.on(2026y / 6 / 1).prefect(p.examined()));
  CHECK(p.stands() == just(in_service, service_form::adhered));
  p.on(2026y / 9 / 1);
  SECTION("when a new cahier des charges asks for more") {
    p.sets_cahier(2);
    CHECK(p.stands() == just(non_conforming, service_form::adhered));
  }
  SECTION("when a point is no longer met") {
    REQUIRE(p.prefect(one_short));
    CHECK(p.stands() == just(non_conforming, service_form::adhered));
  }
  SECTION("when it is left") {
    REQUIRE(p.epci(adhesion_left{"Délibération fictive"}));
    CHECK(p.stands() == just(obligated));
  }
  CHECK(refused(p.prefect(p.substitution())) == refusal_code::bad_order);
  CHECK(p.prefect(p.carence()));
  CHECK(p.prefect(p.substitution()));
}

TEST_CASE("a carence found while a conforming dispositif served, unknown to the prefect, is over for good",
          "[L441-2-7-4-1]") {
  prefecture p;
  p.sets_cahier(1);
  p.notes_obligation();
  REQUIRE(p.prefect(p.examined()));
  REQUIRE(p.on(2026y / 4 / 10).prefect(p.carence()));
  // What comes late says what already was.
  SECTION("one of its own") {
    p.on(2026y / 4 / 5).writes_there(p.service());
    CHECK(p.on(2026y / 4 / 11).stands() == just(in_service, service_form::own));
    p.on(2026y / 9 / 1).sets_cahier(2);
    CHECK(p.stands() == just(non_conforming, service_form::own));
  }
  SECTION("one that it had joined, and left on the day after") {
    p.on(2026y / 4 / 5).writes_there(joining());
    CHECK(p.on(2026y / 4 / 11).stands() == just(in_service, service_form::adhered));
    p.writes_there(adhesion_left{"Délibération fictive"});
    CHECK(p.stands() == just(obligated));
  }
  CHECK(refused(p.prefect(p.substitution())) == refusal_code::bad_order);
  CHECK(p.prefect(p.carence()));
  CHECK(p.prefect(p.substitution()));
}

TEST_CASE("a carence that ended on the first day of a cahier des charges, already met, is over for good",
          "[L441-2-7-2-2][L441-2-7-4-1]") {
  prefecture p;
  p.sets_cahier(1);
  p.notes_obligation();
  p.serves();
  conformity_found one_short{cast().epci, p.service().findings};
  one_short.findings[1].items[0].finding = finding::not_met;
  REQUIRE(p.on(2026y / 4 / 1).prefect(one_short));
  REQUIRE(p.on(2026y / 4 / 10).prefect(p.carence()));
  const auto second = cahier(2, 2026y / 5 / 1);
  REQUIRE(p.prefect(specification_set{second, p.today, "Arrêté fictif"}));
  REQUIRE(p.on(2026y / 4 / 20).prefect(conformity_found{cast().epci, {findings_of(second)}}));
  CHECK(p.stands() == just(carence, service_form::own));
  CHECK(p.on(2026y / 5 / 1).stands() == just(in_service, service_form::own));
  p.on(2026y / 9 / 1).sets_cahier(3);
  CHECK(p.stands() == just(non_conforming, service_form::own));
  CHECK(refused(p.prefect(p.substitution())) == refusal_code::bad_order);
}

TEST_CASE("a carence stands where what had served was left by that day, or did not conform on it", "[L441-2-7-4-1]") {
  prefecture p;
  p.sets_cahier(1);
  p.notes_obligation();
  SECTION("left on that very day") {
    REQUIRE(p.prefect(p.examined()));
    REQUIRE(p.on(2026y / 4 / 10).prefect(p.carence()));
    p.on(2026y / 4 / 5).writes_there(joining());
    p.on(2026y / 4 / 10).writes_there(adhesion_left{"Délibération fictive"});
    CHECK(p.stands() == just(carence));
  }
  SECTION("short of a point") {
    REQUIRE(p.on(2026y / 4 / 10).prefect(p.carence()));
    auto one_short = p.service();
    one_short.findings[0].items[0].finding = finding::not_met;
    p.on(2026y / 4 / 5).writes_there(one_short);
    CHECK(p.on(2026y / 4 / 11).stands() == just(carence, service_form::own));
  }
  CHECK(p.prefect(p.substitution()));
}

TEST_CASE("what does not conform on the day it begins to serve ends no carence", "[L441-2-7-2-2][L441-2-7-4-1]") {
  prefecture p;
  p.sets_cahier(1);
  p.notes_obligation();
  const auto of_the_first = p.service();
  REQUIRE(p.prefect(p.examined()));
  p.on(2026y / 4 / 1).sets_cahier(2);
  REQUIRE(p.on(2026y / 4 / 10).prefect(p.carence()));
  p.on(2026y / 4 / 12);
  // Whoever is cut off declares and joins under what it knows.
  SECTION("declared under a cahier des charges out of date") {
    p.writes_there(of_the_first);
    CHECK(p.stands() == just(carence, service_form::own));
    CHECK(p.prefect(p.substitution()));
  }
  SECTION("joined, although it was found wanting") {
    p.writes_there(joining());
    CHECK(p.stands() == just(carence, service_form::adhered));
    CHECK(p.prefect(p.substitution()));
  }
  SECTION("nor does it bring one back that had ended") {
    p.writes_there(p.service());
    CHECK(p.stands() == just(in_service, service_form::own));
    p.on(2026y / 5 / 1).writes_there(of_the_first);
    CHECK(p.stands() == just(non_conforming, service_form::own));
    CHECK(refused(p.prefect(p.substitution())) == refusal_code::bad_order);
  }
}

TEST_CASE("where no EPCI owes a dispositif none of what was begun makes it owe one", "[L441-2-7-4-4]") {
  prefecture p;
  p.sets_cahier(1);
  p.notes_obligation();
  REQUIRE(p.epci(dispositif_begun{"Délibération fictive"}));
  REQUIRE(p.prefect(p.carence()));
  p.notes_obligation(concern::no);
  CHECK(p.stands() == just(absence));
  CHECK(refused(p.prefect(p.substitution())) == refusal_code::bad_order);
  CHECK(p.prefect(p.substitution(substitution_ground::absence)));
}

TEST_CASE("of a territory whose journal has not come nothing is said to be missing", "[L441-2-7-4-1]") {
  prefecture p;
  p.notes_obligation();
  p.heard = false;
  CHECK(p.stands() == just(unknown));
  CHECK(refused(p.prefect(p.carence())) == refusal_code::bad_order);
  p.heard = true;
  CHECK(p.prefect(p.carence()));
}

TEST_CASE("the carence of a territory whose node never spoke is found in so many words, and of no other",
          "[L441-2-7-4-1]") {
  prefecture p;
  p.notes_obligation(concern::yes, 2026y / 3 / 31);
  auto in_so_many_words = p.carence();
  in_so_many_words.nothing_heard = true;
  p.on(2026y / 4 / 1);
  CHECK(refused(p.prefect(in_so_many_words)) == refusal_code::bad_order);
  p.heard = false;
  CHECK(refused(p.prefect(p.carence())) == refusal_code::bad_order);
  CHECK(refused(p.on(2026y / 3 / 31).prefect(in_so_many_words)) == refusal_code::too_early);
  p.on(2026y / 4 / 1);
  CHECK(refused(p.prefect(p.substitution())) == refusal_code::bad_order);
  REQUIRE(p.prefect(in_so_many_words));
  CHECK(p.stands() == just(carence));
  CHECK(refused(p.prefect(in_so_many_words)) == refusal_code::duplicate);
  SECTION("and the prefect may step in") {
    p.substitutes();
    CHECK(p.on(2026y / 4 / 2).stands() == just(in_service, service_form::by_prefect));
  }
  SECTION("and what is heard at last is looked at as ever") {
    p.heard = true;
    CHECK(p.stands() == just(carence));
    p.ile_de_france = false;
    p.serves();
    CHECK(p.stands() == just(in_service, service_form::own));
  }
}

TEST_CASE("nothing is dated before what it rests on", "[L441-2-7-4-1]") {
  prefecture p;
  p.sets_cahier(1);
  p.notes_obligation();
  REQUIRE(p.on(2026y / 3 / 5).epci(dispositif_begun{"Délibération fictive"}));
  CHECK(refused(p.on(2026y / 3 / 4).epci(p.service())) == refusal_code::bad_date);
  REQUIRE(p.on(2026y / 3 / 10).prefect(p.carence()));
  auto earlier = p.on(2026y / 3 / 9).substitution();
  CHECK(refused(p.prefect(earlier)) == refusal_code::bad_date);
  REQUIRE(p.on(2026y / 3 / 12).epci(p.service()));
  CHECK(refused(p.on(2026y / 3 / 11).epci(p.service())) == refusal_code::bad_date);
}

TEST_CASE("a carence is the prefect's to find, where something is owed and missing", "[L441-2-7-4-1]") {
  prefecture p;
  p.sets_cahier(1);
  CHECK(refused(p.prefect(p.carence())) == refusal_code::bad_order);
  p.notes_obligation(concern::no);
  CHECK(refused(p.prefect(p.carence())) == refusal_code::not_concerned);
  p.notes_obligation(concern::yes, 2026y / 6 / 30);
  auto early = p.on(2026y / 6 / 30).prefect(p.carence());
  CHECK(refused(early) == refusal_code::too_early);
  CHECK(early.error().possible_from == 2026y / 7 / 1);
  p.on(2026y / 7 / 1);
  auto with = [&](auto change) {
    auto found = p.carence();
    change(found);
    return refused(p.prefect(found));
  };
  CHECK(with([](auto& e) { e.evidence = {}; }) == refusal_code::missing_field);
  CHECK(with([](auto& e) { e.grounds = {}; }) == refusal_code::missing_field);
  CHECK(with([](auto& e) { e.whose = carence_of::partners; }) == refusal_code::malformed);
  CHECK(with([](auto& e) { e.partners.push_back(cast().bailleur); }) == refusal_code::malformed);
  p.competent = false;
  CHECK(refused(p.prefect(p.carence())) == refusal_code::wrong_prefect);
  p.competent = true;
  REQUIRE(p.prefect(p.carence()));
  CHECK(p.stands() == just(carence));
  CHECK(refused(p.prefect(p.carence())) == refusal_code::duplicate);
}

TEST_CASE("a carence is found while a dispositif is only being set up, and ends when it serves", "[L441-2-7-4-1]") {
  prefecture p;
  p.sets_cahier(1);
  p.notes_obligation();
  REQUIRE(p.epci(dispositif_begun{"Délibération fictive"}));
  REQUIRE(p.prefect(p.carence()));
  CHECK(p.stands() == just(carence));
  REQUIRE(p.on(2026y / 4 / 1).epci(p.service()));
  CHECK(p.stands() == just(in_service, service_form::own));
  CHECK(refused(p.prefect(p.substitution())) == refusal_code::bad_order);
}

TEST_CASE("the carence of partners may be found although a dispositif is in service", "[L441-2-7-4-3]") {
  prefecture p;
  p.sets_cahier(1);
  p.notes_obligation();
  p.serves();
  CHECK(refused(p.prefect(p.carence(carence_of::partners))) == refusal_code::bad_order);
  conformity_found found{cast().epci, {findings_of(national_checklist()), findings_of(cahier(1, p.today))}};
  found.findings[0].items[0].finding = finding::not_met;
  REQUIRE(p.on(2026y / 5 / 1).prefect(found));
  REQUIRE(p.prefect(p.carence(carence_of::partners)));
  CHECK(p.stands() == just(carence, service_form::own));
  CHECK(p.prefect(p.substitution()));
}

TEST_CASE("the prefect substitutes himself upon carence or absence, and only then", "[L441-2-7-4-1][L441-2-7-4-4]") {
  prefecture p;
  p.sets_cahier(1);
  p.notes_obligation();
  CHECK(refused(p.prefect(p.substitution())) == refusal_code::bad_order);
  CHECK(refused(p.prefect(p.substitution(substitution_ground::absence))) == refusal_code::bad_order);
  REQUIRE(p.prefect(p.carence()));
  CHECK(refused(p.prefect(p.substitution(substitution_ground::absence))) == refusal_code::bad_order);
  p.competent = false;
  CHECK(refused(p.prefect(p.substitution())) == refusal_code::wrong_prefect);
  p.competent = true;
  auto unsigned_act = p.substitution();
  unsigned_act.act.signatory = {};
  CHECK(refused(p.prefect(unsigned_act)) == refusal_code::missing_field);
  p.substitutes();
  CHECK(p.stands() == just(carence));
  CHECK(p.on(2026y / 3 / 3).stands() == just(in_service, service_form::by_prefect));
}

TEST_CASE("without an EPCI concerned the prefect needs no carence, and notifies nobody in its place",
          "[L441-2-7-4-4]") {
  prefecture p;
  p.notes_obligation(concern::no);
  CHECK(refused(p.prefect(p.substitution())) == refusal_code::bad_order);
  auto ordered = p.prefect(p.substitution(substitution_ground::absence));
  REQUIRE(ordered);
  auto id = std::get<substitution_ordered>(ordered->entries.front().event).act.id;
  REQUIRE(p.prefect(act_published{id, "Recueil fictif n° 1"}));
  CHECK(p.on(2026y / 3 / 3).stands() == just(in_service, service_form::by_prefect));
  // The EPCI becomes concerned: what runs goes on.
  p.notes_obligation(concern::yes);
  CHECK(p.stands() == just(in_service, service_form::by_prefect));
}

TEST_CASE("an EPCI that becomes concerned owes a dispositif where no arrêté has instituted one",
          "[L441-2-7-1-1a][L441-2-7-4-4]") {
  prefecture p;
  p.notes_obligation(concern::no);
  CHECK(p.stands() == just(absence));
  p.on(2026y / 4 / 1).notes_obligation(concern::yes);
  CHECK(p.stands() == just(obligated));
  CHECK(refused(p.prefect(p.substitution(substitution_ground::absence))) == refusal_code::bad_order);
  CHECK(p.epci(dispositif_begun{"Délibération fictive"}));
}

TEST_CASE("what the EPCI sets up or joins while the prefect stands in its place serves once his arrêté has ended",
          "[L441-2-7-2-1][L441-2-7-4-1]") {
  prefecture p;
  p.sets_cahier(1);
  p.notes_obligation();
  REQUIRE(p.prefect(p.carence()));
  auto id = p.substitutes();
  p.on(2026y / 4 / 1);
  REQUIRE(p.stands() == just(in_service, service_form::by_prefect));
  auto form = service_form::own;
  SECTION("its own") { p.serves(); }
  SECTION("another one") {
    form = service_form::adhered;
    REQUIRE(p.prefect(p.examined()));
    REQUIRE(p.epci(joining()));
  }
  CHECK(p.stands() == just(in_service, service_form::by_prefect));
  REQUIRE(p.on(2026y / 5 / 1).prefect(act_ended{id, act_end::repealed, "Arrêté fictif"}));
  CHECK(p.stands() == just(in_service, form));
}

TEST_CASE("communes are named where no EPCI is, once, and must be where there is none", "[L441-2-7-4-4]") {
  prefecture p;
  auto yeu = *commune_code::parse("85113");
  obligation_noted noted{cast().epci, concern::no, {yeu}, {}, "Liste fictive"};
  p.communes_of_epci.push_back(yeu);
  CHECK(refused(p.prefect(noted)) == refusal_code::bad_order);
  p.communes_of_epci.clear();
  auto without = noted;
  without.communes.clear();
  p.listed = false;
  REQUIRE(p.prefect(without));
  CHECK(refused(p.prefect(p.substitution(substitution_ground::absence))) == refusal_code::missing_field);
  REQUIRE(p.prefect(noted));
  CHECK(p.prefect(p.substitution(substitution_ground::absence)));
  noted.territory = cast().bailleur;
  CHECK(refused(p.prefect(noted)) == refusal_code::bad_order);
  noted.concern = concern::yes;
  CHECK(refused(p.prefect(noted)) == refusal_code::malformed);
}

TEST_CASE("an act's life is told where it was recorded, whoever has become competent since", "[L441-2-7-4-1]") {
  prefecture p;
  p.sets_cahier(1);
  p.notes_obligation();
  REQUIRE(p.prefect(p.carence()));
  auto id = p.substitutes();
  p.competent = false;
  CHECK(p.on(2026y / 4 / 1).prefect(act_suspended{id, "Ordonnance fictive"}));
  CHECK(refused(p.prefect(p.carence())) == refusal_code::wrong_prefect);
}

TEST_CASE("one arrêté at a time institutes a territory's dispositif", "[L441-2-7-4-1]") {
  prefecture p;
  p.sets_cahier(1);
  p.notes_obligation();
  REQUIRE(p.prefect(p.carence()));
  auto id = p.substitutes();
  CHECK(refused(p.prefect(p.substitution())) == refusal_code::bad_order);
  p.on(2026y / 4 / 1);
  CHECK(refused(p.prefect(p.substitution())) == refusal_code::bad_order);
  REQUIRE(p.prefect(act_suspended{id, "Ordonnance fictive"}));
  CHECK(p.stands() == just(carence));
  CHECK(refused(p.prefect(p.substitution())) == refusal_code::bad_order);
  REQUIRE(p.on(2026y / 5 / 1).prefect(act_ended{id, act_end::annulled, "Jugement fictif"}));
  CHECK(p.stands() == just(carence));
  p.substitutes();
  CHECK(p.on(2026y / 5 / 2).stands() == just(in_service, service_form::by_prefect));
}

TEST_CASE("the arrêté of an authority that was competent before bars another one until it ends", "[L441-2-7-4-1]") {
  prefecture p;
  p.sets_cahier(1);
  p.notes_obligation();
  p.elsewhere = act_standing::in_force;
  CHECK(p.stands() == just(in_service, service_form::by_prefect));
  CHECK(p.evidence().file.stands == p.stands());
  CHECK(refused(p.prefect(p.carence())) == refusal_code::bad_order);
  for (auto standing : {act_standing::in_force, act_standing::not_yet, act_standing::suspended}) {
    p.elsewhere = standing;
    auto second = p.prefect(p.substitution());
    CHECK(refused(second) == refusal_code::bad_order);
    CHECK(second.error().article == "L441-2-7-4-1");
    CHECK(second.error().because.starts_with("L'arrêté d'un représentant de l'État qui était compétent auparavant"));
  }
  // Suspended, it institutes nothing; and stands in the way all the same.
  CHECK(p.stands() == just(obligated));
  REQUIRE(p.prefect(p.carence()));
  CHECK(refused(p.prefect(p.substitution())) == refusal_code::bad_order);
  p.elsewhere = act_standing::repealed;
  p.substitutes();
  CHECK(p.on(2026y / 3 / 3).stands() == just(in_service, service_form::by_prefect));
}

TEST_CASE("what the prefect may do is told with what is missing before he may", "[L441-2-7-4-1]") {
  prefecture p;
  p.sets_cahier(1);
  p.notes_obligation(concern::yes, 2026y / 3 / 31);
  auto codes = [&] {
    std::vector<std::optional<refusal_code>> all;
    auto existing = p.state.existing(cast().epci, &p.territory, true, p.today);
    existing.substitution_elsewhere = p.elsewhere;
    for (const auto& power : powers_over(p.state, cast().epci, existing, p.today))
      all.push_back(power.barred_by ? std::optional{power.barred_by->code} : std::nullopt);
    return all;
  };
  using enum refusal_code;
  using told = std::vector<std::optional<refusal_code>>;
  CHECK(codes() == told{too_early, bad_order, bad_order});
  p.on(2026y / 4 / 1);
  CHECK(codes() == told{std::nullopt, bad_order, bad_order});
  REQUIRE(p.prefect(p.carence()));
  CHECK(codes() == told{duplicate, std::nullopt, bad_order});
  p.elsewhere = act_standing::in_force;
  CHECK(codes() == told{bad_order, bad_order, bad_order});
}
