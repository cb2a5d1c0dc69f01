#include "tests/federation/equal_nodes.hpp"

#include <catch2/catch_test_macros.hpp>

namespace toit::federation::test {

TEST_CASE("territories go up, State streams go down, and what is whole is countersigned", "[L441-2-7-1-1a]") {
  some_nodes all{1};
  all.run(2);
  CHECK(all.write(all["plaine"], 3));
  CHECK(all.write(all["ensemble"]));
  CHECK(all.write(all["region"]));
  CHECK(all.write(all["departement"], 2));
  all.run(2);
  check_all_equal(all);
  CHECK(all.all_alarms().empty());
  for (const auto& mark : all["plaine"].source->marks(all["plaine"].hosted))
    CHECK(mark.link == all["plaine"].source->link_at(all["plaine"].hosted, mark.seq));
}

TEST_CASE("whatever the network does, what is written arrives once and whole", "[L441-2-7-1-1a]") {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    INFO("seed " << seed);
    some_nodes all{seed};
    all.loses = seed % 3 == 0 ? 30 : 10;
    all.doubles = 20;
    all.reorders = seed % 2 == 0;
    std::vector<std::pair<std::string, std::string>> links{
        {"plaine", "region"}, {"plaine", "departement"}, {"ensemble", "region"}, {"region", "departement"}};
    for (int round = 0; round < 25; ++round) {
      for (const char* who : {"plaine", "ensemble", "region", "departement"})
        if (all.chance() % 2 == 0)
          all.write(all[who], static_cast<unsigned>(1 + all.chance() % 5));
      auto [a, b] = links[all.chance() % links.size()];
      if (all.chance() % 3 == 0)
        all.cut(a, b);
      if (all.chance() % 3 == 0)
        all.heal(a, b);
      if (all.chance() % 8 == 0) {
        auto& who = all[round % 2 == 0 ? a : b];
        all.stop(who, all.chance() % 2 == 0);
        all.start(who);
      }
      for (int i = 0; i < 30 && !all.on_their_way.empty(); ++i)
        all.deliver();
      if (round % 4 == 0)
        all.run(1);
    }
    for (const auto& [a, b] : links)
      all.heal(a, b);
    all.loses = 0;
    all.run(30); // what was lost without the link ending is asked for again after 24 s at most
    check_all_equal(all);
    CHECK(all.all_alarms().empty());
  }
}

TEST_CASE("a link that comes back is used at once, however long nothing was written before", "[L441-2-7-1-1a]") {
  some_nodes all{13};
  all.run(2);
  all.write(all["plaine"]);
  all.run(120);
  all.cut("plaine", "region");
  all.write(all["plaine"]);
  all.run(1);
  CHECK(all.witnessed("plaine", "region") < all.seq("plaine", "plaine"));
  all.heal("plaine", "region");
  all.run(1);
  check_all_equal(all);
  CHECK(all.all_alarms().empty());
}

namespace {

/// Its disk is as it was before its last three entries, which others hold; it is not begun yet.
void put_back_after_three(some_nodes& all, one_node& node) {
  all.stop(node, false);
  auto copy = node.disk.copy();
  all.start(node);
  all.run(1);
  CHECK(all.write(node, 3));
  all.run(2);
  all.stop(node, false);
  node.disk.restore(copy);
}

} // namespace

TEST_CASE("a node restored from an older copy is told, takes its past back, and only then goes on", "[L441-2-7-1-1a]") {
  some_nodes all{3};
  all.run(2);
  all.write(all["plaine"], 4);
  all.run(2);
  auto& plaine = all["plaine"];
  all.stop(plaine, false);
  auto copy = plaine.disk.copy();
  all.start(plaine);
  all.run(1);
  CHECK(all.write(plaine, 3));
  CHECK(all.write(plaine, 2));
  all.run(2);
  auto before = all.seq("region", "plaine");
  all.stop(plaine, false);
  plaine.disk.restore(copy);
  all.start(plaine);
  CHECK_FALSE(all.write(plaine));
  all.run(3);
  CHECK(all.seq("plaine", "plaine") == before);
  CHECK(plaine.caught_up == std::vector{plaine.hosted});
  CHECK(all.write(plaine));
  all.run(6);
  check_all_equal(all);
  CHECK(all.all_alarms().empty());
}

