#include "federation/zmq_transport.hpp"

#include "federation/link_dial.hpp"
#include "federation/link_gate.hpp"
#include "federation/link_proof.hpp"
#include "law/require.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <thread>
#include <utility>

namespace toit::federation {

using ports::link_state;
using ports::node_name;
using ports::transport_peer;

namespace {

constexpr std::size_t peers_most = 4096;
/// A link takes up to four sockets of the library.
constexpr int sockets_most = 4 * static_cast<int>(peers_most) + 16;
constexpr std::chrono::milliseconds longest_sleep{1000};

std::vector<transport_peer> without(std::vector<transport_peer> peers, const node_name& self) {
  std::erase_if(peers, [&](const auto& peer) { return peer.name == self; });
  std::set<node_name> names;
  for (const auto& peer : peers)
    law::require(names.insert(peer.name).second, "a peer is named once");
  law::require(peers.size() <= peers_most, "peers are counted");
  return peers;
}

} // namespace

class zmq_transport::engine final : public link_owner {
public:
  engine(zmq_transport_setup setup, receiver& to);
  ~engine() override;

  std::string endpoint() const { return gate_ ? gate_->endpoint() : std::string{}; }
  void prove();
  bool send(const node_name& to, std::span<const std::uint8_t> message, ports::lane in);
  void set_peers(std::vector<transport_peer> peers);
  transport_stats stats() const;

private:
  void heard(const node_name& from, std::span<const std::uint8_t> message) override;
  void dialled(const node_name& peer, link_state now) override { change(peer, now); }
  void came(const node_name& peer) override;
  void left(const node_name& peer) override;
  void turned_away() override;
  void taken(const node_name& by, std::uint64_t count) override;

  void run() noexcept;
  void wait();
  void take_orders();
  void apply(std::vector<transport_peer> peers);
  void send_waiting();
  void send_all(link_outbox::batch waiting);
  void change(const node_name& peer, link_state now);
  link_context context() { return {sockets_, self_, setup_.limits, counters_, *this}; }

  const zmq_transport_setup setup_;
  const link_identity self_;
  receiver& to_;
  transport_counters counters_;
  wake_signal wake_;
  zmq::context_t sockets_{link_threads, sockets_most};
  link_outbox outbox_{setup_.limits, wake_};
  std::optional<link_gate> gate_;

  std::mutex orders_mutex_;
  std::optional<std::vector<transport_peer>> new_peers_;
  std::atomic<bool> proved_{false};
  std::atomic<bool> stopping_{false};

