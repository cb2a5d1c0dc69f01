#include "journal/node_journal.hpp"

#include "journal/codec.hpp"
#include "journal/in_parts.hpp"
#include "journal/signers.hpp"
#include "journal/transfers.hpp"
#include "journal/writer.hpp"

#include <sodium.h>

namespace toit::journal {

namespace {

ports::sealed_payload seal_record(const stream_keys& keys, law::subject_id subject, const law::record& record) {
  auto plain = encode(record);
  ports::sealed_payload payload;
  if (is_in_clear(record.event)) {
    payload.content = std::move(plain);
  } else {
    payload = keys.encrypt(keys.latest_epoch(), subject, plain);
    payload.epoch = keys.latest_epoch();
  }
  payload.commitment = commitment_of(payload.nonce, payload.content);
  return payload;
}

} // namespace

// -- keys -----------------------------------------------------------------------------------------------------------

void key_ring::add(const sealed_key& sealed, const node_keys& keys) {
  auto secret = open_key(sealed, keys);
  if (!secret)
    return;
  std::lock_guard lock{mutex_};
  auto& known = streams_[sealed.stream];
  auto changed = known ? std::make_shared<stream_keys>(*known) : std::make_shared<stream_keys>(sealed.stream);
  if (sealed.purpose == key_purpose::stream)
    changed->add(sealed.epoch, *secret);
  else
    changed->set_index(*secret);
  known = std::move(changed);
}

void key_ring::put(std::shared_ptr<const stream_keys> keys) {
  std::lock_guard lock{mutex_};
  auto stream = keys->stream();
  streams_[stream] = std::move(keys);
}

void key_ring::set_written_since(const ports::stream_id& stream, std::optional<std::uint32_t> epoch) {
  std::lock_guard lock{mutex_};
  written_since_.erase(stream);
  if (epoch)
    written_since_.emplace(stream, *epoch);
}

std::optional<std::uint32_t> key_ring::written_since(const ports::stream_id& stream) const {
  std::lock_guard lock{mutex_};
  auto found = written_since_.find(stream);
  return found == written_since_.end() ? std::nullopt : std::optional{found->second};
}

std::shared_ptr<const stream_keys> key_ring::of(const ports::stream_id& stream) const {
  std::lock_guard lock{mutex_};
  auto found = streams_.find(stream);
  if (found == streams_.end())
    throw store_broken{"no key of stream " + stream.text() + " opens with this node's key"};
  return found->second;
}

std::shared_ptr<const stream_keys> key_ring::that_open(const ports::stream_id& stream) const {
  std::lock_guard lock{mutex_};
  auto found = streams_.find(stream);
  return found == streams_.end() ? std::make_shared<const stream_keys>(stream) : found->second;
}

// -- reading --------------------------------------------------------------------------------------------------------

namespace {

ports::stored_entry without_record(const entry_header& header) {
  return {header.seq,     header.epoch,    law::instant{std::chrono::milliseconds{header.recorded_at_ms}},
          header.subject, header.previous, nullptr};
}

bool is_locked(const entry_row& row, const stream_keys& keys) {
  return !row.nonce.empty() && !keys.has(row.header.epoch);
}

/// Null where it is damaged.
ports::record_ptr open_payload(const entry_row& row, const stream_keys& keys) {
  const auto& header = row.header;
  if (row.nonce.empty() && commitment_of(row.nonce, row.content) != header.commitment)
    return nullptr;
  if (row.nonce.empty())
    return decode_shared(row.content);
  auto plain = keys.decrypt(header.epoch, header.subject, row.nonce, row.content);
  auto record = plain ? decode_shared(*plain) : nullptr;
  // Whoever seals what everybody is to see has it count for nobody, rather than for who opens it alone.
  return record && is_in_clear(record->event) ? nullptr : record;
}

/// What is said of a tail as a whole.
struct tail_told {
  std::uint32_t cut = 0;
  std::uint64_t marked = 0;                  ///< its last entry that has a mark
  std::optional<std::uint64_t> knowing_from; ///< number of the ordering stream
};

/// Heads that name the entry by which the epoch was opened, or a later one, are of who knew. Nothing is said where the
/// head before the tail names as much: it is of another authority's stream, or the epoch goes on from there knowingly.
std::optional<std::uint64_t> knowing_from(store_reader& rows, const ports::stream_id& stream, std::uint32_t epoch) {
  auto cuts = cuts_of(rows, stream);
  auto place = std::ranges::find(cuts, epoch, &ports::cut_place::epoch);
  auto cut = place == cuts.end() ? std::nullopt : cut_at(rows, stream, place->seq);
  auto before = cut && place->seq > 1 ? rows.heads(stream, place->seq - 1, 1) : std::vector<ports::signed_head>{};
  if (before.empty() || before.front().ordering_seq >= cut->ordered_seq)
    return std::nullopt;
  return cut->ordered_seq;
}

bool is_knowing(store_reader& rows, const ports::stream_id& stream, const tail_told& tail, std::uint64_t seq) {
  auto heads = tail.knowing_from ? rows.orphan_heads(stream, tail.cut, seq, 1) : std::vector<ports::signed_head>{};
  return !heads.empty() && heads.front().ordering_seq >= *tail.knowing_from;
}

ports::orphan_entry read_orphan(store_reader& rows, const tail_told& tail, const entry_row& row,
                                const stream_keys& keys) {
  using enum ports::orphan_reading;
  auto seq = row.header.seq;
  ports::orphan_entry read{tail.cut, without_record(row.header), open,
                           row.link, seq <= tail.marked,         is_knowing(rows, keys.stream(), tail, seq)};
  if (row.erased || is_locked(row, keys)) {
    read.reading = row.erased ? erased : locked;
    return read;
  }
  read.entry.record = open_payload(row, keys);
  read.reading = read.entry.record ? open : damaged;
  return read;
}

} // namespace

ports::stored_entry read_row(const entry_row& row, const stream_keys& keys, unreadable what) {
  auto entry = without_record(row.header);
  if (row.erased || is_locked(row, keys))
    return entry;
  entry.record = open_payload(row, keys);
  if (!entry.record && what == unreadable::fails)
    throw store_broken{"stream " + keys.stream().text() + ", entry " + std::to_string(row.header.seq) +
                       ": has another payload than was written, or is of a kind that this program does not know"};
  return entry;
}

namespace {

class reader_on_store : public ports::journal_reader {
  /// What this node writes is all to be understood; what others write may be newer than this program, or nonsense.
  auto reading_of(const ports::stream_id& stream) const {
    return [keys = keys_->that_open(stream), since = keys_->written_since(stream)](const entry_row& row) {
      bool own = since && row.header.epoch >= *since;
      return read_row(row, *keys, own ? unreadable::fails : unreadable::says_nothing);
    };
  }

public:
  reader_on_store(std::unique_ptr<store_reader> rows, std::shared_ptr<const key_ring> keys, access_log_reader log)
      : rows_{std::move(rows)}, keys_{std::move(keys)}, log_{std::move(log)} {}

