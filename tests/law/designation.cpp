#include "territory.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit::law;
using namespace toit::law::testing;
using namespace std::chrono_literals;

// -- dwellings and vacancies ----------------------------------------------------------------------------------------

TEST_CASE("a dwelling lies in the territory and is registered once", "[R441-2-15-I-4b]") {
  world w;
  auto bailleur = w.on(2026y / 1 / 10).bailleur();
  CHECK(bailleur.registers_dwelling("93A0000001", saint_denis));
  CHECK(bailleur.registers_dwelling("93A0000001", saint_denis) == refusal_code::duplicate);
  CHECK(bailleur.registers_dwelling("93A0000002", paris) == refusal_code::out_of_scope);
  CHECK(bailleur.registers_dwelling("93A0000003", nowhere) == refusal_code::unknown_territory);
  CHECK(w.on(2026y / 1 / 10).town().registers_dwelling("93A0000004", saint_denis) == refusal_code::not_originator);
}

TEST_CASE("a dwelling is to let once at a time, by its bailleur", "[R441-2-15-I-4b]") {
  world w;
  auto home = w.new_dwelling(2026y / 1 / 10);
  auto today = w.on(2026y / 1 / 11);
  CHECK(today.bailleur().opens(id_of<dwelling_id>(w.fresh_id())) == refusal_code::unknown_subject);
  CHECK(today.other_bailleur().opens(home) == refusal_code::not_originator);
  auto v = today.bailleur().opens(home);
  REQUIRE(v);
  CHECK(today.bailleur().opens(home) == refusal_code::duplicate);
  CHECK(today.other_bailleur().withdraws(v.id<vacancy_id>()) == refusal_code::not_originator);
  CHECK(today.bailleur().withdraws(v.id<vacancy_id>()));
  CHECK(today.bailleur().withdraws(v.id<vacancy_id>()) == refusal_code::bad_order);
  CHECK(today.bailleur().withdraws(id_of<vacancy_id>(w.fresh_id())) == refusal_code::unknown_subject);
  CHECK(today.bailleur().opens(home));
}

TEST_CASE("a dwelling is reserved under a convention of its bailleur, for its commune, on that day", "[R441-5]") {
  world w;
  auto home = w.new_dwelling(2026y / 1 / 10);
  auto in_epinay = w.new_dwelling(2026y / 1 / 10, epinay);
  auto of_another = w.new_dwelling(2026y / 1 / 10, saint_denis, people().other_bailleur);
  auto today = w.on(2026y / 1 / 11);
  CHECK(today.bailleur().opens(home, id_of<convention_id>(w.fresh_id())) == refusal_code::unknown_subject);
  CHECK(today.other_bailleur().opens(of_another, w.state_convention) == refusal_code::not_party);
  CHECK(today.bailleur().opens(in_epinay, w.town_convention) == refusal_code::not_in_force);
  CHECK(today.bailleur().opens(home, {}, 2026y / 1 / 10) == refusal_code::malformed);
  CHECK(today.bailleur().opens(home, w.town_convention, 2026y / 1 / 12) == refusal_code::bad_date);
  REQUIRE(w.on(2026y / 1 / 11).gestionnaire().ends_convention(w.town_convention, 2026y / 1 / 11));
  CHECK(w.on(2026y / 1 / 12).bailleur().opens(home, w.town_convention) == refusal_code::not_in_force);
  CHECK(today.bailleur().opens(home, w.town_convention, 2026y / 1 / 11));
}

TEST_CASE("a withdrawn dwelling ends the candidacies for it", "[R441-2-15-I-4b]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto v = w.new_vacancy(2026y / 1 / 10);
  auto c = w.attributed(2026y / 1 / 11, v, d);
  REQUIRE(w.on(2026y / 1 / 12).bailleur().withdraws(v));
  CHECK(w[c].closed == closing_reason::dwelling_withdrawn);
  CHECK(w.seen_by_dwelling(c).closed == closing_reason::dwelling_withdrawn);
  CHECK(w.on(2026y / 1 / 13).bailleur().designates(d, v) == refusal_code::bad_order);
}

// -- who designates -------------------------------------------------------------------------------------------------

