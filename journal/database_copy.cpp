#include "journal/database_copy.hpp"

#include "journal/sqlite.hpp"

namespace toit::journal {

namespace {

bool is_begun(const sqlite_database& database) {
  auto query = database.prepare("PRAGMA application_id");
  query.step();
  return query.integer(0) != 0;
}

} // namespace

bool copy_database(const std::string& from, const std::string& to) {
  sqlite_database database{from, sqlite_access::read_only, {}};
  try {
    if (!is_begun(database))
      return false;
  } catch (const store_unfinished&) {
    // The power went while the file was being made: only its own writer can put it right.
    return false;
  }
  auto copy = database.prepare("VACUUM INTO ?");
  copy.bind(1, std::string_view{to});
  copy.run();
  return true;
}

} // namespace toit::journal