TEST_CASE("who took his past back from a neighbour is not sent what he writes from then on", "[L441-2-7-1-1a]") {
  some_nodes all{19};
  all.run(2);
  auto& plaine = all["plaine"];
  put_back_after_three(all, plaine);
  all.start(plaine);
  all.run(6);
  CHECK(plaine.caught_up == std::vector{plaine.hosted});
  std::size_t sent_back = 0;
  all.is_lost = [&](const some_nodes::on_its_way& one) {
    auto read = decode(one.sent);
    const auto* said = read && one.to == plaine.name ? std::get_if<entries>(&read->said) : nullptr;
    sent_back += said && said->brought.stream == plaine.hosted ? 1 : 0;
    return false;
  };
  CHECK(all.write(plaine, 2));
  all.run(6);
  CHECK(sent_back == 0);
  check_all_equal(all);
}

TEST_CASE("a neighbour who was not heard for a while is believed all the same", "[L441-2-7-1-1a]") {
  some_nodes all{3};
  all.run(2);
  auto& plaine = all["plaine"];
  put_back_after_three(all, plaine);
  all.is_lost = [](const some_nodes::on_its_way& one) {
    auto read = decode(one.sent);
    return read && std::holds_alternative<entries>(read->said);
  };
  all.start(plaine);
  all.run(2);
  CHECK_FALSE(all.write(plaine));
  for (const auto* state : {"region", "departement"})
    all.cut("plaine", state);
  all.run(60);
  all.is_lost = nullptr;
  for (const auto* state : {"region", "departement"})
    all.heal("plaine", state);
  all.let_a_second_pass();
  CHECK_FALSE(all.write(plaine));
  all.run(6);
  CHECK(all.write(plaine));
  all.run(6);
  check_all_equal(all);
}

TEST_CASE("a node that nobody answers records all the same, and what it wrote over its own past is a fork",
          "[L441-2-7-1-1a]") {
  some_nodes all{4};
  all.run(2);
  auto& plaine = all["plaine"];
  put_back_after_three(all, plaine);
  all.cut("plaine", "region");
  all.cut("plaine", "departement");
  all.start(plaine);
  CHECK_FALSE(all.write(plaine));
  all.run(7);
  CHECK(all.has_alarm("plaine", alarm_kind::unconfirmed));
  CHECK(all.write(plaine, 5));
  auto held = all.seq("region", "plaine");
  all.heal("plaine", "region");
  all.heal("plaine", "departement");
  all.run(10);
  CHECK(all.has_alarm("region", alarm_kind::forked));
  CHECK(all.has_alarm("departement", alarm_kind::forked));
  CHECK(all.has_alarm("plaine", alarm_kind::forked));
  CHECK(all.seq("region", "plaine") == held);
  CHECK(all.verify("region", "plaine").empty());
  auto rows = journal::open_sqlite_reader("node/journal.sqlite", all["region"].disk.vfs());
  CHECK_FALSE(rows->foreign_heads().empty());
}

TEST_CASE("a territory put back from a backup waits for its neighbours, however long, and for all of them",
          "[L441-2-7-1-1a]") {
  some_nodes all{14};
  all.run(2);
  auto& plaine = all["plaine"];
  all.stop(plaine, false);
  auto copy = plaine.disk.copy();
  all.start(plaine);
  all.run(1);
  all.cut("plaine", "departement");
  CHECK(all.write(plaine, 3));
  all.run(2);
  all.stop(plaine, false);
  plaine.disk.restore(copy);
  plaine.restored = true;
  all.cut("plaine", "region");
  all.start(plaine);
  all.run(30);
  CHECK(all.has_alarm("plaine", alarm_kind::unconfirmed));
  CHECK_FALSE(all.write(plaine));
  // Who has less of it says nothing of the rest, before the others have been waited for.
  all.heal("plaine", "region");
  all.run(8);
  CHECK(all.seq("plaine", "plaine") == all.seq("region", "plaine"));
  CHECK(all.write(plaine));
  all.heal("plaine", "departement");
  all.run(10);
  check_all_equal(all);
  CHECK(all.all_alarms().empty());
}

