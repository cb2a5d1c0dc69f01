#include "journal/sqlite_store.hpp"

#include "journal/sqlite.hpp"

#include <map>

namespace toit::journal {

namespace {

constexpr int seq_bits = 44;

/// Stream and sequence in one integer key: entries of a stream lie side by side, in order.
std::int64_t place_of(std::int64_t stream, std::uint64_t seq) {
  law::require(seq < (std::uint64_t{1} << seq_bits), "a sequence fits in its bits");
  return (stream << seq_bits) | static_cast<std::int64_t>(seq);
}

std::uint64_t seq_at(std::int64_t place) {
  return static_cast<std::uint64_t>(place) & ((std::uint64_t{1} << seq_bits) - 1);
}

constexpr const char* schema = R"sql(
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE stream (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE entry (
  place INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, recorded_at INTEGER NOT NULL, subject BLOB NOT NULL,
  previous INTEGER NOT NULL, commitment BLOB NOT NULL, link BLOB NOT NULL, nonce BLOB, content BLOB);
CREATE TABLE head (
  place INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, first INTEGER NOT NULL, ordering_seq INTEGER NOT NULL,
  link BLOB NOT NULL, key_id BLOB NOT NULL, signature BLOB NOT NULL);
CREATE TABLE number (
  stream INTEGER NOT NULL, number_key BLOB NOT NULL, subject BLOB NOT NULL,
  PRIMARY KEY (stream, number_key)) WITHOUT ROWID;
CREATE TABLE stream_key (
  stream INTEGER NOT NULL, epoch INTEGER NOT NULL, purpose INTEGER NOT NULL, recipient BLOB NOT NULL,
  box BLOB NOT NULL, key_id BLOB NOT NULL, signature BLOB NOT NULL,
  PRIMARY KEY (stream, epoch, purpose, recipient)) WITHOUT ROWID;
CREATE TABLE account (agent BLOB PRIMARY KEY, sealed BLOB NOT NULL) WITHOUT ROWID;
)sql";

/// What format 2 added to format 1.
constexpr const char* federation_schema = R"sql(
CREATE TABLE mark (
  stream INTEGER NOT NULL, witness TEXT NOT NULL, seq INTEGER NOT NULL, epoch INTEGER NOT NULL, link BLOB NOT NULL,
  at INTEGER NOT NULL, key_id BLOB NOT NULL, signature BLOB NOT NULL,
  PRIMARY KEY (stream, witness, seq)) WITHOUT ROWID;
CREATE TABLE foreign_head (
  place INTEGER NOT NULL, link BLOB NOT NULL, epoch INTEGER NOT NULL, first INTEGER NOT NULL,
  ordering_seq INTEGER NOT NULL, key_id BLOB NOT NULL, signature BLOB NOT NULL,
  PRIMARY KEY (place, link)) WITHOUT ROWID;
)sql";
/// The oldest format that is migrated, and that a reader takes as it is.
constexpr std::int64_t oldest_format_version = 1;

std::int64_t pragma_number(sqlite_database& database, const std::string& name) {
  auto query = database.prepare("PRAGMA " + name);
  query.step();
  return query.integer(0);
}

std::int64_t check_format(sqlite_database& database, const std::string& path) {
  if (pragma_number(database, "application_id") != store_application_id)
    throw store_broken{path + " is no journal of Toit Commun"};
  auto version = pragma_number(database, "user_version");
  if (version < oldest_format_version || version > store_format_version)
    throw store_broken{path + " has format " + std::to_string(version) + ", this program reads format " +
                       std::to_string(store_format_version)};
  return version;
}

void set_up_connection(sqlite_database& database) {
  database.execute("PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;");
}

// -- reading --------------------------------------------------------------------------------------------------------

std::uint32_t epoch_in(const sqlite_statement& at, int column) {
  return static_cast<std::uint32_t>(at.number(column, UINT32_MAX));
}

std::uint64_t sequence_in(const sqlite_statement& at, int column) {
  return static_cast<std::uint64_t>(at.number(column, (std::int64_t{1} << seq_bits) - 1));
}

/// Ends the query even when a row cannot be read: the next one begins afresh.
class query_end {
public:
  explicit query_end(sqlite_statement& query) : query_{query} {}
  ~query_end() { query_.reset(); }
  query_end(const query_end&) = delete;
  query_end& operator=(const query_end&) = delete;

private:
  sqlite_statement& query_;
};

class sqlite_reader : public store_reader {
public:
  sqlite_reader(const std::string& path, const std::string& vfs) : database_{path, sqlite_access::read_only, vfs} {
    auto version = check_format(database_, path);
    set_up_connection(database_);
    stream_ = database_.prepare("SELECT number FROM stream WHERE name = ?");
    entries_ =
        database_.prepare("SELECT place, epoch, recorded_at, subject, previous, commitment, link, nonce, content "
                          "FROM entry WHERE place > ? AND place <= ? ORDER BY place LIMIT ?");
    last_of_ = database_.prepare("SELECT place FROM entry WHERE place > ? AND place <= ? AND subject = ? "
                                 "ORDER BY place DESC LIMIT 1");
    heads_ = database_.prepare("SELECT place, epoch, first, ordering_seq, link, key_id, signature FROM head "
                               "WHERE place >= ? AND place <= ? ORDER BY place LIMIT ?");
    last_head_ = database_.prepare("SELECT place, epoch, first, ordering_seq, link, key_id, signature FROM head "
                                   "WHERE place >= ? AND place <= ? ORDER BY place DESC LIMIT 1");
    number_ = database_.prepare("SELECT subject FROM number WHERE stream = ? AND number_key = ?");
    begin_ = database_.prepare("BEGIN");
    if (version > oldest_format_version)
      prepare_federation();
  }

