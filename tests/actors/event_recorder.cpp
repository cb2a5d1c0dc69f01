#include "actors/event_recorder.hpp"

#include "tests/actors/stage.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit;

namespace {

/// Notes what it is asked, and answers as it is told to.
class written_down : public ports::journal_writer {
public:
  std::vector<ports::append_result> stage(std::span<const ports::append_ptr> appends) override {
    std::vector<ports::append_result> results;
    for (std::size_t i = 0; i < appends.size(); ++i) {
      ++seq_;
      results.push_back({.status = answers, .first_seq = seq_, .last_seq = seq_});
    }
    staged += appends.size();
    return results;
  }
  ports::append_result stage_refusal(const ports::log_line&) override {
    ++refusals;
    return {.status = ports::append_status::refused_before};
  }
  void stage_consultation(const ports::log_line&) override { ++reads; }
  ports::transfer_result stage_transfer(const ports::transfer& brought) override {
    ports::transfer_result result;
    result.now.stream = brought.stream;
    brought_now.push_back(brought.stream);
    return result;
  }
  void stage_mark(const ports::witness_mark&) override { ++marks; }
  void stage_foreign_head(const ports::signed_head&) override { ++foreign; }
  void hold_back(const ports::stream_id&, bool behind) override {
    held = behind;
    seq_ += !held && changes_key ? 1 : 0;
  }
  void follow_ordering(const ports::stream_id&, const ports::stream_id& by) override { ordering = by; }
  void heed_ordering(const ports::stream_id&, std::uint64_t) override {}
  bool seal_keys_to(const ports::stream_id&, const law::bytes32&) override {
    sealed_after.push_back(synced_at.size());
    return has_room;
  }
  ports::synced sync() override {
    if (fails)
      throw std::runtime_error{"the disk failed"};
    synced_at.push_back(staged);
    ports::synced done;
    done.entries = has_room;
    done.lines = has_room;
    if (has_room)
      done.replicas = std::exchange(brought_now, {});
    if (has_room && staged > told_) {
      auto batch = std::make_shared<ports::entry_batch>();
      batch->stream = *ports::stream_id::parse("T200057867");
      batch->entries.resize(staged - told_);
      told_ = staged;
      done.batches.push_back(std::move(batch));
    }
    return done;
  }
  ports::orphan_result stage_orphans(const ports::orphan_tail&) override { return {}; }
  ports::adoption_result adopt(const ports::adoption&) override { return {}; }
  void release(const ports::stream_id&) override {}
  bool let_open(const ports::stream_id&, bool) override { return has_room; }
  bool read_only() const override { return !has_room; }
  void probe() override {
    has_room = room_again;
    seq_ += has_room && changes_key ? 1 : 0;
  }
  std::uint64_t last_seq(const ports::stream_id&) const override { return seq_; }
  void keep() override { ++kept; }

