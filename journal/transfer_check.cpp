#include "journal/transfer_check.hpp"

#include "journal/belief.hpp"
#include "journal/codec.hpp"
#include "journal/signers.hpp"

#include <map>

namespace toit::journal {

namespace {

using ports::transfer_status;

/// Sequences are below it (docs/journal-format.md).
constexpr std::uint64_t sequences_end = std::uint64_t{1} << 44;

sealed_key key_from(const ports::stream_id& stream, const ports::travelling_key& brought) {
  return {stream,
          brought.epoch,
          brought.index ? key_purpose::index : key_purpose::stream,
          brought.recipient,
          brought.box,
          brought.key_id,
          brought.signature};
}

class check_of_transfer {
public:
  check_of_transfer(const ports::transfer& brought, const replica_view& here) : brought_{brought}, here_{here} {
    done_.rows.stream = brought.stream;
    for (const auto& key : here.signers)
      follow(key);
  }

  checked_transfer run() {
    bool good = take_entries() && take_heads() && take_keys();
    if (good)
      done_.status =
          done_.rows.entries.empty() && done_.keys.empty() ? transfer_status::known : transfer_status::stored;
    else
      done_.rows = {brought_.stream, {}, {}, {}, {}, {}};
    return std::move(done_);
  }

private:
  bool fail(transfer_status status, std::uint64_t at) {
    done_.status = status;
    done_.at = at;
    return false;
  }

  bool take_entries() {
    if (brought_.entries.empty())
      return true;
    auto first = brought_.entries.front().seq;
    if (first == 0)
      return fail(transfer_status::altered, first);
    if (first > here_.seq + 1)
      return fail(transfer_status::gap, here_.seq + 1);
    auto before = first == here_.seq + 1 ? std::optional{here_.link} : here_.link_of(first - 1);
    law::require(before.has_value(), "every entry up to the position is here");
    last_ = {first - 1, 0, 0, *before};
    return std::ranges::all_of(brought_.entries, [&](const auto& entry) { return take(entry); });
  }

  bool take(const ports::sealed_entry& entry) {
    if (entry.seq != last_.seq + 1 || entry.seq >= sequences_end || entry.recorded_at_ms > INT64_MAX ||
        entry.nonce.has_value() != entry.content.has_value())
      return fail(transfer_status::altered, last_.seq + 1);
    auto row = row_of(entry);
    links_[entry.seq] = row.link;
    last_ = {entry.seq, entry.epoch, row.header.recorded_at_ms, row.link};
    if (entry.seq <= here_.seq && here_.link_of(entry.seq) != row.link && fork_at_ == 0)
      fork_at_ = entry.seq;
    return entry.seq <= here_.seq || fork_at_ != 0 || take_new(std::move(row));
  }

  entry_row row_of(const ports::sealed_entry& entry) const {
    entry_row row;
    row.header = {entry.seq,     entry.epoch,    static_cast<std::int64_t>(entry.recorded_at_ms),
                  entry.subject, entry.previous, entry.commitment};
    row.link = next_link(last_.link, leaf_of(row.header));
    row.erased = !entry.content;
    if (entry.content) {
      row.nonce = *entry.nonce;
      row.content = *entry.content;
    }
    return row;
  }

  bool take_new(entry_row row) {
    const auto& header = row.header;
    auto epoch = done_.rows.entries.empty() ? here_.epoch : done_.rows.entries.back().header.epoch;
    auto time = done_.rows.entries.empty() ? here_.recorded_at_ms : done_.rows.entries.back().header.recorded_at_ms;
    if (header.epoch < epoch || header.recorded_at_ms < time || header.previous >= header.seq)
      return fail(transfer_status::altered, header.seq);
    bool is_clear = !row.erased && row.nonce.empty();
    if (header.seq == 1 && !is_clear)
      return fail(transfer_status::bad_signature, 1);
    if (!row.erased) {
      if (!row.nonce.empty() && row.nonce.size() != entry_nonce_bytes)
        return fail(transfer_status::altered, header.seq);
      if (commitment_of(row.nonce, row.content) != header.commitment)
        return fail(transfer_status::altered, header.seq);
      if (is_clear && !take_clear(row))
        return false;
    }
    done_.rows.entries.push_back(std::move(row));
    return true;
  }

  /// What is in clear says who signs, and what is to be erased here too. A kind of a later version is kept as it is.
  bool take_clear(const entry_row& row) {
    auto record = decode(row.content);
    const auto* opened = record ? std::get_if<law::stream_opened>(&record->event) : nullptr;
    if ((row.header.seq == 1) != (opened != nullptr))
      return fail(transfer_status::bad_signature, row.header.seq);
    if (opened)
      follow(opened->signing_key);
    if (auto named = record ? key_named_by(brought_.stream, row.header.subject, *record) : std::nullopt)
      named_[row.header.seq] = *named;
    else if (record && std::holds_alternative<law::signing_key_changed>(record->event))
      return fail(transfer_status::bad_signature, row.header.seq);
    if (!record)
      return true;
    for (auto seq : law::emptied_by(record->event)) {
      if (subject_of(seq) != row.header.subject)
        return fail(transfer_status::altered, row.header.seq);
      done_.rows.emptied.push_back(seq);
    }
    return true;
  }

  std::optional<law::subject_id> subject_of(std::uint64_t seq) const {
    if (seq <= here_.seq)
      return seq == 0 ? std::nullopt : here_.subject_of(seq);
    auto index = seq - here_.seq - 1;
    if (index >= done_.rows.entries.size())
      return std::nullopt;
    return done_.rows.entries[index].header.subject;
  }

  host_keys known() const { return {brought_.signers, brought_.revoked}; }

