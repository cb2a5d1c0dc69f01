#include "journal/codec.hpp"
#include "journal/proof.hpp"
#include "journal/signers.hpp"

#include <map>

namespace toit::journal {

namespace {

constexpr std::size_t chunk = 4096;

/// Sequences that stand in the proof, in full or as leaves.
class covered_spans {
public:
  /// How many from `first` to `last` are not there yet.
  std::uint64_t missing(std::uint64_t first, std::uint64_t last) const {
    auto count = last - first + 1;
    auto at = spans_.upper_bound(first);
    if (at != spans_.begin())
      --at;
    for (; at != spans_.end() && at->first <= last; ++at)
      if (at->second >= first)
        count -= std::min(at->second, last) - std::max(at->first, first) + 1;
    return count;
  }

  void add(std::uint64_t first, std::uint64_t last) {
    count_ += missing(first, last);
    auto at = spans_.upper_bound(first);
    if (at != spans_.begin() && std::prev(at)->second + 1 >= first)
      --at;
    while (at != spans_.end() && at->first <= last + 1) {
      first = std::min(at->first, first);
      last = std::max(at->second, last);
      at = spans_.erase(at);
    }
    spans_.emplace(first, last);
  }

  std::uint64_t count() const { return count_; }
  const std::map<std::uint64_t, std::uint64_t>& all() const { return spans_; }

private:
  std::map<std::uint64_t, std::uint64_t> spans_; ///< first and last; neither overlapping nor adjacent
  std::uint64_t count_ = 0;
};

/// The nearest mark of a witness that would cover what a head covers.
struct reach {
  std::uint64_t head = 0;
  const ports::witness_mark* mark = nullptr;
  std::uint64_t length() const { return mark->seq - head; }
};

class proof_making {
public:
  proof_making(store_reader& rows, const ports::stream_id& stream, law::subject_id subject, const stream_keys* keys)
      : rows_{rows}, keys_{keys} {
    made_.stream = stream;
    made_.subject = subject;
  }

  std::expected<proof, proof_refusal> run(std::span<const ports::witness_mark> marks, std::uint64_t last) {
    held_reads one_state{rows_};
    if (last == 0)
      last = rows_.last_of(made_.stream, made_.subject);
    if (last == 0)
      return std::unexpected{proof_refusal::unknown_subject};
    if (!follow(last) || !cover() || !add_changes_of_key())
      return std::unexpected{proof_refusal::too_large};
    include(marks);
    for (const auto& [first, end] : spans_.all())
      if (!add_segment(first, end))
        return std::unexpected{proof_refusal::too_large};
    return std::move(made_);
  }

private:
  [[noreturn]] void fail(std::uint64_t seq, const char* what) const {
    throw store_broken{"stream " + made_.stream.text() + ", entry " + std::to_string(seq) + ": " + what};
  }

  entry_row row_at(std::uint64_t seq) {
    auto row = rows_.entry(made_.stream, seq);
    if (!row)
      fail(seq, "is missing");
    return std::move(*row);
  }

  /// From the subject's last entry back to its first; false when they are too many.
  bool follow(std::uint64_t last) {
    for (auto seq = last; seq != 0;) {
      if (shown_.size() == proof_entries_most)
        return false;
      auto header = row_at(seq).header;
      if (header.subject != made_.subject)
        fail(seq, "is about another subject");
      if (header.previous >= seq)
        fail(seq, "follows a later one");
      shown_.push_back(seq);
      seq = header.previous;
    }
    if (shown_.back() != 1)
      shown_.push_back(1);
    std::ranges::reverse(shown_);
    return true;
  }

  /// What names the keys of the heads that stand in the proof, where one is not that of the opening.
  bool add_changes_of_key() {
    auto first = row_at(1);
    auto record = first.erased || !first.nonce.empty() ? std::nullopt : decode(first.content);
    const auto* opened = record ? std::get_if<law::stream_opened>(&record->event) : nullptr;
    auto by_opening = [&](const ports::signed_head& head) {
      return head.epoch == 0 && head.key_id == id_of(opened->signing_key);
    };
    if (!opened || std::ranges::all_of(heads_, by_opening))
      return true;
    for (auto seq : changes_of_key(rows_, made_.stream))
      if (seq <= heads_.back().seq && !std::ranges::binary_search(shown_, seq))
        shown_.insert(std::ranges::lower_bound(shown_, seq), seq);
    heads_.clear();
    return shown_.size() <= proof_entries_most && cover();
  }

  /// Each entry up to the head of its batch; false when the batches are too large.
  bool cover() {
    for (auto seq : shown_) {
      if (!heads_.empty() && heads_.back().seq >= seq)
        continue;
      auto found = rows_.heads(made_.stream, seq, 1);
      if (found.empty())
        fail(seq, "is not covered by a signed head");
      heads_.push_back(found.front());
      spans_.add(seq, found.front().seq);
      if (spans_.count() > most())
        return false;
    }
    return true;
  }