TEST_CASE("the bailleur designates for what nobody has reserved, and nobody else does", "[R441-2-15-I-4b]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto v = w.new_vacancy(2026y / 1 / 10);
  auto today = w.on(2026y / 1 / 11);
  for (auto other : {people().other_bailleur, people().state, people().town, people().desk, people().mediation,
                     people().gestionnaire})
    CHECK(today.by(other).designates(d, v) == refusal_code::not_originator);
  auto designation = today.bailleur().designates(d, v);
  REQUIRE(designation);
  auto c = designation.id<candidacy_id>();
  CHECK(w[c].designator == people().bailleur);
  CHECK(w[c].contingent == imputation{});
  CHECK(w[c].step == candidacy_step::designated);
  CHECK(w.seen_by_dwelling(c).step == candidacy_step::designated);
}

TEST_CASE("a réservataire designates on his own contingent, and there the bailleur does not", "[R441-2-15-I-4b]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto v = w.reserved_vacancy(2026y / 1 / 10, w.town_convention, 2026y / 1 / 10);
  auto today = w.on(2026y / 1 / 11);
  CHECK(today.bailleur().designates(d, v) == refusal_code::not_originator);
  CHECK(today.state().designates(d, v) == refusal_code::not_originator);
  auto designation = today.town().designates(d, v);
  REQUIRE(designation);
  CHECK(w[designation.id<candidacy_id>()].contingent == imputation{contingent_kind::collectivite, w.town_convention});
}

TEST_CASE("a designation on a contingent that its author does not hold is refused, not rewritten", "[R441-2-15-I-4b]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto v = w.new_vacancy(2026y / 1 / 10);
  designated asked{{}, v, {contingent_kind::collectivite, w.town_convention}, designation_route::alone};
  CHECK(w.on(2026y / 1 / 11).bailleur().asks(d, asked) == refusal_code::not_originator);
}

TEST_CASE("the State designates its own agents where its convention has a part for them", "[R441-5-2]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto of_state = w.reserved_vacancy(2026y / 1 / 10, w.state_convention);
  auto of_town = w.reserved_vacancy(2026y / 1 / 10, w.town_convention);
  auto for_agents = [](vacancy_id v) {
    return designated{{}, v, {contingent_kind::state_agents, {}}, designation_route::alone};
  };
  CHECK(w.on(2026y / 1 / 11).town().asks(d, for_agents(of_town)) == refusal_code::out_of_scope);
  reservation_convention without_agents;
  without_agents.bailleur = people().other_bailleur;
  without_agents.holder = people().state;
  without_agents.contingent = contingent_kind::state_priority;
  without_agents.departement = *departement_code::parse("93");
  without_agents.flow_share = 3000;
  without_agents.from = 2026y / 1 / 1;
  auto convention = w.on(2026y / 1 / 10).gestionnaire().signs_convention(without_agents);
  REQUIRE(convention);
  auto home = w.new_dwelling(2026y / 1 / 10, saint_denis, people().other_bailleur);
  auto for_nobody = w.on(2026y / 1 / 10).other_bailleur().opens(home, convention.id<convention_id>());
  REQUIRE(for_nobody);
  CHECK(w.on(2026y / 1 / 11).state().asks(d, for_agents(for_nobody.id<vacancy_id>())) == refusal_code::out_of_scope);
  auto designation = w.on(2026y / 1 / 11).state().asks(d, for_agents(of_state));
  REQUIRE(designation);
  CHECK(w[designation.id<candidacy_id>()].contingent == imputation{contingent_kind::state_agents, w.state_convention});
}

TEST_CASE("only a State service designates in the name of the préfet", "[R441-2-15-I-4b]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto v = w.reserved_vacancy(2026y / 1 / 10, w.state_convention);
  auto own = w.new_vacancy(2026y / 1 / 10);
  CHECK(w.on(2026y / 1 / 11).bailleur().designates(d, own, designation_route::prefect) == refusal_code::not_empowered);
  CHECK(w.on(2026y / 1 / 11).state().designates(d, v, designation_route::prefect));
}

// -- the réservataire's month, and what he leaves -------------------------------------------------------------------