TEST_CASE("a State node restored from a backup signs nothing before it has its own past again", "[L441-2-7-1-1a]") {
  some_nodes all{5};
  all.run(2);
  auto& region = all["region"];
  all.stop(region, false);
  auto copy = region.disk.copy();
  all.start(region);
  all.run(1);
  CHECK(all.write(region, 4));
  all.run(2);
  all.stop(region, false);
  region.disk.restore(copy);
  for (const char* other : {"plaine", "ensemble", "departement"})
    all.cut("region", other);
  all.start(region);
  all.run(30);
  // Nobody has spoken: a State node waits, however long.
  CHECK_FALSE(all.write(region));
  CHECK(all.has_alarm("region", alarm_kind::unconfirmed));
  for (const char* other : {"plaine", "ensemble", "departement"})
    all.heal("region", other);
  all.run(8);
  CHECK(all.write(region));
  all.run(2);
  check_all_equal(all);
}

TEST_CASE("what is forged, addressed to another or not asked for changes nothing and is counted", "[L441-2-7-1-1a]") {
  some_nodes all{6};
  all.run(2);
  all.write(all["plaine"], 2);
  all.run(2);
  auto& region = all["region"];
  auto before = all.seq("region", "plaine");
  auto count = [&](const std::string& who) {
    for (const auto& link : region.talk->report().links)
      if (link.node == node_named(who))
        return link.misbehaviours;
    return std::uint64_t{0};
  };
  auto told = [&](const std::string& by, const bytes& what) {
    auto already = count(by);
    region.talk->received(node_named(by), what);
    all.do_what_is_to_be_done(region);
    return count(by) - already;
  };
  auto good = encode({node_named("plaine"), node_named("region"), hello{}});
  CHECK(told("plaine", good) == 0);
  CHECK(told("ensemble", good) == 1);
  CHECK(told("plaine", encode({node_named("plaine"), node_named("departement"), hello{}})) == 1);
  CHECK(told("plaine", bytes{}) == 1);
  CHECK(told("plaine", bytes(100, 0x91)) == 1);
  auto cut = good;
  cut.pop_back();
  CHECK(told("plaine", cut) == 1);
  // A stream that is not his: neither served nor taken.
  want asked;
  asked.after = {all["ensemble"].hosted, 0, 0, journal::first_link(all["ensemble"].hosted)};
  asked.window_bytes = 1000;
  CHECK(told("plaine", encode({node_named("plaine"), node_named("region"), asked})) == 0);
  CHECK(all.on_their_way.back().to == node_named("plaine"));
  CHECK(std::holds_alternative<no>(decode(all.on_their_way.back().sent)->said));
  asked.after.seq = UINT64_MAX;
  asked.after.stream = all["plaine"].hosted;
  CHECK(told("plaine", encode({node_named("plaine"), node_named("region"), asked})) == 1);
  auto brought = all["plaine"].source->read(all["plaine"].hosted, 0, 1000);
  CHECK(told("ensemble", encode({node_named("ensemble"), node_named("region"), entries{*brought}})) == 1);
  // A mark that somebody else signed.
  auto given = all["plaine"].source->marks(all["plaine"].hosted).front();
  given.at += std::chrono::seconds{1};
  marks forged;
  forged.given.push_back(given);
  all["plaine"].talk->received(node_named("region"), encode({node_named("region"), node_named("plaine"), forged}));
  CHECK(all.has_alarm("plaine", alarm_kind::bad_signature));
  // A stranger is not heard at all.
  region.talk->received(node_named("nobody"), good);
  CHECK(all.seq("region", "plaine") == before);
  all.run(3);
  CHECK(all.seq("region", "plaine") == all.seq("plaine", "plaine"));
}

