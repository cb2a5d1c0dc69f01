#include "journal/snapshot_files.hpp"

#include "journal/codec.hpp"
#include "journal/pack.hpp"

namespace toit::journal {

namespace {

constexpr hash_purpose purpose = "toit.snapshot";
/// Grows when a row's form changes, or what is folded into it: an older snapshot is thrown away.
constexpr std::uint8_t format_version = 5;

/// First chunk of a file: where the part stands in the journal. Later chunks begin with their number, the last one of
/// which is marked, so that none can be dropped or moved.
struct place {
  std::uint8_t version = format_version;
  std::string part;
  std::uint64_t seq = 0;
  bytes32 link{};
  static constexpr auto fields() {
    using law::field;
    return std::tuple{field{"version", &place::version}, field{"part", &place::part}, field{"seq", &place::seq},
                      field{"link", &place::link}};
  }
};

std::string file_of(const ports::stream_id& stream, std::string_view part) {
  return stream.text() + "-" + std::string{part} + ".snapshot";
}

/// An entry as a row: what the header says in clear, and the record.
bytes pack_entry(const ports::stored_entry& entry) {
  bytes row;
  put_u64(row, entry.seq);
  put_u64(row, static_cast<std::uint64_t>(entry.recorded_at.time_since_epoch().count()));
  put(row, entry.subject.bytes);
  put(row, encode(*entry.record));
  return row;
}

std::uint64_t read_u64(byte_view part) {
  std::uint64_t value = 0;
  for (auto byte : part.first(8))
    value = value << 8 | byte;
  return value;
}

std::optional<ports::stored_entry> unpack_entry(byte_view row) {
  if (row.size() < 32)
    return std::nullopt;
  ports::stored_entry entry;
  entry.seq = read_u64(row);
  entry.recorded_at = law::instant{std::chrono::milliseconds{read_u64(row.subspan(8))}};
  std::copy_n(row.begin() + 16, 16, entry.subject.bytes.begin());
  auto record = decode(row.subspan(32));
  if (!record)
    return std::nullopt;
  entry.record = std::make_shared<const law::record>(std::move(*record));
  return entry;
}

enum class row_kind : std::uint8_t {
  dossier,
  dwelling,
  vacancy,
  session,
  charged_vacancy,
  entry,
  lateness,
  applicant_account,
};

class snapshot_writer : public ports::snapshots::writer {
public:
  snapshot_writer(std::unique_ptr<ports::files::writer> file, std::shared_ptr<const stream_keys> keys,
                  const place& where)
      : file_{std::move(file)}, keys_{std::move(keys)} {
    rows_ = pack_alone(where);
    flush(false);
  }
  void put(const law::dossier& row) override { put_row(row_kind::dossier, pack_alone(row)); }
  void put(const law::dwelling& row) override { put_row(row_kind::dwelling, pack_alone(row)); }
  void put(const law::vacancy& row) override { put_row(row_kind::vacancy, pack_alone(row)); }
  void put(const law::caleol_session& row) override { put_row(row_kind::session, pack_alone(row)); }
  void put(const law::charged_vacancy& row) override { put_row(row_kind::charged_vacancy, pack_alone(row)); }
  void put(const ports::stored_entry& row) override { put_row(row_kind::entry, pack_entry(row)); }
  void put(const law::lateness_line& row) override { put_row(row_kind::lateness, pack_alone(row)); }
  void put(const law::applicant_account& row) override { put_row(row_kind::applicant_account, pack_alone(row)); }
  void commit() override {
    flush(true);
    file_->commit();
  }

private:
  static constexpr std::size_t chunk_bytes = std::size_t{1} << 18;

  void put_row(row_kind kind, const bytes& row) {
    rows_.push_back(static_cast<std::uint8_t>(kind));
    put_u32(rows_, static_cast<std::uint32_t>(row.size()));
    journal::put(rows_, row);
    if (rows_.size() >= chunk_bytes)
      flush(false);
  }

  void flush(bool last) {
    bytes plain;
    plain.reserve(rows_.size() + 9);
    put_u64(plain, number_++);
    plain.push_back(last ? 1 : 0);
    journal::put(plain, rows_);
    rows_.clear();
    auto sealed = keys_->seal_local(purpose, plain);
    bytes length;
    put_u32(length, static_cast<std::uint32_t>(sealed.size()));
    file_->append(length);
    file_->append(sealed);
  }

  std::unique_ptr<ports::files::writer> file_;
  std::shared_ptr<const stream_keys> keys_;
  bytes rows_;
  std::uint64_t number_ = 0;
};

class snapshot_reader : public ports::snapshots::reader {
public:
  snapshot_reader(std::shared_ptr<ports::files> folder, std::string name, std::shared_ptr<const stream_keys> keys)
      : folder_{std::move(folder)}, name_{std::move(name)}, keys_{std::move(keys)} {}

  std::optional<place> read_place() {
    read_chunk();
    auto read = unpack_alone<place>(rest());
    at_ = chunk_.size();
    if (read)
      seq_ = read->seq;
    return read;
  }

  std::uint64_t seq() const override { return seq_; }

