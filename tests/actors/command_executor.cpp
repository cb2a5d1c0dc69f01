// What a territory makes of the commands that a State authority has written for it: in time, in their order, each once.

#include "actors/command_executor.hpp"

#include "actors/owner.hpp"
#include "federation/command_letters.hpp"
#include "nodes/adapters.hpp"
#include "simulation/world/link_end.hpp"
#include "tests/actors/context_on_stage.hpp"
#include "tests/actors/stage.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit;
using namespace std::chrono_literals;
using journal::test::id_with;

namespace {

using texts = std::vector<std::string>;

std::string text_of(const law::event& happened) { return std::get<law::processing_event>(happened).detail.str(); }

/// The guard, and the owner of the one dossier that all commands are about.
struct commanded_dossier {
  caf::result<answer_ptr> take(const asked_command& asked) {
    tried.push_back(text_of(asked.event));
    if (is_slow) {
      under_way.push_back(asked);
      return caf::error{caf::sec::request_timeout};
    }
    if (is_busy)
      return refused(law::refusal_code::busy, "R441-2-15-I-9", "Ce dossier est occupé.");
    auto done = refuses ? refuse(asked) : write(asked);
    if (falls_silent)
      return caf::error{caf::sec::request_timeout};
    using enum ports::append_status;
    if (done.status == refused_before)
      return refused(done.refusal);
    if (done.status != appended && done.status != repeated)
      return refused(law::refusal_code::read_only, "R441-2-15-I-9", "Rien ne s'écrit.");
    receipt made;
    made.first_seq = done.first_seq;
    made.last_seq = done.last_seq;
    return std::make_shared<const answer>(std::move(made));
  }

  ports::append_result write(const asked_command& asked) {
    auto done = node.write(
        node.asked(id_with<law::subject_id>(7), last, text_of(asked.event), asked.id.value(), asked.request));
    if (done.status == ports::append_status::appended)
      last = done.last_seq;
    if (holds_afterwards)
      node.writer().hold_back(journal::test::stream(), true);
    return done;
  }

  ports::append_result refuse(const asked_command& asked) {
    ports::log_line line;
    line.attempt = true;
    line.legal_person = asked.by.legal_person;
    line.command = asked.id.value();
    line.request = asked.request;
    line.refusal = law::refuse(law::refusal_code::unknown_demande, "L441-2-1", "Aucune demande n'a ce numéro.").error();
    auto done = node.writer().stage_refusal(line);
    REQUIRE(node.writer().sync().lines);
    return done;
  }

  journal::test::node& node;
  texts tried{}; ///< what was asked for, each time
  std::vector<asked_command> under_way{};
  bool is_busy = false;
  bool is_slow = false; ///< nobody waits any longer for what is under way
  bool refuses = false;
  bool falls_silent = false;     ///< after it has seen to it
  bool holds_afterwards = false; ///< nothing more can be written
  std::uint64_t last = 0;
};

access_guard_actor::behavior_type guard_of_one(access_guard_actor::pointer, commanded_dossier* dossier) {
  return {
      [](written_atom, const ports::batch_ptr&) { return std::uint64_t{0}; },
      [](login_atom, const credentials_ptr&) { return session_answer_ptr{}; },
      [](logout_atom, const std::string&) {},
      [dossier](submit_atom, const asked_command_ptr& asked) { return dossier->take(*asked); },
      [](read_atom, const read_request_ptr&) { return read_answer_ptr{}; },
      [](list_atom, const late_query_ptr&) { return late_page_ptr{}; },
      [](rights_atom) { return rights_ptr{}; },
      [](keep_atom, bool) { return true; },
  };
}

struct executor_on_stage {
  executor_on_stage() {
    node.open();
    node.journal->create_stream(
        authority.stream, journal::test::record_of(
                              law::stream_opened{simulation::service_of_state(), law::text<120>{"Préfecture fictive"},
                                                 law::text<16>{"training"}, node.journal->signer()}));
    node.journal->load(authority.stream);
    auto made = test::context_over(node, territory.stream, *law::siren::parse("200057867"));
    made->marks = node.disk.folder("node/marks");
    made->digester = nodes::make_digester(node.journal->keys(), made->stream);
    made->post = letters_of(territory);
    context = made;
    prefects_post = letters_of(authority);
    recorder = on.system().spawn(event_recorder, &node.writer(), made->metrics, deliberate_bugs{});
    guard = on.system().spawn(guard_of_one, &dossier);
    begin();
  }
  ~executor_on_stage() {
    end();
    caf::anon_send_exit(guard, caf::exit_reason::kill);
    caf::anon_send_exit(recorder, caf::exit_reason::kill);
    on.pass(61s);
  }
  executor_on_stage(const executor_on_stage&) = delete;
  executor_on_stage& operator=(const executor_on_stage&) = delete;

