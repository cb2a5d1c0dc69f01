/// \file
/// What actors ask of the journal: seal, append, look up, read. How entries are chained, signed, encrypted and stored
/// is behind these seams (docs/journal-format.md).

#pragma once

#include "law/catalogue.hpp"
#include "law/refusal.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace toit::ports {

using bytes = std::vector<std::uint8_t>;

struct stream_rule {
  static constexpr std::string_view name = "stream_id";
  static constexpr std::string_view pattern = "^[TS][0-9A-Z]{1,15}$";
  static bool accepts(std::string_view text);
};

/// The ordered entries of one territory ("T200057867") or one State authority ("S…").
using stream_id = law::code<stream_rule, 16>;

stream_id stream_of(law::siren territory);

using record_ptr = std::shared_ptr<const law::record>;

/// An entry's payload as it is stored: encrypted, or in clear for the families that name no natural person.
struct sealed_payload {
  bytes nonce; ///< empty in clear
  bytes content;
  law::bytes32 commitment{};
  std::uint32_t epoch = 0; ///< whose key has encrypted it
};

/// Turns records into payloads and back. Any thread may call.
class sealer {
public:
  virtual ~sealer() = default;
  virtual sealed_payload seal(const stream_id& stream, law::subject_id subject, const law::record& record) = 0;
  /// Keyed hash under which a demande's number finds its dossier.
  virtual law::bytes32 number_key(const stream_id& stream, law::nud number) const = 0;
};

// -- appending ------------------------------------------------------------------------------------------------------

/// A subject that a decision read, and the last entry about it that it knew (0 for none).
struct subject_read {
  law::subject_id subject;
  std::uint64_t last_seq = 0;
};

struct entry_draft {
  law::subject_id subject;
  sealed_payload payload;
  record_ptr record;
};

/// The local, erasable row of an account: name, address, password hash; sealed before it gets here.
struct account_row {
  law::agent_id account;
  bytes sealed;              ///< empty: the row goes
  law::subject_id subject{}; ///< of the entries about it: a demandeur's dossier; empty: the account itself

  law::subject_id about() const { return subject.empty() ? law::subject_of(account) : subject; }
};

/// Whole or nothing, over any number of subjects. Without drafts it records nothing, and asks only whether the command
/// was answered before.
struct append {
  stream_id stream;
  law::command_id command;
  law::bytes32 request{};
  std::vector<entry_draft> drafts;
  std::vector<subject_read> reads; ///< refused as stale when one has moved; every subject written is among them
  std::optional<law::nud> registers_number; ///< of the first draft's subject
  std::optional<law::nud> forgets_number;   ///< of an erased dossier
  std::vector<std::uint64_t> empties;       ///< entries whose payload an erasure destroys
  std::vector<account_row> accounts;
  bool closes = false; ///< its last entry is the last of the epoch: nothing is appended after it
};
using append_ptr = std::shared_ptr<const append>;

/// What became of an append or of a refusal to record.
enum class append_status : std::uint8_t {
  appended,       ///< on disk
  repeated,       ///< this command was accepted before: `first_seq` to `last_seq` are its entries
  refused_before, ///< this command was refused before: `refusal` is the answer it had
  key_reused,     ///< the same command id came with another request
  stale,          ///< a subject read has moved since
  number_taken,   ///< another dossier has the number
  read_only,      ///< the disk is full; nothing was written
  behind,         ///< another node holds more of this stream than this one, or has not yet said that it does not
  fenced,         ///< the stream is another node's now, or is closed before it passes to one
};

struct append_result {
  append_status status{};
  std::uint64_t first_seq = 0;
  std::uint64_t last_seq = 0;
  law::instant recorded_at{};
  law::refusal refusal{};
};

// -- consultations and attempts -------------------------------------------------------------------------------------

/// A nominative read that was answered, or a command that was refused: kept apart from the legal journal, in its own
/// chain, one file a month. Never holds what was read or asked.
struct log_line {
  bool attempt = false;
  law::party legal_person;
  law::agent_id agent;
  std::optional<law::subject_id> subject; ///< dossier read, or subject of the refused command
  std::string right;                      ///< row and article of the read, or kind of the refused command
  std::string purpose;
  std::string scope;
  std::uint32_t results = 0;
  law::command_id command; ///< of an attempt
  law::bytes32 request{};
  law::refusal refusal{};

  static constexpr auto fields() {
    using law::field;
    using t = log_line;
    return std::tuple{field{"attempt", &t::attempt}, field{"legal_person", &t::legal_person},
                      field{"agent", &t::agent},     field{"subject", &t::subject},
                      field{"right", &t::right},     field{"purpose", &t::purpose},
                      field{"scope", &t::scope},     field{"results", &t::results},
                      field{"command", &t::command}, field{"request", &t::request},
                      field{"refusal", &t::refusal}};
  }
};

