/// \file
/// What a backup says of itself: `manifest.json`, written last, so that a folder without one is no backup.

#pragma once

#include "law/identifiers.hpp"

#include <array>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace toit::nodes {

using sha256 = std::array<std::uint8_t, 32>;

struct backed_up_file {
  std::string path; ///< in the backup: "journal.sqlite", "log/log-2026-11.sqlite"
  std::uint64_t bytes = 0;
  sha256 hash{};
};

/// Where a stream stood.
struct backed_up_stream {
  std::string stream;
  std::uint32_t epoch = 0;
  std::uint64_t seq = 0;
  std::string link; ///< hexadecimal
};

struct backup_manifest {
  std::string made_at; ///< UTC
  std::string purpose;
  std::string stream; ///< of the node itself
  std::int64_t journal_format = 0;
  bool with_keys = false;
  std::vector<backed_up_stream> streams;
  std::vector<backed_up_file> files;
};

constexpr const char* manifest_name = "manifest.json";
constexpr const char* backed_up_journal = "journal.sqlite";
constexpr const char* backed_up_keys = "node.keys";
/// Folders of a node's data that a backup holds, flat.
constexpr std::array<std::string_view, 5> backed_up_folders{"log", "documents", "replicas", "marks", "federation"};

std::string manifest_text(const backup_manifest& made);
/// The error is a sentence in French.
std::expected<backup_manifest, std::string> read_manifest(const std::filesystem::path& folder);

/// Copies a file, for its owner alone and durably, and says what it holds; absent when it is not there (any more).
/// `to` must not exist. Throws std::system_error.
std::optional<backed_up_file> copy_durably(const std::filesystem::path& from, const std::filesystem::path& to,
                                           const std::function<void(std::uint64_t)>& progress = {});
/// What the file holds, once it is durable.
backed_up_file measure_durably(const std::filesystem::path& file);
void write_durably(const std::filesystem::path& file, std::string_view content);
/// The names in it are on disk.
void sync_folder_of(const std::filesystem::path& folder);
/// Regular files of a folder, in alphabetical order, but those being written; none where there is no folder.
std::vector<std::string> names_in(const std::filesystem::path& folder);

} // namespace toit::nodes
