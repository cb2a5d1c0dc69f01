#include "simulation/world/run.hpp"

#include "simulation/world/command_checker.hpp"
#include "simulation/world/mishaps.hpp"

namespace toit::simulation {

namespace {

/// Days between two crowds on one dossier, each larger than what may wait for it.
constexpr unsigned crowd_every = 150;
constexpr unsigned crowd_size = 90;
/// Days between two races for the same right.
constexpr unsigned race_every = 60;
/// Seeds between two in which a node writes over its own past.
constexpr unsigned fork_every = 5;
/// Commands after which the players look at what has become of the others.
constexpr unsigned look_every = 12;

class running {
  using enum territory_copies::other_history;

public:
  explicit running(const run_options& options)
      : options_{options}, w_{{options.seed, world_options{}.first_day, options.bugs, true, options.link_bugs}},
        players_{make_cast()} {
    w_.on_start = [this](journal::node_journal& node, world& w) { begin_territory(node, w, players_); };
    play_.emplace(w_, players_);
    letters_.emplace(w_, players_, *play_, counts_);
    mishaps_.emplace(w_, *letters_, counts_, options.days, options.crashes);
    mishaps_->on_lost = [this](std::uint64_t kept) { forget_after(kept); };
    if (options.seed % fork_every == 0)
      plan_fork();
    mishaps_->start_first();
    enter(w_, players_);
    told_.look(w_, *play_);
    play_->begin();
    chance_ = w_.random().branch();
  }

  run_result result() {
    for (unsigned day = 1; day <= options_.days; ++day)
      live(day);
    mishaps_->end();
    told_.look(w_, *play_);
    return check();
  }

private:
  void plan_fork() {
    auto day = options_.days * 19 / 20;
    auto turn = options_.seed / fork_every;
    if (turn % 3 == 0)
      mishaps_->plan_rewriting(day, turn / 3 % world::state_count);
    else
      mishaps_->plan_fork(day, turn % 3 == 1 ? on_its_way : held);
  }

  void live(unsigned day) {
    w_.clock().pass(std::chrono::hours{24});
    mishaps_->begin_day(day);
    if (chance_.one_in(2))
      w_.tick_links();
    tell_time();
    see_to_clock();
    told_.look(w_, *play_);
    if (day % crowd_every == 0)
      crowd();
    if (day % race_every == 0)
      race();
    if (mishaps_->has_two_histories())
      letters_->send(play_->short_convention());
    work(share_of(day));
    mishaps_->end_day();
    if (chance_.one_in(6))
      mishaps_->let_nodes_talk(3);
    see_to_midnight();
  }

  void tell_time() {
    mishaps_->see_to_hold();
    told_on_ = w_.today();
    w_.tick();
    mishaps_->settle();
    mishaps_->note_hold();
  }

  /// A node of service is told the time every second, that of a run once a day and when it starts. A day that has begun
  /// in the evening of another would go by without a word, or with one alone, which a node that starts cannot act on
  /// before a neighbour has spoken: what is due then would wait for the day after.
  void see_to_midnight() {
    if (w_.today() == told_on_ || mishaps_->clock_is_wrong())
      return;
    tell_time();
    told_.look(w_, *play_);
  }

  /// What was acknowledged and is on no disk any more: nobody but the territory had it.
  void forget_after(std::uint64_t kept) {
    told_.forget_after(kept, *play_);
    letters_->forget_after(kept);
  }

  /// Commands of the day: the rest of the year is shared out, with busy days among the quiet ones.
  unsigned share_of(unsigned day) {
    auto left = options_.commands > sent_ ? options_.commands - sent_ : 0;
    auto days_left = options_.days - day + 1;
    if (days_left == 1)
      return left;
    if (chance_.one_in(40))
      return std::min(left, 30 + static_cast<unsigned>(chance_.below(70)));
    return std::min(left, static_cast<unsigned>(chance_.below(2 * std::uint64_t{left} / days_left + 2)));
  }

  void work(unsigned commands) {
    constexpr std::array<std::size_t, 4> windows{1, 4, 16, 96};
    auto window = commands > 20 ? windows[3] : chance_.pick(windows);
    for (unsigned done = 0; done < commands || letters_->in_flight() > 0;) {
      bool may_send = done < commands && letters_->in_flight() < window;
      if (may_send && (commands > 20 || chance_.one_in(3))) {
        send();
        if (++done % look_every == 0 && w_.in_trouble() == world::trouble::none)
          told_.look(w_, *play_);
      } else if (!w_.step()) {
        if (done == commands)
          break;
        send();
        ++done;
      }
      mishaps_->between_messages();
    }
  }

