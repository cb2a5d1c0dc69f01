/// \file
/// The one writer of a node's store: checks what was read, chains, signs, stages, syncs.

#pragma once

#include "journal/node_journal.hpp"
#include "journal/signers.hpp"
#include "journal/transfer_check.hpp"
#include "journal/withheld.hpp"
#include "ports/replica.hpp"

#include <set>

namespace toit::journal {

/// What an entry says that is kept beside the stream.
struct noted_record {
  std::optional<bytes32> number_key;   ///< of the demande that it registers
  std::optional<law::agent_id> closed; ///< demandeur's account
};

class journal_writer_on_store : public ports::journal_writer {
public:
  /// `secrets` outlives the writer.
  journal_writer_on_store(store& rows, access_log& log, const signing_key& signer, const node_keys& secrets,
                          std::shared_ptr<key_ring> keys, std::shared_ptr<const ports::clock> clock,
                          std::shared_ptr<ports::files> kept, std::function<std::optional<bytes32>()> escrow);

  std::vector<ports::append_result> stage(std::span<const ports::append_ptr> appends) override;
  ports::append_result stage_refusal(const ports::log_line& attempt) override;
  void stage_consultation(const ports::log_line& line) override;
  ports::transfer_result stage_transfer(const ports::transfer& brought) override;
  void stage_mark(const ports::witness_mark& mark) override { staged_marks_.push_back(mark); }
  void stage_foreign_head(const ports::signed_head& head) override { staged_foreign_.push_back(head); }
  void hold_back(const ports::stream_id& stream, bool behind) override;
  ports::orphan_result stage_orphans(const ports::orphan_tail& brought) override;
  ports::adoption_result adopt(const ports::adoption& asked) override;
  void release(const ports::stream_id& stream) override;
  bool let_open(const ports::stream_id& stream, bool may) override;
  void follow_ordering(const ports::stream_id& stream, const ports::stream_id& ordering) override {
    ordering_.insert_or_assign(stream, ordering);
  }
  void heed_ordering(const ports::stream_id& ordering, std::uint64_t seq) override {
    auto& heeded = heeded_[ordering];
    heeded = std::max(heeded, seq);
  }
  bool seal_keys_to(const ports::stream_id& stream, const bytes32& recipient) override;
  ports::synced sync() override;
  bool read_only() const override { return read_only_; }
  void probe() override;
  std::uint64_t last_seq(const ports::stream_id& stream) const override;
  /// False while the stream goes on under another key than this node's present one.
  bool can_sign(const ports::stream_id& stream);
  /// Called for a stream that is released, or that has room again, while it goes on under another key than the present
  /// one. Nothing is staged then.
  void when_key_is_to_change(std::function<void(const ports::stream_id&)> then) { changes_key_ = std::move(then); }

  void load(const ports::stream_id& stream);
  void keep() override;

private:
  /// The first eight bytes of a command's id: enough to find the entry that tells the rest.
  using fingerprint = std::uint64_t;

  struct stream_state {
    stream_position at;
    flat_table<law::subject_id> last_of; ///< last entry of each subject
    flat_table<fingerprint> answered;    ///< first entry of each command
    std::vector<named_signer> signers;   ///< as the stream names them; only the last may sign
    bool closed = false;                 ///< its last entry is the last of the epoch
  };

  /// What a rollback puts back.
  struct undo {
    ports::stream_id stream;
    stream_position at;
    std::vector<std::pair<law::subject_id, std::uint64_t>> last_of;
    std::vector<std::pair<fingerprint, std::uint64_t>> answered;
    bool closed = false;
  };

  struct staged_command {
    law::bytes32 request;
    std::uint64_t first_seq;
    std::uint64_t last_seq;
    law::instant recorded_at;
  };

  /// Of a stream that another node hosts, as far as it is here.
  struct replica_state {
    stream_position at;
    std::vector<named_signer> signers;
    std::set<std::tuple<key_purpose, std::uint32_t, bytes32>> keys; ///< epochs and recipients of its sealed keys
  };

  /// What a transfer adds, checked and not yet on disk.
  struct staged_transfer {
    stream_rows rows;
    std::vector<sealed_key> keys;
    replica_state after;
    std::vector<ports::account_row> accounts;
    std::optional<std::uint64_t> rewound_to; ///< what is here beyond is left out by the cut that the rows begin with
    std::vector<bytes32> lost_numbers;       ///< of dossiers that are registered there
    journal::withheld withheld;              ///< with it
  };

  /// A stream that becomes this node's: journal/writer_taking_over.cpp.
  struct taking_over {
    stream_state state;
    std::shared_ptr<stream_keys> keys;
    std::vector<sealed_key> sealed; ///< signed by this node
    std::vector<sealed_key> spoilt; ///< sealed to who is here, and no use to him
    std::vector<std::uint32_t> unreadable;
    stream_rows rows;
    bool renumbers = false;
    std::vector<std::pair<law::subject_id, law::agent_id>> closed; ///< demandeurs' accounts: no replica could tell

    /// By several threads at a time.
    noted_record note_of(const law::event& happened) const;
    void keep(law::subject_id subject, const noted_record& noted);
    std::optional<std::uint64_t> cut_after; ///< an entry beyond which what is here is left out
  };

