/// \file
/// One a territory: brings in what a former host had recorded beyond the cut. Each entry is looked at once, in its
/// order: what an agent had asked for is asked of the guard again, under the id that it had, so that whoever repeats it
/// gets the same answer; what became of it is an entry of the stream. It owns those entries, and what the holder says
/// of them. What came without its payload waits, and holds up nobody, until somebody brings that or its dossier's
/// tombstone is here: a conflict would be settled for good, and what was countersigned was promised.
///
/// Text       L441-2-7 al. 4; R441-2-15 I (what occurred is recorded, by whoever was at its origin).

#pragma once

#include "actors/instruments.hpp"
#include "law/authority.hpp"
#include "law/late_book.hpp"

#include <deque>
#include <set>

namespace toit {

using late_pointer = late_entries_actor::stateful_pointer<struct late_entries_state>;
using late_owner = instruments_owner<law::late_book, late_pointer>;

struct late_entries_state {
  late_entries_state() = default;

  static inline const char* name = "late_entries";

  void tick(access_guard_actor guard);
  late_page_ptr page(const late_query& asked) const;

  late_pointer self = nullptr;
  territory_context_ptr context;
  event_recorder_actor recorder;
  std::unique_ptr<late_owner> desk;

private:
  using orphan = ports::orphan_entry;

  void go_on();
  std::optional<orphan> next();
  std::optional<orphan> next_of_tails();
  std::optional<orphan> next_filled();
  void let_wait(orphan late);
  void note_erased(const orphan& tombstone);
  void look_for_tombstones();
  bool is_settled(const orphan& late) const;
  void bring_in(const orphan& late);
  void conclude(const orphan& late, const law::late_entry_settled& outcome);
  asked_command_ptr asked_again(const orphan& late) const;
  void execute(const orphan& late); ///< in builds made for tests alone
  void answered(const orphan& late, const answer& given);
  void settle(const orphan& late, law::late_entry_settled outcome);
  void try_again();

  access_guard_actor guard_; ///< as last told
  /// What the last command that was asked for again gave: what followed from it then follows from it now.
  law::command_id command_;
  law::late_entry_settled given_;
  bool busy_ = false;
  bool waits_ = false;
  bool locked_ = false;                              ///< the next one cannot be read: its key is not here
  std::map<std::uint32_t, std::uint64_t> looked_to_; ///< of each cut's tail: up to there all is settled, or waits
  std::deque<orphan> empty_;                         ///< wait for their payload
  std::deque<orphan> erased_;                        ///< whose tombstone says that it comes no more
  std::set<law::subject_id> tombstones_;             ///< of the stream, looked for once something waits
  std::uint64_t tombstones_to_ = 0;
};

late_entries_actor::behavior_type late_entries(late_pointer self, territory_context_ptr context,
                                               event_recorder_actor recorder);

} // namespace toit
