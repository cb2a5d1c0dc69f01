#include "benchmarks/disk.hpp"

#include "journal/sqlite.hpp"
#include "nodes/ports/file_descriptor.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sodium.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace toit::bench {

namespace {

constexpr std::size_t page_bytes = 4096;

[[noreturn]] void fail(const char* what) { throw std::system_error{errno, std::generic_category(), what}; }

void remove_database(const std::filesystem::path& file) {
  for (const char* suffix : {"", "-wal", "-shm"})
    std::filesystem::remove(file.string() + suffix);
}

} // namespace

bool is_in_memory(const std::filesystem::path& folder) {
  struct statfs about{};
  if (statfs(folder.c_str(), &about) != 0)
    fail("statfs");
  return about.f_type == TMPFS_MAGIC || about.f_type == RAMFS_MAGIC;
}

double bare_sqlite_rows_per_second(const std::filesystem::path& folder, std::size_t row_bytes, std::size_t rows,
                                   std::size_t batch) {
  auto file = folder / "bare.sqlite";
  remove_database(file);
  // What is encrypted cannot be compressed, by a disk neither.
  std::vector<std::uint8_t> content(row_bytes);
  randombytes_buf(content.data(), content.size());
  seconds took{};
  {
    journal::sqlite_database database{file.string(), journal::sqlite_access::read_write, {}};
    database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                     "CREATE TABLE row (place INTEGER PRIMARY KEY, content BLOB NOT NULL);");
    auto begin = database.prepare("BEGIN IMMEDIATE");
    auto insert = database.prepare("INSERT INTO row (place, content) VALUES (?, ?)");
    auto commit = database.prepare("COMMIT");
    auto from = clock::now();
    for (std::size_t done = 0; done < rows;) {
      begin.run();
      for (auto end = std::min(done + batch, rows); done < end; ++done)
        insert.bind(1, static_cast<std::int64_t>(done)).bind(2, journal::byte_view{content}).run();
      commit.run();
    }
    took = clock::now() - from;
  }
  remove_database(file);
  return static_cast<double>(rows) / took.count();
}

seconds mean_fsync(const std::filesystem::path& folder, std::size_t times) {
  auto path = folder / "fsync.bin";
  seconds took{};
  {
    nodes::file_descriptor file{::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600)};
    std::array<char, page_bytes> page{};
    auto from = clock::now();
    for (std::size_t i = 0; i < times; ++i)
      if (::write(file.get(), page.data(), page.size()) != static_cast<ssize_t>(page.size()) ||
          ::fsync(file.get()) != 0)
        fail("fsync");
    took = clock::now() - from;
  }
  std::filesystem::remove(path);
  return took / static_cast<double>(times);
}

} // namespace toit::bench