  replica_state& replica_of(const ports::stream_id& stream);
  bool has_key(const replica_state& replica, const std::optional<bytes32>& escrow) const;
  ports::transfer_result stage_checked(const ports::transfer& brought, replica_state& here, bool hosted);
  withheld withheld_after(const checked_transfer& checked) const;
  std::optional<stream_keys> keys_with(const ports::stream_id& stream, std::span<const sealed_key> brought) const;
  void renew_numbers(staged_transfer& staged, bool hosted) const;
  void forget_number(const law::demande_erased& tombstone, stream_rows& rows, const stream_keys& keys) const;
  std::vector<bytes32> numbers_beyond(const ports::stream_id& stream, std::uint64_t after,
                                      const stream_keys& keys) const;
  bool is_own(const public_key& key) const { return std::ranges::find(own_, key) != own_.end(); }
  bool is_signed_here(const sealed_key& key) const;
  bool is_for_own(const sealed_key& key) const;
  bool is_slipped_in(const sealed_key& key, const replica_state& after) const;
  void take_rest(const ports::stream_id& stream, staged_transfer& transfer);
  void let_go(const ports::stream_id& stream);
  void give_up_keys(const ports::stream_id& stream);
  bool is_given_up(const sealed_key& key) const;
  bool is_fenced(const ports::stream_id& stream) const;
  const flat_table<fingerprint>* answered_in(const ports::stream_id& stream) const;
  std::optional<taking_over> begin_taking_over(const ports::adoption& asked, bool is_cut);
  std::optional<std::uint64_t> whole_up_to(const ports::stream_id& stream) const;
  void leave_out(const ports::stream_id& stream, std::uint64_t after, std::uint32_t cut);
  std::set<std::uint64_t>& empty_of_tail(const ports::stream_id& stream, std::uint32_t cut);
  bool open_tail_keys(const ports::orphan_tail& brought, orphan_rows& rows);
  void drop_erased(orphan_rows& rows);
  bool open_keys(const ports::adoption& asked, taking_over& made);
  void keep_key(taking_over& made, sealed_key sealed, const bytes32& secret) const;
  void drop_spoilt(const ports::stream_id& stream, const taking_over& made);
  void begin_stream(const ports::adoption& asked, taking_over& made);
  std::uint64_t add_cut(const ports::adoption& asked, taking_over& made);
  void seal_to_all(const ports::adoption& asked, taking_over& made);
  void finish(const ports::stream_id& stream, taking_over made);
  void drop_closed(const ports::stream_id& stream, const taking_over& made);
  void put_transfers();
  void put_travelled(const ports::stream_id& stream, const ports::account_row& row);
  void end_transfers(ports::synced& done);
  std::uint64_t ordering_seq_of(const ports::stream_id& stream) const;

  std::vector<sealed_key> not_sealed_to(const ports::stream_id& stream, const bytes32& recipient);
  std::optional<stream_state> read_kept(const ports::stream_id& stream);
  stream_state& state_of(const ports::stream_id& stream);
  undo& undo_of(const ports::stream_id& stream);
  stream_rows& rows_of(const ports::stream_id& stream);

  ports::append_result stage_one(const ports::append& asked);
  std::optional<ports::append_result> answered_before(const ports::stream_id& stream, law::command_id command,
                                                      const law::bytes32& request);
  std::optional<ports::append_result> refusal_before(law::command_id command, const law::bytes32& request);
  bool number_is_taken(const ports::append& asked, const bytes32& key);
  void chain(const ports::append& asked, ports::append_result& result);
  void write_rows();
  void undo_staged();
  /// Up to the end, or to an entry at which a head ends; `made`, where it is given, notes what is read. Other hosts
  /// have written the epochs before `own_since`.
  void replay(const ports::stream_id& stream, stream_state& state, const stream_keys& keys, std::uint32_t own_since,
              taking_over* made = nullptr, std::optional<std::uint64_t> until = {});
  /// The epoch that begins with the last cut.
  std::uint32_t written_since(const ports::stream_id& stream) const;
  /// What the last head and the last entry say of a stream that has been read.
  void settle(const ports::stream_id& stream, stream_state& state, std::optional<std::uint64_t> until);
  void require_own_head(const ports::stream_id& stream, const stream_state& state);
  bool nothing_staged() const;

  void change_key(const ports::stream_id& stream);

  store& store_;
  std::function<void(const ports::stream_id&)> changes_key_;
  access_log& log_;
  const signing_key& signer_;
  const node_keys& secrets_;
  std::vector<public_key> own_; ///< what this node signs with, and has signed with
  std::shared_ptr<key_ring> keys_;
  std::shared_ptr<const ports::clock> clock_;
  std::shared_ptr<ports::files> kept_;
  std::function<std::optional<bytes32>()> escrow_;
  std::unique_ptr<store_reader> committed_;
  std::map<ports::stream_id, stream_state> streams_;
  /// What was answered for streams that are another node's by now.
  std::map<ports::stream_id, flat_table<fingerprint>> released_;

  std::map<ports::stream_id, stream_rows> staged_rows_;
  std::map<ports::stream_id, std::shared_ptr<ports::entry_batch>> staged_batches_;
  std::map<law::command_id, staged_command> staged_commands_;
  std::map<ports::stream_id, std::vector<ports::account_row>> staged_accounts_;
  std::vector<undo> undo_;

  // What comes from other nodes: journal/writer_transfers.cpp.
  std::map<ports::stream_id, replica_state> replicas_;
  std::map<ports::stream_id, staged_transfer> staged_transfers_;
  std::vector<ports::witness_mark> staged_marks_;
  std::vector<ports::signed_head> staged_foreign_;
  std::vector<orphan_rows> staged_orphans_;
  /// Of tails that were brought here, as they will be once what is staged is on disk.
  std::map<std::pair<ports::stream_id, std::uint32_t>, std::set<std::uint64_t>> empty_orphans_;
  std::set<ports::stream_id> held_back_;
  std::set<ports::stream_id> given_up_;                   ///< that others host, and this node may not open
  std::map<ports::stream_id, ports::stream_id> ordering_; ///< of each stream that has one
  std::map<ports::stream_id, std::uint64_t> heeded_;      ///< of each ordering stream, the last entry
  bool read_only_ = false;
};

} // namespace toit::journal
