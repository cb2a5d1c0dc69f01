// SQLite's file layer over a virtual disk: one thread, several connections, WAL's shared memory included.

#include "simulation/world/virtual_disk.hpp"

#include <cstring>
#include <new>
#include <sqlite3.h>

namespace toit::simulation {

namespace {

struct open_file {
  sqlite3_file base;
  virtual_disk* disk;
  std::shared_ptr<virtual_disk::file> content;
  std::uint64_t incarnation;
  std::string path;
  bool delete_on_close;
  int lock;
  std::uint16_t shm_shared;
  std::uint16_t shm_exclusive;

  bool alive() const { return disk->alive(incarnation); }
};

open_file& opened(sqlite3_file* f) { return *reinterpret_cast<open_file*>(f); }

virtual_disk& disk_of(sqlite3_vfs* vfs) { return *static_cast<virtual_disk*>(vfs->pAppData); }

int code_of(virtual_disk::outcome result, int failure) {
  if (result == virtual_disk::outcome::done)
    return SQLITE_OK;
  return result == virtual_disk::outcome::full ? SQLITE_FULL : failure;
}

// -- locks ----------------------------------------------------------------------------------------------------------

int unlock(sqlite3_file* f, int level) {
  auto& mine = opened(f);
  auto& file = *mine.content;
  if (mine.lock >= SQLITE_LOCK_EXCLUSIVE && level < SQLITE_LOCK_EXCLUSIVE)
    file.exclusive = false;
  if (mine.lock >= SQLITE_LOCK_PENDING && level < SQLITE_LOCK_PENDING)
    file.pending = false;
  if (mine.lock >= SQLITE_LOCK_RESERVED && level < SQLITE_LOCK_RESERVED)
    file.reserved = false;
  if (mine.lock >= SQLITE_LOCK_SHARED && level < SQLITE_LOCK_SHARED)
    --file.shared;
  mine.lock = std::min(mine.lock, level);
  return SQLITE_OK;
}

int lock(sqlite3_file* f, int level) {
  auto& mine = opened(f);
  auto& file = *mine.content;
  if (!mine.alive())
    return SQLITE_IOERR_LOCK;
  if (mine.lock >= level)
    return SQLITE_OK;
  if (mine.lock < SQLITE_LOCK_SHARED) {
    if (file.pending || file.exclusive)
      return SQLITE_BUSY;
    ++file.shared;
    mine.lock = SQLITE_LOCK_SHARED;
  }
  if (level >= SQLITE_LOCK_RESERVED && mine.lock < SQLITE_LOCK_RESERVED) {
    if (file.reserved)
      return SQLITE_BUSY;
    file.reserved = true;
    mine.lock = SQLITE_LOCK_RESERVED;
  }
  if (level >= SQLITE_LOCK_EXCLUSIVE) {
    file.pending = true;
    mine.lock = std::max(mine.lock, SQLITE_LOCK_PENDING);
    if (file.shared > 1)
      return SQLITE_BUSY;
    file.exclusive = true;
    mine.lock = SQLITE_LOCK_EXCLUSIVE;
  }
  return SQLITE_OK;
}

int check_reserved(sqlite3_file* f, int* held) {
  *held = opened(f).content->reserved ? 1 : 0;
  return SQLITE_OK;
}

// -- content --------------------------------------------------------------------------------------------------------

int read(sqlite3_file* f, void* buffer, int amount, sqlite3_int64 offset) {
  auto& mine = opened(f);
  if (!mine.alive())
    return SQLITE_IOERR_READ;
  const auto& bytes = mine.content->now;
  auto wanted = static_cast<std::size_t>(amount);
  auto begin = std::min(static_cast<std::size_t>(offset), bytes.size());
  auto there = std::min(wanted, bytes.size() - begin);
  if (there > 0)
    std::memcpy(buffer, bytes.data() + begin, there);
  if (there == wanted)
    return SQLITE_OK;
  std::memset(static_cast<char*>(buffer) + there, 0, wanted - there);
  return SQLITE_IOERR_SHORT_READ;
}

int write(sqlite3_file* f, const void* buffer, int amount, sqlite3_int64 offset) {
  auto& mine = opened(f);
  if (!mine.alive())
    return SQLITE_IOERR_WRITE;
  std::span content{static_cast<const std::uint8_t*>(buffer), static_cast<std::size_t>(amount)};
  return code_of(mine.disk->write(*mine.content, content, static_cast<std::uint64_t>(offset)), SQLITE_IOERR_WRITE);
}

int truncate(sqlite3_file* f, sqlite3_int64 size) {
  auto& mine = opened(f);
  if (!mine.alive())
    return SQLITE_IOERR_TRUNCATE;
  return code_of(mine.disk->truncate(*mine.content, static_cast<std::uint64_t>(size)), SQLITE_IOERR_TRUNCATE);
}

int sync(sqlite3_file* f, int) {
  auto& mine = opened(f);
  if (!mine.alive())
    return SQLITE_IOERR_FSYNC;
  return code_of(mine.disk->sync(*mine.content), SQLITE_IOERR_FSYNC);
}

int file_size(sqlite3_file* f, sqlite3_int64* size) {
  auto& mine = opened(f);
  if (!mine.alive())
    return SQLITE_IOERR_FSTAT;
  *size = static_cast<sqlite3_int64>(mine.content->now.size());
  return SQLITE_OK;
}

int file_control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int sector_size(sqlite3_file*) { return static_cast<int>(virtual_disk::sector_bytes); }
int device_characteristics(sqlite3_file*) { return 0; }

// -- WAL's shared memory --------------------------------------------------------------------------------------------

int shm_map(sqlite3_file* f, int region, int size, int extend, void volatile** address) {
  auto& mine = opened(f);
  if (!mine.alive())
    return SQLITE_IOERR_SHMMAP;
  law::require(size == 32768, "SQLite maps shared memory in regions of 32 KiB");
  auto& regions = mine.content->shared_memory;
  auto index = static_cast<std::size_t>(region);
  if (index >= regions.size()) {
    *address = nullptr;
    if (extend == 0)
      return SQLITE_OK;
    while (regions.size() <= index) {
      regions.push_back(std::make_unique<std::array<std::uint8_t, 32768>>());
      regions.back()->fill(0);
    }
  }
  *address = regions[index]->data();
  return SQLITE_OK;
}

int shm_lock(sqlite3_file* f, int offset, int count, int flags) {
  auto& mine = opened(f);
  auto& file = *mine.content;
  bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
  for (int i = offset; i < offset + count; ++i) {
    auto slot = static_cast<std::size_t>(i);
    auto bit = static_cast<std::uint16_t>(1U << slot);
    if ((flags & SQLITE_SHM_UNLOCK) != 0) {
      if ((mine.shm_exclusive & bit) != 0)
        file.shm_exclusive[slot] = false;
      if ((mine.shm_shared & bit) != 0)
        --file.shm_shared[slot];
      mine.shm_exclusive = static_cast<std::uint16_t>(mine.shm_exclusive & ~bit);
      mine.shm_shared = static_cast<std::uint16_t>(mine.shm_shared & ~bit);
      continue;
    }
    if (!mine.alive())
      return SQLITE_IOERR_SHMLOCK;
    int own = (mine.shm_shared & bit) != 0 ? 1 : 0;
    bool taken = exclusive ? file.shm_exclusive[slot] || file.shm_shared[slot] > own : file.shm_exclusive[slot];
    if (taken)
      return SQLITE_BUSY;
  }
  if ((flags & SQLITE_SHM_LOCK) == 0)
    return SQLITE_OK;
  for (int i = offset; i < offset + count; ++i) {
    auto slot = static_cast<std::size_t>(i);
    auto bit = static_cast<std::uint16_t>(1U << slot);
    if (exclusive) {
      file.shm_exclusive[slot] = true;
      mine.shm_exclusive = static_cast<std::uint16_t>(mine.shm_exclusive | bit);
    } else if ((mine.shm_shared & bit) == 0) {
      ++file.shm_shared[slot];
      mine.shm_shared = static_cast<std::uint16_t>(mine.shm_shared | bit);
    }
  }
  return SQLITE_OK;
}

void shm_barrier(sqlite3_file*) {}

int shm_unmap(sqlite3_file* f, int delete_it) {
  auto& mine = opened(f);
  shm_lock(f, 0, SQLITE_SHM_NLOCK, SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE);
  if (delete_it != 0)
    mine.content->shared_memory.clear();
  return SQLITE_OK;
}

int close(sqlite3_file* f) {
  auto& mine = opened(f);
  unlock(f, SQLITE_LOCK_NONE);
  if (mine.delete_on_close && mine.alive())
    mine.disk->remove(mine.path);
  mine.~open_file();
  return SQLITE_OK;
}

constexpr sqlite3_io_methods methods{.iVersion = 2,
                                     .xClose = close,
                                     .xRead = read,
                                     .xWrite = write,
                                     .xTruncate = truncate,
                                     .xSync = sync,
                                     .xFileSize = file_size,
                                     .xLock = lock,
                                     .xUnlock = unlock,
                                     .xCheckReservedLock = check_reserved,
                                     .xFileControl = file_control,
                                     .xSectorSize = sector_size,
                                     .xDeviceCharacteristics = device_characteristics,
                                     .xShmMap = shm_map,
                                     .xShmLock = shm_lock,
                                     .xShmBarrier = shm_barrier,
                                     .xShmUnmap = shm_unmap,
                                     .xFetch = nullptr,
                                     .xUnfetch = nullptr};

// -- the layer ------------------------------------------------------------------------------------------------------

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* f, int flags, int* out_flags) {
  auto& disk = disk_of(vfs);
  f->pMethods = nullptr;
  if (disk.down())
    return SQLITE_CANTOPEN;
  std::string path = name ? name : disk.fresh_name();
  auto content = disk.find(path);
  if (!content && (flags & SQLITE_OPEN_CREATE) == 0)
    return SQLITE_CANTOPEN;
  if (!content)
    content = disk.create(path);
  new (f)
      open_file{{&methods},       &disk, content, disk.incarnation(), path, (flags & SQLITE_OPEN_DELETEONCLOSE) != 0,
                SQLITE_LOCK_NONE, 0,     0};
  if (out_flags)
    *out_flags = flags;
  return SQLITE_OK;
}

int remove(sqlite3_vfs* vfs, const char* name, int) {
  auto& disk = disk_of(vfs);
  if (disk.down())
    return SQLITE_IOERR_DELETE;
  disk.remove(name);
  return SQLITE_OK;
}

int access(sqlite3_vfs* vfs, const char* name, int, int* result) {
  auto& disk = disk_of(vfs);
  if (disk.down())
    return SQLITE_IOERR_ACCESS;
  *result = disk.find(name) ? 1 : 0;
  return SQLITE_OK;
}

int full_path(sqlite3_vfs*, const char* name, int size, char* out) {
  std::strncpy(out, name, static_cast<std::size_t>(size));
  return SQLITE_OK;
}

int randomness(sqlite3_vfs* vfs, int size, char* out) {
  disk_of(vfs).random().fill({reinterpret_cast<std::uint8_t*>(out), static_cast<std::size_t>(size)});
  return size;
}

int sleep(sqlite3_vfs*, int microseconds) { return microseconds; }

int current_time(sqlite3_vfs*, double* julian_day) {
  *julian_day = 2461000.5;
  return SQLITE_OK;
}

int last_error(sqlite3_vfs*, int, char*) { return 0; }

int current_time_ms(sqlite3_vfs*, sqlite3_int64* out) {
  *out = 212630443200000;
  return SQLITE_OK;
}

std::map<const virtual_disk*, std::unique_ptr<sqlite3_vfs>>& layers() {
  static std::map<const virtual_disk*, std::unique_ptr<sqlite3_vfs>> all;
  return all;
}

} // namespace

void register_vfs(virtual_disk& disk) {
  auto layer = std::make_unique<sqlite3_vfs>();
  layer->iVersion = 2;
  layer->szOsFile = static_cast<int>(sizeof(open_file));
  layer->mxPathname = 256;
  layer->zName = disk.vfs().c_str();
  layer->pAppData = &disk;
  layer->xOpen = open;
  layer->xDelete = remove;
  layer->xAccess = access;
  layer->xFullPathname = full_path;
  layer->xRandomness = randomness;
  layer->xSleep = sleep;
  layer->xCurrentTime = current_time;
  layer->xGetLastError = last_error;
  layer->xCurrentTimeInt64 = current_time_ms;
  law::require(sqlite3_vfs_register(layer.get(), 0) == SQLITE_OK, "SQLite takes the layer");
  layers()[&disk] = std::move(layer);
}

void unregister_vfs(virtual_disk& disk) {
  auto found = layers().find(&disk);
  sqlite3_vfs_unregister(found->second.get());
  layers().erase(found);
}

} // namespace toit::simulation
