/// \file
/// One a territory that a State node follows: reads the territory's replica, as far as a State node may, and tells the
/// State desk what became of its commands.
///
/// Text       L441-2-7 and L441-1-5 (the State's part in each territory); R441-2-15 V 1° (what it may read).
/// Not here   what only the host can read: questions to the host, under its own guard.

#pragma once

#include "actors/interfaces.hpp"
#include "actors/territory_context.hpp"

namespace toit {

struct territory_supervisor_state {
  territory_supervisor_state() = default;

  static inline const char* name = "territory_supervisor";

  /// Entries of the replica read at once: others have their turn in between.
  static constexpr std::size_t chunk = 1024;

  void begin_reading();
  std::uint64_t written();
  void go_on();
  /// As far as it is on disk, unless that is more than is read at once.
  supervised_territory_ptr status();

  territory_supervisor_actor::pointer self = nullptr;
  territory_context_ptr context;
  event_recorder_actor recorder;
  state_desk_actor state;
  supervised_territory facts;

private:
  void read_some();
  bool was_rewound();
  void begin_again();
  void take(const ports::stored_entry& entry);

  std::unique_ptr<ports::journal_reader> reader_;
  bool reading_ = false;
};

territory_supervisor_actor::behavior_type
territory_supervisor(territory_supervisor_actor::stateful_pointer<territory_supervisor_state> self,
                     territory_context_ptr context, event_recorder_actor recorder, state_desk_actor state,
                     ports::stream_id followed);

} // namespace toit
