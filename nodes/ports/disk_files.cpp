#include "nodes/ports/disk_files.hpp"

#include "law/require.hpp"
#include "nodes/ports/file_descriptor.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace toit::nodes {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view unfinished = ".part";

[[noreturn]] void fail(const char* doing) {
  if (errno == ENOSPC || errno == EDQUOT)
    throw ports::files_full{};
  throw std::system_error{errno, std::generic_category(), doing};
}

bool is_flat(std::string_view name) {
  auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_';
  };
  return !name.empty() && !name.starts_with('.') && std::ranges::all_of(name, allowed);
}

void sync_folder(const fs::path& folder) {
  file_descriptor opened{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!opened || ::fsync(opened.get()) != 0)
    fail("a folder does not sync");
}

class file_writer : public ports::files::writer {
public:
  file_writer(fs::path folder, const std::string& name)
      : folder_{std::move(folder)}, name_{name}, aside_{folder_ / ("." + name + std::string{unfinished})},
        file_{::open(aside_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)} {
    if (!file_)
      fail("a file does not open");
  }
  ~file_writer() override {
    if (!committed_)
      ::unlink(aside_.c_str());
  }
  file_writer(const file_writer&) = delete;
  file_writer& operator=(const file_writer&) = delete;

  void append(std::span<const std::uint8_t> part) override {
    while (!part.empty()) {
      auto written = ::write(file_.get(), part.data(), part.size());
      if (written < 0 && errno == EINTR)
        continue;
      if (written < 0)
        fail("a file does not grow");
      part = part.subspan(static_cast<std::size_t>(written));
    }
  }

  void commit() override {
    if (::fsync(file_.get()) != 0)
      fail("a file does not sync");
    if (::rename(aside_.c_str(), (folder_ / name_).c_str()) != 0)
      fail("a file does not take its name");
    committed_ = true;
    sync_folder(folder_);
  }

private:
  fs::path folder_;
  std::string name_;
  fs::path aside_;
  file_descriptor file_;
  bool committed_ = false;
};

class disk_folder : public ports::files {
public:
  explicit disk_folder(fs::path folder) : folder_{std::move(folder)} {
    if (fs::create_directories(folder_))
      fs::permissions(folder_, fs::perms::owner_all);
    for (const auto& entry : fs::directory_iterator{folder_})
      if (entry.path().extension() == unfinished)
        fs::remove(entry.path());
  }

  std::unique_ptr<writer> create(const std::string& name) override {
    return std::make_unique<file_writer>(folder_, checked(name));
  }

  std::optional<ports::bytes> read(const std::string& name, std::uint64_t offset, std::size_t limit) override {
    file_descriptor file{::open((folder_ / checked(name)).c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file && errno == ENOENT)
      return std::nullopt;
    if (!file)
      fail("a file does not open");
    auto size = ::lseek(file.get(), 0, SEEK_END);
    if (size < 0)
      fail("a file has no size");
    auto begin = std::min(offset, static_cast<std::uint64_t>(size));
    ports::bytes content(std::min<std::uint64_t>(limit, static_cast<std::uint64_t>(size) - begin));
    for (std::size_t at = 0; at < content.size();) {
      auto got = ::pread(file.get(), content.data() + at, content.size() - at, static_cast<off_t>(begin + at));
      if (got < 0 && errno == EINTR)
        continue;
      if (got <= 0)
        fail("a file does not read");
      at += static_cast<std::size_t>(got);
    }
    return content;
  }

  std::optional<std::uint64_t> size(const std::string& name) override {
    struct stat found{};
    if (::stat((folder_ / checked(name)).c_str(), &found) == 0)
      return static_cast<std::uint64_t>(found.st_size);
    if (errno == ENOENT)
      return std::nullopt;
    fail("a file has no size");
  }

  void remove(const std::string& name) override {
    if (::unlink((folder_ / checked(name)).c_str()) != 0 && errno != ENOENT)
      fail("a file does not go");
    sync_folder(folder_);
  }

  std::vector<std::string> list() override {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator{folder_})
      if (entry.is_regular_file() && is_flat(entry.path().filename().string()))
        names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
  }

private:
  static const std::string& checked(const std::string& name) {
    law::require(is_flat(name), "names of files are flat");
    return name;
  }

  fs::path folder_;
};

class disk_log_folder : public journal::access_log_folder {
public:
  explicit disk_log_folder(const fs::path& folder) : files_{folder} {}

  std::vector<std::string> files() override {
    auto names = files_.list();
    std::erase_if(names, [](const auto& name) { return !name.starts_with("log-") || !name.ends_with(".sqlite"); });
    return names;
  }

  void remove(const std::string& file) override {
    for (const char* suffix : {"", "-wal", "-shm", "-journal"})
      files_.remove(file + suffix);
  }

private:
  disk_folder files_;
};

} // namespace

std::shared_ptr<ports::files> open_folder(const fs::path& folder) { return std::make_shared<disk_folder>(folder); }

std::shared_ptr<journal::access_log_folder> open_log_folder(const fs::path& folder) {
  return std::make_shared<disk_log_folder>(folder);
}

} // namespace toit::nodes
