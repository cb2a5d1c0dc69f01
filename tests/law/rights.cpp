#include "territory.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit::law;
using namespace toit::law::testing;
using namespace std::chrono_literals;

namespace {

habilitation some_habilitation(quality q = quality::bailleur) {
  habilitation h;
  h.legal_person = people().stranger;
  h.quality = q;
  h.from = 2026y / 2 / 1;
  return h;
}

mandate some_mandate() {
  return {{},           people().town, people().bailleur, mandate_matter::designation,
          "Convention", 2026y / 2 / 1, 2026y / 2 / 28};
}

account_opened some_account(agent_missions missions = {agent_mission::record}) {
  return {{}, people().bailleur, std::move(missions), 2026y / 1 / 1, {}};
}

constexpr civil_date today = 2026y / 1 / 10;

} // namespace

// -- who keeps the rights -------------------------------------------------------------------------------------------

TEST_CASE("the gestionnaire alone keeps persons, habilitations, mandates and accounts", "[R441-2-15-V-2-5]") {
  world w;
  for (auto other : {people().ept, people().desk, people().bailleur, people().stranger})
    for (const event& asked :
         {event{legal_person_registered{siren_with_key("92000001"), legal_person_kind::other, "Nouvelle"}},
          event{habilitation_granted{some_habilitation()}}, event{mandate_granted{some_mandate()}},
          event{some_account()}, event{clock_set{}}})
      CHECK(w.on(today).by(other).asks(subject_id{}, asked) == refusal_code::not_empowered);
  CHECK(w.on(today).dated(2026y / 1 / 11).gestionnaire().grants(some_habilitation()) == refusal_code::bad_date);
  CHECK(w.on(today).gestionnaire().asks(subject_id{}, stream_opened{}) == refusal_code::not_empowered);
}

TEST_CASE("parties of the dispositif are the EPCI, who has stock or reservations, and who registers or informs",
          "[L441-2-7-1-1a]") {
  world w;
  auto parties = parties_of(w.rights, today);
  auto find = [&](siren who) { return std::ranges::find(parties, who, &dispositif_party::legal_person); };
  for (auto who : {people().ept, people().desk, people().bailleur, people().town})
    CHECK(find(who) != parties.end());
  CHECK(find(people().bailleur)->has_reservations_or_stock);
  CHECK_FALSE(find(people().ept)->has_reservations_or_stock);
  CHECK_FALSE(find(people().desk)->has_reservations_or_stock);
  CHECK(find(people().stranger) == parties.end());
  CHECK(find(people().gestionnaire) == parties.end());
  // A quality counts on its own days.
  REQUIRE(w.on(2026y / 2 / 1).gestionnaire().grants(some_habilitation()));
  parties = parties_of(w.rights, 2026y / 1 / 31);
  CHECK(find(people().stranger) == parties.end());
  parties = parties_of(w.rights, 2026y / 2 / 1);
  REQUIRE(find(people().stranger) != parties.end());
  CHECK(find(people().stranger)->has_reservations_or_stock);
}

TEST_CASE("a demande's event is no matter of rights", "[R441-2-15-I-10]") {
  world w;
  command asked;
  asked.occurred_on = today;
  asked.originator = asked.introducer = people().gestionnaire;
  asked.asked = event{renewed{}};
  auto known = w.facts_for(w.on(today).gestionnaire(), asked);
  CHECK(decide(w.rights, w.settings, asked, known).error().code == refusal_code::bad_order);
}

TEST_CASE("a legal person is registered once, with its name", "[R441-2-15-I-10]") {
  world w;
  auto gestionnaire = w.on(today).gestionnaire();
  auto registers = [&](siren who, const char* name) {
    return gestionnaire.asks(subject_id{}, legal_person_registered{who, legal_person_kind::hlm_body, name});
  };
  CHECK(registers(siren_with_key("92000001"), "") == refusal_code::missing_field);
  CHECK(registers(siren_with_key("92000001"), "Office Fictif"));
  CHECK(registers(siren_with_key("92000001"), "Office Fictif") == refusal_code::duplicate);
  CHECK(w.rights.find(siren_with_key("92000001"))->name == text<120>{"Office Fictif"});
  CHECK(w.rights.last_seq(subject_of(siren_with_key("92000001"))) == w.last_seq);
}

// -- habilitations --------------------------------------------------------------------------------------------------

TEST_CASE("an habilitation counts from its first to its last day", "[R441-2-15-V-1]") {
  world w;
  auto h = some_habilitation();
  h.until = 2026y / 2 / 28;
  REQUIRE(w.on(today).gestionnaire().grants(h));
  auto is_bailleur = [&](civil_date day) { return w.rights.has_quality(people().stranger, quality::bailleur, day); };
  CHECK_FALSE(is_bailleur(2026y / 1 / 31));
  CHECK(is_bailleur(2026y / 2 / 1));
  CHECK(is_bailleur(2026y / 2 / 28));
  CHECK_FALSE(is_bailleur(2026y / 3 / 1));
  CHECK(w.rights.capacities_of(people().stranger, 2026y / 3 / 1).empty());
}

