// Streams as they travel, read from the store.

#include "journal/transfers.hpp"

#include "journal/codec.hpp"
#include "journal/node_journal.hpp"
#include "journal/signers.hpp"
#include "journal/withheld.hpp"

#include <map>
#include <set>

namespace toit::journal {

namespace {

ports::sealed_entry entry_of(entry_row&& row) {
  ports::sealed_entry entry;
  entry.seq = row.header.seq;
  entry.epoch = row.header.epoch;
  entry.recorded_at_ms = static_cast<std::uint64_t>(row.header.recorded_at_ms);
  entry.subject = row.header.subject;
  entry.previous = row.header.previous;
  entry.commitment = row.header.commitment;
  if (!row.erased) {
    entry.nonce = std::move(row.nonce);
    entry.content = std::move(row.content);
  }
  return entry;
}

constexpr std::size_t entries_at_once = 512;
constexpr std::size_t heads_at_once = 512;

/// The entries of whole batches after `after`: as many as keep within `bytes_most`, and one at least. What is left of
/// `heads` is theirs. `read` gives rows after a sequence, so many at most; `beside` the bytes that travel beside an
/// entry about a subject.
template <class Heads, class Read, class Beside>
void take_batches(Heads& heads, law::list<ports::sealed_entry, 65536>& entries, std::uint64_t after,
                  std::size_t bytes_most, Read read, Beside beside) {
  std::size_t size = 0;
  std::vector<entry_row> rows;
  std::size_t next = 0;
  auto last_read = after;
  std::size_t taken = 0;
  for (const auto& head : heads) {
    // A batch is taken whole or not at all.
    std::vector<ports::sealed_entry> batch;
    std::size_t batch_bytes = 0;
    while (last_read < head.seq) {
      if (next == rows.size()) {
        rows = read(last_read, std::min<std::size_t>(entries_at_once, heads.back().seq - last_read));
        next = 0;
        if (rows.empty())
          throw store_broken{"stream " + head.stream.text() + " has a head and not its entries"};
      }
      auto& row = rows[next++];
      last_read = row.header.seq;
      batch_bytes += ports::entry_overhead_bytes + row.nonce.size() + row.content.size() + beside(row.header.subject);
      batch.push_back(entry_of(std::move(row)));
    }
    if (!entries.empty() && size + batch_bytes > bytes_most)
      break;
    size += batch_bytes;
    ++taken;
    entries.insert(entries.end(), std::make_move_iterator(batch.begin()), std::make_move_iterator(batch.end()));
  }
  heads.resize(taken);
}

class transfers_from_store : public ports::transfer_source {
public:
  explicit transfers_from_store(std::unique_ptr<store_reader> rows) : rows_{std::move(rows)} {}

  std::vector<ports::stream_position> positions() override {
    std::vector<ports::stream_position> found;
    for (const auto& stream : rows_->streams())
      if (auto at = position(stream))
        found.push_back(*at);
    return found;
  }

  std::optional<ports::stream_position> position(const ports::stream_id& stream) override {
    auto head = rows_->last_head(stream);
    if (!head)
      return std::nullopt;
    return ports::stream_position{stream, head->epoch, head->seq, head->link};
  }

  std::optional<law::bytes32> link_at(const ports::stream_id& stream, std::uint64_t seq) override {
    if (seq == 0)
      return first_link(stream);
    auto row = rows_->entry(stream, seq);
    return row ? std::optional{row->link} : std::nullopt;
  }

  std::optional<ports::signed_head> head_covering(const ports::stream_id& stream, std::uint64_t seq) override {
    auto heads = rows_->heads(stream, seq, 1);
    return heads.empty() ? std::nullopt : std::optional{heads.front()};
  }