  /// The next head is signed with this key.
  void follow(const public_key& key) {
    done_.signers.push_back(key);
    is_believed_ = believe_next(is_believed_, key, known());
  }

  /// A change of key at this head: the key before endorses it, or the directory names the new one, be it that this has
  /// been revoked in its turn. Else nothing follows.
  bool take_change(const ports::signed_head& head, const public_key& named) {
    bool endorsed = verify(head, done_.signers.back());
    if (!endorsed && (!known().names(named) || !verify(head, named)))
      return fail(transfer_status::bad_signature, head.seq);
    bool before = is_believed_;
    follow(named);
    last_is_believed_ = endorsed ? before : is_believed_;
    return true;
  }

  /// Every head must be that of the chain; of each key and epoch the last signature is checked, and with it all that
  /// the chain holds before: what a key that is now revoked has signed stands when one that is not signs what follows.
  /// That may be far: a head beyond the entries, which the directory's key has signed, vouches for them till then.
  bool take_heads() {
    if (fork_at_ != 0)
      return tell_fork();
    std::map<std::pair<std::uint32_t, public_key>, const ports::signed_head*> last_of;
    auto covered = here_.seq;
    auto ordering = here_.ordering_seq;
    for (const auto& head : brought_.heads) {
      auto link = links_.find(head.seq);
      if (head.stream != brought_.stream)
        return fail(transfer_status::altered, head.seq);
      if (head.seq <= here_.seq)
        continue;
      if (head.seq > last_.seq && &head == &brought_.heads.back()) {
        is_vouched_for_ = is_signed_by(head, brought_.signers);
        continue;
      }
      if (head.first != covered + 1 || head.seq < head.first || link == links_.end() || link->second != head.link)
        return fail(transfer_status::altered, head.seq);
      if (head.ordering_seq < ordering || head.ordering_seq >= sequences_end)
        return fail(transfer_status::altered, head.seq);
      ordering = head.ordering_seq;
      covered = head.seq;
      done_.rows.heads.push_back(head);
      if (done_.signers.empty())
        return fail(transfer_status::bad_signature, head.seq);
      if (auto change = named_.find(head.seq); change != named_.end()) {
        if (!take_change(head, change->second))
          return false;
        continue;
      }
      last_is_believed_ = is_believed_;
      last_of[{head.epoch, done_.signers.back()}] = &head;
    }
    if (covered != std::max(here_.seq, last_.seq))
      return fail(transfer_status::altered, covered + 1);
    for (const auto& [by, head] : last_of)
      if (!verify(*head, by.second))
        return fail(transfer_status::bad_signature, head->seq);
    if (!done_.rows.heads.empty() && !last_is_believed_ && !is_vouched_for_)
      return fail(transfer_status::bad_signature, covered);
    return true;
  }

  /// Two histories are a fork when the host has signed both. Whoever has a revoked key of his can sign one too; else
  /// somebody on the way has changed one.
  bool tell_fork() {
    auto status = transfer_status::altered;
    for (const auto& head : brought_.heads) {
      auto link = links_.find(head.seq);
      if (head.seq < fork_at_ || link == links_.end() || link->second != head.link)
        continue;
      if (is_signed_by(head, brought_.revoked)) {
        status = transfer_status::bad_signature;
      } else if (is_signed_by(head, brought_.signers) || is_signed_by(head, done_.signers)) {
        done_.other_history = head;
        return fail(transfer_status::forked, fork_at_);
      }
    }
    return fail(status, fork_at_);
  }

  static bool is_signed_by(const ports::signed_head& head, std::span<const public_key> keys) {
    return std::ranges::any_of(keys, [&](const public_key& key) { return verify(head, key); });
  }

  /// The directory's keys, and that of the stream when it may be believed.
  bool is_signed(const sealed_key& key) const {
    return std::ranges::any_of(brought_.signers, [&](const public_key& signer) { return verify(key, signer); }) ||
           (is_believed_ && std::ranges::any_of(done_.signers, [&](const public_key& signer) {
              return !host_keys::is_in(brought_.revoked, signer) && verify(key, signer);
            }));
  }

  /// What a revoked key has signed is left: the host has signed it again with his present one, or will.
  bool take_keys() {
    auto epoch = done_.rows.entries.empty() ? here_.epoch : done_.rows.entries.back().header.epoch;
    for (const auto& travelling : brought_.keys) {
      auto key = key_from(brought_.stream, travelling);
      if (key.box.size() != sealed_key_box_bytes || key.epoch > epoch)
        return fail(transfer_status::altered, here_.seq);
      auto signs = [&](const public_key& revoked) { return verify(key, revoked); };
      if (std::ranges::any_of(brought_.revoked, signs))
        continue;
      if (!is_signed(key))
        return fail(transfer_status::bad_signature, here_.seq);
      done_.keys.push_back(std::move(key));
    }
    return true;
  }

  struct place {
    std::uint64_t seq = 0;
    std::uint32_t epoch = 0;
    std::int64_t recorded_at_ms = 0;
    bytes32 link{};
  };

  const ports::transfer& brought_;
  const replica_view& here_;
  checked_transfer done_;
  place last_;
  std::uint64_t fork_at_ = 0; ///< the first entry that is not the one that is here
  std::map<std::uint64_t, bytes32> links_;
  std::map<std::uint64_t, public_key> named_; ///< by changes of key, at their sequences
  bool is_believed_ = false;                  ///< the key of the next head
  bool last_is_believed_ = false;             ///< the key that has signed the last head
  bool is_vouched_for_ = false;               ///< by a head that is still to come
};

} // namespace

checked_transfer check_transfer(const ports::transfer& brought, const replica_view& here) {
  return check_of_transfer{brought, here}.run();
}

} // namespace toit::journal