TEST_CASE("an habilitation is coherent", "[R441-2-15-V-1]") {
  world w;
  auto gestionnaire = w.on(today).gestionnaire();
  auto grants = [&](auto change) {
    auto h = some_habilitation();
    change(h);
    return gestionnaire.grants(h);
  };
  CHECK(grants([](auto& h) { h.legal_person = siren_with_key("92000009"); }) == refusal_code::unknown_subject);
  CHECK(grants([](auto& h) { h.until = 2026y / 1 / 31; }) == refusal_code::bad_date);
  CHECK(grants([](auto& h) { h.quality = quality::service_enregistreur; }) == refusal_code::missing_field);
  CHECK(grants([](auto& h) { h.registers_as = registering_body::a; }) == refusal_code::missing_field);
  CHECK(grants([](auto& h) { h.quality = quality::instance_secretariat; }) == refusal_code::missing_field);
  CHECK(grants([](auto& h) { h.instance = instance_kind::qpv; }) == refusal_code::missing_field);
  CHECK(grants([](auto& h) { h.scope = {saint_denis, paris}; }) == refusal_code::out_of_scope);
  CHECK(grants([](auto& h) { h.scope = {saint_denis, epinay}; }));
}

TEST_CASE("an end is noted in advance or after the fact, and moved nearer, never farther", "[R441-2-15-V-1]") {
  world w;
  auto gestionnaire = w.on(2026y / 6 / 1).gestionnaire();
  auto h = gestionnaire.grants(some_habilitation());
  REQUIRE(h);
  auto ends = [&](civil_date last_day) {
    return gestionnaire.asks(h.created, habilitation_ended{h.id<habilitation_id>(), last_day});
  };
  CHECK(ends(2026y / 1 / 31) == refusal_code::bad_date);
  CHECK(ends(2026y / 12 / 31));
  CHECK(ends(2027y / 1 / 1) == refusal_code::conflict);
  CHECK(ends(2026y / 12 / 31) == refusal_code::conflict);
  CHECK(ends(2026y / 3 / 31));
  CHECK_FALSE(w.rights.has_quality(people().stranger, quality::bailleur, 2026y / 4 / 1));
  CHECK(w.rights.has_quality(people().stranger, quality::bailleur, 2026y / 3 / 31));
  CHECK(gestionnaire.asks(subject_id{}, habilitation_ended{{}, 2026y / 6 / 1}) == refusal_code::unknown_subject);
}

TEST_CASE("who has lost his quality records nothing more", "[R441-2-15-I-9]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 2);
  auto id = std::ranges::find_if(w.rights.habilitations(), [](const auto& entry) {
              return entry.second.legal_person == people().bailleur;
            })->first;
  REQUIRE(w.on(today).gestionnaire().asks(subject_of(id), habilitation_ended{id, today}));
  CHECK(w.on(today).bailleur().recognises(d, priority_category::a));
  CHECK(w.on(add_days(today, days{1})).bailleur().recognises(d, priority_category::b) == refusal_code::not_originator);
}

TEST_CASE("the qualities of a legal person add up", "[R441-2-15-V-2-0]") {
  world w;
  auto h = some_habilitation(quality::service_enregistreur);
  h.registers_as = registering_body::a;
  h.legal_person = people().bailleur;
  REQUIRE(w.on(today).gestionnaire().grants(h));
  CHECK(w.rights.capacities_of(people().bailleur, 2026y / 2 / 1).size() == 2);
}

TEST_CASE("an instance is in force as long as it has a secretariat", "[R441-2-15-I-2e]") {
  world w;
  auto h = some_habilitation(quality::instance_secretariat);
  h.instance = instance_kind::qpv;
  REQUIRE(w.on(today).gestionnaire().grants(h));
  auto in_force = [&](civil_date day) {
    auto kinds = w.rights.instances_in_force(day);
    return std::ranges::find(kinds, instance_kind::qpv) != kinds.end();
  };
  CHECK_FALSE(in_force(2026y / 1 / 31));
  CHECK(in_force(2026y / 2 / 1));
}

// -- réservataires --------------------------------------------------------------------------------------------------

