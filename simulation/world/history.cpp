#include "simulation/world/history.hpp"

namespace toit::simulation {

namespace {

constexpr std::size_t chunk = 1024;

template <class Hear>
void read_on(world& w, std::uint64_t after, Hear&& hear) {
  for (;;) {
    auto entries = w.reader().read(world::stream(), after, chunk);
    for (auto& entry : entries) {
      after = entry.seq;
      hear(std::move(entry));
    }
    if (entries.size() < chunk)
      return;
  }
}

} // namespace

void history::look(world& w, play& p) {
  auto last = entries_.empty() ? 0 : entries_.back().seq;
  read_on(w, last, [&](ports::stored_entry entry) {
    if (entry.record)
      p.follow(entry);
    entries_.push_back(std::move(entry));
  });
}

void history::forget_after(std::uint64_t seq, play& p) {
  if (seq >= entries_.size())
    return;
  entries_.resize(seq);
  p.follow_again(entries_);
}

std::vector<ports::stored_entry> history::read_all(world& w) {
  std::vector<ports::stored_entry> all;
  read_on(w, 0, [&](ports::stored_entry entry) { all.push_back(std::move(entry)); });
  return all;
}

std::vector<fault> history::compare(const std::vector<ports::stored_entry>& at_last) const {
  std::set<std::uint64_t> emptied;
  for (const auto& entry : at_last)
    if (entry.record)
      if (const auto* erased = std::get_if<law::demande_erased>(&entry.record->event))
        emptied.insert(erased->entries.begin(), erased->entries.end());
  std::vector<fault> faults;
  auto say = [&](std::uint64_t seq, const char* what) {
    if (faults.size() < 5)
      faults.push_back({"P2", "entry " + std::to_string(seq) + " " + what});
  };
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const auto& seen = entries_[i];
    if (i >= at_last.size()) {
      say(seen.seq, "was on disk and is gone");
      break;
    }
    const auto& now = at_last[i];
    if (now.seq != seen.seq || now.subject != seen.subject || now.previous != seen.previous ||
        now.recorded_at != seen.recorded_at)
      say(seen.seq, "is not the one that was on disk");
    if (static_cast<bool>(now.record) == emptied.contains(now.seq))
      say(seen.seq, now.record ? "should have been erased" : "is erased although no tombstone names it");
    if (now.record && seen.record && now.record->command != seen.record->command)
      say(seen.seq, "belongs to another command than it did");
  }
  return faults;
}

namespace {

/// The rule behind an entry that the node made by itself; absent for its consequences.
std::optional<law::due_rule> rule_of(const law::record& r) {
  using law::due_rule;
  if (std::holds_alternative<law::expired>(r.event))
    return due_rule::validity_end;
  if (std::holds_alternative<law::offer_refused>(r.event))
    return due_rule::offer_silence;
  if (std::holds_alternative<law::demande_erased>(r.event))
    return due_rule::erasure;
  if (const auto* radiation = std::get_if<law::radiated>(&r.event))
    return radiation->motive == law::radiation_motive::e_not_renewed ? due_rule::non_renewal
           : radiation->motive == law::radiation_motive::c_no_answer ? due_rule::no_answer
                                                                     : due_rule::inadmissible;
  return std::nullopt;
}

} // namespace

void history::count(tally& counts) const {
  for (const auto& entry : entries_) {
    if (!entry.record)
      continue;
    const auto& kind = law::kind_of(entry.record->event);
    ++counts["command." + std::string{kind.name}];
    auto rule = entry.record->agent.empty() && kind.family == law::entry_family::dossier ? rule_of(*entry.record)
                                                                                         : std::nullopt;
    if (rule)
      ++counts["due." + std::string{law::name_of(*rule)}];
  }
}

} // namespace toit::simulation