  std::vector<std::size_t> synced_at; ///< appends staged so far, at each sync
  std::size_t staged = 0;
  std::size_t refusals = 0;
  std::size_t reads = 0;
  std::size_t marks = 0;
  std::size_t foreign = 0;
  bool held = false;
  std::optional<ports::stream_id> ordering;
  std::vector<ports::stream_id> brought_now;
  std::size_t kept = 0;
  std::vector<std::size_t> sealed_after; ///< groups on disk, at each sealing
  ports::append_status answers = ports::append_status::appended;
  bool fails = false;
  bool has_room = true;
  bool room_again = false;
  bool changes_key = false; ///< and writes so by itself, when it may

private:
  std::uint64_t seq_ = 0;
  std::size_t told_ = 0;
};

using slow_follower_actor = follower_actor::extend< // Answers what it has not answered yet.
    caf::reacts_to<tick_atom>,
    // Has something written itself.
    caf::reacts_to<append_atom, event_recorder_actor, append_group_ptr>>;

/// A follower that answers only when it is let.
struct slow_follower_state {
  slow_follower_state() = default;
  std::vector<caf::typed_response_promise<std::uint64_t>> unanswered;
};

struct follower_log {
  std::vector<std::size_t> told;              ///< entries, each time
  std::vector<std::size_t> told_when_written; ///< how often until what it had written was answered
};

slow_follower_actor::behavior_type slow_follower(slow_follower_actor::stateful_pointer<slow_follower_state> self,
                                                 follower_log* what) {
  return {
      [self, what](written_atom, const ports::batch_ptr& batch) -> caf::result<std::uint64_t> {
        what->told.push_back(batch->entries.size());
        auto promise = self->make_response_promise<std::uint64_t>();
        self->state.unanswered.push_back(promise);
        return promise;
      },
      [self](tick_atom) {
        for (auto& promise : std::exchange(self->state.unanswered, {}))
          promise.deliver(std::uint64_t{1});
      },
      [self, what](append_atom, const event_recorder_actor& recorder, const append_group_ptr& group) {
        self->request(recorder, std::chrono::seconds{60}, append_atom_v, group).then([what](const append_results_ptr&) {
          what->told_when_written.push_back(what->told.size());
        });
      },
  };
}

append_group_ptr some_group(std::size_t parts) {
  auto one = std::make_shared<ports::append>();
  one->stream = *ports::stream_id::parse("T200057867");
  return std::make_shared<append_group>(parts, one);
}

/// Of one entry each, of so many bytes.
append_group_ptr large_group(std::size_t parts, std::size_t content_bytes) {
  auto one = std::make_shared<ports::append>();
  one->stream = *ports::stream_id::parse("T200057867");
  one->drafts.resize(1);
  one->drafts.front().payload.content.resize(content_bytes);
  return std::make_shared<append_group>(parts, one);
}

struct recorder_on_stage {
  recorder_on_stage() {
    recorder = on.system().spawn(event_recorder, &writer, std::make_shared<base::metrics>(), deliberate_bugs{});
  }
  auto append(std::size_t parts = 1) { return on.ask<append_results_ptr>(recorder, append_atom_v, some_group(parts)); }
  auto line() { return log_line_ptr{std::make_shared<ports::log_line>()}; }

  written_down writer;
  test::stage on;
  event_recorder_actor recorder;
};

} // namespace

TEST_CASE("what another node brings is written with the group, and told to who follows it", "[actors][recorder]") {
  recorder_on_stage s;
  auto replica = *ports::stream_id::parse("SR11");
  follower_log what;
  auto follower = s.on.system().spawn(slow_follower, &what);
  caf::anon_send(s.recorder, follow_atom_v, replica, caf::actor_cast<follower_actor>(follower));
  auto things = std::make_shared<brought>();
  auto transfer = std::make_shared<ports::transfer>();
  transfer->stream = replica;
  things->transfers.push_back(transfer);
  things->marks.resize(2);
  things->foreign_heads.resize(1);
  auto first = s.on.ask<brought_results_ptr>(s.recorder, bring_atom_v, brought_ptr{things});
  s.on.run();
  REQUIRE(first->answer);
  CHECK((**first->answer).on_disk);
  CHECK((**first->answer).transfers.at(0).status == ports::transfer_status::stored);
  CHECK(s.writer.marks == 2);
  CHECK(s.writer.foreign == 1);
  CHECK(what.told == std::vector<std::size_t>{0});
  s.writer.has_room = false;
  auto second = s.on.ask<brought_results_ptr>(s.recorder, bring_atom_v, brought_ptr{things});
  s.on.run();
  REQUIRE(second->answer);
  CHECK_FALSE((**second->answer).on_disk);
  CHECK((**second->answer).transfers.at(0).status == ports::transfer_status::read_only);
  CHECK(what.told.size() == 1);
  caf::anon_send_exit(follower, caf::exit_reason::kill);
}

