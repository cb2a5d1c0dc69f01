/// \file
/// One question to an actor, from outside of the actors.

#pragma once

#include <caf/all.hpp>
#include <functional>
#include <optional>

namespace toit::simulation {

/// Asked by an actor that lives as long as its answer takes; `done` gets nothing where there is none.
template <class Result, class Handle, class... Args>
void put_question(caf::actor_system& system, const Handle& whom, std::function<void(std::optional<Result>)> done,
                  Args... args) {
  if (!whom)
    return done(std::nullopt);
  system.spawn([whom, done, args...](caf::event_based_actor* self) {
    self->set_default_handler(caf::drop);
    self->request(whom, std::chrono::seconds{30}, args...)
        .then([done](const Result& result) { done(result); }, [done](const caf::error&) { done(std::nullopt); });
  });
}

} // namespace toit::simulation
