/// \file
/// replay: what a restart costs, each measurement in a process of its own so that none finds memory already warm.
///
///   bench_replay make FOLDER DOSSIERS     a node with that many dossiers, stopped in order, snapshots kept
///   bench_replay ready FOLDER             "ready S", "bytes B": seconds until it answers, heap a dossier
///   bench_replay fold FOLDER              "fold N": entries a second read, decrypted, unpacked and folded on one core

#include "actors/stream_cursor.hpp"
#include "benchmarks/bench_node.hpp"
#include "benchmarks/disk.hpp"
#include "law/demand_book.hpp"

#include <cstdio>
#include <fstream>
#include <iostream>
#include <malloc.h>
#include <sched.h>
#include <sqlite3.h>

namespace toit::bench {

namespace {

namespace fs = std::filesystem;

fs::path node_of(const fs::path& folder) { return folder / "node"; }
fs::path count_of(const fs::path& folder) { return folder / "dossiers"; }

void make(const fs::path& folder, std::size_t dossiers) {
  constexpr std::size_t part = 10'000;
  constexpr std::size_t window = 1024;
  fs::create_directories(folder);
  if (is_in_memory(folder))
    throw std::runtime_error{folder.string() + " is kept in memory: choose a folder on a disk"};
  bench_node node{node_of(folder)};
  node.start();
  auto bodies = node.settle();
  crowd people{bodies, node.mix(), node.day(), 1};
  auto ask = [&](const std::vector<asked_command_ptr>& commands) {
    ask_all(node.running(), commands, window, [&](const receipt& done) { people.learn(done); });
  };
  // Seven in eight have but their registration; the others, and some of those, what a crowd makes of them.
  while (people.dossiers() < dossiers - dossiers / 8)
    ask(people.arrivals(std::min(part, dossiers - dossiers / 8 - people.dossiers())));
  while (people.dossiers() < dossiers)
    ask(people.mixed(std::min(part, dossiers - people.dossiers())));
  node.stop();
  std::ofstream{count_of(folder)} << people.dossiers() << "\n";
}

std::size_t dossiers_in(const fs::path& folder) {
  std::size_t count = 0;
  std::ifstream{count_of(folder)} >> count;
  if (count == 0)
    throw std::runtime_error{folder.string() + " was not made"};
  return count;
}

/// Heap in use; pages that SQLite keeps, of which there is a fixed number, left out.
std::int64_t heap_bytes() {
  auto info = mallinfo2();
  return static_cast<std::int64_t>(info.uordblks + info.hblkhd) - sqlite3_memory_used();
}

void ready(const fs::path& folder) {
  auto dossiers = dossiers_in(folder);
  bench_node node{node_of(folder)};
  auto before = heap_bytes();
  auto from = clock::now();
  node.start();
  seconds took = clock::now() - from;
  auto grown = heap_bytes() - before;
  std::printf("ready %.6f\nbytes %.1f\n", took.count(), static_cast<double>(grown) / static_cast<double>(dossiers));
}

/// And whoever is begun from here on.
void keep_to_one_core() {
  cpu_set_t here;
  CPU_ZERO(&here);
  CPU_SET(static_cast<unsigned>(sched_getcpu()), &here);
  if (sched_setaffinity(0, sizeof here, &here) != 0)
    throw std::system_error{errno, std::generic_category(), "sched_setaffinity"};
}

void fold(const fs::path& folder) {
  auto dossiers = dossiers_in(folder);
  bench_node node{node_of(folder)};
  node.start();
  const auto& context = *node.opened().context();
  stream_cursor cursor{context.stream, context.open_reader(), 0};
  law::demand_book book;
  keep_to_one_core();
  auto from = clock::now();
  cursor.catch_up([&](const ports::stored_entry& entry) { book.apply(entry.subject, *entry.record, entry.seq); });
  seconds took = clock::now() - from;
  if (book.dossier_count() != dossiers)
    throw std::runtime_error{"the journal folds to another number of dossiers than it was made with"};
  std::printf("fold %.1f\n", static_cast<double>(cursor.seq()) / took.count());
}

int run(int argc, char** argv) {
  std::string_view what = argc > 2 ? argv[1] : "";
  if (what == "make" && argc == 4)
    make(argv[2], std::stoul(argv[3]));
  else if (what == "ready" && argc == 3)
    ready(argv[2]);
  else if (what == "fold" && argc == 3)
    fold(argv[2]);
  else {
    std::cerr << "usage: bench_replay make FOLDER DOSSIERS | ready FOLDER | fold FOLDER\n";
    return 2;
  }
  return 0;
}

} // namespace

} // namespace toit::bench

int main(int argc, char** argv) {
  try {
    return toit::bench::run(argc, argv);
  } catch (const std::exception& failure) {
    std::cerr << "bench_replay: " << failure.what() << "\n";
    return 1;
  }
}