TEST_CASE("whatever waits is written with one sync, and answered after it", "[actors][recorder]") {
  recorder_on_stage r;
  std::vector<decltype(r.append())> asked;
  for (int i = 0; i < 40; ++i)
    asked.push_back(r.append(2));
  auto refused = r.on.ask<append_results_ptr>(r.recorder, refuse_atom_v, r.line());
  auto read = r.on.ask<bool>(r.recorder, consult_atom_v, r.line());
  r.on.run();
  CHECK(r.writer.staged == 80);
  CHECK(r.writer.synced_at.size() < 5);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    REQUIRE(asked[i]->answer);
    CHECK((**asked[i]->answer).results.size() == 2);
  }
  CHECK(refused->answer);
  CHECK(read->answer == true);
}

TEST_CASE("what waits is written in as many batches as it takes for each to travel in one message",
          "[actors][recorder]") {
  using ports::batch_load;
  struct {
    std::size_t groups;
    std::size_t parts;
    std::size_t content_bytes;
    std::size_t batches_most;
  } many_bytes{24, 20, 50'000, 10}, many_entries{24, 1000, 10, 10}, each_too_large{2, 100, 50'000, 2};
  for (const auto& much : {many_bytes, many_entries, each_too_large}) {
    recorder_on_stage r;
    std::vector<std::shared_ptr<test::stage::asked<append_results_ptr>>> asked;
    auto group = large_group(much.parts, much.content_bytes);
    for (std::size_t i = 0; i < much.groups; ++i)
      asked.push_back(r.on.ask<append_results_ptr>(r.recorder, append_atom_v, group));
    r.on.run();
    CHECK(std::ranges::all_of(asked, [](const auto& each) { return each->answer.has_value(); }));
    CHECK(r.writer.staged == much.groups * much.parts);
    std::size_t before = 0;
    for (auto staged : r.writer.synced_at) {
      auto entries = staged - std::exchange(before, staged);
      batch_load load{entries, entries * (much.content_bytes + ports::entry_overhead_bytes)};
      CHECK((load.fits() || entries == much.parts));
    }
    CHECK(r.writer.synced_at.size() <= much.batches_most);
  }
}

TEST_CASE("keys are sealed to who orders from now on between two groups, and again when there is room",
          "[actors][recorder]") {
  recorder_on_stage r;
  ordered_stream now{*ports::stream_id::parse("T200057867"), *ports::stream_id::parse("SR11"), law::bytes32{}};
  auto order = [&] {
    return r.on.ask<bool>(r.recorder, ordering_atom_v, ordered_stream_ptr{std::make_shared<ordered_stream>(now)});
  };
  auto before = r.append();
  auto done = order();
  auto after = r.append();
  r.on.run();
  CHECK(done->answer == true);
  CHECK(before->answer);
  CHECK(after->answer);
  CHECK(r.writer.ordering == now.ordering);
  REQUIRE(r.writer.sealed_after.size() == 1);
  r.writer.has_room = false;
  auto full = order();
  r.on.run();
  CHECK(full->answer == false);
  now.escrow.reset(); // an authority without one: nothing to seal
  auto none = order();
  r.on.run();
  CHECK(none->answer == true);
  CHECK(r.writer.sealed_after.size() == 2);
}

TEST_CASE("nobody is answered when the disk fails: the recorder ends", "[actors][recorder]") {
  recorder_on_stage r;
  r.writer.fails = true;
  auto asked = r.append();
  r.on.run();
  CHECK_FALSE(asked->answer);
  r.on.pass(std::chrono::seconds{61});
  CHECK_FALSE(asked->answer);
  CHECK(asked->error);
  auto late = r.append();
  r.on.run();
  CHECK(late->error);
}

