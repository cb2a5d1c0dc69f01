/// \file
/// One a State node: owns what its authority records in its own stream.

#pragma once

#include "actors/instruments.hpp"

namespace toit {

using state_desk_pointer = state_desk_actor::stateful_pointer<struct state_desk_state>;

struct state_desk_state {
  state_desk_state() = default;

  static inline const char* name = "state_desk";

  caf::result<answer_ptr> submit(const submission_ptr& asked);
  void close(const executed_command& done);

  state_desk_pointer self = nullptr;
  std::unique_ptr<instruments_owner<law::state_book, state_desk_pointer>> desk;

private:
  bool stands(const executed_command& done);
  bool is_answered(const law::issued_command& known, const ports::stream_id& addressee);

  struct closing {
    bool under_way = false;
    executed_command told;        ///< the last word of it
    std::chrono::seconds wait{0}; ///< before it was tried last
  };

  std::map<std::uint64_t, closing> closing_; ///< by the command's entry
};

state_desk_actor::behavior_type state_desk(state_desk_pointer self, territory_context_ptr context,
                                           event_recorder_actor recorder);

} // namespace toit
