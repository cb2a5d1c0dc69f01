#include "journal/codec.hpp"
#include "journal/proof.hpp"
#include "journal/signers.hpp"

#include <map>
#include <set>

namespace toit::journal {

namespace {

constexpr std::size_t proof_faults_most = 100;
constexpr std::uint64_t seq_end = std::uint64_t{1} << 44;

enum class signature_check : std::uint8_t { good, bad, by_a_stranger };

/// `Signed` is a head or a mark; more than one key may have its id.
template <class Signed>
signature_check check_signature(const Signed& made, std::span<const public_key> keys, public_key& by) {
  auto found = signature_check::by_a_stranger;
  for (const auto& key : keys)
    if (id_of(key) == made.key_id) {
      by = key;
      if (verify(made, key))
        return signature_check::good;
      found = signature_check::bad;
    }
  return found;
}

// -- shape ----------------------------------------------------------------------------------------------------------

bool has_shape(const proof_entry& entry) {
  if (!entry.payload)
    return true;
  auto nonce = entry.payload->nonce.content.size();
  return nonce == entry_nonce_bytes || (nonce == 0 && !entry.payload->key);
}

bool has_shape(const proof_segment& segment, std::uint64_t after) {
  if (segment.first <= after || segment.first >= seq_end || segment.entries.empty() ||
      segment.leaves.content.size() % 32 != 0 || segment.last() >= seq_end)
    return false;
  auto within = [&](const auto& each) { return each.seq >= segment.first && each.seq <= segment.last(); };
  auto mark_place = [](const auto& mark) { return std::pair{mark.seq, mark.witness}; };
  auto ascends = [](const auto& list, auto place) {
    return std::ranges::adjacent_find(list, std::ranges::greater_equal{}, place) == list.end();
  };
  return std::ranges::all_of(segment.entries, [](const auto& entry) { return has_shape(entry); }) &&
         std::ranges::all_of(segment.entries, within) && ascends(segment.entries, &proof_entry::seq) &&
         std::ranges::all_of(segment.heads, within) && ascends(segment.heads, &ports::signed_head::seq) &&
         std::ranges::all_of(segment.marks, within) && ascends(segment.marks, mark_place);
}

/// Where the first segment begins that is not as the format says.
std::optional<std::uint64_t> misshapen(const proof& given) {
  if (given.segments.empty() || given.segments.front().first != 1 || given.segments.front().entries.empty() ||
      given.segments.front().entries.front().seq != 1)
    return 1;
  std::uint64_t after = 0;
  std::size_t entries = 0;
  std::size_t leaves = 0;
  std::size_t marks = 0;
  for (const auto& segment : given.segments) {
    entries += segment.entries.size();
    leaves += segment.leaves.content.size() / 32;
    marks += segment.marks.size();
    auto can = [&](const auto& mark) { return can_mark(mark.witness, given.stream); };
    if (!has_shape(segment, after) || !std::ranges::all_of(segment.marks, can) || entries > proof_entries_most + 1 ||
        leaves > proof_leaves_most || marks > proof_marks_most)
      return segment.first;
    // A segment that followed on this one would be part of it.
    after = segment.last() + 1;
  }
  return std::nullopt;
}

// -- what it proves -------------------------------------------------------------------------------------------------

class proof_checking {
public:
  proof_checking(const proof& given, std::span<const known_signer> known)
      : given_{given}, about_keys_{subject_of_keys(given.stream)} {
    for (const auto& signer : known)
      known_[signer.stream].push_back(signer.key);
    report_.stream = given.stream;
    report_.subject = given.subject;
    report_.marks_left_out = given.marks_left_out;
  }

  proof_report run() {
    if (auto at = misshapen(given_)) {
      fault(*at, proof_fault_reason::shape);
      return std::move(report_);
    }
    for (const auto& segment : given_.segments)
      check_segment(segment);
    check_erasures();
    report_.vouched = known_.contains(given_.stream) && report_.accepted();
    report_.witnesses_unknown.assign(unknown_.begin(), unknown_.end());
    if (!report_.accepted())
      report_.entries.clear();
    std::ranges::stable_sort(report_.faults, {}, &proof_fault::seq);
    return std::move(report_);
  }

private:
  void fault(std::uint64_t seq, proof_fault_reason reason) {
    if (report_.faults.size() < proof_faults_most)
      report_.faults.push_back({seq, reason});
  }

