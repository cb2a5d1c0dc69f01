#include "benchmarks/asking.hpp"

#include "actors/spawning.hpp"

#include <future>

namespace toit::bench {

namespace {

struct asking_state {
  asking_state() = default;

  static inline const char* name = "asking";

  void begin_asking() { ///< not "begin": CAF takes what has one for a container
    began = clock::now();
    if (every.count() > 0)
      return send_in_time();
    send_more();
  }

  void send_more() {
    while (every.count() == 0 && sent < commands.size() && in_flight < window)
      send();
  }

  /// What the clock of the actors wakes late for is sent all at once.
  void send_in_time() {
    while (sent < commands.size() && began + every * sent <= clock::now())
      send();
    if (sent < commands.size())
      self->delayed_send(self, began + every * sent - clock::now(), tick_atom_v);
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
    if (in_flight == 0 && sent == commands.size())
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
  std::chrono::microseconds every{0}; ///< 0: as fast as the window lets
  std::function<void(const receipt&)> told;
  std::promise<asked_result> done;
  asked_result result;
  clock::time_point began;
  std::size_t sent = 0;
  std::size_t in_flight = 0;
  bool failed = false;
};

static_assert(actor_state<asking_state>);

/// What it refers to outlives the answers.
struct asking {
  std::size_t territory = 0;
  std::span<const asked_command_ptr> commands;
  std::size_t window = 0;
  std::chrono::microseconds every{0};
  const std::function<void(const receipt&)>& told;
};

std::future<asked_result> begin(nodes::running_node& node, const asking& what) {
  auto actors = node.actors_of(what.territory);
  if (!actors)
    throw std::runtime_error{"the territory has no actors"};
  auto done = std::make_shared<std::promise<asked_result>>();
  auto result = done->get_future();
  if (what.commands.empty()) {
    done->set_value({});
    return result;
  }
  // It begins on a thread of its own, when this has returned.
  node.system().spawn([what, done, guard = actors->guard](caf::stateful_actor<asking_state>* self) {
    auto& state = self->state;
    state.self = self;
    state.guard = guard;
    state.commands = what.commands;
    state.window = what.window;
    state.every = what.every;
    state.told = what.told;
    state.done = std::move(*done);
    state.result.waits.reserve(what.commands.size());
    self->become([self](tick_atom) { self->state.send_in_time(); });
    // The first ones go from here; answers or the clock send the others.
    state.begin_asking();
  });
  return result;
}

} // namespace

asked_result ask_all(nodes::running_node& node, std::span<const asked_command_ptr> commands, std::size_t window,
                     const std::function<void(const receipt&)>& told) {
  return begin(node, {0, commands, window, {}, told}).get();
}

asked_result ask_steadily(nodes::running_node& node, std::span<const asked_command_ptr> commands,
                          std::chrono::microseconds every, const std::function<void(const receipt&)>& told) {
  return begin(node, {0, commands, 0, every, told}).get();
}

std::vector<asked_result> ask_together(nodes::running_node& node, std::span<const asked_part> parts) {
  std::vector<std::future<asked_result>> begun;
  for (const auto& part : parts)
    begun.push_back(begin(node, {part.territory, part.commands, part.window, {}, part.told}));
  // None may still be asking when what it asks goes.
  for (const auto& one : begun)
    one.wait();
  std::vector<asked_result> results;
  for (auto& one : begun)
    results.push_back(one.get());
  return results;
}

} // namespace toit::bench
