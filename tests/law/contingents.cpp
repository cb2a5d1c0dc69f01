#include "territory.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit::law;
using namespace toit::law::testing;
using namespace std::chrono_literals;

namespace {

constexpr civil_date start = 2026y / 1 / 10;

siren new_reservataire(world& w, std::string_view eight_digits) {
  auto who = siren_with_key(eight_digits);
  auto guard = w.on(2020y / 1 / 1).gestionnaire();
  REQUIRE(guard.asks(subject_id{}, legal_person_registered{who, legal_person_kind::commune, "Réservataire"}));
  habilitation h;
  h.legal_person = who;
  h.quality = quality::reservataire;
  h.from = 2020y / 1 / 1;
  REQUIRE(guard.grants(h));
  return who;
}

/// Between the other bailleur, with whom nothing is signed yet, and this holder.
reservation_convention draft(siren holder, contingent_kind contingent = contingent_kind::collectivite,
                             basis_points share = 1000) {
  reservation_convention c;
  c.bailleur = people().other_bailleur;
  c.holder = holder;
  c.contingent = contingent;
  c.departement = *departement_code::parse("93");
  c.flow_share = share;
  c.from = 2026y / 1 / 1;
  return c;
}

reservation_convention guarantee(siren holder, basis_points share, std::initializer_list<commune_code> communes) {
  auto c = draft(holder, contingent_kind::collectivite, share);
  c.loan_guarantee = true;
  c.communes = communes;
  return c;
}

verdict signs(world& w, const reservation_convention& c) { return w.on(start).gestionnaire().signs_convention(c); }

template <class Change>
verdict signs_changed(world& w, Change change) {
  auto c = draft(people().town);
  change(c);
  return signs(w, c);
}

charges of(const world& w, const charge_account& account) {
  auto found = w.contingents.ledger().find(account);
  return found == w.contingents.ledger().end() ? charges{} : found->second;
}

/// One dwelling of the State's contingent, examined with these candidates.
std::vector<candidacy_id> examined_for_state(world& w, civil_date day, vacancy_id v, std::vector<designated> asked) {
  auto session = w.on(day).bailleur().schedules(day).id<session_id>();
  std::vector<candidacy_id> candidacies;
  for (auto& designation : asked) {
    auto answer = w.on(day).state().asks(w.new_demande(2025y / 12 / 1), designation);
    REQUIRE(answer);
    candidacies.push_back(answer.id<candidacy_id>());
    REQUIRE(w.on(day).bailleur().enters(candidacies.back(), session));
  }
  REQUIRE(w.on(day).bailleur().opens_session(session, {{v, fewer_candidates_ground::not_enough_candidates}}));
  for (auto c : candidacies)
    REQUIRE(w.on(day).bailleur().examines(c));
  return candidacies;
}

} // namespace

// -- conventions ----------------------------------------------------------------------------------------------------

TEST_CASE("a convention is recorded by the bailleur who grants it, or by who keeps the dispositif",
          "[R441-2-15-I-9][R441-2-15-V-2-3]") {
  world w;
  auto c = draft(people().town);
  for (auto other : {people().town, people().ept, people().state, people().bailleur, people().desk, people().stranger,
                     people().mediation})
    CHECK(w.on(start).by(other).signs_convention(c) == refusal_code::not_originator);
  auto by = [&](siren who) {
    world anew;
    return static_cast<bool>(anew.on(start).by(who).signs_convention(c));
  };
  CHECK(by(people().other_bailleur));
  CHECK(by(people().gestionnaire));
}

TEST_CASE("no réservataire widens what he reads", "[R441-2-15-V-2-3]") {
  world w;
  auto everywhere = draft(people().town);
  REQUIRE(w.on(start).town().signs_convention(everywhere) == refusal_code::not_originator);
  CHECK_FALSE(w.rights.conventions().reach_of(people().town, start).covers(aubervilliers));
}

