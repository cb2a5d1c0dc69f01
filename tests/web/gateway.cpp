// The gateway's limits: how many, how long, and what is told when nobody answers.

#include "web/server/gateway.hpp"

#include <catch2/catch_test_macros.hpp>
#include <future>

using namespace toit;
using namespace toit::web;
using namespace std::chrono_literals;

namespace {

/// A guard that lets everybody wait.
access_guard_actor::behavior_type silent_guard(access_guard_actor::pointer self) {
  auto silence = [self]<class T>(T) { return self->make_response_promise<T>(); };
  return {
      [](written_atom, const ports::batch_ptr&) { return std::uint64_t{0}; },
      [=](login_atom, const credentials_ptr&) { return silence(session_answer_ptr{}); },
      [](logout_atom, const std::string&) {},
      [=](submit_atom, const asked_command_ptr&) { return silence(answer_ptr{}); },
      [=](read_atom, const read_request_ptr&) { return silence(read_answer_ptr{}); },
      [=](list_atom, const late_query_ptr&) { return silence(late_page_ptr{}); },
      [](rights_atom) { return rights_ptr{std::make_shared<const law::rights_book>()}; },
      [](keep_atom, bool) { return true; },
  };
}

class host_of_silence : public host {
public:
  host_of_silence() { territory_.guard = system_.spawn(silent_guard); }
  ~host_of_silence() override { end(); }

  void end() { caf::anon_send_exit(territory_.guard, caf::exit_reason::kill); }

  caf::actor_system& system() override { return system_; }
  std::optional<territory_actors> actors() const override { return ready ? std::optional{territory_} : std::nullopt; }
  event_recorder_actor recorder() const override { return {}; }
  const territory_context& context() const override { return context_; }
  std::string territory_name() const override { return "Territoire fictif"; }
  std::string purpose() const override { return "training"; }
  std::array<std::uint8_t, 32> signer() const override { return {}; }
  ports::federation_report_ptr links() const override { return nullptr; }
  void relay(const ports::stream_id&, relayed_read, std::function<void(std::optional<relayed_answer>)> tell) override {
    tell(std::nullopt);
  }
  std::optional<std::string> not_ready() const override { return std::nullopt; }

  bool ready = true;

private:
  caf::actor_system_config config_;
  caf::actor_system system_{config_};
  territory_actors territory_;
  territory_context context_;
};

std::future<told<receipt>> ask(gateway& way) {
  auto promise = std::make_shared<std::promise<told<receipt>>>();
  auto future = promise->get_future();
  way.submit(std::make_shared<const asked_command>(), [promise](told<receipt> given) { promise->set_value(given); });
  return future;
}

} // namespace

TEST_CASE("what is not answered in time is an unknown outcome, and its place is free again") {
  host_of_silence node;
  gateway way{node, {.in_flight = 4, .timeout = 50ms}};
  auto answer = ask(way);
  CHECK(way.in_flight() == 1);
  REQUIRE(answer.wait_for(10s) == std::future_status::ready);
  CHECK(answer.get().error().code == law::refusal_code::unknown_outcome);
  CHECK(way.in_flight() == 0);
}

TEST_CASE("beyond the limit in flight the answer is at once that the node is busy") {
  host_of_silence node;
  gateway way{node, {.in_flight = 2, .timeout = 300ms}};
  auto first = ask(way);
  auto second = ask(way);
  auto third = ask(way);
  REQUIRE(third.wait_for(0s) == std::future_status::ready);
  CHECK(third.get().error().code == law::refusal_code::busy);
  CHECK(first.get().error().code == law::refusal_code::unknown_outcome);
  CHECK(second.get().error().code == law::refusal_code::unknown_outcome);
  CHECK(ask(way).wait_for(0s) == std::future_status::timeout);
}

TEST_CASE("who asks an actor that ends before it reads him does not wait") {
  host_of_silence node;
  gateway way{node, {.in_flight = 2, .timeout = 60s}};
  node.end();
  auto answer = ask(way);
  REQUIRE(answer.wait_for(10s) == std::future_status::ready);
  CHECK(answer.get().error().code == law::refusal_code::unknown_outcome);
}

TEST_CASE("without actors the answer is at once to try again") {
  host_of_silence node;
  node.ready = false;
  gateway way{node, {}};
  auto answer = ask(way);
  REQUIRE(answer.wait_for(0s) == std::future_status::ready);
  CHECK(answer.get().error().code == law::refusal_code::busy);
}

TEST_CASE("what is answered is told as it is") {
  host_of_silence node;
  gateway way{node, {}};
  std::promise<bool> known;
  way.rights([&](told<rights_ptr> given) { known.set_value(given && (*given)->legal_persons().empty()); });
  CHECK(known.get_future().get());
}
