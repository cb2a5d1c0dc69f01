/// \file
/// Messages between nodes. Whoever sends is known, by his key; whether a message arrives is not.

#pragma once

#include "ports/journal.hpp"

#include <string>

namespace toit::ports {

struct node_name_rule {
  static constexpr std::string_view name = "node_name";
  static constexpr std::string_view pattern = "^[a-z][0-9a-z-]{1,39}$";
  static bool accepts(std::string_view text);
};

/// A node in the directory. Not a stream: a host may have several, and they may move.
using node_name = law::code<node_name_rule, 40>;

/// Largest message between nodes, in bytes. What is larger is cut into parts by whoever sends it.
constexpr std::size_t message_limit_bytes = 16U << 20;

/// One node of the federation, as far as the wire goes.
struct transport_peer {
  node_name name;
  std::vector<law::bytes32> link_keys; ///< X25519: any of them is he; more than one while keys change
  std::string endpoint;                ///< where he is reached ("tcp://host:port"); empty: he comes to us
  friend bool operator==(const transport_peer&, const transport_peer&) = default;
};

/// Urgent before bulky: what a message may delay. Each lane of a link has a bound of its own, and order within it.
enum class lane : std::uint8_t {
  control,   ///< nothing
  journal,   ///< documents
  documents, ///< nothing but other documents
};
constexpr auto names_of(lane) { return std::to_array<std::string_view>({"control", "journal", "documents"}); }

enum class link_state : std::uint8_t {
  down,
  up,
  refused, ///< he does not know us, or takes us for a stranger
};
constexpr auto names_of(link_state) { return std::to_array<std::string_view>({"down", "up", "refused"}); }

/// Counted since the start.
struct transport_stats {
  std::uint64_t messages_in = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t messages_out = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t refused_full = 0; ///< `send` answered no: too much waits for the peer in the lane
  std::uint64_t lost = 0;         ///< taken by `send`, but the link ended before they could leave
  std::uint64_t turned_away = 0;  ///< connections without a key of a peer, or without encryption
  std::uint64_t strays = 0;       ///< received and dropped: not of an admitted connection, or not in the form
  std::uint64_t surplus = 0;      ///< connections of peers that were ended or refused: others came, or they were mute
  std::uint64_t sockets_made_again = 0;
};

class transport {
public:
  /// Called from a thread of the transport's own: to be quick, and to throw nothing.
  class receiver {
  public:
    virtual ~receiver() = default;
    /// `from` has proved who he is.
    virtual void received(const node_name& from, bytes message) = 0;
    virtual void changed(const node_name& peer, link_state now) = 0;
    /// Somebody without a key of the directory was turned away.
    virtual void turned_away() = 0;
  };

  virtual ~transport() = default;
  /// Never blocks. False, and nothing sent, when there is no link or too much waits for it in this lane: to be tried
  /// again.
  virtual bool send(const node_name& to, bytes message, lane in) = 0;
  /// Who may talk with this node from now on; links with anybody else end.
  virtual void set_peers(std::vector<transport_peer> peers) = 0;
  virtual transport_stats stats() const = 0;
};

} // namespace toit::ports
