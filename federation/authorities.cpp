#include "federation/authorities.hpp"

#include <algorithm>

namespace toit::federation {

namespace {

node_entry* listed_host(directory& in, const stream_id& stream) {
  auto lists = [&](const node_entry& node) { return std::ranges::find(node.streams, stream) != node.streams.end(); };
  auto found = std::ranges::find_if(in.nodes, lists);
  return found == in.nodes.end() ? nullptr : &*found;
}

void move_stream(const stream_id& stream, node_entry* from, node_entry& to) {
  if (from == &to)
    return;
  if (from)
    std::erase(from->streams, stream);
  to.streams.push_back(stream);
}

} // namespace

// [L441-2-7-4-1]
directory with_hosts(const directory& issued, const authorities& now) {
  auto made = issued;
  for (const auto& [stream, hosts] : now) {
    auto* listed = listed_host(made, stream);
    auto* present = listed;
    if (!hosts.passed.empty())
      if (auto known = std::ranges::find(made.nodes, hosts.passed.back().host, &node_entry::name);
          known != made.nodes.end())
        present = &*known;
    std::vector<node_name> holders;
    if (listed && listed != present)
      holders.push_back(listed->name);
    if (hosts.next && made.find(*hosts.next) && (!present || *hosts.next != present->name) &&
        std::ranges::find(holders, *hosts.next) == holders.end())
      holders.push_back(*hosts.next);
    if (present)
      move_stream(stream, listed, *present);
    for (auto& territory : made.territories)
      if (territory.stream == stream)
        territory.holders = holders;
  }
  return made;
}

std::uint32_t epoch_of(const authorities& now, const stream_id& stream) {
  auto found = now.find(stream);
  return found == now.end() ? 0 : found->second.epoch();
}

std::vector<host_epoch> hosts_of(const directory& issued, const authorities& now, const stream_id& stream) {
  auto found = now.find(stream);
  auto passed = found == now.end() ? std::vector<host_epoch>{} : found->second.passed;
  if (const auto* first = issued.host_of(stream))
    passed.insert(passed.begin(), {0, first->name});
  else if (!passed.empty())
    passed.insert(passed.begin(), {0, passed.front().host});
  return passed;
}

const node_entry* host_in(const directory& issued, const authorities& now, const stream_id& stream,
                          std::uint32_t epoch) {
  auto all = hosts_of(issued, now, stream);
  auto after = std::ranges::upper_bound(all, epoch, {}, &host_epoch::epoch);
  return after == all.begin() ? nullptr : issued.find(std::prev(after)->host);
}

} // namespace toit::federation
