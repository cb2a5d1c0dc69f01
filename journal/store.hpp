/// \file
/// Where rows are kept: a port with one contract (tests/journal/store_contract.hpp), so that a host may outgrow one
/// file. SQLite in service, a plain model in memory for tests and policy runs.

#pragma once

#include "journal/chain.hpp"
#include "journal/keys.hpp"
#include "ports/replica.hpp"

#include <functional>
#include <stdexcept>

namespace toit::journal {

/// An entry as it lies on disk.
struct entry_row {
  entry_header header;
  bytes32 link{};
  bytes nonce;
  bytes content;
  bool erased = false; ///< nonce and content are gone for good
  friend bool operator==(const entry_row& a, const entry_row& b) {
    return a.header.seq == b.header.seq && a.header.epoch == b.header.epoch &&
           a.header.recorded_at_ms == b.header.recorded_at_ms && a.header.subject == b.header.subject &&
           a.header.previous == b.header.previous && a.header.commitment == b.header.commitment && a.link == b.link &&
           a.nonce == b.nonce && a.content == b.content && a.erased == b.erased;
  }
};

struct number_row {
  bytes32 number_key{};
  law::subject_id subject;
};

/// Rows of one stream that are written together.
struct stream_rows {
  ports::stream_id stream;
  std::vector<entry_row> entries;        ///< consecutive, after what the store has
  std::vector<ports::signed_head> heads; ///< one a batch, in order
  std::vector<number_row> numbers;
  std::vector<bytes32> forgotten_numbers;
  std::vector<std::uint64_t> emptied;
  std::vector<law::subject_id> erased; ///< dossiers of which no account of the stream stays, nor anything in its tails
};

/// Of one orphan tail: what a former host has written beyond the cut of an epoch.
struct orphan_rows {
  ports::stream_id stream;
  std::uint32_t cut = 0;
  std::vector<entry_row> entries;
  std::vector<ports::signed_head> heads;
  std::vector<ports::witness_mark> marks;
  std::vector<sealed_key> keys;    ///< of epochs that are in no stream, as this node has sealed them to itself
  std::vector<entry_row> filled{}; ///< that were here without their payload
};

/// The disk is full: nothing of the transaction was written, and the store can still be read.
struct store_full : std::runtime_error {
  store_full() : std::runtime_error{"the disk is full"} {}
};

/// The disk failed, or what it gives back is no store of ours: never retried.
struct store_broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A file whose beginning was cut short, and that only a writer can put right.
struct store_unfinished : store_broken {
  using store_broken::store_broken;
};

/// Reads committed rows. One a thread.
class store_reader {
public:
  virtual ~store_reader() = default;
  /// Between the two each look-up costs less, and may not see what is committed meanwhile.
  virtual void hold() = 0;
  virtual void release() noexcept = 0;
  virtual std::vector<ports::stream_id> streams() = 0;
  virtual std::vector<entry_row> entries(const ports::stream_id& stream, std::uint64_t after, std::size_t limit) = 0;
  /// Those after `after` and up to `to` that are not encrypted.
  virtual std::vector<entry_row> clear_entries(const ports::stream_id& stream, std::uint64_t after,
                                               std::uint64_t to) = 0;
  virtual std::optional<entry_row> entry(const ports::stream_id& stream, std::uint64_t seq) = 0;
  /// The last entry about a subject, 0 for none: looked for among the headers from the end back, since no list is kept.
  virtual std::uint64_t last_of(const ports::stream_id& stream, law::subject_id subject) = 0;
  virtual std::vector<ports::signed_head> heads(const ports::stream_id& stream, std::uint64_t from,
                                                std::size_t limit) = 0;
  virtual std::optional<ports::signed_head> last_head(const ports::stream_id& stream) = 0;
  virtual std::optional<law::subject_id> find_number(const ports::stream_id& stream, const bytes32& number_key) = 0;
  virtual std::vector<sealed_key> keys() = 0;
  /// Of each witness the first mark at or after `from`, in the order of their names.
  virtual std::vector<ports::witness_mark> marks_from(const ports::stream_id& stream, std::uint64_t from) = 0;
  /// Of each witness the last mark.
  virtual std::vector<ports::witness_mark> last_marks(const ports::stream_id& stream) = 0;
  /// Signed heads of another history than the one that is kept: what a fork alarm rests on.
  virtual std::vector<ports::signed_head> foreign_heads() = 0;
  /// Of the stream's accounts, whoever hosts it, in the order of their ids.
  virtual std::vector<ports::account_row> accounts(const ports::stream_id& stream) = 0;
  /// Of the account that the subject's entries are about.
  virtual std::optional<ports::account_row> account_about(const ports::stream_id& stream, law::subject_id subject) = 0;

