#include "simulation/world/virtual_disk.hpp"

#include "law/require.hpp"

#include <algorithm>

namespace toit::simulation {

virtual_disk::virtual_disk(std::uint64_t seed) : chance_{seed} {
  static std::uint64_t disks = 0;
  vfs_ = "disk-" + std::to_string(++disks);
  register_vfs(*this);
}

virtual_disk::~virtual_disk() { unregister_vfs(*this); }

std::shared_ptr<virtual_disk::file> virtual_disk::find(const std::string& path) {
  auto found = files_.find(path);
  return found == files_.end() ? nullptr : found->second;
}

std::shared_ptr<virtual_disk::file> virtual_disk::create(const std::string& path) {
  auto& place = files_[path];
  if (!place)
    place = std::make_shared<file>();
  return place;
}

void virtual_disk::remove(const std::string& path) { files_.erase(path); }

std::vector<std::string> virtual_disk::list(const std::string& folder) const {
  std::vector<std::string> names;
  for (const auto& [path, f] : files_)
    if (path.starts_with(folder + "/") && path.find('/', folder.size() + 1) == std::string::npos)
      names.push_back(path.substr(folder.size() + 1));
  return names;
}

/// Counts down to the moment at which the disk goes; true as long as it stands.
bool virtual_disk::step() {
  if (down_)
    return false;
  if (!steps_left_)
    return true;
  if (*steps_left_ > 0) {
    --*steps_left_;
    return true;
  }
  steps_left_.reset();
  down_ = true;
  return false;
}

virtual_disk::outcome virtual_disk::write(file& f, std::span<const std::uint8_t> content, std::uint64_t offset) {
  if (down_)
    return outcome::failed;
  bool stands = step();
  auto end = offset + content.size();
  if (stands && room_ && end > f.now.size()) {
    if (end - f.now.size() > *room_) {
      ++refused_writes_;
      return outcome::full;
    }
    *room_ -= end - f.now.size();
  }
  // The write in whose middle the disk goes reaches it in part.
  auto reach = stands ? content.size() : chance_.below(content.size() + 1);
  torn_writes_ += reach < content.size() ? 1 : 0;
  if (f.now.size() < offset + reach)
    f.now.resize(offset + reach);
  std::copy_n(content.begin(), reach, f.now.begin() + static_cast<std::ptrdiff_t>(offset));
  for (auto sector = offset / sector_bytes; reach > 0 && sector <= (offset + reach - 1) / sector_bytes; ++sector)
    f.dirty.insert(sector);
  return stands ? outcome::done : outcome::failed;
}

virtual_disk::outcome virtual_disk::truncate(file& f, std::uint64_t size) {
  if (!step())
    return outcome::failed;
  if (room_ && size < f.now.size())
    *room_ += f.now.size() - size;
  auto from = std::min<std::uint64_t>(size, f.now.size()) / sector_bytes;
  auto to = std::max<std::uint64_t>(size, f.now.size()) / sector_bytes;
  f.now.resize(size);
  for (auto sector = from; sector <= to; ++sector)
    f.dirty.insert(sector);
  return outcome::done;
}

virtual_disk::outcome virtual_disk::sync(file& f) {
  if (down_)
    return outcome::failed;
  if (!step()) {
    tear(f);
    return outcome::failed;
  }
  // Only what was written since differs: files are long, and syncs are many.
  f.synced.resize(f.now.size());
  for (auto sector : f.dirty)
    keep(f, sector);
  f.synced_once = true;
  f.dirty.clear();
  ++syncs_;
  return outcome::done;
}

void virtual_disk::keep(file& f, std::size_t sector) {
  auto begin = std::min(sector * sector_bytes, f.now.size());
  auto end = std::min(begin + sector_bytes, f.now.size());
  std::copy(f.now.begin() + static_cast<std::ptrdiff_t>(begin), f.now.begin() + static_cast<std::ptrdiff_t>(end),
            f.synced.begin() + static_cast<std::ptrdiff_t>(begin));
}

/// Each sector that was not synced is on disk as it was, or as it is now.
void virtual_disk::tear(file& f) {
  for (auto sector : f.dirty) {
    if (chance_.one_in(2)) {
      ++lost_sectors_;
      continue;
    }
    auto begin = sector * sector_bytes;
    auto end = std::min(begin + sector_bytes, f.now.size());
    if (begin >= end) {
      // A sector that was cut off is gone.
      f.synced.resize(std::min(f.synced.size(), begin));
      continue;
    }
    if (f.synced.size() < end)
      f.synced.resize(end);
    keep(f, sector);
  }
  f.dirty.clear();
}

void virtual_disk::come_back() {
  std::map<std::string, std::shared_ptr<file>> survivors;
  for (const auto& [path, f] : files_) {
    tear(*f);
    // A file that was never synced may not even have its name.
    if (!f->synced_once && chance_.one_in(2))
      continue;
    auto back = std::make_shared<file>();
    back->now = f->synced;
    back->synced = std::move(f->synced);
    back->synced_once = true;
    survivors[path] = std::move(back);
  }
  files_ = std::move(survivors);
  ++incarnation_;
  down_ = false;
  steps_left_.reset();
}

virtual_disk::backup virtual_disk::copy() const {
  backup made;
  for (const auto& [path, f] : files_)
    made.emplace(path, f->now);
  return made;
}

void virtual_disk::restore(const backup& from) {
  ++incarnation_;
  files_.clear();
  for (const auto& [path, bytes] : from) {
    auto restored = std::make_shared<file>();
    restored->now = bytes;
    restored->synced = bytes;
    restored->synced_once = true;
    files_.emplace(path, std::move(restored));
  }
}

void virtual_disk::rot(const std::string& path, std::uint64_t offset) {
  auto f = find(path);
  law::require(f && offset < f->now.size(), "rot strikes a byte that is there");
  f->now[offset] ^= static_cast<std::uint8_t>(1U << chance_.below(8));
  f->synced = f->now;
}

// -- folders --------------------------------------------------------------------------------------------------------

namespace {

class disk_writer : public ports::files::writer {
public:
  disk_writer(virtual_disk& disk, std::string path)
      : disk_{disk}, path_{std::move(path)}, incarnation_{disk.incarnation()} {}

