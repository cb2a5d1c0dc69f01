/// \file
/// Two or three transports on loopback, and one who speaks as he likes.

#pragma once

#include "federation/link_sockets.hpp"
#include "federation/zmq_transport.hpp"

#include <catch2/catch_test_macros.hpp>
#include <condition_variable>
#include <functional>
#include <string_view>
#include <thread>

namespace toit::federation::test {

using namespace std::chrono_literals;
using ports::bytes;
using ports::link_state;
using ports::node_name;
using ports::transport_peer;

/// Long beyond need: a test fails by it only where nothing would ever have come.
constexpr auto patience = 120s;

inline node_name named(std::string_view name) { return node_name::parse(name).value(); }
inline bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }
inline std::string text_of(const bytes& message) { return {message.begin(), message.end()}; }

inline law::bytes32 secret_with(std::uint8_t byte) {
  law::bytes32 secret;
  secret.fill(byte);
  return secret;
}
inline law::bytes32 key_with(std::uint8_t byte) { return identity_of(secret_with(byte)).public_half; }

/// Soon again after a failure; otherwise patient, so that a loaded machine is not taken for a broken link.
inline transport_limits quick() {
  transport_limits limits;
  limits.retry_least = 10ms;
  limits.retry_most = 100ms;
  limits.heartbeat_timeout = 60s;
  limits.arrival = 60s;
  limits.proof = 60s;
  return limits;
}

/// True as soon as `done` is.
template <class Condition>
bool eventually(Condition done) {
  auto until = std::chrono::steady_clock::now() + patience;
  while (!done()) {
    if (std::chrono::steady_clock::now() > until)
      return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

/// Keeps what it is told.
class listener : public ports::transport::receiver {
  template <class Read>
  auto locked(Read read) const {
    std::lock_guard lock{mutex_};
    return read();
  }

public:
  void received(const node_name& from, bytes message) override {
    std::unique_lock lock{mutex_};
    waits_ = true;
    released_.wait(lock, [&] { return !held_; });
    waits_ = false;
    messages_.emplace_back(from, text_of(message));
  }
  void changed(const node_name& peer, link_state now) override {
    std::lock_guard lock{mutex_};
    changes_[peer].push_back(now);
  }
  void turned_away() override { ++turned_away_count; }

  /// From now on whoever brings a message is kept waiting.
  void hold() { set_held(true); }
  void release() { set_held(false); }
  bool keeps_waiting() const {
    return locked([&] { return waits_; });
  }

  std::vector<std::pair<node_name, std::string>> messages() const {
    return locked([&] { return messages_; });
  }
  std::size_t count() const {
    return locked([&] { return messages_.size(); });
  }
  std::vector<link_state> changes(const node_name& peer) const {
    return locked([&] { return changes_.contains(peer) ? changes_.at(peer) : std::vector<link_state>{}; });
  }
  link_state state(const node_name& peer) const {
    auto all = changes(peer);
    return all.empty() ? link_state::down : all.back();
  }
  std::atomic<int> turned_away_count{0};

private:
  void set_held(bool held) {
    {
      std::lock_guard lock{mutex_};
      held_ = held;
    }
    released_.notify_all();
  }

  mutable std::mutex mutex_;
  std::condition_variable released_;
  bool held_ = false;
  bool waits_ = false;
  std::vector<std::pair<node_name, std::string>> messages_;
  std::map<node_name, std::vector<link_state>> changes_;
};

/// A node whose secret is one byte, repeated.
struct node {
  node(std::string_view called, std::uint8_t secret_byte, std::string bind = {}, transport_limits limits = quick())
      : name{named(called)}, secret{secret_byte},
        transport{std::make_unique<zmq_transport>(
            zmq_transport_setup{named(called), secret_with(secret_byte), std::move(bind), limits}, heard)} {}

  /// As the others know it.
  transport_peer as_peer() const { return {name, {key_with(secret)}, transport->endpoint()}; }
  bool send(const node& to, std::string_view text) const { return transport->send(to.name, bytes_of(text)); }
  bool is_up_with(const node& other) const { return heard.state(other.name) == link_state::up; }

  node_name name;
  std::uint8_t secret;
  listener heard;
  std::unique_ptr<zmq_transport> transport;
};

constexpr const char* any_port = "tcp://127.0.0.1:*";

/// Knows CURVE and the words of the transport, and keeps none of its rules.
class rude_client {
public:
  rude_client(const node& server, std::uint8_t secret, std::string_view calls_himself = {});

  void say(link_word word);
  void say(std::vector<std::string> frames);
  /// The next word that he is told; absent when none comes.
  std::optional<link_word> told();
  bool takes_part();
  /// Nothing that is no word came between.
  std::size_t messages_seen = 0;

private:
  zmq::context_t context_;
  zmq::socket_t socket_;
};

inline rude_client::rude_client(const node& server, std::uint8_t secret, std::string_view calls_himself)
    : socket_{make_going_socket(context_, identity_of(secret_with(secret)), key_with(server.secret), quick())} {
  if (!calls_himself.empty())
    socket_.set(zmq::sockopt::routing_id, std::string{calls_himself});
  socket_.set(zmq::sockopt::maxmsgsize, std::int64_t{-1});
  socket_.connect(server.transport->endpoint());
}

inline void rude_client::say(link_word word) { send_word(socket_, {}, word); }

inline void rude_client::say(std::vector<std::string> frames) {
  for (std::size_t i = 0; i < frames.size(); ++i)
    socket_.send(zmq::buffer(frames[i]), i + 1 < frames.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
}

inline std::optional<link_word> rude_client::told() {
  std::optional<link_word> word;
  eventually([&] {
    auto came = receive(socket_, false);
    if (came && came->is == arrival::kind::word)
      word = came->word;
    else if (came)
      ++messages_seen;
    return word.has_value();
  });
  return word;
}

inline bool rude_client::takes_part() {
  say(link_word::hello);
  return told() == link_word::welcome;
}

} // namespace toit::federation::test
