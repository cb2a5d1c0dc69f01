/// \file
/// A stream reader that gives what it is asked for when the test says so.

#pragma once

#include "actors/interfaces.hpp"
#include "tests/journal/node.hpp"

namespace toit::test {

struct reading_room {
  std::vector<std::function<void()>> waiting;
};

/// `node` and `room` outlive it. A tick gives what waits.
inline caf::behavior slow_reader(caf::event_based_actor* self, journal::test::node* node, reading_room* room) {
  return {
      [self, node, room](read_atom, std::uint64_t after) -> caf::result<ports::batch_ptr> {
        auto promise = self->make_response_promise<ports::batch_ptr>();
        auto give = [node, promise, after]() mutable {
          auto entries = node->journal->open_reader()->read(journal::test::stream(), after, 4096);
          promise.deliver(ports::batch_ptr{
              std::make_shared<const ports::entry_batch>(ports::entry_batch{journal::test::stream(), entries})});
        };
        room->waiting.emplace_back(give);
        return promise;
      },
      [room](tick_atom) {
        for (auto& give : std::exchange(room->waiting, {}))
          give();
      },
  };
}

} // namespace toit::test
