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
  std::erase_if(not_empty_, [&](const node_name& name) { return !names.contains(name); });
  for (const auto& name : names)
    lines_.try_emplace(name);
}

bool link_outbox::is_full(const waiting_line& line, std::size_t with_bytes) const {
  return std::max(line.load->messages.load(), line.untaken.size()) >= limits_.messages_per_peer ||
         std::max(line.load->size_bytes.load(), line.untaken_bytes) + with_bytes > limits_.bytes_per_peer;
}

link_outbox::answer link_outbox::put(const node_name& to, std::span<const std::uint8_t> message) {
  {
    std::lock_guard lock{mutex_};
    auto found = lines_.find(to);
    if (found == lines_.end() || !found->second.open)
      return answer::no_link;
    auto& [name, line] = *found;
    if (is_full(line, message.size()))
      return answer::full;
    line.untaken.push_back(message.size());
    line.untaken_bytes += message.size();
    if (line.waiting.empty())
      not_empty_.push_back(name);
    line.waiting.push_back(std::make_unique<parcel>(message, line.load));
    if (not_empty_.size() > 1 || line.waiting.size() > 1)
      return answer::taken; // whoever put the first has woken the thread
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
  for (; count > 0 && !line.untaken.empty(); --count) {
    line.untaken_bytes -= line.untaken.front();
    line.untaken.pop_front();
  }
}

std::size_t link_outbox::close(const node_name& peer) {
  std::lock_guard lock{mutex_};
  auto found = lines_.find(peer);
  if (found == lines_.end())
    return 0;
  found->second.open = false;
  found->second.untaken.clear();
  found->second.untaken_bytes = 0;
  std::erase(not_empty_, peer);
  return std::exchange(found->second.waiting, {}).size();
}

std::vector<link_outbox::batch> link_outbox::take() {
  std::lock_guard lock{mutex_};
  std::vector<batch> taken;
  for (const auto& name : std::exchange(not_empty_, {}))
    taken.push_back({name, std::exchange(lines_.at(name).waiting, {})});
  return taken;
}

} // namespace toit::federation
