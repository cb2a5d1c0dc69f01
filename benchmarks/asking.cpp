#include "benchmarks/asking.hpp"

#include "actors/spawning.hpp"

#include <future>

namespace toit::bench {

namespace {

struct asking_state {
  asking_state() = default;

  static inline const char* name = "asking";

  void send_more() {
    while (sent < commands.size() && in_flight < window)
      send();
  }

  void send() {
    const auto& asked = commands[sent++];
    ++in_flight;
    self->request(guard, caf::infinite, submit_atom_v, asked)
        .then([this, from = clock::now()](const answer_ptr& given) { answered(*given, from); },
              [this](const caf::error& error) { fail("the node does not answer: " + caf::to_string(error)); });
  }

  void answered(const answer& given, clock::time_point from) {
    --in_flight;
    if (!given)
      return fail("refused: " + std::string{law::name_of(given.error().code)} + " (" + given.error().article + ")");
    result.waits.emplace_back(clock::now() - from);
    result.entries += given->last_seq == 0 ? 0 : given->last_seq - given->first_seq + 1;
    if (given->last_seq > result.last_seq) {
      result.last_seq = given->last_seq;
      result.head = given->head;
    }
    if (told)
      told(*given);
    send_more();
    if (in_flight == 0)
      end();
  }

  void end() {
    result.took = clock::now() - began;
    done.set_value(std::move(result));
    self->quit();
  }

  void fail(const std::string& because) {
    if (!std::exchange(failed, true))
      done.set_exception(std::make_exception_ptr(std::runtime_error{because}));
    self->quit();
  }

  caf::event_based_actor* self = nullptr;
  access_guard_actor guard;
  std::span<const asked_command_ptr> commands;
  std::size_t window = 0;
  std::function<void(const receipt&)> told;
  std::promise<asked_result> done;
  asked_result result;
  clock::time_point began;
  std::size_t sent = 0;
  std::size_t in_flight = 0;
  bool failed = false;
};

static_assert(actor_state<asking_state>);

} // namespace

asked_result ask_all(nodes::running_node& node, std::span<const asked_command_ptr> commands, std::size_t window,
                     const std::function<void(const receipt&)>& told) {
  auto actors = node.actors();
  if (!actors)
    throw std::runtime_error{"the node has no actors"};
  if (commands.empty())
    return {};
  std::promise<asked_result> done;
  auto result = done.get_future();
  node.system().spawn([&](caf::stateful_actor<asking_state>* self) {
    auto& state = self->state;
    state.self = self;
    state.guard = actors->guard;
    state.commands = commands;
    state.window = window;
    state.told = told;
    state.done = std::move(done);
    state.result.waits.reserve(commands.size());
    state.began = clock::now();
    // The first ones go from here; answers send the others.
    state.send_more();
  });
  return result.get();
}

} // namespace toit::bench