  void begin() {
    executor = on.system().spawn(command_executor, context, recorder, guard);
    on.run();
  }
  void end() {
    caf::anon_send_exit(executor, caf::exit_reason::kill);
    on.run();
  }
  void restart() {
    end();
    begin();
  }
  /// To a node that goes on with the stream, and opens nothing that was sealed to the one before.
  void passes_on() {
    end();
    auto next = territory;
    next.keys = journal::test::fixed_keys(40);
    context->post = letters_of(next);
    begin();
  }
  void tick() {
    caf::anon_send(executor, tick_atom_v);
    on.run();
  }

  std::shared_ptr<federation::command_letters> letters_of(const simulation::linked_node& of) const {
    return std::make_shared<federation::command_letters>(
        of.stream, journal::operating_secrets(of.keys), members.directory, node.clock,
        [clock = node.clock] { return law::local_date("93", clock->now()); });
  }

  /// Sealed to the territory's first host; what it says is its number.
  law::text<65536> letter(std::uint8_t nth) const {
    auto id = id_with<law::command_id>(nth);
    ports::posted_command posted{authority.stream, territory.stream, id, law::nud::parse("093112600000193001"),
                                 journal::test::record_of(journal::test::note(std::to_string(nth)), id)};
    posted.asked.originator = posted.asked.introducer = simulation::service_of_state();
    auto sealed = prefects_post->seal(posted);
    REQUIRE(sealed);
    return *sealed;
  }
  std::uint64_t issue(std::uint8_t nth, std::chrono::hours valid_for = 240h) {
    return issue_as(nth, letter(nth), valid_for);
  }
  /// Its entry in the authority's stream, of which the executor is told.
  std::uint64_t issue_as(std::uint8_t nth, const law::text<65536>& sealed, std::chrono::hours valid_for = 240h) {
    auto id = id_with<law::command_id>(nth);
    auto record = journal::test::record_of(
        law::command_issued{law::text<16>{territory.stream.view()}, node.clock->now() + valid_for, {sealed}}, id);
    auto append = std::make_shared<ports::append>();
    append->stream = authority.stream;
    append->command = id;
    auto about = id_with<law::subject_id>(static_cast<std::uint8_t>(100 + nth));
    append->reads.push_back({about, 0});
    auto payload = node.journal->open_sealer()->seal(authority.stream, about, record);
    append->drafts.push_back({about, std::move(payload), std::make_shared<const law::record>(std::move(record))});
    auto result = node.write(append);
    REQUIRE(result.status == ports::append_status::appended);
    caf::anon_send(executor, written_atom_v,
                   ports::batch_ptr{std::make_shared<ports::entry_batch>(ports::entry_batch{authority.stream, {}})});
    on.run();
    return result.last_seq;
  }

  std::vector<ports::stored_entry> entries() const {
    return node.journal->open_reader()->read(context->stream, 0, 256);
  }
  /// What became of the dossier.
  texts carried_out() const {
    texts all;
    for (const auto& entry : entries())
      if (std::holds_alternative<law::processing_event>(entry.record->event))
        all.push_back(text_of(entry.record->event));
    return all;
  }
  /// The commands that have an answer, in the order of the answers.
  std::vector<std::uint64_t> answered() const {
    std::vector<std::uint64_t> all;
    for (const auto& entry : entries())
      if (const auto* done = std::get_if<law::command_executed>(&entry.record->event))
        all.push_back(done->issued);
    return all;
  }
  /// As the authority reads them.
  std::vector<ports::posted_result> answers() const {
    std::vector<ports::posted_result> all;
    for (const auto& entry : entries())
      if (const auto* done = std::get_if<law::command_executed>(&entry.record->event)) {
        auto told = prefects_post->open_result(done->result.value);
        REQUIRE(told);
        all.push_back(*told);
      }
    return all;
  }
  ports::posted_result only_answer() const {
    auto all = answers();
    REQUIRE(all.size() == 1);
    return all.front();
  }

