/// \file
/// A disk that forgets, tears, fills up, fails and rots on demand: under SQLite's own file layer, and under the folders
/// of documents, snapshots and logs. What was synced stays; of the rest a crash keeps what it likes, in pieces of a
/// sector.

#pragma once

#include "journal/access_log.hpp"
#include "ports/files.hpp"
#include "simulation/world/chance.hpp"

#include <map>
#include <set>

namespace toit::simulation {

class virtual_disk {
public:
  static constexpr std::size_t sector_bytes = 512;

  explicit virtual_disk(std::uint64_t seed);
  ~virtual_disk();

  /// Name of the SQLite file layer that stands on this disk; paths are the disk's own.
  const std::string& vfs() const { return vfs_; }

  std::shared_ptr<ports::files> folder(const std::string& path);
  std::shared_ptr<journal::access_log_folder> log_folder(const std::string& path);

  // -- faults -------------------------------------------------------------------------------------------------------

  /// After this many more writes and syncs the disk goes down in the middle of one.
  void fail_after(std::uint64_t steps) { steps_left_ = steps; }
  /// It does not go down after all.
  void spare() { steps_left_.reset(); }
  /// From now on every operation fails: what still runs is the past.
  void go_down() { down_ = true; }
  bool down() const { return down_; }
  /// Power comes back: unsynced pieces are kept or lost, handles of the past stay dead.
  void come_back();
  /// Bytes that may still be written; absent for as many as one likes.
  void set_room(std::optional<std::uint64_t> bytes) { room_ = bytes; }
  /// What is on it now, as a backup would have it, and a backup put back: nobody may have a file open.
  using backup = std::map<std::string, std::vector<std::uint8_t>>;
  backup copy() const;
  void restore(const backup& from);
  /// Turns one bit of what is on disk.
  void rot(const std::string& path, std::uint64_t offset);

  // -- for the file layer and the folders ---------------------------------------------------------------------------

  struct file {
    std::vector<std::uint8_t> now;    ///< as whoever runs sees it
    std::vector<std::uint8_t> synced; ///< as it surely is after a crash
    bool synced_once = false;
    std::set<std::size_t> dirty; ///< sectors written since the last sync
    // Locks of SQLite's rollback protocol and of its WAL.
    int shared = 0;
    bool reserved = false;
    bool pending = false;
    bool exclusive = false;
    std::vector<std::unique_ptr<std::array<std::uint8_t, 32768>>> shared_memory;
    std::array<int, 8> shm_shared{};
    std::array<bool, 8> shm_exclusive{};
  };

  enum class outcome { done, full, failed };

  /// A handle opened before the last crash is dead.
  std::uint64_t incarnation() const { return incarnation_; }
  bool alive(std::uint64_t of_incarnation) const { return !down_ && of_incarnation == incarnation_; }

  std::shared_ptr<file> find(const std::string& path);
  std::shared_ptr<file> create(const std::string& path);
  void remove(const std::string& path);
  std::vector<std::string> list(const std::string& folder) const;
  outcome write(file& f, std::span<const std::uint8_t> content, std::uint64_t offset);
  outcome truncate(file& f, std::uint64_t size);
  outcome sync(file& f);

  std::uint64_t syncs() const { return syncs_; }
  /// Writes of which only a part reached the disk, and sectors that a crash took back.
  std::uint64_t torn_writes() const { return torn_writes_; }
  std::uint64_t lost_sectors() const { return lost_sectors_; }
  /// Writes for which there was no room.
  std::uint64_t refused_writes() const { return refused_writes_; }
  std::string fresh_name() { return "temporary-" + std::to_string(++temporaries_); }

  chance& random() { return chance_; }

private:
  bool step();
  void tear(file& f);
  static void keep(file& f, std::size_t sector);

  chance chance_;
  std::string vfs_;
  std::map<std::string, std::shared_ptr<file>> files_;
  std::optional<std::uint64_t> room_;
  std::optional<std::uint64_t> steps_left_;
  std::uint64_t incarnation_ = 1;
  std::uint64_t syncs_ = 0;
  std::uint64_t torn_writes_ = 0;
  std::uint64_t lost_sectors_ = 0;
  std::uint64_t refused_writes_ = 0;
  std::uint64_t temporaries_ = 0;
  bool down_ = false;
};

/// Registers the disk with SQLite under its name, and takes it out again.
void register_vfs(virtual_disk& disk);
void unregister_vfs(virtual_disk& disk);

} // namespace toit::simulation
