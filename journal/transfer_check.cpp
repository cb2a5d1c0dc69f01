#include "journal/transfer_check.hpp"

#include "journal/belief.hpp"
#include "journal/codec.hpp"
#include "journal/transfers.hpp"

#include <map>
#include <set>

namespace toit::journal {

namespace {

using ports::transfer_status;

/// Sequences are below it (docs/journal-format.md).
constexpr std::uint64_t sequences_end = std::uint64_t{1} << 44;

class check_of_transfer {
public:
  check_of_transfer(const ports::transfer& brought, const replica_view& here)
      : brought_{brought}, here_{here}, base_{here.at} {
    done_.rows.stream = brought.stream;
    follow_base();
  }

  checked_transfer run() {
    bool good = take_entries() && take_heads() && take_keys();
    if (good) {
      done_.status =
          done_.rows.entries.empty() && done_.keys.empty() ? transfer_status::known : transfer_status::stored;
      take_accounts();
    } else {
      done_.rows = {brought_.stream, {}, {}, {}, {}, {}, {}};
      done_.rewound_to.reset();
    }
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
    if (first > base_.seq + 1)
      return fail(transfer_status::gap, base_.seq + 1);
    auto before = first == base_.seq + 1 ? std::optional{base_.link} : here_.link_of(first - 1);
    law::require(before.has_value(), "every entry up to the position is here");
    last_ = {0, first - 1, *before};
    return std::ranges::all_of(brought_.entries, [&](const auto& entry) { return take(entry); });
  }

  bool take(const ports::sealed_entry& entry) {
    if (entry.seq != last_.seq + 1 || entry.seq >= sequences_end || entry.recorded_at_ms > INT64_MAX ||
        entry.nonce.has_value() != entry.content.has_value())
      return fail(transfer_status::altered, last_.seq + 1);
    auto row = row_brought(entry, last_.link);
    auto before = last_;
    places_[entry.seq] = {entry.epoch, row.link};
    last_ = {entry.epoch, entry.seq, row.link};
    if (fork_at_ == 0 && entry.seq <= base_.seq && here_.link_of(entry.seq) != row.link) {
      if (!is_later_cut(row, before))
        fork_at_ = entry.seq;
      else if (!rewind(before.seq))
        return false;
    }
    return entry.seq <= base_.seq || fork_at_ != 0 || take_new(std::move(row));
  }

  /// The stream goes on from here under a host of a later epoch than any that is here.
  bool is_later_cut(const entry_row& row, const place_before& before) const {
    if (row.erased || !row.nonce.empty() || row.header.epoch <= base_.epoch ||
        commitment_of(row.nonce, row.content) != row.header.commitment)
      return false;
    auto record = decode(row.content);
    return record && cut_that_is(brought_.stream, row.header, *record, before).has_value();
  }

  /// What is here beyond the entry is of the stream no more. A cut follows a whole batch: nothing else was ever signed.
  bool rewind(std::uint64_t seq) {
    auto place = here_.place_at(seq);
    if (!place)
      return fail(transfer_status::altered, seq + 1);
    base_ = std::move(*place);
    done_.rewound_to = seq;
    done_.signers.clear();
    follow_base();
    return true;
  }

  place_before before_next() const {
    if (done_.rows.entries.empty())
      return {base_.epoch, base_.seq, base_.link};
    const auto& last = done_.rows.entries.back();
    return {last.header.epoch, last.header.seq, last.link};
  }

  bool take_new(entry_row row) {
    const auto& header = row.header;
    auto before = before_next();
    auto time = done_.rows.entries.empty() ? base_.recorded_at_ms : done_.rows.entries.back().header.recorded_at_ms;
    if (header.epoch < before.epoch || header.recorded_at_ms < time || header.previous >= header.seq)
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
    // An epoch begins with its cut, and is its host's because the ordering stream says so.
    // [L441-2-7-4-1]
    if (header.epoch > before.epoch && !cuts_.contains(header.seq))
      return fail(transfer_status::altered, header.seq);
    if (header.epoch > brought_.epoch)
      return fail(transfer_status::unordered, header.seq);
    if (cuts_.contains(header.seq) && !known(header.epoch).names(named_.at(header.seq)))
      return fail(transfer_status::bad_signature, header.seq);
    if (row.erased)
      done_.came_empty.push_back(header.seq);
    done_.rows.entries.push_back(std::move(row));
    return true;
  }

