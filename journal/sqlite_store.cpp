#include "journal/sqlite_store.hpp"

#include "journal/sqlite_layout.hpp"

#include <map>

namespace toit::journal {

namespace {

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

/// What format 3 added: tails that a cut has left out.
constexpr const char* takeover_schema = R"sql(
CREATE TABLE orphan_entry (
  stream INTEGER NOT NULL, cut INTEGER NOT NULL, seq INTEGER NOT NULL, epoch INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL, subject BLOB NOT NULL, previous INTEGER NOT NULL, commitment BLOB NOT NULL,
  link BLOB NOT NULL, nonce BLOB, content BLOB,
  PRIMARY KEY (stream, cut, seq)) WITHOUT ROWID;
CREATE TABLE orphan_head (
  stream INTEGER NOT NULL, cut INTEGER NOT NULL, seq INTEGER NOT NULL, epoch INTEGER NOT NULL, first INTEGER NOT NULL,
  ordering_seq INTEGER NOT NULL, link BLOB NOT NULL, key_id BLOB NOT NULL, signature BLOB NOT NULL,
  PRIMARY KEY (stream, cut, seq)) WITHOUT ROWID;
CREATE TABLE orphan_mark (
  stream INTEGER NOT NULL, cut INTEGER NOT NULL, seq INTEGER NOT NULL, witness TEXT NOT NULL, epoch INTEGER NOT NULL,
  link BLOB NOT NULL, at INTEGER NOT NULL, key_id BLOB NOT NULL, signature BLOB NOT NULL,
  PRIMARY KEY (stream, cut, seq, witness)) WITHOUT ROWID;
)sql";

/// What format 4 made anew: accounts by stream, and whom the entries about one are about.
constexpr const char* accounts_schema = R"sql(
CREATE TABLE account (
  stream INTEGER NOT NULL, agent BLOB NOT NULL, sealed BLOB NOT NULL, subject BLOB NOT NULL,
  PRIMARY KEY (stream, agent), UNIQUE (stream, subject)) WITHOUT ROWID;
)sql";

/// Until then those of all streams that the node hosted were together, and format 3 had those of others apart.
/// What the node's first stream gets of what is another's, the node gives it when it begins: it has the keys.
constexpr const char* before_accounts = R"sql(
ALTER TABLE account RENAME TO former_account;
CREATE TABLE IF NOT EXISTS held_account (
  stream INTEGER NOT NULL, agent BLOB NOT NULL, sealed BLOB NOT NULL,
  PRIMARY KEY (stream, agent)) WITHOUT ROWID;
)sql";
constexpr const char* after_accounts = R"sql(
INSERT INTO account (stream, agent, sealed, subject) SELECT stream, agent, sealed, agent FROM held_account;
INSERT OR IGNORE INTO account (stream, agent, sealed, subject)
  SELECT (SELECT min(number) FROM stream), agent, sealed, agent FROM former_account;
