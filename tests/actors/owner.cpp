// What every owner does alike, seen at the demand registry: who waits, who is turned away, what an unknown outcome
// does.

#include "actors/demand_registry.hpp"
#include "actors/documents.hpp"
#include "tests/actors/context_on_stage.hpp"
#include "tests/actors/registrations.hpp"
#include "tests/actors/stage.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit;
using namespace std::chrono_literals;
using journal::test::id_with;

namespace {

/// What a recorder was sent, and whom it owes an answer: the test says what.
struct unanswered {
  std::vector<append_group_ptr> groups;
  std::vector<caf::typed_response_promise<append_results_ptr>> promises;

  ports::append_result next; ///< what the last one is answered at a flush

  void answer_last() {
    promises.back().deliver(append_results_ptr{std::make_shared<const append_results>(append_results{{next}, {}})});
    promises.pop_back();
  }
};

event_recorder_actor::behavior_type silent_recorder(event_recorder_actor::pointer self, unanswered* kept) {
  auto keep = [self, kept] {
    kept->promises.push_back(self->make_response_promise<append_results_ptr>());
    return kept->promises.back();
  };
  return {
      [kept, keep](append_atom, const append_group_ptr& group) -> caf::result<append_results_ptr> {
        // What only asks whether the past is written is answered: it is.
        if (std::ranges::all_of(*group, [](const auto& asked) { return asked->drafts.empty(); }))
          return std::make_shared<const append_results>(append_results{{group->size(), ports::append_result{}}, {}});
        kept->groups.push_back(group);
        return keep();
      },
      [keep](refuse_atom, const log_line_ptr&) -> caf::result<append_results_ptr> { return keep(); },
      [](consult_atom, const log_line_ptr&) { return true; },
      [](bring_atom, const brought_ptr&) { return std::make_shared<const brought_results>(); },
      [](hold_atom, const ports::stream_id&, bool) { return true; },
      [](ordering_atom, const ordered_stream_ptr&) { return true; },
      [](ordering_atom, const ports::stream_id&, std::uint64_t) {},
      [](adopt_atom, const adoption_ptr&) { return ports::adoption_result{}; },
      [](release_atom, const ports::stream_id&) { return true; },
      [](release_atom, const ports::stream_id&, bool) { return true; },
      [](follow_atom, const ports::stream_id&, const follower_actor&) {},
      [kept](flush_atom) { kept->answer_last(); },
      [](tick_atom) {},
      [](keep_atom, bool) { return true; },
      [](status_atom) { return recorder_status{}; },
  };
}

struct registry_on_stage {
  registry_on_stage() {
    node.open();
    auto made = test::context_over(node, journal::test::stream(), *law::siren::parse("200057867"));
    made->settings.communes = {*law::commune_code::parse("93066")};
    context = made;
    auto clerk = on.system().spawn(documents, context);
    recorder = on.system().spawn(silent_recorder, &kept);
    registry = on.system().spawn(demand_registry, context, recorder, stream_reader_actor{}, clerk);
    on.run();
  }

  ~registry_on_stage() {
    // Promises that are kept hold whoever waits for them.
    kept.promises.clear();
    caf::anon_send_exit(registry, caf::exit_reason::kill);
    caf::anon_send_exit(recorder, caf::exit_reason::kill);
    on.pass(61s);
  }

  /// A registration that waits for its turn at the dossier, under a number and a command of its own.
  auto registers(law::subject_id dossier, unsigned nth, bool numbered, law::form form) {
    auto asked = test::registration_of(*context, dossier, nth, std::move(form), numbered);
    asked->command.target = dossier;
    return on.ask<answer_ptr>(registry, submit_atom_v, submission_ptr{asked});
  }

  auto registers(std::uint8_t dossier, unsigned nth, bool numbered = true) {
    return registers(id_with<law::subject_id>(dossier), nth, numbered, test::complete_form());
  }

  void finds_number_taken() {
    kept.next.status = ports::append_status::number_taken;
    caf::anon_send(recorder, flush_atom_v);
    on.run();
  }

  journal::test::node node;
  test::stage on;
  territory_context_ptr context;
  unanswered kept;
  event_recorder_actor recorder;
  demand_registry_actor registry;
};

bool refused_with(const auto& asked, law::refusal_code code) {
  return asked->answer && !(**asked->answer).has_value() && (**asked->answer).error().code == code;
}

} // namespace

