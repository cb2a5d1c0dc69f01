/// \file
/// How rows lie in the store's SQLite file: what its writer and its readers share.

#pragma once

#include "journal/sqlite.hpp"

namespace toit::journal {

constexpr int seq_bits = 44;
constexpr std::int64_t seq_most = (std::int64_t{1} << seq_bits) - 1;

/// Stream and sequence in one integer key: entries of a stream lie side by side, in order.
inline std::int64_t entry_place(std::int64_t stream, std::uint64_t seq) {
  law::require(seq <= static_cast<std::uint64_t>(seq_most), "a sequence fits in its bits");
  return (stream << seq_bits) | static_cast<std::int64_t>(seq);
}
inline std::uint64_t seq_at(std::int64_t place) { return static_cast<std::uint64_t>(place & seq_most); }

/// The oldest format that is migrated, and that a reader takes as it is.
constexpr std::int64_t oldest_format_version = 1;
/// The first with marks and foreign heads, with orphan tails, and with accounts by stream.
constexpr std::int64_t federation_format_version = 2;
constexpr std::int64_t takeover_format_version = 3;
constexpr std::int64_t accounts_format_version = 4;

std::int64_t pragma_number(sqlite_database& database, const std::string& name);
/// The file's version. Throws `store_broken` when it is no journal, or of no version that this program reads.
std::int64_t check_format(sqlite_database& database, const std::string& path);
void set_up_connection(sqlite_database& database);

} // namespace toit::journal