TEST_CASE("a full disk is told to everybody, and probed until there is room", "[actors][recorder]") {
  recorder_on_stage r;
  r.writer.has_room = false;
  auto asked = r.append();
  auto refused = r.on.ask<append_results_ptr>(r.recorder, refuse_atom_v, r.line());
  auto read = r.on.ask<bool>(r.recorder, consult_atom_v, r.line());
  r.on.run();
  REQUIRE(asked->answer);
  CHECK((**asked->answer).results.front().status == ports::append_status::read_only);
  CHECK((**refused->answer).results.front().status == ports::append_status::read_only);
  CHECK(read->answer == false);
  auto status = [&] {
    auto told = r.on.ask<recorder_status>(r.recorder, status_atom_v);
    r.on.run();
    return told->answer->read_only;
  };
  CHECK(status());
  caf::anon_send(r.recorder, tick_atom_v);
  CHECK(status());
  r.writer.room_again = true;
  caf::anon_send(r.recorder, tick_atom_v);
  CHECK_FALSE(status());
}

TEST_CASE("what was refused for something that was undone is to be asked again", "[actors][recorder]") {
  using enum ports::append_status;
  for (auto [staged, told] : {std::pair{number_taken, read_only},
                              {key_reused, read_only},
                              {repeated, read_only},
                              {refused_before, refused_before},
                              {stale, stale}}) {
    recorder_on_stage r;
    r.writer.has_room = false;
    r.writer.answers = staged;
    auto asked = r.append();
    r.on.run();
    REQUIRE(asked->answer);
    CHECK((**asked->answer).results.front().status == told);
  }
}

namespace {

/// A recorder, and a follower of what it writes.
struct recorder_with_follower : recorder_on_stage {
  recorder_with_follower() : follower{on.system().spawn(slow_follower, &what)} { follow(); }
  ~recorder_with_follower() { end_follower(); }
  void follow() {
    caf::anon_send(recorder, follow_atom_v, *ports::stream_id::parse("T200057867"),
                   caf::actor_cast<follower_actor>(follower));
    on.run();
  }
  void write(std::size_t times) {
    for (std::size_t i = 0; i < times; ++i) {
      append();
      on.run();
    }
  }
  void let_answer() {
    caf::anon_send(follower, tick_atom_v);
    on.run();
  }
  void end_follower() {
    caf::anon_send_exit(follower, caf::exit_reason::kill);
    on.run();
  }
  std::vector<std::size_t> told() const { return what.told; }

  follower_log what;
  slow_follower_actor follower;
};

using sizes = std::vector<std::size_t>;

} // namespace

TEST_CASE("a follower is told at once, then, when it has answered, of all that was written meanwhile",
          "[actors][recorder]") {
  recorder_with_follower r;
  r.write(5);
  CHECK(r.told() == sizes{1});
  r.let_answer();
  CHECK(r.told() == sizes{1, 4});
  r.let_answer();
  CHECK(r.told() == sizes{1, 4});
  r.write(1);
  CHECK(r.told() == sizes{1, 4, 1});
}

TEST_CASE("a follower too far behind is told to look for itself, then of what is written after it looked",
          "[actors][recorder]") {
  recorder_with_follower r;
  constexpr auto limit = event_recorder_state::follower_waiting_entries;
  r.write(1 + limit);
  r.let_answer();
  CHECK(r.told() == sizes{1, limit});
  r.write(limit + 3);
  r.let_answer();
  CHECK(r.told() == sizes{1, limit, 0});
  r.write(2);
  r.let_answer();
  CHECK(r.told() == sizes{1, limit, 0, 2});
}

TEST_CASE("a follower that is to look for itself is not told instead of what waited for it", "[actors][recorder]") {
  recorder_with_follower r;
  r.write(3);
  auto things = std::make_shared<brought>();
  auto transfer = std::make_shared<ports::transfer>();
  transfer->stream = *ports::stream_id::parse("T200057867");
  things->transfers.push_back(transfer);
  r.on.ask<brought_results_ptr>(r.recorder, bring_atom_v, brought_ptr{things});
  r.on.run();
  CHECK(r.told() == sizes{1});
  r.let_answer();
  CHECK(r.told() == sizes{1, 0});
}

