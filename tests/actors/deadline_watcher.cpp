#include "actors/deadline_watcher.hpp"

#include "simulation/world/world.hpp"
#include "tests/actors/stage.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit;
using namespace std::chrono_literals;
using std::chrono::days;

namespace {

/// A node that has just begun, and looks at its clock when told to.
struct watched {
  watched() { world.start(); }

  bool frozen() {
    world.tick();
    world.drain();
    auto status = world.watch();
    REQUIRE(status);
    return status->frozen;
  }
  /// The node is ended and begun again while `much` goes by on its clock.
  void restart_after(std::chrono::milliseconds much) {
    world.crash();
    world.clock().jump(much);
    world.start();
  }

  simulation::world world{{}};
};

/// A registry for which one effect is due for ever, whatever is answered.
demand_registry_actor::behavior_type stubborn_registry(demand_registry_actor::pointer, std::size_t* submitted) {
  return {
      [](written_atom, const ports::batch_ptr&) { return std::uint64_t{0}; },
      [submitted](submit_atom, const submission_ptr&) -> answer_ptr {
        ++*submitted;
        return std::make_shared<const answer>(receipt{});
      },
      [](describe_atom, law::dossier_id) { return brief_ptr{}; },
      [](list_atom, const list_query_ptr&) { return read_answer_ptr{}; },
      [](list_atom, law::vacancy_id) { return read_answer_ptr{}; },
      [](list_atom, const register_query_ptr&) { return register_page_ptr{}; },
      [](due_atom, const due_query_ptr& asked) -> due_page_ptr {
        due_page page;
        page.lines.push_back({{law::due_rule::validity_end, {}, {}, asked->up_to}, {}});
        return std::make_shared<const due_page>(std::move(page));
      },
      [](keep_atom, bool) { return true; },
      [](sweep_atom) { return std::vector<law::document_id>{}; },
      [](tick_atom) {},
      [](status_atom) { return registry_status{}; },
  };
}

} // namespace

TEST_CASE("an effect that stays due whatever is answered is asked for once a tick, not without end", "[actors]") {
  simulation::virtual_disk disk{1};
  test::stage on;
  std::size_t submitted = 0;
  auto context = std::make_shared<territory_context>();
  context->departement = "93";
  context->clock = std::make_shared<simulation::virtual_clock>(law::start_of_day("93", {2024y / 1 / 8}));
  context->marks = disk.folder("node/marks");
  auto registry = on.system().spawn(stubborn_registry, &submitted);
  auto watcher = on.system().spawn(deadline_watcher, context, registry, clock_watch{});
  for (std::size_t ticks = 1; ticks <= 3; ++ticks) {
    caf::anon_send(watcher, tick_atom_v);
    on.run();
    CHECK(submitted == ticks);
  }
}

TEST_CASE("a clock that keeps step with monotonic time freezes nothing, however long it runs", "[actors][clock]") {
  watched node;
  CHECK_FALSE(node.frozen());
  for (int i = 0; i < 40; ++i) {
    node.world.clock().pass(days{3});
    CHECK_FALSE(node.frozen());
  }
}

TEST_CASE("a clock that parts from monotonic time by more than a day freezes automatic effects", "[actors][clock]") {
  for (auto sign : {1, -1}) {
    watched node;
    CHECK_FALSE(node.frozen());
    node.world.clock().jump(sign * std::chrono::milliseconds{24h});
    CHECK_FALSE(node.frozen());
    node.world.clock().jump(sign * 1ms);
    CHECK(node.frozen());
    // Time that goes by does not make it right.
    node.world.clock().pass(days{2});
    CHECK(node.frozen());
    node.world.confirm_clock();
    node.world.drain();
    CHECK_FALSE(node.frozen());
  }
}

TEST_CASE("a clock that parts a little each time is found out too", "[actors][clock]") {
  watched node;
  CHECK_FALSE(node.frozen());
  node.world.clock().jump(20h);
  CHECK_FALSE(node.frozen());
  node.world.clock().jump(20h);
  CHECK(node.frozen());
}

TEST_CASE("a freeze lasts through restarts, whatever was recorded since, until the clock is confirmed",
          "[actors][clock]") {
  watched node;
  CHECK_FALSE(node.frozen());
  node.world.clock().jump(days{3});
  CHECK(node.frozen());
  for (int i = 0; i < 2; ++i) {
    node.restart_after(1ms);
    CHECK(node.frozen());
  }
  node.world.confirm_clock();
  node.world.drain();
  CHECK_FALSE(node.frozen());
  node.restart_after(1ms);
  CHECK_FALSE(node.frozen());
}

TEST_CASE("what was confirmed before a freeze says nothing of it, after a restart either", "[actors][clock]") {
  watched node;
  CHECK_FALSE(node.frozen());
  constexpr std::uint64_t first_entry = 1;
  node.world.clock().jump(days{3});
  CHECK(node.frozen());
  for (int i = 0; i < 2; ++i) {
    node.world.confirm_clock(first_entry);
    node.world.drain();
    CHECK(node.frozen());
    node.restart_after(1ms);
  }
  node.world.confirm_clock();
  node.world.drain();
  CHECK_FALSE(node.frozen());
}

TEST_CASE("a node that begins before its last entry is frozen until its clock is confirmed", "[actors][clock]") {
  watched node;
  node.restart_after(-1ms);
  CHECK(node.frozen());
  node.world.confirm_clock();
  node.world.drain();
  CHECK_FALSE(node.frozen());
}

TEST_CASE("a node that begins more than thirty-one days after its last entry is frozen", "[actors][clock]") {
  watched node;
  node.restart_after(days{31});
  CHECK_FALSE(node.frozen());
  node.restart_after(1ms);
  CHECK(node.frozen());
}
