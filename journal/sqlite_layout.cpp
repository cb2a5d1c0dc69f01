#include "journal/sqlite_layout.hpp"

#include "journal/sqlite_store.hpp"

namespace toit::journal {

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

} // namespace toit::journal