  /// Where each tail ends, in the order of streams and cuts.
  virtual std::vector<ports::orphan_position> orphan_tails() = 0;
  virtual std::vector<entry_row> orphan_entries(const ports::stream_id& stream, std::uint32_t cut, std::uint64_t after,
                                                std::size_t limit) = 0;
  virtual std::vector<ports::signed_head> orphan_heads(const ports::stream_id& stream, std::uint32_t cut,
                                                       std::uint64_t from, std::size_t limit) = 0;
  /// All at or after `from`, in the order of sequences and witnesses.
  virtual std::vector<ports::witness_mark> orphan_marks(const ports::stream_id& stream, std::uint32_t cut,
                                                        std::uint64_t from) = 0;
  /// Of the last entry of a tail that has a mark; 0 where none has.
  virtual std::uint64_t last_orphan_mark(const ports::stream_id& stream, std::uint32_t cut) = 0;
  virtual std::optional<std::string> setting(std::string_view name) = 0;
};

/// Holds a reader as long as it lives.
class held_reads {
public:
  explicit held_reads(store_reader& rows) : rows_{rows} { rows_.hold(); }
  ~held_reads() { rows_.release(); }
  held_reads(const held_reads&) = delete;
  held_reads& operator=(const held_reads&) = delete;

private:
  store_reader& rows_;
};

/// Looks after the store from a thread of its own, so that writes never wait for it.
class store_keeper {
public:
  virtual ~store_keeper() = default;
  /// Moves what is committed to its final place; `truncate` also leaves no trace of what an erasure replaced. False
  /// when readers held it back: to be asked again.
  virtual bool checkpoint(bool truncate) = 0;
};

/// Writes, from one thread. Everything between `begin` and `commit` is on disk together, or not at all.
class store {
public:
  virtual ~store() = default;

  virtual void begin() = 0;
  virtual void put(const stream_rows& rows) = 0;
  /// Nothing when the key is there already.
  virtual void put(const sealed_key& key) = 0;
  /// Nothing when the witness has marked this sequence already.
  virtual void put(const ports::witness_mark& mark) = 0;
  virtual void put_foreign(const ports::signed_head& head) = 0;
  /// A subject of a stream has one account at a time: another one's row goes.
  virtual void put(const ports::stream_id& stream, const ports::account_row& account) = 0;
  /// Moves entries, heads and marks of the stream beyond `after` to the tail that this cut has left out.
  virtual void orphan(const ports::stream_id& stream, std::uint64_t after, std::uint32_t cut) = 0;
  /// Nothing of what is there already, but for payloads that were not.
  virtual void put(const orphan_rows& rows) = 0;
  /// Those of the stream's keys that are sealed to this one.
  virtual void delete_keys(const ports::stream_id& stream, const bytes32& recipient) = 0;
  /// Of all dossiers of the stream.
  virtual void forget_numbers(const ports::stream_id& stream) = 0;
  virtual void put_setting(std::string_view name, std::string_view value) = 0;
  /// Durable on return. Throws `store_full` (rolled back) or `store_broken`.
  virtual void commit() = 0;
  virtual void roll_back() = 0;

  virtual std::unique_ptr<store_reader> open_reader() = 0;
  virtual std::unique_ptr<store_keeper> open_keeper() = 0;
};

} // namespace toit::journal
