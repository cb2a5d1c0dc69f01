// For whom the guard lets another node of the federation introduce.

#include "tests/actors/guard_on_stage.hpp"

using namespace toit;
using namespace toit::test;

namespace {

/// A service that has no node, and the prefecture, which has one and acts for it.
struct vouched_on_stage : guard_on_stage {
  vouched_on_stage() {
    for (auto who : {service, prefecture_with_node})
      REQUIRE(recorded(ask(admin, law::legal_person_registered{who, law::legal_person_kind::state_service,
                                                               law::text<120>{"Service fictif de l'État"}})));
  }

  law::habilitation_id habilitate(law::siren who, std::optional<law::siren> introduced_by = {}, int from_day = 0) {
    law::habilitation h{};
    h.legal_person = who;
    h.quality = law::quality::state_mediation_secretariat;
    h.from = law::add_days(context->today(), std::chrono::days{from_day});
    h.introduced_by = introduced_by;
    auto told = ask(admin, law::habilitation_granted{h});
    REQUIRE(recorded(told));
    return law::id_of<law::habilitation_id>((**told->answer)->subject);
  }

  /// Reaches the owner of demandes; when it does not, it is refused as nothing else is.
  bool commands(law::siren who, law::siren node_of) {
    identity agent{who, id_with<law::agent_id>(8), {}, node_of};
    auto before = reached.size();
    auto told = ask(agent, law::processing_event{law::text<80>{"Relance fictive"}, {}});
    if (reached.size() > before) {
      CHECK(reached.back()->command.introducer == law::party{who});
      return true;
    }
    CHECK(refused_with(told, refusal_code::not_empowered));
    CHECK(log.refusals.back().refusal.article == "R441-2-15-I-10");
    CHECK(log.refusals.back().legal_person == law::party{who});
    return false;
  }

  const law::siren service = *law::siren::parse("130012024");
  const law::siren prefecture_with_node = *law::siren::parse("110068012");
};

} // namespace

TEST_CASE("a node introduces for a habilitated legal person only when the habilitation binds it to that node",
          "[actors][R441-2-15-I-10]") {
  vouched_on_stage g;
  CHECK_FALSE(g.commands(g.service, g.prefecture_with_node));
  // It has rights here, and may use them by accounts of its own here.
  g.habilitate(g.service);
  CHECK_FALSE(g.commands(g.service, g.prefecture_with_node));
  // Bound to another node.
  g.habilitate(g.service, g.gestionnaire);
  CHECK_FALSE(g.commands(g.service, g.prefecture_with_node));
  // That who answers for the asking node is habilitated binds nobody else to it.
  g.habilitate(g.prefecture_with_node);
  CHECK_FALSE(g.commands(g.service, g.prefecture_with_node));
  g.habilitate(g.service, g.prefecture_with_node);
  CHECK(g.commands(g.service, g.prefecture_with_node));
}

TEST_CASE("a node introduces for the habilitated legal person that answers for it, and no other node does",
          "[actors][R441-2-15-I-10]") {
  vouched_on_stage g;
  CHECK_FALSE(g.commands(g.prefecture_with_node, g.prefecture_with_node));
  g.habilitate(g.prefecture_with_node);
  CHECK(g.commands(g.prefecture_with_node, g.prefecture_with_node));
  CHECK_FALSE(g.commands(g.prefecture_with_node, g.service));
}

TEST_CASE("a habilitation binds to a node from its first day to its last", "[actors][R441-2-15-I-10]") {
  vouched_on_stage g;
  auto bound = g.habilitate(g.service, g.prefecture_with_node, 2);
  CHECK_FALSE(g.commands(g.service, g.prefecture_with_node));
  g.node.clock->at += 24h;
  CHECK_FALSE(g.commands(g.service, g.prefecture_with_node));
  g.node.clock->at += 24h;
  CHECK(g.commands(g.service, g.prefecture_with_node));
  REQUIRE(g.recorded(g.ask(g.admin, law::habilitation_ended{bound, g.context->today()})));
  CHECK(g.commands(g.service, g.prefecture_with_node));
  g.node.clock->at += 24h;
  CHECK_FALSE(g.commands(g.service, g.prefecture_with_node));
}

TEST_CASE("who reads from another node is bound to it by his habilitation too", "[actors][R441-2-15-I-10]") {
  vouched_on_stage g;
  auto is_logged = [&] {
    auto asked = std::make_shared<read_request>();
    asked->by = {g.service, id_with<law::agent_id>(8), {}, g.prefecture_with_node};
    asked->purpose = law::purpose::shared_management;
    asked->what = read_list{};
    auto before = g.log.consultations.size();
    g.on.ask<read_answer_ptr>(g.guard, read_atom_v, read_request_ptr{asked});
    g.on.run();
    return g.log.consultations.size() > before;
  };
  g.habilitate(g.service);
  CHECK_FALSE(is_logged());
  CHECK(g.log.refusals.back().refusal.code == refusal_code::not_empowered);
  g.habilitate(g.service, g.prefecture_with_node);
  CHECK(is_logged());
}
