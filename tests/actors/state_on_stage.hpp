/// \file
/// A State authority and one territory on a stage: a stream of each, and what the one knows of the other, told by hand.

#pragma once

#include "actors/event_recorder.hpp"
#include "simulation/world/world.hpp"
#include "tests/actors/context_on_stage.hpp"
#include "tests/actors/stage.hpp"
#include "tests/law/prefecture.hpp"

#include <catch2/catch_test_macros.hpp>

namespace toit::test {

/// A directory that knows one authority and one territory.
class small_post : public ports::command_post {
public:
  explicit small_post(ports::stream_id authority) : authority_{authority} {}

  std::vector<ports::stream_id> issuers() const override { return {authority_}; }
  std::vector<law::departement_code> competent_in(const ports::stream_id&, law::state_matter) const override {
    return {*law::departement_code::parse("93")};
  }
  std::vector<ports::stream_id> territories() const override { return {journal::test::stream()}; }
  std::optional<ports::node_name> host_of(const ports::stream_id&) const override { return std::nullopt; }
  std::optional<law::siren> answers_for(const ports::stream_id&) const override { return std::nullopt; }
  bool sets_thresholds_of(law::departement_code) const override { return false; }
  std::optional<ports::followed_place> place_of(law::siren) const override {
    return ports::followed_place{{*law::departement_code::parse("93")}, competent, true, true};
  }
  law::instant now() const override { return {}; }
  std::optional<law::text<65536>> seal(const ports::posted_command&) const override { return std::nullopt; }
  std::optional<ports::posted_command> open(const law::text<65536>&) const override { return std::nullopt; }
  std::optional<law::text<8192>> seal(const ports::stream_id&, const ports::posted_result&) const override {
    return std::nullopt;
  }
  std::optional<ports::posted_result> open_result(const law::text<8192>&) const override { return std::nullopt; }

  bool competent = true; ///< the authority, for the territory's dispositif

private:
  ports::stream_id authority_;
};

/// Says of its territory what it was told.
inline territory_supervisor_actor::behavior_type told_supervisor(territory_supervisor_actor::pointer,
                                                                 std::shared_ptr<const supervised_territory> facts) {
  return {
      [](written_atom, const ports::batch_ptr&) { return std::uint64_t{0}; },
      [](tick_atom) {},
      [facts](status_atom) -> supervised_territory_ptr { return std::make_shared<supervised_territory>(*facts); },
  };
}

struct state_on_stage {
  state_on_stage() {
    node.open();
    node.journal->create_stream(
        ordering, journal::test::record_of(law::stream_opened{prefecture, law::text<120>{"Préfecture fictive"},
                                                              law::text<16>{"training"}, node.journal->signer()}));
    node.journal->load(ordering);
    known->stream = journal::test::stream();
    known->caught_up = true;
    recorder = on.system().spawn(event_recorder, &node.writer(), metrics, deliberate_bugs{});
    supervisor = on.system().spawn(told_supervisor, std::shared_ptr<const supervised_territory>{known});
    on.run();
  }
  ~state_on_stage() {
    end(supervisor);
    end(recorder);
    on.pass(std::chrono::seconds{61});
  }
  state_on_stage(const state_on_stage&) = delete;
  state_on_stage& operator=(const state_on_stage&) = delete;

  std::shared_ptr<territory_context> context_of(const ports::stream_id& stream, law::siren who) {
    auto made = context_over(node, stream, who);
    made->post = post;
    return made;
  }
  template <class Handle>
  void end(const Handle& actor) {
    caf::anon_send_exit(actor, caf::exit_reason::kill);
    on.run();
  }
  law::civil_date today() const { return law::local_date("93", node.clock->now()); }

  /// In the authority's stream; its actors are not told.
  std::uint64_t note(law::event happened, law::civil_date day) {
    auto about = law::subject_of_territory(territory);
    auto record = journal::test::record_of(std::move(happened));
    record.occurred_on = day;
    auto append = std::make_shared<ports::append>();
    append->stream = ordering;
    auto payload = node.journal->open_sealer()->seal(ordering, about, record);
    append->drafts.push_back({about, std::move(payload), std::make_shared<const law::record>(std::move(record))});
    auto result = node.write(append);
    REQUIRE(result.status == ports::append_status::appended);
    return result.last_seq;
  }

  /// What is asked of an owner of instruments, by whom, in which quality.
  template <class Owner>
  answer_ptr ask(const Owner& owner, law::siren who, law::quality as, law::event what,
                 std::vector<law::dispositif_party> parties = {}) {
    auto asked = std::make_shared<submission>();
    asked->command = law::testing::prefecture::asking(who, std::move(what), today());
    asked->command.id = journal::test::id_with<law::command_id>(++asked_);
    asked->facts.today = today();
    asked->facts.capacities.push_back({as, {}, {true, {}, {}}});
    asked->facts.parties = std::move(parties);
    asked->facts.fresh_ids[0] = journal::test::id_with<law::subject_id>(asked_);
    auto told = on.ask<answer_ptr>(owner, submit_atom_v, submission_ptr{asked});
    on.run();
    REQUIRE(told->answer);
    return *told->answer;
  }
  static bool recorded(const answer_ptr& told) { return told->has_value(); }
  static std::optional<law::refusal_code> code_of(const answer_ptr& told) {
    return *told ? std::nullopt : std::optional{told->error().code};
  }

  const law::siren prefecture = law::testing::cast().prefecture;
  const law::siren territory = law::testing::cast().epci;
  const ports::stream_id ordering = *ports::stream_id::parse("SR11");
  journal::test::node node;
  std::shared_ptr<base::metrics> metrics = std::make_shared<base::metrics>();
  std::shared_ptr<small_post> post = std::make_shared<small_post>(ordering);
  std::shared_ptr<supervised_territory> known = std::make_shared<supervised_territory>();
  test::stage on;
  event_recorder_actor recorder;
  territory_supervisor_actor supervisor;

private:
  std::uint8_t asked_ = 0;
};

} // namespace toit::test