  std::vector<ports::stored_entry> read(const ports::stream_id& stream, std::uint64_t after,
                                        std::size_t limit) override {
    return in_parts(rows_->entries(stream, after, limit), reading_of(stream));
  }

  std::vector<ports::stored_entry> read_clear(const ports::stream_id& stream, std::uint64_t after,
                                              std::uint64_t to) override {
    return in_parts(rows_->clear_entries(stream, after, to), reading_of(stream));
  }

  std::vector<ports::stored_entry> read_subject(const ports::stream_id& stream, std::uint64_t last) override {
    auto read = reading_of(stream);
    held_reads cheaply{*rows_};
    std::vector<ports::stored_entry> entries;
    while (last != 0) {
      auto row = row_at(stream, last);
      if (row.header.previous >= last)
        throw store_broken{"stream " + stream.text() + ", entry " + std::to_string(last) + ": follows a later one"};
      if (entries.size() == ports::subject_entries_limit)
        throw store_broken{"stream " + stream.text() + ", entry " + std::to_string(last) + ": one of too many"};
      entries.push_back(read(row));
      last = row.header.previous;
    }
    std::ranges::reverse(entries);
    return entries;
  }

  std::optional<ports::stored_entry> entry(const ports::stream_id& stream, std::uint64_t seq) override {
    auto row = rows_->entry(stream, seq);
    if (!row)
      return std::nullopt;
    return reading_of(stream)(*row);
  }