  void hold() override { begin_.run(); }
  void release() noexcept override { database_.roll_back(); }

  std::vector<ports::stream_id> streams() override {
    std::vector<ports::stream_id> found;
    auto query = database_.prepare("SELECT name FROM stream ORDER BY number");
    while (query.step())
      found.push_back(stream_named(query.text(0)));
    return found;
  }

  std::vector<entry_row> entries(const ports::stream_id& stream, std::uint64_t after, std::size_t limit) override {
    std::vector<entry_row> rows;
    auto number = number_of(stream);
    if (!number)
      return rows;
    entries_.bind(1, place_of(*number, after)).bind(2, last_place(*number)).bind(3, static_cast<std::int64_t>(limit));
    query_end end{entries_};
    while (entries_.step())
      rows.push_back(entry_at_cursor());
    return rows;
  }

  std::optional<entry_row> entry(const ports::stream_id& stream, std::uint64_t seq) override {
    if (seq == 0)
      return std::nullopt;
    auto found = entries(stream, seq - 1, 1);
    if (found.empty() || found.front().header.seq != seq)
      return std::nullopt;
    return std::move(found.front());
  }

  std::uint64_t last_of(const ports::stream_id& stream, law::subject_id subject) override {
    auto number = number_of(stream);
    if (!number)
      return 0;
    last_of_.bind(1, place_of(*number, 0)).bind(2, last_place(*number)).bind(3, byte_view{subject.bytes});
    query_end end{last_of_};
    return last_of_.step() ? seq_at(last_of_.integer(0)) : 0;
  }

  std::vector<ports::signed_head> heads(const ports::stream_id& stream, std::uint64_t from,
                                        std::size_t limit) override {
    std::vector<ports::signed_head> found;
    auto number = number_of(stream);
    if (!number)
      return found;
    heads_.bind(1, place_of(*number, from)).bind(2, last_place(*number)).bind(3, static_cast<std::int64_t>(limit));
    query_end end{heads_};
    while (heads_.step())
      found.push_back(head_at_cursor(heads_, stream));
    return found;
  }

  std::optional<ports::signed_head> last_head(const ports::stream_id& stream) override {
    auto number = number_of(stream);
    if (!number)
      return std::nullopt;
    std::optional<ports::signed_head> found;
    last_head_.bind(1, place_of(*number, 0)).bind(2, last_place(*number));
    query_end end{last_head_};
    if (last_head_.step())
      found = head_at_cursor(last_head_, stream);
    return found;
  }

