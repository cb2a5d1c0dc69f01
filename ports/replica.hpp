/// \file
/// How streams travel: entries as they are stored, unread, with the heads and the sealed keys that prove and open them.
///
/// A replica is what a node holds of a stream that it does not host. It is complete up to a sequence when the entries
/// up to there and a key of each of their epochs for the ordering authority are there.

#pragma once

#include "ports/journal.hpp"

namespace toit::ports {

/// What an entry or a head counts beyond nonce and content: header, hashes and the lengths around them, as packed.
constexpr std::size_t entry_overhead_bytes = 160;
/// Of an account: its id, its subject and the lengths around the secrets.
constexpr std::size_t account_overhead_bytes = 48;
/// The secrets of one with as many tokens as it may have, sealed (ports/accounts.hpp): 2,093 bytes.
constexpr std::size_t account_bytes_most = 2'560;

/// What a batch of entries takes on its way. It is signed as one and travels as one, in one message between nodes, with
/// the accounts of its subjects and the stream's keys: once on disk it cannot be made smaller.
struct batch_load {
  static constexpr std::size_t entries_most = 4096;
  static constexpr std::size_t bytes_most = std::size_t{4} << 20; ///< of entries

  std::size_t entries = 0;
  std::size_t bytes = 0;

  void add(const ports::bytes& nonce, const ports::bytes& content) {
    ++entries;
    bytes += entry_overhead_bytes + nonce.size() + content.size();
  }
  void add(const append& more) {
    for (const auto& draft : more.drafts)
      add(draft.payload.nonce, draft.payload.content);
  }
  bool fits() const { return entries <= entries_most && bytes <= bytes_most; }
};

struct sealed_entry {
  std::uint64_t seq = 0;
  std::uint32_t epoch = 0;
  std::uint64_t recorded_at_ms = 0;
  law::subject_id subject;
  std::uint64_t previous = 0;
  law::bytes32 commitment{};
  std::optional<bytes> nonce; ///< absent with `content` once erased; empty in clear
  std::optional<bytes> content;
  static constexpr auto fields() {
    using law::field;
    using t = sealed_entry;
    return std::tuple{
        field{"seq", &t::seq},         field{"epoch", &t::epoch},       field{"recorded_at_ms", &t::recorded_at_ms},
        field{"subject", &t::subject}, field{"previous", &t::previous}, field{"commitment", &t::commitment},
        field{"nonce", &t::nonce},     field{"content", &t::content}};
  }
};

/// A stream's secret or index key, encrypted to one recipient and signed by its maker.
struct travelling_key {
  std::uint32_t epoch = 0;
  bool index = false;
  law::bytes32 recipient{};
  bytes box;
  std::array<std::uint8_t, 8> key_id{};
  std::array<std::uint8_t, 64> signature{};
  static constexpr auto fields() {
    using law::field;
    using t = travelling_key;
    return std::tuple{field{"epoch", &t::epoch}, field{"index", &t::index},   field{"recipient", &t::recipient},
                      field{"box", &t::box},     field{"key_id", &t::key_id}, field{"signature", &t::signature}};
  }
};

/// Where a holder of a stream stands.
struct stream_position {
  stream_id stream;
  std::uint32_t epoch = 0;
  std::uint64_t seq = 0; ///< 0: nothing yet
  law::bytes32 link{};   ///< of the entry `seq`; of the stream's name for 0
  friend bool operator==(const stream_position&, const stream_position&) = default;
  static constexpr auto fields() {
    using law::field;
    using t = stream_position;
    return std::tuple{field{"stream", &t::stream}, field{"epoch", &t::epoch}, field{"seq", &t::seq},
                      field{"link", &t::link}};
  }
};

/// What a holder of a stream says that he lacks of it, so that it can be handed over to him.
struct stream_lack {
  std::uint64_t documents = 0; ///< that others have, the host if he can be heard, and he does not
  std::uint64_t seq = 0;       ///< up to this entry he has asked which documents there are; 0: not yet
  bool keys = false;           ///< one is not sealed to him, or not here
  friend bool operator==(const stream_lack&, const stream_lack&) = default;
  static constexpr auto fields() {
    using law::field;
    using t = stream_lack;
    return std::tuple{field{"documents", &t::documents}, field{"seq", &t::seq}, field{"keys", &t::keys}};
  }
};

/// The local row of an account, sealed under the stream's keys: whoever takes the stream over lets the same people in.
struct travelling_account {
  law::agent_id account;
  bytes sealed;
  law::subject_id subject{}; ///< as in `account_row`
  friend bool operator==(const travelling_account&, const travelling_account&) = default;
  static constexpr auto fields() {
    return std::tuple{law::field{"account", &travelling_account::account},
                      law::field{"sealed", &travelling_account::sealed},
                      law::field{"subject", &travelling_account::subject}};
  }
};

/// Who hosted a stream, and signed it, up to an epoch.
struct former_host {
  std::uint32_t until = 0;           ///< the first epoch that is no longer his
  std::vector<law::bytes32> signers; ///< his public keys
  std::vector<law::bytes32> revoked; ///< of which none signs any more by itself
};

/// Consecutive entries up to a signed head.
struct transfer {
  stream_id stream;
  law::list<sealed_entry, 65536> entries;
  /// One a batch, in order, up to the one that covers the last entry. Where that is not signed with the stream's
  /// present key, its present head follows.
  law::list<signed_head, 65536> heads;
  law::list<travelling_key, 1024> keys;
  law::list<travelling_account, 65536> accounts; ///< of the subjects of the entries, as they are now
  // What the receiver's directory and the ordering stream say, and no sender.
  std::uint32_t epoch = 0;            ///< the last one that the ordering stream has opened
  std::vector<law::bytes32> signers;  ///< public keys of that epoch's host
  std::vector<law::bytes32> revoked;  ///< of the same host, that sign nothing any more
  std::vector<former_host> former;    ///< who hosted the epochs before, the first of them first
  std::optional<law::bytes32> escrow; ///< for which the stream's keys must be sealed