TEST_CASE("a réservataire counts where he has reservations, as long as he has some", "[R441-2-15-V-2-3]") {
  world w;
  auto reach = [&](siren who, civil_date day) { return w.rights.conventions().reach_of(who, day); };
  CHECK(reach(people().town, today).covers(saint_denis));
  CHECK_FALSE(reach(people().town, today).covers(aubervilliers));
  CHECK(reach(people().state, today).covers(aubervilliers));
  CHECK_FALSE(reach(people().stranger, today).covers(saint_denis));
  REQUIRE(w.on(today).gestionnaire().ends_convention(w.town_convention, today));
  CHECK(reach(people().town, today).covers(saint_denis));
  CHECK_FALSE(reach(people().town, add_days(today, days{1})).covers(saint_denis));
}

TEST_CASE("a réservataire reads no farther than his habilitation", "[R441-2-15-V-2-3]") {
  world w;
  auto h = some_habilitation(quality::reservataire);
  h.scope = {aubervilliers};
  REQUIRE(w.on(today).gestionnaire().grants(h));
  reservation_convention everywhere;
  everywhere.bailleur = people().other_bailleur;
  everywhere.holder = h.legal_person;
  everywhere.contingent = contingent_kind::other;
  everywhere.departement = *departement_code::parse("93");
  everywhere.flow_share = 1000;
  everywhere.from = 2026y / 1 / 1;
  REQUIRE(w.on(h.from).other_bailleur().signs_convention(everywhere));
  auto capacities = w.rights.capacities_of(h.legal_person, h.from);
  REQUIRE(capacities.size() == 1);
  CHECK(capacities.front().where.covers(aubervilliers));
  CHECK_FALSE(capacities.front().where.covers(saint_denis));
}

TEST_CASE("reservations of one département give nothing in another of the territory", "[R441-2-15-V-2-3]") {
  auto argenteuil = commune("95018");
  auto over_two_departements = sne_territory();
  over_two_departements.communes.push_back(argenteuil);
  world w{over_two_departements};
  auto d = w.new_demande(2026y / 1 / 2, {argenteuil});
  CHECK(w.on(today).state().recognises(d, priority_category::a) == refusal_code::out_of_scope);
}

// -- mandates -------------------------------------------------------------------------------------------------------

TEST_CASE("a mandate lets one enter for another, for its matter and its days", "[R441-2-15-I-10]") {
  world w;
  REQUIRE(w.on(today).gestionnaire().asks(subject_id{}, mandate_granted{some_mandate()}));
  auto mandated = [&](mandate_matter matter, civil_date day) {
    return w.rights.mandated(people().town, people().bailleur, matter, day);
  };
  CHECK_FALSE(mandated(mandate_matter::designation, 2026y / 1 / 31));
  CHECK(mandated(mandate_matter::designation, 2026y / 2 / 1));
  CHECK(mandated(mandate_matter::designation, 2026y / 2 / 28));
  CHECK_FALSE(mandated(mandate_matter::designation, 2026y / 3 / 1));
  CHECK_FALSE(mandated(mandate_matter::attribution, 2026y / 2 / 1));
  CHECK_FALSE(w.rights.mandated(people().bailleur, people().town, mandate_matter::designation, 2026y / 2 / 1));
}

TEST_CASE("a mandate has a ground, two persons and a term, and may be ended", "[R441-2-15-I-10]") {
  world w;
  auto gestionnaire = w.on(today).gestionnaire();
  auto grants = [&](auto change) {
    auto m = some_mandate();
    change(m);
    return gestionnaire.asks(subject_id{}, mandate_granted{m});
  };
  CHECK(grants([](auto& m) { m.ground = ""; }) == refusal_code::missing_field);
  CHECK(grants([](auto& m) { m.introducer = m.principal; }) == refusal_code::malformed);
  CHECK(grants([](auto& m) { m.introducer = siren_with_key("92000009"); }) == refusal_code::unknown_subject);
  CHECK(grants([](auto& m) { m.principal = siren_with_key("92000009"); }) == refusal_code::unknown_subject);
  CHECK(grants([](auto& m) { m.until = 2026y / 1 / 31; }) == refusal_code::bad_date);
  auto m = grants([](auto&) {});
  REQUIRE(m);
  CHECK(gestionnaire.asks(m.created, mandate_ended{m.id<mandate_id>(), 2026y / 2 / 10}));
  CHECK_FALSE(w.rights.mandated(people().town, people().bailleur, mandate_matter::designation, 2026y / 2 / 11));
}

TEST_CASE("only registration, designation and attribution may be entered under a mandate", "[R441-2-15-I-10]") {
  CHECK(matter_of(demande_registered::kind) == mandate_matter::registration);
  CHECK(matter_of(renewed::kind) == mandate_matter::registration);
  CHECK(matter_of(designated::kind) == mandate_matter::designation);
  CHECK(matter_of(caleol_decided::kind) == mandate_matter::attribution);
  CHECK(matter_of(lease_signed::kind) == mandate_matter::attribution);
  for (const auto& kind : {dalo_recognised::kind, instance_opinion::kind, rectified::kind, merged::kind,
                           habilitation_granted::kind, reservation_convention_signed::kind})
    CHECK_FALSE(matter_of(kind));
}

