#include "nodes/federation/link_keeper.hpp"
#include "tests/actors/stage.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit;

namespace {

const auto flooder = ports::node_name::parse("flooder").value();
const auto neighbour = ports::node_name::parse("neighbour").value();

using heard_from = std::map<ports::node_name, std::size_t>;

/// Counts what is handed on, and does nothing else.
link_keeper_actor::behavior_type counting(std::shared_ptr<heard_from> heard) {
  return {
      [](written_atom, const ports::batch_ptr&) { return std::uint64_t{0}; },
      [heard](received_atom, const ports::node_name& from, const message_ptr&) { ++(*heard)[from]; },
      [](changed_atom, const ports::node_name&, ports::link_state) {},
      [](tick_atom) {},
      [](ask_atom, const ports::node_name&, const message_ptr& what) { return what; },
      [](keep_atom, const message_ptr&) {},
      [](pass_atom, const ports::authorities_ptr&) {},
      [](host_atom, const ports::stream_id&, bool) {},
      [](gather_atom, const ports::stream_id&) { return true; },
      [](answer_atom, const ports::node_name&, std::uint64_t, const message_ptr&) {},
      [](status_atom) { return ports::federation_report_ptr{}; },
  };
}

struct received {
  received() {
    receiver.attach(stage.system().spawn([kept = heard]() { return counting(kept); }));
    stage.run();
  }

  test::stage stage;
  std::shared_ptr<heard_from> heard = std::make_shared<heard_from>();
  std::shared_ptr<base::metrics> metrics = std::make_shared<base::metrics>();
  nodes::link_receiver receiver{metrics};
};

} // namespace

TEST_CASE("a flood of tiny messages is bounded, and what others say gets through") {
  received all;
  constexpr std::size_t most = nodes::link_receiver::share_bytes / nodes::link_receiver::around_message;
  for (std::size_t i = 0; i < 2 * most; ++i)
    all.receiver.received(flooder, ports::bytes(1));
  all.receiver.received(neighbour, ports::bytes(1'000));
  all.stage.run();
  CHECK((*all.heard)[flooder] <= most);
  CHECK((*all.heard)[flooder] > most * 9 / 10);
  CHECK((*all.heard)[neighbour] == 1);
  auto told = all.metrics->text();
  CHECK(told.find("toit_link_unread_total{node=\"flooder\"}") != std::string::npos);
  CHECK(told.find("toit_link_unread_total{node=\"neighbour\"}") == std::string::npos);
  // What has been read makes room again.
  all.receiver.received(flooder, ports::bytes(1));
  auto before = (*all.heard)[flooder];
  all.stage.run();
  CHECK((*all.heard)[flooder] == before + 1);
}

TEST_CASE("a message of the largest size is taken when nothing of its sender's waits") {
  received all;
  ports::bytes largest(ports::message_limit_bytes);
  all.receiver.received(neighbour, largest);
  all.receiver.received(neighbour, ports::bytes(1));
  all.stage.run();
  CHECK((*all.heard)[neighbour] == 1);
  all.receiver.received(neighbour, largest);
  all.stage.run();
  CHECK((*all.heard)[neighbour] == 2);
}
