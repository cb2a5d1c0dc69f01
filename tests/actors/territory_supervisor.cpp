// What a State node reads of a territory that it follows, when a cut leaves out what it has read.

#include "actors/territory_supervisor.hpp"

#include "tests/actors/stage.hpp"
#include "tests/journal/passing.hpp"

using namespace toit;
using namespace std::chrono_literals;
using journal::test::id_with;
using journal::test::passing_nodes;

namespace {

constexpr const char* commanding_authority = "S93";

/// A command's entry, and that of its result.
using told_results = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

/// A State desk that only remembers what it was told.
state_desk_actor::behavior_type listening_desk(state_desk_actor::pointer, std::vector<executed_command>* heard) {
  return {
      [](written_atom, const ports::batch_ptr&) { return std::uint64_t{0}; },
      [](submit_atom, const submission_ptr&) { return answer_ptr{}; },
      [heard](executed_atom, const executed_command& done) { heard->push_back(done); },
      [](list_atom) { return state_acts_ptr{}; },
      [](keep_atom, bool) { return true; },
  };
}

/// `third` is the departmental node: its supervisor follows the territory while that passes from `first` to `next`.
struct supervised_on_stage {
  supervised_on_stage() {
    auto made = std::make_shared<territory_context>();
    made->stream = *ports::stream_id::parse(commanding_authority);
    made->departement = "93";
    made->clock = all.third.clock;
    made->open_reader = [this] { return all.third.journal->open_reader(); };
    made->metrics = std::make_shared<base::metrics>();
    context = made;
    desk = on.system().spawn(listening_desk, &heard);
    recorder = on.system().spawn(event_recorder, &all.third.writer(), made->metrics, deliberate_bugs{});
    supervisor = on.system().spawn(territory_supervisor, context, recorder, desk, journal::test::stream());
    on.run();
  }

  ~supervised_on_stage() {
    caf::anon_send_exit(supervisor, caf::exit_reason::kill);
    caf::anon_send_exit(recorder, caf::exit_reason::kill);
    caf::anon_send_exit(desk, caf::exit_reason::kill);
    on.pass(61s);
  }

  /// The territory has carried out a command of the authority.
  static std::uint64_t executes(journal::test::node& host, std::uint64_t issued) {
    auto about = id_with<law::subject_id>(static_cast<std::uint8_t>(100 + issued));
    auto append = std::make_shared<ports::append>();
    append->stream = journal::test::stream();
    append->reads.push_back({about, 0});
    law::command_executed executed{law::text<16>{commanding_authority}, issued, {law::text<8192>{"AAAA"}}};
    append->drafts.push_back(host.draft(about, journal::test::record_of(executed)));
    auto result = host.write(append);
    REQUIRE(result.status == ports::append_status::appended);
    return result.last_seq;
  }

  /// What is brought is on the departmental node's disk, and its follower is told to look.
  void follows(const journal::test::node& host, std::uint64_t after) {
    REQUIRE(all.bring(all.third, host, after).status == ports::transfer_status::stored);
    auto nothing_in_hand = std::make_shared<const ports::entry_batch>(ports::entry_batch{journal::test::stream(), {}});
    auto looked = on.ask<std::uint64_t>(supervisor, written_atom_v, ports::batch_ptr{nothing_in_hand});
    on.run();
    CHECK(looked->answer.has_value());
  }

  supervised_territory_ptr told() {
    auto asked = on.ask<supervised_territory_ptr>(supervisor, status_atom_v);
    on.run();
    return *asked->answer;
  }

  told_results results() const {
    told_results all_told;
    for (const auto& one : heard)
      all_told.emplace_back(one.issued, one.executed);
    return all_told;
  }

  passing_nodes all;
  test::stage on;
  std::shared_ptr<territory_context> context;
  std::vector<executed_command> heard;
  state_desk_actor desk;
  event_recorder_actor recorder;
  territory_supervisor_actor supervisor;
};

} // namespace

TEST_CASE("a territory's journal that a cut has shortened is read again from its beginning", "[L441-2-7-4-1]") {
  supervised_on_stage s;
  auto& all = s.all;
  // Entry 1 opens the stream; the next host has it up to 2, the departmental node all five of them.
  passing_nodes::write(all.first, 1, 0);
  REQUIRE(all.bring(all.next, all.first).status == ports::transfer_status::stored);
  auto left_out = supervised_on_stage::executes(all.first, 7);
  passing_nodes::write(all.first, 2, 0);
  passing_nodes::write(all.first, 3, 0);
  s.follows(all.first, 0);
  CHECK(s.results() == told_results{{7, left_out}});
  CHECK(s.told()->seq == 5);
  CHECK(s.told()->epoch == 0);
  REQUIRE(all.pass_to(all.next).cut_seq == 3);
  SECTION("what the new history says below what was read is read, and what it left out is not counted") {
    auto other = supervised_on_stage::executes(all.next, 7);
    passing_nodes::write(all.next, 1, 2);
    passing_nodes::write(all.next, 4, 0);
    s.follows(all.next, 1);
    REQUIRE(other == 4);
    CHECK(s.results() == told_results{{7, left_out}, {7, other}});
    CHECK(s.told()->seq == 6);
    CHECK(s.told()->epoch == 1);
    CHECK(s.told()->commands_executed == 1);
  }
  SECTION("while the new history is the shorter one") {
    s.follows(all.next, 1);
    CHECK(s.told()->seq == 3);
    CHECK(s.told()->commands_executed == 0);
    CHECK(s.results().size() == 1);
  }
}

TEST_CASE("whoever asks of a territory right after its journal has grown is told of what has come",
          "[actors][L441-2-7-4-1]") {
  supervised_on_stage s;
  passing_nodes::write(s.all.first, 1, 0);
  REQUIRE(s.all.bring(s.all.third, s.all.first, 0).status == ports::transfer_status::stored);
  auto look = std::make_shared<const ports::entry_batch>(ports::entry_batch{journal::test::stream(), {}});
  s.on.ask<std::uint64_t>(s.supervisor, written_atom_v, ports::batch_ptr{look});
  auto asked = s.on.ask<supervised_territory_ptr>(s.supervisor, status_atom_v);
  s.on.run();
  REQUIRE(asked->answer);
  CHECK((*asked->answer)->caught_up);
  CHECK((*asked->answer)->seq == 2);
  CHECK(s.told()->caught_up);
}

TEST_CASE("a cut that leaves out nothing of what was read is read on over", "[L441-2-7-4-1]") {
  supervised_on_stage s;
  auto& all = s.all;
  auto executed = supervised_on_stage::executes(all.first, 7);
  REQUIRE(all.bring(all.next, all.first).status == ports::transfer_status::stored);
  s.follows(all.first, 0);
  REQUIRE(all.pass_to(all.next).cut_seq == 3);
  passing_nodes::write(all.next, 1, 0);
  s.follows(all.next, 2);
  CHECK(s.told()->seq == 4);
  CHECK(s.told()->epoch == 1);
  // Told once: nothing was read twice.
  CHECK(s.results() == told_results{{7, executed}});
}
