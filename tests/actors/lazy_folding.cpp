// The first write does not wait for the last dossier: what is done while the past is still being folded, and what is
// not.

#include "actors/demand_registry.hpp"
#include "actors/documents.hpp"
#include "tests/actors/guard_on_stage.hpp"
#include "tests/actors/registrations.hpp"
#include "tests/actors/slow_reader.hpp"

using namespace toit;
using namespace toit::test;

namespace {

/// A registry that has three demandes behind it, and begins to read them.
struct registry_that_reads {
  registry_that_reads() {
    node.open();
    auto made = context_over(node, journal::test::stream(), *law::siren::parse("200057867"));
    made->settings.communes = {*law::commune_code::parse("93066")};
    context = made;
    recorder = on.system().spawn(event_recorder, &node.writer(), made->metrics, deliberate_bugs{});
    clerk = on.system().spawn(documents, context);
    begin();
    for (std::uint8_t nth = 1; nth <= 2; ++nth)
      REQUIRE(is_recorded(ask(registration_of(*context, id_with<law::subject_id>(nth), nth))));
    REQUIRE(is_recorded(ask(own_registration(3))));
    caf::anon_send_exit(registry, caf::exit_reason::kill);
    on.run();
    reader = on.system().spawn(slow_reader, &node, &room);
    begin();
  }
  ~registry_that_reads() {
    for (const auto& actor : {caf::actor_cast<caf::actor>(registry), caf::actor_cast<caf::actor>(recorder), reader})
      caf::anon_send_exit(actor, caf::exit_reason::kill);
    caf::anon_send_exit(clerk, caf::exit_reason::kill);
    on.pass(61s);
  }

  void begin() {
    auto entries = reader ? caf::actor_cast<stream_reader_actor>(reader) : stream_reader_actor{};
    registry = on.system().spawn(demand_registry, context, recorder, entries, clerk);
    on.run();
  }
  void read_all() {
    caf::anon_send(reader, tick_atom_v);
    on.run();
  }

  using answered = std::shared_ptr<test::stage::asked<answer_ptr>>;
  answered ask(const std::shared_ptr<submission>& asked) {
    auto told = on.ask<answer_ptr>(registry, submit_atom_v, submission_ptr{asked});
    on.run();
    return told;
  }
  static bool is_recorded(const answered& told) { return told->answer && (**told->answer).has_value(); }
  static bool is_duplicate(const answered& told) {
    return told->answer && !(**told->answer).has_value() && (**told->answer).error().code == refusal_code::duplicate;
  }

  /// By one demandeur, with his account.
  std::shared_ptr<submission> own_registration(std::uint8_t nth) const {
    auto asked = registration_of(*context, id_with<law::subject_id>(nth), nth);
    asked->command.originator = asked->command.introducer = law::party::demandeur();
    asked->command.agent = id_with<law::agent_id>(9);
    asked->facts.own_dossier = true;
    return asked;
  }
  std::shared_ptr<submission> certificate_of(std::uint8_t nth) const {
    auto asked = registration_of(*context, {}, nth + 100U);
    asked->command.target = id_with<law::subject_id>(nth);
    asked->command.asked = law::event{law::certificate_issued{}};
    return asked;
  }

  journal::test::node node;
  test::stage on;
  reading_room room;
  territory_context_ptr context;
  event_recorder_actor recorder;
  documents_actor clerk;
  caf::actor reader;
  demand_registry_actor registry;
};

} // namespace

