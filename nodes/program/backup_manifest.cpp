#include "nodes/program/backup_manifest.hpp"

#include "law/scalar_text.hpp"
#include "nodes/ports/file_descriptor.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sodium.h>
#include <span>
#include <system_error>

namespace toit::nodes {

namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr int manifest_version = 1;
constexpr std::uintmax_t manifest_limit_bytes = std::uintmax_t{512} << 20;

[[noreturn]] void fail_at(const fs::path& file) {
  throw std::system_error{errno, std::generic_category(), file.string()};
}

bool is_plain_name(std::string_view name) {
  auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_';
  };
  return !name.empty() && !name.starts_with('.') && std::ranges::all_of(name, allowed);
}

/// Of a backup, and nothing that leads out of it.
bool is_backup_path(std::string_view path) {
  if (path == backed_up_journal || path == backed_up_keys)
    return true;
  return std::ranges::any_of(backed_up_folders, [&](std::string_view folder) {
    return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/' &&
           is_plain_name(path.substr(folder.size() + 1));
  });
}

void write_all(int file, std::span<const char> content, const fs::path& named) {
  while (!content.empty()) {
    auto written = ::write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      fail_at(named);
    content = content.subspan(static_cast<std::size_t>(written));
  }
}

/// Reads a file to its end, a part at a time.
template <class Take>
void read_parts(const file_descriptor& file, const fs::path& named, Take&& take) {
  constexpr std::size_t part_bytes = std::size_t{1} << 20;
  std::vector<char> part(part_bytes);
  for (;;) {
    auto got = ::read(file.get(), part.data(), part.size());
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      fail_at(named);
    if (got == 0)
      return;
    take(std::span<const char>{part}.first(static_cast<std::size_t>(got)));
  }
}

class running_hash {
public:
  running_hash() { crypto_hash_sha256_init(&state_); }
  void add(std::span<const char> part) {
    crypto_hash_sha256_update(&state_, reinterpret_cast<const unsigned char*>(part.data()), part.size());
    bytes_ += part.size();
  }
  backed_up_file end() {
    backed_up_file found;
    found.bytes = bytes_;
    crypto_hash_sha256_final(&state_, found.hash.data());
    return found;
  }
  std::uint64_t bytes() const { return bytes_; }

private:
  crypto_hash_sha256_state state_{};
  std::uint64_t bytes_ = 0;
};

std::expected<backed_up_file, std::string> file_from(const ordered_json& told) {
  backed_up_file file;
  file.path = told.at("path").get<std::string>();
  file.bytes = told.at("bytes").get<std::uint64_t>();
  if (!is_backup_path(file.path) || !law::parse_hex(told.at("sha256").get<std::string>(), file.hash))
    return std::unexpected{"le manifeste nomme un fichier qui n'est pas d'une sauvegarde"};
  return file;
}

std::expected<backup_manifest, std::string> manifest_from(const ordered_json& told) {
  if (told.at("toit_backup").get<int>() != manifest_version)
    return std::unexpected{"le manifeste est d'une autre version de ce programme"};
  backup_manifest read;
  read.made_at = told.at("made_at").get<std::string>();
  read.purpose = told.at("purpose").get<std::string>();
  read.stream = told.at("stream").get<std::string>();
  read.journal_format = told.at("journal_format").get<std::int64_t>();
  read.with_keys = told.at("with_keys").get<bool>();
  for (const auto& one : told.at("streams"))
    read.streams.push_back({one.at("stream").get<std::string>(), one.at("epoch").get<std::uint32_t>(),
                            one.at("seq").get<std::uint64_t>(), one.at("link").get<std::string>()});
  for (const auto& one : told.at("files")) {
    auto file = file_from(one);
    if (!file)
      return std::unexpected{file.error()};
    read.files.push_back(std::move(*file));
  }
  return read;
}

} // namespace

std::string manifest_text(const backup_manifest& made) {
  auto streams = ordered_json::array();
  for (const auto& one : made.streams)
    streams.push_back({{"stream", one.stream}, {"epoch", one.epoch}, {"seq", one.seq}, {"link", one.link}});
  auto files = ordered_json::array();
  for (const auto& one : made.files)
    files.push_back({{"path", one.path}, {"bytes", one.bytes}, {"sha256", law::to_hex(one.hash)}});
  return ordered_json{{"toit_backup", manifest_version},
                      {"made_at", made.made_at},
                      {"purpose", made.purpose},
                      {"stream", made.stream},
                      {"journal_format", made.journal_format},
                      {"with_keys", made.with_keys},
                      {"streams", std::move(streams)},
                      {"files", std::move(files)}}
             .dump(1) +
         "\n";
}

std::expected<backup_manifest, std::string> read_manifest(const fs::path& folder) {
  auto file = folder / manifest_name;
  std::error_code absent;
  if (auto size = fs::file_size(file, absent); absent || size > manifest_limit_bytes)
    return std::unexpected{"il n'y a pas de manifeste"};
  std::ifstream in{file};
  auto told = ordered_json::parse(in, nullptr, false);
  try {
    return manifest_from(told);
  } catch (const nlohmann::json::exception&) {
    return std::unexpected{"le manifeste ne se lit pas"};
  }
}

std::optional<backed_up_file> copy_durably(const fs::path& from, const fs::path& to,
                                           const std::function<void(std::uint64_t)>& progress) {
  file_descriptor source{::open(from.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!source && errno == ENOENT)
    return std::nullopt;
  if (!source)
    fail_at(from);
  file_descriptor made{::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  if (!made)
    fail_at(to);
  running_hash hash;
  read_parts(source, from, [&](std::span<const char> part) {
    write_all(made.get(), part, to);
    hash.add(part);
    if (progress)
      progress(hash.bytes());
  });
  if (::fsync(made.get()) != 0)
    fail_at(to);
  return hash.end();
}

backed_up_file measure_durably(const fs::path& file) {
  file_descriptor opened{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!opened || ::fsync(opened.get()) != 0)
    fail_at(file);
  running_hash hash;
  read_parts(opened, file, [&](std::span<const char> part) { hash.add(part); });
  return hash.end();
}

void write_durably(const fs::path& file, std::string_view content) {
  file_descriptor made{::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  if (!made)
    fail_at(file);
  write_all(made.get(), {content.data(), content.size()}, file);
  if (::fsync(made.get()) != 0)
    fail_at(file);
}

void sync_folder_of(const fs::path& folder) {
  file_descriptor opened{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!opened || ::fsync(opened.get()) != 0)
    fail_at(folder);
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  if (!fs::is_directory(folder))
    return names;
  for (const auto& entry : fs::directory_iterator{folder})
    if (auto name = entry.path().filename().string(); entry.is_regular_file() && is_plain_name(name))
      names.push_back(std::move(name));
  std::ranges::sort(names);
  return names;
}

} // namespace toit::nodes