namespace {

/// One byte of what the first entry says is another in each message of the stream that is on its way to him.
std::size_t alter_on_their_way(some_nodes& all, const stream_id& stream, const node_name& to) {
  std::size_t altered_messages = 0;
  for (auto& one : all.on_their_way) {
    auto read = decode(one.sent);
    auto* said = read && one.to == to ? std::get_if<entries>(&read->said) : nullptr;
    if (!said || said->brought.stream != stream || said->brought.entries.empty())
      continue;
    said->brought.entries.front().content->back() ^= 1;
    one.sent = encode(*read);
    ++altered_messages;
  }
  return altered_messages;
}

} // namespace

TEST_CASE("entries that are altered on their way are kept nowhere, told, and asked for again", "[L441-2-7-1-1a]") {
  some_nodes all{18};
  all.run(2);
  auto& plaine = all["plaine"];
  auto& region = all["region"];
  auto before = all.seq("region", "plaine");
  CHECK(all.write(plaine, 2));
  REQUIRE(alter_on_their_way(all, plaine.hosted, region.name) == 1);
  all.run(1);
  CHECK(region.statuses.back() == ports::transfer_status::altered);
  auto told = region.talk->report().alarms;
  REQUIRE(told.size() == 1);
  CHECK(told.front().kind == alarm_kind::altered);
  CHECK(told.front().stream == plaine.hosted);
  CHECK(told.front().node == plaine.name);
  CHECK(told.front().seq == before + 1);
  CHECK(all.seq("region", "plaine") == before);
  CHECK(all.witnessed("plaine", "region") <= before);
  CHECK(all.seq("departement", "plaine") == before + 2);
  all.run(1);
  CHECK(all.has_alarm("region", alarm_kind::altered));
  all.run(3);
  CHECK(all.all_alarms().empty());
  check_all_equal(all);
}

TEST_CASE("a neighbour that floods is no longer heard for a while, and nothing piles up") {
  some_nodes all{7};
  all.run(2);
  auto& region = all["region"];
  for (int i = 0; i < 5'000; ++i) {
    region.talk->received(node_named("plaine"), bytes(50, 0x93));
    all.do_what_is_to_be_done(region);
  }
  CHECK(region.talk->report().alarms.size() == 1);
  all.write(all["plaine"]);
  all.run(3);
  CHECK(all.seq("region", "plaine") < all.seq("plaine", "plaine"));
  all.run(70);
  CHECK(all.seq("region", "plaine") == all.seq("plaine", "plaine"));
}

namespace {

/// What the region says when the plaine has said this: a newer directory or none, and whatever else.
std::size_t directories_told(some_nodes& all, const hello& said) {
  auto& region = all["region"];
  auto from = all["plaine"].name;
  region.talk->received(from, encode({from, region.name, said}));
  return static_cast<std::size_t>(std::ranges::count_if(region.talk->take().messages, [](const auto& one) {
    return std::holds_alternative<newer_directory>(decode(one.sent)->said);
  }));
}

std::uint64_t misbehaviours_of(some_nodes& all, const std::string& who) {
  for (const auto& link : all["region"].talk->report().links)
    if (link.node == all[who].name)
      return link.misbehaviours;
  return 0;
}

} // namespace