  // The thread's own.
  bool proving_ = true;
  std::map<node_name, transport_peer> peers_;
  std::map<node_name, link_state> states_;
  std::map<node_name, link_dial> dials_;
  std::thread thread_;
};

zmq_transport::engine::engine(zmq_transport_setup setup, receiver& to)
    : setup_{std::move(setup)}, self_{identity_of(setup_.link_secret)}, to_{to} {
  if (!setup_.bind.empty())
    gate_.emplace(context(), setup_.bind);
  thread_ = std::thread{[this] { run(); }};
}

zmq_transport::engine::~engine() {
  stopping_ = true;
  wake_.ring();
  thread_.join();
}

void zmq_transport::engine::prove() {
  if (gate_)
    prove_that_strangers_are_refused(gate_->endpoint(), self_.public_half, setup_.limits.proof);
  proved_ = true;
  wake_.ring();
}

bool zmq_transport::engine::send(const node_name& to, std::span<const std::uint8_t> message, ports::lane in) {
  if (message.empty() || message.size() > ports::message_limit_bytes)
    return false;
  auto answer = outbox_.put(to, message, in);
  if (answer == link_outbox::answer::full)
    ++counters_.refused_full;
  return answer == link_outbox::answer::taken;
}

void zmq_transport::engine::set_peers(std::vector<transport_peer> peers) {
  peers = without(std::move(peers), setup_.self);
  {
    std::lock_guard lock{orders_mutex_};
    outbox_.set_peers(peers);
    new_peers_ = std::move(peers);
  }
  wake_.ring();
}

transport_stats zmq_transport::engine::stats() const {
  const auto& c = counters_;
  return {.messages_in = c.messages_in,
          .bytes_in = c.bytes_in,
          .messages_out = c.messages_out,
          .bytes_out = c.bytes_out,
          .refused_full = c.refused_full,
          .lost = c.lost,
          .turned_away = c.turned_away,
          .strays = c.strays,
          .surplus = c.surplus,
          .sockets_made_again = c.sockets_made_again};
}

// -- what links tell ------------------------------------------------------------------------------------------------

void zmq_transport::engine::heard(const node_name& from, std::span<const std::uint8_t> message) {
  ++counters_.messages_in;
  counters_.bytes_in += message.size();
  to_.received(from, ports::bytes(message.begin(), message.end()));
}

void zmq_transport::engine::came(const node_name& peer) {
  if (dials_.contains(peer))
    return; // to him we go: what is sent to him takes that way
  change(peer, link_state::down);
  change(peer, link_state::up);
}

void zmq_transport::engine::left(const node_name& peer) {
  if (!dials_.contains(peer))
    change(peer, link_state::down);
}

void zmq_transport::engine::turned_away() {
  if (proving_)
    return;
  ++counters_.turned_away;
  to_.turned_away();
}

void zmq_transport::engine::taken(const node_name& by, std::uint64_t count) { outbox_.release(by, count); }

void zmq_transport::engine::change(const node_name& peer, link_state now) {
  auto found = peers_.find(peer);
  if (found == peers_.end() || std::exchange(states_[peer], now) == now)
    return;
  if (now == link_state::up)
    outbox_.open(peer);
  else
    counters_.lost += outbox_.close(peer);
  to_.changed(peer, now);
}

// -- the thread -----------------------------------------------------------------------------------------------------

void zmq_transport::engine::run() noexcept {
  while (!stopping_) {
    take_orders();
    for (auto& [name, dial] : dials_)
      dial.turn(link_clock::now());
    if (gate_)
      gate_->turn();
    send_waiting();
    wait();
  }
  dials_.clear();
  gate_.reset();
}

void zmq_transport::engine::wait() {
  std::vector<zmq::pollitem_t> polled{{nullptr, wake_.descriptor(), ZMQ_POLLIN, 0}};
  auto until = link_clock::now() + longest_sleep;
  for (auto& [name, dial] : dials_) {
    dial.add_to(polled);
    until = std::min(until, dial.due());
  }
  if (gate_)
    gate_->add_to(polled);
  auto sleep = std::chrono::ceil<std::chrono::milliseconds>(until - link_clock::now());
  auto woken = zmq_poll(polled.data(), static_cast<int>(polled.size()), std::max<long>(sleep.count(), 0));
  law::require(woken >= 0 || errno == EINTR, "sockets can be waited for");
  if (polled[0].revents != 0)
    wake_.clear();
}

void zmq_transport::engine::take_orders() {
  if (proved_.exchange(false)) {
    if (gate_)
      gate_->turn(); // what the proof has left behind
    proving_ = false;
  }
  std::optional<std::vector<transport_peer>> peers;
  {
    std::lock_guard lock{orders_mutex_};
    peers.swap(new_peers_);
  }
  if (peers)
    apply(std::move(*peers));
}

void zmq_transport::engine::apply(std::vector<transport_peer> peers) {
  std::map<node_name, transport_peer> now;
  for (auto& peer : peers)
    now.emplace(peer.name, peer);
  for (const auto& [name, before] : peers_) {
    auto found = now.find(name);
    if (found != now.end() && found->second.endpoint == before.endpoint)
      continue;
    dials_.erase(name);
    change(name, link_state::down);
  }
  if (gate_)
    gate_->admit(peers); // ends the links of those who are no more
  peers_ = std::move(now);
  std::erase_if(states_, [&](const auto& state) { return !peers_.contains(state.first); });
  for (const auto& [name, peer] : peers_) {
    if (auto dial = dials_.find(name); dial != dials_.end())
      dial->second.set_keys(peer.link_keys);
    else if (!peer.endpoint.empty())
      dials_.try_emplace(name, context(), peer);
    else if (gate_ && gate_->is_there(name))
      change(name, link_state::up);
    if (states_[name] == link_state::up)
      outbox_.open(name);
  }
}

void zmq_transport::engine::send_waiting() {
  for (auto& waiting : outbox_.take())
    send_all(std::move(waiting));
}

void zmq_transport::engine::send_all(link_outbox::batch waiting) {
  auto dial = dials_.find(waiting.to);
  for (auto& parcel : waiting.parcels) {
    auto size = parcel->content_bytes();
    auto result = send_result::not_there;
    if (dial != dials_.end())
      result = dial->second.send(std::move(parcel));
    else if (gate_)
      result = gate_->send(waiting.to, std::move(parcel));
    if (result == send_result::sent) {
      ++counters_.messages_out;
      counters_.bytes_out += size;
    } else {
      ++counters_.lost;
    }
  }
}

// -- the transport ----------------------------------------------------------------------------------------------

zmq_transport::zmq_transport(zmq_transport_setup setup, receiver& to)
    : engine_{std::make_unique<engine>(std::move(setup), to)} {
  engine_->prove();
}

zmq_transport::~zmq_transport() = default;

std::string zmq_transport::endpoint() const { return engine_->endpoint(); }
transport_stats zmq_transport::stats() const { return engine_->stats(); }

bool zmq_transport::send(const node_name& to, ports::bytes message, ports::lane in) {
  return engine_->send(to, message, in);
}
void zmq_transport::set_peers(std::vector<transport_peer> peers) { engine_->set_peers(std::move(peers)); }

} // namespace toit::federation
