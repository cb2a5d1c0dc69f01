#include "simulation/world/virtual_network.hpp"

#include "law/require.hpp"

#include <algorithm>
#include <utility>

namespace toit::simulation {

// -- nodes ----------------------------------------------------------------------------------------------------------

/// What a node has of the network: of no use once it has left.
class virtual_network::node_end : public ports::transport {
public:
  node_end(virtual_network& network, node_name who, std::uint64_t life)
      : network_{network}, who_{std::move(who)}, life_{life} {}
  bool send(const node_name& to, ports::bytes message, ports::lane) override {
    return network_.send(who_, life_, to, std::move(message));
  }
  void set_peers(std::vector<ports::transport_peer> peers) override {
    std::set<node_name> names;
    for (const auto& peer : peers)
      names.insert(peer.name);
    network_.set_peers(who_, life_, std::move(names));
  }
  ports::transport_stats stats() const override { return {}; }

private:
  virtual_network& network_;
  node_name who_;
  std::uint64_t life_;
};

std::shared_ptr<ports::transport> virtual_network::join(const node_name& who,
                                                        std::shared_ptr<ports::transport::receiver> heard) {
  law::require(!nodes_.contains(who), "a node leaves before it joins again");
  nodes_[who] = {std::move(heard), ++lives_, {}, {}};
  return std::make_shared<node_end>(*this, who, lives_);
}

void virtual_network::leave(const node_name& who) {
  nodes_.erase(who);
  tell_changes();
}

void virtual_network::forget(const node_name& who) {
  auto concerns = [&](const on_its_way& one) { return one.from == who || one.to == who; };
  std::erase_if(due_, concerns);
  std::erase_if(later_, [&](const auto& timed) { return concerns(timed.second); });
  std::erase_if(last_due_, [&](const auto& timed) { return timed.first.first == who || timed.first.second == who; });
}

void virtual_network::hurry() {
  for (auto& [at, one] : std::exchange(later_, {}))
    due_.push_back(std::move(one));
  last_due_.clear();
}

void virtual_network::set_peers(const node_name& who, std::uint64_t life, std::set<node_name> peers) {
  auto found = nodes_.find(who);
  if (found == nodes_.end() || found->second.life != life)
    return;
  found->second.peers = std::move(peers);
  // Whoever is a neighbour again is told of anew.
  std::erase_if(found->second.told, [&](const auto& one) { return !found->second.peers.contains(one.first); });
  tell_changes();
}

bool virtual_network::is_up(const node_name& a, const node_name& b) const {
  auto knows = [&](const node_name& who, const node_name& whom) {
    auto found = nodes_.find(who);
    auto cut = cuts_.find({who, whom});
    return found != nodes_.end() && found->second.peers.contains(whom) && (cut == cuts_.end() || !cut->second);
  };
  return knows(a, b) && knows(b, a);
}

void virtual_network::tell_changes() {
  for (auto& [who, node] : nodes_)
    for (const auto& peer : node.peers) {
      auto now = is_up(who, peer) ? ports::link_state::up : ports::link_state::down;
      auto [told, is_new] = node.told.try_emplace(peer, ports::link_state::down);
      if (std::exchange(told->second, now) != now)
        node.heard->changed(peer, now);
    }
}

// -- what goes wrong ------------------------------------------------------------------------------------------------

void virtual_network::cut(const node_name& from, const node_name& to, bool noticed) {
  cuts_[{from, to}] = noticed;
  tell_changes();
}

void virtual_network::heal(const node_name& from, const node_name& to) {
  cuts_.erase({from, to});
  tell_changes();
}

// -- messages -------------------------------------------------------------------------------------------------------

bool virtual_network::send(const node_name& from, std::uint64_t life, const node_name& to, message what) {
  auto found = nodes_.find(from);
  if (found == nodes_.end() || found->second.life != life || !is_up(from, to))
    return false;
  on_its_way one{from, to, std::move(what)};
  if (on_sent)
    on_sent(one);
  bool is_lost = is_cut(from, to) || chance_.percent(weather.loses) || later_.size() + due_.size() >= on_their_way_most;
  if (is_lost) {
    ++lost_;
    return true;
  }
  if (tamper && tamper(one.sent))
    tamper = nullptr;
  auto delay = [&] {
    auto most = static_cast<std::uint64_t>(weather.delay_most.count());
    return std::chrono::milliseconds{1 + static_cast<std::int64_t>(chance_.below(most))};
  };
  if (chance_.percent(weather.doubles)) {
    ++doubled_;
    put(one, delay());
  }
  put(std::move(one), delay());
  return true;
}

void virtual_network::put(on_its_way what, std::chrono::milliseconds delay) {
  auto at = clock_->monotonic() + delay;
  auto& last = last_due_[{what.from, what.to}];
  if (weather.reorders)
    overtaken_ += at < last ? 1 : 0;
  else
    at = std::max(at, last);
  last = std::max(at, last);
  later_.emplace(at, std::move(what));
}

std::size_t virtual_network::due() {
  auto end = later_.upper_bound(clock_->monotonic());
  for (auto one = later_.begin(); one != end; one = later_.erase(one))
    due_.push_back(std::move(one->second));
  return due_.size();
}

void virtual_network::deliver() {
  auto chosen = due_.begin() + static_cast<std::ptrdiff_t>(chance_.below(due_.size()));
  if (!weather.reorders)
    chosen = std::ranges::find_if(
        due_, [&](const on_its_way& one) { return one.from == chosen->from && one.to == chosen->to; });
  auto one = std::move(*chosen);
  due_.erase(chosen);
  auto found = nodes_.find(one.to);
  if (found == nodes_.end() || is_cut(one.from, one.to)) {
    ++lost_;
    return;
  }
  found->second.heard->received(one.from, one.sent);
  if (on_arrived)
    on_arrived(one);
}

} // namespace toit::simulation
