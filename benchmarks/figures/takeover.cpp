/// \file
/// takeover: from the entry that opens the epoch, on disk, to the first receipt of the node that takes the territory
/// over: keys not yet opened, nothing kept from before its process began, the former host gone. Beside it, a bare
/// reading of the same rows. Prints one line a measurement: its name, then a value a run.

#include "benchmarks/federated.hpp"
#include "benchmarks/measurements.hpp"
#include "journal/sqlite_store.hpp"

#include <iostream>
#include <thread>

namespace toit::bench {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

struct plan {
  fs::path folder;
  std::size_t dossiers = 0;
  std::size_t runs = 0;
};

template <class Condition>
void wait_until(Condition&& is_so, const char* otherwise) {
  constexpr auto within = 30min;
  auto until = clock::now() + within;
  while (!is_so()) {
    if (clock::now() > until)
      throw std::runtime_error{otherwise};
    std::this_thread::sleep_for(1ms);
  }
}

class taking_over {
public:
  explicit taking_over(const plan& how)
      : how_{how}, territory_{how.folder / "territory"}, all_{how.folder, territory_, 2} {}

  void run() {
    populate();
    for (std::size_t i = 0; i < how_.runs; ++i)
      measure(how_.dossiers + i);
    found_.print();
  }

private:
  bench_node& region() { return all_.follower(0); }
  ports::stream_id taken() { return territory_.configured().stream(); }
  fs::path journal() { return region().configured().data; }
  fs::path kept() { return how_.folder / "replica"; }

  /// The territory's own life, and replicas of it; then its node is gone.
  void populate() {
    all_.begin_followers();
    territory_.begin();
    territory_.wait_until_ready();
    bodies_ = territory_.settle();
    people_.emplace(bodies_, territory_.mix(), territory_.day(), 1);
    constexpr std::size_t part = 10'000;
    constexpr std::size_t window = 1024;
    std::uint64_t last = 0;
    for (std::size_t left = how_.dossiers; left > 0; left -= std::min(part, left))
      last =
          ask_all(territory_.running(), people_->arrivals(std::min(part, left)), window, [this](const receipt& done) {
            people_->learn(done);
          }).last_seq;
    auto reader = region().opened().journal().open_reader();
    wait_until(
        [&] {
          auto head = reader->latest_head(taken());
          return head && head->seq >= last;
        },
        "the replica does not catch up");
    reader.reset();
    entries_ = last;
    territory_.stop();
    region().stop();
    fs::copy(journal(), kept(), fs::copy_options::recursive);
  }

  void measure(std::size_t seed) {
    fs::remove_all(journal());
    fs::copy(kept(), journal(), fs::copy_options::recursive);
    auto bare = bare_scan();
    region().start();
    open_epoch();
    auto from = clock::now();
    wait_until([&] { return region().running().actors_of(taken()).has_value(); }, "the territory is not taken over");
    crowd newcomers{bodies_, territory_.mix(), territory_.day(), seed};
    const std::array first{asked_part{1, newcomers.arrivals(1), 1, {}}};
    ask_together(region().running(), first);
    found_.add("takeover", seconds{clock::now() - from}.count());
    found_.add("bare_scan", bare.count());
    found_.add("entries", static_cast<double>(entries_));
    region().stop();
  }

  seconds bare_scan() {
    auto rows = journal::open_sqlite_reader((journal() / "journal.sqlite").string());
    constexpr std::size_t chunk = 4096;
    auto from = clock::now();
    std::uint64_t at = 0;
    for (auto part = rows->entries(taken(), at, chunk); !part.empty(); part = rows->entries(taken(), at, chunk))
      at = part.back().header.seq;
    return clock::now() - from;
  }

  /// As the substitution host writes it once an arrêté is in force.
  void open_epoch() {
    const auto& context = region().opened().context();
    law::authority_passed passed;
    passed.territory = territory_.configured().territory;
    passed.epoch = 1;
    passed.holder = context->settings.territory;
    passed.host = law::text<64>{name_of(region()).view()};
    law::record record{};
    record.occurred_on = context->today();
    record.originator = context->settings.territory;
    record.introducer = context->settings.territory;
    record.event = passed;
    auto append = std::make_shared<ports::append>();
    append->stream = context->stream;
    auto about = context->chance->fresh<law::subject_id>();
    append->reads.push_back({about, 0});
    append->drafts.push_back(
        {about, context->sealer->seal(context->stream, about, record), std::make_shared<const law::record>(record)});
    caf::scoped_actor self{region().running().system()};
    self->request(region().running().recorder(), caf::infinite, append_atom_v,
                  append_group_ptr{std::make_shared<const append_group>(append_group{append})})
        .receive([](const append_results_ptr&) {},
                 [](const caf::error&) { throw std::runtime_error{"the recorder does not answer"}; });
  }

  plan how_;
  bench_node territory_;
  federated_nodes all_;
  simulation::demonstration_bodies bodies_;
  std::optional<crowd> people_;
  std::uint64_t entries_ = 0;
  measurements found_;
};

} // namespace

} // namespace toit::bench

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: bench_takeover FOLDER DOSSIERS RUNS\n";
    return 2;
  }
  try {
    toit::bench::taking_over{{argv[1], std::stoul(argv[2]), std::stoul(argv[3])}}.run();
  } catch (const std::exception& failure) {
    std::cerr << "bench_takeover: " << failure.what() << "\n";
    return 1;
  }
}
