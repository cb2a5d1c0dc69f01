/// \file
/// The store as one SQLite file that an administrator can open: WAL, synchronous=FULL, secure_delete.

#pragma once

#include "journal/store.hpp"

namespace toit::journal {

/// Bytes 68 to 71 of the file ("TOIT") and its format version, checked at every opening.
constexpr std::int64_t store_application_id = 0x544F4954;
constexpr std::int64_t store_format_version = 4;

/// Opens the file for writing, and makes it where there is none. Throws `store_broken`.
std::unique_ptr<store> open_sqlite_store(const std::string& path, const std::string& vfs = {});

/// Opens an existing file for reading alone. Throws `store_broken`.
std::unique_ptr<store_reader> open_sqlite_reader(const std::string& path, const std::string& vfs = {});

} // namespace toit::journal