TEST_CASE("a convention binds a bailleur and a réservataire of the territory", "[R441-5][L441-2-7-1-1a]") {
  world w;
  CHECK(signs_changed(w, [](auto& c) { c.bailleur = people().town; }) == refusal_code::not_party);
  CHECK(signs_changed(w, [](auto& c) { c.holder = people().ept; }) == refusal_code::not_party);
  CHECK(signs_changed(w, [](auto& c) { c.contingent = contingent_kind::non_reserved; }) == refusal_code::malformed);
  CHECK(signs_changed(w, [](auto& c) { c.contingent = contingent_kind::state_agents; }) == refusal_code::malformed);
  CHECK(signs_changed(w, [](auto& c) { c.until = 2025y / 12 / 31; }) == refusal_code::bad_date);
  CHECK(signs_changed(w, [](auto& c) { c.communes = {paris}; }) == refusal_code::out_of_scope);
  CHECK(signs_changed(w, [](auto& c) { c.departement = *departement_code::parse("75"); }) ==
        refusal_code::out_of_scope);
  CHECK(signs_changed(w, [](auto& c) {
          c.communes = {saint_denis};
          c.departement = *departement_code::parse("95");
        }) == refusal_code::out_of_scope);
  CHECK(w.on(start).dated(2026y / 1 / 11).gestionnaire().signs_convention(draft(people().town)) ==
        refusal_code::bad_date);
  CHECK(signs_changed(w, [](auto&) {}));
}

TEST_CASE("one convention binds a pair in a département at a time", "[R441-5]") {
  auto over_two_departements = sne_territory();
  over_two_departements.communes.push_back(commune("95018"));
  world w{over_two_departements};
  auto first = draft(people().town);
  first.until = 2026y / 12 / 31;
  REQUIRE(signs(w, first));
  auto second = first;
  second.contingent = contingent_kind::other;
  second.from = 2026y / 12 / 31;
  second.until.reset();
  CHECK(signs(w, second) == refusal_code::duplicate);
  second.from = 2027y / 1 / 1;
  CHECK(signs(w, second));
  second.from = 2020y / 1 / 1;
  second.until = 2025y / 12 / 31;
  CHECK(signs(w, second));
  second.departement = *departement_code::parse("95");
  CHECK(signs(w, second));
}

TEST_CASE("a convention ends by its parties, nearer and never farther", "[R441-5]") {
  world w;
  auto c = signs(w, draft(people().town)).id<convention_id>();
  CHECK(w.on(start).bailleur().ends_convention(c, 2026y / 12 / 31) == refusal_code::not_originator);
  CHECK(w.on(start).by(people().ept).ends_convention(c, 2026y / 12 / 31) == refusal_code::not_originator);
  CHECK(w.on(start).town().ends_convention(c, 2025y / 12 / 31) == refusal_code::bad_date);
  CHECK(w.on(start).town().ends_convention(id_of<convention_id>(w.fresh_id()), 2026y / 12 / 31) ==
        refusal_code::unknown_subject);
  CHECK(w.on(start).town().ends_convention(c, 2026y / 12 / 31));
  CHECK(w.on(start).other_bailleur().ends_convention(c, 2027y / 1 / 1) == refusal_code::conflict);
  CHECK(w.on(start).other_bailleur().ends_convention(c, 2026y / 6 / 30));
  CHECK(w.contingents.conventions().find(c)->until == 2026y / 6 / 30);
  CHECK(w.on(start).town().ends_convention(c, 2026y / 1 / 1));
}

// -- ceilings -------------------------------------------------------------------------------------------------------

TEST_CASE("the State reserves thirty per cent at most, of which five for its agents", "[R441-5-2]") {
  auto shares = [](basis_points flow, basis_points agents) {
    world w;
    auto c = draft(people().state, contingent_kind::state_priority, flow);
    c.agents_share = agents;
    return signs(w, c);
  };
  CHECK(shares(3000, 500));
  CHECK(shares(3001, 0) == refusal_code::quota_above_legal_maximum);
  CHECK(shares(3000, 501) == refusal_code::quota_above_legal_maximum);
  CHECK(shares(400, 400));
  CHECK(shares(400, 401) == refusal_code::malformed);
}