  std::optional<ports::snapshot_row> next() override {
    while (at_ == chunk_.size()) {
      if (last_)
        return std::nullopt;
      read_chunk();
    }
    if (rest().size() < 5)
      fail();
    auto kind = static_cast<row_kind>(rest()[0]);
    std::size_t length = 0;
    for (auto byte : rest().subspan(1, 4))
      length = length << 8 | byte;
    if (rest().size() < 5 + length)
      fail();
    auto row = rest().subspan(5, length);
    at_ += 5 + length;
    return read_row(kind, row);
  }

private:
  static constexpr std::size_t chunk_limit = std::size_t{1} << 26;

  [[noreturn]] void fail() const { throw ports::snapshot_damaged{"snapshot " + name_ + " is damaged"}; }
  byte_view rest() const { return byte_view{chunk_}.subspan(at_); }

  template <class Row>
  ports::snapshot_row unpack_or_fail(byte_view row) const {
    auto read = unpack_alone<Row>(row);
    if (!read)
      fail();
    return std::move(*read);
  }

  ports::snapshot_row read_row(row_kind kind, byte_view row) const {
    switch (kind) {
    case row_kind::dossier:
      return unpack_or_fail<law::dossier>(row);
    case row_kind::dwelling:
      return unpack_or_fail<law::dwelling>(row);
    case row_kind::vacancy:
      return unpack_or_fail<law::vacancy>(row);
    case row_kind::session:
      return unpack_or_fail<law::caleol_session>(row);
    case row_kind::charged_vacancy:
      return unpack_or_fail<law::charged_vacancy>(row);
    case row_kind::entry:
      if (auto entry = unpack_entry(row))
        return std::move(*entry);
      break;
    case row_kind::lateness:
      return unpack_or_fail<law::lateness_line>(row);
    case row_kind::applicant_account:
      return unpack_or_fail<law::applicant_account>(row);
    }
    fail();
  }

  /// The next chunk, whose number and end mark are inside what is authenticated: none can be dropped or moved.
  void read_chunk() {
    auto head = folder_->read(name_, offset_, 4);
    if (!head || head->size() != 4)
      fail();
    std::size_t length = 0;
    for (auto byte : *head)
      length = length << 8 | byte;
    if (length > chunk_limit)
      fail();
    auto sealed = folder_->read(name_, offset_ + 4, length);
    auto plain = sealed && sealed->size() == length ? keys_->open_local(purpose, *sealed) : std::nullopt;
    if (!plain || plain->size() < 9 || read_u64(*plain) != number_++)
      fail();
    offset_ += 4 + length;
    last_ = (*plain)[8] != 0;
    chunk_ = std::move(*plain);
    at_ = 9;
  }

  std::shared_ptr<ports::files> folder_;
  std::string name_;
  std::shared_ptr<const stream_keys> keys_;
  bytes chunk_;
  std::size_t at_ = 0;
  bool last_ = false;
  std::uint64_t offset_ = 0;
  std::uint64_t number_ = 0;
  std::uint64_t seq_ = 0;
};

class snapshot_files : public ports::snapshots {
public:
  snapshot_files(std::shared_ptr<ports::files> folder, std::shared_ptr<const key_ring> keys,
                 std::function<std::unique_ptr<store_reader>()> open_rows)
      : folder_{std::move(folder)}, keys_{std::move(keys)}, open_rows_{std::move(open_rows)} {}

  std::unique_ptr<writer> write(const ports::stream_id& stream, std::string_view part, std::uint64_t seq) override {
    auto row = open_rows_()->entry(stream, seq);
    law::require(row.has_value(), "a snapshot is taken at an entry that is on disk");
    return std::make_unique<snapshot_writer>(folder_->create(file_of(stream, part)), keys_->of(stream),
                                             place{format_version, std::string{part}, seq, row->link});
  }

  std::unique_ptr<reader> open(const ports::stream_id& stream, std::string_view part) override {
    auto name = file_of(stream, part);
    if (!folder_->read(name, 0, 1))
      return nullptr;
    auto opened = std::make_unique<snapshot_reader>(folder_, name, keys_->of(stream));
    std::optional<place> where;
    try {
      where = opened->read_place();
    } catch (const ports::snapshot_damaged&) {
      // A damaged snapshot is as good as none: the journal is folded instead.
      return nullptr;
    }
    auto row = where ? open_rows_()->entry(stream, where->seq) : std::nullopt;
    bool fits = row && where->version == format_version && where->part == part && row->link == where->link;
    return fits ? std::move(opened) : nullptr;
  }

  void forget(const ports::stream_id& stream, std::string_view part) override {
    folder_->remove(file_of(stream, part));
  }

private:
  std::shared_ptr<ports::files> folder_;
  std::shared_ptr<const key_ring> keys_;
  std::function<std::unique_ptr<store_reader>()> open_rows_;
};

} // namespace

std::shared_ptr<ports::snapshots> open_snapshots(std::shared_ptr<ports::files> folder,
                                                 std::shared_ptr<const key_ring> keys,
                                                 std::function<std::unique_ptr<store_reader>()> open_rows) {
  return std::make_shared<snapshot_files>(std::move(folder), std::move(keys), std::move(open_rows));
}

} // namespace toit::journal
