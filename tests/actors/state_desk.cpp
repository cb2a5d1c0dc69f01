// What a State authority's desk does with the commands that territories have carried out.

#include "actors/state_desk.hpp"

#include "tests/actors/context_on_stage.hpp"
#include "tests/actors/stage.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit;
using namespace std::chrono_literals;
using journal::test::id_with;

namespace {

constexpr const char* territory = "T200057875";

/// A desk whose authority has commanded a territory once.
struct desk_on_stage {
  desk_on_stage() {
    node.open();
    context = test::context_over(node, journal::test::stream(), *law::siren::parse("200057867"));
    issue();
    executed = execute();
    recorder = on.system().spawn(event_recorder, &node.journal->writer(), context->metrics, deliberate_bugs{});
    desk = on.system().spawn(state_desk, territory_context_ptr{context}, recorder);
    on.run();
  }

  ~desk_on_stage() {
    caf::anon_send_exit(desk, caf::exit_reason::kill);
    caf::anon_send_exit(recorder, caf::exit_reason::kill);
    on.pass(61s);
  }

  void issue() {
    law::record record{};
    record.occurred_on = context->today();
    record.originator = record.introducer = context->settings.gestionnaire;
    record.command = id_with<law::command_id>(1);
    record.event = law::command_issued{law::text<16>{territory}, node.clock->now() + 240h, {law::text<65536>{"AAAA"}}};
    auto append = std::make_shared<ports::append>();
    append->stream = context->stream;
    append->command = record.command;
    auto subject = id_with<law::subject_id>(7);
    append->reads.push_back({subject, 0});
    append->drafts.push_back({subject, context->sealer->seal(context->stream, subject, record),
                              std::make_shared<const law::record>(record)});
    REQUIRE(node.write(append).status == ports::append_status::appended);
    issued = node.last_seq();
  }

  /// What the territory says became of it, in a stream of which the desk's own node holds all.
  std::uint64_t execute(std::uint8_t about = 8) {
    auto of = *ports::stream_id::parse(territory);
    law::stream_opened opening{*law::siren::parse("200057875"), law::text<120>{"Autre"}, law::text<16>{"training"},
                               node.journal->signer()};
    node.journal->create_stream(of, journal::test::record_of(opening));
    if (node.writer().last_seq(of) == 0)
      node.journal->load(of);
    auto subject = id_with<law::subject_id>(about);
    auto record = journal::test::record_of(
        law::command_executed{law::text<16>{context->stream.view()}, issued, {law::text<8192>{"AAAA"}}});
    auto append = std::make_shared<ports::append>();
    append->stream = of;
    append->reads.push_back({subject, 0});
    append->drafts.push_back(
        {subject, context->sealer->seal(of, subject, record), std::make_shared<const law::record>(record)});
    auto result = node.write(append);
    REQUIRE(result.status == ports::append_status::appended);
    return result.last_seq;
  }

  /// The authority's stream says so of an answer that is not there any more.
  void was_closed_by(std::uint64_t answer) {
    auto record = journal::test::record_of(
        law::command_closed{law::text<16>{territory}, issued, answer, {}, id_with<law::command_id>(1)});
    auto append = std::make_shared<ports::append>();
    append->stream = context->stream;
    auto subject = id_with<law::subject_id>(7);
    append->reads.push_back({subject, issued});
    append->drafts.push_back({subject, context->sealer->seal(context->stream, subject, record),
                              std::make_shared<const law::record>(std::move(record))});
    REQUIRE(node.write(append).status == ports::append_status::appended);
    caf::anon_send(desk, written_atom_v,
                   ports::batch_ptr{std::make_shared<ports::entry_batch>(ports::entry_batch{context->stream, {}})});
    on.run();
    REQUIRE(closed_by() == answer);
  }

  void tell_executed(std::uint64_t at) {
    caf::anon_send(desk, executed_atom_v, executed_command{*ports::stream_id::parse(territory), issued, at});
    on.run();
  }
  void tell_executed() { tell_executed(executed); }

  std::uint64_t closed_by() {
    auto asked = on.ask<state_acts_ptr>(desk, list_atom_v);
    on.run();
    return (*asked->answer)->commands().at(issued).executed;
  }

  journal::test::node node;
  std::shared_ptr<territory_context> context;
  test::stage on;
  event_recorder_actor recorder;
  state_desk_actor desk;
  std::uint64_t issued = 0;
  std::uint64_t executed = 0;
};

} // namespace

TEST_CASE("a command is closed once, however often its result is told") {
  desk_on_stage d;
  d.tell_executed();
  CHECK(d.closed_by() == d.executed);
  auto last = d.node.last_seq();
  d.tell_executed();
  d.on.pass(5s);
  CHECK(d.node.last_seq() == last);
}

TEST_CASE("a command whose stream is held when its result is told is closed once it is released") {
  desk_on_stage d;
  d.node.writer().hold_back(d.context->stream, true);
  d.tell_executed();
  d.on.pass(3s);
  CHECK(d.closed_by() == 0);
  d.node.writer().hold_back(d.context->stream, false);
  d.on.pass(5s);
  CHECK(d.closed_by() == d.executed);
}

TEST_CASE("a command that cannot be closed for an hour is tried again once a minute, and closed at last") {
  desk_on_stage d;
  d.node.writer().hold_back(d.context->stream, true);
  d.tell_executed();
  d.on.pass(1h);
  CHECK(d.closed_by() == 0);
  d.node.writer().hold_back(d.context->stream, false);
  d.on.pass(64s);
  CHECK(d.closed_by() == d.executed);
}

TEST_CASE("a result that is no longer where it was told to be closes nothing", "[L441-2-7-4-1]") {
  desk_on_stage d;
  d.tell_executed(d.executed + 1);
  d.on.pass(64s);
  CHECK(d.closed_by() == 0);
  d.tell_executed();
  CHECK(d.closed_by() == d.executed);
}

TEST_CASE("a command is closed again by the result that came in the place of one that a cut left out",
          "[L441-2-7-4-1]") {
  desk_on_stage d;
  d.was_closed_by(d.executed + 7);
  d.tell_executed();
  CHECK(d.closed_by() == d.executed);
  auto last = d.node.last_seq();
  auto closing = d.node.journal->open_reader()->entry(d.context->stream, last);
  CHECK(std::get<law::command_closed>(closing->record->event).entries.empty());
  d.tell_executed();
  CHECK(d.node.last_seq() == last);
}

TEST_CASE("a territory that answers one command many times has it closed once, however often it is read again",
          "[L441-2-7-4-1]") {
  desk_on_stage d;
  auto other = d.execute(9);
  d.tell_executed();
  auto last = d.node.last_seq();
  for (int restart = 0; restart < 2; ++restart) {
    d.tell_executed(d.executed);
    d.tell_executed(other);
  }
  CHECK(d.closed_by() == d.executed);
  CHECK(d.node.last_seq() == last);
}