TEST_CASE("a neighbour is heard so often between two hellos of one's own, and told of a newer directory once") {
  some_nodes all{18};
  all.run(2);
  auto& talk = *all["region"].talk;
  hello said;
  said.run = all["plaine"].run;
  said.at = all.clock->at;
  REQUIRE(said.directory_number < all.current.number);
  for (std::uint64_t times = 1; times <= 3; ++times) {
    talk.link_changed(all["plaine"].name, ports::link_state::up); // which says its own
    talk.take();
    CHECK(directories_told(all, said) == 1);
    for (unsigned heard = 1; heard < exchange_limits{}.hellos; ++heard)
      CHECK(directories_told(all, said) == 0);
    CHECK(misbehaviours_of(all, "plaine") == times - 1);
    CHECK(directories_told(all, said) == 0);
    CHECK(misbehaviours_of(all, "plaine") == times);
  }
  // Or once the time of the next one has come.
  all.clock->at += exchange_limits{}.hello_every;
  talk.tick(all.clock->monotonic(), all.clock->at, all.today());
  talk.take();
  CHECK(directories_told(all, said) == 1);
  CHECK(misbehaviours_of(all, "plaine") == 3);
}

TEST_CASE(
    "however many streams pass to a node in a moment, it says hello a few times, and once more with the next look") {
  some_nodes all{20};
  all.run(2);
  auto& region = all["region"];
  auto hellos_said = [&] {
    return std::ranges::count_if(region.talk->take().messages, [&](const auto& one) {
      return one.to == all["plaine"].name && std::holds_alternative<hello>(decode(one.sent)->said);
    });
  };
  auto look = [&] {
    all.clock->at += std::chrono::seconds{1};
    region.talk->tick(all.clock->monotonic(), all.clock->at, all.today());
  };
  look();
  hellos_said();
  for (int i = 0; i < 100; ++i)
    region.talk->begin_hosting(region.hosted);
  CHECK(hellos_said() == exchange_limits{}.hellos_said);
  look();
  CHECK(hellos_said() == 1);
  look();
  CHECK(hellos_said() == 0);
}

TEST_CASE("a hello that names a stream twice, or a sequence that cannot be, is taken for nothing") {
  some_nodes all{19};
  all.run(2);
  auto& region = all["region"];
  hello said;
  said.run.fill(9);
  said.at = all.clock->at;
  auto here = *region.source->position(region.hosted);
  said.positions = {here, {here.stream, here.epoch, here.seq + 1, filled(7)}};
  CHECK(directories_told(all, said) == 0);
  said.positions = {{here.stream, here.epoch, std::uint64_t{1} << 44, filled(7)}};
  CHECK(directories_told(all, said) == 0);
  CHECK(misbehaviours_of(all, "plaine") == 2);
  CHECK_FALSE(region.talk->is_held(region.hosted));
  said.positions = {{here.stream, here.epoch, here.seq + 1, filled(7)}};
  CHECK(directories_told(all, said) == 1);
  CHECK(region.talk->is_held(region.hosted));
}

TEST_CASE("a neighbour that stalls is sent no more than its window") {
  some_nodes all{8};
  all.run(2);
  all.cut("region", "departement");
  auto& plaine = all["plaine"];
  // The region takes nothing: what is on its way to it stays there.
  for (int i = 0; i < 200; ++i)
    all.write(plaine, 2);
  std::size_t waiting = 0;
  for (const auto& one : all.on_their_way)
    if (one.to == all["region"].name)
      waiting += one.sent.size();
  CHECK(waiting < 16'000 + 4 * 2'000);
  all.run(10);
  CHECK(all.seq("region", "plaine") == all.seq("plaine", "plaine"));
}

namespace {

/// What is said of his own stream by a node that is asked for it from the beginning.
void ask_from_the_beginning(some_nodes& all, const std::string& who, const std::string& by, bool again = true) {
  auto stream = all[who].hosted;
  want asked{{stream, 0, 0, journal::first_link(stream)}, 16U << 20, again, again};
  all[who].talk->received(all[by].name, encode({all[by].name, all[who].name, asked}));
}

std::size_t entries_said(exchange& by) {
  std::size_t said = 0;
  for (const auto& one : by.take().messages)
    said += std::holds_alternative<entries>(decode(one.sent)->said) ? 1 : 0;
  return said;
}

} // namespace

