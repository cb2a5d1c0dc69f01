// What the next host of a stream makes of its former host's tail.

#include "actors/late_entries.hpp"

#include "nodes/adapters.hpp"
#include "tests/actors/context_on_stage.hpp"
#include "tests/actors/stage.hpp"
#include "tests/journal/passing.hpp"

namespace toit::test {

namespace {

using journal::test::id_with;
using journal::test::passing_nodes;
using journal::test::subject_at;

/// Says yes to whatever is asked again.
access_guard_actor::behavior_type willing_guard(access_guard_actor::pointer, std::vector<asked_command_ptr>* asked) {
  return {
      [](written_atom, const ports::batch_ptr&) { return std::uint64_t{0}; },
      [](login_atom, const credentials_ptr&) { return session_answer_ptr{}; },
      [](logout_atom, const std::string&) {},
      [asked](submit_atom, const asked_command_ptr& command) -> answer_ptr {
        asked->push_back(command);
        return std::make_shared<const answer>(receipt{});
      },
      [](read_atom, const read_request_ptr&) { return read_answer_ptr{}; },
      [](list_atom, const late_query_ptr&) { return late_page_ptr{}; },
      [](rights_atom) { return rights_ptr{}; },
      [](keep_atom, bool) { return true; },
  };
}

/// `next` has taken the stream over after the second entry; what `first` writes before is in its tail.
struct late_on_stage : passing_nodes {
  late_on_stage() {
    write(first, 1, 0);
    bring(next, first);
  }
  ~late_on_stage() {
    if (!late)
      return;
    caf::anon_send_exit(late, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(recorder, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(guard, caf::exit_reason::user_shutdown);
    on.run();
  }
  late_on_stage(const late_on_stage&) = delete;
  late_on_stage& operator=(const late_on_stage&) = delete;

  /// By an agent, under a command of his.
  void record_by_agent(std::uint8_t subject, std::uint8_t command, law::event happened) {
    auto record = journal::test::record_of(std::move(happened), id_with<law::command_id>(command));
    record.agent = id_with<law::agent_id>(9);
    auto append = std::make_shared<ports::append>();
    append->stream = journal::test::stream();
    append->command = record.command;
    append->drafts.push_back(first.draft(subject_at(subject), std::move(record)));
    REQUIRE(first.write(append).status == ports::append_status::appended);
  }

  /// The tail of `first`, once `next` hosts the stream.
  ports::orphan_tail pass() {
    REQUIRE(pass_to(next).status == ports::adoption_status::adopted);
    first.writer().release(journal::test::stream());
    REQUIRE(bring(first, next, 1).status == ports::transfer_status::stored);
    return tail_of(first, 1, 0);
  }

  void begin() {
    auto context = context_over(next, journal::test::stream(), *law::siren::parse("200057867"));
    context->digester = nodes::make_digester(next.journal->keys(), journal::test::stream());
    recorder = on.system().spawn(event_recorder, &next.writer(), context->metrics, deliberate_bugs{});
    guard = on.system().spawn(willing_guard, &repeated);
    late = on.system().spawn(late_entries, territory_context_ptr{context}, recorder);
    on.run();
  }
  void tick() {
    caf::anon_send(late, tick_atom_v, guard);
    on.run();
  }
  late_page_ptr told() {
    auto asked = std::make_shared<late_query>();
    asked->with_reasons = true;
    auto report = on.ask<late_page_ptr>(late, list_atom_v, late_query_ptr{asked});
    on.run();
    REQUIRE(report->answer);
    return *report->answer;
  }
  std::optional<law::late_outcome> outcome_of(std::uint64_t seq) {
    auto all = told();
    auto found = std::ranges::find(all->files, seq, [](const law::late_file& file) { return file.settled.seq; });
    return found == all->files.end() ? std::nullopt : std::optional{found->settled.outcome};
  }

  std::vector<asked_command_ptr> repeated;
  stage on;
  event_recorder_actor recorder;
  access_guard_actor guard;
  late_entries_actor late;
};

} // namespace

TEST_CASE("a late entry without its payload waits for it, and holds nobody up", "[actors][L441-2-7-4-1]") {
  late_on_stage all;
  all.record_by_agent(2, 21, journal::test::note("first"));
  all.record_by_agent(3, 22, journal::test::note("second"));
  auto whole = all.pass();
  auto poor = whole;
  poor.entries[0].nonce.reset();
  poor.entries[0].content.reset();
  REQUIRE(passing_nodes::take_tail(all.next, poor) == ports::transfer_status::stored);
  all.begin();
  all.tick();
  REQUIRE(all.repeated.size() == 1);
  CHECK(all.repeated[0]->id == id_with<law::command_id>(22));
  CHECK_FALSE(all.outcome_of(3));
  CHECK(all.outcome_of(4) == law::late_outcome::recorded);
  CHECK(all.told()->waits);
  all.tick();
  CHECK(all.repeated.size() == 1);

  REQUIRE(passing_nodes::take_tail(all.next, whole) == ports::transfer_status::stored);
  all.tick();
  REQUIRE(all.repeated.size() == 2);
  CHECK(all.repeated[1]->id == id_with<law::command_id>(21));
  CHECK(all.outcome_of(3) == law::late_outcome::recorded);
  CHECK_FALSE(all.told()->waits);
}

TEST_CASE("what a former host had erased is settled as such once its tombstone is here", "[actors][L441-2-7-4-1]") {
  late_on_stage all;
  constexpr const char* number = "093112600000193001";
  passing_nodes::register_number(all.first, 2, number);
  passing_nodes::erase_registered(all.first, 2, 3, number);
  auto tail = all.pass();
  REQUIRE_FALSE(tail.entries[0].content);
  REQUIRE(passing_nodes::take_tail(all.next, tail) == ports::transfer_status::stored);
  all.begin();
  all.tick();
  CHECK(all.repeated.empty());
  CHECK(all.outcome_of(3) == law::late_outcome::dropped);
  CHECK(all.outcome_of(4) == law::late_outcome::dropped);
  CHECK_FALSE(all.told()->waits);
}

TEST_CASE("what waits for its payload is settled when its dossier is erased by the host", "[actors][L441-2-7-1-1c]") {
  late_on_stage all;
  all.record_by_agent(2, 21, journal::test::note("late"));
  auto tail = all.pass();
  tail.entries[0].nonce.reset();
  tail.entries[0].content.reset();
  REQUIRE(passing_nodes::take_tail(all.next, tail) == ports::transfer_status::stored);
  all.begin();
  all.tick();
  CHECK_FALSE(all.outcome_of(3));
  constexpr const char* number = "093112600000193001";
  REQUIRE(passing_nodes::register_number(all.next, 2, number).first_seq == 4);
  passing_nodes::erase_registered(all.next, 2, 4, number);
  all.tick();
  CHECK(all.repeated.empty());
  CHECK(all.outcome_of(3) == law::late_outcome::dropped);
}

TEST_CASE("a former host accepts none of its own late entries in the name of who answers", "[actors][L441-2-7-4-1]") {
  late_on_stage all;
  all.record_by_agent(2, 21, law::late_entry_reviewed{1, 5, law::late_verdict::accepted, {}});
  REQUIRE(passing_nodes::take_tail(all.next, all.pass()) == ports::transfer_status::stored);
  all.begin();
  all.tick();
  CHECK(all.repeated.empty());
  CHECK(all.outcome_of(3) == law::late_outcome::refused);
}

TEST_CASE("a right that nobody had countersigned is not asked for again", "[actors][L441-2-7-4-1]") {
  late_on_stage all;
  all.record_by_agent(1, 21, law::consultation_authorised{{}, journal::test::passing_day});
  REQUIRE(passing_nodes::take_tail(all.next, all.pass()) == ports::transfer_status::stored);
  all.begin();
  all.tick();
  CHECK(all.repeated.empty());
  REQUIRE(all.outcome_of(3) == law::late_outcome::refused);
  auto report = all.told();
  REQUIRE(report->files.size() == 1);
  const auto& settled = report->files.front().settled;
  CHECK(settled.code == law::text<40>{"E_NOT_EMPOWERED"});
  CHECK_FALSE(settled.knowing);
}

TEST_CASE("an account opened since the cut is not closed by what a former host says that nobody had countersigned",
          "[actors][L441-2-7-4-1]") {
  late_on_stage all;
  auto account = id_with<law::agent_id>(12);
  all.record_by_agent(2, 21, law::account_closed{account});
  REQUIRE(passing_nodes::take_tail(all.next, all.pass()) == ports::transfer_status::stored);
  law::account_opened opened{};
  opened.account = account;
  auto append = std::make_shared<ports::append>();
  append->stream = journal::test::stream();
  append->drafts.push_back(all.next.draft(law::subject_of(account), journal::test::record_of(opened)));
  append->accounts.push_back({account, {1, 2, 3}, {}});
  REQUIRE(all.next.write(append).status == ports::append_status::appended);
  all.begin();
  all.tick();
  CHECK(all.repeated.empty());
  CHECK(all.outcome_of(3) == law::late_outcome::refused);
  CHECK(all.told()->files.front().settled.code == law::text<40>{"E_NOT_EMPOWERED"});
  CHECK(all.next.rows()->accounts(journal::test::stream()).size() == 1);
}

} // namespace toit::test
