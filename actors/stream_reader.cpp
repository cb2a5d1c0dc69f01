#include "actors/stream_reader.hpp"

#include "actors/spawning.hpp"
#include "actors/stream_cursor.hpp"

namespace toit {

static_assert(actor_state<stream_reader_state>);

void stream_reader_state::begin(territory_context_ptr context, bool ahead) {
  context_ = std::move(context);
  ahead_ = ahead;
  reader_ = context_->open_reader();
  parts_.emplace([this](const std::uint64_t& after) { return fetch(after); });
}

/// Parts end at the same places for all, wherever they begin.
ports::batch_ptr stream_reader_state::fetch(std::uint64_t after) const {
  constexpr auto chunk = stream_cursor::chunk;
  return std::make_shared<const ports::entry_batch>(
      ports::entry_batch{context_->stream, reader_->read(context_->stream, after, chunk - after % chunk)});
}

/// Once somebody has come to the end the others are close to it, and nothing that was read stays in memory.
ports::batch_ptr stream_reader_state::read(std::uint64_t after) {
  if (auto known = std::ranges::find(kept_, after, &part::after); known != kept_.end())
    return known->batch;
  auto batch = parts_->take(after);
  if (batch->entries.empty()) {
    kept_.clear();
    return batch;
  }
  if (ahead_)
    parts_->begin(batch->entries.back().seq);
  kept_.push_back({after, batch});
  if (kept_.size() > kept_most)
    kept_.pop_front();
  return batch;
}

stream_reader_actor::behavior_type stream_reader(stream_reader_actor::stateful_pointer<stream_reader_state> self,
                                                 territory_context_ptr context, bool ahead) {
  set_up_defaults(self, stream_reader_state::name);
  self->state.begin(std::move(context), ahead);
  return {[self](read_atom, std::uint64_t after) { return self->state.read(after); }};
}

} // namespace toit
