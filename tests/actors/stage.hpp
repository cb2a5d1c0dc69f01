/// \file
/// A stage for one or two actors at a time: CAF's test scheduler, and parts played by hand.

#pragma once

#include "actors/event_recorder.hpp"

#include <caf/scheduler/test_coordinator.hpp>

namespace toit::test {

class stage {
public:
  stage() : system_{std::make_unique<caf::actor_system>(testing(config_))} {
    system_->await_actors_before_shutdown(false);
    scheduler_ = dynamic_cast<caf::scheduler::test_coordinator*>(&system_->scheduler());
    law::require(scheduler_ != nullptr, "the scheduler is the one for tests");
  }

  caf::actor_system& system() { return *system_; }

  /// Delivers messages until there is none.
  void run() {
    for (int steps = 0; scheduler_->has_job(); ++steps) {
      law::require(steps < 1'000'000, "messages come to an end");
      scheduler_->run_once();
    }
  }
  void pass(std::chrono::seconds much) {
    scheduler_->advance_time(much);
    run();
  }

  /// Asks and keeps what comes: an answer, or the error.
  template <class Result>
  struct asked {
    std::optional<Result> answer;
    std::optional<caf::error> error;
  };
  template <class Result, class Handle, class... Args>
  std::shared_ptr<asked<Result>> ask(const Handle& whom, Args... args) {
    auto kept = std::make_shared<asked<Result>>();
    system_->spawn([whom, kept, args...](caf::event_based_actor* self) {
      self->request(whom, std::chrono::seconds{60}, args...)
          .then([kept](const Result& result) { kept->answer = result; },
                [kept](const caf::error& why) { kept->error = why; });
    });
    return kept;
  }

private:
  static caf::actor_system_config& testing(caf::actor_system_config& config) {
    config.set("scheduler.policy", caf::atom("testing"));
    return config;
  }

  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  caf::scheduler::test_coordinator* scheduler_ = nullptr;
};

} // namespace toit::test