  std::uint64_t most() const { return proof_leaves_most + shown_.size(); }

  // -- marks ----------------------------------------------------------------------------------------------------------

  using marks_of_witness = std::multimap<std::uint64_t, const ports::witness_mark*>;

  /// The nearest first, as far as there is room.
  void include(std::span<const ports::witness_mark> marks) {
    auto reaches = nearest(marks);
    std::ranges::stable_sort(reaches, {}, &reach::length);
    for (const auto& each : reaches) {
      auto room = marks_.size() < proof_marks_most || marks_.contains(place_of(*each.mark));
      if (!room || spans_.count() + spans_.missing(each.head, each.mark->seq) > most()) {
        ++made_.marks_left_out;
        continue;
      }
      spans_.add(each.head, each.mark->seq);
      marks_.emplace(place_of(*each.mark), each.mark);
    }
  }

  /// Of each witness the nearest mark at or after each head.
  std::vector<reach> nearest(std::span<const ports::witness_mark> marks) {
    auto end = rows_.last_head(made_.stream);
    std::map<ports::stream_id, marks_of_witness> by_witness;
    for (const auto& mark : marks)
      if (can_mark(mark.witness, made_.stream) && mark.stream == made_.stream && end && mark.seq <= end->seq)
        by_witness[mark.witness].emplace(mark.seq, &mark);
    std::vector<reach> reaches;
    for (const auto& [witness, of_witness] : by_witness)
      for (const auto& head : heads_)
        if (auto found = first_true(of_witness.lower_bound(head.seq), of_witness.end()); found != of_witness.end())
          reaches.push_back({head.seq, found->second});
    return reaches;
  }

  /// A mark of another history proves nothing of this one.
  marks_of_witness::const_iterator first_true(marks_of_witness::const_iterator at,
                                              marks_of_witness::const_iterator end) {
    while (at != end && row_at(at->first).link != at->second->link)
      ++at;
    return at;
  }

  using mark_place = std::pair<std::uint64_t, ports::stream_id>;
  static mark_place place_of(const ports::witness_mark& mark) { return {mark.seq, mark.witness}; }

  // -- segments -------------------------------------------------------------------------------------------------------

  /// False when a payload is too large.
  bool add_segment(std::uint64_t first, std::uint64_t end) {
    auto& segment = made_.segments.emplace_back();
    segment.first = first;
    segment.before = first == 1 ? first_link(made_.stream) : row_at(first - 1).link;
    for (auto seq = first; seq <= end;) {
      auto rows = rows_.entries(made_.stream, seq - 1, std::min<std::uint64_t>(chunk, end - seq + 1));
      if (rows.empty())
        fail(seq, "is missing");
      for (auto& row : rows) {
        if (row.header.seq != seq)
          fail(seq, "is missing");
        if (!add_row(segment, row))
          return false;
        ++seq;
      }
    }
    for (auto at = std::ranges::lower_bound(heads_, first, {}, &ports::signed_head::seq);
         at != heads_.end() && at->seq <= end; ++at)
      segment.heads.push_back(*at);
    for (auto at = marks_.lower_bound({first, {}}); at != marks_.end() && at->first.first <= end; ++at)
      segment.marks.push_back(*at->second);
    return true;
  }

  bool add_row(proof_segment& segment, entry_row& row) {
    if (!std::ranges::binary_search(shown_, row.header.seq)) {
      put(segment.leaves.content, leaf_of(row.header));
      return true;
    }
    const auto& header = row.header;
    proof_entry entry{header.seq,
                      header.epoch,
                      law::instant{std::chrono::milliseconds{header.recorded_at_ms}},
                      header.subject,
                      header.previous,
                      header.commitment,
                      {}};
    if (!row.erased) {
      if (row.content.size() > decltype(proof_payload::content)::max_bytes)
        return false;
      auto key = keys_ ? keys_->disclosure_key(header.epoch, row.nonce) : std::nullopt;
      entry.payload = proof_payload{{std::move(row.nonce)}, {std::move(row.content)}, key};
    }
    segment.entries.push_back(std::move(entry));
    return true;
  }

  store_reader& rows_;
  const stream_keys* keys_;
  proof made_;
  std::vector<std::uint64_t> shown_; ///< entries that stand in full, ascending
  std::vector<ports::signed_head> heads_;
  std::map<mark_place, const ports::witness_mark*> marks_; ///< that stand in the proof
  covered_spans spans_;
};

} // namespace

std::expected<proof, proof_refusal> make_proof(store_reader& rows, const ports::stream_id& stream,
                                               law::subject_id subject, const stream_keys* keys,
                                               std::span<const ports::witness_mark> marks, std::uint64_t last) {
  return proof_making{rows, stream, subject, keys}.run(marks, last);
}

} // namespace toit::journal
