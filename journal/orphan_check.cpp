#include "journal/orphan_check.hpp"

#include "journal/marks.hpp"
#include "journal/transfers.hpp"

namespace toit::journal {

namespace {

bool is_as_committed(const entry_row& row) {
  bool has_nonce = row.nonce.empty() || row.nonce.size() == entry_nonce_bytes;
  return row.erased || (has_nonce && commitment_of(row.nonce, row.content) == row.header.commitment);
}

} // namespace

bool follows(const tail_place& before, const entry_row& row, std::uint32_t cut) {
  const auto& header = row.header;
  return header.seq == before.seq + 1 && header.epoch >= before.epoch && header.epoch < cut &&
         header.recorded_at_ms >= before.recorded_at_ms && header.previous < header.seq &&
         row.link == next_link(before.link, leaf_of(header)) && is_as_committed(row);
}

bool ends_batch(const ports::signed_head& head, const tail_place& before, const entry_row& last) {
  return head.first == before.seq + 1 && head.first <= head.seq && head.seq == last.header.seq &&
         head.epoch == last.header.epoch && head.link == last.link && head.ordering_seq >= before.ordering_seq;
}

namespace {

using ports::transfer_status;

class check_of_orphans {
public:
  check_of_orphans(const ports::orphan_tail& brought, const orphan_view& here) : brought_{brought}, here_{here} {
    done_.rows.stream = brought.stream;
    done_.rows.cut = brought.cut;
  }

  checked_orphans run() {
    done_.status = check();
    if (done_.status != transfer_status::stored)
      done_.rows = {brought_.stream, brought_.cut, {}, {}, {}, {}};
    return std::move(done_);
  }

private:
  transfer_status check() {
    if (auto bad = take_entries())
      return *bad;
    if (!take_heads() || !take_marks())
      return transfer_status::altered;
    if (!is_signed())
      return transfer_status::bad_signature;
    bool is_known = done_.rows.entries.empty() && done_.rows.marks.empty() && done_.rows.filled.empty();
    return is_known ? transfer_status::known : transfer_status::stored;
  }

  std::optional<transfer_status> take_entries() {
    if (brought_.entries.empty())
      return std::nullopt;
    auto first = brought_.entries.front().seq;
    if (first > here_.at.seq + 1)
      return transfer_status::gap;
    if (first <= here_.begins_after)
      return transfer_status::altered;
    auto before = first == here_.at.seq + 1 ? std::optional{here_.at.link} : here_.link_of(first - 1);
    law::require(before.has_value(), "every entry of a tail up to its end is here");
    auto link = *before;
    for (auto seq = first; const auto& entry : brought_.entries) {
      if (entry.seq != seq++ || entry.nonce.has_value() != entry.content.has_value() ||
          entry.recorded_at_ms > INT64_MAX)
        return transfer_status::altered;
      auto row = row_brought(entry, link);
      link = row.link;
      if (auto bad = take(std::move(row)))
        return bad;
    }
    return std::nullopt;
  }

  std::optional<transfer_status> take(entry_row row) {
    links_.emplace(row.header.seq, row.link);
    if (row.header.seq <= here_.at.seq)
      return take_again(std::move(row));
    auto before = here_.at;
    if (!done_.rows.entries.empty()) {
      const auto& last = done_.rows.entries.back();
      before = {last.header.seq, last.header.epoch, last.header.recorded_at_ms, last.link, 0};
    }
    if (!follows(before, row, brought_.cut))
      return transfer_status::altered;
    done_.rows.entries.push_back(std::move(row));
    return std::nullopt;
  }

  /// What is here: but for its payload, perhaps, which nobody else can have made.
  std::optional<transfer_status> take_again(entry_row row) {
    if (here_.link_of(row.header.seq) != row.link)
      return transfer_status::forked;
    if (row.erased || !here_.is_empty(row.header.seq))
      return std::nullopt;
    if (!is_as_committed(row))
      return transfer_status::altered;
    done_.rows.filled.push_back(std::move(row));
    return std::nullopt;
  }

  /// Whole batches, one after the other, up to the last entry.
  bool take_heads() {
    auto before = here_.at;
    for (const auto& head : brought_.heads) {
      if (head.stream != brought_.stream)
        return false;
      if (head.seq <= here_.at.seq)
        continue;
      auto index = head.seq - here_.at.seq - 1;
      if (index >= done_.rows.entries.size() || !ends_batch(head, before, done_.rows.entries[index]) ||
          !fits_into_message(done_.rows.entries, here_.at.seq, head))
        return false;
      before.seq = head.seq;
      before.ordering_seq = head.ordering_seq;
      done_.rows.heads.push_back(head);
    }
    return done_.rows.entries.empty() || before.seq == done_.rows.entries.back().header.seq;
  }

  bool take_marks() {
    for (const auto& mark : brought_.marks) {
      auto brought = links_.find(mark.seq);
      auto link = brought != links_.end() ? std::optional{brought->second} : here_.link_of(mark.seq);
      if (mark.stream != brought_.stream || !can_mark(mark.witness, mark.stream) || mark.seq <= here_.begins_after ||
          link != mark.link)
        return false;
      if (!here_.has_mark(mark))
        done_.rows.marks.push_back(mark);
    }
    return true;
  }

  /// The last signature of each key stands for what the chain holds before it.
  bool is_signed() const {
    std::map<key_id, const ports::signed_head*> last_of;
    for (const auto& head : done_.rows.heads)
      last_of[head.key_id] = &head;
    return std::ranges::all_of(last_of, [&](const auto& each) {
      return std::ranges::any_of(brought_.signers, [&](const auto& key) { return verify(*each.second, key); });
    });
  }

  const ports::orphan_tail& brought_;
  const orphan_view& here_;
  checked_orphans done_;
  std::map<std::uint64_t, bytes32> links_;
};

} // namespace

checked_orphans check_orphans(const ports::orphan_tail& brought, const orphan_view& here) {
  return check_of_orphans{brought, here}.run();
}

} // namespace toit::journal
