#include "journal/verify.hpp"

#include "journal/codec.hpp"
#include "journal/flat_table.hpp"
#include "journal/orphan_check.hpp"

#include <functional>
#include <map>
#include <set>
#include <utility>

namespace toit::journal {

namespace {

constexpr std::size_t rows_at_once = 4096;
constexpr std::size_t fault_limit = 100;

std::string_view sentence_of(fault_reason reason) {
  static constexpr auto sentences = std::to_array<std::string_view>(
      {"l'écriture manque",
       "la ligne ne se lit pas",
       "l'en-tête n'est pas celui qui a été chaîné",
       "le contenu n'est pas celui qui a été écrit",
       "l'époque recule",
       "l'heure d'enregistrement recule",
       "l'écriture ne suit pas la dernière de son dossier",
       "le contenu ne s'ouvre pas, ou n'est d'aucune sorte connue",
       "un flux commence par son ouverture, une seule fois",
       "une autre histoire que celle de la tête connue d'ailleurs",
       "une tête signée manque",
       "la tête signée n'est pas celle de la chaîne",
       "la signature de la tête ne correspond pas",
       "la tête connaît moins du flux ordonnateur que la précédente",
       "la fin manque : une tête signée couvre plus d'écritures",
       "aucune tête signée ne couvre les dernières écritures",
       "le flux finit avant la tête connue d'ailleurs",
       "le contenu manque et aucun effacement ne le dit",
       "un effacement dit que le contenu est détruit, et il est là",
       "une époque commence sans que le journal y ait été repris",
       "la reprise du journal ne suit pas ce qu'elle cite, ou n'est pas seule sous sa tête",
       "ce qu'une reprise a mis de côté n'est pas ce qui a été écrit",
       "l'écriture que cite la reprise du journal n'ouvre pas cette époque"});
  static_assert(sentences.size() == law::enum_count<fault_reason>);
  return sentences[static_cast<std::size_t>(reason)];
}

class verification {
public:
  verification(store_reader& rows, const ports::stream_id& stream, const stream_keys* keys,
               std::span<const public_key> known)
      : rows_{rows}, keys_{keys}, known_{known} {
    report_.stream = stream;
    before_.link = report_.link = first_link(stream);
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
      check_tails();
    } catch (const store_broken& failure) {
      fault(reading_, fault_reason::unreadable, std::string{" ("} + failure.what() + ")");
    }
    report_.signers = public_keys_of(signers_);
    std::ranges::stable_sort(report_.faults, {}, &verify_fault::seq);
    return std::move(report_);
  }

private:
  void fault(std::uint64_t seq, fault_reason reason, std::string_view detail = {}) {
    auto& told = std::prev(faults_since_.upper_bound(seq))->second;
    if (told++ < fault_limit)
      report_.faults.push_back({report_.stream, seq, reason, std::string{sentence_of(reason)}.append(detail)});
  }