DROP TABLE former_account;
DROP TABLE held_account;
)sql";

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
    if (auto version = check_format(database_, path_); version < store_format_version)
      migrate(version);
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
      empty_entry_.bind(1, entry_place(number, seq)).run();
    for (auto subject : rows.erased)
      for (auto* gone : {&empty_orphans_, &erase_account_})
        gone->bind(1, number).bind(2, byte_view{subject.bytes}).run();
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
        .bind(3, static_cast<std::int64_t>(mark.seq));
    bind_mark(insert_mark_, 4, mark).run();
  }

  void put_foreign(const ports::signed_head& head) override {
    insert_foreign_.bind(1, entry_place(number_of(head.stream), head.seq))
        .bind(2, byte_view{head.link})
        .bind(3, std::int64_t{head.epoch})
        .bind(4, static_cast<std::int64_t>(head.first))
        .bind(5, static_cast<std::int64_t>(head.ordering_seq))
        .bind(6, byte_view{head.key_id})
        .bind(7, byte_view{head.signature})
        .run();
  }

  void put(const ports::stream_id& stream, const ports::account_row& account) override {
    auto number = number_of(stream);
    auto about = account.about();
    if (account.sealed.empty())
      delete_account_.bind(1, number).bind(2, byte_view{account.account.bytes}).run();
    else
      upsert_account_.bind(1, number)
          .bind(2, byte_view{account.account.bytes})
          .bind(3, byte_view{account.sealed})
          .bind(4, byte_view{about.bytes})
          .run();
  }

  void orphan(const ports::stream_id& stream, std::uint64_t after, std::uint32_t cut) override {
    auto number = number_of(stream);
    auto last = entry_place(number, static_cast<std::uint64_t>(seq_most));
    for (auto* moved : {&orphan_entries_, &orphan_heads_})
      moved->bind(1, number).bind(2, std::int64_t{cut}).bind(3, entry_place(number, after)).bind(4, last).run();
    orphan_marks_.bind(1, number).bind(2, std::int64_t{cut}).bind(3, static_cast<std::int64_t>(after)).run();
    for (auto* gone : {&delete_entries_, &delete_heads_})
      gone->bind(1, entry_place(number, after)).bind(2, last).run();
    delete_marks_.bind(1, number).bind(2, static_cast<std::int64_t>(after)).run();
  }

  void put(const orphan_rows& rows) override {
    auto number = number_of(rows.stream);
    for (const auto& row : rows.entries) {
      begin_tail_row(insert_orphan_entry_, number, rows.cut, row.header.seq);
      bind_entry(insert_orphan_entry_, 4, row).run();
    }
    for (const auto& row : rows.filled) {
      begin_tail_row(fill_orphan_entry_, number, rows.cut, row.header.seq);
      fill_orphan_entry_.bind(4, byte_view{row.nonce}).bind(5, byte_view{row.content}).run();
    }
    for (const auto& head : rows.heads) {
      begin_tail_row(insert_orphan_head_, number, rows.cut, head.seq);
      bind_head(insert_orphan_head_, 4, head).run();
    }
    for (const auto& mark : rows.marks) {
      begin_tail_row(insert_orphan_mark_, number, rows.cut, mark.seq);
      bind_mark(insert_orphan_mark_.bind(4, mark.witness.view()), 5, mark).run();
    }
    for (const auto& key : rows.keys)
      put(key);
  }

  void delete_keys(const ports::stream_id& stream, const bytes32& recipient) override {
    delete_keys_.bind(1, number_of(stream)).bind(2, byte_view{recipient}).run();
  }

  void forget_numbers(const ports::stream_id& stream) override { delete_numbers_.bind(1, number_of(stream)).run(); }

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

  std::unique_ptr<store_reader> open_reader() override { return open_sqlite_reader(path_, vfs_); }
  std::unique_ptr<store_keeper> open_keeper() override { return std::make_unique<sqlite_keeper>(path_, vfs_); }

