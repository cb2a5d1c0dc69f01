#include "journal/sqlite.hpp"

#include <sqlite3.h>
#include <utility>

namespace toit::journal {

namespace {

[[noreturn]] void fail(sqlite3* database, int code) {
  if ((code & 0xFF) == SQLITE_FULL)
    throw store_full{};
  auto why = std::string{"SQLite: "} + sqlite3_errstr(code) + " (" +
             (database ? sqlite3_errmsg(database) : "no database") + ")";
  if (code == SQLITE_READONLY_ROLLBACK)
    throw store_unfinished{why};
  throw store_broken{why};
}

int length_of(std::size_t size) {
  law::require(size <= 0x3FFFFFFF, "a value fits in a row");
  return static_cast<int>(size);
}

} // namespace

sqlite_statement::sqlite_statement(sqlite3* database, std::string_view sql) {
  if (int code = sqlite3_prepare_v3(database, sql.data(), length_of(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement_,
                                    nullptr);
      code != SQLITE_OK)
    fail(database, code);
}

sqlite_statement::~sqlite_statement() { sqlite3_finalize(statement_); }

sqlite_statement::sqlite_statement(sqlite_statement&& other) noexcept
    : statement_{std::exchange(other.statement_, nullptr)} {}

sqlite_statement& sqlite_statement::operator=(sqlite_statement&& other) noexcept {
  std::swap(statement_, other.statement_);
  return *this;
}

sqlite_statement& sqlite_statement::bind(int position, std::int64_t value) {
  sqlite3_bind_int64(statement_, position, value);
  return *this;
}

sqlite_statement& sqlite_statement::bind(int position, byte_view value) {
  // An empty span may have no address, and a null address would bind NULL.
  static constexpr std::uint8_t nothing = 0;
  sqlite3_bind_blob(statement_, position, value.empty() ? &nothing : value.data(), length_of(value.size()),
                    SQLITE_STATIC);
  return *this;
}

sqlite_statement& sqlite_statement::bind(int position, std::string_view value) {
  sqlite3_bind_text(statement_, position, value.data(), length_of(value.size()), SQLITE_STATIC);
  return *this;
}

sqlite_statement& sqlite_statement::bind_null(int position) {
  sqlite3_bind_null(statement_, position);
  return *this;
}

bool sqlite_statement::step() {
  int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW)
    return true;
  if (code == SQLITE_DONE)
    return false;
  auto* database = sqlite3_db_handle(statement_);
  sqlite3_reset(statement_);
  fail(database, code);
}

void sqlite_statement::run() {
  while (step()) {
  }
  reset();
}

void sqlite_statement::reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

std::int64_t sqlite_statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::int64_t sqlite_statement::number(int column, std::int64_t most) const {
  auto found = integer(column);
  if (sqlite3_column_type(statement_, column) != SQLITE_INTEGER || found < 0 || found > most)
    throw store_broken{"a column is out of its range"};
  return found;
}

byte_view sqlite_statement::blob(int column) const {
  if (sqlite3_column_type(statement_, column) != SQLITE_BLOB)
    throw store_broken{"a column does not hold bytes"};
  return content(column);
}

bool sqlite_statement::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

byte_view sqlite_statement::content(int column) const {
  const auto* start = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  return {start, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string_view sqlite_statement::text(int column) const {
  auto view = content(column);
  return {reinterpret_cast<const char*>(view.data()), view.size()};
}

void sqlite_statement::copy_to(int column, std::span<std::uint8_t> target) const {
  auto found = blob(column);
  if (found.size() != target.size())
    throw store_broken{"a column has not the length of its kind"};
  std::copy(found.begin(), found.end(), target.begin());
}

sqlite_database::sqlite_database(const std::string& path, sqlite_access access, const std::string& vfs) {
  int flags = access == sqlite_access::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  int code = sqlite3_open_v2(path.c_str(), &database_, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
                             vfs.empty() ? nullptr : vfs.c_str());
  if (code != SQLITE_OK) {
    std::string why = database_ ? sqlite3_errmsg(database_) : sqlite3_errstr(code);
    sqlite3_close(database_);
    throw store_broken{"cannot open " + path + ": " + why};
  }
  sqlite3_extended_result_codes(database_, 1);
  sqlite3_busy_timeout(database_, 10'000);
}

sqlite_database::~sqlite_database() { sqlite3_close_v2(database_); }

void sqlite_database::execute(const std::string& sql) {
  if (int code = sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr); code != SQLITE_OK)
    fail(database_, code);
}

sqlite_statement sqlite_database::prepare(std::string_view sql) const { return {database_, sql}; }

void sqlite_database::roll_back() noexcept {
  if (sqlite3_get_autocommit(database_) == 0)
    sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
}

bool sqlite_database::checkpoint(bool truncate) {
  // A connection that has not read anything yet knows of no log, and would have nothing to do.
  execute("PRAGMA schema_version");
  int mode = truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
  int frames = -1;
  int moved = -1;
  int code = sqlite3_wal_checkpoint_v2(database_, "main", mode, &frames, &moved);
  if (code != SQLITE_OK && (code & 0xFF) != SQLITE_BUSY)
    fail(database_, code);
  if (code == SQLITE_OK && frames < 0)
    throw store_broken{"the store has no write-ahead log"};
  if (code == SQLITE_OK && truncate)
    sync_log();
  return code == SQLITE_OK;
}

/// SQLite cuts its log off and leaves it at that: were the power cut now, what was erased would be back.
void sqlite_database::sync_log() {
  sqlite3_file* log = nullptr;
  int code = sqlite3_file_control(database_, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  if (code == SQLITE_OK && log && log->pMethods)
    code = log->pMethods->xSync(log, SQLITE_SYNC_FULL);
  if (code != SQLITE_OK)
    fail(database_, code);
}

} // namespace toit::journal
