#include "actors/lock_table.hpp"

#include "simulation/world/chance.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <set>

using namespace toit;

namespace {

using ticket = lock_table::ticket;

law::subject_id subject(std::uint64_t number) {
  law::subject_id id;
  id.bytes[0] = static_cast<std::uint8_t>(number);
  return id;
}

/// The obvious table: everybody in one list, in order; nothing is kept by subject.
class slow_table {
public:
  bool enter(ticket who, const std::set<law::subject_id>& subjects) {
    for (const auto& s : subjects)
      if (std::ranges::count_if(all_, [&](const place& p) { return p.subjects.contains(s); }) > 64)
        return false;
    all_.push_back({who, subjects, {}, false});
    return true;
  }
  bool ready(ticket who) const {
    const auto& mine = *std::ranges::find(all_, who, &place::who);
    return !mine.begun && std::ranges::all_of(mine.subjects, [&](const auto& s) { return first_at(s) == &mine; });
  }
  /// Whoever grows stands before all that have not begun, at what he adds.
  void widen(ticket who, const std::set<law::subject_id>& subjects) {
    auto& mine = *std::ranges::find(all_, who, &place::who);
    for (const auto& s : subjects)
      if (mine.subjects.insert(s).second)
        mine.pushed[s] = ++pushes_;
  }
  void begin(ticket who) { std::ranges::find(all_, who, &place::who)->begun = true; }
  std::vector<ticket> leave(ticket who) {
    auto gone = *std::ranges::find(all_, who, &place::who);
    std::erase_if(all_, [&](const place& p) { return p.who == who; });
    std::set<ticket> next;
    for (const auto& s : gone.subjects)
      if (const auto* first = first_at(s))
        next.insert(first->who);
    return {next.begin(), next.end()};
  }
  std::vector<ticket> waiting() const { return with(false); }
  std::vector<ticket> holding() const { return with(true); }
  bool empty() const { return all_.empty(); }

private:
  struct place {
    ticket who;
    std::set<law::subject_id> subjects;
    std::map<law::subject_id, unsigned> pushed; ///< where it pushed in, and when
    bool begun;
  };

  /// Who has begun; else the last one who pushed in; else who came first.
  const place* first_at(const law::subject_id& s) const {
    const place* first = nullptr;
    auto rank = [&](const place& p) {
      auto found = p.pushed.find(s);
      return std::pair{p.begun ? 1 : 0, found == p.pushed.end() ? 0U : found->second};
    };
    for (const auto& p : all_)
      if (p.subjects.contains(s) && (!first || rank(p) > rank(*first)))
        first = &p;
    return first;
  }
  std::vector<ticket> with(bool begun) const {
    std::vector<ticket> found;
    for (const auto& p : all_)
      if (p.begun == begun)
        found.push_back(p.who);
    return found;
  }

  std::vector<place> all_;
  unsigned pushes_ = 0;
};

/// The same steps on both, compared after each.
class comparison {
public:
  comparison(std::uint64_t seed, std::uint64_t subjects) : chance_{seed}, subjects_{subjects} {}

  void step() {
    switch (chance_.below(4)) {
    case 0:
      return enter();
    case 1:
      return leave();
    default:
      return begin();
    }
  }

  /// Whatever waits comes to its turn: nobody waits in a circle.
  void drain() {
    while (!model_.empty()) {
      if (!model_.holding().empty()) {
        leave();
        continue;
      }
      auto waiting = model_.waiting();
      REQUIRE(std::ranges::any_of(waiting, [&](ticket who) { return model_.ready(who); }));
      begin();
    }
    CHECK(table_.empty());
  }

private:
  std::set<law::subject_id> some() {
    std::set<law::subject_id> chosen;
    for (auto left = 1 + chance_.below(3); left > 0; --left)
      chosen.insert(subject(chance_.below(subjects_)));
    return chosen;
  }
  void enter() {
    auto chosen = some();
    auto who = ++last_;
    REQUIRE(table_.enter(who, {chosen.begin(), chosen.end()}) == model_.enter(who, chosen));
    check();
  }
  void begin() {
    auto waiting = model_.waiting();
    if (waiting.empty())
      return;
    auto who = chance_.pick(waiting);
    for (auto other : waiting)
      if (model_.ready(other))
        who = other;
    if (!model_.ready(who))
      return;
    if (chance_.one_in(3)) {
      auto more = some();
      table_.widen(who, {more.begin(), more.end()});
      model_.widen(who, more);
      check();
    }
    if (!model_.ready(who))
      return;
    table_.begin(who);
    model_.begin(who);
    check();
  }
  void leave() {
    auto all = chance_.one_in(5) ? model_.waiting() : model_.holding();
    if (all.empty())
      return;
    auto who = chance_.pick(all);
    REQUIRE(table_.leave(who) == model_.leave(who));
    check();
  }
  void check() const {
    for (auto who : model_.waiting())
      REQUIRE(table_.ready(who) == model_.ready(who));
    for (auto who : model_.holding())
      REQUIRE_FALSE(table_.ready(who));
    REQUIRE(table_.empty() == model_.empty());
  }

  simulation::chance chance_;
  std::uint64_t subjects_;
  lock_table table_;
  slow_table model_;
  ticket last_ = 0;
};

} // namespace

TEST_CASE("the lock table lets in whom the obvious one lets in", "[actors][lock_table]") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    comparison both{seed, 2 + seed % 9};
    for (int i = 0; i < 250; ++i)
      both.step();
    both.drain();
  }
}

TEST_CASE("sixty-four wait behind one subject, and the next one is told at once", "[actors][lock_table]") {
  lock_table table;
  for (ticket who = 1; who <= 1 + lock_table::waiting_limit; ++who)
    REQUIRE(table.enter(who, {subject(1)}));
  CHECK_FALSE(table.enter(100, {subject(2), subject(1)}));
  // Nothing was taken.
  REQUIRE(table.enter(101, {subject(2)}));
  CHECK(table.ready(101));
  table.begin(1);
  table.leave(1);
  CHECK(table.enter(102, {subject(1)}));
}

TEST_CASE("a ticket that nobody knows is never ready", "[actors][lock_table]") { CHECK_FALSE(lock_table{}.ready(7)); }
