/// \file
/// Where others come to us: the listening socket, the handler that says whose key is admitted, and who is there.
///
/// Who speaks is known from the key that his connection has proved, never from what he says. A way back to him is known
/// from the library's own number of that connection: a name that a connection gives itself would lead another's
/// messages to it.
///
/// Of the connections of one peer the last that says hello is kept, for it may be that the one before is half open and
/// nobody knows; who says none is let go in time, and a key with which too many come is refused for a while. So one key
/// costs a bounded number of connections, and of frames that are not yet whole.

#pragma once

#include "federation/link_owner.hpp"

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace toit::federation {

class link_gate {
public:
  /// Listens. Throws std::runtime_error when it cannot.
  link_gate(link_context with, const std::string& bind);

  const std::string& endpoint() const { return endpoint_; }
  /// Connections of anybody else end.
  void admit(const std::vector<ports::transport_peer>& peers);
  bool is_there(const ports::node_name& peer) const { return routes_.contains(peer); }

  /// Does all that can be done without waiting.
  void turn();
  void add_to(std::vector<zmq::pollitem_t>& polled);
  send_result send(const ports::node_name& to, parcel_ptr parcel);

private:
  /// The one connection on which a peer is heard: the last that said hello.
  struct visitor {
    ports::node_name peer;
    std::string user;              ///< as the handler of keys named the connection
    std::optional<int> descriptor; ///< of the connection, until it has ended
    link_progress progress;
  };

  /// One of a peer's keys.
  struct key_holder {
    ports::node_name peer;
    link_clock::time_point since{}; ///< from when on those who come with it are counted
    std::size_t arrivals = 0;
  };
  using held_key = std::pair<const law::bytes32, key_holder>;
  struct connection {
    std::optional<link_clock::time_point> mute_since; ///< absent while hello stands
    bool greeted = false;                             ///< has said hello: no stranger
    bool let_go = false;                              ///< by us, and not yet told to have ended
  };

  void answer_keys();
  void answer_key(const std::vector<zmq::message_t>& asked);
  const held_key* admitted(const std::vector<zmq::message_t>& asked);
  bool may_come(key_holder& holder) const;
  void read_events();
  void handle_end(int descriptor);
  void read_messages();
  void handle(const arrival& came);
  void greet(const arrival& came);
  void let_go(int descriptor);
  void let_go_of_others(const ports::node_name& peer, int descriptor);
  void let_go_of_mute();
  void tell_progress();
  void stray(const arrival& came);
  void forget(const std::string& route);
  void gone(const ports::node_name& peer);

  link_context with_;
  zmq::socket_t keys_;
  zmq::socket_t socket_;
  socket_watch watch_;
  std::string endpoint_;
  std::map<law::bytes32, key_holder> by_key_;
  std::map<std::string, ports::node_name, std::less<>> by_user_;
  std::unordered_map<std::string, visitor> visitors_; ///< by route
  std::map<ports::node_name, std::string> routes_;    ///< of those who can be sent to
  std::map<int, connection> connections_;             ///< by descriptor
  link_clock::time_point look_for_mute_{};
  std::uint64_t keys_refused_ = 0; ///< of connections that have not ended yet
  std::vector<std::string> heard_; ///< routes, this turn
};

} // namespace toit::federation
