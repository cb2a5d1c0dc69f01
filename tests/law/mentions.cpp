#include "territory.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit::law;
using namespace toit::law::testing;
using namespace std::chrono_literals;

// -- DALO -----------------------------------------------------------------------------------------------------------

TEST_CASE("a DALO decision is mentioned by the State service, with its number", "[R441-2-15-I-2a]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto today = w.on(2026y / 2 / 1);
  for (auto other : {people().bailleur, people().town, people().desk, people().gestionnaire, people().follow_up})
    CHECK(today.by(other).mentions_dalo(d) == refusal_code::not_originator);
  CHECK(today.mediation().asks(d, dalo_recognised{}) == refusal_code::missing_field);
  CHECK(today.mediation().mentions_dalo(d));
  CHECK(w[d].dalo_since == 2026y / 2 / 1);
  CHECK(today.mediation().mentions_dalo(d) == refusal_code::duplicate);
}

TEST_CASE("a DALO decision is lost only where there is one, by decision of the State", "[R441-2-15-I-2a]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto today = w.on(2026y / 2 / 1);
  CHECK(today.mediation().mentions_loss_of_dalo(d) == refusal_code::bad_order);
  REQUIRE(today.mediation().mentions_dalo(d));
  CHECK(today.bailleur().mentions_loss_of_dalo(d) == refusal_code::not_originator);
  CHECK(today.mediation().mentions_loss_of_dalo(d));
  CHECK_FALSE(w[d].dalo_since);
}

TEST_CASE("a prefect mentions his own commission's decisions, of demandes that wish a commune of his département",
          "[R441-2-15-I-2a]") {
  world w;
  auto on_93 = departement_of(saint_denis);
  auto on_75 = departement_of(paris);
  auto mediation = w.on(2026y / 2 / 1).mediation();
  auto d = w.new_demande(2026y / 1 / 10, {saint_denis});

  CHECK(mediation.from_prefecture({}).mentions_dalo(d, on_93) == refusal_code::not_empowered);
  CHECK(mediation.from_prefecture({on_75}).mentions_dalo(d, on_93) == refusal_code::not_empowered);
  CHECK(mediation.from_prefecture({on_75}).mentions_dalo(d, on_75) == refusal_code::not_empowered);
  CHECK(mediation.from_prefecture({on_93}).mentions_dalo(d, on_75) == refusal_code::not_empowered);
  CHECK(mediation.from_prefecture({on_93}).mentions_dalo(d) == refusal_code::not_empowered);
  CHECK(mediation.from_prefecture({on_93}).mentions_dalo(d, on_93));

  CHECK(mediation.from_prefecture({on_75}).mentions_loss_of_dalo(d) == refusal_code::not_empowered);
  CHECK(mediation.from_prefecture({on_93}).mentions_loss_of_dalo(d));

  // Of one that wishes both, each prefect mentions his own decision; under a joint designation one does for both.
  auto both = w.new_demande(2026y / 1 / 10, {saint_denis, paris});
  CHECK(mediation.from_prefecture({on_75}).mentions_dalo(both, on_93) == refusal_code::not_empowered);
  CHECK(mediation.from_prefecture({on_75}).mentions_dalo(both, on_75));
  CHECK(mediation.from_prefecture({on_93, on_75}).mentions_loss_of_dalo(both));
}

// -- opinions of instances ------------------------------------------------------------------------------------------

namespace {

siren secretariat(world& w, std::string_view eight_digits, instance_kind instance, civil_date from,
                  std::initializer_list<commune_code> scope = {}) {
  auto who = siren_with_key(eight_digits);
  auto guard = w.on(2024y / 1 / 1).gestionnaire();
  REQUIRE(guard.asks(subject_id{}, legal_person_registered{who, legal_person_kind::other, "Secrétariat"}));
  habilitation h;
  h.legal_person = who;
  h.quality = quality::instance_secretariat;
  h.instance = instance;
  h.scope = scope;
  h.from = from;
  REQUIRE(guard.grants(h));
  return who;
}

} // namespace

