// The first write does not wait for the last dossier: what is done while the past is still being folded, and what is
// not.

#include "actors/demand_registry.hpp"
#include "actors/documents.hpp"
#include "tests/actors/guard_on_stage.hpp"
#include "tests/actors/registrations.hpp"
#include "tests/actors/slow_reader.hpp"

#include <catch2/generators/catch_generators.hpp>

using namespace toit;
using namespace toit::test;

namespace {

/// With what is there already it is more than is read at once.
void fill_a_part(journal::test::node& node) {
  auto subject = id_with<law::subject_id>(100);
  auto append = node.asked(subject, 0, "note");
  while (append->drafts.size() < stream_cursor::chunk)
    append->drafts.push_back(node.draft(subject, journal::test::record_of(journal::test::note("another"))));
  REQUIRE(node.write(append).status == ports::append_status::appended);
}

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
    fill_a_part(node);
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
  /// One part of the stream, or that there is none any more.
  void read_part() {
    caf::anon_send(reader, tick_atom_v);
    on.run();
  }
  void read_all() {
    while (!room.waiting.empty())
      read_part();
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
  r.read_part();
  REQUIRE(r.room.waiting.size() == 1);
  CHECK(r.is_recorded(r.ask(registration_of(*r.context, id_with<law::subject_id>(6), 6))));
  CHECK_FALSE(known->answer);
  CHECK_FALSE(fresh->answer);
  CHECK_FALSE(much->answer);
  // However much is written meanwhile, the past is what was there when it began.
  r.read_part();
  REQUIRE(known->answer);
  CHECK((**known->answer).has_value());
  REQUIRE(fresh->answer);
  CHECK((**fresh->answer)->last_seq == next);
  REQUIRE(much->answer);
  CHECK(much->answer->demandes == 6);
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

namespace {

/// A guard that has people, accounts and more notes behind it than are read at once, and begins to read them.
struct guard_that_reads : guard_on_stage {
  guard_that_reads(bool has_snapshot) {
    agent = opened("agent", {law::agent_mission::record});
    if (has_snapshot)
      take_snapshot();
    gone = opened("parti", {law::agent_mission::record});
    REQUIRE(recorded(ask(admin, law::account_closed{gone.account})));
    row = row_of_demandeur(*this, 11);
    write_of_demandeur(*this, 0, law::applicant_account_opened{row.account}, {row});
    fill_a_part(node);
    late = opened("tardif", {law::agent_mission::record});
    entries = on.system().spawn(slow_reader, &node, &reading);
    begin_again(*this);
    REQUIRE(reading.waiting.size() == 1);
    registered = std::get<law::event>(registration_of(*context, {}, 1)->command.asked);
  }
  ~guard_that_reads() { end({entries}); }

  /// As many as there are, or fewer.
  void give_parts(std::size_t most) {
    for (std::size_t part = 0; part < most; ++part) {
      caf::anon_send(entries, tick_atom_v);
      on.run();
    }
  }

  reading_room reading;
  identity agent;
  identity gone;
  identity late;
  ports::account_row row;
  law::event registered;
};

} // namespace

TEST_CASE("whoever may register a demande does so while the guard still reads what happened to others",
          "[actors][accounts][L441-2-7-4-1]") {
  guard_that_reads g{GENERATE(false, true)};
  g.ask(g.agent, g.registered);
  REQUIRE(g.reached.size() == 1);
  // The account may be closed before this is written: the recorder sees it move.
  const auto& reads = g.reached.front()->reads;
  CHECK(std::ranges::find(reads, law::subject_of(g.agent.account), &ports::subject_read::subject) != reads.end());
  g.ask(g.late, g.registered);
  CHECK(g.reached.size() == 2);
  CHECK(g.refused_with(g.ask(g.gone, g.registered), refusal_code::unauthenticated));

  // Whom a demandeur's account stands for is among what is still to be read.
  g.ask({law::party::demandeur(), g.row.account, own_dossier}, g.registered);
  auto opened = g.open("autre");
  auto rights = g.on.ask<rights_ptr>(g.guard, rights_atom_v);
  g.give_parts(1);
  REQUIRE(g.reading.waiting.size() == 1);
  CHECK_FALSE(opened->answer);
  CHECK_FALSE(rights->answer);
  CHECK(g.reached.size() == 2);
  g.give_parts(2);
  CHECK(g.recorded(opened));
  REQUIRE(rights->answer);
  CHECK(g.reached.size() == 3);
}

TEST_CASE("agents log in while the guard still reads, and nobody learns from the wait whose login he has tried",
          "[actors][accounts][L441-2-7-4-1]") {
  guard_that_reads g{GENERATE(false, true)};
  auto session = g.session_of("agent", password);
  REQUIRE(session);
  CHECK(g.recognised(session->token));
  std::vector<decltype(g.log_in("", ""))> waiting;
  for (const char* login : {"agent", "parti", "demandeur", "personne"})
    waiting.push_back(g.log_in(login, other_password));
  auto his = g.log_in("demandeur", password);
  // A session that another guard had opened is over, and is to be opened anew at once.
  auto former = g.on.ask<session_answer_ptr>(g.guard, login_atom_v, credentials_ptr{new credentials{{}, {}, "s.x"}});
  g.give_parts(1);
  CHECK(g.refused_with(former, refusal_code::unauthenticated));
  for (const auto& told : waiting)
    CHECK_FALSE(told->answer);
  CHECK_FALSE(his->answer);
  g.give_parts(2);
  for (const auto& told : waiting)
    CHECK(g.refused_with(told, refusal_code::unauthenticated));
  REQUIRE(his->answer);
  CHECK((**his->answer).has_value());
}