  std::optional<law::subject_id> find_number(const ports::stream_id& stream, const bytes32& number_key) override {
    auto number = number_of(stream);
    if (!number)
      return std::nullopt;
    std::optional<law::subject_id> found;
    number_.bind(1, *number).bind(2, byte_view{number_key});
    query_end end{number_};
    if (number_.step())
      number_.copy_to(0, found.emplace().bytes);
    return found;
  }

  std::vector<sealed_key> keys() override {
    std::vector<sealed_key> found;
    auto query = database_.prepare("SELECT s.name, k.epoch, k.purpose, k.recipient, k.box, k.key_id, k.signature "
                                   "FROM stream_key k JOIN stream s ON s.number = k.stream "
                                   "ORDER BY k.stream, k.epoch, k.purpose, k.recipient");
    while (query.step()) {
      sealed_key key;
      key.stream = stream_named(query.text(0));
      key.epoch = epoch_in(query, 1);
      key.purpose = query.integer(2) == 0 ? key_purpose::stream : key_purpose::index;
      query.copy_to(3, key.recipient);
      auto box = query.content(4);
      key.box.assign(box.begin(), box.end());
      query.copy_to(5, key.key_id);
      query.copy_to(6, key.signature);
      found.push_back(std::move(key));
    }
    return found;
  }

  std::vector<ports::witness_mark> marks_from(const ports::stream_id& stream, std::uint64_t from) override {
    auto number = number_of(stream);
    if (!number || !has_marks_)
      return {};
    marks_from_.bind(1, *number).bind(2, static_cast<std::int64_t>(from));
    return marks_of(marks_from_, stream);
  }

  std::vector<ports::witness_mark> last_marks(const ports::stream_id& stream) override {
    auto number = number_of(stream);
    if (!number || !has_marks_)
      return {};
    last_marks_.bind(1, *number);
    return marks_of(last_marks_, stream);
  }

  std::vector<ports::signed_head> foreign_heads() override {
    std::vector<ports::signed_head> found;
    if (!has_marks_)
      return found;
    auto query = database_.prepare("SELECT f.place, f.epoch, f.first, f.ordering_seq, f.link, f.key_id, f.signature, "
                                   "s.name FROM foreign_head f JOIN stream s ON s.number = f.place >> 44 "
                                   "ORDER BY f.place, f.link");
    while (query.step())
      found.push_back(head_at_cursor(query, stream_named(query.text(7))));
    return found;
  }

  std::vector<ports::account_row> accounts() override {
    std::vector<ports::account_row> found;
    auto query = database_.prepare("SELECT agent, sealed FROM account ORDER BY agent");
    while (query.step()) {
      auto& row = found.emplace_back();
      query.copy_to(0, row.account.bytes);
      auto sealed = query.content(1);
      row.sealed.assign(sealed.begin(), sealed.end());
    }
    return found;
  }

  std::optional<std::string> setting(std::string_view name) override {
    auto query = database_.prepare("SELECT value FROM setting WHERE name = ?");
    query.bind(1, name);
    if (!query.step())
      return std::nullopt;
    return std::string{query.text(0)};
  }

private:
  static ports::stream_id stream_named(std::string_view name) {
    auto parsed = ports::stream_id::parse(name);
    if (!parsed)
      throw store_broken{"a stream has a malformed name"};
    return *parsed;
  }

  static std::int64_t last_place(std::int64_t number) { return place_of(number, (std::uint64_t{1} << seq_bits) - 1); }

  std::optional<std::int64_t> number_of(const ports::stream_id& stream) {
    if (auto known = numbers_.find(stream); known != numbers_.end())
      return known->second;
    std::optional<std::int64_t> number;
    stream_.bind(1, stream.view());
    if (stream_.step())
      number = numbers_[stream] = stream_.integer(0);
    stream_.reset();
    return number;
  }

