/// \file
/// The journal of a node: its streams, their keys, one writer, and readers for whoever asks.

#pragma once

#include "journal/access_log.hpp"
#include "journal/flat_table.hpp"
#include "journal/store.hpp"
#include "ports/clock.hpp"
#include "ports/files.hpp"

#include <functional>
#include <mutex>
#include <span>

namespace toit::journal {

/// The opened keys of all streams, shared by writer, readers and sealers of every thread.
class key_ring {
public:
  void add(const sealed_key& sealed, const node_keys& keys);
  /// All keys of a stream, in the place of those that are there.
  void put(std::shared_ptr<const stream_keys> keys);
  /// The keys of a stream; throws `store_broken` when none could be opened here.
  std::shared_ptr<const stream_keys> of(const ports::stream_id& stream) const;
  /// The same; none at all where none opens: enough for what is in clear.
  std::shared_ptr<const stream_keys> that_open(const ports::stream_id& stream) const;
  /// Epoch from which on this node writes the stream; absent when it does not.
  void set_written_since(const ports::stream_id& stream, std::optional<std::uint32_t> epoch);
  std::optional<std::uint32_t> written_since(const ports::stream_id& stream) const;

private:
  mutable std::mutex mutex_;
  std::map<ports::stream_id, std::shared_ptr<const stream_keys>> streams_;
  std::map<ports::stream_id, std::uint32_t> written_since_;
};

/// What a node's journal is opened with.
struct journal_setup {
  std::function<std::unique_ptr<store>()> open_store;
  access_log_place log_place;
  std::shared_ptr<access_log_folder> log_folder;
  std::shared_ptr<ports::files> snapshots; ///< where the writer keeps what a restart needs
  node_keys keys;
  std::shared_ptr<const ports::clock> clock;
  /// Secret that opens what is sealed to the authority of this node, where it has one and it is at hand.
  std::function<std::optional<bytes32>()> escrow;
  std::optional<bytes32> escrow_recipient; ///< the ordering authority's public key, where one is known
  unsigned keep_consultations_months = 12;
};

/// Where a stream's writer stands: kept by a snapshot so that a restart reads the tail alone.
struct stream_position {
  std::uint64_t seq = 0;
  std::uint32_t epoch = 0;
  std::int64_t recorded_at_ms = 0;
  bytes32 link{};
  std::uint64_t ordering_seq = 0; ///< that the last head named
};

using accounts_by_stream = std::map<ports::stream_id, std::vector<ports::account_row>>;

class journal_writer_on_store;

class node_journal {
public:
  explicit node_journal(journal_setup setup);
  ~node_journal();

  const public_key& signer() const;
  /// The present key, and the former ones.
  std::span<const public_key> signers() const { return own_; }
  std::vector<ports::stream_id> streams() const;

  /// Begins a stream with fresh keys and its first entry; nothing if it is there already.
  void create_stream(const ports::stream_id& stream, const law::record& first);

  /// Reads what the writer must know of a stream: its end, the last entry of every subject, the commands it answered.
  /// From what the writer kept and the tail, or from the beginning. Verifies what it reads; throws `store_broken` at
  /// the first entry that is not what was written.
  void load(const ports::stream_id& stream);

  /// The last cut of the stream.
  std::optional<ports::cut_place> last_cut(const ports::stream_id& stream) const;
  /// True when the stream's last cut, or its opening where there is none, names a key of this node's: then it can be
  /// loaded. What is another's since is a replica.
  bool goes_on_here(const ports::stream_id& stream) const;

  /// True when this node's present key signs what the stream goes on with.
  bool can_sign(const ports::stream_id& stream);
  /// Where the stream still goes on under a former key of this node: writes that it is the present one from now on, in
  /// a head signed by the former one or, where that may be in other hands, by the present one; seals the stream's keys
  /// to the present operating key too, and signs them all with the present one. On disk together, or not at all. False
  /// when there is nothing to change. Nobody may be writing.
  bool change_key(const ports::stream_id& stream, bool endorsed, law::civil_date today);
  /// From now on the writer does so by itself where a stream is released that goes on under a former key: not before,
  /// since neighbours may hold more of it. `endorses`: whether this former key may sign the change.
  void change_keys_when_released(std::function<bool(const ports::stream_id&, const public_key& former)> endorses,
                                 std::function<law::civil_date()> today);

  /// Rows of accounts, at once on disk; `filed`: with them all of an older format are where they belong, and that is
  /// remembered. False where there is no room. Nobody may be writing.
  bool put_accounts(const accounts_by_stream& rows, bool filed = false);
  bool accounts_are_filed() const;

  ports::journal_writer& writer();
  std::unique_ptr<ports::journal_reader> open_reader() const;
  std::unique_ptr<ports::transfer_source> open_transfers() const;
  std::shared_ptr<ports::sealer> open_sealer() const;
  std::unique_ptr<store_keeper> open_keeper() const;
  std::shared_ptr<const key_ring> keys() const;
  access_log& log();

  /// Encrypts a local row or file under the keys of the stream's host.
  bytes seal_local(const ports::stream_id& stream, hash_purpose purpose, byte_view plain) const;
  std::optional<bytes> open_local(const ports::stream_id& stream, hash_purpose purpose, byte_view sealed) const;

private:
  bool is_own(const sealed_key& sealed) const;
  bool is_for_own(const sealed_key& sealed) const;

  journal_setup setup_;
  signing_key signer_;
  std::vector<public_key> own_;
  std::shared_ptr<key_ring> ring_;
  std::unique_ptr<store> store_;
  std::unique_ptr<access_log> log_;
  std::unique_ptr<journal_writer_on_store> writer_;
};

/// Decrypts and decodes; a row whose payload is gone, or is of an epoch whose key is not here, gives an entry without
/// record. Throws `store_broken`.
/// What cannot be read (a kind that this program does not know, a payload that does not decrypt) stops whoever has
/// written it. Of others it says nothing: their programs may be newer, and what they spoil spoils nothing here.
enum class unreadable : std::uint8_t { fails, says_nothing };
ports::stored_entry read_row(const entry_row& row, const stream_keys& keys, unreadable what = unreadable::fails);

} // namespace toit::journal
