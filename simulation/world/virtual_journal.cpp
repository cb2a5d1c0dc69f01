#include "simulation/world/virtual_journal.hpp"

#include "journal/sqlite_store.hpp"

namespace toit::simulation {

namespace {

const std::string journal_path{"node/journal.sqlite"};

} // namespace

journal::journal_setup journal_on(virtual_disk& disk) {
  journal::journal_setup setup;
  setup.open_store = [vfs = disk.vfs()] { return journal::open_sqlite_store(journal_path, vfs); };
  setup.log_place = {"node", disk.vfs()};
  setup.log_folder = disk.log_folder("node");
  setup.snapshots = disk.folder("node/snapshots");
  return setup;
}

bool has_journal(virtual_disk& disk) { return disk.find(journal_path) != nullptr; }

std::unique_ptr<journal::store_reader> open_rows_on(const virtual_disk& disk) {
  return journal::open_sqlite_reader(journal_path, disk.vfs());
}

} // namespace toit::simulation