TEST_CASE("what was sent is read again within a bound a second, however often a neighbour asks") {
  some_nodes all{14};
  all.run(2);
  for (int i = 0; i < 10; ++i) {
    all.write(all["plaine"], 10);
    all.run(1);
  }
  auto& talk = *all["plaine"].talk;
  ask_from_the_beginning(all, "plaine", "region");
  auto once = entries_said(talk);
  CHECK(once > 1);
  CHECK(once <= 9); // a window of 16,000 bytes, in transfers of 2,000
  for (int i = 0; i < 1'000; ++i)
    ask_from_the_beginning(all, "plaine", "region");
  CHECK(entries_said(talk) == 0);
  // Nor by saying that he has begun anew.
  hello new_run;
  new_run.run.fill(9);
  new_run.at = all.clock->at;
  talk.received(all["region"].name, encode({all["region"].name, all["plaine"].name, new_run}));
  ask_from_the_beginning(all, "plaine", "region", false);
  CHECK(entries_said(talk) == 0);
  // Another is served meanwhile, and he once the second has gone by.
  ask_from_the_beginning(all, "plaine", "departement");
  CHECK(entries_said(talk) == once);
  auto when_the_second_is_over = [&] {
    all.clock->at += std::chrono::seconds{1};
    talk.tick(all.clock->monotonic(), all.clock->at, all.today());
    return entries_said(talk);
  };
  CHECK(when_the_second_is_over() > 1);
  CHECK(when_the_second_is_over() <= once + 1);
  CHECK(talk.report().alarms.empty());
  all.run(10);
  CHECK(all.seq("region", "plaine") == all.seq("plaine", "plaine"));
}

TEST_CASE("nothing more is said of a stream once the link has no room for it, and it goes on from there") {
  some_nodes all{15};
  all.run(2);
  auto& plaine = all["plaine"];
  auto before = all.seq("region", "plaine");
  all.write(plaine, 3);
  // As a link that is full: what was put on its way to the region never left.
  auto region = all["region"].name;
  std::erase_if(all.on_their_way, [&](const auto& one) { return one.to == region; });
  plaine.talk->found_no_room(region, {plaine.hosted, before});
  CHECK_FALSE(plaine.talk->may_follow(region, {plaine.hosted, before + 3}));
  CHECK(plaine.talk->may_follow(region, {plaine.hosted, before}));
  all.write(plaine, 3);
  auto said_to_region = std::ranges::count_if(all.on_their_way, [&](const auto& one) { return one.to == region; });
  CHECK(said_to_region == 0);
  all.let_a_second_pass();
  all.write(plaine);
  all.run(1);
  CHECK(all.seq("region", "plaine") == all.seq("plaine", "plaine"));
  CHECK(all.all_alarms().empty());
}

TEST_CASE("so many questions of a neighbour wait for their answers, and no more") {
  some_nodes all{16};
  all.run(2);
  auto& talk = *all["plaine"].talk;
  auto from = all["region"].name;
  auto ask = [&](std::uint64_t number) {
    talk.received(from, encode({from, all["plaine"].name, question{number, bytes{1}}}));
    return talk.take().questions.size();
  };
  constexpr std::uint64_t most = exchange_limits{}.questions;
  for (std::uint64_t number = 1; number <= most; ++number)
    REQUIRE(ask(number) == 1);
  CHECK(ask(most + 1) == 0);
  CHECK(talk.report().links.size() == 2);
  CHECK(all.has_alarm("plaine", alarm_kind::misbehaving));
  talk.answer(from, 1, bytes{2});
  talk.answer(from, 1, bytes{2}); // twice is once
  CHECK(ask(most + 2) == 1);
  CHECK(ask(most + 3) == 0);
  // Another's do not count, and a new link begins anew.
  auto other = all["departement"].name;
  talk.received(other, encode({other, all["plaine"].name, question{1, bytes{1}}}));
  CHECK(talk.take().questions.size() == 1);
  talk.link_changed(from, ports::link_state::down);
  talk.link_changed(from, ports::link_state::up);
  CHECK(ask(1) == 1);
}

TEST_CASE("a newer directory travels by itself; an older or a forged one, or one for other data, does not",
          "[L441-2-7-1-1a]") {
  some_nodes all{9};
  all.run(2);
  auto newer = all.describe(2);
  all["region"].talk->adopt(newer, sign_directory(newer, all.anchor));
  all.do_what_is_to_be_done(all["region"]);
  all.run(3);
  for (const char* who : {"plaine", "ensemble", "departement", "region"})
    CHECK(all[who].talk->report().directory_number == 2);
  auto older = all.describe(1);
  auto forged = all.describe(3);
  auto of_another_purpose = all.describe(4);
  of_another_purpose.purpose = "demonstration";
  journal::signing_key stranger{filled(201)};
  auto hear = [&](const bytes& given) {
    all["plaine"].talk->received(node_named("region"),
                                 encode({node_named("region"), node_named("plaine"), newer_directory{given}}));
    all.do_what_is_to_be_done(all["plaine"]);
  };
  hear(sign_directory(older, all.anchor));
  CHECK(all["plaine"].talk->report().directory_number == 2);
  hear(sign_directory(forged, stranger));
  CHECK(all["plaine"].talk->report().directory_number == 2);
  CHECK(all.has_alarm("plaine", alarm_kind::bad_signature));
  hear(sign_directory(of_another_purpose, all.anchor));
  CHECK(all["plaine"].talk->report().directory_number == 2);
  hear(sign_directory(all.describe(3), all.anchor));
  CHECK(all["plaine"].talk->report().directory_number == 3);
}

TEST_CASE("an alarm about somebody goes when he is no neighbour any more", "[L441-2-7-1-1a]") {
  some_nodes all{17};
  all.run(2);
  auto& region = all["region"];
  auto who = all["departement"].name;
  hello late;
  late.run.fill(1);
  late.at = all.clock->at - std::chrono::minutes{10};
  for (const auto& from : {who, all["plaine"].name}) {
    region.talk->received(from, bytes(50, 0x93));
    region.talk->received(from, encode({from, region.name, late}));
  }
  all.do_what_is_to_be_done(region);
  CHECK(region.talk->report().alarms.size() == 4);
  auto newer = all.describe(2);
  std::erase_if(newer.nodes, [&](const node_entry& node) { return node.name == who; });
  for (auto& territory : newer.territories)
    territory.supervisors = {stream_named("SR11")};
  region.talk->adopt(newer, sign_directory(newer, all.anchor));
  auto told = region.talk->report().alarms;
  CHECK(told.size() == 2);
  CHECK(std::ranges::all_of(told, [&](const alarm& a) { return a.node == all["plaine"].name; }));
}

TEST_CASE("an expired directory stops no recording and no link, and is said", "[L441-2-7-1-1a]") {
  some_nodes all{10};
  all.run(2);
  all.clock->at += std::chrono::hours{24 * 401};
  all.run(2);
  CHECK(all.has_alarm("plaine", alarm_kind::directory_expired));
  CHECK(all.write(all["plaine"]));
  auto newer = all.describe(2);
  all["region"].talk->adopt(newer, sign_directory(newer, all.anchor));
  all.do_what_is_to_be_done(all["region"]);
  all.run(6);
  CHECK_FALSE(all.has_alarm("plaine", alarm_kind::directory_expired));
}

TEST_CASE("a question is answered to whoever asked it") {
  some_nodes all{12};
  all.run(2);
  all["departement"].talk->ask(all["plaine"].name, 7, bytes{1, 2, 3});
  all.do_what_is_to_be_done(all["departement"]);
  all.run(1);
  CHECK(all["departement"].answered == std::vector<bytes>{{1, 2, 3}});
}

} // namespace toit::federation::test