TEST_CASE("each of the four instances has its opinion recorded by its own secretariat",
          "[R441-2-15-I-2b][R441-2-15-I-2c][R441-2-15-I-2d][R441-2-15-I-2e]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  const std::array secretariats{people().pdalhpd,
                                secretariat(w, "91000001", instance_kind::partenariale, 2024y / 1 / 1),
                                people().coordination, secretariat(w, "91000002", instance_kind::qpv, 2024y / 1 / 1)};
  for (std::size_t own = 0; own < secretariats.size(); ++own)
    for (std::size_t instance = 0; instance < secretariats.size(); ++instance) {
      auto answer = w.on(2026y / 2 / 1).by(secretariats[own]).gives_opinion(d, static_cast<instance_kind>(instance));
      if (own == instance)
        CHECK(answer);
      else
        CHECK(answer == refusal_code::not_originator);
    }
  CHECK(w.on(2026y / 2 / 1).bailleur().gives_opinion(d, instance_kind::pdalhpd) == refusal_code::not_originator);
}

TEST_CASE("an instance that nothing has created yet gives no opinion",
          "[R441-2-15-I-2c][R441-2-15-I-2d][R441-2-15-I-2e]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto opinion = [&](instance_kind instance) {
    return w.on(2026y / 2 / 1).by(people().coordination).gives_opinion(d, instance);
  };
  CHECK(opinion(instance_kind::partenariale) == refusal_code::not_in_force);
  CHECK(opinion(instance_kind::qpv) == refusal_code::not_in_force);
  CHECK(opinion(instance_kind::coordination));
}

TEST_CASE("an instance gives no opinion dated before its creation", "[R441-2-15-I-2e]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto qpv = secretariat(w, "91000003", instance_kind::qpv, 2026y / 2 / 1);
  CHECK(w.on(2026y / 3 / 1).dated(2026y / 1 / 31).by(qpv).gives_opinion(d, instance_kind::qpv) ==
        refusal_code::not_in_force);
  CHECK(w.on(2026y / 3 / 1).dated(2026y / 2 / 1).by(qpv).gives_opinion(d, instance_kind::qpv));
}

TEST_CASE("a secretariat acts on the communes of its own instance, whatever else it holds", "[R441-2-15-V-2-4a]") {
  world w;
  auto here = w.new_demande(2026y / 1 / 10, {saint_denis});
  auto elsewhere = w.new_demande(2026y / 1 / 10, {aubervilliers});
  auto both = secretariat(w, "91000004", instance_kind::qpv, 2024y / 1 / 1, {saint_denis});
  habilitation whole_territory;
  whole_territory.legal_person = both;
  whole_territory.quality = quality::instance_secretariat;
  whole_territory.instance = instance_kind::coordination;
  whole_territory.from = 2024y / 1 / 1;
  REQUIRE(w.on(2024y / 1 / 1).gestionnaire().grants(whole_territory));
  auto today = w.on(2026y / 2 / 1).by(both);
  CHECK(today.gives_opinion(here, instance_kind::qpv));
  CHECK(today.gives_opinion(elsewhere, instance_kind::coordination));
  CHECK(today.gives_opinion(elsewhere, instance_kind::qpv) == refusal_code::out_of_scope);
}

// -- priority -------------------------------------------------------------------------------------------------------

TEST_CASE("a priority is recognised by a réservataire or a bailleur, on a basis", "[R441-2-15-I-2f]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto today = w.on(2026y / 2 / 1);
  CHECK(today.bailleur().recognises(d, priority_category::g_bis));
  CHECK(today.town().recognises(d, priority_category::g_bis));
  CHECK(today.desk().recognises(d, priority_category::a) == refusal_code::not_originator);
  CHECK(today.bailleur().asks(d, priority_recognised{priority_category::a, "", {}}) == refusal_code::missing_field);
  CHECK(w[d].recognitions.size() == 2);
}

TEST_CASE("the categories are those of L441-1, a to m", "[R441-2-15-I-2f]") {
  for (auto letter : {"a", "b", "c", "d", "e", "f", "g", "g_bis", "h", "i", "j", "k", "l", "m"})
    CHECK(enum_from<priority_category>(letter));
  CHECK(enum_count<priority_category> == 14);
  CHECK_FALSE(enum_from<priority_category>("n"));
  CHECK(unknown_name(priority_category{}).code == refusal_code::bad_motive);
}

