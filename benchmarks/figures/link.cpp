/// \file
/// link.catchup, link.lag: how fast a State node gets what a territory has recorded, and how long it takes until the
/// territory knows. Over real links, everything on. Prints one line a measurement: its name, then a value a run.
///
///   bench_link FOLDER ENTRIES SECONDS RUNS

#include "benchmarks/curve.hpp"
#include "benchmarks/disk.hpp"
#include "benchmarks/federated.hpp"
#include "benchmarks/measurements.hpp"
#include "federation/envelope.hpp"
#include "journal/sqlite_store.hpp"
#include "journal/transfers.hpp"
#include "journal/verify.hpp"

#include <iostream>

namespace toit::bench {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// What nobody has seen come by then does not come.
constexpr auto wait_most = 10min;

struct plan {
  fs::path folder;
  std::size_t entries = 0; ///< to catch up with, about
  std::size_t seconds = 0; ///< of steady load, a run
  std::size_t runs = 0;
};

template <class Condition>
void wait_until(Condition holds, std::chrono::microseconds every, const char* what) {
  for (auto until = clock::now() + wait_most; !holds(); std::this_thread::sleep_for(every))
    if (clock::now() > until)
      throw std::runtime_error{what};
}

fs::path journal_of(bench_node& node) { return node.configured().data / "journal.sqlite"; }

/// Marks of all witnesses, as the territory has them on disk.
class mark_reader {
public:
  explicit mark_reader(bench_node& territory)
      : rows_{journal::open_sqlite_reader(journal_of(territory).string())}, stream_{territory.configured().stream()} {}

  std::vector<ports::witness_mark> last() { return rows_->last_marks(stream_); }
  bool all_at(std::uint64_t seq, std::size_t witnesses) {
    auto marks = last();
    return marks.size() >= witnesses && std::ranges::all_of(marks, [&](const auto& m) { return m.seq >= seq; });
  }

private:
  std::unique_ptr<journal::store_reader> rows_;
  ports::stream_id stream_;
};

ports::signed_head last_head(bench_node& node) {
  auto head = journal::open_sqlite_reader(journal_of(node).string())->last_head(node.configured().stream());
  if (!head)
    throw std::runtime_error{"the territory has recorded nothing"};
  return *head;
}

// -- catching up ----------------------------------------------------------------------------------------------------

/// A territory asked one command at a time, so that each has a batch and a signature of its own.
void make_stream(const fs::path& place, std::size_t entries) {
  constexpr std::size_t part = 1'000;
  bench_node node{place};
  node.start();
  auto bodies = node.settle();
  crowd people{bodies, node.mix(), node.day(), 1};
  for (std::uint64_t last = 0; last < entries;) {
    auto asked = ask_all(node.running(), people.mixed(part), 1, [&](const receipt& done) { people.learn(done); });
    last = asked.last_seq;
  }
  node.stop();
}

/// What an entry and its head take on the way, in bytes.
std::size_t bytes_an_entry(bench_node& territory) {
  constexpr std::size_t some = 256U << 10;
  auto source = journal::open_transfers(journal::open_sqlite_reader(journal_of(territory).string()));
  auto sent = source->read(territory.configured().stream(), 0, some);
  law::require(sent != nullptr, "the stream was made");
  auto name = *ports::node_name::parse("territoire");
  return federation::encode({name, name, federation::entries{*sent}}).size() / sent->entries.size();
}

/// The replica is what the territory signed, entry by entry and head by head.
void verify_replica(bench_node& state, const ports::signed_head& head) {
  auto rows = journal::open_sqlite_reader(journal_of(state).string());
  auto report = journal::verify_stream(*rows, head.stream, std::array{head}, nullptr, [](std::uint64_t) {});
  if (!report.faults.empty())
    throw std::runtime_error{"the replica does not verify: " + report.faults.front().what};
  if (report.entries < head.seq)
    throw std::runtime_error{"the replica lacks entries"};
}

void catch_up(const fs::path& made, const fs::path& folder, measurements& found) {
  fs::create_directories(folder);
  fs::copy(made, folder / "territoire", fs::copy_options::recursive);
  {
    bench_node territory{folder / "territoire"};
    federated_nodes nodes{folder, territory, 1};
    auto head = last_head(territory);
    auto& state = nodes.follower(0);
    nodes.begin_followers();
    territory.begin();
    mark_reader marks{territory};
    wait_until([&] { return is_linked(state, name_of(territory)); }, 100us, "the link does not come up");
    auto from = clock::now();
    wait_until([&] { return marks.all_at(head.seq, 1); }, 500us, "the State node does not catch up");
    seconds took = clock::now() - from;
    found.add("catchup", static_cast<double>(head.seq) / took.count());
    nodes.stop();
    verify_replica(state, head);
    constexpr std::size_t in_flight = 64;
    auto times = static_cast<std::size_t>(head.seq);
    auto bare = bare_curve_round_trips(bytes_an_entry(territory), times, in_flight);
    found.add("curve", static_cast<double>(times) / bare.count());
  }
  fs::remove_all(folder);
}

// -- lag ------------------------------------------------------------------------------------------------------------

struct seen_at {
  std::uint64_t seq = 0;
  clock::time_point at;
};

/// Looks every half millisecond at what the territory knows, so that nothing is seen before it is so, and all of it
/// little later.
class mark_watch {
public:
  explicit mark_watch(bench_node& territory) : marks_{territory} {}

  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      auto last = marks_.last();
      auto now = clock::now();
      for (const auto& mark : last)
        if (auto& seen = seen_[mark.witness]; seen.empty() || seen.back().seq < mark.seq)
          seen.push_back({mark.seq, now});
      std::this_thread::sleep_for(500us);
    }
  }

  /// When every witness had the entry.
  clock::time_point known_at(std::uint64_t seq) const {
    clock::time_point latest{};
    for (const auto& [witness, seen] : seen_) {
      auto first = std::ranges::lower_bound(seen, seq, {}, &seen_at::seq);
      law::require(first != seen.end(), "all entries have been waited for");
      latest = std::max(latest, first->at);
    }
    return latest;
  }