  ports::transfer_ptr read(const ports::stream_id& stream, std::uint64_t after, std::size_t bytes_most) override {
    held_reads together{*rows_};
    auto heads = rows_->heads(stream, after + 1, heads_at_once);
    if (heads.empty())
      return nullptr;
    auto made = std::make_shared<ports::transfer>();
    made->stream = stream;
    accounts_by_subject accounts;
    take_batches(
        heads, made->entries, after, bytes_most,
        [&](std::uint64_t seq, std::size_t limit) { return rows_->entries(stream, seq, limit); },
        [&](law::subject_id subject) { return look_for_account(stream, subject, accounts); });
    made->heads.assign(heads.begin(), heads.end());
    add_accounts(*made, accounts);
    add_keys(*made, after);
    if (auto last = rows_->last_head(stream); last && last->key_id != made->heads.back().key_id)
      made->heads.push_back(*last);
    return made;
  }

  /// Tombstones are in clear: who holds a replica must see them.
  ports::destroyed_documents destroyed(const ports::stream_id& stream, std::uint64_t after,
                                       std::size_t entries_most) override {
    constexpr std::size_t bytes_most = std::size_t{1} << 20; // whatever a host has put into its entries
    auto head = rows_->last_head(stream);
    auto last = std::min<std::uint64_t>(head ? head->seq : 0, after + entries_most);
    ports::destroyed_documents told{after, {}, 0};
    while (told.read_to < last && told.bytes_read < bytes_most) {
      auto next = std::min<std::uint64_t>(told.read_to + entries_at_once, last);
      for (const auto& row : rows_->clear_entries(stream, told.read_to, next)) {
        told.bytes_read += row.content.size();
        auto record = decode(row.content);
        if (const auto* tombstone = record ? std::get_if<law::demande_erased>(&record->event) : nullptr)
          told.documents.insert(told.documents.end(), tombstone->files.begin(), tombstone->files.end());
      }
      told.read_to = next;
    }
    return told;
  }

  std::vector<law::bytes32> signers(const ports::stream_id& stream) override { return signers_of(*rows_, stream); }

  law::list<ports::travelling_key, 1024> keys(const ports::stream_id& stream) override {
    return keys_of(*rows_, stream);
  }

  bool has_keys_for(const ports::stream_id& stream, const law::bytes32& recipient) override {
    if (!rows_->last_head(stream))
      return false;
    std::set<std::uint32_t> without{0};
    for (const auto& cut : cuts_of(*rows_, stream))
      without.insert(cut.epoch);
    for (const auto& key : rows_->keys())
      if (key.stream == stream && key.purpose == key_purpose::stream && key.recipient == recipient)
        without.erase(key.epoch);
    return without.empty();
  }

  bool has_content_of(const ports::stream_id& stream) override { return withheld_of(*rows_, stream).is_nothing(); }

  std::vector<ports::witness_mark> marks(const ports::stream_id& stream) override { return rows_->last_marks(stream); }

  std::vector<ports::cut_place> cuts(const ports::stream_id& stream) override { return cuts_of(*rows_, stream); }

  std::vector<ports::orphan_position> orphan_tails() override { return rows_->orphan_tails(); }

  ports::orphan_tail_ptr read_orphans(const ports::stream_id& stream, std::uint32_t cut, std::uint64_t after,
                                      std::size_t bytes_most) override {
    held_reads together{*rows_};
    auto heads = rows_->orphan_heads(stream, cut, after + 1, heads_at_once);
    if (heads.empty())
      return nullptr;
    auto made = std::make_shared<ports::orphan_tail>();
    made->stream = stream;
    made->cut = cut;
    // A tail begins anywhere: what is before its first batch is in the stream.
    auto before = std::max(after, heads.front().first - 1);
    take_batches(
        heads, made->entries, before, bytes_most,
        [&](std::uint64_t seq, std::size_t limit) { return rows_->orphan_entries(stream, cut, seq, limit); },
        [](law::subject_id) { return std::size_t{0}; });
    made->heads.assign(heads.begin(), heads.end());
    auto marks = rows_->orphan_marks(stream, cut, after + 1);
    std::erase_if(marks, [&](const auto& mark) { return mark.seq > made->entries.back().seq; });
    auto kept = std::min(marks.size(), decltype(made->marks)::max_items); // the last ones say the most
    made->marks.assign(marks.end() - static_cast<std::ptrdiff_t>(kept), marks.end());
    add_keys(*made);
    return made;
  }

private:
  /// Of the epochs that begin in the tail: what goes before it is in the stream, with its keys.
  void add_keys(ports::orphan_tail& made) {
    auto cuts = cuts_of(*rows_, made.stream);
    auto cut = std::ranges::find(cuts, made.cut, &ports::cut_place::epoch);
    auto before = cut == cuts.end() ? std::nullopt : rows_->entry(made.stream, cut->seq - 1);
    auto known = before ? before->header.epoch : 0;
    if (made.entries.back().epoch <= known)
      return;
    for (auto& key : keys_of(*rows_, made.stream))
      if (!key.index && key.epoch > known && key.epoch <= made.entries.back().epoch &&
          made.keys.size() < made.keys.max_items)
        made.keys.push_back(std::move(key));
  }

