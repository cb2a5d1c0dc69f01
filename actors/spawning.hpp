/// \file
/// How every actor of the project is spawned: from a function, with a state that says what it begins as.

#pragma once

#include "base/log.hpp"

#include <caf/all.hpp>

namespace toit {

/// An aggregate state would be filled from the actor's own address by C++20's parenthesised initialisation: its first
/// member would start as true, or own the actor that owns it. Every state therefore declares a constructor.
template <class State>
concept actor_state = !std::is_aggregate_v<State>;

/// Messages that nobody awaits are logged and dropped. An exception ends the actor, which is begun again from the
/// journal; what it says names streams and entries, never persons.
template <class Self>
void set_up_defaults(Self* self, const char* name) {
  self->set_exception_handler([name](std::exception_ptr& thrown) -> caf::error {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& failure) {
      base::log_error("an actor ends", {{"actor", name}, {"because", failure.what()}});
    }
    return caf::sec::runtime_error;
  });
  self->set_default_handler([name](caf::scheduled_actor*, caf::message_view&) -> caf::result<caf::message> {
    base::log_warning("unexpected message dropped", {{"actor", name}});
    return caf::sec::unexpected_message;
  });
}

} // namespace toit
