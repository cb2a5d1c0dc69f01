#include "federation/document_exchange.hpp"

#include "tests/federation/some_papers.hpp"

#include <catch2/catch_test_macros.hpp>

namespace toit::federation::test {

namespace {

constexpr std::size_t part_bytes = document_part_bytes;

std::uint64_t missing(some_nodes& all, const std::string& where, const std::string& of) {
  auto told = all[where].talk->report();
  all[where].documents->complete(told);
  for (const auto& link : told.links)
    for (const auto& stream : link.streams)
      if (link.node == all[of].name && stream.stream == all[of].hosted)
        return stream.documents_missing;
  return 0;
}

std::uint64_t blamed(some_nodes& all, const std::string& where, const std::string& whom) {
  auto told = all[where].talk->report();
  all[where].documents->complete(told);
  for (const auto& link : told.links)
    if (link.node == all[whom].name)
      return link.misbehaviours;
  return 0;
}

void hear(some_nodes& all, const std::string& where, const std::string& from, const any_message& said) {
  all[where].talk->received(all[from].name, encode({all[from].name, all[where].name, said}));
  all.do_what_is_to_be_done(all[where]);
}

void erase_papers(some_nodes& all, const std::string& host, const std::vector<law::document_id>& ids) {
  law::demande_erased tombstone;
  tombstone.documents = static_cast<std::uint32_t>(ids.size());
  tombstone.files.assign(ids.begin(), ids.end());
  CHECK(all.write(all[host], {law::event{tombstone}}));
}

template <class What>
std::vector<What> on_the_wire(const some_nodes& all, const node_name& to) {
  std::vector<What> found;
  for (const auto& one : all.on_their_way)
    if (auto opened = decode(one.sent); one.to == to && opened)
      if (const auto* what = std::get_if<What>(&opened->said))
        found.push_back(*what);
  return found;
}

} // namespace

TEST_CASE("documents go up to every State node of the territory, to the byte, and nowhere else", "[L441-2-7-1-1b]") {
  some_nodes all{21};
  all.run(2);
  std::map<law::document_id, bytes> papers;
  std::uint64_t number = 0;
  for (std::size_t size : {std::size_t{40}, part_bytes - 1, part_bytes, part_bytes + 1, 5 * part_bytes}) {
    auto id = paper_id(++number);
    papers[id] = store_paper(all, "plaine", id, size);
  }
  all.write(all["plaine"]);
  all.run(10);
  for (const char* state : {"region", "departement"}) {
    for (const auto& [id, content] : papers)
      CHECK((replica(all, state, "plaine", id) == content));
    CHECK(all[state].replicas->list().size() == papers.size());
    CHECK(missing(all, state, "plaine") == 0);
  }
  CHECK(all["ensemble"].replicas->list().empty());
  CHECK(all["plaine"].replicas->list().empty());
  // Without any entry that tells of it, within a minute.
  auto late = store_paper(all, "plaine", paper_id(99), 1'000);
  all.run(65);
  CHECK((replica(all, "region", "plaine", paper_id(99)) == late));
  CHECK(blamed(all, "region", "plaine") == 0);
  CHECK(all.all_alarms().empty());
}

TEST_CASE("whatever the network does, documents arrive whole", "[L441-2-7-1-1b]") {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    INFO("seed " << seed);
    some_nodes all{seed};
    all.loses = seed % 2 == 0 ? 20 : 5;
    all.doubles = 20;
    all.reorders = seed > 2;
    std::map<law::document_id, bytes> papers;
    for (std::uint64_t number = 1; number <= 8; ++number) {
      papers[paper_id(number)] = store_paper(all, "plaine", paper_id(number), 40 + all.chance() % (6 * part_bytes));
      all.write(all["plaine"]);
      for (int i = 0; i < 50 && !all.on_their_way.empty(); ++i)
        all.deliver();
      if (number % 3 == 0) {
        all.cut("plaine", "region");
        all.run(1);
        all.heal("plaine", "region");
      }
    }
    all.run(250);
    all.loses = 0;
    all.run(150);
    for (const auto& [id, content] : papers)
      CHECK((replica(all, "region", "plaine", id) == content));
    CHECK(all["region"].replicas->list().size() == papers.size());
    CHECK(blamed(all, "region", "plaine") == 0);
    CHECK(blamed(all, "plaine", "region") == 0);
    CHECK(all.all_alarms().empty());
  }
}

TEST_CASE("more documents than a page lists arrive", "[L441-2-7-1-1b]") {
  some_nodes all{22};
  all.cut("plaine", "departement");
  all.cut("region", "departement");
  for (std::uint64_t number = 1; number <= 1'500; ++number)
    store_paper(all, "plaine", paper_id(number), 41);
  all.run(3);
  // There are no more documents than entries and a page: what is beyond waits for its entries.
  auto there = all["region"].replicas->list().size();
  CHECK(there < 1'500);
  CHECK(missing(all, "region", "plaine") == 1'500 - there);
  for (int i = 0; i < 5; ++i)
    all.write(all["plaine"], 100);
  all.run(10);
  CHECK(all["region"].replicas->list().size() == 1'500);
  CHECK(missing(all, "region", "plaine") == 0);
}

TEST_CASE("a large document never has more than four parts in front of what is urgent", "[L441-2-7-1-1b]") {
  some_nodes all{23};
  all.run(2);
  auto& region = all["region"].name;
  auto content = store_paper(all, "plaine", paper_id(1), ports::document_limit_bytes + ports::document_overhead_bytes);
  all.write(all["plaine"]);
  std::size_t most = 0;
  std::size_t seen = 0;
  for (int second = 0; second < 10; ++second) {
    while (!all.on_their_way.empty()) {
      all.deliver();
      most = std::max(most, on_the_wire<part>(all, region).size());
      if (seen == 0 && on_the_wire<part>(all, region).size() == 4) {
        // Something urgent is said now: all that is in front of it is these four.
        auto in_front = all.on_their_way.size();
        all.write(all["plaine"]);
        REQUIRE(all.on_their_way.size() > in_front);
        std::size_t bulk = 0;
        for (std::size_t i = 0; i < in_front; ++i)
          bulk += all.on_their_way[i].to == region ? all.on_their_way[i].sent.size() : 0;
        CHECK(bulk <= 4 * (part_bytes + 200));
        ++seen;
      }
    }
    all.run(1);
  }
  CHECK(seen == 1);
  CHECK(most == 4);
  CHECK((replica(all, "region", "plaine", paper_id(1)) == content));
}

TEST_CASE("what the stream says is erased goes from whoever holds it, and does not come back", "[L441-2-7-1-1c]") {
  some_nodes all{24};
  all.run(2);
  store_paper(all, "plaine", paper_id(1), 200'000);
  store_paper(all, "plaine", paper_id(2), 100);
  auto kept = store_paper(all, "plaine", paper_id(3), 100);
  all.write(all["plaine"]);
  all.run(5);
  REQUIRE(replica(all, "region", "plaine", paper_id(1)));
  all.cut("plaine", "departement");
  // The host has not destroyed the first yet: it lists it still.
  all["plaine"].own->remove(own_file(paper_id(2)));
  all["plaine"].own->remove(own_file(paper_id(3)));
  erase_papers(all, "plaine", {paper_id(1), paper_id(2)});
  all.run(70);
  CHECK_FALSE(replica(all, "region", "plaine", paper_id(1)));
  CHECK_FALSE(replica(all, "region", "plaine", paper_id(2)));
  // That it is no longer there does not say that it was erased.
  CHECK((replica(all, "region", "plaine", paper_id(3)) == kept));
  CHECK(missing(all, "region", "plaine") == 0);
  all.stop(all["region"], true);
  all.start(all["region"]);
  all.run(70);
  CHECK(all["region"].replicas->list() == std::vector{replica_file(all["plaine"], paper_id(3))});
  // A holder that was away hears of it when it is back.
  REQUIRE(replica(all, "departement", "plaine", paper_id(1)));
  all.heal("plaine", "departement");
  all.run(70);
  CHECK(all["departement"].replicas->list() == std::vector{replica_file(all["plaine"], paper_id(3))});
}

TEST_CASE("a tombstone that was written while the file did not go is applied at the next start", "[L441-2-7-1-1c]") {
  some_nodes all{25};
  all.run(2);
  store_paper(all, "plaine", paper_id(1), 100);
  all.run(65);
  auto content = replica(all, "region", "plaine", paper_id(1));
  REQUIRE(content);
  erase_papers(all, "plaine", {paper_id(1)});
  all["plaine"].own->remove(own_file(paper_id(1)));
  all.run(3);
  all.stop(all["region"], false);
  put(*all["region"].disk.folder("node/replicas"), replica_file(all["plaine"], paper_id(1)), *content);
  all.start(all["region"]);
  all.run(3);
  CHECK(all["region"].replicas->list().empty());
}

TEST_CASE("a cut or a crash in the middle of a document leaves no part of it", "[L441-2-7-1-1b]") {
  some_nodes all{26};
  all.run(2);
  auto content = store_paper(all, "plaine", paper_id(1), 3U << 20);
  all.write(all["plaine"]);
  auto go_halfway = [&] {
    for (int second = 0; second < 65; ++second) {
      while (!all.on_their_way.empty()) {
        all.deliver();
        for (const auto& coming : on_the_wire<part>(all, all["region"].name))
          if (coming.offset > 1U << 20)
            return true;
      }
      all.let_a_second_pass();
    }
    return false;
  };
  REQUIRE(go_halfway());
  all.stop(all["region"], true);
  CHECK(all["region"].disk.folder("node/replicas")->list().empty());
  all.start(all["region"]);
  REQUIRE(go_halfway());
  all.cut("plaine", "region");
  CHECK(all["region"].replicas->list().empty());
  all.heal("plaine", "region");
  all.run(5);
  CHECK((replica(all, "region", "plaine", paper_id(1)) == content));
}

TEST_CASE("a full disk stops the fetching alone, and it goes on when there is room", "[L441-2-7-1-1b]") {
  some_nodes all{27};
  all.run(2);
  auto content = store_paper(all, "plaine", paper_id(1), 1U << 20);
  all["region"].disk.set_room(300'000);
  all.run(65);
  CHECK_FALSE(all["region"].failures.empty());
  CHECK(all["region"].replicas->list().empty());
  CHECK(missing(all, "region", "plaine") == 1);
  all["region"].disk.set_room({});
  all.run(130);
  CHECK((replica(all, "region", "plaine", paper_id(1)) == content));
  CHECK(missing(all, "region", "plaine") == 0);
}

TEST_CASE("a host restored from an older copy fetches its documents back, but not what was erased", "[L441-2-7-1-1b]") {
  some_nodes all{28};
  all.run(2);
  auto& plaine = all["plaine"];
  store_paper(all, "plaine", paper_id(1), 100);
  all.write(plaine);
  all.run(3);
  all.stop(plaine, false);
  auto copy = plaine.disk.copy();
  all.start(plaine);
  all.run(1);
  auto later = store_paper(all, "plaine", paper_id(2), 150'000);
  store_paper(all, "plaine", paper_id(3), 100);
  all.write(plaine, 2);
  all.run(5);
  // The département does not hear of the erasure in time, and has the document still.
  all.cut("plaine", "departement");
  erase_papers(all, "plaine", {paper_id(3)});
  plaine.own->remove(own_file(paper_id(3)));
  all.run(5);
  REQUIRE(replica(all, "departement", "plaine", paper_id(3)));
  all.stop(plaine, false);
  plaine.disk.restore(copy);
  all.is_lost = [&](const auto& one) {
    return one.to == all["departement"].name && std::holds_alternative<entries>(decode(one.sent)->said);
  };
  all.start(plaine);
  all.heal("plaine", "departement");
  all.run(2);
  // It is remembered through a restart.
  all.stop(plaine, true);
  all.start(plaine);
  all.run(70);
  CHECK(plaine.caught_up == std::vector{plaine.hosted});
  CHECK((plaine.own->read(own_file(paper_id(2)), 0, 1U << 20) == later));
  CHECK(replica(all, "departement", "plaine", paper_id(3)));
  CHECK(plaine.own->list() == std::vector{own_file(paper_id(1)), own_file(paper_id(2))});
  // It has all, and remembers no more that it lacked some.
  CHECK(plaine.replicas->list().empty());
  all.is_lost = {};
  // As long as an exchange waits at most before it asks again.
  all.run(30);
  CHECK_FALSE(replica(all, "departement", "plaine", paper_id(3)));
  CHECK(all.all_alarms().empty());
}

// -- who lies -------------------------------------------------------------------------------------------------------

TEST_CASE("nothing is served to whom it does not concern, nor taken of what is not his", "[L441-2-7-1-1b]") {
  some_nodes all{29};
  all.run(2);
  store_paper(all, "plaine", paper_id(1), 100);
  all.write(all["plaine"]);
  all.run(3);
  const auto& plaine = all["plaine"].hosted;
  auto leaves = [&](const any_message& said) {
    hear(all, "region", "ensemble", said);
    CHECK(on_the_wire<documents>(all, all["ensemble"].name).empty());
    CHECK(on_the_wire<part>(all, all["ensemble"].name).empty());
  };
  leaves(want_documents{plaine, {}});
  leaves(want_part{plaine, paper_id(1), 0});
  leaves(documents{plaine, {}, {}, true});
  leaves(part{plaine, paper_id(2), 0, 100, bytes(100)});
  leaves(still_lacking{plaine, {}});
  // No misdeed by itself: where a stream passes, one of the two has not heard of it yet.
  CHECK(blamed(all, "region", "ensemble") == 0);
  CHECK(all.all_alarms().empty());
  // A part that nobody can ask for, of what is his.
  leaves(want_part{all["ensemble"].hosted, paper_id(1), 1});
  CHECK(blamed(all, "region", "ensemble") == 1);
  auto told = all["region"].talk->report().alarms;
  REQUIRE(told.size() == 1);
  CHECK(told.front().kind == alarm_kind::misbehaving);
  CHECK(told.front().node == all["ensemble"].name);
  hear(all, "region", "plaine", want_part{plaine, paper_id(1), part_bytes});
  CHECK(blamed(all, "region", "plaine") == 1);
  hear(all, "region", "plaine", want_part{plaine, paper_id(7), 0});
  auto answered = on_the_wire<part>(all, all["plaine"].name);
  REQUIRE(answered.size() == 1);
  CHECK(answered.front().size == 0);
  CHECK(all["region"].replicas->list().size() == 1);
}

TEST_CASE("a host that lies of its documents changes nothing, and is found out", "[L441-2-7-1-1b]") {
  some_nodes all{30};
  all.cut("region", "departement");
  all.cut("plaine", "departement");
  all.run(2);
  const auto& stream = all["plaine"].hosted;
  auto& region = all["region"];
  // Plaine says what this test has it say.
  all.cut("plaine", "region");
  all.on_their_way.clear();
  region.talk->link_changed(all["plaine"].name, ports::link_state::up);
  auto reconnect = [&] {
    region.documents->link_changed(all["plaine"].name, ports::link_state::down);
    region.documents->link_changed(all["plaine"].name, ports::link_state::up);
    region.documents->take();
  };
  auto sends = [&](const any_message& said) {
    auto before = blamed(all, "region", "plaine");
    hear(all, "region", "plaine", said);
    return blamed(all, "region", "plaine") - before;
  };
  auto lists = [&](std::initializer_list<document_size> some) {
    documents said{stream, {}, {}, true};
    said.some.assign(some.begin(), some.end());
    reconnect();
    return sends(said);
  };
  constexpr auto most = ports::document_limit_bytes + ports::document_overhead_bytes;
  CHECK(lists({{paper_id(1), 0}}) == 1);
  CHECK(lists({{paper_id(1), 39}}) == 1);
  CHECK(lists({{paper_id(1), most + 1}}) == 1);
  CHECK(lists({{paper_id(2), 100}, {paper_id(1), 100}}) == 1);
  CHECK(lists({{paper_id(1), 100}, {paper_id(1), 100}}) == 1);
  CHECK(lists({{law::document_id{}, 100}}) == 1);
  reconnect();
  CHECK(sends(documents{stream, {}, {}, false}) == 1);
  // Of a good list, parts that are not what was asked for.
  auto offers = [&](const part& said) {
    CHECK(lists({{paper_id(1), 100'000}}) == 0);
    CHECK(missing(all, "region", "plaine") == 1);
    return sends(said);
  };
  CHECK(offers({stream, paper_id(1), 0, 100'001, bytes(part_bytes)}) == 1);
  CHECK(offers({stream, paper_id(1), 0, 100'000, bytes(part_bytes - 1)}) == 1);
  CHECK(offers({stream, paper_id(1), 0, 100'000, bytes(100'000)}) == 1);
  CHECK(offers({stream, paper_id(1), 1, 100'000, bytes(part_bytes)}) == 1);
  CHECK(offers({stream, paper_id(1), 2 * part_bytes, 100'000, {}}) == 1);
  CHECK(offers({stream, paper_id(1), UINT64_MAX - part_bytes + 1, 100'000, bytes(part_bytes)}) == 1);
  // Out of order, of another, of one that is gone: left.
  CHECK(offers({stream, paper_id(1), part_bytes, 100'000, bytes(100'000 - part_bytes)}) == 0);
  CHECK(offers({stream, paper_id(2), 0, 100, bytes(100)}) == 0);
  CHECK(offers({stream, paper_id(1), 0, 0, {}}) == 0);
  CHECK(region.replicas->list().empty());
}

TEST_CASE("a list without end is given up, and takes neither memory nor disk without end", "[L441-2-7-1-1b]") {
  some_nodes all{31};
  all.run(2);
  const auto& stream = all["plaine"].hosted;
  auto& region = all["region"];
  all.cut("plaine", "region");
  all.on_their_way.clear();
  std::uint64_t number = 0;
  std::size_t pages = 0;
  for (int round = 0; round < 20; ++round) {
    region.documents->link_changed(all["plaine"].name, ports::link_state::up);
    for (auto todo = region.documents->take(); !todo.messages.empty() && pages < 1'000; todo = region.documents->take())
      for (const auto& one : todo.messages) {
        auto asked = decode(one.sent)->said;
        if (const auto* list = std::get_if<want_documents>(&asked)) {
          documents said{list->stream, list->after, {}, false};
          for (int i = 0; i < 1'024; ++i)
            said.some.push_back({paper_id(++number), 40});
          ++pages;
          region.documents->received(all["plaine"].name, said);
        } else if (const auto* wanted = std::get_if<want_part>(&asked)) {
          region.documents->received(all["plaine"].name, part{stream, wanted->id, 0, 40, bytes(40)});
        }
      }
    region.documents->link_changed(all["plaine"].name, ports::link_state::down);
  }
  CHECK(pages < 100);
  CHECK(region.replicas->list().size() <= 1'024 + all.seq("region", "plaine"));
  CHECK(blamed(all, "region", "plaine") == 0);
}

TEST_CASE("who asks without end for parts that cannot be is not heard for a while", "[L441-2-7-1-1b]") {
  some_nodes all{33};
  all.run(2);
  auto content = store_paper(all, "plaine", paper_id(1), 100);
  constexpr std::uint64_t most = exchange_limits{}.misbehaviours;
  for (std::uint64_t i = 0; i < most + 100; ++i)
    hear(all, "plaine", "region", want_part{all["plaine"].hosted, paper_id(1), 1});
  CHECK(blamed(all, "plaine", "region") == most);
  CHECK(all.has_alarm("plaine", alarm_kind::misbehaving));
  hear(all, "plaine", "region", want_part{all["plaine"].hosted, paper_id(1), 0});
  CHECK(on_the_wire<part>(all, all["region"].name).empty());
  hear(all, "plaine", "departement", want_part{all["plaine"].hosted, paper_id(1), 0});
  CHECK(on_the_wire<part>(all, all["departement"].name).size() == 1);
  all.run(140);
  CHECK((replica(all, "region", "plaine", paper_id(1)) == content));
}

TEST_CASE("whoever asks without end is answered so much a second", "[L441-2-7-1-1b]") {
  some_nodes all{32};
  all.run(2);
  store_paper(all, "plaine", paper_id(1), 100);
  for (int i = 0; i < 10'000; ++i) {
    hear(all, "plaine", "region", want_documents{all["plaine"].hosted, {}});
    hear(all, "plaine", "region", want_part{all["plaine"].hosted, paper_id(1), 0});
  }
  CHECK(on_the_wire<documents>(all, all["region"].name).size() <= document_limits{}.lists_a_second);
  CHECK(on_the_wire<part>(all, all["region"].name).size() <= document_limits{}.parts_a_second);
}

} // namespace toit::federation::test