  /// As they are now; absent where a subject has none.
  using accounts_by_subject = std::map<law::subject_id, std::optional<ports::account_row>>;

  /// The bytes that it adds: none once it was found.
  std::size_t look_for_account(const ports::stream_id& stream, law::subject_id subject, accounts_by_subject& known) {
    auto [place, is_new] = known.try_emplace(subject);
    if (!is_new)
      return 0;
    place->second = rows_->account_about(stream, subject);
    return place->second ? ports::account_overhead_bytes + place->second->sealed.size() : 0;
  }

  /// Of everybody whom an entry is about, sealed as it may be: what happens to a demandeur's account is in his dossier.
  static void add_accounts(ports::transfer& made, accounts_by_subject& known) {
    for (const auto& entry : made.entries)
      if (auto found = known.extract(entry.subject); found && found.mapped())
        made.accounts.push_back({found.mapped()->account, std::move(found.mapped()->sealed), entry.subject});
  }

  void add_keys(ports::transfer& made, std::uint64_t after) {
    auto before = after == 0 ? std::nullopt : rows_->entry(made.stream, after);
    auto head = before ? head_covering(made.stream, after) : std::nullopt;
    // A host that has changed its keys has sealed those of the stream again.
    auto by_the_same = [&](const ports::signed_head& next) { return head && next.key_id == head->key_id; };
    if (before && before->header.epoch == made.entries.back().epoch && std::ranges::all_of(made.heads, by_the_same))
      return;
    made.keys = keys_of(*rows_, made.stream);
    // Those of a later epoch come with its entries.
    std::erase_if(made.keys, [&](const auto& key) { return key.epoch > made.entries.back().epoch; });
  }

  std::unique_ptr<store_reader> rows_;
};

} // namespace

law::list<ports::travelling_key, 1024> keys_of(store_reader& rows, const ports::stream_id& stream) {
  law::list<ports::travelling_key, 1024> travelling;
  for (auto& key : rows.keys())
    if (key.stream == stream)
      travelling.push_back(
          {key.epoch, key.purpose == key_purpose::index, key.recipient, std::move(key.box), key.key_id, key.signature});
  return travelling;
}

sealed_key key_brought(const ports::stream_id& stream, const ports::travelling_key& key) {
  return {stream,     key.epoch,    key.index ? key_purpose::index : key_purpose::stream, key.recipient, key.box,
          key.key_id, key.signature};
}

ports::batch_load load_of(std::span<const entry_row> entries) {
  ports::batch_load load;
  for (const auto& row : entries)
    load.add(row.nonce, row.content);
  return load;
}

bool fits_into_message(std::span<const entry_row> entries, std::uint64_t after, const ports::signed_head& head) {
  return load_of(entries.subspan(head.first - after - 1, head.seq - head.first + 1)).fits();
}

entry_row row_brought(const ports::sealed_entry& entry, const bytes32& link_before) {
  entry_row row;
  row.header = {entry.seq,     entry.epoch,    static_cast<std::int64_t>(entry.recorded_at_ms),
                entry.subject, entry.previous, entry.commitment};
  row.link = next_link(link_before, leaf_of(row.header));
  row.erased = !entry.content;
  if (entry.content) {
    row.nonce = *entry.nonce;
    row.content = *entry.content;
  }
  return row;
}

std::unique_ptr<ports::transfer_source> open_transfers(std::unique_ptr<store_reader> rows) {
  return std::make_unique<transfers_from_store>(std::move(rows));
}

} // namespace toit::journal