  entry_row entry_at_cursor() const {
    entry_row row;
    row.header.seq = seq_at(entries_.integer(0));
    row.header.epoch = epoch_in(entries_, 1);
    row.header.recorded_at_ms = entries_.number(2, INT64_MAX);
    entries_.copy_to(3, row.header.subject.bytes);
    row.header.previous = sequence_in(entries_, 4);
    entries_.copy_to(5, row.header.commitment);
    entries_.copy_to(6, row.link);
    row.erased = entries_.is_null(8);
    if (row.erased && entries_.is_null(7))
      return row;
    auto nonce = entries_.blob(7);
    auto content = entries_.blob(8);
    if (!nonce.empty() && nonce.size() != entry_nonce_bytes)
      throw store_broken{"a nonce has not its length"};
    row.nonce.assign(nonce.begin(), nonce.end());
    row.content.assign(content.begin(), content.end());
    return row;
  }

  void prepare_federation() {
    has_marks_ = true;
    // One look-up a witness: a stream has a mark of each for nearly every batch.
    std::string each_witness =
        "WITH RECURSIVE each(witness) AS (SELECT min(witness) FROM mark WHERE stream = ?1 UNION ALL "
        "SELECT (SELECT min(witness) FROM mark WHERE stream = ?1 AND witness > each.witness) FROM each "
        "WHERE each.witness IS NOT NULL) "
        "SELECT m.seq, m.witness, m.epoch, m.link, m.at, m.key_id, m.signature FROM each CROSS JOIN mark m "
        "ON m.stream = ?1 AND m.witness = each.witness AND m.seq = (SELECT ";
    last_marks_ = database_.prepare(
        each_witness + "max(seq) FROM mark WHERE stream = ?1 AND witness = each.witness) ORDER BY m.witness");
    marks_from_ = database_.prepare(
        each_witness +
        "min(seq) FROM mark WHERE stream = ?1 AND witness = each.witness AND seq >= ?2) ORDER BY m.witness");
  }

  static std::vector<ports::witness_mark> marks_of(sqlite_statement& query, const ports::stream_id& stream) {
    std::vector<ports::witness_mark> found;
    query_end end{query};
    while (query.step()) {
      auto& mark = found.emplace_back();
      mark.stream = stream;
      mark.seq = sequence_in(query, 0);
      mark.witness = stream_named(query.text(1));
      mark.epoch = epoch_in(query, 2);
      query.copy_to(3, mark.link);
      mark.at = law::instant{std::chrono::milliseconds{query.number(4, INT64_MAX)}};
      query.copy_to(5, mark.key_id);
      query.copy_to(6, mark.signature);
    }
    return found;
  }

  static ports::signed_head head_at_cursor(const sqlite_statement& at, const ports::stream_id& stream) {
    ports::signed_head head;
    head.stream = stream;
    head.seq = seq_at(at.integer(0));
    head.epoch = epoch_in(at, 1);
    head.first = sequence_in(at, 2);
    head.ordering_seq = sequence_in(at, 3);
    at.copy_to(4, head.link);
    at.copy_to(5, head.key_id);
    at.copy_to(6, head.signature);
    return head;
  }

  sqlite_database database_;
  sqlite_statement stream_, entries_, last_of_, heads_, last_head_, number_, begin_, marks_from_, last_marks_;
  bool has_marks_ = false;
  std::map<ports::stream_id, std::int64_t> numbers_;
};

// -- writing --------------------------------------------------------------------------------------------------------

class sqlite_keeper : public store_keeper {
public:
  sqlite_keeper(const std::string& path, const std::string& vfs) : database_{path, sqlite_access::read_write, vfs} {}
  bool checkpoint(bool truncate) override { return database_.checkpoint(truncate); }

private:
  sqlite_database database_;
};

class sqlite_store : public store {
public:
  sqlite_store(std::string path, std::string vfs)
      : path_{std::move(path)}, vfs_{std::move(vfs)}, database_{path_, sqlite_access::read_write, vfs_} {
    // secure_delete overwrites what is deleted; checkpoints have a connection and a thread of their own.
    database_.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; "
                      "PRAGMA wal_autocheckpoint = 0;");
    set_up_connection(database_);
    if (pragma_number(database_, "application_id") == 0)
      create();
    if (check_format(database_, path_) < store_format_version)
      migrate();
    prepare();
  }

  void begin() override { begin_.run(); }

