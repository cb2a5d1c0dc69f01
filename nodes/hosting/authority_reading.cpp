#include "nodes/hosting/authority_reading.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace toit::nodes {

namespace {

/// On any day of the directory: what a former one has opened stays open when another has become competent.
bool orders(const federation::directory& directory, const ports::stream_id& authority,
            const ports::stream_id& territory) {
  return std::ranges::any_of(directory.territories, [&](const federation::territory_entry& entry) {
    return entry.stream == territory && entry.ordering == authority;
  });
}

bool is_competent(const federation::directory& directory, const ports::stream_id& authority,
                  const ports::stream_id& territory, law::civil_date day) {
  const auto* entry = directory.territory_of(territory, day);
  return entry && entry->ordering == authority;
}

const law::text<64>& node_in(const law::authority_passed& passed) { return passed.host; }
const law::text<64>& node_in(const law::passing_prepared& prepared) { return prepared.to; }

/// An opening stands, a preparation takes the place of an earlier one; and what an authority has said while it was
/// competent stands before what it has said when it was not.
constexpr bool replaces(const law::authority_passed&) { return false; }
constexpr bool replaces(const law::passing_prepared&) { return true; }

/// Of several authorities whoever was competent on the day, and of those the first one for an opening.
template <class Words>
auto first_of(const Words& all) {
  return std::ranges::min_element(all, {}, [](const auto& one) {
    const auto& [by, word] = one;
    return std::tuple{!word.competent, word.on, by};
  });
}

/// ... and the last one for a preparation.
template <class Words>
auto last_of_all(const Words& all) {
  return std::ranges::max_element(all, {}, [](const auto& one) {
    const auto& [by, word] = one;
    return std::tuple{word.competent, word.on, by};
  });
}

} // namespace

bool authority_reading::catch_up(const federation::directory& directory) {
  changed_ = false;
  for (const auto& territory : directory.territories)
    read_to_.try_emplace(territory.ordering, 0);
  for (const auto& authority : followed())
    read_on(authority, directory);
  for (const auto& stream : std::exchange(touched_, {}))
    settle(stream);
  return changed_;
}

void authority_reading::read_on(const ports::stream_id& authority, const federation::directory& directory) {
  constexpr std::size_t chunk = 512;
  auto& at = read_to_.at(authority);
  for (;;) {
    auto entries = reader_->read(authority, at, chunk);
    for (const auto& entry : entries) {
      at = entry.seq;
      if (!entry.record)
        continue;
      if (const auto* passed = std::get_if<law::authority_passed>(&entry.record->event))
        take(authority, entry, *passed, directory);
      else if (const auto* prepared = std::get_if<law::passing_prepared>(&entry.record->event))
        take(authority, entry, *prepared, directory);
    }
    if (entries.size() < chunk)
      return;
  }
}

/// Of a node whose name is none nothing is kept.
// [L441-2-7-4-1]
template <class Said>
void authority_reading::take(const ports::stream_id& authority, const ports::stored_entry& entry, const Said& said,
                             const federation::directory& directory) {
  auto stream = ports::stream_of(said.territory);
  if (!orders(directory, authority, stream) || !ports::node_name::parse(node_in(said).str()))
    return;
  auto on = entry.record->occurred_on;
  word<Said> now{is_competent(directory, authority, stream, on), on, entry.seq, said};
  auto& known_words = words_[stream];
  auto& of_epoch = [&]() -> auto& {
    if constexpr (std::same_as<Said, law::authority_passed>)
      return known_words.opened[said.epoch];
    else
      return known_words.prepared[said.epoch];
  }();
  auto [known, fresh] = of_epoch.try_emplace(authority, now);
  bool same = known->second.competent == now.competent;
  if (!fresh && (same ? replaces(said) : now.competent))
    known->second = now;
  touched_.insert(stream);
}

/// There is one authority an epoch. Whatever says otherwise changes nothing.
// [L441-2-7-4-1]
void authority_reading::settle(const ports::stream_id& stream) {
  const auto& said = words_.at(stream);
  ports::stream_hosts hosts;
  last_.erase(stream);
  prepared_.erase(stream);
  for (auto epoch = said.opened.find(1); epoch != said.opened.end(); epoch = said.opened.find(hosts.epoch() + 1)) {
    const auto& [by, counts] = *first_of(epoch->second);
    hosts.passed.push_back({epoch->first, *ports::node_name::parse(counts.said.host.str())});
    last_.insert_or_assign(stream, opened_epoch{by, counts.seq, counts.said});
  }
  if (auto next = said.prepared.find(hosts.epoch() + 1); next != said.prepared.end()) {
    const auto& prepared = last_of_all(next->second)->second.said;
    hosts.next = *ports::node_name::parse(prepared.to.str());
    prepared_.insert_or_assign(stream, prepared);
  }
  if (hosts == ports::stream_hosts{})
    return;
  auto& before = now_[stream];
  changed_ = changed_ || before != hosts;
  before = std::move(hosts);
}

const opened_epoch* authority_reading::last_of(const ports::stream_id& stream) const {
  auto found = last_.find(stream);
  return found == last_.end() ? nullptr : &found->second;
}

const law::passing_prepared* authority_reading::prepared_of(const ports::stream_id& stream) const {
  auto found = prepared_.find(stream);
  return found == prepared_.end() ? nullptr : &found->second;
}

std::vector<ports::stream_id> authority_reading::followed() const {
  std::vector<ports::stream_id> streams;
  for (const auto& [stream, at] : read_to_)
    streams.push_back(stream);
  return streams;
}

} // namespace toit::nodes
