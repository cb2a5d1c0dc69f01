#include "journal/verify.hpp"

#include "journal/codec.hpp"
#include "journal/flat_table.hpp"

#include <functional>
#include <map>
#include <set>

namespace toit::journal {

namespace {

constexpr std::size_t chunk = 4096;
constexpr std::size_t fault_limit = 100;

class verification {
public:
  verification(store_reader& rows, const ports::stream_id& stream, const stream_keys* keys) : rows_{rows}, keys_{keys} {
    report_.stream = stream;
    report_.link = first_link(stream);
  }

  verify_report run(std::span<const ports::signed_head> expected, const std::function<void(std::uint64_t)>& progress) {
    for (const auto& head : expected)
      expected_.emplace(head.seq, head.link);
    for (;;) {
      auto part = rows_.entries(report_.stream, last_.seq, chunk);
      for (const auto& row : part)
        check_row(row);
      check_heads();
      if (progress)
        progress(report_.entries);
      if (part.size() < chunk)
        break;
    }
    check_end();
    return std::move(report_);
  }

private:
  void fault(std::uint64_t seq, std::string what) {
    if (report_.faults.size() < fault_limit)
      report_.faults.push_back({report_.stream, seq, std::move(what)});
  }

  void check_row(const entry_row& row) {
    const auto& header = row.header;
    if (header.seq != last_.seq + 1)
      fault(last_.seq + 1, "the entry is missing");
    if (header.epoch < last_.epoch)
      fault(header.seq, "the epoch goes back");
    if (header.recorded_at_ms < last_.recorded_at_ms)
      fault(header.seq, "the time of recording goes back");
    if (header.previous != last_of_.find(header.subject))
      fault(header.seq, "the entry does not follow its subject's last one");
    last_of_.set(header.subject, header.seq);
    auto link = next_link(report_.link, leaf_of(header));
    if (link != row.link)
      fault(header.seq, "the header is not what was chained");
    // Going on from what is written finds the next fault too.
    report_.link = row.link;
    links_[header.seq] = row.link;
    check_payload(row);
    if (auto known = expected_.find(header.seq); known != expected_.end() && known->second != row.link)
      fault(header.seq, "another history than the head known from elsewhere");
    last_ = header;
    ++report_.entries;
  }

  void check_payload(const entry_row& row) {
    if (row.erased) {
      erased_.emplace(row.header.seq, row.header.subject);
      ++report_.erased;
      return;
    }
    if (commitment_of(row.nonce, row.content) != row.header.commitment)
      return fault(row.header.seq, "the payload is not what was written");
    if (row.nonce.empty())
      check_clear(row);
    else if (keys_)
      check_sealed(row);
  }

  void check_clear(const entry_row& row) {
    auto record = decode(row.content);
    if (!record)
      return fault(row.header.seq, "the payload is of no known kind");
    const auto* opened = std::get_if<law::stream_opened>(&record->event);
    if (opened && row.header.seq == 1)
      report_.signer = opened->signing_key;
    else if (row.header.seq == 1 || opened)
      fault(row.header.seq, "a stream begins with its opening, once");
    if (const auto* tombstone = std::get_if<law::demande_erased>(&record->event))
      for (auto seq : tombstone->entries)
        announced_.emplace(seq, row.header.subject);
  }

  void check_sealed(const entry_row& row) {
    auto plain = keys_->decrypt(row.header.epoch, row.header.subject, row.nonce, row.content);
    if (!plain || !decode(*plain))
      fault(row.header.seq, "the payload does not decrypt or decode");
  }

  /// Heads of the entries just read.
  void check_heads() {
    for (const auto& head : rows_.heads(report_.stream, heads_from_, chunk)) {
      auto link = links_.find(head.seq);
      if (link == links_.end()) {
        if (head.seq <= last_.seq)
          continue;
        break;
      }
      heads_from_ = head.seq + 1;
      ++report_.heads;
      if (link->second != head.link)
        fault(head.seq, "the signed head is not that of the chain");
      else if (!report_.signer || !verify(head, *report_.signer))
        fault(head.seq, "the signature of the head does not match");
    }
    links_.erase(links_.begin(), links_.lower_bound(heads_from_));
  }

  void check_end() {
    auto head = rows_.last_head(report_.stream);
    if (head && head->seq > last_.seq)
      fault(last_.seq + 1, "the tail is cut: a signed head stands for more entries");
    else if (last_.seq != 0 && (!head || head->seq < last_.seq))
      fault(last_.seq, "the last entries are not covered by a signed head");
    if (auto beyond = expected_.upper_bound(last_.seq); beyond != expected_.end())
      fault(last_.seq + 1, "the stream ends before the head known from elsewhere");
    for (const auto& [seq, subject] : erased_)
      if (auto told = announced_.find(seq); told == announced_.end() || told->second != subject)
        fault(seq, "the payload is gone and no erasure says so");
    for (const auto& [seq, subject] : announced_)
      if (!erased_.contains(seq))
        fault(seq, "an erasure says that the payload is gone, and it is there");
  }

  store_reader& rows_;
  const stream_keys* keys_;
  verify_report report_;
  entry_header last_;
  std::uint64_t heads_from_ = 0;
  flat_table<law::subject_id> last_of_;
  std::map<std::uint64_t, bytes32> links_; ///< of entries whose head has not been read yet
  std::map<std::uint64_t, law::subject_id> erased_;
  std::map<std::uint64_t, law::subject_id> announced_;
  std::multimap<std::uint64_t, bytes32> expected_;
};

} // namespace

verify_report verify_stream(store_reader& rows, const ports::stream_id& stream,
                            std::span<const ports::signed_head> expected, const stream_keys* keys,
                            const std::function<void(std::uint64_t)>& progress) {
  return verification{rows, stream, keys}.run(expected, progress);
}

} // namespace toit::journal