TEST_CASE("in a tense zone the réservataire proposes within a month of being informed", "[R441-2-15-I-4b]") {
  world w{tense_territory()};
  auto d = w.new_demande(2026y / 1 / 10);
  auto v = w.reserved_vacancy(2026y / 1 / 31, w.town_convention, 2026y / 1 / 31);
  CHECK(w.on(2026y / 2 / 28).bailleur().designates(d, v) == refusal_code::not_originator);
  CHECK(w.on(2026y / 3 / 1).town().designates(d, v) == refusal_code::too_late);
  SECTION("on its last day he still may, even recorded later") {
    CHECK(w.on(2026y / 3 / 5).dated(2026y / 2 / 28).town().designates(d, v));
    CHECK(w.on(2026y / 3 / 5).bailleur().designates(w.new_demande(2026y / 1 / 10), v) == refusal_code::not_originator);
  }
  SECTION("after it the dwelling is the bailleur's") {
    auto designation = w.on(2026y / 3 / 1).bailleur().designates(d, v);
    REQUIRE(designation);
    CHECK(w[designation.id<candidacy_id>()].contingent == imputation{});
  }
}

TEST_CASE("elsewhere the réservataire has no month", "[R441-2-15-I-4b]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto v = w.reserved_vacancy(2026y / 1 / 31, w.town_convention, 2026y / 1 / 31);
  CHECK(w.on(2026y / 6 / 1).town().designates(d, v));
}

TEST_CASE("for a reservation that came to nothing the bailleur designates three candidates", "[R441-2-15-I-4c]") {
  world w{tense_territory()};
  auto v = w.reserved_vacancy(2026y / 1 / 31, w.town_convention, 2026y / 1 / 31);
  for (auto d : {w.new_demande(2026y / 1 / 10), w.new_demande(2026y / 1 / 10), w.new_demande(2026y / 1 / 10)})
    CHECK(w.on(2026y / 3 / 1).bailleur().designates(d, v));
}

TEST_CASE("where every candidate of the réservataire has failed the dwelling is the bailleur's", "[R441-2-15-I-4b]") {
  world w;
  auto refusing = w.new_demande(2026y / 1 / 10);
  auto next = w.new_demande(2026y / 1 / 10);
  auto v = w.reserved_vacancy(2026y / 1 / 10, w.town_convention, 2026y / 1 / 10);
  auto c = w.on(2026y / 1 / 11).town().designates(refusing, v).id<candidacy_id>();
  auto session = w.on(2026y / 1 / 11).bailleur().schedules(2026y / 1 / 20).id<session_id>();
  auto bailleur = w.on(2026y / 1 / 20).bailleur();
  REQUIRE(bailleur.enters(c, session));
  REQUIRE(bailleur.opens_session(session, {{v, fewer_candidates_ground::not_enough_candidates}}));
  REQUIRE(bailleur.examines(c));
  REQUIRE(bailleur.attributes(c));
  REQUIRE(bailleur.offers(c, 2026y / 1 / 30));
  REQUIRE(w.on(2026y / 1 / 25).bailleur().refuses(c));
  auto designation = w.on(2026y / 3 / 1).bailleur().designates(next, v);
  REQUIRE(designation);
  CHECK(w[designation.id<candidacy_id>()].contingent == imputation{});
}

TEST_CASE("a convention that has ended reserves nothing any more", "[R441-5]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto v = w.reserved_vacancy(2026y / 1 / 10, w.state_convention);
  REQUIRE(w.on(2026y / 1 / 10).gestionnaire().ends_convention(w.state_convention, 2026y / 1 / 20));
  CHECK(w.on(2026y / 1 / 20).state().designates(d, v));
  auto other = w.new_demande(2026y / 1 / 10);
  // The State keeps the quality of réservataire, but no reservation: the demande is out of its reach.
  CHECK_FALSE(w.on(2026y / 1 / 21).state().designates(other, v));
  REQUIRE(w.on(2026y / 1 / 20).gestionnaire().signs_convention([] {
    reservation_convention anew;
    anew.bailleur = people().other_bailleur;
    anew.holder = people().state;
    anew.contingent = contingent_kind::state_priority;
    anew.departement = *departement_code::parse("93");
    anew.flow_share = 3000;
    anew.from = 2015y / 1 / 1;
    return anew;
  }()));
  CHECK(w.on(2026y / 1 / 21).state().designates(other, v) == refusal_code::not_in_force);
}

// -- whom -----------------------------------------------------------------------------------------------------------

