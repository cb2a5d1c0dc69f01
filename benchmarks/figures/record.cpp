/// \file
/// record.saturated, record.saturated_8, record.alone: durable events through the whole path, and beside each run what
/// bare SQLite and a bare fsync do on the same disk. Of several streams on one node, saturated alone. Prints one line a
/// measurement: its name, then a value a run.

#include "benchmarks/bench_node.hpp"
#include "benchmarks/disk.hpp"
#include "benchmarks/measurements.hpp"
#include "journal/sqlite_store.hpp"
#include "journal/verify.hpp"

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
  std::size_t streams = 1;  ///< of as many territories on one node
};

/// Mean length of the rows written after `seq`: all columns, and payload alone.
struct row_sizes {
  std::size_t row = 0;
  std::size_t payload = 0;
};

class recording {
public:
  recording(bench_node& node, const plan& how) : node_{node}, how_{how}, streams_(how.streams) {
    for (std::size_t i = 0; i < how.streams; ++i) {
      streams_[i].bodies = node.settle(i);
      streams_[i].people.emplace(streams_[i].bodies, node.mix(i), node.day(), i + 1);
    }
  }

  void arrive() {
    constexpr std::size_t part = 10'000;
    for (std::size_t left = how_.dossiers; left > 0; left -= std::min(part, left))
      ask(std::min(part, left), saturating, [](crowd& people, std::size_t count) { return people.arrivals(count); });
    // Homes and vacancies for the first run to speak of.
    mixed(how_.commands / 4, saturating);
    mixed(how_.commands / 4, saturating);
  }

  void run() {
    for (auto& one : streams_)
      one.before = one.last_seq;
    auto saturated = mixed(how_.commands, saturating);
    found_.add("saturated", static_cast<double>(saturated.entries) / saturated.took.count());
    auto sizes = sizes_of_last_run();
    found_.add("row_bytes", static_cast<double>(sizes.row));
    found_.add("payload_bytes", static_cast<double>(sizes.payload));
    found_.add("bare_sqlite", bare_sqlite_rows_per_second(how_.folder, sizes.row, saturated.entries, saturating));
    if (streams_.size() > 1)
      return;
    auto at_eight = mixed(how_.commands / 4, few);
    found_.add("saturated_8", static_cast<double>(at_eight.entries) / at_eight.took.count());
    run_alone();
  }

  const measurements& found() const { return found_; }

  /// After a restart every entry that was answered for must be there, unaltered, and open.
  std::uint64_t verify() const {
    auto rows = journal::open_sqlite_reader(node_.opened().directory().journal().string());
    std::uint64_t entries = 0;
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      const auto& stream = node_.stream(i);
      auto keys = node_.opened().journal().keys()->of(stream);
      auto report =
          journal::verify_stream(*rows, stream, std::array{streams_[i].head.value()}, keys.get(), [](std::uint64_t) {});
      if (!report.faults.empty())
        throw std::runtime_error{"the journal does not verify: " + report.faults.front().what};
      if (report.entries < streams_[i].last_seq)
        throw std::runtime_error{"entries that were answered for are missing"};
      entries += report.entries;
    }
    return entries;
  }

private:
  struct recorded_stream {
    simulation::demonstration_bodies bodies;
    std::optional<crowd> people; ///< after the bodies, of whom it speaks
    std::uint64_t before = 0;    ///< last sequence before the run
    std::uint64_t last_seq = 0;
    std::optional<ports::signed_head> head;
  };

  asked_result mixed(std::size_t count, std::size_t window) {
    return ask(count, window, [](crowd& people, std::size_t share) { return people.mixed(share); });
  }

  /// Commands and window are shared out evenly between the territories.
  template <class Draw>
  asked_result ask(std::size_t count, std::size_t window, Draw draw) {
    auto share_of = [&](std::size_t all, std::size_t i) {
      return all / streams_.size() + (i < all % streams_.size() ? 1 : 0);
    };
    std::vector<asked_part> parts;
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      auto& people = *streams_[i].people;
      parts.push_back({i, draw(people, share_of(count, i)), share_of(window, i),
                       [&people](const receipt& done) { people.learn(done); }});
    }
    auto from = clock::now();
    auto results = ask_together(node_.running(), parts);
    asked_result sum;
    sum.took = clock::now() - from;
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      sum.entries += results[i].entries;
      std::ranges::move(results[i].waits, std::back_inserter(sum.waits));
      if (results[i].last_seq > streams_[i].last_seq) {
        streams_[i].last_seq = results[i].last_seq;
        streams_[i].head = results[i].head;
      }
    }
    return sum;
  }

  void run_alone() {
    constexpr std::size_t syncs = 500;
    auto before = mean_fsync(how_.folder, syncs);
    auto alone = mixed(how_.commands / 5, 1);
    auto after = mean_fsync(how_.folder, syncs);
    auto& waits = alone.waits;
    std::ranges::sort(waits);
    found_.add("alone_p50", percentile(waits, 50).count());
    found_.add("alone_p99", percentile(waits, 99).count());
    found_.add("alone_max", percentile(waits, 100).count());
    found_.add("fsync", (before + after).count() / 2);
  }

  row_sizes sizes_of_last_run() const {
    // Sequence, epoch, moment, previous entry: what a row has beside its bytes.
    constexpr std::size_t integers = 8 + 4 + 8 + 8;
    constexpr std::size_t at_once = 4096;
    auto rows = journal::open_sqlite_reader(node_.opened().directory().journal().string());
    row_sizes sum;
    std::size_t count = 0;
    for (std::size_t i = 0; i < streams_.size(); ++i)
      for (auto seq = streams_[i].before; seq < streams_[i].last_seq;) {
        auto some = rows->entries(node_.stream(i), seq, at_once);
        for (const auto& row : some) {
          auto payload = row.nonce.size() + row.content.size();
          sum.payload += payload;
          sum.row +=
              payload + integers + row.header.subject.bytes.size() + row.header.commitment.size() + row.link.size();
        }
        count += some.size();
        seq = some.back().header.seq;
      }
    return {sum.row / count, sum.payload / count};
  }

  bench_node& node_;
  const plan& how_;
  std::vector<recorded_stream> streams_;
  measurements found_;
};

void measure(const plan& how) {
  std::filesystem::create_directories(how.folder);
  if (is_in_memory(how.folder))
    throw std::runtime_error{how.folder.string() + " is kept in memory: choose a folder on a disk"};
  bench_node node{how.folder / "node"};
  node.host(how.streams);
  node.start();
  recording record{node, how};
  record.arrive();
  for (std::size_t i = 0; i < how.runs; ++i)
    record.run();
  node.stop();
  node.start();
  auto verified = record.verify();
  node.stop();
  record.found().print();
  std::printf("verified %llu\n", static_cast<unsigned long long>(verified));
}

} // namespace

} // namespace toit::bench

int main(int argc, char** argv) {
  if (argc != 5 && argc != 6) {
    std::cerr << "usage: bench_record FOLDER DOSSIERS RUNS COMMANDS [STREAMS]\n";
    return 2;
  }
  try {
    toit::bench::measure(
        {argv[1], std::stoul(argv[2]), std::stoul(argv[3]), std::stoul(argv[4]), argc == 6 ? std::stoul(argv[5]) : 1});
  } catch (const std::exception& failure) {
    std::cerr << "bench_record: " << failure.what() << "\n";
    return 1;
  }
}