TEST_CASE("a legal person recognises a priority once as long as its recognition is valid", "[R441-2-15-I-2f]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto recognises = [&](civil_date day, std::optional<civil_date> until) {
    return w.on(day).bailleur().recognises(d, priority_category::a, until);
  };
  CHECK(recognises(2026y / 2 / 1, 2026y / 1 / 31) == refusal_code::bad_date);
  CHECK(recognises(2026y / 2 / 1, 2026y / 3 / 1));
  CHECK(recognises(2026y / 3 / 1, {}) == refusal_code::duplicate);
  CHECK(recognises(2026y / 3 / 2, {}));
  CHECK(recognises(2036y / 3 / 2, {}) == refusal_code::duplicate);
}

TEST_CASE("a recognition is withdrawn by who gave it", "[R441-2-15-I-2f]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto today = w.on(2026y / 2 / 1);
  REQUIRE(today.bailleur().recognises(d, priority_category::a));
  CHECK(today.town().withdraws_recognition(d, priority_category::a) == refusal_code::conflict);
  CHECK(today.bailleur().withdraws_recognition(d, priority_category::b) == refusal_code::conflict);
  auto withdrawn = today.bailleur().withdraws_recognition(d, priority_category::a);
  REQUIRE(withdrawn);
  CHECK(withdrawn.answer->entries.front().operation == operation::suppressed);
  CHECK(w[d].recognitions.empty());
}

TEST_CASE("a dossier bears a bounded number of recognitions", "[R441-2-15-I-2f]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  for (unsigned day = 0; day < 64; ++day) {
    auto today = add_days(2026y / 2 / 1, days{day});
    REQUIRE(w.on(today).bailleur().recognises(d, priority_category::a, today));
  }
  CHECK(w.on(2027y / 1 / 1).bailleur().recognises(d, priority_category::a) == refusal_code::too_large);
}

// -- eligibility ----------------------------------------------------------------------------------------------------

TEST_CASE("the holder says who is eligible to his contingent, the bailleur to what nobody has reserved",
          "[R441-2-15-I-3]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  auto today = w.on(2026y / 2 / 1);
  CHECK(today.state().declares_eligible(d, {w.state_convention}));
  CHECK(today.bailleur().declares_eligible(d, {}, true));
  CHECK(today.town().declares_eligible(d, {w.state_convention}) == refusal_code::not_originator);
  CHECK(today.bailleur().declares_eligible(d, {w.state_convention}) == refusal_code::not_originator);
  CHECK(today.town().declares_eligible(d, {}, true) == refusal_code::not_originator);
  CHECK(today.desk().declares_eligible(d, {}, true) == refusal_code::not_originator);
  CHECK(today.bailleur().declares_eligible(d, {}) == refusal_code::missing_field);
  CHECK(today.state().declares_eligible(d, {id_of<convention_id>(w.fresh_id())}) == refusal_code::unknown_subject);
}

TEST_CASE("a contingent without reservation in the wished communes is out of scope", "[R441-2-15-I-3]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10, {aubervilliers});
  // Another convention, without communes, brings the town to this demande; the first still bears on Saint-Denis alone.
  reservation_convention elsewhere;
  elsewhere.bailleur = people().other_bailleur;
  elsewhere.holder = people().town;
  elsewhere.contingent = contingent_kind::collectivite;
  elsewhere.departement = *departement_code::parse("93");
  elsewhere.flow_share = 1000;
  elsewhere.from = 2024y / 1 / 1;
  auto convention = w.on(2024y / 1 / 1).gestionnaire().signs_convention(elsewhere);
  REQUIRE(convention);
  auto town = w.on(2026y / 2 / 1).town();
  CHECK(town.declares_eligible(d, {convention.id<convention_id>()}));
  CHECK(town.declares_eligible(d, {w.town_convention}) == refusal_code::out_of_scope);
}

TEST_CASE("a contingent counts while its convention is in force", "[R441-2-15-I-3]") {
  world w;
  auto d = w.new_demande(2026y / 1 / 10);
  REQUIRE(w.on(2026y / 1 / 10).gestionnaire().ends_convention(w.state_convention, 2026y / 2 / 15));
  auto state = [&](civil_date day) { return w.on(day).by(people().state); };
  CHECK(state(2026y / 2 / 15).declares_eligible(d, {w.state_convention}));
  auto late = w.on(2026y / 2 / 15).dated(2026y / 2 / 15).by(people().state);
  CHECK(late.declares_eligible(d, {w.state_convention}));
  // Once it has ended its holder has no reservation left here at all.
  CHECK(state(2026y / 2 / 16).declares_eligible(d, {w.state_convention}) == refusal_code::out_of_scope);
}
