#include "simulation/world/alarm_checker.hpp"

#include <algorithm>

namespace toit::simulation {

using ports::alarm;
using ports::alarm_kind;

const link_end& alarm_checker::links_of(std::size_t member) {
  return member == 0 ? w_.links() : w_.state(member - 1).links();
}

std::size_t alarm_checker::times(std::size_t member, std::initializer_list<alarm_kind> kinds) {
  auto is_one = [&](const alarm& told) { return std::ranges::find(kinds, told.kind) != kinds.end(); };
  return static_cast<std::size_t>(std::ranges::count_if(links_of(member).told(), is_one));
}

bool alarm_checker::stands(std::size_t member, alarm_kind kind, const ports::node_name& about) {
  auto same = [&](const alarm& standing) { return standing.kind == kind && standing.node == about; };
  return std::ranges::any_of(links_of(member).standing(), same);
}

bool alarm_checker::told_by_all(alarm_kind kind) {
  for (std::size_t member = 0; member < w_.members().size(); ++member)
    if (times(member, {kind}) == 0)
      return false;
  return true;
}

/// Why there was no reason for it; null when there was, or may have been.
const char* alarm_checker::objection_to(std::size_t member, const alarm& told) const {
  using enum alarm_kind;
  bool is_own = told.node == w_.members()[member].name;
  bool was_restored = told.stream && (restored_.contains(*told.stream) || written_over_.contains(*told.stream));
  bool came_late = tampered_ || w_.network().overtaken() > 0;
  switch (told.kind) {
  case forked:
    return told.stream && written_over_.contains(*told.stream) ? nullptr : "and nobody has written over anything";
  case rolled_back:
    // A neighbour's word of earlier may come after his later one, but nobody has more of a stream than its host had.
    return was_restored || (!is_own && came_late) ? nullptr : "and no older copy was put back";
  case altered:
  case bad_signature:
    return tampered_ ? nullptr : "and nothing was changed on its way";
  case directory_expired:
    return expires_ ? nullptr : "and it is valid for years";
  case keys_missing:
    return "and it never happens in a run";
  // Whoever is alone, late or restarted.
  case clock_apart:
  case unconfirmed:
  case misbehaving:
  case unordered:
    return nullptr;
  }
  return nullptr;
}

/// All is quiet, everybody has talked to everybody: what could be put right has been.
bool alarm_checker::is_to_be_settled(const alarm& standing) const {
  using enum alarm_kind;
  if (standing.stream && written_over_.contains(*standing.stream))
    return false;
  return standing.kind != forked && standing.kind != misbehaving &&
         !(standing.kind == bad_signature && !standing.stream);
}

std::vector<fault> alarm_checker::at_last() {
  std::vector<fault> faults;
  std::set<ports::stream_id> found;
  auto say = [&](std::size_t member, const alarm& about, const char* what) {
    faults.push_back({about.kind == alarm_kind::forked ? "fork" : "alarms",
                      w_.members()[member].name.text() + " tells " + std::string{law::name_of(about.kind)} + " of " +
                          (about.node ? about.node->text() : "nobody") + ", stream " +
                          (about.stream ? about.stream->text() : "none") + ", entry " + std::to_string(about.seq) +
                          ", " + what});
  };
  for (std::size_t member = 0; member < w_.members().size(); ++member) {
    for (const auto& told : links_of(member).told()) {
      if (const auto* objection = objection_to(member, told))
        say(member, told, objection);
      if (told.kind == alarm_kind::forked && told.stream)
        found.insert(*told.stream);
    }
    for (const auto& standing : links_of(member).standing())
      if (is_to_be_settled(standing))
        say(member, standing, "and all is well again");
  }
  for (const auto& stream : written_over_)
    if (!found.contains(stream))
      faults.push_back({"fork", "stream " + stream.text() + " has two histories, and nobody tells"});
  return faults;
}

} // namespace toit::simulation
