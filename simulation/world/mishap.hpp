/// \file
/// What may go wrong in a run.

#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace toit::simulation {

enum class mishap : std::uint8_t {
  crash,          ///< power is cut between two messages
  crash_in_write, ///< ... in the middle of a write or of a sync
  crash_at_start, ///< ... and again while the node starts
  kill_registry,
  kill_another, ///< another actor of the territory, or the recorder, whose node ends with it
  stall,        ///< nothing is answered until every time-out has passed
  disk_full,
  clock_ahead,
  clock_behind,
  long_sleep, ///< the node is off for more than a month
  snapshot,
  checkpoint,
  checkpoint_truncate,
  territory_restored, ///< ... from an older copy, while its neighbours answer
  state_restored,
  state_crash,
  state_crash_in_write,
  state_clock,
  state_keys_changed, ///< a State node's, in order
  state_keys_stolen,  ///< ... after a theft: those of before are revoked, and the thief signs with them
  link_cut,
  link_healed,
  envelope_altered,
  envelope_replayed,
  envelope_forged,
};
constexpr auto names_of(mishap) {
  return std::to_array<std::string_view>({"crash",
                                          "crash_in_write",
                                          "crash_at_start",
                                          "kill_registry",
                                          "kill_another",
                                          "stall",
                                          "disk_full",
                                          "clock_ahead",
                                          "clock_behind",
                                          "long_sleep",
                                          "snapshot",
                                          "checkpoint",
                                          "checkpoint_truncate",
                                          "territory_restored",
                                          "state_restored",
                                          "state_crash",
                                          "state_crash_in_write",
                                          "state_clock",
                                          "state_keys_changed",
                                          "state_keys_stolen",
                                          "link_cut",
                                          "link_healed",
                                          "envelope_altered",
                                          "envelope_replayed",
                                          "envelope_forged"});
}

} // namespace toit::simulation
