/// \file
/// Two or three transports on loopback, and one who speaks as he likes.

#pragma once

#include "federation/link_sockets.hpp"
#include "federation/zmq_transport.hpp"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>

namespace toit::federation::test {

using namespace std::chrono_literals;
using ports::bytes;
using ports::lane;
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
  limits.arrivals_most = 1'000;
  return limits;
}

inline transport_limits with_room_for(std::size_t messages) {
  auto limits = quick();
  for (auto& lane : limits.waiting)
    lane.messages = messages;
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

/// Whoever comes before the other has read that he may is refused once: that is not what is looked at.
inline std::vector<link_state> since_admitted(std::vector<link_state> changes) {
  if (!changes.empty() && changes.front() == link_state::refused)
    changes.erase(changes.begin());
  return changes;
}

/// A node whose secret is one byte, repeated.
struct node {
  node(std::string_view called, std::uint8_t secret_byte, std::string bind = {}, transport_limits limits = quick())
      : name{named(called)}, secret{secret_byte},
        transport{std::make_unique<zmq_transport>(
            zmq_transport_setup{named(called), secret_with(secret_byte), std::move(bind), limits}, heard)} {}

  /// As the others know it.
  transport_peer as_peer() const { return {name, {key_with(secret)}, transport->endpoint()}; }
  bool send(const node& to, std::string_view text, lane in = lane::journal) const {
    return transport->send(to.name, bytes_of(text), in);
  }
  bool is_up_with(const node& other) const { return heard.state(other.name) == link_state::up; }

  node_name name;
  std::uint8_t secret;
  listener heard;
  std::unique_ptr<zmq_transport> transport;
};

constexpr const char* any_port = "tcp://127.0.0.1:*";

/// Eight bytes, the most significant first, after a kind.
inline std::string frame_of(frame_kind kind, std::uint64_t number, std::string_view content = {}) {
  std::string frame(1, static_cast<char>(kind));
  for (int shift = 56; shift >= 0; shift -= 8)
    frame += static_cast<char>(number >> shift);
  return frame.append(content);
}

/// What becomes of who goes.
constexpr int coming_events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_DISCONNECTED;

/// Knows CURVE and the frames of the transport, and keeps none of its rules. His key is to be admitted, or soon.
class rude_client {
public:
  rude_client(const node& server, std::uint8_t secret, std::string_view calls_himself = {});
  rude_client(const rude_client&) = delete;
  rude_client& operator=(const rude_client&) = delete;

  void say(const std::vector<std::string>& frames);
  void say(frame_kind word, std::uint64_t number = link_protocol) { say({frame_of(word, number)}); }
  void say_message(std::string_view text) { say({frame_of(frame_kind::message, ++said, text)}); }
  /// The next word that he is told, `taken` apart; absent when none comes.
  std::optional<frame_kind> told();
  /// Reads one frame, if there is one; the word in it, `taken` apart.
  std::optional<frame_kind> look();
  bool takes_part();
  /// The other side has ended the connection.
  bool is_hung_up();

  std::uint64_t said = 0;
  std::uint64_t taken = 0;
  std::size_t messages_seen = 0;

private:
  zmq::context_t context_{link_threads};
  zmq::socket_t socket_;
  std::optional<socket_watch> watch_; ///< after the socket: it ends first
  bool hung_up_ = false;
};

inline rude_client::rude_client(const node& server, std::uint8_t secret, std::string_view calls_himself) {
  bool in_time = eventually([&] {
    watch_.reset();
    socket_ = make_going_socket(context_, identity_of(secret_with(secret)), key_with(server.secret), quick());
    if (!calls_himself.empty())
      socket_.set(zmq::sockopt::routing_id, std::string{calls_himself});
    watch_.emplace(context_, socket_, coming_events);
    socket_.connect(server.transport->endpoint());
    std::optional<socket_event> event;
    eventually([&] { return (event = watch_->next()).has_value(); });
    return event && event->what == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
  });
  REQUIRE(in_time);
}

inline void rude_client::say(const std::vector<std::string>& frames) {
  for (std::size_t i = 0; i < frames.size(); ++i)
    socket_.send(zmq::buffer(frames[i]), i + 1 < frames.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
}

inline std::optional<frame_kind> rude_client::look() {
  auto came = receive(socket_, false);
  if (!came)
    return std::nullopt;
  if (came->kind == frame_kind::message)
    ++messages_seen;
  else if (came->kind == frame_kind::taken)
    taken = came->number;
  else
    return came->kind;
  return std::nullopt;
}

inline std::optional<frame_kind> rude_client::told() {
  std::optional<frame_kind> word;
  eventually([&] {
    word = look();
    return word.has_value();
  });
  return word;
}

inline bool rude_client::is_hung_up() {
  while (auto event = watch_->next())
    hung_up_ = hung_up_ || event->what == ZMQ_EVENT_DISCONNECTED;
  return hung_up_;
}

inline bool rude_client::takes_part() {
  said = 0;
  say(frame_kind::hello);
  return told() == frame_kind::welcome;
}

} // namespace toit::federation::test