private:
  mark_reader marks_;
  std::map<ports::stream_id, std::vector<seen_at>> seen_;
};

class lagging {
public:
  lagging(const plan& how, measurements& found)
      : how_{how}, found_{found}, folder_{how.folder / "lag"}, territory_{folder_ / "territoire"} {}

  void run() {
    constexpr std::size_t dossiers = 2'000;
    constexpr std::size_t window = 64;
    territory_.start();
    auto bodies = territory_.settle();
    crowd people{bodies, territory_.mix(), territory_.day(), 2};
    learning(people, [&](const auto& told) { return ask_all(running(), people.arrivals(dossiers), window, told); });
    territory_.stop();
    federated_nodes nodes{folder_, territory_, 2};
    nodes.begin_followers();
    territory_.begin();
    territory_.wait_until_ready();
    wait_for_all(nodes.followers(), last_head(territory_).seq);
    for (std::size_t i = 0; i < how_.runs; ++i)
      measure(people, nodes.followers());
    nodes.stop();
    auto head = last_head(territory_);
    for (std::size_t i = 0; i < nodes.followers(); ++i)
      verify_replica(nodes.follower(i), head);
  }

private:
  static constexpr std::size_t commands_a_second = 200;

  nodes::running_node& running() { return territory_.running(); }

  template <class Asking>
  static void learning(crowd& people, Asking ask) {
    ask([&](const receipt& done) { people.learn(done); });
  }

  void wait_for_all(std::size_t witnesses, std::uint64_t seq) {
    mark_reader marks{territory_};
    wait_until([&] { return marks.all_at(seq, witnesses); }, 1ms, "a State node does not countersign");
  }

  void measure(crowd& people, std::size_t witnesses) {
    mark_watch watch{territory_};
    std::vector<seen_at> receipts;
    auto commands = people.mixed(commands_a_second * how_.seconds);
    {
      std::jthread watching{[&](const std::stop_token& stop) { watch.run(stop); }};
      auto asked = ask_steadily(running(), commands, std::chrono::microseconds{1'000'000 / commands_a_second},
                                [&](const receipt& done) {
                                  if (done.last_seq > 0)
                                    receipts.push_back({done.last_seq, clock::now()});
                                  people.learn(done);
                                });
      wait_for_all(witnesses, asked.last_seq);
      // Seen by the watch too.
      std::this_thread::sleep_for(50ms);
    }
    std::vector<seconds> lags;
    for (const auto& receipt : receipts)
      lags.push_back(std::max(seconds{0}, seconds{watch.known_at(receipt.seq) - receipt.at}));
    std::ranges::sort(lags);
    found_.add("lag_p50", percentile(lags, 50).count());
    found_.add("lag_p99", percentile(lags, 99).count());
    found_.add("lag_max", percentile(lags, 100).count());
    constexpr std::size_t times = 5'000;
    auto bare = bare_curve_round_trips(bytes_an_entry(territory_), times, 1);
    found_.add("curve_round_trip", bare.count() / static_cast<double>(times));
  }

  const plan& how_;
  measurements& found_;
  fs::path folder_;
  bench_node territory_;
};

void measure(const plan& how) {
  fs::create_directories(how.folder);
  if (is_in_memory(how.folder))
    throw std::runtime_error{how.folder.string() + " is kept in memory: choose a folder on a disk"};
  measurements found;
  if (how.entries > 0) {
    auto made = how.folder / "made";
    make_stream(made, how.entries);
    for (std::size_t i = 0; i < how.runs; ++i)
      catch_up(made, how.folder / "run", found);
  }
  if (how.seconds > 0)
    lagging{how, found}.run();
  found.print();
}

} // namespace

} // namespace toit::bench

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: bench_link FOLDER ENTRIES SECONDS RUNS    (0 entries or seconds: that part is left out)\n";
    return 2;
  }
  try {
    toit::bench::measure({argv[1], std::stoul(argv[2]), std::stoul(argv[3]), std::stoul(argv[4])});
  } catch (const std::exception& failure) {
    std::cerr << "bench_link: " << failure.what() << "\n";
    return 1;
  }
}