// -- accounts -------------------------------------------------------------------------------------------------------

TEST_CASE("an account has a legal person, missions and a term", "[R441-2-15-V-2-5]") {
  world w;
  auto gestionnaire = w.on(today).gestionnaire();
  auto opens = [&](auto change) {
    auto a = some_account();
    change(a);
    return gestionnaire.asks(subject_id{}, a);
  };
  CHECK(opens([](auto& a) { a.missions.clear(); }) == refusal_code::missing_field);
  CHECK(opens([](auto& a) { a.legal_person = siren_with_key("92000009"); }) == refusal_code::unknown_subject);
  CHECK(opens([](auto& a) { a.until = 2025y / 12 / 31; }) == refusal_code::bad_date);
  CHECK(opens([](auto& a) { a.missions = {agent_mission::administer}; }) == refusal_code::not_empowered);
  CHECK(opens([](auto& a) {
    a.legal_person = people().gestionnaire;
    a.missions = {agent_mission::administer};
  }));
  auto opened = opens([](auto& a) { a.until = 2026y / 3 / 31; });
  REQUIRE(opened);
  const auto& account = *w.rights.find(opened.id<agent_id>());
  CHECK(account.may(agent_mission::record));
  CHECK_FALSE(account.may(agent_mission::rectify));
  CHECK_FALSE(account.in_force(2025y / 12 / 31));
  CHECK(account.in_force(2026y / 3 / 31));
  CHECK_FALSE(account.in_force(2026y / 4 / 1));
}

TEST_CASE("a closed account stays closed", "[R441-2-15-V-2-5]") {
  world w;
  auto gestionnaire = w.on(today).gestionnaire();
  auto opened = gestionnaire.asks(subject_id{}, some_account());
  REQUIRE(opened);
  auto closes = [&](agent_id id) { return gestionnaire.asks(subject_of(id), account_closed{id}); };
  CHECK(closes(agent_id{}) == refusal_code::unknown_subject);
  CHECK(closes(opened.id<agent_id>()));
  CHECK_FALSE(w.rights.find(opened.id<agent_id>())->in_force(today));
  CHECK(closes(opened.id<agent_id>()) == refusal_code::conflict);
}

TEST_CASE("an agent changes his own secret, the gestionnaire anyone's, nobody another's", "[R441-2-15-V-2-5]") {
  world w;
  auto opened = w.on(today).gestionnaire().asks(subject_id{}, some_account());
  REQUIRE(opened);
  auto account = opened.id<agent_id>();
  auto changes_as = [&](agent_id agent, siren of, secret_change change = secret_change::password_set) {
    command asked;
    asked.occurred_on = today;
    asked.originator = asked.introducer = of;
    asked.agent = agent;
    asked.target = opened.created;
    asked.asked = event{account_secret_changed{account, change}};
    return w.decide_and_apply(asked, w.facts_for(w.on(today).by(of), asked));
  };
  agent_id somebody_else{{9}};
  CHECK(changes_as(somebody_else, people().bailleur) == refusal_code::not_empowered);
  CHECK(changes_as(account, people().bailleur));
  CHECK(changes_as(somebody_else, people().gestionnaire));
  CHECK(changes_as(somebody_else, people().gestionnaire, secret_change::tokens_revoked));
  // A token is shown to who asks for it: nobody has one of another's account.
  CHECK(changes_as(somebody_else, people().gestionnaire, secret_change::token_issued) == refusal_code::not_empowered);
  CHECK(changes_as(account, people().bailleur, secret_change::token_issued));
  REQUIRE(w.on(today).gestionnaire().asks(opened.created, account_closed{account}));
  CHECK(changes_as(account, people().bailleur) == refusal_code::unknown_subject);
}

// -- what stands still while it is decided --------------------------------------------------------------------------

TEST_CASE("a decision on rights names the person, the right or the account that it reads", "[R441-2-15-V-2-5]") {
  world w;
  auto read_by = [&](const event& happened) {
    command asked;
    asked.asked = happened;
    return subjects_of(w.rights, asked);
  };
  habilitation_id h{{1}};
  mandate_id m{{2}};
  agent_id a{{3}};
  CHECK(read_by(legal_person_registered{people().town, {}, ""}) == std::vector{subject_of(people().town)});
  CHECK(read_by(habilitation_granted{some_habilitation()}) == std::vector{subject_of(people().stranger)});
  CHECK(read_by(habilitation_ended{h, today}) == std::vector{subject_of(h)});
  CHECK(read_by(mandate_ended{m, today}) == std::vector{subject_of(m)});
  CHECK(read_by(some_account()) == std::vector{subject_of(people().bailleur)});
  CHECK(read_by(account_closed{a}) == std::vector{subject_of(a)});
}
