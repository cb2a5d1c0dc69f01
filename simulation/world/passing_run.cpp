#include "simulation/world/passing_run.hpp"

#include "base/log.hpp"
#include "simulation/world/passing_mishaps.hpp"
#include "simulation/world/passing_play.hpp"
#include "simulation/world/question.hpp"
#include "simulation/world/wrong_acts.hpp"

namespace toit::simulation {

namespace {

/// What a part of a run is about.
enum class episode : std::uint8_t {
  plain,           ///< taken over, and given back
  partition,       ///< nobody hears the former host meanwhile, and both record
  half_heard,      ///< the regional node does not hear the territory's; the departmental one hears both
  away,            ///< the former host is off, and back before it hears
  two_in_a_row,    ///< the act is repealed at once, and another one follows
  suspension,      ///< a judge suspends the act while the territory passes, and it resumes
  region_restored, ///< the regional node is again what it was before the act
  state_restored,  ///< ... the departmental one
  adhesion,        ///< the territory joins another dispositif, and leaves it
};
constexpr auto names_of(episode) {
  return std::to_array<std::string_view>({"plain", "partition", "half_heard", "away", "two_in_a_row", "suspension",
                                          "region_restored", "state_restored", "adhesion"});
}
constexpr std::size_t episode_count = names_of(episode{}).size();

/// Rounds in which a passing comes to its end while nothing is in its way, and those that end a run.
constexpr unsigned rounds_to_pass = 22;
constexpr unsigned rounds_to_heal = 120;

class running_passing {
  using wish = prefect::wish;
  static constexpr auto territory = passing_world::territory;
  static constexpr auto region = passing_world::region;

public:
  explicit running_passing(const passing_options& options)
      : options_{options}, w_{{options.seed, options.bugs, options.hosting_bugs}} {
    checkers_.emplace(w_, counts_);
    players_.emplace(w_, *checkers_, counts_);
    mishaps_.emplace(w_, *checkers_, counts_);
    prefect_.emplace(w_, counts_);
    wrong_acts_.emplace(w_, *checkers_, counts_);
    chance_ = w_.random().branch();
    mishaps_->start_all();
    rounds(8, 0);
    players_->set_scene();
    checkers_->look();
  }

  ~running_passing() {
    for (std::size_t which = 0; which < passing_world::node_count; ++which)
      checkers_->stopping(which);
  }

  run_result result() {
    grow();
    for (unsigned i = 0; i < options_.episodes; ++i) {
      auto what = i == 0 ? options_.seed % episode_count : chance_.below(episode_count);
      live(static_cast<episode>(what));
    }
    return end();
  }

private:
  // -- time ---------------------------------------------------------------------------------------------------------

  void round(unsigned commands) {
    w_.clock().pass(std::chrono::milliseconds{300 + static_cast<int>(chance_.below(1200))});
    mishaps_->begin_round();
    // What was on its way is there before anybody looks at the clock.
    settle();
    prefect_->go_on();
    w_.tick();
    for (unsigned done = 0; done < commands; ++done) {
      record();
      for (auto left = chance_.below(60); left > 0 && w_.step(); --left)
        mishaps_->between_messages();
    }
    mishaps_->settle();
    checkers_->look();
  }

  void rounds(unsigned how_many, unsigned commands = 2) {
    for (; how_many > 0; --how_many)
      round(commands == 0 ? 0 : static_cast<unsigned>(chance_.below(commands + 1)));
  }

  void next_day() {
    w_.clock().pass(std::chrono::hours{24});
    mishaps_->change_weather();
  }

  /// Whoever serves the territory, or believes to, is asked.
  void record() {
    auto there = players_->serving();
    if (there.empty())
      return;
    counts_["play.both_serve"] += there.size() > 1 ? 1 : 0;
    auto which = chance_.pick(there);
    if (there.size() > 1 && chance_.one_in(3))
      return players_->act_on_both(there[0], there[1]);
    if (chance_.one_in(6))
      return players_->repeat(which);
    players_->act(which);
  }

