/// \file
/// One a node of a federation: hosts what the ordering authorities' streams say is its own to host. It takes a stream
/// over when an epoch has been opened for this node, closes it when another is to have it, and lets it go when an epoch
/// has been opened for another. Each step is found again after a crash: it does what is not yet done.
///
/// Text       L441-2-7 al. 2 and 4.
/// Not here   when epochs are opened: actors/substitution_host. What travels: federation/exchange.

#pragma once

#include "actors/interfaces.hpp"
#include "nodes/hosting/hosting_place.hpp"

namespace toit::nodes {

/// Faults that the simulator's checkers must find: all off, and out of reach, but in builds made for tests.
struct hosting_bugs {
  bool skip_the_fence = false;
  bool adopt_shorter_prefix = false;
};

/// Why a stream is not handed over yet.
enum class next_host_lacks : std::uint8_t { nothing, link, entries, documents, keys, word };
constexpr auto names_of(next_host_lacks) {
  return std::to_array<std::string_view>({"nothing", "link", "entries", "documents", "keys", "word"});
}

struct host_keeping {
  hosting_place* place = nullptr; ///< outlives the actor
  event_recorder_actor recorder;
  link_keeper_actor links;
  std::function<ports::federation_report_ptr()> report;
  /// The territory's actors begin, or end, here.
  std::function<void(const territory_context_ptr&)> begin;
  std::function<void(const ports::stream_id&)> end;
  /// Called when the actor ends otherwise than in order: nothing is taken over or let go any more.
  std::function<void()> give_up;
  bool ticks_by_itself = true; ///< where time is virtual, whoever lets it go by sends the ticks
  hosting_bugs bugs;
};

struct host_keeper_state {
  host_keeper_state() = default;

  static inline const char* name = "host_keeper";

  static constexpr std::chrono::seconds tick_every{1};

  void begin_reading();
  std::uint64_t written();
  void tick();

  host_keeper_actor::pointer self = nullptr;
  host_keeping in_charge;

private:
  enum class hosting_state : std::uint8_t {
    settled, ///< hosted here, or another node's
    waiting, ///< to be taken over: for entries, for a key that opens it, for a disk with room
    passing, ///< to be handed over
  };
  struct one_stream {
    bool hosted = false;
    std::uint32_t epoch = 0; ///< that was begun here, or was the first one
    hosting_state state{};
    bool busy = false;                             ///< something was asked of another actor
    std::optional<ports::adoption_status> because; ///< it could not be taken over, as was last told
    bool gathered = false;
    bool leaves = false;                             ///< the recorder has been told to let it go
    std::optional<law::passing_prepared> sealed_for; ///< its keys, to this next host
    next_host_lacks lacks{};                         ///< as was last told
    std::optional<bool> opens; ///< another's: whether this node may, as the recorder has been told
  };

  void look();
  /// False when the stream is another's, and the recorder has not been told yet.
  bool look_at(const ports::stream_id& stream, const ports::stream_hosts& hosts);
  void heed();
  bool is_mine(const ports::stream_id& stream, const ports::stream_hosts& hosts) const;
  void take_over(const ports::stream_id& stream, one_stream& s);
  void gather(const ports::stream_id& stream);
  void adopt(const ports::stream_id& stream);
  static void set_aside(one_stream& s);
  void adopted(const ports::stream_id& stream, std::uint32_t epoch, const ports::adoption_result& result);
  void close(const ports::stream_id& stream, one_stream& s);
  void seal_for(const ports::stream_id& stream, const federation::node_entry& next,
                const law::passing_prepared& prepared);
  void write_closing(const ports::stream_id& stream, const law::passing_prepared& prepared);
  bool is_closed(const ports::stream_id& stream) const;
  next_host_lacks what_lacks(const ports::node_name& who, const ports::stream_id& stream) const;
  void let_go(const ports::stream_id& stream, one_stream& s);
  void follow_from_outside(const ports::stream_id& stream, one_stream& s, const ports::stream_hosts& hosts);
  bool is_listed_here(const ports::stream_id& stream) const;
  bool awaits_cut(const ports::stream_id& stream, const ports::stream_hosts& hosts) const;
  void follow_authorities();
  void count() const;

  reading_in_force reading_;
  std::unique_ptr<ports::journal_reader> reader_;
  std::map<ports::stream_id, one_stream> streams_;
  std::set<ports::stream_id> followed_;
  std::map<ports::stream_id, std::uint64_t> heeded_; ///< of each authority's stream, as the recorder was told
};

/// Spawned detached: it waits for the disk when a territory's context is made.
host_keeper_actor::behavior_type host_keeper(host_keeper_actor::stateful_pointer<host_keeper_state> self,
                                             host_keeping in_charge);

} // namespace toit::nodes