  std::optional<law::bytes32> link_of(const ports::stream_id& stream, std::uint64_t seq) override {
    auto row = rows_->entry(stream, seq);
    return row ? std::optional{row->link} : std::nullopt;
  }

  std::vector<ports::stored_entry> read_these(const ports::stream_id& stream,
                                              std::span<const std::uint64_t> seqs) override {
    auto read = reading_of(stream);
    held_reads cheaply{*rows_};
    std::vector<ports::stored_entry> entries;
    for (auto seq : seqs)
      entries.push_back(read(row_at(stream, seq)));
    return entries;
  }

  std::vector<ports::orphan_entry> orphans(const ports::stream_id& stream, std::uint32_t cut, std::uint64_t after,
                                           std::size_t limit) override {
    auto keys = keys_->that_open(stream);
    held_reads cheaply{*rows_};
    std::vector<ports::orphan_entry> found;
    for (const auto& tail : rows_->orphan_tails()) {
      if (tail.stream != stream || tail.cut < cut)
        continue;
      auto rows = rows_->orphan_entries(stream, tail.cut, tail.cut == cut ? after : 0, limit - found.size());
      if (rows.empty())
        continue;
      tail_told told{tail.cut, rows_->last_orphan_mark(stream, tail.cut), knowing_from(*rows_, stream, tail.cut)};
      for (const auto& row : rows)
        found.push_back(read_orphan(*rows_, told, row, *keys));
    }
    return found;
  }

  std::vector<ports::cut_place> cuts(const ports::stream_id& stream) override { return cuts_of(*rows_, stream); }

  std::optional<law::dossier_id> find_number(const ports::stream_id& stream, law::nud number) override {
    auto found = rows_->find_number(stream, keys_->of(stream)->number_key(number));
    if (!found)
      return std::nullopt;
    return law::id_of<law::dossier_id>(*found);
  }

  std::optional<ports::signed_head> head_covering(const ports::stream_id& stream, std::uint64_t seq) override {
    auto heads = rows_->heads(stream, seq, 1);
    if (heads.empty())
      return std::nullopt;
    return heads.front();
  }

  std::optional<ports::signed_head> latest_head(const ports::stream_id& stream) override {
    return rows_->last_head(stream);
  }

  std::vector<ports::account_row> accounts(const ports::stream_id& stream) override { return rows_->accounts(stream); }

  std::vector<ports::witness_mark> marks_covering(const ports::stream_id& stream, std::uint64_t seq) override {
    return rows_->marks_from(stream, seq);
  }

  std::vector<ports::logged_line> log_about(law::subject_id subject, std::size_t limit) override {
    return log_.about(subject, limit);
  }

private:
  /// Of a sequence that another entry or the book has named.
  entry_row row_at(const ports::stream_id& stream, std::uint64_t seq) {
    auto row = rows_->entry(stream, seq);
    if (!row)
      throw store_broken{"stream " + stream.text() + ", entry " + std::to_string(seq) + ": is missing"};
    return std::move(*row);
  }

