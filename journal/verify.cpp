#include "journal/verify.hpp"

#include "journal/codec.hpp"
#include "journal/flat_table.hpp"
#include "journal/signers.hpp"

#include <functional>
#include <map>
#include <set>

namespace toit::journal {

namespace {

constexpr std::size_t chunk = 4096;
constexpr std::size_t fault_limit = 100;

std::string_view sentence_of(fault_reason reason) {
  static constexpr auto sentences = std::to_array<std::string_view>(
      {"the entry is missing", "the row cannot be read", "the header is not what was chained",
       "the payload is not what was written", "the epoch goes back", "the time of recording goes back",
       "the entry does not follow its subject's last one", "the payload does not open or is of no known kind",
       "a stream begins with its opening, once", "another history than the head known from elsewhere",
       "a signed head is missing", "the signed head is not that of the chain",
       "the signature of the head does not match", "the head knows less of the ordering stream than the one before",
       "the tail is cut: a signed head stands for more entries", "the last entries are not covered by a signed head",
       "the stream ends before the head known from elsewhere", "the payload is gone and no erasure says so",
       "an erasure says that the payload is gone, and it is there"});
  static_assert(sentences.size() == law::enum_count<fault_reason>);
  return sentences[static_cast<std::size_t>(reason)];
}

class verification {
public:
  verification(store_reader& rows, const ports::stream_id& stream, const stream_keys* keys,
               std::span<const public_key> known)
      : rows_{rows}, keys_{keys}, known_{known} {
    report_.stream = stream;
    report_.link = first_link(stream);
  }

  verify_report run(std::span<const ports::signed_head> expected, const std::function<void(std::uint64_t)>& progress) {
    for (const auto& head : expected)
      expected_.emplace(head.seq, head.link);
    try {
      while (read_some())
        if (progress)
          progress(report_.entries);
      reading_ = last_.seq + 1;
      check_end();
    } catch (const store_broken& failure) {
      fault(reading_, fault_reason::unreadable, std::string{" ("} + failure.what() + ")");
    }
    std::ranges::stable_sort(report_.faults, {}, &verify_fault::seq);
    return std::move(report_);
  }

private:
  void fault(std::uint64_t seq, fault_reason reason, std::string_view detail = {}) {
    if (report_.faults.size() < fault_limit)
      report_.faults.push_back({report_.stream, seq, reason, std::string{sentence_of(reason)}.append(detail)});
  }

  /// False at the end of the stream.
  bool read_some() {
    try {
      return read(chunk);
    } catch (const store_broken&) {
      // One by one up to the row that cannot be read: it ends the reading, and has a place.
      for (std::size_t i = 0; i < chunk && read(1); ++i) {
      }
      throw;
    }
  }

  bool read(std::size_t limit) {
    reading_ = last_.seq + 1;
    auto part = rows_.entries(report_.stream, last_.seq, limit);
    for (const auto& row : part)
      check_row(row);
    while (read_heads(limit)) {
    }
    return part.size() == limit;
  }

  /// Heads of the entries just read; false when there is none left.
  bool read_heads(std::size_t limit) {
    reading_ = last_head_.seq + 1;
    auto part = rows_.heads(report_.stream, last_head_.seq + 1, limit);
    for (const auto& head : part) {
      if (head.seq > last_.seq)
        return false;
      check_head(head);
      last_head_ = head;
      links_.erase(links_.begin(), links_.upper_bound(head.seq));
    }
    return part.size() == limit;
  }

  void check_row(const entry_row& row) {
    using enum fault_reason;
    const auto& found = row.header;
    if (found.seq != last_.seq + 1)
      fault(last_.seq + 1, missing_entry);
    if (next_link(report_.link, leaf_of(found)) != row.link)
      fault(found.seq, header);
    // Going on from what is written finds the next fault too.
    report_.link = row.link;
    links_[found.seq] = row.link;
    check_payload(row);
    if (found.epoch < last_.epoch)
      fault(found.seq, epoch_back);
    if (found.recorded_at_ms < last_.recorded_at_ms)
      fault(found.seq, time_back);
    if (found.previous != last_of_.find(found.subject))
      fault(found.seq, subject_order);
    last_of_.set(found.subject, found.seq);
    if (auto known = expected_.find(found.seq); known != expected_.end() && known->second != row.link)
      fault(found.seq, other_history);
    last_ = found;
    ++report_.entries;
  }

