/// \file
/// Links between the nodes of a run: every message is bytes that come late, twice, in another order or not at all, by
/// the run's own chance. Whoever sends is known, as on a link of service.

#pragma once

#include "ports/transport.hpp"
#include "simulation/chance.hpp"
#include "simulation/world/virtual_clock.hpp"

#include <functional>
#include <map>
#include <set>
#include <vector>

namespace toit::simulation {

/// How the network is today.
struct network_weather {
  unsigned loses = 0;                        ///< percent
  unsigned doubles = 0;                      ///< percent
  bool reorders = false;                     ///< else what one node sends to another arrives in order
  std::chrono::milliseconds delay_most{200}; ///< of a message on its way
};

class virtual_network {
public:
  using node_name = ports::node_name;
  using message = ports::bytes;

  /// Messages that may be on their way at once: what is sent beyond is lost.
  static constexpr std::size_t on_their_way_most = 50'000;

  virtual_network(std::uint64_t seed, std::shared_ptr<const virtual_clock> clock)
      : chance_{seed}, clock_{std::move(clock)} {}

  // -- nodes --------------------------------------------------------------------------------------------------------

  /// A node is there: `heard` is told until it leaves.
  std::shared_ptr<ports::transport> join(const node_name& who, std::shared_ptr<ports::transport::receiver> heard);
  /// It is gone: its neighbours see it, what comes to it is lost, what it has sent still arrives.
  void leave(const node_name& who);
  /// Nothing is on its way any more to it or from it.
  void forget(const node_name& who);

  /// What is late comes now.
  void hurry();

  // -- what goes wrong ----------------------------------------------------------------------------------------------

  network_weather weather;
  /// What `from` sends no longer reaches `to`. Noticed, both see the link go down; else it is lost in silence.
  void cut(const node_name& from, const node_name& to, bool noticed);
  void heal(const node_name& from, const node_name& to);
  bool is_cut(const node_name& from, const node_name& to) const { return cuts_.contains({from, to}); }
  /// Is shown each message that is about to be on its way, until it has changed one.
  std::function<bool(message&)> tamper;
  /// As if `from` had sent it.
  void inject(const node_name& from, const node_name& to, message what) { put({from, to, std::move(what)}, {}); }

  // -- messages -----------------------------------------------------------------------------------------------------

  /// Messages that may arrive now.
  std::size_t due();
  /// One of them arrives.
  void deliver();
  /// Nothing is on its way.
  bool idle() const { return later_.empty() && due_.empty(); }

  struct on_its_way {
    node_name from;
    node_name to;
    message sent;
  };
  /// Whoever watches is told of each message that is sent, whether or not it will arrive, and of each that arrives.
  std::function<void(const on_its_way&)> on_sent;
  std::function<void(const on_its_way&)> on_arrived;

  std::uint64_t lost() const { return lost_; }
  std::uint64_t doubled() const { return doubled_; }
  std::uint64_t overtaken() const { return overtaken_; }

private:
  class node_end;
  using link = std::pair<node_name, node_name>;

  struct joined {
    std::shared_ptr<ports::transport::receiver> heard;
    std::uint64_t life = 0;
    std::set<node_name> peers;
    std::map<node_name, ports::link_state> told;
  };

  bool send(const node_name& from, std::uint64_t life, const node_name& to, message what);
  void set_peers(const node_name& who, std::uint64_t life, std::set<node_name> peers);
  bool is_up(const node_name& a, const node_name& b) const;
  void tell_changes();
  void put(on_its_way what, std::chrono::milliseconds delay);

  chance chance_;
  std::shared_ptr<const virtual_clock> clock_;
  std::map<node_name, joined> nodes_;
  std::map<link, bool> cuts_; ///< and whether they are noticed
  std::multimap<std::chrono::milliseconds, on_its_way> later_;
  std::vector<on_its_way> due_; ///< in the order in which they became due
  std::map<link, std::chrono::milliseconds> last_due_;
  std::uint64_t lives_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t doubled_ = 0;
  std::uint64_t overtaken_ = 0;
};

} // namespace toit::simulation