  /// What is in clear says who signs, and what is to be erased here too. A kind of a later version is kept as it is.
  bool take_clear(const entry_row& row) {
    auto record = decode(row.content);
    const auto* opened = record ? std::get_if<law::stream_opened>(&record->event) : nullptr;
    if ((row.header.seq == 1) != (opened != nullptr))
      return fail(transfer_status::bad_signature, row.header.seq);
    if (!record)
      return true;
    if (opened)
      follow({opened->signing_key, row.header.epoch, 0});
    if (!take_named_key(row, *record))
      return false;
    for (auto seq : law::emptied_by(record->event)) {
      if (subject_of(seq) != row.header.subject)
        return fail(transfer_status::altered, row.header.seq);
      if (is_erased(seq))
        done_.accounted.push_back(seq);
      done_.rows.emptied.push_back(seq);
    }
    if (std::holds_alternative<law::demande_erased>(record->event))
      done_.rows.erased.push_back(row.header.subject);
    if (const auto* closed = std::get_if<law::account_closed>(&record->event))
      done_.accounts.push_back({closed->account, {}});
    return true;
  }

  bool take_named_key(const entry_row& row, const law::record& record) {
    auto named = key_named_by(brought_.stream, row.header.subject, record);
    bool is_cut = std::holds_alternative<law::authority_cut>(record.event);
    bool counts = is_cut ? cut_that_is(brought_.stream, row.header, record, before_next()).has_value()
                         : named || !std::holds_alternative<law::signing_key_changed>(record.event);
    if (!counts)
      return fail(transfer_status::bad_signature, row.header.seq);
    if (named)
      named_[row.header.seq] = *named;
    if (is_cut)
      cuts_.insert(row.header.seq);
    return true;
  }

  std::optional<law::subject_id> subject_of(std::uint64_t seq) const {
    if (seq <= base_.seq)
      return seq == 0 ? std::nullopt : here_.subject_of(seq);
    auto index = seq - base_.seq - 1;
    if (index >= done_.rows.entries.size())
      return std::nullopt;
    return done_.rows.entries[index].header.subject;
  }

  /// Of an entry that has a subject.
  bool is_erased(std::uint64_t seq) const {
    return seq <= base_.seq ? here_.is_erased(seq) : done_.rows.entries[seq - base_.seq - 1].erased;
  }

  /// Of the host of an epoch.
  host_keys known(std::uint32_t epoch) const {
    for (const auto& host : brought_.former)
      if (epoch < host.until)
        return {host.signers, host.revoked};
    return {brought_.signers, brought_.revoked};
  }

  void follow_base() {
    is_believed_ = false;
    for (const auto& signer : base_.signers)
      follow(signer);
  }

  /// The next head is signed with this key. No key of a former host endorses one of the next.
  void follow(const named_signer& signer) {
    bool is_endorsed = done_.signers.empty() || done_.signers.back().epoch == signer.epoch;
    done_.signers.push_back(signer);
    is_believed_ = believe_next(is_endorsed && is_believed_, signer.key, known(signer.epoch));
  }

  /// A change of key at this head: the key before endorses it, or the directory names the new one, be it that this has
  /// been revoked in its turn. Else nothing follows. A cut is endorsed by nobody: the ordering stream names its host.
  bool take_change(const ports::signed_head& head, const public_key& named) {
    bool endorsed = !cuts_.contains(head.seq) && verify(head, done_.signers.back().key);
    if (!endorsed && (!known(head.epoch).names(named) || !verify(head, named)))
      return fail(transfer_status::bad_signature, head.seq);
    bool before = is_believed_;
    follow({named, head.epoch, head.seq});
    last_is_believed_ = endorsed ? before : is_believed_;
    return true;
  }