  static constexpr auto fields() {
    using law::field;
    using t = transfer;
    return std::tuple{field{"stream", &t::stream}, field{"entries", &t::entries}, field{"heads", &t::heads},
                      field{"keys", &t::keys}, field{"accounts", &t::accounts}};
  }
};
using transfer_ptr = std::shared_ptr<const transfer>;

/// A State node has everything up to `seq`, and says so: the holder of a receipt can hold it to that.
struct witness_mark {
  stream_id stream;
  std::uint32_t epoch = 0;
  std::uint64_t seq = 0;
  law::bytes32 link{};
  stream_id witness; ///< the State authority's own stream
  law::instant at{};
  std::array<std::uint8_t, 8> key_id{};
  std::array<std::uint8_t, 64> signature{};
  friend bool operator==(const witness_mark&, const witness_mark&) = default;
  static constexpr auto fields() {
    using law::field;
    using t = witness_mark;
    return std::tuple{field{"stream", &t::stream}, field{"epoch", &t::epoch},        field{"seq", &t::seq},
                      field{"link", &t::link},     field{"witness", &t::witness},    field{"at", &t::at},
                      field{"key_id", &t::key_id}, field{"signature", &t::signature}};
  }
};

/// What became of a transfer.
enum class transfer_status : std::uint8_t {
  stored,        ///< on disk up to its last head
  known,         ///< all of it was there already, to the byte
  gap,           ///< it begins beyond what is there
  forked,        ///< another entry than the one that is there bears the same sequence: never a duplicate
  altered,       ///< hashes do not follow from one another, or a head is not that of the chain
  bad_signature, ///< of a head, a key or the opening, under the keys of the directory
  read_only,     ///< the disk is full
  unordered,     ///< of an epoch that the ordering stream has not opened, as far as it is here
};
constexpr auto names_of(transfer_status) {
  return std::to_array<std::string_view>(
      {"stored", "known", "gap", "forked", "altered", "bad_signature", "read_only", "unordered"});
}

struct transfer_result {
  transfer_status status{};
  stream_position now;                      ///< after it
  std::uint64_t at = 0;                     ///< the sequence at which it failed
  std::optional<signed_head> other_history; ///< of a fork: what the host has signed beside what is here
  bool keys_there = true;                   ///< every epoch stored so far has a key for the escrow
  bool content_there = true; ///< whatever came without its payload was erased, as an entry that is here says
};

// -- taking over -----------------------------------------------------------------------------------------------------

/// Entries that a former host has made beyond the cut of the epoch that follows his: kept and verifiable, part of the
/// stream no more.
struct orphan_tail {
  stream_id stream;
  std::uint32_t cut = 0; ///< the epoch whose cut left them out
  /// Consecutive, whole batches; the first of the whole tail follows the entry that the cut names.
  law::list<sealed_entry, 65536> entries;
  law::list<signed_head, 65536> heads;
  law::list<witness_mark, 1024> marks; ///< of State nodes on places in the tail
  /// Sealed keys of epochs that are in no stream: that of a host whose whole epoch a cut has left out.
  law::list<travelling_key, 64> keys;
  // What the receiver's directory says, and no sender: keys of the former host, revoked ones too.
  std::vector<law::bytes32> signers;