  void put(const stream_rows& rows) override {
    auto number = number_of(rows.stream);
    for (const auto& row : rows.entries)
      put_entry(number, row);
    for (const auto& head : rows.heads)
      put_head(number, head);
    for (const auto& row : rows.numbers)
      insert_number_.bind(1, number).bind(2, byte_view{row.number_key}).bind(3, byte_view{row.subject.bytes}).run();
    for (const auto& key : rows.forgotten_numbers)
      delete_number_.bind(1, number).bind(2, byte_view{key}).run();
    for (auto seq : rows.emptied)
      empty_entry_.bind(1, place_of(number, seq)).run();
  }

  void put(const sealed_key& key) override {
    insert_key_.bind(1, number_of(key.stream))
        .bind(2, std::int64_t{key.epoch})
        .bind(3, key.purpose == key_purpose::stream ? std::int64_t{0} : std::int64_t{1})
        .bind(4, byte_view{key.recipient})
        .bind(5, byte_view{key.box})
        .bind(6, byte_view{key.key_id})
        .bind(7, byte_view{key.signature})
        .run();
  }

  void put(const ports::witness_mark& mark) override {
    insert_mark_.bind(1, number_of(mark.stream))
        .bind(2, mark.witness.view())
        .bind(3, static_cast<std::int64_t>(mark.seq))
        .bind(4, std::int64_t{mark.epoch})
        .bind(5, byte_view{mark.link})
        .bind(6, mark.at.time_since_epoch().count())
        .bind(7, byte_view{mark.key_id})
        .bind(8, byte_view{mark.signature})
        .run();
  }

  void put_foreign(const ports::signed_head& head) override {
    insert_foreign_.bind(1, place_of(number_of(head.stream), head.seq))
        .bind(2, byte_view{head.link})
        .bind(3, std::int64_t{head.epoch})
        .bind(4, static_cast<std::int64_t>(head.first))
        .bind(5, static_cast<std::int64_t>(head.ordering_seq))
        .bind(6, byte_view{head.key_id})
        .bind(7, byte_view{head.signature})
        .run();
  }

  void put(const ports::account_row& account) override {
    if (account.sealed.empty())
      delete_account_.bind(1, byte_view{account.account.bytes}).run();
    else
      upsert_account_.bind(1, byte_view{account.account.bytes}).bind(2, byte_view{account.sealed}).run();
  }

  void put_setting(std::string_view name, std::string_view value) override {
    upsert_setting_.bind(1, name).bind(2, value).run();
  }

  void commit() override {
    try {
      commit_.run();
    } catch (const store_full&) {
      roll_back();
      throw;
    }
  }

  void roll_back() override {
    database_.roll_back();
    // Numbers given to streams by the transaction are gone with it.
    numbers_.clear();
  }

  std::unique_ptr<store_reader> open_reader() override { return std::make_unique<sqlite_reader>(path_, vfs_); }
  std::unique_ptr<store_keeper> open_keeper() override { return std::make_unique<sqlite_keeper>(path_, vfs_); }

private:
  void create() {
    database_.execute("BEGIN IMMEDIATE;" + std::string{schema} + federation_schema +
                      "PRAGMA application_id = " + std::to_string(store_application_id) + ";" +
                      "PRAGMA user_version = " + std::to_string(store_format_version) + "; COMMIT;");
  }

  void migrate() {
    database_.execute("BEGIN IMMEDIATE;" + std::string{federation_schema} +
                      "PRAGMA user_version = " + std::to_string(store_format_version) + "; COMMIT;");
  }

