#include "journal/signers.hpp"

#include "journal/codec.hpp"

namespace toit::journal {

namespace {

std::optional<law::record> record_in_clear(store_reader& rows, const ports::stream_id& stream, std::uint64_t seq) {
  auto row = rows.entry(stream, seq);
  return row && !row->erased && row->nonce.empty() ? decode(row->content) : std::nullopt;
}

} // namespace

law::subject_id subject_of_keys(const ports::stream_id& stream) {
  auto whole = hash("toit.keys.about", {view_of(stream.view())});
  law::subject_id subject;
  std::copy_n(whole.begin(), subject.bytes.size(), subject.bytes.begin());
  return subject;
}

std::vector<public_key> public_keys_of(std::span<const named_signer> signers) {
  std::vector<public_key> keys;
  for (const auto& signer : signers)
    keys.push_back(signer.key);
  return keys;
}

std::optional<public_key> key_named_by(const ports::stream_id& stream, law::subject_id subject,
                                       const law::record& record) {
  if (subject != subject_of_keys(stream))
    return std::nullopt;
  if (const auto* changed = std::get_if<law::signing_key_changed>(&record.event))
    return changed->signing_key;
  if (const auto* cut = std::get_if<law::authority_cut>(&record.event))
    return cut->signing_key;
  return std::nullopt;
}

std::optional<law::authority_cut> cut_that_is(const ports::stream_id& stream, const entry_header& header,
                                              const law::record& record, const place_before& before) {
  const auto* cut = std::get_if<law::authority_cut>(&record.event);
  if (!cut || header.subject != subject_of_keys(stream) || header.epoch <= before.epoch || cut->epoch != header.epoch ||
      header.seq != before.seq + 1 || cut->previous_seq != before.seq || cut->previous_link != before.link)
    return std::nullopt;
  return *cut;
}

namespace {

/// The changes from `last` back.
std::vector<std::uint64_t> changes_from(store_reader& rows, const ports::stream_id& stream, std::uint64_t last) {
  std::vector<std::uint64_t> changes;
  for (auto seq = last; seq != 0;) {
    changes.push_back(seq);
    auto row = rows.entry(stream, seq);
    if (!row || row->header.previous >= seq)
      throw store_broken{"stream " + stream.text() + ", entry " + std::to_string(seq) + ": follows a later one"};
    seq = row->header.previous;
  }
  return changes;
}

/// The first entry of the epoch that `last` is of: epochs never go back, so that it is found by halves.
std::uint64_t first_of_its_epoch(store_reader& rows, const ports::stream_id& stream, const entry_header& last) {
  std::uint64_t first = 1;
  for (auto end = last.seq; first < end;) {
    auto middle = first + (end - first) / 2;
    auto row = rows.entry(stream, middle);
    if (!row)
      throw store_broken{"stream " + stream.text() + ", entry " + std::to_string(middle) + ": is missing"};
    if (row->header.epoch < last.epoch)
      first = middle + 1;
    else
      end = middle;
  }
  return first;
}

} // namespace

std::vector<std::uint64_t> changes_of_key(store_reader& rows, const ports::stream_id& stream) {
  return changes_from(rows, stream, rows.last_of(stream, subject_of_keys(stream)));
}

std::vector<ports::cut_place> cuts_of(store_reader& rows, const ports::stream_id& stream) {
  std::vector<ports::cut_place> cuts;
  auto head = rows.last_head(stream);
  auto last = head ? rows.entry(stream, head->seq) : std::nullopt;
  while (last && last->header.epoch != 0) {
    auto seq = first_of_its_epoch(rows, stream, last->header);
    cuts.push_back({last->header.epoch, seq});
    last = rows.entry(stream, seq - 1);
  }
  std::ranges::reverse(cuts);
  return cuts;
}

std::optional<law::authority_cut> cut_at(store_reader& rows, const ports::stream_id& stream, std::uint64_t seq) {
  auto record = record_in_clear(rows, stream, seq);
  const auto* cut = record ? std::get_if<law::authority_cut>(&record->event) : nullptr;
  return cut ? std::optional{*cut} : std::nullopt;
}

namespace {

/// The last change or cut, 0 for none. All headers are looked through only where the last head is not of the key that
/// the epoch has begun with.
std::uint64_t last_change(store_reader& rows, const ports::stream_id& stream, const ports::signed_head& head,
                          const public_key& opening) {
  auto cuts = cuts_of(rows, stream);
  auto begun_at = cuts.empty() ? 0 : cuts.back().seq;
  auto cut = cut_at(rows, stream, begun_at);
  auto last = rows.entry(stream, head.seq);
  bool is_change = last && last->header.seq != begun_at && last->header.subject == subject_of_keys(stream);
  if (last && !is_change && head.key_id == id_of(cut ? cut->signing_key : opening))
    return begun_at;
  return rows.last_of(stream, subject_of_keys(stream));
}

} // namespace

std::optional<public_key> opening_key(store_reader& rows, const ports::stream_id& stream) {
  auto first = record_in_clear(rows, stream, 1);
  const auto* opened = first ? std::get_if<law::stream_opened>(&first->event) : nullptr;
  return opened ? std::optional{opened->signing_key} : std::nullopt;
}

std::vector<named_signer> named_signers_of(store_reader& rows, const ports::stream_id& stream) {
  auto opening = opening_key(rows, stream);
  if (!opening)
    return {};
  std::vector signers{named_signer{*opening, 0, 0}};
  auto head = rows.last_head(stream);
  if (!head)
    return signers;
  auto changes = changes_from(rows, stream, last_change(rows, stream, *head, *opening));
  for (auto seq = changes.rbegin(); seq != changes.rend(); ++seq) {
    auto covering = rows.heads(stream, *seq, 1);
    auto record = record_in_clear(rows, stream, *seq);
    auto named = record ? key_named_by(stream, subject_of_keys(stream), *record) : std::nullopt;
    if (named && !covering.empty() && covering.front().seq == *seq)
      signers.push_back({*named, covering.front().epoch, *seq});
  }
  return signers;
}

std::vector<public_key> signers_of(store_reader& rows, const ports::stream_id& stream) {
  return public_keys_of(named_signers_of(rows, stream));
}

} // namespace toit::journal
