/// \file
/// One a territory that a node has taken over: brings in what the former host had recorded beyond the cut. Each entry
/// is looked at once, in its order: what an agent had asked for is asked of the guard again, under the id that it had,
/// so that whoever repeats it gets the same answer; what became of it is an entry of the stream.
///
/// Text       L441-2-7 al. 4; R441-2-15 I (what occurred is recorded, by whoever was at its origin).

#pragma once

#include "actors/interfaces.hpp"
#include "actors/territory_context.hpp"
#include "law/authority.hpp"

namespace toit {

struct late_entries_state {
  late_entries_state() = default;

  static inline const char* name = "late_entries";

  void open_reader() { reader_ = context->open_reader(); }
  void tick();
  late_report_ptr report() const;

  late_entries_actor::pointer self = nullptr;
  territory_context_ptr context;
  event_recorder_actor recorder;
  access_guard_actor guard;

private:
  using orphan = ports::orphan_entry;

  void find_settled(std::uint64_t cut_seq);
  void go_on();
  void bring_in(const orphan& late);
  asked_command_ptr asked_again(const orphan& late) const;
  void answered(const orphan& late, const answer& given);
  void settle(const orphan& late, law::late_entry_settled outcome);
  void settled(const law::late_entry_settled& outcome, std::uint64_t seq);
  void try_again();

  std::unique_ptr<ports::journal_reader> reader_;
  std::uint32_t cut_ = 0;
  std::uint64_t seq_ = 0; ///< all up to it is settled
  std::vector<settled_late_entry> settled_;
  /// What the last command that was asked for again gave: what followed from it then follows from it now.
  law::command_id command_;
  law::late_entry_settled given_;
  bool has_looked_ = false; ///< what is settled already is known
  bool busy_ = false;
  bool waits_ = false;
};

late_entries_actor::behavior_type late_entries(late_entries_actor::stateful_pointer<late_entries_state> self,
                                               territory_context_ptr context, event_recorder_actor recorder,
                                               access_guard_actor guard);

} // namespace toit
