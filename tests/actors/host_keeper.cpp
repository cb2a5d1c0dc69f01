// What the keeper of hosts does when authorities pass on while it waits for somebody.

#include "nodes/hosting/host_keeper.hpp"

#include "tests/actors/stage.hpp"
#include "tests/journal/node.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit;
using journal::test::id_with;

namespace {

const auto passing_territory = *law::siren::parse("200057875");
const auto ordering_stream = *ports::stream_id::parse("SR11");

/// What of its node the keeper asks for before a stream is here.
class waiting_place : public nodes::hosting_place {
public:
  explicit waiting_place(journal::test::node& node) : node_{node} {
    auto context = std::make_shared<territory_context>();
    context->stream = ordering_stream;
    context->departement = "75";
    context->clock = node.clock;
    context->metrics = std::make_shared<base::metrics>();
    context_ = std::move(context);
    auto issued = std::make_shared<federation::directory>();
    issued->number = 1;
    federation::territory_entry line{};
    line.stream = ports::stream_of(passing_territory);
    line.territory = passing_territory;
    line.ordering = ordering_stream;
    line.from = law::civil_date{std::chrono::year{2020} / 1 / 1};
    issued->territories.push_back(std::move(line));
    issued_ = std::move(issued);
  }

  std::optional<ports::node_name> name() const override { return ports::node_name::parse("region"); }
  territory_context_ptr context() const override { return context_; }
  journal::node_journal& journal() const override { return *node_.journal; }
  std::vector<territory_context_ptr> hosted() const override { return {}; }
  territory_context_ptr begin_hosting(const ports::stream_id&) override { return nullptr; }
  void end_hosting(const ports::stream_id&) override {}
  ports::adoption adoption_of(const ports::stream_id& stream, const nodes::opened_epoch& opened) const override {
    ports::adoption asked;
    asked.stream = stream;
    asked.epoch = opened.passed.epoch;
    return asked;
  }
  std::optional<law::bytes32> escrow_secret() const override { return std::nullopt; }
  std::shared_ptr<const federation::directory> issued_directory() const override { return issued_; }
  void adopt_authorities(federation::authorities) override {}

private:
  journal::test::node& node_;
  territory_context_ptr context_;
  std::shared_ptr<const federation::directory> issued_;
};

/// Notes which epochs are to be begun, and begins none.
caf::behavior noting_recorder(caf::event_based_actor* self, std::vector<std::uint32_t>* epochs) {
  return {
      [self, epochs](adopt_atom, const adoption_ptr& asked) -> caf::result<ports::adoption_result> {
        epochs->push_back(asked->epoch);
        return self->make_response_promise<ports::adoption_result>();
      },
      [](follow_atom, const ports::stream_id&, const follower_actor&) {},
      [](ordering_atom, const ports::stream_id&, std::uint64_t) {},
      [](release_atom, const ports::stream_id&) { return true; },
      [](release_atom, const ports::stream_id&, bool) { return true; },
  };
}

using gathered_promise = caf::typed_response_promise<bool>;

/// Neighbours are asked, and answer when they are let.
caf::behavior slow_links(caf::event_based_actor* self, std::vector<gathered_promise>* waiting) {
  return {
      [self, waiting](gather_atom, const ports::stream_id&) -> caf::result<bool> {
        waiting->push_back(self->make_response_promise<bool>());
        return waiting->back();
      },
      [waiting](tick_atom) {
        for (auto& promise : std::exchange(*waiting, {}))
          promise.deliver(true);
      },
      [](pass_atom, const ports::authorities_ptr&) {},
      [](host_atom, const ports::stream_id&, bool) {},
  };
}

struct keeper_on_stage {
  keeper_on_stage() {
    node.open();
    node.journal->create_stream(ordering_stream, journal::test::record_of(law::stream_opened{
                                                     passing_territory, law::text<120>{"Préfecture"},
                                                     law::text<16>{"training"}, node.journal->signer()}));
    node.journal->load(ordering_stream);
    recorder = on.system().spawn(noting_recorder, &adopted);
    links = on.system().spawn(slow_links, &waiting);
    nodes::host_keeping in_charge;
    in_charge.place = &place;
    in_charge.recorder = caf::actor_cast<event_recorder_actor>(recorder);
    in_charge.links = caf::actor_cast<link_keeper_actor>(links);
    in_charge.report = [] { return ports::federation_report_ptr{}; };
    in_charge.begin = [](const territory_context_ptr&) {};
    in_charge.end = [](const ports::stream_id&) {};
    in_charge.give_up = [] {};
    in_charge.ticks_by_itself = false;
    keeper = on.system().spawn(nodes::host_keeper, in_charge);
    on.run();
  }
  ~keeper_on_stage() {
    caf::anon_send_exit(keeper, caf::exit_reason::kill);
    caf::anon_send_exit(recorder, caf::exit_reason::kill);
    caf::anon_send_exit(links, caf::exit_reason::kill);
    on.run();
  }
  keeper_on_stage(const keeper_on_stage&) = delete;
  keeper_on_stage& operator=(const keeper_on_stage&) = delete;

  /// In the ordering authority's stream, where the keeper reads it.
  void opens(std::uint32_t epoch, const char* host) {
    law::authority_passed passed{};
    passed.territory = passing_territory;
    passed.epoch = epoch;
    passed.holder = passing_territory;
    passed.host = law::text<64>{host};
    auto about = id_with<law::subject_id>(9);
    auto record = journal::test::record_of(passed);
    auto append = std::make_shared<ports::append>();
    append->stream = ordering_stream;
    auto payload = node.journal->open_sealer()->seal(ordering_stream, about, record);
    append->drafts.push_back({about, std::move(payload), std::make_shared<const law::record>(std::move(record))});
    REQUIRE(node.write(append).status == ports::append_status::appended);
    caf::anon_send(keeper, tick_atom_v);
    on.run();
  }
  void neighbours_answer() {
    caf::anon_send(links, tick_atom_v);
    on.run();
  }

  journal::test::node node;
  waiting_place place{node};
  test::stage on;
  std::vector<std::uint32_t> adopted;
  std::vector<gathered_promise> waiting;
  caf::actor recorder;
  caf::actor links;
  host_keeper_actor keeper;
};

} // namespace

TEST_CASE("an epoch that went to another node while neighbours were asked is not begun here",
          "[actors][L441-2-7-4-1]") {
  keeper_on_stage k;
  k.opens(1, "region");
  REQUIRE(k.waiting.size() == 1);
  k.opens(2, "ailleurs");
  k.neighbours_answer();
  CHECK(k.adopted.empty());
  // It is free for the next one.
  k.opens(3, "region");
  REQUIRE(k.waiting.size() == 1);
  k.neighbours_answer();
  CHECK(k.adopted == std::vector<std::uint32_t>{3});
}
