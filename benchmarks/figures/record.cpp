/// \file
/// record.saturated, record.saturated_8, record.alone: durable events through the whole path, and beside each run what
/// bare SQLite and a bare fsync do on the same disk. Prints one line a measurement: its name, then a value a run.

#include "benchmarks/bench_node.hpp"
#include "benchmarks/disk.hpp"
#include "journal/sqlite_store.hpp"
#include "journal/verify.hpp"

#include <cstdio>
#include <iostream>

namespace toit::bench {

namespace {

constexpr std::size_t saturating = 1024;
constexpr std::size_t few = 8;

struct plan {
  std::filesystem::path folder;
  std::size_t dossiers = 0;
  std::size_t runs = 0;
  std::size_t commands = 0; ///< a run, saturated
};

/// Values of each measurement, a run each.
class measurements {
public:
  void add(const std::string& name, double value) { values_[name].push_back(value); }
  void print() const {
    for (const auto& [name, values] : values_) {
      std::printf("%s", name.c_str());
      for (auto value : values)
        std::printf(" %.9g", value);
      std::printf("\n");
    }
  }

private:
  std::map<std::string, std::vector<double>> values_;
};

/// Mean length of the rows written after `seq`: all columns, and payload alone.
struct row_sizes {
  std::size_t row = 0;
  std::size_t payload = 0;
};

class recording {
public:
  recording(bench_node& node, const plan& how)
      : node_{node}, how_{how}, bodies_{node.settle()}, crowd_{bodies_, node.mix(), node.day(), 1} {}

  void arrive() {
    constexpr std::size_t part = 10'000;
    while (crowd_.dossiers() < how_.dossiers)
      ask(crowd_.arrivals(std::min(part, how_.dossiers - crowd_.dossiers())), saturating);
    // Homes and vacancies for the first run to speak of.
    ask(crowd_.mixed(how_.commands / 4), saturating);
    ask(crowd_.mixed(how_.commands / 4), saturating);
  }

  void run() {
    auto before = last_seq_;
    auto saturated = ask(crowd_.mixed(how_.commands), saturating);
    found_.add("saturated", static_cast<double>(saturated.entries) / saturated.took.count());
    auto sizes = sizes_after(before);
    found_.add("row_bytes", static_cast<double>(sizes.row));
    found_.add("payload_bytes", static_cast<double>(sizes.payload));
    found_.add("bare_sqlite", bare_sqlite_rows_per_second(how_.folder, sizes.row, saturated.entries, saturating));
    auto at_eight = ask(crowd_.mixed(how_.commands / 4), few);
    found_.add("saturated_8", static_cast<double>(at_eight.entries) / at_eight.took.count());
    run_alone();
  }

  const measurements& found() const { return found_; }
  std::uint64_t last_seq() const { return last_seq_; }
  const std::optional<ports::signed_head>& head() const { return head_; }

private:
  asked_result ask(const std::vector<asked_command_ptr>& commands, std::size_t window) {
    auto result = ask_all(node_.running(), commands, window, [this](const receipt& done) { crowd_.learn(done); });
    last_seq_ = std::max(last_seq_, result.last_seq);
    head_ = result.head;
    return result;
  }

  void run_alone() {
    constexpr std::size_t syncs = 500;
    auto before = mean_fsync(how_.folder, syncs);
    auto alone = ask(crowd_.mixed(how_.commands / 5), 1);
    auto after = mean_fsync(how_.folder, syncs);
    auto& waits = alone.waits;
    std::ranges::sort(waits);
    auto at = [&](std::size_t hundredth) { return waits[(waits.size() - 1) * hundredth / 100].count(); };
    found_.add("alone_p50", at(50));
    found_.add("alone_p99", at(99));
    found_.add("alone_max", at(100));
    found_.add("fsync", (before + after).count() / 2);
  }

  row_sizes sizes_after(std::uint64_t seq) {
    // Sequence, epoch, moment, previous entry: what a row has beside its bytes.
    constexpr std::size_t integers = 8 + 4 + 8 + 8;
    constexpr std::size_t at_once = 4096;
    auto rows = journal::open_sqlite_reader(node_.opened().directory().journal().string());
    row_sizes sum;
    std::size_t count = 0;
    for (;;) {
      auto some = rows->entries(node_.opened().stream(), seq, at_once);
      for (const auto& row : some) {
        auto payload = row.nonce.size() + row.content.size();
        sum.payload += payload;
        sum.row +=
            payload + integers + row.header.subject.bytes.size() + row.header.commitment.size() + row.link.size();
      }
      count += some.size();
      if (some.size() < at_once)
        return {sum.row / count, sum.payload / count};
      seq = some.back().header.seq;
    }
  }

  bench_node& node_;
  const plan& how_;
  simulation::demonstration_bodies bodies_;
  crowd crowd_;
  measurements found_;
  std::uint64_t last_seq_ = 0;
  std::optional<ports::signed_head> head_;
};

/// After a restart every entry that was answered for must be there, unaltered, and open.
std::uint64_t verify(bench_node& node, std::uint64_t last_seq, const ports::signed_head& head) {
  auto rows = journal::open_sqlite_reader(node.opened().directory().journal().string());
  const auto& stream = node.opened().stream();
  auto keys = node.opened().journal().keys()->of(stream);
  auto report = journal::verify_stream(*rows, stream, std::array{head}, keys.get(), [](std::uint64_t) {});
  if (!report.faults.empty())
    throw std::runtime_error{"the journal does not verify: " + report.faults.front().what};
  if (report.entries < last_seq)
    throw std::runtime_error{"entries that were answered for are missing"};
  return report.entries;
}

void measure(const plan& how) {
  std::filesystem::create_directories(how.folder);
  if (is_in_memory(how.folder))
    throw std::runtime_error{how.folder.string() + " is kept in memory: choose a folder on a disk"};
  bench_node node{how.folder / "node"};
  node.start();
  recording record{node, how};
  record.arrive();
  for (std::size_t i = 0; i < how.runs; ++i)
    record.run();
  node.stop();
  node.start();
  auto verified = verify(node, record.last_seq(), record.head().value());
  node.stop();
  record.found().print();
  std::printf("verified %llu\n", static_cast<unsigned long long>(verified));
}

} // namespace

} // namespace toit::bench

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: bench_record FOLDER DOSSIERS RUNS COMMANDS\n";
    return 2;
  }
  try {
    toit::bench::measure({argv[1], std::stoul(argv[2]), std::stoul(argv[3]), std::stoul(argv[4])});
  } catch (const std::exception& failure) {
    std::cerr << "bench_record: " << failure.what() << "\n";
    return 1;
  }
}