  void check_segment(const proof_segment& segment) {
    segment_ = {};
    segment_.begins = segment_.covered = report_.entries.size();
    report_.leaves += segment.leaves.content.size() / 32;
    auto link = segment.before;
    if (segment.first == 1 && link != first_link(given_.stream))
      fault(1, proof_fault_reason::opening);
    auto entry = segment.entries.begin();
    auto head = segment.heads.begin();
    auto mark = segment.marks.begin();
    auto leaves = byte_view{segment.leaves.content};
    for (auto seq = segment.first; seq <= segment.last(); ++seq) {
      bytes32 leaf{};
      if (entry != segment.entries.end() && entry->seq == seq) {
        leaf = check_entry(*entry++, {last_.epoch, seq - 1, link});
      } else {
        std::ranges::copy(leaves.first(32), leaf.begin());
        leaves = leaves.subspan(32);
      }
      link = next_link(link, leaf);
      if (!report_.entries.empty() && report_.entries.back().seq == seq)
        report_.entries.back().link = link;
      if (head != segment.heads.end() && head->seq == seq)
        check_head(*head++, link);
      for (; mark != segment.marks.end() && mark->seq == seq; ++mark)
        check_mark(*mark, link);
    }
    for (auto seq : segment_.uncovered)
      fault(seq, proof_fault_reason::not_covered);
  }

  /// The entry's leaf.
  bytes32 check_entry(const proof_entry& entry, const place_before& before) {
    using enum proof_fault_reason;
    segment_.uncovered.push_back(entry.seq);
    bool of_subject = entry.subject == given_.subject;
    bool of_keys = entry.subject == about_keys_;
    if (!of_subject && !of_keys && entry.seq != 1)
      fault(entry.seq, other_subject);
    if ((of_subject && entry.previous != last_of_subject_) || (of_keys && entry.previous != last_of_keys_))
      fault(entry.seq, subject_order);
    if (of_keys)
      last_of_keys_ = entry.seq;
    change_.reset();
    names_cut_ = false;
    if (entry.epoch < last_.epoch)
      fault(entry.seq, epoch_back);
    if (entry.recorded_at < last_.recorded_at)
      fault(entry.seq, time_back);
    last_ = {entry.seq, entry.epoch, entry.recorded_at, {}, 0, {}, {}};
    proved_entry proved{entry.seq, entry.epoch, entry.recorded_at, proof_content::erased, {}, {}, {}, {}};
    if (entry.payload)
      check_payload(entry, *entry.payload, proved);
    else
      erased_.insert(entry.seq);
    if (proved.content == proof_content::clear && proved.record)
      check_clear(entry, *proved.record, before);
    if (entry.epoch > before.epoch && !names_cut_)
      fault(entry.seq, no_cut);
    if (entry.seq == 1 && !report_.opening)
      fault(1, opening);
    if (of_subject) {
      last_of_subject_ = entry.seq;
      report_.entries.push_back(std::move(proved));
    }
    return leaf_of(header_of(entry));
  }

  static entry_header header_of(const proof_entry& entry) {
    return {entry.seq,     entry.epoch,    entry.recorded_at.time_since_epoch().count(),
            entry.subject, entry.previous, entry.commitment};
  }

  void check_payload(const proof_entry& entry, const proof_payload& payload, proved_entry& proved) {
    const auto& nonce = payload.nonce.content;
    const auto& content = payload.content.content;
    if (nonce.empty())
      proved.content = proof_content::clear;
    else
      proved.content = payload.key ? proof_content::disclosed : proof_content::closed;
    if (commitment_of(nonce, content) != entry.commitment)
      return fault(entry.seq, proof_fault_reason::payload);
    if (proved.content == proof_content::closed)
      return;
    auto plain = payload.key ? open_disclosed(*payload.key, given_.stream, entry.epoch, entry.subject, nonce, content)
                             : std::optional{content};
    if (!plain)
      return fault(entry.seq, proof_fault_reason::disclosure);
    proved.record = decode(*plain);
    if (proved.record && !nonce.empty() && is_in_clear(proved.record->event))
      proved.record.reset();
    if (!proved.record)
      fault(entry.seq, proof_fault_reason::unknown_payload);
  }

  void check_clear(const proof_entry& entry, const law::record& record, const place_before& before) {
    if (const auto* opened = std::get_if<law::stream_opened>(&record.event)) {
      if (entry.seq == 1)
        report_.opening = *opened;
      else
        fault(entry.seq, proof_fault_reason::opening);
    }
    bool is_cut = names_cut_ = std::holds_alternative<law::authority_cut>(record.event);
    if (is_cut && !cut_that_is(given_.stream, header_of(entry), record, before))
      fault(entry.seq, proof_fault_reason::cut);
    if (auto named = key_named_by(given_.stream, entry.subject, record))
      change_ = {entry.seq, *named, is_cut, entry.epoch};
    else if (std::holds_alternative<law::signing_key_changed>(record.event))
      fault(entry.seq, proof_fault_reason::opening);
    auto emptied = law::emptied_by(record.event);
    if (entry.subject == given_.subject)
      announced_.insert(emptied.begin(), emptied.end());
  }

