/// \file
/// Who may touch which subject now. A command takes all its subjects at once, in order of arrival; one whose subjects
/// grow while it waits goes before whoever has not begun, so that nobody ever waits in a circle.

#pragma once

#include "law/identifiers.hpp"

#include <deque>
#include <map>
#include <unordered_map>
#include <vector>

namespace toit {

class lock_table {
public:
  using ticket = std::uint64_t;

  /// At most this many wait behind one subject.
  static constexpr std::size_t waiting_limit = 64;

  /// False, and nothing taken, when too many already wait for one of the subjects.
  bool enter(ticket who, const std::vector<law::subject_id>& subjects);

  /// True when the ticket is first at all its subjects, and none of them is held.
  bool ready(ticket who) const;

  /// Adds subjects to a ticket that is ready but has not begun, before all others that have not begun.
  void widen(ticket who, const std::vector<law::subject_id>& subjects);

  /// Holds the ticket's subjects: from now on nobody else is ready at them.
  void begin(ticket who);

  /// Leaves all subjects; answers the tickets that may be ready now, in order of arrival.
  std::vector<ticket> leave(ticket who);

  bool empty() const { return places_.empty(); }

private:
  struct line {
    std::deque<ticket> waiting; ///< the first one may hold the subject
    bool held = false;
  };

  std::unordered_map<law::subject_id, line, law::hash_bytes> lines_;
  std::map<ticket, std::vector<law::subject_id>> places_;
};

} // namespace toit