  void check_payload(const entry_row& row) {
    if (row.erased) {
      erased_.emplace(row.header.seq, row.header.subject);
      ++report_.erased;
      return;
    }
    if (commitment_of(row.nonce, row.content) != row.header.commitment)
      return fault(row.header.seq, fault_reason::payload);
    if (row.nonce.empty())
      check_clear(row);
    else if (keys_)
      check_sealed(row);
    if (row.header.seq == 1 && !report_.signer)
      fault(1, fault_reason::opening);
  }

  void check_clear(const entry_row& row) {
    auto record = decode(row.content);
    if (!record)
      return fault(row.header.seq, fault_reason::unknown_payload);
    if (const auto* opened = std::get_if<law::stream_opened>(&record->event)) {
      if (row.header.seq == 1)
        report_.signers = {*(report_.signer = opened->signing_key)};
      else
        fault(row.header.seq, fault_reason::opening);
    }
    if (auto named = key_named_by(report_.stream, row.header.subject, *record))
      named_[row.header.seq] = *named;
    else if (std::holds_alternative<law::signing_key_changed>(record->event))
      fault(row.header.seq, fault_reason::opening);
    for (auto seq : law::emptied_by(record->event))
      announced_.emplace(seq, row.header.subject);
  }

  void check_sealed(const entry_row& row) {
    auto plain = keys_->decrypt(row.header.epoch, row.header.subject, row.nonce, row.content);
    if (!plain || !decode(*plain))
      fault(row.header.seq, fault_reason::unknown_payload);
  }

  void check_head(const ports::signed_head& head) {
    using enum fault_reason;
    ++report_.heads;
    if (head.first != last_head_.seq + 1)
      fault(last_head_.seq + 1, head_gap);
    auto link = links_.find(head.seq);
    if (link == links_.end() || link->second != head.link)
      fault(head.seq, head_link);
    else if (!check_signature(head))
      fault(head.seq, head_signature);
    named_.erase(named_.begin(), named_.upper_bound(head.seq));
    if (head.ordering_seq < last_head_.ordering_seq)
      fault(head.seq, ordering_back);
  }

  /// By the key so far, or by that which an entry under this very head names, when it is known from elsewhere.
  bool check_signature(const ports::signed_head& head) {
    auto change = named_.find(head.seq);
    bool by_the_last = !report_.signers.empty() && verify(head, report_.signers.back());
    if (!by_the_last && (change == named_.end() || std::ranges::find(known_, change->second) == known_.end() ||
                         !verify(head, change->second)))
      return false;
    if (change != named_.end())
      report_.signers.push_back(change->second);
    return true;
  }

  void check_end() {
    using enum fault_reason;
    auto head = rows_.last_head(report_.stream);
    // A journal in use grows while it is verified: only a head without its entries is a cut.
    bool more = head && head->seq > last_.seq;
    if (more && rows_.entries(report_.stream, last_.seq, 1).empty())
      fault(last_.seq + 1, tail_cut);
    else if (!more && last_.seq != 0 && (!head || head->seq < last_.seq))
      fault(last_.seq, not_covered);
    if (auto beyond = expected_.upper_bound(last_.seq); beyond != expected_.end())
      fault(last_.seq + 1, shorter_than_known);
    for (const auto& [seq, subject] : erased_)
      if (auto told = announced_.find(seq); told == announced_.end() || told->second != subject)
        fault(seq, unannounced_erasure);
    for (const auto& [seq, subject] : announced_)
      if (!erased_.contains(seq) && !is_erased_by_now(seq))
        fault(seq, unfinished_erasure);
  }

  /// It was read before the erasure was written.
  bool is_erased_by_now(std::uint64_t seq) {
    auto row = rows_.entry(report_.stream, seq);
    return row && row->erased;
  }

  store_reader& rows_;
  const stream_keys* keys_;
  std::span<const public_key> known_;
  verify_report report_;
  std::uint64_t reading_ = 1; ///< what is being read now stands here, or beyond
  entry_header last_;
  ports::signed_head last_head_;
  flat_table<law::subject_id> last_of_;
  std::map<std::uint64_t, bytes32> links_;    ///< of entries whose head has not been read yet
  std::map<std::uint64_t, public_key> named_; ///< by changes of key under a head that has not been read yet
  std::map<std::uint64_t, law::subject_id> erased_;
  std::map<std::uint64_t, law::subject_id> announced_;
  std::multimap<std::uint64_t, bytes32> expected_;
};

} // namespace

verify_report verify_stream(store_reader& rows, const ports::stream_id& stream,
                            std::span<const ports::signed_head> expected, const stream_keys* keys,
                            const std::function<void(std::uint64_t)>& progress, std::span<const public_key> known) {
  return verification{rows, stream, keys, known}.run(expected, progress);
}

} // namespace toit::journal