TEST_CASE("outside of the wished communes the demandeur must have extended his search, and it is told",
          "[R441-2-15-I-4b]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10, {aubervilliers});
  auto v = w.new_vacancy(2026y / 1 / 10, saint_denis);
  CHECK(w.on(2026y / 1 / 11).bailleur().designates(d, v) == refusal_code::out_of_scope);
  REQUIRE(w.on(2026y / 1 / 11).demandeur(d).changes(d, "search.neighbouring_communes", "false", "true"));
  CHECK(w.on(2026y / 1 / 11).bailleur().designates(d, v).warns(warning::outside_wished_communes));
  auto wished = w.new_demande(2026y / 1 / 10, {saint_denis});
  CHECK_FALSE(w.on(2026y / 1 / 11).bailleur().designates(wished, v).warns(warning::outside_wished_communes));
}

TEST_CASE("a demande is candidate once to a dwelling, and to several dwellings at a time", "[R441-2-15-I-4b]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto v = w.new_vacancy(2026y / 1 / 10);
  auto bailleur = w.on(2026y / 1 / 11).bailleur();
  auto designation = bailleur.designates(d, v);
  REQUIRE(designation);
  CHECK(bailleur.designates(d, v) == refusal_code::duplicate);
  CHECK(bailleur.designates(d, w.new_vacancy(2026y / 1 / 11)));
  REQUIRE(bailleur.withdraws_designation(designation.id<candidacy_id>()));
  CHECK(bailleur.designates(d, v));
}

TEST_CASE("a designation comes after the dwelling is to let", "[R441-2-15-I-0-2]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto v = w.new_vacancy(2026y / 1 / 20);
  CHECK(w.on(2026y / 1 / 21).dated(2026y / 1 / 19).bailleur().designates(d, v) == refusal_code::bad_date);
  CHECK(w.on(2026y / 1 / 21).dated(2026y / 1 / 20).bailleur().designates(d, v));
  CHECK(w.on(2026y / 1 / 21).bailleur().designates(d, id_of<vacancy_id>(w.fresh_id())) ==
        refusal_code::unknown_subject);
}

// -- withdrawal -----------------------------------------------------------------------------------------------------

TEST_CASE("a designation is withdrawn by who made it, with its motive, before the commission decides for it",
          "[R441-2-15-I-4b]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto v = w.reserved_vacancy(2026y / 1 / 10, w.town_convention);
  auto c = w.on(2026y / 1 / 11).town().designates(d, v).id<candidacy_id>();
  auto today = w.on(2026y / 1 / 12);
  CHECK(today.bailleur().withdraws_designation(c) == refusal_code::not_originator);
  CHECK(today.town().asks(d, designation_withdrawn{c, ""}) == refusal_code::missing_field);
  CHECK(today.town().asks(d, designation_withdrawn{id_of<candidacy_id>(w.fresh_id()), "Erreur"}) ==
        refusal_code::unknown_subject);
  CHECK(today.town().withdraws_designation(c));
  CHECK(w[c].closed == closing_reason::designation_withdrawn);
  CHECK(w.seen_by_dwelling(c).closed == closing_reason::designation_withdrawn);
  CHECK(today.town().withdraws_designation(c) == refusal_code::bad_order);
}

TEST_CASE("what the commission has attributed is no longer withdrawn", "[R441-2-15-I-4b]") {
  world w;
  auto c = w.attributed(2026y / 1 / 20, w.new_vacancy(2026y / 1 / 10), w.new_demande(2026y / 1 / 10));
  CHECK(w.on(2026y / 1 / 21).bailleur().withdraws_designation(c) == refusal_code::bad_order);
}

TEST_CASE("a dwelling has a bounded number of candidates", "[R441-2-15-I-4b]") {
  world w;
  auto v = w.new_vacancy(2026y / 1 / 10);
  auto d = w.new_demande(2026y / 1 / 10);
  for (unsigned n = 0; n < 256; ++n) {
    auto designation = w.on(2026y / 1 / 11).bailleur().designates(d, v);
    REQUIRE(designation);
    REQUIRE(w.on(2026y / 1 / 11).bailleur().withdraws_designation(designation.id<candidacy_id>()));
  }
  CHECK(w.on(2026y / 1 / 11).bailleur().designates(d, v) == refusal_code::too_large);
}
