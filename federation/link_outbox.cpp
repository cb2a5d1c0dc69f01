#include "federation/link_outbox.hpp"

#include "law/require.hpp"

#include <cerrno>
#include <set>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace toit::federation {

using ports::node_name;

parcel::parcel(ports::bytes given, std::shared_ptr<outgoing_load> load)
    : content{std::move(given)}, load_{std::move(load)} {
  ++load_->messages;
  load_->size_bytes += content.size();
}

parcel::~parcel() {
  --load_->messages;
  load_->size_bytes -= content.size();
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

link_outbox::answer link_outbox::put(const node_name& to, ports::bytes message) {
  {
    std::lock_guard lock{mutex_};
    auto found = lines_.find(to);
    if (found == lines_.end() || !found->second.open)
      return answer::no_link;
    auto& [name, line] = *found;
    if (line.load->messages >= limits_.messages_per_peer ||
        line.load->size_bytes + message.size() > limits_.bytes_per_peer)
      return answer::full;
    if (line.waiting.empty())
      not_empty_.push_back(name);
    line.waiting.push_back(std::make_unique<parcel>(std::move(message), line.load));
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

std::size_t link_outbox::close(const node_name& peer) {
  std::lock_guard lock{mutex_};
  auto found = lines_.find(peer);
  if (found == lines_.end())
    return 0;
  found->second.open = false;
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