TEST_CASE("the State's thirty per cent are counted over all its services", "[R441-5-2]") {
  world w;
  auto another_service = new_reservataire(w, "93000001");
  REQUIRE(signs(w, draft(people().state, contingent_kind::state_priority, 2000)));
  CHECK(signs(w, draft(another_service, contingent_kind::state_priority, 1001)) ==
        refusal_code::quota_above_legal_maximum);
  CHECK(signs(w, draft(another_service, contingent_kind::state_priority, 1000)));
}

TEST_CASE("a share is some part of the flow, and agents are the State's", "[R441-5]") {
  world w;
  CHECK(signs_changed(w, [](auto& c) { c.flow_share = 0; }) == refusal_code::malformed);
  CHECK(signs_changed(w, [](auto& c) { c.flow_share = 10001; }) == refusal_code::malformed);
  CHECK(signs_changed(w, [](auto& c) { c.agents_share = 1; }) == refusal_code::malformed);
  CHECK(signs_changed(w, [](auto& c) {
          c.contingent = contingent_kind::action_logement;
          c.loan_guarantee = true;
        }) == refusal_code::malformed);
  CHECK(signs_changed(w, [](auto& c) { c.flow_share = 10000; }));
}

TEST_CASE("guarantees give twenty per cent at most, all collectivités together", "[R441-5-3]") {
  world w;
  auto epci = new_reservataire(w, "93000002");
  auto third = new_reservataire(w, "93000003");
  CHECK(signs(w, guarantee(people().town, 2001, {saint_denis})) == refusal_code::quota_above_legal_maximum);
  REQUIRE(signs(w, guarantee(people().town, 1200, {saint_denis})));
  CHECK(signs(w, guarantee(epci, 801, {})) == refusal_code::quota_above_legal_maximum);
  CHECK(signs(w, guarantee(third, 2000, {aubervilliers})));
  CHECK(signs(w, guarantee(epci, 800, {saint_denis})));
}

TEST_CASE("guarantees of another bailleur, or of another time, are not added", "[R441-5-3]") {
  world w;
  auto other = new_reservataire(w, "93000002");
  auto first = guarantee(people().town, 2000, {saint_denis});
  first.until = 2026y / 12 / 31;
  REQUIRE(signs(w, first));
  auto later = guarantee(other, 2000, {saint_denis});
  later.from = 2026y / 12 / 31;
  CHECK(signs(w, later) == refusal_code::quota_above_legal_maximum);
  later.from = 2027y / 1 / 1;
  CHECK(signs(w, later));
  auto elsewhere = guarantee(other, 2000, {saint_denis});
  elsewhere.bailleur = people().bailleur;
  CHECK(signs(w, elsewhere));
}

TEST_CASE("guarantees that never run together are not added up", "[R441-5-3]") {
  world w;
  auto second = new_reservataire(w, "93000002");
  auto third = new_reservataire(w, "93000003");
  auto in_2026 = guarantee(people().town, 1500, {saint_denis});
  in_2026.until = 2026y / 12 / 31;
  auto in_2027 = guarantee(second, 1500, {saint_denis});
  in_2027.from = 2027y / 1 / 1;
  in_2027.until = 2027y / 12 / 31;
  REQUIRE(signs(w, in_2026));
  REQUIRE(signs(w, in_2027));
  CHECK(signs(w, guarantee(third, 500, {saint_denis})));
}

// -- flows and balances ---------------------------------------------------------------------------------------------