  /// A cut is alone under its head.
  bool splits_at_cuts(const ports::signed_head& head) const {
    auto cut = cuts_.lower_bound(head.first);
    return cut == cuts_.end() || *cut > head.seq || head.first == head.seq;
  }

  /// Every head must be that of the chain; of each key and epoch the last signature is checked, and with it all that
  /// the chain holds before: what a key that is now revoked has signed stands when one that is not signs what follows.
  /// That may be far: a head beyond the entries, which the directory's key has signed, vouches for them till then.
  bool take_heads() {
    if (fork_at_ != 0)
      return tell_fork();
    std::map<std::pair<std::uint32_t, public_key>, const ports::signed_head*> last_of;
    auto covered = base_.seq;
    auto ordering = base_.ordering_seq;
    for (const auto& head : brought_.heads) {
      if (head.stream != brought_.stream)
        return fail(transfer_status::altered, head.seq);
      if (head.seq <= base_.seq)
        continue;
      if (head.seq > last_.seq && &head == &brought_.heads.back()) {
        is_vouched_for_ = is_signed_by(head, known(head.epoch).good);
        continue;
      }
      if (head.first != covered + 1 || head.seq < head.first || !is_of_chain(head) || !splits_at_cuts(head))
        return fail(transfer_status::altered, head.seq);
      if (head.ordering_seq < ordering || head.ordering_seq >= sequences_end)
        return fail(transfer_status::altered, head.seq);
      if (!fits_into_message(done_.rows.entries, base_.seq, head))
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
      last_of[{head.epoch, done_.signers.back().key}] = &head;
    }
    if (covered != std::max(base_.seq, last_.seq))
      return fail(transfer_status::altered, covered + 1);
    for (const auto& [by, head] : last_of)
      if (!verify(*head, by.second))
        return fail(transfer_status::bad_signature, head->seq);
    if (!done_.rows.heads.empty() && !last_is_believed_ && !is_vouched_for_)
      return fail(transfer_status::bad_signature, covered);
    return true;
  }

  bool is_of_chain(const ports::signed_head& head) const {
    auto place = places_.find(head.seq);
    return place != places_.end() && place->second.link == head.link && place->second.epoch == head.epoch;
  }

  /// Two histories are a fork when the host has signed both. Whoever has a revoked key of his can sign one too; else
  /// somebody on the way has changed one.
  bool tell_fork() {
    auto status = transfer_status::altered;
    for (const auto& head : brought_.heads) {
      if (head.seq < fork_at_ || !is_of_chain(head))
        continue;
      if (is_signed_by(head, known(head.epoch).revoked)) {
        status = transfer_status::bad_signature;
      } else if (is_signed_by(head, known(head.epoch).good) || is_signed_in_its_epoch(head)) {
        done_.other_history = head;
        return fail(transfer_status::forked, fork_at_);
      }
    }
    return fail(status, fork_at_);
  }

  bool is_signed_in_its_epoch(const ports::signed_head& head) const {
    return std::ranges::any_of(done_.signers, [&](const named_signer& signer) {
      return signer.epoch == head.epoch && verify(head, signer.key);
    });
  }

  static bool is_signed_by(const ports::signed_head& head, std::span<const public_key> keys) {
    return std::ranges::any_of(keys, [&](const public_key& key) { return verify(head, key); });
  }

  static bool is_signed_by(const sealed_key& key, std::span<const public_key> signers) {
    return std::ranges::any_of(signers, [&](const public_key& signer) { return verify(key, signer); });
  }

  /// By a host of the key's epoch or of a later one.
  bool is_signed(const sealed_key& key) const {
    auto by_former = [&](const ports::former_host& host) {
      return key.epoch < host.until && is_signed_by(key, host.signers);
    };
    auto by_the_stream = [&](const named_signer& signer) {
      return signer.epoch >= key.epoch && !host_keys::is_in(known(signer.epoch).revoked, signer.key) &&
             verify(key, signer.key);
    };
    return is_signed_by(key, brought_.signers) || std::ranges::any_of(brought_.former, by_former) ||
           (is_believed_ && std::ranges::any_of(done_.signers, by_the_stream));
  }