  void check_head(const ports::signed_head& head, const bytes32& link) {
    using enum proof_fault_reason;
    segment_.uncovered.clear();
    public_key by{};
    if (head.stream != given_.stream)
      return fault(head.seq, other_stream);
    if (head.link != link)
      return fault(head.seq, head_link);
    auto found = check_signer(head, by);
    if (found == signature_check::by_a_stranger && known_.contains(given_.stream))
      return fault(head.seq, unknown_signer);
    if (found != signature_check::good)
      return fault(head.seq, head_signature);
    for (; segment_.covered < report_.entries.size(); ++segment_.covered)
      report_.entries[segment_.covered].signer = by;
  }

  /// By the key that the last change names, or before any by one known from elsewhere or that of the opening. A change
  /// under this head counts when that key endorses it, or when the new one is known from elsewhere. A cut is alone
  /// under its head, which the key that it names signs: that too is to be known where others are.
  signature_check check_signer(const ports::signed_head& head, public_key& by) {
    auto trusted = known_.find(given_.stream);
    bool has_change = change_ && change_->seq == head.seq;
    auto is_known = [&] {
      return trusted != known_.end() && std::ranges::find(trusted->second, change_->key) != trusted->second.end();
    };
    if (has_change && change_->is_cut)
      return check_cut_signer(head, trusted == known_.end() || is_known(), by);
    std::vector<public_key> keys;
    if (named_)
      keys.push_back(*named_);
    else if (trusted != known_.end())
      keys = trusted->second;
    else if (report_.opening)
      keys.push_back(report_.opening->signing_key);
    auto found = check_signature(head, keys, by);
    if (!has_change)
      return found;
    if (found != signature_check::good && is_known() && verify(head, change_->key)) {
      found = signature_check::good;
      by = change_->key;
    }
    if (found == signature_check::good)
      named_ = change_->key;
    return found;
  }

  signature_check check_cut_signer(const ports::signed_head& head, bool may_sign, public_key& by) {
    if (head.first != head.seq || head.epoch != change_->epoch)
      fault(head.seq, proof_fault_reason::cut);
    if (!may_sign)
      return signature_check::by_a_stranger;
    auto found = check_signature(head, std::span{&change_->key, 1}, by);
    if (found == signature_check::good)
      named_ = change_->key;
    return found;
  }

  void check_mark(const ports::witness_mark& mark, const bytes32& link) {
    using enum proof_fault_reason;
    if (mark.stream != given_.stream)
      return fault(mark.seq, other_stream);
    if (mark.link != link)
      return fault(mark.seq, mark_link);
    auto trusted = known_.find(mark.witness);
    if (trusted == known_.end()) {
      unknown_.insert(mark.witness);
      return;
    }
    public_key by{};
    auto found = check_signature(mark, trusted->second, by);
    if (found != signature_check::good)
      return fault(mark.seq, found == signature_check::bad ? mark_signature : unknown_signer);
    auto& witnessed = segment_.witnessed.try_emplace(mark.witness, segment_.begins).first->second;
    for (; witnessed < report_.entries.size(); ++witnessed)
      report_.entries[witnessed].witnesses.push_back({mark.witness, mark.at, mark.seq});
  }

  void check_erasures() {
    for (auto seq : erased_)
      if (!announced_.contains(seq))
        fault(seq, proof_fault_reason::unannounced_erasure);
    for (const auto& segment : given_.segments)
      for (const auto& entry : segment.entries)
        if (entry.payload && announced_.contains(entry.seq))
          fault(entry.seq, proof_fault_reason::unfinished_erasure);
  }

  /// Of the segment that is being read: places in the report's entries, and what waits for a head.
  struct reading {
    std::size_t begins = 0;
    std::size_t covered = 0;
    std::vector<std::uint64_t> uncovered;
    std::map<ports::stream_id, std::size_t> witnessed;
  };

  const proof& given_;
  std::map<ports::stream_id, std::vector<public_key>> known_;
  proof_report report_;
  reading segment_;
  proof_entry last_;
  std::uint64_t last_of_subject_ = 0;
  law::subject_id about_keys_;
  std::uint64_t last_of_keys_ = 0;
  /// The last entry in full, when it is a change of key or a cut.
  struct change_of_key {
    std::uint64_t seq = 0;
    public_key key{};
    bool is_cut = false;
    std::uint32_t epoch = 0;
  };
  std::optional<change_of_key> change_;
  bool names_cut_ = false;          ///< likewise, wherever the cut stands
  std::optional<public_key> named_; ///< by the last change or cut that counts
  std::set<std::uint64_t> erased_;
  std::set<std::uint64_t> announced_;
  std::set<ports::stream_id> unknown_;
};

} // namespace

proof_report verify_proof(const proof& given, std::span<const known_signer> known) {
  return proof_checking{given, known}.run();
}

} // namespace toit::journal