  void append(std::span<const std::uint8_t> part) override { check(disk_.write(file_, part, file_.now.size())); }

  void commit() override {
    check(disk_.sync(file_));
    // The name appears at once, with all of the content: written aside, then renamed.
    auto placed = disk_.create(path_);
    placed->now = file_.now;
    placed->synced = file_.now;
    placed->synced_once = true;
    placed->dirty.clear();
  }

private:
  void check(virtual_disk::outcome result) {
    if (result == virtual_disk::outcome::full)
      throw ports::files_full{};
    if (result == virtual_disk::outcome::failed || !disk_.alive(incarnation_))
      throw std::runtime_error{"the disk failed"};
  }

  virtual_disk& disk_;
  std::string path_;
  std::uint64_t incarnation_;
  virtual_disk::file file_;
};

class disk_folder : public ports::files {
public:
  disk_folder(virtual_disk& disk, std::string path)
      : disk_{disk}, path_{std::move(path)}, incarnation_{disk.incarnation()} {}

  std::unique_ptr<writer> create(const std::string& name) override {
    check();
    return std::make_unique<disk_writer>(disk_, path_ + "/" + name);
  }
  std::optional<ports::bytes> read(const std::string& name, std::uint64_t offset, std::size_t limit) override {
    check();
    auto f = disk_.find(path_ + "/" + name);
    if (!f)
      return std::nullopt;
    auto begin = std::min<std::uint64_t>(offset, f->now.size());
    auto size = std::min<std::uint64_t>(limit, f->now.size() - begin);
    auto from = f->now.begin() + static_cast<std::ptrdiff_t>(begin);
    return ports::bytes{from, from + static_cast<std::ptrdiff_t>(size)};
  }
  std::optional<std::uint64_t> size(const std::string& name) override {
    check();
    auto f = disk_.find(path_ + "/" + name);
    return f ? std::optional<std::uint64_t>{f->now.size()} : std::nullopt;
  }
  void remove(const std::string& name) override {
    check();
    disk_.remove(path_ + "/" + name);
  }
  std::vector<std::string> list() override {
    check();
    return disk_.list(path_);
  }

private:
  void check() const {
    if (!disk_.alive(incarnation_))
      throw std::runtime_error{"the disk failed"};
  }

  virtual_disk& disk_;
  std::string path_;
  std::uint64_t incarnation_;
};

class disk_log_folder : public journal::access_log_folder {
public:
  disk_log_folder(virtual_disk& disk, std::string path) : disk_{disk}, path_{std::move(path)} {}
  std::vector<std::string> files() override {
    auto names = disk_.list(path_);
    std::erase_if(names, [](const auto& name) { return !name.starts_with("log-") || !name.ends_with(".sqlite"); });
    return names;
  }
  void remove(const std::string& file) override {
    for (const char* suffix : {"", "-wal", "-journal"})
      disk_.remove(path_ + "/" + file + suffix);
  }

private:
  virtual_disk& disk_;
  std::string path_;
};

} // namespace

std::shared_ptr<ports::files> virtual_disk::folder(const std::string& path) {
  return std::make_shared<disk_folder>(*this, path);
}

std::shared_ptr<journal::access_log_folder> virtual_disk::log_folder(const std::string& path) {
  return std::make_shared<disk_log_folder>(*this, path);
}

} // namespace toit::simulation