  bool is_signed_by_a_revoked(const sealed_key& key) const {
    return is_signed_by(key, brought_.revoked) ||
           std::ranges::any_of(brought_.former, [&](const auto& host) { return is_signed_by(key, host.revoked); });
  }

  /// An epoch, and the entry that names its signer.
  using signing_place = std::pair<std::uint32_t, std::uint64_t>;

  /// From where on it last signed the stream: that of who has hosted it twice counts as of the later time. Absent of a
  /// revoked key, and of one that nobody names.
  std::optional<signing_place> last_place_of(const key_id& signer) const {
    std::optional<signing_place> last;
    auto consider = [&](const public_key& key, const signing_place& place) {
      if (id_of(key) == signer && !host_keys::is_in(known(place.first).revoked, key))
        last = std::max(last, std::optional{place});
    };
    for (const auto& host : brought_.former)
      for (const auto& key : host.signers)
        consider(key, {host.until - 1, 0});
    for (const auto& key : brought_.signers)
      consider(key, {brought_.epoch, 0});
    for (const auto& named : done_.signers)
      consider(named.key, {named.epoch, named.named_at});
    return last;
  }

  /// A former host may sign any key of his time, and so what his successor has signed since: once he is revoked, nobody
  /// would believe the row that bears his signature, and the successor does not take it for his own.
  bool would_be_signed_backwards(const sealed_key& key) const {
    auto signer_here = here_.signer_of(key);
    return signer_here && last_place_of(key.key_id) < last_place_of(*signer_here);
  }

  /// What a revoked key has signed is left: the host has signed it again with his present one, or will.
  bool take_keys() {
    auto epoch = before_next().epoch;
    for (const auto& travelling : brought_.keys) {
      auto key = key_brought(brought_.stream, travelling);
      if (key.box.size() != sealed_key_box_bytes || key.epoch > epoch)
        return fail(transfer_status::altered, base_.seq);
      if (is_signed_by_a_revoked(key))
        continue;
      if (!is_signed(key))
        return fail(transfer_status::bad_signature, base_.seq);
      if (!would_be_signed_backwards(key))
        done_.keys.push_back(std::move(key));
    }
    return true;
  }

  /// Of those alone about whom an entry is new here, and whose dossier is not erased by then. No neighbour's word
  /// closes an account.
  void take_accounts() {
    std::set<law::subject_id> about;
    for (const auto& row : done_.rows.entries)
      about.insert(row.header.subject);
    for (auto subject : done_.rows.erased)
      about.erase(subject);
    for (const auto& brought : brought_.accounts) {
      ports::account_row row{brought.account, brought.sealed, brought.subject};
      bool can_be = !row.sealed.empty() && row.sealed.size() <= ports::account_bytes_most;
      if (can_be && about.contains(row.about()))
        done_.accounts.push_back(std::move(row));
    }
  }

  /// Of an entry that was brought.
  struct brought_place {
    std::uint32_t epoch = 0;
    bytes32 link{};
  };

  const ports::transfer& brought_;
  const replica_view& here_;
  replica_place base_; ///< what new entries follow
  checked_transfer done_;
  place_before last_;         ///< the entry that was taken last
  std::uint64_t fork_at_ = 0; ///< the first entry that is not the one that is here
  std::map<std::uint64_t, brought_place> places_;
  std::map<std::uint64_t, public_key> named_; ///< by changes of key and cuts, at their sequences
  std::set<std::uint64_t> cuts_;
  bool is_believed_ = false;      ///< the key of the next head
  bool last_is_believed_ = false; ///< the key that has signed the last head
  bool is_vouched_for_ = false;   ///< by a head that is still to come
};

} // namespace

checked_transfer check_transfer(const ports::transfer& brought, const replica_view& here) {
  return check_of_transfer{brought, here}.run();
}

} // namespace toit::journal