  static constexpr auto fields() {
    using law::field;
    using t = orphan_tail;
    return std::tuple{field{"stream", &t::stream}, field{"cut", &t::cut},     field{"entries", &t::entries},
                      field{"heads", &t::heads},   field{"marks", &t::marks}, field{"keys", &t::keys}};
  }
};
using orphan_tail_ptr = std::shared_ptr<const orphan_tail>;

/// Where a tail ends here.
struct orphan_position {
  stream_id stream;
  std::uint32_t cut = 0;
  std::uint64_t seq = 0; ///< that which the cut names where nothing is there
  law::bytes32 link{};
  friend bool operator==(const orphan_position&, const orphan_position&) = default;
  static constexpr auto fields() {
    using law::field;
    using t = orphan_position;
    return std::tuple{field{"stream", &t::stream}, field{"cut", &t::cut}, field{"seq", &t::seq},
                      field{"link", &t::link}};
  }
};
/// `stored`, `known`, `gap`, `forked` (another tail is here), `altered`, `bad_signature` or `read_only`.
struct orphan_result {
  transfer_status status{};
  orphan_position now; ///< after it
};

/// What this node goes on with a stream from, as the ordering stream has opened the epoch for it.
struct adoption {
  stream_id stream;
  std::uint32_t epoch = 0;
  stream_id ordered_by;
  std::uint64_t ordered_seq = 0;
  /// X25519 secrets beside the node's own, of which one may open the stream's keys: the escrow's.
  std::vector<law::bytes32> secrets;
  std::vector<law::bytes32> seal_to; ///< public keys, beside the node's own, that the keys are sealed to
  std::optional<std::pair<std::uint64_t, law::bytes32>> closed_at; ///< by agreement: there, and nowhere else
  /// Of a stream of which nothing is here, and nobody had a node: how it begins. Absent: it must be here.
  std::optional<law::record> opening;
  law::civil_date today;
};
enum class adoption_status : std::uint8_t {
  adopted, ///< the cut is on disk and the stream is this node's; so it is when it was before
  nothing, ///< no entry of the stream is here
  locked,  ///< none of the secrets is one that its keys are sealed to
  apart,   ///< what is here does not end where it was closed
  later,   ///< what is here has a later epoch
  read_only,
};
constexpr auto names_of(adoption_status) {
  return std::to_array<std::string_view>({"adopted", "nothing", "locked", "apart", "later", "read_only"});
}
struct adoption_result {
  adoption_status status{};
  std::uint64_t cut_seq = 0; ///< of the cut entry
  /// Epochs of which nothing that was tried opens with what their hosts have sealed: it is kept, and says nothing.
  std::vector<std::uint32_t> unreadable{};
};

/// Documents that erasures have destroyed, as far as a part of a stream tells.
struct destroyed_documents {
  std::uint64_t read_to = 0; ///< its last entry that was looked at
  std::vector<law::document_id> documents;
  std::size_t bytes_read = 0;
};

/// Reads streams as they travel. One a thread.
class transfer_source {
public:
  virtual ~transfer_source() = default;
  /// Every stream that has an entry here, with where it stands.
  virtual std::vector<stream_position> positions() = 0;
  virtual std::optional<stream_position> position(const stream_id& stream) = 0;
  /// The link of entry `seq`; that of the stream's name for 0; absent when it is not there.
  virtual std::optional<law::bytes32> link_at(const stream_id& stream, std::uint64_t seq) = 0;
  virtual std::optional<signed_head> head_covering(const stream_id& stream, std::uint64_t seq) = 0;
  /// The keys that its heads are signed with, from that of the opening to that of the next head.
  virtual std::vector<law::bytes32> signers(const stream_id& stream) = 0;
  /// Whole batches after `after`: as many as keep within `bytes_most`, and one at least. Null at the end. Keys come
  /// with the first entry of each epoch, and with entries after 0.
  virtual transfer_ptr read(const stream_id& stream, std::uint64_t after, std::size_t bytes_most) = 0;
  /// Told by the entries after `after`, at most so many of them, and fewer where they are large; `read_to` is `after`
  /// where there are none.
  virtual destroyed_documents destroyed(const stream_id& stream, std::uint64_t after, std::size_t entries_most) = 0;
  /// Its sealed keys, all of them.
  virtual law::list<travelling_key, 1024> keys(const stream_id& stream) = 0;
  /// Every epoch of the stream that is here has a key for this recipient.
  virtual bool has_keys_for(const stream_id& stream, const law::bytes32& recipient) = 0;
  /// No payload is missing that no entry says was erased.
  virtual bool has_content_of(const stream_id& stream) = 0;
  /// The latest mark of each witness.
  virtual std::vector<witness_mark> marks(const stream_id& stream) = 0;

  /// Cuts that are in the stream, the first first.
  virtual std::vector<cut_place> cuts(const stream_id& stream) = 0;
  /// Tails that are kept here, of any stream.
  virtual std::vector<orphan_position> orphan_tails() = 0;
  /// Whole batches of a tail after `after`, and the marks on them; null at its end.
  virtual orphan_tail_ptr read_orphans(const stream_id& stream, std::uint32_t cut, std::uint64_t after,
                                       std::size_t bytes_most) = 0;
};

} // namespace toit::ports
