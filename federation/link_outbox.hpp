/// \file
/// What waits to be sent, by peer: filled by any thread, emptied by the transport's own.
///
/// Each peer has three lanes, and what is urgent goes first. That means something only as long as little has been given
/// to ZeroMQ, whose queue has one order: of journal and documents no more than `transport_limits::line` is there and
/// not yet taken by him. What is urgent is given at once.
///
/// A message counts against its lane's limits from `put` until he has taken it, and until ZeroMQ has let go of it, so
/// that the limits bound what waits here, in the library's queues and at his place.

#pragma once

#include "federation/zmq_transport.hpp"

#include <array>
#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace toit::federation {

constexpr std::size_t lanes = names_of(ports::lane{}).size();
static_assert(std::tuple_size_v<decltype(transport_limits::waiting)> == lanes);

/// Messages of one lane that are somewhere in this process. Whoever frees a message may be a thread of ZeroMQ's.
struct outgoing_load {
  std::atomic<std::size_t> messages{0};
  std::atomic<std::size_t> size_bytes{0};
};

/// In front of a frame's content: a kind, and a number of eight bytes, the most significant first.
constexpr std::size_t frame_head_bytes = 9;

/// A message on its way out.
class parcel {
public:
  parcel(std::span<const std::uint8_t> content, std::shared_ptr<outgoing_load> load);
  ~parcel();
  parcel(const parcel&) = delete;
  parcel& operator=(const parcel&) = delete;

  std::size_t content_bytes() const { return frame.size() - frame_head_bytes; }

  ports::bytes frame; ///< its head is still to be written

private:
  std::shared_ptr<outgoing_load> load_;
};
using parcel_ptr = std::unique_ptr<parcel>;

/// Wakes a thread that polls.
class wake_signal {
public:
  wake_signal();
  ~wake_signal();
  wake_signal(const wake_signal&) = delete;
  wake_signal& operator=(const wake_signal&) = delete;

  void ring();
  void clear();
  int descriptor() const { return descriptor_; }

private:
  int descriptor_;
};

class link_outbox {
public:
  enum class answer : std::uint8_t { taken, no_link, full };
  struct batch {
    ports::node_name to;
    std::vector<parcel_ptr> parcels;
  };

  link_outbox(const transport_limits& limits, wake_signal& wake) : limits_{limits}, wake_{wake} {}

  /// Who has a queue from now on. A newcomer's is closed.
  void set_peers(const std::vector<ports::transport_peer>& peers);
  answer put(const ports::node_name& to, std::span<const std::uint8_t> message, ports::lane in);
  /// Nothing happens for a name that is no peer's.
  void open(const ports::node_name& peer);
  /// He has taken so many more, in the order of `take`. What has room thereby is given by the next `take`.
  void release(const ports::node_name& peer, std::uint64_t count);
  /// How many messages are lost by it.
  std::size_t close(const ports::node_name& peer);
  /// What is to leave now, in this order for each peer.
  std::vector<batch> take();

private:
  struct waiting_lane {
    std::shared_ptr<outgoing_load> load = std::make_shared<outgoing_load>();
    std::deque<parcel_ptr> waiting;
    link_amount untaken; ///< of the open link, those that wait included
  };
  struct on_the_line {
    std::size_t lane = 0;
    std::size_t size_bytes = 0;
  };
  struct waiting_line {
    bool open = false;
    bool listed = false; ///< in `ready_`
    std::array<waiting_lane, lanes> by_lane;
    std::deque<on_the_line> sent; ///< and not yet taken
    link_amount bulk;             ///< of those, journal and documents
    std::size_t overtaken = 0;    ///< messages of the journal since the last of documents
  };
  bool is_full(const waiting_line& line, std::size_t lane, std::size_t with_bytes) const;
  std::optional<std::size_t> next_lane(const waiting_line& line) const;
  parcel_ptr take_from(waiting_line& line, std::size_t lane) const;
  bool list(const ports::node_name& peer, waiting_line& line);

  const transport_limits limits_;
  wake_signal& wake_;
  std::mutex mutex_;
  std::map<ports::node_name, waiting_line> lines_;
  std::vector<ports::node_name> ready_; ///< have something that may leave
};

} // namespace toit::federation