  void send() {
    w_.clock().pass(std::chrono::milliseconds{static_cast<int>(chance_.below(4000))});
    if (chance_.one_in(8))
      w_.tick_links();
    if (chance_.one_in(6))
      letters_->repeat();
    if (chance_.one_in(30))
      letters_->reuse_key();
    if (chance_.one_in(3))
      letters_->read();
    auto asked = play_->next();
    counts_["fault.late_fact"] += asked->occurred_on < law::add_days(w_.today(), law::days{-1}) ? 1 : 0;
    letters_->send(std::move(asked));
    ++sent_;
    note_flight();
  }

  /// More commands on one dossier than may wait for it.
  void crowd() {
    auto id = play_->any_dossier();
    if (!id)
      return;
    for (unsigned i = 0; i < crowd_size; ++i)
      letters_->send(play_->harmless(*id));
    ++counts_["fault.crowd"];
    note_flight();
  }

  /// A right ends while what rests on it is on its way.
  void race() {
    auto id = play_->any_dossier();
    if (!id)
      return;
    letters_->send(play_->short_convention());
    mishaps_->settle();
    told_.look(w_, *play_);
    for (auto& asked : play_->race(*id))
      letters_->send(std::move(asked));
    ++counts_["fault.race"];
  }

  void note_flight() { counts_["fault.sixty_four_in_flight"] += letters_->in_flight() >= 64 ? 1 : 0; }

  /// Frozen effects run again once the gestionnaire has looked at the clock, a day or two later.
  void see_to_clock() {
    auto status = w_.watch();
    if (!status || !status->frozen)
      return;
    mishaps_->disturb();
    ++counts_["fault.frozen_day"];
    if (mishaps_->clock_is_wrong() || chance_.one_in(2))
      return;
    letters_->send(command_of(w_, players_.gestionnaire, law::clock_confirmed{}));
    mishaps_->settle();
  }

  run_result check() {
    run_result r;
    evidence seen;
    seen.entries = told_.entries();
    seen.at_last = history::read_all(w_);
    seen.receipts = letters_->receipts();
    seen.disturbed_days = mishaps_->disturbed_days();
    seen.registry = w_.registry_dossiers();
    seen.dwellings = w_.registry_dwellings();
    seen.contingents = w_.contingents();
    count_destroyed();
    w_.sweep();
    seen.vault = w_.context().vault->list();
    seen.today = w_.today();
    auto add = [&](std::vector<fault> found) { r.faults.insert(r.faults.end(), found.begin(), found.end()); };
    add(check_chain(w_));
    add(told_.compare(seen.at_last));
    add(check_entries(seen));
    add(letters_->faults(w_.reader()));
    add(mishaps_->between_nodes().at_last());
    add(check_commands(w_, counts_));
    told_.count(counts_);
    auto last = w_.open_rows()->last_head(world::stream());
    r.head = law::to_hex(last->link);
    for (std::size_t which = 0; which < world::state_count; ++which)
      for (const auto& member : w_.members())
        if (auto head = w_.state(which).open_rows()->last_head(member.stream))
          r.heads_elsewhere += law::to_hex(head->link);
    r.entries = last->seq;
    r.counts = counts_;
    return r;
  }

  /// Files that went with their dossier, before any sweep: only a crash right after an erasure leaves one to that.
  void count_destroyed() {
    auto left = w_.context().vault->list();
    auto now = history::read_all(w_);
    for (const auto& entry : told_.entries()) {
      const auto* filed = entry.record ? std::get_if<law::document_filed>(&entry.record->event) : nullptr;
      if (filed && !now.at(entry.seq - 1).record && std::ranges::find(left, filed->document) == left.end())
        ++counts_["fault.document_destroyed"];
    }
  }

  run_options options_;
  tally counts_;
  history told_;
  // Whoever waits for an answer outlives the world that gives it.
  std::optional<play> play_;
  std::optional<correspondence> letters_;
  std::optional<mishaps> mishaps_;
  world w_;
  cast players_;
  chance chance_{0};
  law::civil_date told_on_{}; ///< day on which the node was last told the time
  unsigned sent_ = 0;
};

} // namespace

run_result run_world(const run_options& options) { return running{options}.result(); }

} // namespace toit::simulation