private:
  void create() {
    database_.execute("BEGIN IMMEDIATE;" + std::string{schema} + federation_schema + takeover_schema + accounts_schema +
                      "PRAGMA application_id = " + std::to_string(store_application_id) + ";" +
                      "PRAGMA user_version = " + std::to_string(store_format_version) + "; COMMIT;");
  }

  void migrate(std::int64_t version) {
    auto federation = version < federation_format_version ? std::string{federation_schema} : std::string{};
    auto takeover = version < takeover_format_version ? std::string{takeover_schema} : std::string{};
    database_.execute("BEGIN IMMEDIATE;" + federation + takeover + before_accounts + accounts_schema + after_accounts +
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
    empty_orphans_ =
        database_.prepare("UPDATE orphan_entry SET nonce = NULL, content = NULL WHERE stream = ? AND subject = ?");
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
    upsert_account_ =
        database_.prepare("INSERT OR REPLACE INTO account (stream, agent, sealed, subject) VALUES (?, ?, ?, ?)");
    delete_account_ = database_.prepare("DELETE FROM account WHERE stream = ? AND agent = ?");
    // No tombstone is about an agent, whose subject is his account.
    erase_account_ = database_.prepare("DELETE FROM account WHERE stream = ?1 AND subject = ?2 AND agent <> ?2");
    upsert_setting_ = database_.prepare("INSERT INTO setting (name, value) VALUES (?, ?) "
                                        "ON CONFLICT (name) DO UPDATE SET value = excluded.value");
    delete_keys_ = database_.prepare("DELETE FROM stream_key WHERE stream = ? AND recipient = ?");
    delete_numbers_ = database_.prepare("DELETE FROM number WHERE stream = ?");
    prepare_tails();
  }

  void prepare_tails() {
    std::string entry = "INSERT OR IGNORE INTO orphan_entry (stream, cut, seq, epoch, recorded_at, subject, previous, "
                        "commitment, link, nonce, content) ";
    std::string head = "INSERT OR IGNORE INTO orphan_head (stream, cut, seq, epoch, first, ordering_seq, link, key_id, "
                       "signature) ";
    std::string mark = "INSERT OR IGNORE INTO orphan_mark (stream, cut, seq, witness, epoch, link, at, key_id, "
                       "signature) ";
    insert_orphan_entry_ = database_.prepare(entry + "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    fill_orphan_entry_ = database_.prepare("UPDATE orphan_entry SET nonce = ?4, content = ?5 WHERE stream = ?1 "
                                           "AND cut = ?2 AND seq = ?3 AND content IS NULL");
    insert_orphan_head_ = database_.prepare(head + "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    insert_orphan_mark_ = database_.prepare(mark + "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    auto seq = "SELECT ?1, ?2, place & " + std::to_string(seq_most);
    orphan_entries_ = database_.prepare(entry + seq +
                                        ", epoch, recorded_at, subject, previous, commitment, link, nonce, content "
                                        "FROM entry WHERE place > ?3 AND place <= ?4");
    orphan_heads_ = database_.prepare(head + seq +
                                      ", epoch, first, ordering_seq, link, key_id, signature "
                                      "FROM head WHERE place > ?3 AND place <= ?4");
    orphan_marks_ = database_.prepare(mark + "SELECT ?1, ?2, seq, witness, epoch, link, at, key_id, signature "
                                             "FROM mark WHERE stream = ?1 AND seq > ?3");
    delete_entries_ = database_.prepare("DELETE FROM entry WHERE place > ? AND place <= ?");
    delete_heads_ = database_.prepare("DELETE FROM head WHERE place > ? AND place <= ?");
    delete_marks_ = database_.prepare("DELETE FROM mark WHERE stream = ? AND seq > ?");
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
    bind_entry(insert_entry_.bind(1, entry_place(number, row.header.seq)), 2, row).run();
  }

  void put_head(std::int64_t number, const ports::signed_head& head) {
    bind_head(insert_head_.bind(1, entry_place(number, head.seq)), 2, head).run();
  }

  static void begin_tail_row(sqlite_statement& query, std::int64_t number, std::uint32_t cut, std::uint64_t seq) {
    query.bind(1, number).bind(2, std::int64_t{cut}).bind(3, static_cast<std::int64_t>(seq));
  }

  // What follows a row's place, from this parameter on.

  static sqlite_statement& bind_entry(sqlite_statement& query, int from, const entry_row& row) {
    query.bind(from, std::int64_t{row.header.epoch})
        .bind(from + 1, row.header.recorded_at_ms)
        .bind(from + 2, byte_view{row.header.subject.bytes})
        .bind(from + 3, static_cast<std::int64_t>(row.header.previous))
        .bind(from + 4, byte_view{row.header.commitment})
        .bind(from + 5, byte_view{row.link});
    return row.erased ? query.bind_null(from + 6).bind_null(from + 7)
                      : query.bind(from + 6, byte_view{row.nonce}).bind(from + 7, byte_view{row.content});
  }

  static sqlite_statement& bind_head(sqlite_statement& query, int from, const ports::signed_head& head) {
    return query.bind(from, std::int64_t{head.epoch})
        .bind(from + 1, static_cast<std::int64_t>(head.first))
        .bind(from + 2, static_cast<std::int64_t>(head.ordering_seq))
        .bind(from + 3, byte_view{head.link})
        .bind(from + 4, byte_view{head.key_id})
        .bind(from + 5, byte_view{head.signature});
  }

  static sqlite_statement& bind_mark(sqlite_statement& query, int from, const ports::witness_mark& mark) {
    return query.bind(from, std::int64_t{mark.epoch})
        .bind(from + 1, byte_view{mark.link})
        .bind(from + 2, mark.at.time_since_epoch().count())
        .bind(from + 3, byte_view{mark.key_id})
        .bind(from + 4, byte_view{mark.signature});
  }

  std::string path_;
  std::string vfs_;
  sqlite_database database_;
  sqlite_statement begin_, commit_, insert_stream_, select_stream_, insert_entry_, insert_head_, insert_number_,
      delete_number_, empty_entry_, empty_orphans_, insert_key_, insert_mark_, insert_foreign_, upsert_account_,
      delete_account_, erase_account_, upsert_setting_;
  sqlite_statement orphan_entries_, orphan_heads_, orphan_marks_, delete_entries_, delete_heads_, delete_marks_,
      insert_orphan_entry_, fill_orphan_entry_, insert_orphan_head_, insert_orphan_mark_, delete_keys_, delete_numbers_;
  std::map<ports::stream_id, std::int64_t> numbers_;
};

} // namespace

std::unique_ptr<store> open_sqlite_store(const std::string& path, const std::string& vfs) {
  return std::make_unique<sqlite_store>(path, vfs);
}

} // namespace toit::journal