TEST_CASE("a change of key that the writer makes by itself is looked at by who follows the stream",
          "[actors][recorder]") {
  recorder_with_follower r;
  auto hold = [&](bool behind) {
    r.on.ask<bool>(r.recorder, hold_atom_v, *ports::stream_id::parse("T200057867"), behind);
    r.on.run();
    r.let_answer();
  };
  auto tick = [&] {
    caf::anon_send(r.recorder, tick_atom_v);
    r.on.run();
    r.let_answer();
  };
  hold(true);
  hold(false);
  CHECK(r.told().empty());
  r.writer.has_room = false;
  r.writer.changes_key = true;
  tick();
  CHECK(r.told().empty());
  r.writer.room_again = true;
  tick();
  CHECK(r.told() == sizes{0});
  tick();
  CHECK(r.told() == sizes{0});
  hold(true);
  hold(false);
  CHECK(r.told() == sizes{0, 0});
}

TEST_CASE("who follows a stream again, as a host to whom it has come back, looks once and is told on",
          "[actors][recorder]") {
  recorder_with_follower r;
  r.write(1);
  r.let_answer();
  r.follow();
  CHECK(r.told() == sizes{1, 0});
  r.follow(); // and while it has not answered
  r.let_answer();
  CHECK(r.told() == sizes{1, 0, 0});
  r.let_answer();
  for (std::size_t times = 1; times <= 3; ++times) {
    r.write(1);
    CHECK(r.told().size() == 3 + times);
    r.let_answer();
  }
  CHECK(r.told() == sizes{1, 0, 0, 1, 1, 1});
}

TEST_CASE("a follower that does not answer is told again after a while, and no more once it has gone",
          "[actors][recorder]") {
  recorder_with_follower r;
  r.write(3);
  CHECK(r.told() == sizes{1});
  r.on.pass(std::chrono::seconds{61});
  CHECK(r.told() == sizes{1, 2});
  r.end_follower();
  r.write(1);
  CHECK(r.told() == sizes{1, 2});
}

TEST_CASE("who has something written is told of it before the answer, however slowly it reads", "[actors][recorder]") {
  recorder_with_follower r;
  r.write(2);
  CHECK(r.told() == sizes{1});
  for (int i = 0; i < 3; ++i) {
    caf::anon_send(r.follower, append_atom_v, r.recorder, some_group(1));
    r.on.run();
  }
  CHECK(r.told() == sizes{1, 2, 1, 1});
  CHECK(r.what.told_when_written == sizes{2, 3, 4});
  // It has answered for none of the four: it is told on when it has answered for all.
  r.write(2);
  CHECK(r.told() == sizes{1, 2, 1, 1});
  r.let_answer();
  CHECK(r.told() == sizes{1, 2, 1, 1, 2});
}

TEST_CASE("beyond what may wait a request is turned away at once", "[actors][recorder]") {
  recorder_on_stage r;
  std::vector<decltype(r.append())> asked;
  for (std::size_t i = 0; i < event_recorder_state::waiting_limit + 10; ++i)
    asked.push_back(r.append());
  r.on.run();
  std::size_t answered = 0;
  for (const auto& each : asked)
    answered += each->answer.has_value() || each->error.has_value();
  CHECK(answered == asked.size());
}

TEST_CASE("what a restart needs is kept when enough has been written, or when told to", "[actors][recorder]") {
  recorder_on_stage r;
  auto keep = [&](bool force) {
    auto done = r.on.ask<bool>(r.recorder, keep_atom_v, force);
    r.on.run();
    return done->answer == true;
  };
  CHECK(keep(false));
  CHECK(r.writer.kept == 0);
  CHECK(keep(true));
  CHECK(r.writer.kept == 1);
}
