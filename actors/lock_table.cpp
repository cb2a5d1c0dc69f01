#include "actors/lock_table.hpp"

#include "law/require.hpp"

#include <algorithm>
#include <set>

namespace toit {

bool lock_table::enter(ticket who, const std::vector<law::subject_id>& subjects) {
  for (const auto& subject : subjects) {
    auto found = lines_.find(subject);
    if (found != lines_.end() && found->second.waiting.size() > waiting_limit)
      return false;
  }
  for (const auto& subject : subjects)
    lines_[subject].waiting.push_back(who);
  law::require(places_.emplace(who, subjects).second, "a ticket enters once");
  return true;
}

bool lock_table::ready(ticket who) const {
  auto place = places_.find(who);
  if (place == places_.end())
    return false;
  return std::ranges::all_of(place->second, [&](const auto& subject) {
    const auto& at = lines_.at(subject);
    return !at.held && at.waiting.front() == who;
  });
}

void lock_table::widen(ticket who, const std::vector<law::subject_id>& subjects) {
  auto& mine = places_.at(who);
  for (const auto& subject : subjects) {
    if (std::ranges::find(mine, subject) != mine.end())
      continue;
    auto& at = lines_[subject];
    at.waiting.insert(at.held ? at.waiting.begin() + 1 : at.waiting.begin(), who);
    mine.push_back(subject);
  }
}

void lock_table::begin(ticket who) {
  law::require(ready(who), "a command begins when nobody holds its subjects");
  for (const auto& subject : places_.at(who))
    lines_[subject].held = true;
}

std::vector<lock_table::ticket> lock_table::leave(ticket who) {
  std::set<ticket> next;
  auto place = places_.find(who);
  law::require(place != places_.end(), "who leaves has entered");
  for (const auto& subject : place->second) {
    auto found = lines_.find(subject);
    auto& at = found->second;
    if (at.held && at.waiting.front() == who)
      at.held = false;
    std::erase(at.waiting, who);
    if (at.waiting.empty())
      lines_.erase(found);
    else
      next.insert(at.waiting.front());
  }
  places_.erase(place);
  return {next.begin(), next.end()};
}

} // namespace toit