  std::unique_ptr<store_reader> rows_;
  std::shared_ptr<const key_ring> keys_;
  access_log_reader log_;
};

class sealer_with_ring : public ports::sealer {
public:
  explicit sealer_with_ring(std::shared_ptr<const key_ring> keys) : keys_{std::move(keys)} {}
  ports::sealed_payload seal(const ports::stream_id& stream, law::subject_id subject,
                             const law::record& record) override {
    return seal_record(*keys_->of(stream), subject, record);
  }
  law::bytes32 number_key(const ports::stream_id& stream, law::nud number) const override {
    return keys_->of(stream)->number_key(number);
  }

private:
  std::shared_ptr<const key_ring> keys_;
};

} // namespace

// -- the journal ----------------------------------------------------------------------------------------------------

node_journal::node_journal(journal_setup setup)
    : setup_{std::move(setup)}, signer_{setup_.keys.signing_seed}, own_{signing_publics(setup_.keys)},
      ring_{std::make_shared<key_ring>()}, store_{setup_.open_store()} {
  for (const auto& sealed : store_->open_reader()->keys()) {
    // Those of a replica are its host's.
    if (is_own(sealed))
      ring_->add(sealed, setup_.keys);
  }
  log_ = std::make_unique<access_log>(setup_.log_place, setup_.log_folder, signer_, operating_secrets(setup_.keys),
                                      setup_.keep_consultations_months);
  writer_ = std::make_unique<journal_writer_on_store>(*store_, *log_, signer_, setup_.keys, ring_, setup_.clock,
                                                      setup_.snapshots, setup_.escrow);
}

bool node_journal::is_own(const sealed_key& sealed) const {
  return std::ranges::any_of(own_, [&](const public_key& key) { return verify(sealed, key); });
}

bool node_journal::is_for_own(const sealed_key& sealed) const {
  return std::ranges::any_of(operating_secrets(setup_.keys),
                             [&](const bytes32& secret) { return sealed.recipient == operating_public(secret); });
}

node_journal::~node_journal() = default;

std::optional<ports::cut_place> node_journal::last_cut(const ports::stream_id& stream) const {
  auto rows = store_->open_reader();
  auto cuts = cuts_of(*rows, stream);
  return cuts.empty() ? std::nullopt : std::optional{cuts.back()};
}

bool node_journal::goes_on_here(const ports::stream_id& stream) const {
  auto rows = store_->open_reader();
  auto cuts = cuts_of(*rows, stream);
  auto named = cuts.empty() ? opening_key(*rows, stream) : std::optional<public_key>{};
  if (!cuts.empty())
    if (auto cut = cut_at(*rows, stream, cuts.back().seq))
      named = cut->signing_key;
  return named && std::ranges::find(own_, *named) != own_.end();
}

const public_key& node_journal::signer() const { return signer_.public_half(); }
std::vector<ports::stream_id> node_journal::streams() const { return store_->open_reader()->streams(); }
ports::journal_writer& node_journal::writer() { return *writer_; }
access_log& node_journal::log() { return *log_; }
std::shared_ptr<const key_ring> node_journal::keys() const { return ring_; }

void node_journal::create_stream(const ports::stream_id& stream, const law::record& first) {
  auto known = streams();
  if (std::ranges::find(known, stream) != known.end())
    return;
  bytes32 secret;
  bytes32 index;
  randombytes_buf(secret.data(), secret.size());
  randombytes_buf(index.data(), index.size());
  std::vector recipients{operating_public(setup_.keys.operating_secret)};
  if (setup_.escrow_recipient)
    recipients.push_back(*setup_.escrow_recipient);
  std::vector<sealed_key> sealed;
  for (const auto& recipient : recipients) {
    sealed.push_back(seal_key(stream, 0, key_purpose::stream, secret, recipient, signer_));
    sealed.push_back(seal_key(stream, 0, key_purpose::index, index, recipient, signer_));
  }
  entry_row row;
  row.content = encode(first);
  row.header = {1, 0, setup_.clock->now().time_since_epoch().count(), {}, 0, commitment_of({}, row.content)};
  row.link = next_link(first_link(stream), leaf_of(row.header));
  ports::signed_head head;
  head.stream = stream;
  head.first = 1;
  head.seq = 1;
  head.link = row.link;
  signer_.sign(head);
  store_->begin();
  store_->put(stream_rows{stream, {row}, {head}, {}, {}, {}, {}});
  for (const auto& key : sealed)
    store_->put(key);
  store_->commit();
  for (const auto& key : sealed)
    ring_->add(key, setup_.keys);
}

bool node_journal::can_sign(const ports::stream_id& stream) { return writer_->can_sign(stream); }

bool node_journal::change_key(const ports::stream_id& stream, bool endorsed, law::civil_date today) {
  if (can_sign(stream))
    return false;
  auto rows = store_->open_reader();
  auto before = rows->last_head(stream);
  auto last = before ? rows->entry(stream, before->seq) : std::nullopt;
  auto signers = signers_of(*rows, stream);
  auto former = std::ranges::find(own_, signers.back());
  if (!last || former == own_.end())
    throw store_broken{"stream " + stream.text() + " goes on under a key that this node has never had"};
  auto operating = operating_public(setup_.keys.operating_secret);
  law::record record{};
  record.occurred_on = today;
  record.event = law::signing_key_changed{signer_.public_half(), operating};
  entry_row row;
  row.content = encode(record);
  auto at = std::max(last->header.recorded_at_ms, std::int64_t{setup_.clock->now().time_since_epoch().count()});
  auto about = subject_of_keys(stream);
  row.header = {last->header.seq + 1,          last->header.epoch, at, about, rows->last_of(stream, about),
                commitment_of({}, row.content)};
  row.link = next_link(last->link, leaf_of(row.header));
  ports::signed_head head = *before;
  head.first = head.seq = row.header.seq;
  head.link = row.link;
  signing_key before_it{setup_.keys.former.at(static_cast<std::size_t>(former - own_.begin()) - 1).signing_seed};
  (endorsed ? before_it : signer_).sign(head);
  store_->begin();
  store_->put(stream_rows{stream, {row}, {head}, {}, {}, {}, {}});
  for (auto& sealed : rows->keys()) {
    if (sealed.stream != stream)
      continue;
    if (auto secret = open_key(sealed, setup_.keys))
      store_->put(seal_key(stream, sealed.epoch, sealed.purpose, *secret, operating, signer_));
    if (!is_own(sealed))
      continue;
    // Whoever comes after a revocation of the former key must be able to believe them.
    sign(sealed, signer_);
    store_->put(sealed);
  }
  store_->commit();
  writer_->load(stream);
  return true;
}

void node_journal::change_keys_when_released(
    std::function<bool(const ports::stream_id&, const public_key& former)> endorses,
    std::function<law::civil_date()> today) {
  writer_->when_key_is_to_change(
      [this, endorses = std::move(endorses), today = std::move(today)](const ports::stream_id& stream) {
        auto former = signers_of(*store_->open_reader(), stream).back();
        change_key(stream, endorses(stream, former), today());
      });
}

namespace {

constexpr std::string_view filed_setting = "accounts filed";

} // namespace

bool node_journal::accounts_are_filed() const { return store_->open_reader()->setting(filed_setting).has_value(); }

bool node_journal::put_accounts(const accounts_by_stream& rows, bool filed) {
  if (rows.empty() && !filed)
    return true;
  try {
    store_->begin();
    for (const auto& [stream, accounts] : rows)
      for (const auto& row : accounts)
        store_->put(stream, row);
    if (filed)
      store_->put_setting(filed_setting, "yes");
    store_->commit();
    return true;
  } catch (const store_full&) {
    store_->roll_back();
    return false;
  }
}

void node_journal::load(const ports::stream_id& stream) {
  for (const auto& sealed : store_->open_reader()->keys())
    if (sealed.stream == stream && is_for_own(sealed) && !is_own(sealed))
      throw store_broken{"a key of stream " + stream.text() + " is not signed by this node"};
  writer_->load(stream);
}

std::unique_ptr<ports::journal_reader> node_journal::open_reader() const {
  return std::make_unique<reader_on_store>(
      store_->open_reader(), ring_,
      access_log_reader{setup_.log_place, setup_.log_folder, operating_secrets(setup_.keys)});
}

std::unique_ptr<ports::transfer_source> node_journal::open_transfers() const {
  return journal::open_transfers(store_->open_reader());
}

std::shared_ptr<ports::sealer> node_journal::open_sealer() const { return std::make_shared<sealer_with_ring>(ring_); }
std::unique_ptr<store_keeper> node_journal::open_keeper() const { return store_->open_keeper(); }

bytes node_journal::seal_local(const ports::stream_id& stream, hash_purpose purpose, byte_view plain) const {
  return ring_->of(stream)->seal_local(purpose, plain);
}

std::optional<bytes> node_journal::open_local(const ports::stream_id& stream, hash_purpose purpose,
                                              byte_view sealed) const {
  return ring_->of(stream)->open_local(purpose, sealed);
}

} // namespace toit::journal