TEST_CASE("a flow is stated by its bailleur, and may be stated anew", "[R441-5]") {
  world w;
  const auto& p = people();
  CHECK(w.on(start).other_bailleur().states_flow(p.bailleur, 2026, 100, 10) == refusal_code::not_originator);
  CHECK(w.on(start).town().states_flow(p.bailleur, 2026, 100, 10) == refusal_code::not_originator);
  CHECK(w.on(start).gestionnaire().states_flow(p.town, 2026, 100, 10) == refusal_code::not_party);
  CHECK(w.on(start).bailleur().states_flow(p.bailleur, 1999, 100, 10) == refusal_code::malformed);
  CHECK(w.on(start).bailleur().states_flow(p.bailleur, 2026, 100, 101) == refusal_code::malformed);
  CHECK(w.on(start).bailleur().asks(subject_id{}, flow_stated{p.bailleur, *departement_code::parse("75"), 2026, 100,
                                                              10}) == refusal_code::out_of_scope);
  auto first = w.on(start).bailleur().states_flow(p.bailleur, 2026, 100, 10);
  REQUIRE(first);
  CHECK(first.answer->entries.front().operation == operation::introduced);
  auto anew = w.on(start).gestionnaire().states_flow(p.bailleur, 2026, 120, 10);
  REQUIRE(anew);
  CHECK(anew.answer->entries.front().operation == operation::modified);
  CHECK(w.contingents.balance(w.state_convention, 2026).rights == 33);
}