  /// Some days with nothing but people who record.
  void grow() {
    for (unsigned day = 0; day < 9; ++day) {
      w_.clock().pass(std::chrono::hours{24});
      for (unsigned i = 0; i < 4; ++i)
        round(9);
    }
  }

  // -- what a run is made of ----------------------------------------------------------------------------------------

  void live(episode what) {
    ++counts_["episode." + std::string{law::name_of(what)}];
    base::log_info("an episode begins", {{"episode", law::name_of(what)}});
    mishaps_->plan_no_kill();
    next_day();
    switch (what) {
    case episode::adhesion:
      return join_and_leave();
    case episode::two_in_a_row:
      return pass_twice();
    case episode::suspension:
      return suspend();
    default:
      return take_over_while(what);
    }
  }

  void maybe_kill() {
    if (chance_.percent(65))
      mishaps_->plan_kill();
  }

  /// Signed, published and notified today: it binds from tomorrow on.
  void order() {
    base::log_info("the prefect orders");
    prefect_->usurp();
    wrong_acts_->sign_without_power();
    wrong_acts_->order_without_opinion();
    prefect_->wishes(wish::in_force);
    rounds(4);
  }

  void take_over_while(episode what) {
    auto copied = what == episode::region_restored ? region : passing_world::departement;
    bool restores = what == episode::region_restored || what == episode::state_restored;
    if (restores && chance_.one_in(2))
      mishaps_->copy(copied);
    if (what == episode::half_heard)
      mishaps_->cut(territory, region, chance_.one_in(2));
    order();
    rounds(what == episode::half_heard ? 20 : 0, 3);
    if (restores)
      mishaps_->copy(copied);
    if (what == episode::away)
      mishaps_->stop(territory);
    if (what == episode::partition)
      mishaps_->cut_off(territory, chance_.one_in(2));
    maybe_kill();
    next_day();
    if (what == episode::half_heard)
      mishaps_->calm_down();
    rounds(rounds_to_pass);
    if (what == episode::away) {
      mishaps_->cut_off(territory, chance_.one_in(2));
      mishaps_->start(territory);
    }
    if (restores)
      mishaps_->restore(copied);
    rounds(10, 3);
    next_day();
    give_back(what);
  }

  void give_back(episode what) {
    // The act may be over before everybody has heard of it.
    if (chance_.one_in(3))
      prefect_->wishes(wish::ended);
    rounds(5);
    mishaps_->heal();
    if (what == episode::away || what == episode::partition)
      maybe_kill();
    rounds(rounds_to_pass);
    maybe_kill();
    prefect_->wishes(wish::ended);
    rounds(rounds_to_pass + 4);
  }

  void pass_twice() {
    order();
    maybe_kill();
    next_day();
    rounds(static_cast<unsigned>(chance_.below(8)));
    prefect_->wishes(wish::ended);
    rounds(static_cast<unsigned>(1 + chance_.below(10)));
    order();
    maybe_kill();
    next_day();
    rounds(rounds_to_pass);
    give_back(episode::two_in_a_row);
  }

  void suspend() {
    order();
    maybe_kill();
    next_day();
    rounds(static_cast<unsigned>(chance_.below(8)));
    prefect_->wishes(wish::suspended);
    rounds(static_cast<unsigned>(1 + chance_.below(10)));
    maybe_kill();
    // What resumes binds again at once; a day later, mostly.
    if (chance_.one_in(2))
      next_day();
    prefect_->wishes(wish::in_force);
    rounds(rounds_to_pass);
    give_back(episode::suspension);
  }

  void join_and_leave() {
    maybe_kill();
    prefect_->joins(true);
    rounds(2 * rounds_to_pass);
    next_day();
    maybe_kill();
    rounds(4);
    prefect_->joins(false);
    rounds(2 * rounds_to_pass);
  }