  void prepare() {
    begin_ = database_.prepare("BEGIN IMMEDIATE");
    commit_ = database_.prepare("COMMIT");
    insert_stream_ = database_.prepare("INSERT INTO stream (name) VALUES (?)");
    select_stream_ = database_.prepare("SELECT number FROM stream WHERE name = ?");
    insert_entry_ = database_.prepare("INSERT INTO entry (place, epoch, recorded_at, subject, previous, commitment, "
                                      "link, nonce, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    insert_head_ = database_.prepare("INSERT INTO head (place, epoch, first, ordering_seq, link, key_id, "
                                     "signature) VALUES (?, ?, ?, ?, ?, ?, ?)");
    insert_number_ = database_.prepare("INSERT INTO number (stream, number_key, subject) VALUES (?, ?, ?)");
    delete_number_ = database_.prepare("DELETE FROM number WHERE stream = ? AND number_key = ?");
    empty_entry_ = database_.prepare("UPDATE entry SET nonce = NULL, content = NULL WHERE place = ?");
    insert_key_ = database_.prepare(
        "INSERT INTO stream_key (stream, epoch, purpose, recipient, box, key_id, signature) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET key_id = excluded.key_id, signature = "
        "excluded.signature WHERE box = excluded.box");
    insert_mark_ = database_.prepare(
        "INSERT INTO mark (stream, witness, seq, epoch, link, at, key_id, signature) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET at = excluded.at, key_id = excluded.key_id, signature = excluded.signature "
        "WHERE link = excluded.link");
    insert_foreign_ =
        database_.prepare("INSERT OR IGNORE INTO foreign_head (place, link, epoch, first, ordering_seq, key_id, "
                          "signature) VALUES (?, ?, ?, ?, ?, ?, ?)");
    upsert_account_ = database_.prepare("INSERT INTO account (agent, sealed) VALUES (?, ?) "
                                        "ON CONFLICT (agent) DO UPDATE SET sealed = excluded.sealed");
    delete_account_ = database_.prepare("DELETE FROM account WHERE agent = ?");
    upsert_setting_ = database_.prepare("INSERT INTO setting (name, value) VALUES (?, ?) "
                                        "ON CONFLICT (name) DO UPDATE SET value = excluded.value");
  }

  std::int64_t number_of(const ports::stream_id& stream) {
    if (auto known = numbers_.find(stream); known != numbers_.end())
      return known->second;
    std::optional<std::int64_t> number;
    select_stream_.bind(1, stream.view());
    if (select_stream_.step())
      number = select_stream_.integer(0);
    select_stream_.reset();
    if (!number) {
      insert_stream_.bind(1, stream.view()).run();
      return number_of(stream);
    }
    return numbers_[stream] = *number;
  }

  void put_entry(std::int64_t number, const entry_row& row) {
    insert_entry_.bind(1, place_of(number, row.header.seq))
        .bind(2, std::int64_t{row.header.epoch})
        .bind(3, row.header.recorded_at_ms)
        .bind(4, byte_view{row.header.subject.bytes})
        .bind(5, static_cast<std::int64_t>(row.header.previous))
        .bind(6, byte_view{row.header.commitment})
        .bind(7, byte_view{row.link});
    if (row.erased)
      insert_entry_.bind_null(8).bind_null(9);
    else
      insert_entry_.bind(8, byte_view{row.nonce}).bind(9, byte_view{row.content});
    insert_entry_.run();
  }

  void put_head(std::int64_t number, const ports::signed_head& head) {
    insert_head_.bind(1, place_of(number, head.seq))
        .bind(2, std::int64_t{head.epoch})
        .bind(3, static_cast<std::int64_t>(head.first))
        .bind(4, static_cast<std::int64_t>(head.ordering_seq))
        .bind(5, byte_view{head.link})
        .bind(6, byte_view{head.key_id})
        .bind(7, byte_view{head.signature})
        .run();
  }

  std::string path_;
  std::string vfs_;
  sqlite_database database_;
  sqlite_statement begin_, commit_, insert_stream_, select_stream_, insert_entry_, insert_head_, insert_number_,
      delete_number_, empty_entry_, insert_key_, insert_mark_, insert_foreign_, upsert_account_, delete_account_,
      upsert_setting_;
  std::map<ports::stream_id, std::int64_t> numbers_;
};

} // namespace

std::unique_ptr<store> open_sqlite_store(const std::string& path, const std::string& vfs) {
  return std::make_unique<sqlite_store>(path, vfs);
}

std::unique_ptr<store_reader> open_sqlite_reader(const std::string& path, const std::string& vfs) {
  return std::make_unique<sqlite_reader>(path, vfs);
}

} // namespace toit::journal
