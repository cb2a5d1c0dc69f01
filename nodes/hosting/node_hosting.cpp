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

// [L441-2-7-4-1]
std::optional<ports::opened_epoch> node_hosting::opened(const ports::stream_id& stream) const {
  auto issued = at_.issued_directory();
  std::lock_guard lock{reading_mutex_};
  reading_.catch_up(at_, *issued);
  const auto* last = reading_->last_of(stream);
  return last ? std::optional{*last} : std::nullopt;
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
std::optional<ports::opening_barred> node_hosting::opening_barred_by(const ports::stream_id& stream) const {
  using enum ports::opening_barred;
  auto secret = at_.escrow_secret();
  auto issued = at_.issued_directory();
  const auto* own = issued->find(self_);
  if (!secret || !own || own->escrow_key != journal::operating_public(*secret))
    return escrow_away;
  auto source = at_.journal().open_transfers();
  bool is_here = source->position(stream).has_value();
  if (!is_here && issued->host_of(stream))
    return nothing_heard;
  if (is_here && !source->has_keys_for(stream, *own->escrow_key))
    return keys_missing;
  return std::nullopt;
}

} // namespace toit::nodes
