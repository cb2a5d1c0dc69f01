#include "nodes/hosting/node_hosting.hpp"

#include <algorithm>

namespace toit::nodes {

void node_hosting::attach(std::function<ports::federation_report_ptr()> links) {
  std::lock_guard lock{mutex_};
  links_ = std::move(links);
}

std::optional<ports::node_name> node_hosting::listed_host(const ports::stream_id& stream) const {
  auto issued = at_.issued_directory();
  const auto* host = issued->host_of(stream);
  return host ? std::optional{host->name} : std::nullopt;
}

std::optional<ports::node_name> node_hosting::node_of(law::siren legal_person) const {
  auto issued = at_.issued_directory();
  auto found = std::ranges::find(issued->nodes, legal_person, &federation::node_entry::legal_person);
  return found == issued->nodes.end() ? std::nullopt : std::optional{found->name};
}

bool node_hosting::holds(const ports::node_name& who, const ports::stream_id& stream, std::uint32_t epoch,
                         std::uint64_t seq) const {
  std::unique_lock lock{mutex_};
  auto told = links_ ? links_() : nullptr;
  lock.unlock();
  auto link = told ? std::ranges::find(told->links, who, &ports::link_report::node) : decltype(told->links.begin()){};
  if (!told || link == told->links.end() || link->state != ports::link_state::up)
    return false;
  return std::ranges::any_of(link->streams, [&](const ports::stream_report& one) {
    return one.stream == stream && one.their_epoch == epoch && one.their_seq >= seq && ports::is_whole_there(one, seq);
  });
}

// [L441-2-7-4-1]
bool node_hosting::can_open(const ports::stream_id& stream) const {
  auto secret = at_.escrow_secret();
  auto issued = at_.issued_directory();
  const auto* own = issued->find(self_);
  if (!secret || !own || own->escrow_key != journal::operating_public(*secret))
    return false;
  auto source = at_.journal().open_transfers();
  return source->position(stream) ? source->has_keys_for(stream, *own->escrow_key) : !issued->host_of(stream);
}

} // namespace toit::nodes