  /// False at the end of the stream.
  bool read_some() {
    try {
      return read(rows_at_once);
    } catch (const store_broken&) {
      // One by one up to the row that cannot be read: it ends the reading, and has a place.
      for (std::size_t i = 0; i < rows_at_once && read(1); ++i) {
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
    auto before = std::exchange(before_, {found.epoch, found.seq, row.link});
    // Going on from what is written finds the next fault too.
    report_.link = row.link;
    links_[found.seq] = row.link;
    check_payload(row, before);
    if (found.epoch > before.epoch && !names_cut_)
      fault(found.seq, no_cut);
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

  void check_payload(const entry_row& row, const place_before& before) {
    names_cut_ = false;
    if (row.erased) {
      erased_.emplace(row.header.seq, row.header.subject);
      ++report_.erased;
      return;
    }
    if (commitment_of(row.nonce, row.content) != row.header.commitment)
      return fault(row.header.seq, fault_reason::payload);
    if (row.nonce.empty())
      check_clear(row, before);
    else if (keys_)
      check_sealed(row);
    if (row.header.seq == 1 && !report_.signer)
      fault(1, fault_reason::opening);
  }

  void check_clear(const entry_row& row, const place_before& before) {
    auto record = decode(row.content);
    if (!record)
      return fault(row.header.seq, fault_reason::unknown_payload);
    if (const auto* opened = std::get_if<law::stream_opened>(&record->event)) {
      if (row.header.seq == 1)
        signers_ = {{*(report_.signer = opened->signing_key), 0, 0}};
      else
        fault(row.header.seq, fault_reason::opening);
    }
    if (std::holds_alternative<law::authority_cut>(record->event))
      check_cut(row.header, *record, before);
    else if (auto named = key_named_by(report_.stream, row.header.subject, *record))
      named_[row.header.seq] = *named;
    else if (std::holds_alternative<law::signing_key_changed>(record->event))
      fault(row.header.seq, fault_reason::opening);
    for (auto seq : law::emptied_by(record->event))
      announced_.emplace(seq, row.header.subject);
  }

  void check_cut(const entry_header& header, const law::record& record, const place_before& before) {
    names_cut_ = true;
    auto cut = cut_that_is(report_.stream, header, record, before);
    if (!cut)
      return fault(header.seq, fault_reason::cut);
    cuts_.emplace(header.seq, *cut);
    faults_since_.try_emplace(header.seq);
  }

  void check_sealed(const entry_row& row) {
    auto plain = keys_->decrypt(row.header.epoch, row.header.subject, row.nonce, row.content);
    auto record = plain ? decode(*plain) : std::nullopt;
    if (!record || is_in_clear(record->event))
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
    for (; !cuts_.empty() && cuts_.begin()->first <= head.seq; cuts_.erase(cuts_.begin()))
      if (!is_alone(cuts_.begin()->first, head))
        fault(cuts_.begin()->first, cut);
    if (head.ordering_seq < last_head_.ordering_seq)
      fault(head.seq, ordering_back);
  }

  bool is_alone(std::uint64_t cut, const ports::signed_head& head) const {
    return head.seq == cut && head.first == cut && head.epoch == cuts_.at(cut).epoch;
  }

  /// By the key so far, or by that which an entry under this very head names, when it is known from elsewhere. A cut
  /// alone under its head by the key that it names: the one before has no say in it.
  bool check_signature(const ports::signed_head& head) {
    if (auto begun = cuts_.find(head.seq); begun != cuts_.end() && is_alone(head.seq, head))
      return check_cut_signature(head, begun->second);
    auto change = named_.find(head.seq);
    bool by_the_last = !signers_.empty() && verify(head, signers_.back().key);
    if (!by_the_last && (change == named_.end() || std::ranges::find(known_, change->second) == known_.end() ||
                         !verify(head, change->second)))
      return false;
    if (change != named_.end())
      signers_.push_back({change->second, head.epoch, head.seq});
    return true;
  }

  bool check_cut_signature(const ports::signed_head& head, const law::authority_cut& cut) {
    if (!verify(head, cut.signing_key))
      return false;
    signers_.push_back({cut.signing_key, cut.epoch, head.seq});
    report_.epochs.push_back({cut.epoch, head.seq, cut.ordered_by.str(), cut.ordered_seq});
    return true;
  }

  // -- what cuts have left out ----------------------------------------------------------------------------------------

  void check_tails() {
    for (const auto& tail : rows_.orphan_tails())
      if (tail.stream == report_.stream)
        check_tail(tail);
  }

  /// From the entry that the cut names, or that another tail has at its place.
  void check_tail(const ports::orphan_position& tail) {
    verified_tail found{tail.cut, 0};
    auto first = rows_.orphan_heads(tail.stream, tail.cut, 0, 1);
    auto at = first.empty() || first.front().first == 0 ? std::nullopt : begin_of(first.front().first - 1);
    while (at && at->seq < tail.seq && check_tail_batch(tail.cut, *at, found))
      ;
    bool goes_on = !rows_.orphan_heads(tail.stream, tail.cut, tail.seq + 1, 1).empty();
    if (!at || at->seq != tail.seq || at->link != tail.link || goes_on)
      fault(at ? at->seq + 1 : tail.seq, fault_reason::orphan_tail);
    report_.tails.push_back(found);
  }

  /// Where a tail begins, with the key that signs its first head in `tail_signer_`.
  std::optional<tail_place> begin_of(std::uint64_t seq) {
    auto row = rows_.entry(report_.stream, seq);
    auto heads = rows_.heads(report_.stream, seq, 1);
    if (!row || heads.empty() || heads.front().seq != seq || signers_.empty())
      return std::nullopt;
    tail_signer_ = signers_.front().key;
    for (const auto& signer : signers_)
      if (signer.named_at <= seq)
        tail_signer_ = signer.key;
    return tail_place{seq, row->header.epoch, row->header.recorded_at_ms, row->link, heads.front().ordering_seq};
  }

  /// False at the first batch that is not as it was written; `at` is then the entry before what is wrong.
  bool check_tail_batch(std::uint32_t cut, tail_place& at, verified_tail& found) {
    auto heads = rows_.orphan_heads(report_.stream, cut, at.seq + 1, 1);
    if (heads.empty())
      return false;
    const auto& head = heads.front();
    auto before = at;
    entry_row last;
    while (at.seq < head.seq) {
      auto rows =
          rows_.orphan_entries(report_.stream, cut, at.seq, std::min<std::uint64_t>(rows_at_once, head.seq - at.seq));
      for (auto& row : rows) {
        if (!follows(at, row, cut))
          return false;
        at = {row.header.seq, row.header.epoch, row.header.recorded_at_ms, row.link, at.ordering_seq};
        ++found.entries;
        last = std::move(row);
      }
      if (rows.empty())
        return false;
    }
    if (!ends_batch(head, before, last) || !check_tail_signature(head, last)) {
      at.seq = head.seq - 1;
      return false;
    }
    at.ordering_seq = head.ordering_seq;
    return true;
  }

  bool check_tail_signature(const ports::signed_head& head, const entry_row& last) {
    auto record = !last.erased && last.nonce.empty() ? decode(last.content) : std::nullopt;
    auto named = record ? key_named_by(report_.stream, last.header.subject, *record) : std::nullopt;
    bool is_cut = record && std::holds_alternative<law::authority_cut>(record->event);
    bool by_the_named = named && (is_cut || std::ranges::find(known_, *named) != known_.end()) && verify(head, *named);
    bool good = by_the_named || (!is_cut && verify(head, tail_signer_));
    if (good && named)
      tail_signer_ = *named;
    return good;
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
  std::map<std::uint64_t, bytes32> links_;           ///< of entries whose head has not been read yet
  std::map<std::uint64_t, public_key> named_;        ///< by changes of key under a head that has not been read yet
  std::map<std::uint64_t, law::authority_cut> cuts_; ///< likewise
  std::vector<named_signer> signers_;
  public_key tail_signer_{};
  place_before before_;
  bool names_cut_ = false; ///< the entry that is being looked at
  std::map<std::uint64_t, law::subject_id> erased_;
  std::map<std::uint64_t, law::subject_id> announced_;
  std::multimap<std::uint64_t, bytes32> expected_;
  std::map<std::uint64_t, std::size_t> faults_since_{{0, 0}}; ///< each cut: how many from there to the next
};

} // namespace

verify_report verify_stream(store_reader& rows, const ports::stream_id& stream,
                            std::span<const ports::signed_head> expected, const stream_keys* keys,
                            const std::function<void(std::uint64_t)>& progress, std::span<const public_key> known) {
  return verification{rows, stream, keys, known}.run(expected, progress);
}

namespace {

/// Absent where the file has it not. What cannot be read there is told of its own stream.
std::optional<entry_row> entry_if_here(store_reader& rows, const ports::stream_id& stream, std::uint64_t seq) {
  try {
    return rows.entry(stream, seq);
  } catch (const store_broken&) {
    return std::nullopt;
  }
}

/// In clear, as all that a State authority's stream says of itself.
std::optional<law::record> record_of_clear(const entry_row& row) {
  return !row.erased && row.nonce.empty() ? decode(row.content) : std::nullopt;
}

/// By agreement the next host goes on where the one before has closed, and nowhere else.
bool opens(const law::authority_passed& passed, const ports::stream_id& stream, const law::authority_cut& cut) {
  bool goes_on_there = passed.closed_seq == 0 || std::pair{passed.closed_seq, passed.closed_link} ==
                                                     std::pair{cut.previous_seq, cut.previous_link};
  return stream.view() == "T" + passed.territory.text() && passed.epoch == cut.epoch && goes_on_there;
}

class order_check {
public:
  order_check(store_reader& rows, const ports::stream_id& stream) : rows_{rows}, stream_{stream} {}

  void check(verified_epoch& begun) {
    constexpr std::uint64_t beyond_any = std::uint64_t{1} << 44;
    auto ordering = ports::stream_id::parse(begun.ordered_by);
    // Whoever hosts a territory's stream could open an epoch for himself in it.
    if (!ordering || !ordering->view().starts_with('S') || begun.ordered_seq == 0 || begun.ordered_seq >= beyond_any) {
      begun.order = epoch_order::other;
      return;
    }
    auto row = entry_if_here(rows_, *ordering, begun.ordered_seq);
    auto cut = cut_of(begun);
    if (!row || !cut)
      return;
    auto record = record_of_clear(*row);
    const auto* passed = record ? std::get_if<law::authority_passed>(&record->event) : nullptr;
    bool is_opened = passed && opens(*passed, stream_, *cut) && is_key_of(passed->host.str(), cut->signing_key);
    begun.order = is_opened ? epoch_order::opened : epoch_order::other;
    if (is_opened)
      begun.host = passed->host.str();
  }

private:
  std::optional<law::authority_cut> cut_of(const verified_epoch& begun) {
    auto row = entry_if_here(rows_, stream_, begun.cut_seq);
    auto record = row ? record_of_clear(*row) : std::nullopt;
    const auto* cut = record ? std::get_if<law::authority_cut>(&record->event) : nullptr;
    return cut ? std::optional{*cut} : std::nullopt;
  }

  bool is_key_of(const std::string& host, const public_key& key) {
    return host_of_.try_emplace(key, host).first->second == host;
  }

  store_reader& rows_;
  const ports::stream_id& stream_;
  std::map<public_key, std::string> host_of_; ///< as epochs before have shown
};

} // namespace

// [L441-2-7-4-1]
void hold_against_orders(store_reader& rows, verify_report& report) {
  order_check orders{rows, report.stream};
  for (auto& begun : report.epochs) {
    orders.check(begun);
    if (begun.order == epoch_order::other)
      report.faults.push_back({report.stream, begun.cut_seq, fault_reason::not_ordered,
                               std::string{sentence_of(fault_reason::not_ordered)}
                                   .append(" (")
                                   .append(begun.ordered_by)
                                   .append(", ")
                                   .append(std::to_string(begun.ordered_seq))
                                   .append(")")});
  }
  std::ranges::stable_sort(report.faults, {}, &verify_fault::seq);
}

bool is_its_hosts(fault_reason reason) {
  using enum fault_reason;
  return reason == subject_order || reason == unknown_payload || reason == head_signature ||
         reason == unannounced_erasure || reason == unfinished_erasure || reason == orphan_tail ||
         reason == not_ordered;
}

bool is_former_hosts(const verify_report& report, const verify_fault& fault) {
  bool is_before = !report.epochs.empty() && fault.seq < report.epochs.back().cut_seq;
  return is_its_hosts(fault.reason) && (is_before || fault.reason == fault_reason::orphan_tail);
}

} // namespace toit::journal