TEST_CASE("one command of a dossier is decided at a time, and beyond sixty-four that wait the answer is E_BUSY",
          "[actors][owner]") {
  registry_on_stage r;
  std::vector<decltype(r.registers(1, 1))> asked;
  for (unsigned nth = 0; nth < 70; ++nth)
    asked.push_back(r.registers(1, nth));
  auto elsewhere = r.registers(2, 99);
  r.on.run();
  std::size_t sent = 0;
  for (const auto& group : r.kept.groups)
    sent += group->size();
  // The first of the one dossier, and the other dossier's.
  CHECK(sent == 2);
  auto busy = std::ranges::count_if(asked, [](const auto& a) { return refused_with(a, law::refusal_code::busy); });
  CHECK(busy == 5);
  CHECK(std::ranges::count_if(asked, [](const auto& a) { return a->answer.has_value(); }) == 5);
  CHECK_FALSE(elsewhere->answer);
}

namespace {

law::form large_form() {
  auto filled = test::complete_form();
  law::household_member member;
  member.birth_name = law::text<80>{std::string(80, 'n')};
  member.given_names = law::text<80>{std::string(80, 'g')};
  filled.household.assign(decltype(filled.household)::max_items, member);
  filled.search.persons_to_house = 25;
  filled.search.precisions = law::text<400>{std::string(400, 'p')};
  return filled;
}

} // namespace

TEST_CASE("what was decided while the recorder was busy goes to it in groups of a megabyte at most",
          "[actors][owner]") {
  registry_on_stage r;
  for (unsigned nth = 0; nth < 400; ++nth) {
    law::subject_id dossier;
    dossier.bytes = {1, static_cast<std::uint8_t>(nth >> 8), static_cast<std::uint8_t>(nth)};
    r.registers(dossier, nth, true, large_form());
  }
  r.on.run();
  REQUIRE(r.kept.groups.size() == 2);
  r.finds_number_taken();
  REQUIRE(r.kept.groups.size() == 3);
  ports::batch_load load;
  for (const auto& append : *r.kept.groups.back())
    load.add(*append);
  CHECK(load.bytes <= std::size_t{1} << 20);
  CHECK(load.bytes > std::size_t{1} << 19);
}

TEST_CASE("an owner whose recorder does not answer in time ends: the journal will tell", "[actors][owner]") {
  registry_on_stage r;
  auto asked = r.registers(1, 1);
  r.on.run();
  REQUIRE(r.kept.groups.size() == 1);
  CHECK_FALSE(asked->error);
  r.on.pass(ask_timeout + 1s);
  auto late = r.registers(1, 2);
  r.on.run();
  CHECK(late->error);
  // Whoever asked first knows no more than that no answer came.
  r.on.pass(61s);
  CHECK(asked->error);
  CHECK_FALSE(asked->answer);
}

TEST_CASE("an append names every subject that the decision read", "[actors][owner]") {
  registry_on_stage r;
  r.registers(1, 1);
  r.on.run();
  REQUIRE(r.kept.groups.size() == 1);
  const auto& append = *r.kept.groups.front()->front();
  for (const auto& draft : append.drafts)
    CHECK(std::ranges::find(append.reads, draft.subject, &ports::subject_read::subject) != append.reads.end());
  CHECK(append.registers_number.has_value());
}

TEST_CASE("a number drawn here that another demande has taken meanwhile is drawn again", "[actors][owner][L441-2-1]") {
  registry_on_stage r;
  auto drawn = r.registers(1, 1, false);
  r.on.run();
  REQUIRE(r.kept.groups.size() == 1);
  auto first = r.kept.groups.back()->front()->registers_number;
  r.finds_number_taken();
  REQUIRE(r.kept.groups.size() == 2);
  auto second = r.kept.groups.back()->front()->registers_number;
  REQUIRE(second.has_value());
  CHECK(second != first);
  CHECK_FALSE(drawn->answer);
  // Not for ever: after four attempts it is refused, which is written like any other refusal.
  for (unsigned attempt = 2; attempt <= 4; ++attempt) {
    CHECK(r.kept.groups.size() == attempt);
    r.finds_number_taken();
  }
  CHECK(r.kept.groups.size() == 4);
  REQUIRE(r.kept.promises.size() == 1);
}

TEST_CASE("a number that the register gave and another demande bears is refused", "[actors][owner][L441-2-1]") {
  registry_on_stage r;
  auto given = r.registers(1, 1);
  r.on.run();
  REQUIRE(r.kept.groups.size() == 1);
  r.finds_number_taken();
  CHECK(r.kept.groups.size() == 1);
  CHECK(r.kept.promises.size() == 1);
}
