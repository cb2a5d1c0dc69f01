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

std::optional<public_key> key_named_by(const ports::stream_id& stream, law::subject_id subject,
                                       const law::record& record) {
  const auto* changed = std::get_if<law::signing_key_changed>(&record.event);
  return changed && subject == subject_of_keys(stream) ? std::optional{changed->signing_key} : std::nullopt;
}

std::vector<std::uint64_t> changes_of_key(store_reader& rows, const ports::stream_id& stream) {
  std::vector<std::uint64_t> changes;
  for (auto seq = rows.last_of(stream, subject_of_keys(stream)); seq != 0;) {
    changes.push_back(seq);
    auto row = rows.entry(stream, seq);
    if (!row || row->header.previous >= seq)
      throw store_broken{"stream " + stream.text() + ", entry " + std::to_string(seq) + ": follows a later one"};
    seq = row->header.previous;
  }
  return changes;
}

std::vector<public_key> signers_of(store_reader& rows, const ports::stream_id& stream) {
  auto first = record_in_clear(rows, stream, 1);
  const auto* opened = first ? std::get_if<law::stream_opened>(&first->event) : nullptr;
  if (!opened)
    return {};
  std::vector signers{opened->signing_key};
  auto head = rows.last_head(stream);
  auto subject = subject_of_keys(stream);
  auto last = head ? rows.entry(stream, head->seq) : std::nullopt;
  bool never_changed = head && head->key_id == id_of(opened->signing_key) && last && last->header.subject != subject;
  if (!head || never_changed)
    return signers;
  auto changes = changes_of_key(rows, stream);
  for (auto seq = changes.rbegin(); seq != changes.rend(); ++seq) {
    auto covering = rows.heads(stream, *seq, 1);
    auto record = record_in_clear(rows, stream, *seq);
    auto named = record ? key_named_by(stream, subject, *record) : std::nullopt;
    if (named && !covering.empty() && covering.front().seq == *seq)
      signers.push_back(*named);
  }
  return signers;
}

} // namespace toit::journal
