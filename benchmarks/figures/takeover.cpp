/// \file
/// takeover: from the entry that opens the epoch, on disk, to the first receipt of the node that takes the territory
/// over: its replica 1,000 entries behind what the other State node holds, keys not yet opened, nothing kept from
/// before its process began, the former host gone. Beside it, a bare reading of the same rows. Prints one line a
/// measurement: its name, then a value a run.

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
      measure();
    found_.print();
  }

private:
  static constexpr std::uint64_t behind = 1'000;

  bench_node& region() { return all_.follower(0); }
  bench_node& departement() { return all_.follower(1); }
  ports::stream_id taken() { return territory_.configured().stream(); }
  fs::path journal_of(bench_node& state) { return state.configured().data; }
  fs::path kept_of(bench_node& state) { return how_.folder / ("kept-" + name_of(state).text()); }

  /// The territory's own life, and replicas of it; then its node is gone.
  void populate() {
    all_.begin_followers();
    territory_.begin();
    territory_.wait_until_ready();
    bodies_ = territory_.settle();
    people_.emplace(bodies_, territory_.mix(), territory_.day(), 1);
    constexpr std::size_t part = 10'000;
    for (std::size_t left = how_.dossiers; left > 0; left -= std::min(part, left))
      enter(std::min(part, left));
    wait_for(region());
    keep(region());
    for (auto from = entries_; entries_ < from + behind;)
      enter(1);
    wait_for(departement());
    territory_.stop();
    keep(departement());
  }

  void keep(bench_node& state) {
    state.stop();
    fs::copy(journal_of(state), kept_of(state), fs::copy_options::recursive);
  }

  /// Both as they were: what a run before has opened is known to nobody.
  void put_back(bench_node& state) {
    fs::remove_all(journal_of(state));
    fs::copy(kept_of(state), journal_of(state), fs::copy_options::recursive);
  }

  void enter(std::size_t people) {
    constexpr std::size_t window = 1024;
    entries_ = ask_all(territory_.running(), people_->arrivals(people), window, [this](const receipt& done) {
                 people_->learn(done);
               }).last_seq;
  }

  void wait_for(bench_node& replica) {
    auto reader = replica.opened().journal().open_reader();
    wait_until(
        [&] {
          auto head = reader->latest_head(taken());
          return head && head->seq >= entries_;
        },
        "a replica does not catch up");
  }

  void measure() {
    put_back(region());
    put_back(departement());
    auto bare = bare_scan();
    all_.begin_followers();
    region().wait_until_ready();
    wait_until([&] { return is_linked(region(), name_of(departement())); }, "the State nodes have no link");
    open_epoch();
    auto from = clock::now();
    wait_until([&] { return region().running().actors_of(taken()).has_value(); }, "the territory is not taken over");
    const std::array first{asked_part{1, people_->arrivals(1), 1, {}}};
    ask_together(region().running(), first);
    found_.add("takeover", seconds{clock::now() - from}.count());
    found_.add("bare_scan", bare.count());
    found_.add("entries", static_cast<double>(entries_));
    check_cut();
    region().stop();
    departement().stop();
  }

  /// What the other State node held is not left out.
  void check_cut() {
    auto cuts = region().opened().journal().open_transfers()->cuts(taken());
    if (cuts.size() != 1 || cuts.front().seq != entries_ + 1)
      throw std::runtime_error{"the stream was not cut behind its last entry"};
  }

  seconds bare_scan() {
    auto rows = journal::open_sqlite_reader((journal_of(region()) / "journal.sqlite").string());
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
