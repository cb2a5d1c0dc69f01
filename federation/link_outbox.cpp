#include "federation/link_outbox.hpp"

#include "law/require.hpp"

#include <algorithm>
#include <cerrno>
#include <set>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace toit::federation {

using ports::node_name;

namespace {

constexpr auto control_lane = static_cast<std::size_t>(ports::lane::control);
constexpr auto journal_lane = static_cast<std::size_t>(ports::lane::journal);
constexpr auto documents_lane = static_cast<std::size_t>(ports::lane::documents);

} // namespace

parcel::parcel(std::span<const std::uint8_t> content, std::shared_ptr<outgoing_load> load) : load_{std::move(load)} {
  frame.reserve(frame_head_bytes + content.size());
  frame.resize(frame_head_bytes);
  frame.insert(frame.end(), content.begin(), content.end());
  ++load_->messages;
  load_->size_bytes += content_bytes();
}

parcel::~parcel() {
  --load_->messages;
  load_->size_bytes -= content_bytes();
}

wake_signal::wake_signal() : descriptor_{eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)} {
  if (descriptor_ < 0)
    throw std::system_error{errno, std::generic_category(), "eventfd"};
}

wake_signal::~wake_signal() { ::close(descriptor_); }

void wake_signal::ring() {
  // Refused only when the count is at its top: then the thread is awake anyway.
  law::require(eventfd_write(descriptor_, 1) == 0 || errno == EAGAIN, "a thread can be woken");
}

void wake_signal::clear() {
  eventfd_t count = 0;
  law::require(eventfd_read(descriptor_, &count) == 0 || errno == EAGAIN, "a wake-up can be read");
}

void link_outbox::set_peers(const std::vector<ports::transport_peer>& peers) {
  std::set<node_name> names;
  for (const auto& peer : peers)
    names.insert(peer.name);
  std::lock_guard lock{mutex_};
  std::erase_if(lines_, [&](const auto& line) { return !names.contains(line.first); });
  std::erase_if(ready_, [&](const node_name& name) { return !names.contains(name); });
  for (const auto& name : names)
    lines_.try_emplace(name);
}

bool link_outbox::is_full(const waiting_line& line, std::size_t lane, std::size_t with_bytes) const {
  const auto& [load, waiting, untaken] = line.by_lane[lane];
  const auto& most = limits_.waiting[lane];
  return std::max(load->messages.load(), untaken.messages) >= most.messages ||
         std::max(load->size_bytes.load(), untaken.size_bytes) + with_bytes > most.size_bytes;
}

/// The most urgent, unless the journal has overtaken documents often enough; absent when nothing waits that has room.
std::optional<std::size_t> link_outbox::next_lane(const waiting_line& line) const {
  auto waits = [&](std::size_t lane) { return !line.by_lane[lane].waiting.empty(); };
  if (waits(control_lane))
    return control_lane;
  if (line.bulk.messages >= limits_.line.messages || line.bulk.size_bytes >= limits_.line.size_bytes)
    return std::nullopt;
  if (waits(documents_lane) && (!waits(journal_lane) || line.overtaken >= limits_.overtaken_most))
    return documents_lane;
  return waits(journal_lane) ? std::optional{journal_lane} : std::nullopt;
}

parcel_ptr link_outbox::take_from(waiting_line& line, std::size_t lane) const {
  auto& from = line.by_lane[lane];
  auto taken = std::move(from.waiting.front());
  from.waiting.pop_front();
  auto size = taken->content_bytes();
  line.sent.push_back({lane, size});
  if (lane == control_lane)
    return taken;
  ++line.bulk.messages;
  line.bulk.size_bytes += size;
  line.overtaken = lane == documents_lane ? 0 : line.overtaken + 1;
  return taken;
}

/// True when whoever takes has to be woken for it.
bool link_outbox::list(const node_name& peer, waiting_line& line) {
  if (line.listed || !next_lane(line))
    return false;
  line.listed = true;
  ready_.push_back(peer);
  return ready_.size() == 1;
}

link_outbox::answer link_outbox::put(const node_name& to, std::span<const std::uint8_t> message, ports::lane in) {
  {
    std::lock_guard lock{mutex_};
    auto found = lines_.find(to);
    if (found == lines_.end() || !found->second.open)
      return answer::no_link;
    auto& line = found->second;
    auto lane = static_cast<std::size_t>(in);
    if (is_full(line, lane, message.size()))
      return answer::full;
    auto& its = line.by_lane[lane];
    ++its.untaken.messages;
    its.untaken.size_bytes += message.size();
    its.waiting.push_back(std::make_unique<parcel>(message, its.load));
    if (!list(to, line))
      return answer::taken; // whoever listed the first has woken the thread
  }
  wake_.ring();
  return answer::taken;
}

void link_outbox::open(const node_name& peer) {
  std::lock_guard lock{mutex_};
  if (auto found = lines_.find(peer); found != lines_.end())
    found->second.open = true;
}

void link_outbox::release(const node_name& peer, std::uint64_t count) {
  std::lock_guard lock{mutex_};
  auto found = lines_.find(peer);
  if (found == lines_.end())
    return;
  auto& line = found->second;
  for (; count > 0 && !line.sent.empty(); --count) {
    auto [lane, size] = line.sent.front();
    line.sent.pop_front();
    auto& untaken = line.by_lane[lane].untaken;
    --untaken.messages;
    untaken.size_bytes -= size;
    if (lane == control_lane)
      continue;
    --line.bulk.messages;
    line.bulk.size_bytes -= size;
  }
  list(peer, line);
}

std::size_t link_outbox::close(const node_name& peer) {
  std::lock_guard lock{mutex_};
  auto found = lines_.find(peer);
  if (found == lines_.end())
    return 0;
  auto& line = found->second;
  std::size_t lost = 0;
  for (auto& lane : line.by_lane) {
    lost += std::exchange(lane.waiting, {}).size();
    lane.untaken = {};
  }
  line.open = line.listed = false;
  line.sent.clear();
  line.bulk = {};
  line.overtaken = 0;
  std::erase(ready_, peer);
  return lost;
}

std::vector<link_outbox::batch> link_outbox::take() {
  std::lock_guard lock{mutex_};
  std::vector<batch> taken;
  for (const auto& name : std::exchange(ready_, {})) {
    auto& line = lines_.at(name);
    line.listed = false;
    auto& now = taken.emplace_back(batch{name, {}});
    while (auto lane = next_lane(line))
      now.parcels.push_back(take_from(line, *lane));
  }
  return taken;
}

} // namespace toit::federation