TEST_CASE("a demande is registered while the others are still being folded", "[actors][owner][L441-2-7-4-1]") {
  registry_that_reads r;
  REQUIRE(r.room.waiting.size() == 1);
  auto next = r.node.last_seq() + 1;
  auto asked = registration_of(*r.context, id_with<law::subject_id>(5), 5);
  auto first = r.ask(asked);
  REQUIRE(r.is_recorded(first));
  CHECK((**first->answer)->first_seq == next);
  auto known = r.on.ask<brief_ptr>(r.registry, describe_atom_v, id_with<law::dossier_id>(1));
  auto fresh = r.on.ask<brief_ptr>(r.registry, describe_atom_v, id_with<law::dossier_id>(5));
  auto much = r.on.ask<registry_status>(r.registry, status_atom_v);
  r.on.run();
  // Repeated, it gives what it gave.
  auto repeated = r.ask(asked);
  REQUIRE(r.is_recorded(repeated));
  CHECK((**repeated->answer)->first_seq == next);
  CHECK_FALSE(known->answer);
  CHECK_FALSE(fresh->answer);
  CHECK_FALSE(much->answer);
  r.read_all();
  REQUIRE(known->answer);
  CHECK((**known->answer).has_value());
  REQUIRE(fresh->answer);
  CHECK((**fresh->answer)->last_seq == next);
  REQUIRE(much->answer);
  CHECK(much->answer->demandes == 4);
}

TEST_CASE("what a decision has to know of the past waits until it is folded", "[actors][owner][L441-2-7-4-1]") {
  registry_that_reads r;
  auto again = r.ask(r.own_registration(6));
  auto certificate = r.ask(r.certificate_of(1));
  CHECK_FALSE(again->answer);
  CHECK_FALSE(certificate->answer);
  // The journal knows a number that no dossier of the book has yet.
  auto taken = registration_of(*r.context, id_with<law::subject_id>(7), 2);
  taken->command.id = id_with<law::command_id>(77);
  CHECK(r.is_duplicate(r.ask(taken)));
  r.read_all();
  CHECK(r.is_duplicate(again));
  CHECK(r.is_recorded(certificate));
}

TEST_CASE("whoever may register a demande does so while the guard still reads what happened to others",
          "[actors][accounts][L441-2-7-4-1]") {
  guard_on_stage g;
  auto agent = g.opened("agent", {law::agent_mission::record});
  auto gone = g.opened("parti", {law::agent_mission::record});
  REQUIRE(g.recorded(g.ask(g.admin, law::account_closed{gone.account})));
  auto row = row_of_demandeur(g, 11);
  write_of_demandeur(g, 0, law::applicant_account_opened{row.account}, {row});
  reading_room room;
  g.entries = g.on.system().spawn(slow_reader, &g.node, &room);
  begin_again(g);
  REQUIRE(room.waiting.size() == 1);

  auto registered = std::get<law::event>(registration_of(*g.context, {}, 1)->command.asked);
  g.ask(agent, registered);
  CHECK(g.reached.size() == 1);
  CHECK(g.refused_with(g.ask(gone, registered), refusal_code::unauthenticated));
  CHECK(g.session_of("agent", password));
  CHECK_FALSE(g.session_of("parti", password));

  // Whom a demandeur's account stands for is among what is still to be read.
  auto his = g.log_in("demandeur", password);
  auto nobodys = g.on.ask<session_answer_ptr>(g.guard, login_atom_v, credentials_ptr{new credentials{{}, {}, "t.x"}});
  g.ask({law::party::demandeur(), row.account, own_dossier}, registered);
  auto opened = g.open("autre");
  auto rights = g.on.ask<rights_ptr>(g.guard, rights_atom_v);
  g.on.run();
  CHECK_FALSE(his->answer);
  CHECK_FALSE(nobodys->answer);
  CHECK_FALSE(opened->answer);
  CHECK_FALSE(rights->answer);
  CHECK(g.reached.size() == 1);

  caf::anon_send(g.entries, tick_atom_v);
  g.on.run();
  REQUIRE(his->answer);
  CHECK((**his->answer).has_value());
  CHECK(g.refused_with(nobodys, refusal_code::unauthenticated));
  CHECK(g.recorded(opened));
  REQUIRE(rights->answer);
  CHECK(g.reached.size() == 2);
  g.end({g.entries});
}