struct logged_line {
  law::instant at{};
  log_line line;
};

// -- reading --------------------------------------------------------------------------------------------------------

/// An entry as a reader finds it; `record` is null once its payload has been erased, and where another node alone may
/// read it.
struct stored_entry {
  std::uint64_t seq = 0;
  std::uint32_t epoch = 0;
  law::instant recorded_at{};
  law::subject_id subject;
  std::uint64_t previous = 0; ///< the subject's entry before this one, 0 for its first
  record_ptr record;
};

/// A signed statement that the stream up to `seq` has exactly this content.
struct signed_head {
  stream_id stream;
  std::uint32_t epoch = 0;
  std::uint64_t first = 0; ///< first entry of the batch: heads follow each other without a gap, so that none can go
  std::uint64_t seq = 0;
  std::uint64_t ordering_seq = 0; ///< last entry of the ordering stream that the node had applied
  law::bytes32 link{};
  std::array<std::uint8_t, 8> key_id{};
  std::array<std::uint8_t, 64> signature{};

  static constexpr auto fields() {
    using law::field;
    using t = signed_head;
    return std::tuple{field{"stream", &t::stream},
                      field{"epoch", &t::epoch},
                      field{"first", &t::first},
                      field{"seq", &t::seq},
                      field{"ordering_seq", &t::ordering_seq},
                      field{"link", &t::link},
                      field{"key_id", &t::key_id},
                      field{"signature", &t::signature}};
  }
};

/// Entries that are read of one subject: more are taken for a loop. What can be told without end stops far below
/// (`law::entries_of_a_dossier_most`), and the rest would be that many acts of bodies.
constexpr std::size_t subject_entries_limit = std::size_t{1} << 20;

/// Consecutive entries of one stream.
struct entry_batch {
  stream_id stream;
  std::vector<stored_entry> entries;
};
using batch_ptr = std::shared_ptr<const entry_batch>;

/// A cut that is in a stream.
struct cut_place {
  std::uint32_t epoch = 0; ///< that it begins
  std::uint64_t seq = 0;   ///< of the cut itself
  friend bool operator==(const cut_place&, const cut_place&) = default;
};

/// What an entry of another host's says here.
enum class orphan_reading : std::uint8_t {
  open,
  erased,
  locked,  ///< the key of its epoch is not here
  damaged, ///< nobody can read what he has written
};

/// An entry of an orphan tail.
struct orphan_entry {
  std::uint32_t cut = 0; ///< the epoch whose cut left it out
  stored_entry entry;    ///< with its record when it is open
  orphan_reading reading{};
  law::bytes32 link{};
  bool witnessed = false; ///< a State node had countersigned it
  bool knowing = false;   ///< its head says that its host had heard of the epoch that the cut begins
};

struct transfer;
struct transfer_result;
struct witness_mark;
struct stream_position;
struct orphan_tail;
struct orphan_result;
struct adoption;
struct adoption_result;

/// Reads what is on disk. One reader a thread.
class journal_reader {
public:
  virtual ~journal_reader() = default;

  /// Entries after `after`, in order, at most `limit`; empty at the end of the stream.
  virtual std::vector<stored_entry> read(const stream_id& stream, std::uint64_t after, std::size_t limit) = 0;

  /// Entries in clear after `after` and up to `to`, in order: of the families that name no natural person. It costs
  /// little beside reading them all, for nothing is decrypted.
  virtual std::vector<stored_entry> read_clear(const stream_id& stream, std::uint64_t after, std::uint64_t to) = 0;

  /// All entries about a subject, oldest first, from `last` back through `previous`.
  virtual std::vector<stored_entry> read_subject(const stream_id& stream, std::uint64_t last) = 0;

  virtual std::optional<stored_entry> entry(const stream_id& stream, std::uint64_t seq) = 0;

  /// Of that entry in the stream's chain, whoever may read what it holds; absent when it is not here.
  virtual std::optional<law::bytes32> link_of(const stream_id& stream, std::uint64_t seq) = 0;

  /// Entries that are known to be there, in the order asked for.
  virtual std::vector<stored_entry> read_these(const stream_id& stream, std::span<const std::uint64_t> seqs) = 0;

  /// Places from which on other hosts have written, in their order.
  virtual std::vector<cut_place> cuts(const stream_id& stream) = 0;

  /// Of all tails of the stream, in the order of cuts and sequences, those after this place.
  virtual std::vector<orphan_entry> orphans(const stream_id& stream, std::uint32_t cut, std::uint64_t after,
                                            std::size_t limit) = 0;