  journal::test::node node;
  simulation::linked_node territory{*ports::node_name::parse("territoire"), journal::test::stream(),
                                    federation::node_tier::territory, node.keys};
  simulation::linked_node authority{*ports::node_name::parse("region"), *ports::stream_id::parse("SR11"),
                                    federation::node_tier::region, journal::test::fixed_keys(17),
                                    journal::test::bytes_with(19)};
  simulation::small_federation members =
      simulation::make_federation(std::array{territory, authority}, node.clock->now(), {});
  std::shared_ptr<territory_context> context;
  std::shared_ptr<const ports::command_post> prefects_post;
  commanded_dossier dossier{node};
  test::stage on;
  event_recorder_actor recorder;
  access_guard_actor guard;
  command_executor_actor executor;
};

} // namespace

// -- terms ----------------------------------------------------------------------------------------------------------

TEST_CASE("a command is carried out until its term, and refused from then on without anything being done",
          "[actors][R441-2-15-I-9]") {
  executor_on_stage e;
  e.node.writer().hold_back(e.context->stream, true);
  e.issue(1, 1h);
  SECTION("a moment before") {
    e.node.clock->at += 1h - 1ms;
    e.node.writer().hold_back(e.context->stream, false);
    e.tick();
    CHECK_FALSE(e.only_answer().refusal);
    CHECK(e.carried_out() == texts{"1"});
  }
  SECTION("at its term") {
    e.node.clock->at += 1h;
    e.dossier.tried.clear();
    e.tick();
    // The answer waits until it can be recorded.
    CHECK(e.answered().empty());
    e.node.writer().hold_back(e.context->stream, false);
    e.tick();
    auto told = e.only_answer();
    REQUIRE(told.refusal);
    CHECK(told.refusal->code == law::refusal_code::too_late);
    CHECK(told.refusal->article == "R441-2-15-I-9");
    CHECK(told.id == id_with<law::command_id>(1));
    CHECK(told.first_seq == 0);
    CHECK(e.dossier.tried.empty());
    CHECK(e.carried_out().empty());
    // Nor is anything done later, or told again.
    e.restart();
    e.tick();
    CHECK(e.dossier.tried.empty());
    CHECK(e.answered().size() == 1);
  }
}

TEST_CASE("a command that was carried out in time has that answer, although nobody heard of it before its term",
          "[actors][R441-2-15-I-9]") {
  executor_on_stage e;
  e.dossier.falls_silent = true;
  SECTION("recorded") {
    e.issue(1, 1h);
    auto made = e.node.last_seq();
    e.node.clock->at += 2h;
    e.restart();
    auto told = e.only_answer();
    CHECK_FALSE(told.refusal);
    CHECK(told.first_seq == made);
    CHECK(told.last_seq == made);
    CHECK(e.carried_out() == texts{"1"});
  }
  SECTION("refused") {
    e.dossier.refuses = true;
    e.issue(1, 1h);
    e.node.clock->at += 2h;
    e.restart();
    auto told = e.only_answer();
    REQUIRE(told.refusal);
    CHECK(told.refusal->code == law::refusal_code::unknown_demande);
    CHECK(e.carried_out().empty());
  }
  CHECK(e.dossier.tried == texts{"1"});
}

TEST_CASE("a command that its territory has refused as too late is not carried out by who was slow to see to it",
          "[actors][R441-2-15-I-9]") {
  executor_on_stage e;
  e.dossier.is_slow = true;
  e.issue(1, 1h);
  e.node.clock->at += 1h;
  e.tick();
  REQUIRE(e.only_answer().refusal);
  REQUIRE(e.dossier.under_way.size() == 1);
  CHECK(e.dossier.write(e.dossier.under_way.front()).status == ports::append_status::refused_before);
  CHECK(e.carried_out().empty());
}

