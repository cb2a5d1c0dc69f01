/// \file
/// What a node does with its neighbours, as a pure state machine: no thread, no socket, no clock of its own. It is told
/// what was received, written and how late it is; it answers with what is to be done.
///
/// For each stream that this node should hold it asks the host for what follows its cursor; it serves those that should
/// hold what it hosts; it countersigns what it has whole; it finds forks and rollbacks, its own among them. Where a
/// stream has passed to another host it follows him, and brings him what was made beyond the cut. Every queue has a
/// bound, every loss is asked for again, and nothing that a neighbour says is believed but under his keys.

#pragma once

#include "federation/authorities.hpp"
#include "federation/envelope.hpp"
#include "journal/belief.hpp"
#include "journal/marks.hpp"
#include "ports/federation.hpp"

#include <deque>
#include <map>
#include <set>

namespace toit::federation {

using ports::alarm;
using ports::alarm_kind;
using std::chrono::milliseconds;

/// Faults that the simulator's checkers must find: all off, but in builds made for tests.
struct exchange_bugs {
  bool fork_is_duplicate = false;
  bool countersign_at_once = false;
};

struct exchange_limits {
  std::uint32_t window_bytes = 4U << 20;   ///< of entries on their way to this node, a stream
  std::size_t transfer_bytes = 256U << 10; ///< of one message, unless one batch is larger
  std::size_t part_bytes = 64U << 10;      ///< of a document
  std::size_t misbehaviours = 1'000;       ///< of a neighbour in a minute: beyond, he is not heard until it is over
  milliseconds hello_every{5'000};
  unsigned hellos_said = 4;        ///< to a neighbour between two looks at the clock, however many streams pass then
  unsigned hellos = 64;            ///< of a neighbour that are heard between two of this node's own
  milliseconds ask_again{3'000};   ///< what was asked for and did not come
  milliseconds serve_again{1'000}; ///< in which a window is read again for a peer, and after a link had no room
  std::size_t questions = 256;     ///< of a neighbour, not yet answered
  milliseconds clock_apart{5 * 60'000};
  milliseconds believe_for{30'000};   ///< a claim to hold more of our stream, until it is made good
  milliseconds confirm_within{5'000}; ///< how long neighbours are waited for at the start
  milliseconds gather_within{2'000};  ///< how long, before a stream is taken over, whoever holds more may bring nothing
  milliseconds gather_an_entry{20};   ///< that he gains by each that he brings, and no more
  milliseconds gather_at_most{30'000}; ///< in all, with entries that no State node has by then said it holds
};

struct exchange_setup {
  node_name self;
  std::vector<stream_id> hosted; ///< streams of this node's own
  std::shared_ptr<const journal::signing_key> signer;
  std::array<std::uint8_t, 16> run{};
  /// Signed directory as it was read, and the anchor that signs the next.
  federation::directory directory;
  bytes signed_directory;
  public_key anchor{};
  /// Who hosts what since, as far as the ordering streams that are here say.
  federation::authorities authorities;
  /// Links of what others hold of this node's own streams, and is not its own: whoever answers for it says so.
  std::vector<law::bytes32> disclaimed;
  bool restored = false; ///< from a backup: nothing is recorded before a neighbour has said what came after
  exchange_limits limits;
  exchange_bugs bugs;
};

/// What is to be done, in this order.
struct exchange_actions {
  struct entries_after {
    stream_id stream;
    std::uint64_t seq = 0;
  };
  struct outgoing {
    node_name to;
    bytes sent;
    lane in{};
    std::optional<entries_after> entries; ///< when it brings some
  };
  struct asked {
    node_name from;
    std::uint64_t number = 0;
    bytes content;
  };
  struct hold {
    stream_id stream;
    bool behind = false;
  };
  std::vector<hold> holds;
  std::vector<std::shared_ptr<ports::transfer>> transfers; ///< to be written; their results are told by `written`
  /// To be written; their results are told by `orphans_written`, in this order.
  std::vector<std::shared_ptr<ports::orphan_tail>> orphans;
  std::vector<ports::witness_mark> marks;
  std::vector<ports::signed_head> foreign_heads;
  std::vector<outgoing> messages;
  std::vector<asked> questions;
  std::vector<asked> replies;
  std::vector<std::pair<node_name, any_message>> about_documents;
  std::vector<alarm> raised;
  std::vector<stream_id> caught_up;     ///< own streams that were behind: whoever folded them begins again
  std::vector<stream_id> gathered;      ///< nobody who can be heard holds more of it
  std::optional<bytes> newer_directory; ///< verified, newer: to be kept; peers are those of the new one
};

/// Sequences are below it (docs/journal-format.md).
constexpr std::uint64_t sequences_end = std::uint64_t{1} << 44;

class exchange {
public:
  /// `source` reads what is on disk, and outlives this.
  exchange(exchange_setup setup, ports::transfer_source& source, law::instant now, law::civil_date today);

  /// The time, at least every second: what is late is asked for again.
  void tick(milliseconds monotonic, law::instant now, law::civil_date today);
  void link_changed(const node_name& peer, ports::link_state now);
  void received(const node_name& from, byte_view sent);
  /// Entries of the stream are on disk: appended here or brought.
  void grown(const stream_id& stream);
  /// What became of a transfer, once it is on disk or refused: of one stream in the order in which they were given.
  void written(const ports::transfer_result& result);
  /// The same of a part of an orphan tail.
  void orphans_written(const ports::orphan_result& result);
  /// Entries that were said after this place found no room: nothing more of the stream is said before he asks on.
  void found_no_room(const node_name& whom, const exchange_actions::entries_after& place);
  /// False when what comes before this place found none.
  bool may_follow(const node_name& whom, const exchange_actions::entries_after& place) const;
  void ask(const node_name& whom, std::uint64_t number, bytes content);
  void answer(const node_name& whom, std::uint64_t number, bytes content);
  /// He has sent what cannot be about documents.
  void blame(const node_name& who);
  /// A directory brought by hand, already verified.
  void adopt(federation::directory newer, bytes signed_bytes);

  /// What the ordering streams that are here say now. A stream that this node hosted, and no longer should, stays its
  /// own until `stop_hosting`; one that it should host is its own from `begin_hosting` on.
  void set_authorities(federation::authorities now);
  /// The stream has been adopted: its cut is on disk.
  void begin_hosting(const stream_id& stream);
  /// Nothing more is recorded in it here: it comes from its host as any replica does.
  void stop_hosting(const stream_id& stream);
  /// Before a stream is taken over: asks everybody who holds more of it, and says once that it is `gathered`.
  void gather(const stream_id& stream);

  exchange_actions take();

  /// Nothing may be recorded in this stream: somebody holds more of it, or, on a State node, nobody has spoken yet.
  bool is_held(const stream_id& stream) const;
  bool is_confirmed(const stream_id& stream) const { return confirmed_.contains(stream); }
  ports::federation_report report() const;
  /// With those who host now.
  const federation::directory& current_directory() const { return directory_; }

private:
  /// What goes to a neighbour who should hold a stream.
  struct feed {
    bool begun = false;      ///< he has asked in this run
    std::uint32_t epoch = 0; ///< that the stream had here when he was last served
    std::uint64_t after = 0; ///< acknowledged
    std::uint64_t sent = 0;
    std::uint32_t window_bytes = 0;
    std::deque<std::pair<std::uint64_t, std::size_t>> on_their_way; ///< last sequence and bytes of each message
    std::size_t bytes_on_their_way = 0;
    std::optional<milliseconds> no_room; ///< when the link had none for what was said
    std::uint64_t farthest = 0;          ///< sent on this link: what is read before it is read again
    std::size_t bytes_again = 0;         ///< of that, since `again_since`
    milliseconds again_since{0};
    bool waits = false; ///< until more may be read again
  };
  /// What comes from one.
  struct pull {
    std::shared_ptr<ports::transfer> waiting; ///< received while the one before is being written
    bool writing = false;
    bool writes_keys = false;             ///< and nothing else
    ports::stream_position written_after; ///< where the stream stood when it was given to the writer
    bool stopped = false;                 ///< forked: only a human goes on from there
    milliseconds asked_at{0};
    std::uint64_t expected = 0; ///< last entry that has come in order
    bool asked = false;
    bool passed = false;      ///< asked for before the stream passed: what still comes of that is no misdeed
    unsigned asked_again = 0; ///< in vain: the wait doubles each time
  };
  /// A tail that is here, on its way to who hosts its stream now.
  struct upload {
    node_name host;
    std::uint64_t end = 0; ///< of the tail here
    law::bytes32 link{};
    std::uint64_t held = 0; ///< there, as far as he has said
    bool on_its_way = false;
    bool settled = false; ///< all of it is there, or another one is
    std::optional<milliseconds> sent_at{};
    unsigned sent_again = 0;
  };
  /// Of a stream that is about to be taken over.
  struct gathering {
    milliseconds asked_from{0};   ///< monotonic
    milliseconds began{0};        ///< awake
    milliseconds until{0};        ///< awake
    std::uint64_t seq = 0;        ///< here, when it was last prolonged
    ports::stream_position known; ///< the furthest that State nodes have said they hold
  };
  struct peer {
    ports::link_state state{};
    std::optional<law::instant> last_heard;
    std::optional<std::array<std::uint8_t, 16>> run;
    milliseconds hello_sent{0};
    bool said_hello = false;
    unsigned hellos_said = 0;    ///< since `hello_sent`
    bool greet_again = false;    ///< beyond those: with the next look at the clock
    unsigned hellos_heard = 0;   ///< since this node's own
    bool told_directory = false; ///< since then
    bool told_protocol = false;
    bool disbelieved = false;     ///< claimed to hold more of a stream of ours, and did not bring it
    bool has_claimed = false;     ///< since time was last counted
    milliseconds claim_waited{0}; ///< for what he claims, while he could be heard, since any came
    std::uint64_t misbehaviours = 0;
    std::size_t misbehaviours_this_minute = 0;
    std::map<stream_id, ports::stream_position> theirs;
    std::map<stream_id, ports::witness_mark> ahead; ///< his latest mark of a stream of ours, beyond what is here
    std::map<stream_id, law::instant> as_of;
    std::map<stream_id, feed> feeds;
    std::multiset<std::uint64_t> unanswered; ///< numbers of his questions
    std::map<stream_id, pull> pulls;
  };

  // Inputs, one a message.
  void take_in(const node_name& from, hello& said);
  void take_in(const node_name& from, newer_directory& said);
  void take_in(const node_name& from, want& said);
  void take_in(const node_name& from, no& said);
  void take_in(const node_name& from, marks& said);
  void take_in(const node_name& from, question& said);
  void take_in(const node_name& from, reply& said);
  void take_in(const node_name& from, entries& said);
  void take_in(const node_name& from, orphans& said);
  void take_in(const node_name& from, orphans_held& said);
  template <class Said>
  void take_in(const node_name& from, Said& said);

  void say(const node_name& to, any_message what);
  void greet(const node_name& to, peer& p);
  void compare(const node_name& from, peer& p, const ports::stream_position& theirs);
  void take_claim(const node_name& from, peer& p, const stream_id& stream);
  void let_claims_lapse(const node_name& from, peer& p, milliseconds elapsed);
  bool is_marked(const peer& p, const ports::stream_position& theirs) const;
  void found_behind(const stream_id& stream);
  bool is_expired() const { return directory_.expired(now_); }
  void come_back(const stream_id& stream);
  bool has_waited() const;
  bool heard_enough() const;
  void settle_confirmations();
  void ask_those_late(milliseconds elapsed);
  bool concerns(const node_name& whom, const stream_id& stream) const;
  bool is_ahead(const ports::stream_position& theirs) const;
  bool may_have_passed(const ports::stream_position& theirs) const;
  bool pulls_from(const node_name& from, const stream_id& stream) const;
  void begin_pulls(const node_name& from, peer& p);
  void ask_for(const node_name& from, pull& p, const stream_id& stream, bool again);
  bool is_to_be_hosted(const stream_id& stream) const;
  bool lacks_keys(const stream_id& stream) const;
  void take_keys(const node_name& from, pull& p, ports::transfer& brought);
  void write_next(const node_name& from, pull& p);
  std::optional<node_name> end_writing(const ports::transfer_result& result);
  void take_progress(const pull& p, const ports::transfer_result& result);
  bool is_all_of(const node_name& host, const ports::stream_position& here) const;
  void settle_transfer(const node_name& from, pull& p, const ports::transfer_result& result);
  std::optional<std::uint64_t> served_after(const ports::stream_position& theirs, const ports::stream_position& ours);
  void serve(const node_name& from, const want& said, const ports::stream_position& ours, std::uint64_t after);
  void feed_more(const node_name& to, const stream_id& stream, feed& f);
  bool may_read_again(feed& f) const;
  void set_signers(ports::transfer& brought) const;
  bool is_covered(const ports::transfer& brought, law::instant before) const;
  bool is_believed(const ports::stream_position& at) const;
  static bool signed_in_force(const node_entry& witness, const ports::witness_mark& mark);
  bool has_in_force(const node_entry& witness, const ports::witness_mark& mark) const;
  void countersign(const ports::transfer_result& result);
  void take_mark(const node_entry& from, const ports::witness_mark& mark);
  void mark_again(const node_name& from, const stream_id& stream);
  bool is_witness_of(const stream_id& stream) const;
  bool signed_by_host(const ports::signed_head& head) const;
  void hold(const stream_id& stream, bool behind);
  void raise(alarm_kind kind, std::optional<stream_id> stream, std::optional<node_name> node, std::uint64_t seq);
  void settle(alarm_kind kind, const std::optional<stream_id>& stream, const std::optional<node_name>& node);
  void settle_about(const stream_id& stream, std::initializer_list<alarm_kind> kinds);
  void misbehaved(const node_name& who);
  void apply_directory();
  bool hosts(const stream_id& stream) const;
  std::uint64_t seq_of(const stream_id& stream) const;
  ports::stream_position place_of(const stream_id& stream) const;
  std::uint32_t epoch_of(const stream_id& stream) const;
  bool is_up(const node_name& whom) const;
  bool is_host(const node_name& who, const stream_id& stream) const;

  // Streams that pass from one host to another.
  void follow_host(const stream_id& stream);
  void forget_pulls(const stream_id& stream);
  void speak_anew();
  void heed_cut(const ports::stream_position& now);
  void gather_from(const node_name& name, peer& p, const stream_id& stream);
  bool is_gathered_from(const peer& p, const stream_id& stream) const;
  void take_word(const node_name& from, const ports::stream_position& theirs);
  bool may_still_bring(const node_name& from, const stream_id& stream) const;
  void prolong_gathering(const ports::transfer_result& result);
  void settle_gathering(const stream_id& stream);
  void look_at_tails();
  void send_tail(const stream_id& stream, std::uint32_t cut, upload& one);
  void send_tails(const node_name& host);
  bool may_bring(const node_name& from, const ports::orphan_tail& tail) const;
  void drop_strange_marks(const node_name& from, ports::orphan_tail& tail);

  exchange_setup setup_;            ///< the directory as it was issued
  federation::directory directory_; ///< with who hosts now
  ports::transfer_source& source_;
  milliseconds monotonic_{0};
  milliseconds awake_{0}; ///< since the first look at the clock, without what this node has slept: nobody was heard
  milliseconds minute_began_{0};
  law::instant now_;
  law::civil_date today_;
  std::map<node_name, peer> peers_;
  std::optional<milliseconds> began_;
  std::optional<milliseconds> first_heard_; ///< since when a neighbour has spoken
  std::set<stream_id> held_;
  std::set<stream_id> behind_;    ///< own streams of which somebody holds more
  bool was_behind_ = false;       ///< what this node had forgotten came back from others, in this run
  std::set<stream_id> not_whole_; ///< own streams of which some came back without what it says
  std::set<stream_id> confirmed_; ///< own streams whose end a neighbour has confirmed in this run
  std::map<stream_id, gathering> gathering_;
  std::map<stream_id, std::uint32_t> epoch_seen_; ///< in what was brought
  std::map<std::pair<stream_id, std::uint32_t>, upload> uploads_;
  /// Who brought the transfers of a stream that are being written, in the order in which they were given. Whoever is
  /// none of its neighbours any more, or is asked for it anew, leaves his place.
  std::map<stream_id, std::deque<std::optional<node_name>>> being_written_;
  std::deque<std::pair<node_name, stream_id>> tails_being_written_; ///< and who brought them
  std::vector<alarm> alarms_;
  exchange_actions todo_;
};

/// In a later epoch, or beyond it in the same one.
constexpr bool is_further(const ports::stream_position& a, const ports::stream_position& b) {
  return std::pair{a.epoch, a.seq} > std::pair{b.epoch, b.seq};
}

} // namespace toit::federation