TEST_CASE("rights are a share of the flow, rounded down, and unknown until it is stated", "[R441-2-15-I-3]") {
  world w;
  CHECK_FALSE(w.contingents.balance(w.state_convention, 2026).rights);
  CHECK_FALSE(w.contingents.balance(w.state_convention, 2026).left);
  CHECK_FALSE(w.contingents.exhausted(w.state_convention, 2026));
  for (auto [to_let, rights] : {std::pair{100U, 30U}, {99U, 29U}, {103U, 30U}, {104U, 31U}, {3U, 0U}, {0U, 0U}}) {
    REQUIRE(w.on(start).bailleur().states_flow(people().bailleur, 2026, to_let, 0));
    CHECK(w.contingents.balance(w.state_convention, 2026).rights == rights);
  }
  REQUIRE(w.on(start).bailleur().states_flow(people().bailleur, 2026, 4'000'000'000, 0));
  CHECK(w.contingents.balance(w.state_convention, 2026).rights == 1'200'000'000);
  CHECK_FALSE(w.contingents.balance(w.state_convention, 2027).rights);
}

TEST_CASE("an attribution is charged at the decision, confirmed by the lease, and freed by a refusal",
          "[R441-2-15-I-8]") {
  world w;
  REQUIRE(w.on(start).bailleur().states_flow(people().bailleur, 2026, 10, 0));
  auto v = w.reserved_vacancy(2026y / 1 / 10, w.state_convention);
  designated asked{{}, v, {}, designation_route::alone};
  auto c = examined_for_state(w, 2026y / 1 / 20, v, {asked, asked});
  auto balance = [&] { return w.contingents.balance(w.state_convention, 2026); };
  CHECK(balance() == contingent_balance{w.state_convention, 2026, 3, 0, 0, 3});
  REQUIRE(w.on(2026y / 1 / 20).bailleur().attributes(c[0]));
  CHECK(balance() == contingent_balance{w.state_convention, 2026, 3, 1, 0, 2});
  // A second rank on the same dwelling is no second charge.
  REQUIRE(w.on(2026y / 1 / 20).bailleur().ranks(c[1], 2));
  CHECK(balance().stated == 1);
  REQUIRE(w.on(2026y / 1 / 21).bailleur().offers(c[0], 2026y / 1 / 31));
  CHECK(balance().stated == 1);
  SECTION("the lease") {
    REQUIRE(w.on(2026y / 1 / 22).bailleur().signs(c[0]));
    CHECK(balance() == contingent_balance{w.state_convention, 2026, 3, 0, 1, 2});
    REQUIRE(w.on(2026y / 1 / 23).bailleur().corrects(c[0]));
    CHECK(balance() == contingent_balance{w.state_convention, 2026, 3, 1, 0, 2});
  }
  SECTION("the refusals") {
    REQUIRE(w.on(2026y / 1 / 22).bailleur().refuses(c[0]));
    CHECK(balance().stated == 1);
    REQUIRE(w.on(2026y / 1 / 23).bailleur().offers(c[1], 2026y / 2 / 5));
    REQUIRE(w.on(2026y / 1 / 24).bailleur().refuses(c[1]));
    CHECK(balance() == contingent_balance{w.state_convention, 2026, 3, 0, 0, 3});
  }
  SECTION("the withdrawal of the dwelling") {
    REQUIRE(w.on(2026y / 1 / 22).bailleur().withdraws(v));
    CHECK(balance().stated == 0);
  }
}

TEST_CASE("a dwelling is charged on the first decision that stands, whatever the identifiers", "[R441-2-9]") {
  world w;
  for (unsigned n = 1; n <= 6; ++n) {
    auto v = w.reserved_vacancy(2026y / 1 / 10, w.state_convention);
    designated for_agent{{}, v, {contingent_kind::state_agents, {}}, designation_route::alone};
    designated for_priority{{}, v, {}, designation_route::alone};
    auto c = examined_for_state(w, 2026y / 1 / 20, v, {for_agent, for_priority});
    REQUIRE(w.on(2026y / 1 / 20).bailleur().attributes(c[0]));
    REQUIRE(w.on(2026y / 1 / 20).bailleur().ranks(c[1], 2));
    CHECK(of(w, {w.state_convention, people().bailleur, contingent_kind::state_agents, 2026}).stated == n);
    CHECK(of(w, {w.state_convention, people().bailleur, contingent_kind::state_priority, 2026}).stated == 0);
  }
}

TEST_CASE("a restored decision has its charge again, before those behind it", "[R441-2-9]") {
  world w;
  auto v = w.reserved_vacancy(2026y / 1 / 10, w.state_convention);
  designated for_agent{{}, v, {contingent_kind::state_agents, {}}, designation_route::alone};
  designated for_priority{{}, v, {}, designation_route::alone};
  auto c = examined_for_state(w, 2026y / 1 / 20, v, {for_agent, for_priority});
  REQUIRE(w.on(2026y / 1 / 20).bailleur().attributes(c[0]));
  REQUIRE(w.on(2026y / 1 / 20).bailleur().ranks(c[1], 2));
  auto first = w.book.dossier_of(c[0])->id;
  REQUIRE(w.on(2026y / 1 / 21).desk().warns(first, radiation_motive::c_no_answer));
  REQUIRE(w.on(2026y / 2 / 22).lets_terms_pass() == 1);
  CHECK(of(w, {w.state_convention, people().bailleur, contingent_kind::state_priority, 2026}).stated == 1);
  REQUIRE(w.on(2026y / 2 / 25).dated(2026y / 2 / 1).desk().answers(first));
  CHECK(of(w, {w.state_convention, people().bailleur, contingent_kind::state_agents, 2026}).stated == 1);
  CHECK(of(w, {w.state_convention, people().bailleur, contingent_kind::state_priority, 2026}).stated == 0);
}

TEST_CASE("a decision counts in its own year, a lease in its own", "[R441-2-9]") {
  world w;
  auto v = w.reserved_vacancy(2026y / 1 / 10, w.state_convention);
  auto c = examined_for_state(w, 2026y / 12 / 20, v, {{{}, v, {}, designation_route::alone}}).front();
  REQUIRE(w.on(2026y / 12 / 20).bailleur().attributes(c));
  REQUIRE(w.on(2027y / 1 / 5).bailleur().offers(c, 2027y / 1 / 20));
  CHECK(w.contingents.balance(w.state_convention, 2026).stated == 1);
  CHECK(w.contingents.balance(w.state_convention, 2027).stated == 0);
  REQUIRE(w.on(2027y / 1 / 10).bailleur().signs(c));
  CHECK(w.contingents.balance(w.state_convention, 2026).stated == 0);
  CHECK(w.contingents.balance(w.state_convention, 2027).confirmed == 1);
}

TEST_CASE("a decision that comes back counts in the year in which it was made", "[R441-2-9]") {
  world w;
  auto v = w.reserved_vacancy(2026y / 1 / 10, w.state_convention);
  auto c = examined_for_state(w, 2026y / 12 / 20, v, {{{}, v, {}, designation_route::alone}}).front();
  REQUIRE(w.on(2026y / 12 / 20).bailleur().attributes(c));
  REQUIRE(w.on(2027y / 1 / 10).bailleur().signs(c));
  REQUIRE(w.on(2027y / 1 / 15).bailleur().corrects(c));
  CHECK(w.contingents.balance(w.state_convention, 2026).stated == 1);
  CHECK(w.contingents.balance(w.state_convention, 2027).stated == 0);
}

TEST_CASE("beyond its balance a contingent is told, not refused", "[R441-2-15-I-3]") {
  world w;
  REQUIRE(w.on(start).bailleur().states_flow(people().bailleur, 2026, 4, 0));
  auto d = w.new_demande(2025y / 12 / 1);
  auto first = w.reserved_vacancy(2026y / 1 / 10, w.state_convention);
  auto second = w.reserved_vacancy(2026y / 1 / 10, w.state_convention);
  auto c = examined_for_state(w, 2026y / 1 / 20, first, {{{}, first, {}, designation_route::alone}}).front();
  CHECK_FALSE(w.contingents.exhausted(w.state_convention, 2026));
  CHECK_FALSE(w.on(2026y / 1 / 20).state().designates(d, first).warns(warning::beyond_balance));
  REQUIRE(w.on(2026y / 1 / 20).bailleur().attributes(c));
  CHECK(w.contingents.exhausted(w.state_convention, 2026));
  CHECK(w.on(2026y / 1 / 21).state().designates(d, second).warns(warning::beyond_balance));
}

TEST_CASE("what is not reserved is charged on nobody's contingent", "[R441-2-9]") {
  world w;
  w.housed(2026y / 1 / 20, w.new_vacancy(2026y / 1 / 10), w.new_demande(2026y / 1 / 2));
  CHECK(of(w, {{}, people().bailleur, contingent_kind::non_reserved, 2026}) == charges{0, 1});
}

TEST_CASE("conventions of a bailleur in a département are decided one after the other", "[R441-5]") {
  world w;
  command first;
  first.asked = event{reservation_convention_signed{draft(people().town)}};
  command second;
  second.asked = event{reservation_convention_signed{draft(people().state)}};
  CHECK(subjects_of(w.contingents, first) == subjects_of(w.contingents, second));
  auto seine_saint_denis = *departement_code::parse("93");
  CHECK(flow_subject(people().bailleur, seine_saint_denis, 2026) !=
        flow_subject(people().bailleur, seine_saint_denis, 2027));
  CHECK(conventions_subject(people().bailleur, seine_saint_denis) !=
        conventions_subject(people().other_bailleur, seine_saint_denis));
}

TEST_CASE("a convention never takes the identifier of another", "[R441-2-15-V-2-3][L441-2-7-4-1]") {
  world w;
  REQUIRE(signs(w, draft(people().town)));
  facts known;
  known.today = start;
  known.capacities.push_back({quality::gestionnaire, {}, {true, {}, {}}});
  known.bailleurs = {people().other_bailleur};
  known.reservataires = {people().state};
  command asked;
  asked.occurred_on = start;
  asked.originator = people().other_bailleur;
  asked.introducer = people().other_bailleur;
  asked.asked = event{reservation_convention_signed{draft(people().state)}};
  known.fresh_ids[0] = subject_of(w.contingents.conventions().all().begin()->first);
  auto answer = decide(w.contingents, w.settings, asked, known);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == refusal_code::duplicate);
  known.fresh_ids[0].bytes.fill(0xEE);
  CHECK(decide(w.contingents, w.settings, asked, known));
}