  // -- the end ------------------------------------------------------------------------------------------------------

  /// Until all disks are alike; why they are not, else.
  std::string heal() {
    std::string why = "nobody has looked";
    for (unsigned round = 0; round < rounds_to_heal && !why.empty(); ++round) {
      w_.clock().pass(std::chrono::milliseconds{1500});
      mishaps_->begin_round();
      settle();
      prefect_->go_on();
      w_.tick();
      mishaps_->settle();
      checkers_->look();
      why = checkers_->not_yet();
    }
    if (!why.empty())
      checkers_->say("healing", why);
    return why;
  }

  /// On the line of who orders, and on his own; afterwards nothing is left of it.
  void forge() {
    for (auto line : {region, passing_world::departement}) {
      wrong_acts_->forge(line);
      settle();
      w_.node(territory).links().tick();
      settle();
      wrong_acts_->check_forged(line);
    }
    heal();
  }

  run_result end() {
    mishaps_->end();
    auto why = heal();
    run_result r;
    auto host = checkers_->host_now();
    const auto* actors = w_.node(host).actors_of(world::stream());
    contingents_ptr contingents;
    if (actors)
      put_question<contingents_ptr>(
          w_.system(), actors->allocator,
          [&](std::optional<contingents_ptr> told) { contingents = told.value_or(nullptr); }, list_atom_v);
    mishaps_->settle();
    checkers_->at_last(
        registry_reading{w_.system(), actors ? actors->registry : demand_registry_actor{}, [this] { settle(); }},
        contingents);
    if (why.empty())
      forge();
    r.faults = checkers_->take_faults();
    for (std::size_t which = 0; which < passing_world::node_count; ++which)
      for (const auto& member : w_.members())
        if (auto head = w_.node(which).rows()->last_head(member.stream))
          r.heads_elsewhere += law::to_hex(head->link);
    auto last = w_.node(host).rows()->last_head(world::stream());
    r.head = law::to_hex(last->link);
    r.entries = last->seq;
    r.counts = counts_;
    return r;
  }

  void settle() { mishaps_->settle(); }

  passing_options options_;
  tally counts_;
  // Whoever waits for an answer outlives the world that gives it.
  std::optional<passing_checkers> checkers_;
  std::optional<passing_players> players_;
  std::optional<passing_mishaps> mishaps_;
  std::optional<prefect> prefect_;
  std::optional<wrong_acts> wrong_acts_;
  passing_world w_;
  chance chance_{0};
};

} // namespace

run_result run_passing(const passing_options& options) { return running_passing{options}.result(); }

std::vector<std::string> passing_occurrences() {
  std::vector<std::string> names;
  for (auto name : names_of(episode{}))
    names.push_back("episode." + std::string{name});
  for (auto name : law::names_of(law::late_outcome{}))
    names.push_back("late." + std::string{name});
  for (const char* kill : {"substitution.opened", "substitution.cut", "substitution.tail", "handing_back.prepared",
                           "handing_back.closed", "handing_back.opened", "handing_back.cut", "adhesion.prepared",
                           "adhesion.closed", "adhesion.opened", "adhesion.cut", "leaving.prepared", "leaving.closed",
                           "leaving.opened", "leaving.cut", "former_host", "next_host"})
    names.push_back(std::string{"kill."} + kill);
  for (const char* other :
       {"act.ordered",       "act.suspended",      "act.resumed",       "act.ended",           "act.joined",
        "act.left",          "act.usurped",        "mishap.restored",   "mishap.cut",          "mishap.crash_in_write",
        "play.both_serve",   "play.lease_on_both", "play.same_on_both", "play.repeat",         "promise.disk",
        "promise.witnessed", "promise.came_back",  "prefix.checked",    "prefix.from_another", "refusal.E_FENCED",
        "answer.none",       "wrong.delegation",   "wrong.opinion",     "wrong.forged"})
    names.emplace_back(other);
  return names;
}

} // namespace toit::simulation
