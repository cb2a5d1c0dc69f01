/// \file
/// One a territory: opens each civil day in turn and has what falls due carried out, each once.

#pragma once

#include "actors/interfaces.hpp"
#include "actors/territory_context.hpp"

namespace toit {

/// How the watcher judges its clock.
struct clock_watch {
  bool steered = false;                   ///< a demonstration's clock is set by hand: its jumps mean nothing
  std::optional<law::instant> last_entry; ///< when the stream was last written, before this start
};

/// When the stream's last entry was recorded; absent for a stream without any.
std::optional<law::instant> last_recorded(ports::journal_reader& reader, const ports::stream_id& stream);

struct deadline_watcher_state {
  deadline_watcher_state() = default;

  static inline const char* name = "deadline_watcher";

  /// Due commands sent and not yet answered.
  static constexpr std::size_t in_flight_limit = 64;
  static constexpr std::size_t page_limit = 256;

  void tick();
  void confirm(std::uint64_t seq);
  watcher_status status() const;

  deadline_watcher_actor::pointer self = nullptr;
  territory_context_ptr context;
  demand_registry_actor registry;
  clock_watch watch;

private:
  void look_at_clock();
  void ask_for_due();
  void open_day(std::vector<due_line> lines);
  void send_more();
  void answered(bool done);

  struct clock_reading {
    law::instant now{};
    std::chrono::milliseconds monotonic{};
  };
  clock_reading read() const { return {context->clock->now(), context->clock->monotonic()}; }

  bool was_frozen();
  void freeze();
  std::uint64_t last_entry() const;
  void mark_frozen();
  bool woke_wrongly(const clock_reading& reading) const;
  bool out_of_step(const clock_reading& reading) const;

  std::optional<clock_reading> in_step_; ///< when clock and monotonic time were last known to agree
  std::vector<due_line> waiting_;        ///< of one day, last to be sent first
  std::optional<law::due> first_sent_;   ///< of the day last opened
  watcher_status status_;
  bool marked_ = false;            ///< the freeze is on disk
  std::uint64_t frozen_after_ = 0; ///< last entry when it began: what was confirmed before says nothing of it
  bool asking_ = false;
  bool failed_ = false; ///< something of this day was refused or not answered
};

deadline_watcher_actor::behavior_type
deadline_watcher(deadline_watcher_actor::stateful_pointer<deadline_watcher_state> self, territory_context_ptr context,
                 demand_registry_actor registry, clock_watch watch);

} // namespace toit
