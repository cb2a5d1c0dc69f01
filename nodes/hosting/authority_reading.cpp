#include "nodes/hosting/authority_reading.hpp"

#include <algorithm>

namespace toit::nodes {

namespace {

/// On any day of the directory: what a former one has opened stays open when another has become competent.
bool orders(const federation::directory& directory, const ports::stream_id& authority,
            const ports::stream_id& territory) {
  return std::ranges::any_of(directory.territories, [&](const federation::territory_entry& entry) {
    return entry.stream == territory && entry.ordering == authority;
  });
}

} // namespace

bool authority_reading::catch_up(const federation::directory& directory) {
  changed_ = false;
  for (const auto& territory : directory.territories)
    read_to_.try_emplace(territory.ordering, 0);
  for (const auto& authority : followed())
    read_on(authority, directory);
  return changed_;
}

// [L441-2-7-4-1]
void authority_reading::read_on(const ports::stream_id& authority, const federation::directory& directory) {
  constexpr std::size_t chunk = 512;
  auto& at = read_to_.at(authority);
  for (;;) {
    auto entries = reader_->read(authority, at, chunk);
    for (const auto& entry : entries) {
      at = entry.seq;
      if (!entry.record)
        continue;
      const auto* passed = std::get_if<law::authority_passed>(&entry.record->event);
      const auto* prepared = std::get_if<law::passing_prepared>(&entry.record->event);
      if (passed && orders(directory, authority, ports::stream_of(passed->territory)))
        take(opened_epoch{authority, entry.seq, *passed});
      if (prepared && orders(directory, authority, ports::stream_of(prepared->territory)))
        take(*prepared);
    }
    if (entries.size() < chunk)
      return;
  }
}

/// There is one authority an epoch: the first entry that opens the next one. Whatever says otherwise changes nothing.
void authority_reading::take(const opened_epoch& opened) {
  auto stream = ports::stream_of(opened.passed.territory);
  auto host = ports::node_name::parse(opened.passed.host.str());
  auto& hosts = now_[stream];
  if (!host || opened.passed.epoch <= hosts.epoch())
    return;
  if (opened.passed.epoch > hosts.epoch() + 1) {
    early_.try_emplace({stream, opened.passed.epoch}, opened);
    return;
  }
  hosts.passed.push_back({opened.passed.epoch, *host});
  hosts.next.reset();
  prepared_.erase(stream);
  last_.insert_or_assign(stream, opened);
  changed_ = true;
  if (auto following = early_.extract({stream, opened.passed.epoch + 1}))
    take(following.mapped());
}

void authority_reading::take(const law::passing_prepared& prepared) {
  auto stream = ports::stream_of(prepared.territory);
  auto to = ports::node_name::parse(prepared.to.str());
  auto& hosts = now_[stream];
  if (!to || prepared.epoch != hosts.epoch() + 1)
    return;
  hosts.next = *to;
  prepared_.insert_or_assign(stream, prepared);
  changed_ = true;
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
