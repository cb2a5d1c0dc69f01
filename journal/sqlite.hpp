/// \file
/// SQLite's C interface with owners and exceptions, and nothing else. No other header of the project names sqlite3.

#pragma once

#include "journal/store.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace toit::journal {

class sqlite_statement {
public:
  sqlite_statement() = default;
  sqlite_statement(sqlite3* database, std::string_view sql);
  ~sqlite_statement();
  sqlite_statement(sqlite_statement&&) noexcept;
  sqlite_statement& operator=(sqlite_statement&&) noexcept;

  /// Parameters are numbered from 1; bytes and text must outlive the step.
  sqlite_statement& bind(int position, std::int64_t value);
  sqlite_statement& bind(int position, byte_view value);
  sqlite_statement& bind(int position, std::string_view value);
  sqlite_statement& bind_null(int position);

  /// True while there is a row. Throws `store_full` or `store_broken`.
  bool step();
  /// Steps to the end and makes ready for the next use.
  void run();
  void reset();

  std::int64_t integer(int column) const;
  /// Throws `store_broken` unless the column is an integer from 0 to `most`: what a cast would bend into shape is
  /// damage.
  std::int64_t number(int column, std::int64_t most) const;
  bool is_null(int column) const;
  byte_view content(int column) const;
  /// Throws `store_broken` when the column is anything but bytes.
  byte_view blob(int column) const;
  std::string_view text(int column) const;
  /// Throws `store_broken` when the column has another length.
  void copy_to(int column, std::span<std::uint8_t> target) const;

private:
  sqlite3_stmt* statement_ = nullptr;
};

enum class sqlite_access : std::uint8_t { read_write, read_only };

class sqlite_database {
public:
  /// `vfs` names another file layer than the system's; empty for the system's.
  sqlite_database(const std::string& path, sqlite_access access, const std::string& vfs);
  ~sqlite_database();
  sqlite_database(const sqlite_database&) = delete;
  sqlite_database& operator=(const sqlite_database&) = delete;

  void execute(const std::string& sql);
  sqlite_statement prepare(std::string_view sql) const;
  /// Leaves no open transaction, whatever the state; never throws.
  void roll_back() noexcept;
  /// False when readers held it back: part of the log stays for the next call.
  bool checkpoint(bool truncate);

private:
  void sync_log();

  sqlite3* database_ = nullptr;
};

} // namespace toit::journal