TEST_CASE("a command that has lapsed holds up none that comes after it", "[actors][R441-2-15-I-9]") {
  executor_on_stage e;
  e.dossier.is_busy = true;
  auto first = e.issue(1, 1h);
  auto second = e.issue(2);
  e.node.clock->at += 1h;
  e.dossier.is_busy = false;
  e.tick();
  CHECK(e.answered() == std::vector{first, second});
  CHECK(e.carried_out() == texts{"2"});
}

// -- letters --------------------------------------------------------------------------------------------------------

TEST_CASE("what the host before had carried out stands as the answer, although its letter opens for nobody else",
          "[actors][R441-2-15-I-9][L441-2-7-4-1]") {
  executor_on_stage e;
  e.dossier.falls_silent = true;
  e.issue(1);
  auto made = e.node.last_seq();
  REQUIRE(e.carried_out() == texts{"1"});
  REQUIRE(e.answers().empty());
  e.passes_on();
  auto told = e.only_answer();
  CHECK_FALSE(told.refusal);
  CHECK(told.id == id_with<law::command_id>(1));
  CHECK(told.first_seq == made);
  CHECK(told.last_seq == made);
  CHECK(e.dossier.tried == texts{"1"});
}

TEST_CASE("a letter that does not open, or was copied into another command, is refused and nothing is done",
          "[actors][R441-2-15-I-9]") {
  executor_on_stage e;
  SECTION("sealed to the host before, who had not carried it out") {
    e.passes_on();
    e.issue(1);
    CHECK(e.carried_out().empty());
  }
  SECTION("copied from a command that was carried out") {
    e.issue(1);
    e.issue_as(2, e.letter(1));
    CHECK(e.carried_out() == texts{"1"});
    CHECK(e.dossier.tried == texts{"1"});
    REQUIRE(e.answers().size() == 2);
    CHECK_FALSE(e.answers().front().refusal);
    CHECK(e.answers().back().id == id_with<law::command_id>(2));
  }
  auto told = e.answers();
  REQUIRE_FALSE(told.empty());
  REQUIRE(told.back().refusal);
  CHECK(told.back().refusal->code == law::refusal_code::malformed);
  CHECK(told.back().first_seq == 0);
  // Nor is it told again.
  e.restart();
  CHECK(e.answers().size() == told.size());
}

// -- order ----------------------------------------------------------------------------------------------------------

TEST_CASE(
    "an authority's commands about one dossier are carried out in their order, each once, when the first must wait",
    "[actors][R441-2-15-I-9]") {
  executor_on_stage e;
  auto& dossier = e.dossier;
  auto stream = e.context->stream;
  texts before; // of the first one alone
  auto nothing = std::vector<std::uint64_t>{};
  auto wait = [&] {
    std::vector issued{e.issue(1), e.issue(2), e.issue(3)};
    for (int again = 0; again < 2; ++again)
      e.tick();
    e.restart();
    CHECK(dossier.tried == texts(4, "1"));
    CHECK(e.carried_out() == before);
    CHECK(e.answered() == nothing);
    return issued;
  };
  std::vector<std::uint64_t> issued;
  SECTION("as its dossier is busy") {
    dossier.is_busy = true;
    issued = wait();
    dossier.is_busy = false;
  }
  SECTION("as nothing can be written") {
    e.node.writer().hold_back(stream, true);
    issued = wait();
    e.node.writer().hold_back(stream, false);
  }
  SECTION("as it is not known what became of it") {
    dossier.falls_silent = true;
    before = {"1"};
    issued = wait();
    dossier.falls_silent = false;
  }
  SECTION("as its answer cannot be written") {
    dossier.holds_afterwards = true;
    before = {"1"};
    issued = wait();
    dossier.holds_afterwards = false;
    e.node.writer().hold_back(stream, false);
  }
  dossier.tried.clear();
  e.tick();
  CHECK(dossier.tried == texts{"1", "2", "3"});
  CHECK(e.carried_out() == texts{"1", "2", "3"});
  CHECK(e.answered() == issued);

  // Without the mark of where it was, all are asked for again, and each has the answer that it had.
  e.context->marks->remove("inbox-" + e.authority.stream.text());
  auto last = e.node.last_seq();
  e.restart();
  CHECK(dossier.tried == texts{"1", "2", "3", "1", "2", "3"});
  CHECK(e.node.last_seq() == last);
}