  /// The dossier that bears the number.
  virtual std::optional<law::dossier_id> find_number(const stream_id& stream, law::nud number) = 0;

  /// The first signed head at or after `seq`: that of its batch; absent for a stream without entries there.
  virtual std::optional<signed_head> head_covering(const stream_id& stream, std::uint64_t seq) = 0;

  /// That of the stream's last batch; absent for a stream without entries.
  virtual std::optional<signed_head> latest_head(const stream_id& stream) = 0;

  /// Of the stream's accounts: as they came where another node hosts it.
  virtual std::vector<account_row> accounts(const stream_id& stream) = 0;

  /// Of each witness the first mark that covers `seq`.
  virtual std::vector<witness_mark> marks_covering(const stream_id& stream, std::uint64_t seq) = 0;

  /// Lines of the consultation and attempt log about a dossier, newest first, at most `limit`.
  virtual std::vector<logged_line> log_about(law::subject_id subject, std::size_t limit) = 0;
};

/// What a sync made durable. What is not was undone, as if it had never been staged.
struct synced {
  bool entries = true;
  bool lines = true;
  std::vector<batch_ptr> batches;  ///< the entries themselves, a batch a stream
  std::vector<signed_head> heads;  ///< one a stream written
  std::vector<stream_id> replicas; ///< streams of other hosts that have grown
};

/// Writes; one in the process, owned by the event recorder.
class journal_writer {
public:
  virtual ~journal_writer() = default;

  /// Checks and stages a group: whatever waits, in order. Results stand only once `sync` has returned true.
  virtual std::vector<append_result> stage(std::span<const append_ptr> appends) = 0;

  /// Looks up whether a command that has just been refused was answered before; stages the refusal otherwise.
  virtual append_result stage_refusal(const log_line& attempt) = 0;
  virtual void stage_consultation(const log_line& line) = 0;

  /// Checks entries that come from another node against what is there and against the keys of the directory, and stages
  /// them: of a replica, or of a stream of this node's own that is behind. What it answers stands after `sync`.
  virtual transfer_result stage_transfer(const transfer& brought) = 0;
  virtual void stage_mark(const witness_mark& mark) = 0;
  /// A signed head of another history than the one that is kept here.
  virtual void stage_foreign_head(const signed_head& head) = 0;
  /// A stream that is behind takes no appends, only transfers, until it is released.
  virtual void hold_back(const stream_id& stream, bool behind) = 0;
  /// Holds a part of an orphan tail against what is here of it, and stages it. What it answers stands after `sync`.
  virtual orphan_result stage_orphans(const orphan_tail& brought) = 0;
  /// Makes the stream this node's: opens its keys and seals them anew, writes the cut; at once on disk: nothing may be
  /// staged. From then on the stream takes appends, unless it is held back. Asked again it does nothing more.
  virtual adoption_result adopt(const adoption& asked) = 0;
  /// The stream is another node's from now on: it takes transfers, and appends are answered `fenced`.
  virtual void release(const stream_id& stream) = 0;
  /// Whether this node may open a stream that another hosts. Where it may not, what opens it here is deleted, at once
  /// on disk: nothing may be staged; and it is taken from nobody until it may, or the stream is to be adopted. What is
  /// sealed to others stays. False where there is no room for it: to be asked again.
  virtual bool let_open(const stream_id& stream, bool may) = 0;
  /// Each head of `stream` names, from now on, the last entry of this one that was heeded here: that of its ordering
  /// authority. Of one that is written here, the last one.
  virtual void follow_ordering(const stream_id& stream, const stream_id& ordering) = 0;
  /// What the entries of the ordering authority's stream say up to this one has been done here: no stream is written
  /// any more that they have given to another host.
  virtual void heed_ordering(const stream_id& ordering, std::uint64_t seq) = 0;

  /// Seals the keys of a stream hosted here to one more recipient, once, and at once on disk: nothing may be staged.
  /// False where there is no room for it: to be asked again.
  virtual bool seal_keys_to(const stream_id& stream, const law::bytes32& recipient) = 0;

  /// Puts what was staged on disk, entries first, then lines of the log. Throws after an I/O error, which is never
  /// retried: the process ends.
  virtual synced sync() = 0;

  /// True while a full disk keeps the journal from growing. `probe` tries whether there is room again.
  virtual bool read_only() const = 0;
  virtual void probe() = 0;

  virtual std::uint64_t last_seq(const stream_id& stream) const = 0;

  /// Keeps, beside the journal, what a restart needs to know of each stream.
  virtual void keep() = 0;
};

} // namespace toit::ports
