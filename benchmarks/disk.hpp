/// \file
/// The same disk without us: what bare SQLite writes, and what one sync costs.

#pragma once

#include "benchmarks/asking.hpp"

#include <filesystem>

namespace toit::bench {

/// True when what is written there would never reach a disk.
bool is_in_memory(const std::filesystem::path& folder);

/// Rows a second of that many bytes each, in transactions of `batch`, every commit on disk: SQLite with a write-ahead
/// log, synchronous=FULL and its own checkpoints. The file is removed.
double bare_sqlite_rows_per_second(const std::filesystem::path& folder, std::size_t row_bytes, std::size_t rows,
                                   std::size_t batch);

/// Mean of `times` appends of a page, each with its fsync.
seconds mean_fsync(const std::filesystem::path& folder, std::size_t times);

} // namespace toit::bench
