/// \file
/// Where a node keeps what it remembers, for itself alone.

#pragma once

#include "nodes/ports/file_descriptor.hpp"

#include <filesystem>
#include <stdexcept>
#include <string_view>

namespace toit::nodes {

/// Another process has it: two writers would each break the other's chain.
struct directory_in_use : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Holds the directory for as long as it lives; the lock goes with the process, however it ends.
class data_directory {
public:
  /// Makes it (mode 0700) when there is none. Throws `directory_in_use`, or std::system_error.
  explicit data_directory(std::filesystem::path path);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path journal() const { return path_ / "journal.sqlite"; }
  std::filesystem::path logs() const { return path_ / "log"; }
  std::filesystem::path documents() const { return path_ / "documents"; }
  /// Documents of streams that other nodes host.
  std::filesystem::path replicas() const { return path_ / "replicas"; }
  std::filesystem::path snapshots() const { return path_ / "snapshots"; }
  std::filesystem::path federation() const { return federation_in(path_); }
  /// The same of a directory that somebody else may hold.
  static std::filesystem::path federation_in(const std::filesystem::path& data) { return data / "federation"; }
  std::filesystem::path marks() const { return path_ / "marks"; }
  /// Documents and marks of another territory that is hosted here.
  std::filesystem::path hosted(std::string_view stream) const { return path_ / "hosted" / stream; }
  /// Where a restoration is made ready: while it is there, it is unfinished.
  std::filesystem::path restoring() const { return path_ / restoring_name; }

  static constexpr const char* restoring_name = "restoring";
  /// Among the marks: put back from a backup, and not yet confirmed by a neighbour.
  static constexpr const char* restored_mark = "restored";

private:
  std::filesystem::path path_;
  file_descriptor lock_;
};

} // namespace toit::nodes
