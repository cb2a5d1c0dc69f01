// A territory's stream passes to another node, against the will of its host or with it, and nothing of it is lost.

#include "tests/federation/passing_nodes.hpp"
#include "tests/federation/some_papers.hpp"

#include <catch2/catch_test_macros.hpp>

namespace toit::federation::test {

namespace {

void cut_off(passing_nodes& all, const std::string& who) {
  for (const char* state : {"region", "departement"})
    all.cut(who, state);
}
void join(passing_nodes& all, const std::string& who) {
  for (const char* state : {"region", "departement"})
    all.heal(who, state);
}

void check_held_alike(passing_nodes& all, const std::string& of) {
  for (const char* other : {"departement", "plaine"}) {
    INFO(other);
    CHECK(all.equal("region", other, of));
  }
}

template <class What>
std::size_t count_said(passing_nodes& all, unsigned seconds) {
  std::size_t said = 0;
  auto before = std::exchange(all.is_lost, [&](const some_nodes::on_its_way& one) {
    auto read = decode(one.sent);
    said += read && std::holds_alternative<What>(read->said) ? 1 : 0;
    return false;
  });
  all.run(seconds);
  all.is_lost = before;
  return said;
}

} // namespace

TEST_CASE(
    "a stream is taken over while its host is away; when it returns it follows, and brings what it made meanwhile",
    "[L441-2-7-4-1]") {
  passing_nodes all{41};
  all.run(2);
  CHECK(all.write(all["plaine"], 3));
  all.run(2);
  auto stream = all.stream("plaine");
  cut_off(all, "plaine");
  CHECK(all.write(all["plaine"], 2));
  all.pass("plaine", "region");
  all.run(3);
  REQUIRE(all.hosts("region", "plaine"));
  CHECK(all.cuts("region", "plaine") == std::vector{all.seq("region", "plaine")});
  CHECK(all.write_in(all["region"], stream, 2));
  all.run(6);
  CHECK(all.equal("region", "departement", "plaine"));
  CHECK(all.seq("ensemble", "plaine") == 0);
  // It has not heard of it, and goes on.
  CHECK(all.write(all["plaine"]));
  auto made = all["plaine"].source->position(stream)->link;

  join(all, "plaine");
  all.run(10);
  CHECK_FALSE(all.hosts("plaine", "plaine"));
  CHECK_FALSE(all.write(all["plaine"]));
  check_held_alike(all, "plaine");
  CHECK(all.tail("plaine", "plaine") == 3);
  CHECK(all.tail_links("region", "plaine") == all.tail_links("plaine", "plaine"));
  REQUIRE(all.tail("region", "plaine") == 3);
  CHECK(all.tail_links("region", "plaine").back() == made);
  CHECK(count_said<orphans>(all, 60) == 0);
  CHECK(all.alarms() == std::vector<std::string>{});
  auto told = all["departement"].talk->report().authorities;
  REQUIRE(told.size() == 1);
  CHECK(told.front().epoch == 1);
  CHECK(told.front().host == all["region"].name);
  for (const auto& mark : all["region"].source->marks(stream))
    if (mark.witness == all["departement"].hosted)
      CHECK(mark.seq == all.seq("region", "plaine"));
}

TEST_CASE("who holds more than the next host is asked before the cut", "[L441-2-7-4-1]") {
  passing_nodes all{42};
  auto held = all.leave_ahead(1, 40);
  CHECK(all.write(all["plaine"], 2));
  all.pass("plaine", "region");
  all.run(3);
  REQUIRE(all.hosts("region", "plaine"));
  CHECK(all.cuts("region", "plaine") == std::vector{held + 1});
  join(all, "plaine");
  all.run(10);
  check_held_alike(all, "plaine");
  CHECK(all.tail("region", "plaine") == 2);
  CHECK(all.alarms() == std::vector<std::string>{});
}

namespace {

/// From the département to the région: entries of the territory wait until they are let through.
class slow_line {
public:
  explicit slow_line(passing_nodes& all) : all_{all} {
    all_.is_lost = [this](const some_nodes::on_its_way& one) { return holds_up(one); };
  }
  ~slow_line() { all_.is_lost = {}; }
  slow_line(const slow_line&) = delete;
  slow_line& operator=(const slow_line&) = delete;

  /// One message of entries comes through in it.
  void run_a_second() {
    if (!waiting_.empty()) {
      auto first = std::move(waiting_.front());
      waiting_.pop_front();
      all_["region"].talk->received(first.from, first.sent);
      all_.do_what_is_to_be_done(all_["region"]);
    }
    all_.run(1);
  }
  bool is_empty() const { return waiting_.empty(); }

private:
  bool holds_up(const some_nodes::on_its_way& one) {
    auto read = decode(one.sent);
    const auto* said = read ? std::get_if<entries>(&read->said) : nullptr;
    bool held = said && !said->brought.entries.empty() && said->brought.stream == all_.stream("plaine") &&
                one.from == all_["departement"].name && one.to == all_["region"].name;
    if (held)
      waiting_.push_back(one);
    return held;
  }

  passing_nodes& all_;
  std::deque<some_nodes::on_its_way> waiting_;
};

} // namespace

TEST_CASE("a State node that holds more is awaited to the end as long as a transfer of it comes every two seconds",
          "[L441-2-7-4-1]") {
  passing_nodes all{51};
  auto held = all.leave_ahead(6, 100);
  slow_line line{all};
  all.pass("plaine", "region");
  for (int second = 0; second < 6; ++second) {
    INFO("second " << second);
    CHECK_FALSE(all.hosts("region", "plaine"));
    line.run_a_second();
  }
  // A hello that came meanwhile had nothing sent twice, and the cut does not come back to who has made it.
  line.run_a_second();
  CHECK(line.is_empty());
  REQUIRE(all.hosts("region", "plaine"));
  CHECK(all.cuts("region", "plaine") == std::vector{held + 1});
  join(all, "plaine");
  all.run(10);
  check_held_alike(all, "plaine");
  CHECK(all.tail("region", "plaine") == 0);
  CHECK(all.alarms() == std::vector<std::string>{});
}

TEST_CASE("who holds more and brings no more of it is not awaited for ever", "[L441-2-7-4-1]") {
  passing_nodes all{52};
  auto held = all.leave_ahead(6, 100);
  slow_line line{all};
  all.pass("plaine", "region");
  for (int second = 0; second < 3; ++second)
    line.run_a_second();
  CHECK_FALSE(all.hosts("region", "plaine"));
  auto here = all.seq("region", "plaine");
  CHECK(here == held - 400);
  all.run(2);
  REQUIRE(all.hosts("region", "plaine"));
  CHECK(all.cuts("region", "plaine") == std::vector{here + 1});
}

TEST_CASE("who holds more gains next to no time by bringing a few entries at a time", "[L441-2-7-4-1]") {
  passing_nodes all{53};
  auto held = all.leave_ahead(80, 1);
  slow_line line{all};
  all.pass("plaine", "region");
  for (int second = 0; second < 4; ++second)
    line.run_a_second();
  REQUIRE(all.hosts("region", "plaine"));
  CHECK_FALSE(line.is_empty());
  REQUIRE(all.cuts("region", "plaine").size() == 1);
  CHECK(all.cuts("region", "plaine").front() < held);
}

namespace {

/// Hears of no order, and says that it holds more than it ever will: for as long as it lives.
class reluctant_host {
public:
  explicit reluctant_host(passing_nodes& all) : all_{all} {
    all_.is_lost = [this](const some_nodes::on_its_way& one) { return is_lost(one); };
  }
  ~reluctant_host() { all_.is_lost = {}; }
  reluctant_host(const reluctant_host&) = delete;
  reluctant_host& operator=(const reluctant_host&) = delete;

  void claim() {
    const auto& self = all_["plaine"];
    hello said;
    said.run = self.run;
    said.directory_number = all_.current.number;
    said.at = all_.clock->at;
    said.positions.push_back({all_.stream("plaine"), 0, 1'000'000, filled(9)});
    auto& region = all_["region"];
    region.talk->received(self.name, encode({self.name, region.name, std::move(said)}));
    all_.do_what_is_to_be_done(region);
  }

private:
  bool is_lost(const some_nodes::on_its_way& one) const {
    auto read = decode(one.sent);
    const auto* said = read ? std::get_if<entries>(&read->said) : nullptr;
    bool says_the_truth =
        one.from == all_["plaine"].name && one.to == all_["region"].name && std::holds_alternative<hello>(read->said);
    return says_the_truth || (said && one.to == all_["plaine"].name && said->brought.stream == all_.stream("region"));
  }

  passing_nodes& all_;
};

} // namespace

TEST_CASE("the host who is replaced does not hold up the cut by signing more and more", "[L441-2-7-4-1]") {
  passing_nodes all{54};
  all.run(2);
  reluctant_host plaine{all};
  plaine.claim();
  all.pass("plaine", "region");
  unsigned seconds = 0;
  for (; seconds < 60 && !all.hosts("region", "plaine"); ++seconds) {
    CHECK(all.write(all["plaine"], 100));
    plaine.claim();
    all.run(1);
  }
  // What he has brought by then is taken.
  CHECK(all.seq("region", "plaine") > 1'000);
  CHECK(seconds <= 31);
  REQUIRE(all.hosts("region", "plaine"));
  CHECK(all.cuts("region", "plaine").size() == 1);
}

TEST_CASE("while nobody else can be heard the cut comes at once, and what another held is brought after it",
          "[L441-2-7-4-1]") {
  passing_nodes all{43};
  all.run(2);
  all.cut("plaine", "region");
  all.cut("departement", "region");
  CHECK(all.write(all["plaine"], 4));
  all.run(2);
  all.cut("plaine", "departement");
  CHECK(all.write(all["plaine"], 2));
  all.pass("plaine", "region");
  REQUIRE(all.hosts("region", "plaine"));
  CHECK(all.write_in(all["region"], all.stream("plaine"), 3));
  all.run(2);
  all.heal("departement", "region");
  all.run(12);
  CHECK(all.equal("region", "departement", "plaine"));
  CHECK(all.tail("departement", "plaine") == 4);
  CHECK(all.tail("region", "plaine") == 4);
  all.heal("plaine", "region");
  all.run(12);
  CHECK(all.tail("region", "plaine") == 6);
  CHECK(all.tail_links("region", "plaine") == all.tail_links("plaine", "plaine"));
  all.heal("plaine", "departement");
  all.run(12);
  check_held_alike(all, "plaine");
  CHECK(count_said<orphans>(all, 60) == 0);
  CHECK(all.alarms() == std::vector<std::string>{});
}

TEST_CASE("a former host who goes on in his epoch is refused by whoever has heard of the next one", "[L441-2-7-4-1]") {
  passing_nodes all{44};
  all.run(2);
  cut_off(all, "plaine");
  all.pass("plaine", "region");
  all.run(8);
  auto held = all.seq("departement", "plaine");
  all.heal("plaine", "departement");
  CHECK(all.write(all["plaine"], 5));
  all.run(30);
  CHECK(all.seq("departement", "plaine") == held);
  CHECK(all.equal("region", "departement", "plaine"));
  CHECK(all.witnessed("plaine", "departement") < all.seq("plaine", "plaine"));
  CHECK(all.alarms() == std::vector<std::string>{});
  all.heal("plaine", "region");
  all.run(10);
  check_held_alike(all, "plaine");
  CHECK(all.tail("region", "plaine") == 5);
  CHECK(all.alarms() == std::vector<std::string>{});
}

TEST_CASE("entries of an epoch that is not yet heard of are told, and taken once it is", "[L441-2-7-4-1]") {
  passing_nodes all{45};
  all.run(2);
  auto stream = all.stream("plaine");
  cut_off(all, "plaine");
  all.cut("region", "departement");
  all.pass("plaine", "region");
  REQUIRE(all.hosts("region", "plaine"));
  auto cut = all.cuts("region", "plaine").front();
  auto& departement = all["departement"];
  departement.talk->received(
      all["plaine"].name,
      encode({all["plaine"].name, departement.name, entries{*all["region"].source->read(stream, cut - 1, 100'000)}}));
  all.do_what_is_to_be_done(departement);
  CHECK(departement.statuses.back() == ports::transfer_status::unordered);
  CHECK(all.has_alarm("departement", alarm_kind::unordered));
  CHECK(all.seq("departement", "plaine") == cut - 1);
  all.heal("region", "departement");
  all.run(8);
  CHECK(all.equal("region", "departement", "plaine"));
  join(all, "plaine");
  all.run(8);
  check_held_alike(all, "plaine");
  CHECK(all.alarms() == std::vector<std::string>{});
}

TEST_CASE("a stream is handed back once it is closed, and what it was cut from stays known", "[L441-2-7-4-1]") {
  passing_nodes all{46};
  all.run(2);
  auto stream = all.stream("plaine");
  cut_off(all, "plaine");
  CHECK(all.write(all["plaine"]));
  all.pass("plaine", "region");
  all.run(2);
  CHECK(all.write_in(all["region"], stream, 3));
  join(all, "plaine");
  all.run(10);
  all.prepare("plaine", "plaine");
  all.run(10);
  CHECK(all.close("plaine", "region", "plaine"));
  CHECK_FALSE(all.write_in(all["region"], stream));
  all.run(6);
  CHECK(all.equal("region", "plaine", "plaine"));
  all.pass("plaine", "plaine");
  all.run(6);
  REQUIRE(all.hosts("plaine", "plaine"));
  CHECK_FALSE(all.hosts("region", "plaine"));
  CHECK(all.write(all["plaine"], 2));
  all.run(6);
  check_held_alike(all, "plaine");
  CHECK(all.cuts("region", "plaine").size() == 2);
  CHECK(all.tail("plaine", "plaine") == 1);
  CHECK(all.tail("region", "plaine", 2) == 0);
  for (const char* state : {"region", "departement"})
    CHECK(all.witnessed("plaine", state) == all.seq("plaine", "plaine"));
  CHECK(count_said<orphans>(all, 60) == 0);
  CHECK(all.alarms() == std::vector<std::string>{});
}

TEST_CASE("keys that were lost on their way to the next host are asked for until it has begun", "[L441-2-7-4-1]") {
  passing_nodes all{50};
  all.run(2);
  all.pass("plaine", "region");
  all.run(10);
  REQUIRE(all.hosts("region", "plaine"));
  CHECK(all.write_in(all["region"], all.stream("plaine"), 3));
  all.run(6);
  auto before = std::exchange(all.is_lost, [](const some_nodes::on_its_way& one) {
    auto read = decode(one.sent);
    const auto* said = read ? std::get_if<entries>(&read->said) : nullptr;
    return said && said->brought.entries.empty();
  });
  all.prepare("plaine", "plaine");
  all.run(10);
  CHECK(all.close("plaine", "region", "plaine"));
  all.run(6);
  all.pass("plaine", "plaine");
  all.run(6);
  CHECK_FALSE(all.hosts("plaine", "plaine"));
  all.is_lost = before;
  all.run(20);
  REQUIRE(all.hosts("plaine", "plaine"));
  CHECK(all.write(all["plaine"], 2));
  all.run(6);
  check_held_alike(all, "plaine");
}

TEST_CASE("a tail that nothing here opens is told until it is opened", "[L441-2-7-4-1]") {
  passing_nodes all{51};
  all.run(2);
  auto stream = all.stream("plaine");
  cut_off(all, "plaine");
  CHECK(all.write(all["plaine"], 2));
  all.pass("plaine", "region");
  all.run(3);
  join(all, "plaine");
  all.run(10);
  REQUIRE(all.tail("region", "plaine") == 2);
  auto& region = all["region"];
  auto bring = [&](ports::transfer_status becomes) {
    auto tail = all["plaine"].source->read_orphans(stream, 1, 0, 100'000);
    REQUIRE(tail);
    region.talk->received(all["plaine"].name, encode({all["plaine"].name, region.name, orphans{*tail}}));
    REQUIRE(region.talk->take().orphans.size() == 1);
    region.talk->orphans_written({becomes, {stream, 1, 0, {}}});
    region.talk->take();
  };
  bring(ports::transfer_status::unordered);
  CHECK(all.has_alarm("region", alarm_kind::keys_missing));
  bring(ports::transfer_status::known);
  CHECK(all.alarms() == std::vector<std::string>{});
}

TEST_CASE("a stream passes between two territories that have no link, by who watches over it", "[L441-2-7-2-1]") {
  passing_nodes all{47};
  all.run(2);
  auto stream = all.stream("plaine");
  all.cut("plaine", "ensemble");
  CHECK(all.write(all["plaine"], 3));
  all.prepare("plaine", "ensemble");
  all.run(60);
  CHECK(all.equal("plaine", "ensemble", "plaine"));
  CHECK(all.seq("plaine", "ensemble") == 0);
  CHECK(all.close("plaine", "plaine", "ensemble"));
  all.run(8);
  all.pass("plaine", "ensemble");
  all.run(8);
  REQUIRE(all.hosts("ensemble", "plaine"));
  CHECK(all.write_in(all["ensemble"], stream, 2));
  CHECK(all.write(all["ensemble"], 2));
  all.run(30);
  check_held_alike(all, "plaine");
  CHECK(all.equal("ensemble", "region", "plaine"));
  CHECK(all.seq("plaine", "ensemble") == 0);
  CHECK(all.alarms() == std::vector<std::string>{});
}

TEST_CASE("documents of a stream that has passed go both ways, and to who is to host it from who watches over it",
          "[L441-2-7-4-1]") {
  passing_nodes all{48};
  all.run(2);
  auto before = store_paper(all, "plaine", paper_id(1), 100'000);
  all.write(all["plaine"]);
  all.run(8);
  cut_off(all, "plaine");
  all.pass("plaine", "region");
  all.run(2);
  // The vault of the stream that the région hosts now writes among its replicas.
  put(*all["region"].replicas, replica_file(all["plaine"], paper_id(2)), bytes(5'000, 7));
  CHECK(all.write_in(all["region"], all.stream("plaine")));
  auto meanwhile = store_paper(all, "plaine", paper_id(3), 200);
  all.write(all["plaine"]);
  all.run(8);
  CHECK((replica(all, "departement", "plaine", paper_id(2)) == bytes(5'000, 7)));
  join(all, "plaine");
  all.run(80);
  CHECK(all["plaine"].own->size(own_file(paper_id(2))) == 5'000U);
  CHECK((replica(all, "region", "plaine", paper_id(3)) == meanwhile));

  all.cut("ensemble", "region");
  all.prepare("plaine", "ensemble");
  all.heal("ensemble", "region");
  all.run(2);
  all.cut("ensemble", "region");
  all.run(120);
  CHECK((replica(all, "ensemble", "plaine", paper_id(1)) == before));
  CHECK(all.equal("region", "ensemble", "plaine"));
  CHECK(all["plaine"].replicas->list().empty());
}

namespace {

/// The région hosts the territory's stream, and its former host is back.
void take_over_and_come_back(passing_nodes& all) {
  all.run(2);
  cut_off(all, "plaine");
  all.pass("plaine", "region");
  all.run(2);
  REQUIRE(all.hosts("region", "plaine"));
  join(all, "plaine");
}

/// What one says to lack of the territory's stream, as another has heard.
std::optional<ports::stream_lack> lacking(passing_nodes& all, const std::string& who, const std::string& heard_by) {
  auto told = all[heard_by].talk->report();
  all[heard_by].documents->complete(told);
  for (const auto& link : told.links)
    for (const auto& stream : link.streams)
      if (link.node == all[who].name && stream.stream == all.stream("plaine"))
        return stream.lacking;
  return std::nullopt;
}

template <class What>
void lose_all(passing_nodes& all) {
  all.is_lost = [](const some_nodes::on_its_way& one) {
    auto read = decode(one.sent);
    return read && std::holds_alternative<What>(read->said);
  };
}

/// The vault of the stream that the région hosts writes among its replicas.
void file_at_region(passing_nodes& all, law::document_id id) {
  put(*all["region"].replicas, replica_file(all["plaine"], id), bytes(5'000, 7));
  CHECK(all.write_in(all["region"], all.stream("plaine")));
}

} // namespace

TEST_CASE("who is to host a stream says what documents and keys of it he still lacks", "[L441-2-7-4-1]") {
  passing_nodes all{54};
  take_over_and_come_back(all);
  all.run(15);
  auto seq = all.seq("region", "plaine");
  // Its epoch has a key that is not yet his.
  CHECK((lacking(all, "plaine", "region") == ports::stream_lack{0, seq, true}));
  // Who follows it has it for another reason.
  CHECK_FALSE(lacking(all, "departement", "region"));
  CHECK_FALSE(lacking(all, "region", "departement"));

  lose_all<part>(all);
  file_at_region(all, paper_id(1));
  all.prepare("plaine", "plaine");
  all.run(12);
  auto now = lacking(all, "plaine", "region");
  REQUIRE(now);
  CHECK(now->documents == 1);
  CHECK_FALSE(now->keys);
  CHECK((lacking(all, "plaine", "departement") == now));

  all.is_lost = {};
  all.run(70);
  CHECK((lacking(all, "plaine", "region") == ports::stream_lack{0, seq + 1, false}));
  CHECK(all["plaine"].own->size(own_file(paper_id(1))) == 5'000U);
  // What the last entry names is looked for before he says so.
  CHECK(all.close("plaine", "region", "plaine"));
  all.run(1);
  CHECK((lacking(all, "plaine", "region") == ports::stream_lack{0, seq + 1, false}));
  all.run(8);
  CHECK((lacking(all, "plaine", "region") == ports::stream_lack{0, seq + 2, false}));
  all.pass("plaine", "plaine");
  all.run(6);
  REQUIRE(all.hosts("plaine", "plaine"));
  CHECK_FALSE(lacking(all, "plaine", "region"));
  CHECK(all.alarms() == std::vector<std::string>{});
}

TEST_CASE("a document that the host no longer has himself is not lacking", "[L441-2-7-4-1]") {
  passing_nodes all{55};
  take_over_and_come_back(all);
  all.run(15);
  lose_all<part>(all);
  file_at_region(all, paper_id(1));
  all.run(12);
  REQUIRE(lacking(all, "plaine", "region"));
  CHECK(lacking(all, "plaine", "region")->documents == 1);
  all["region"].replicas->remove(replica_file(all["plaine"], paper_id(1)));
  CHECK(all.write_in(all["region"], all.stream("plaine")));
  all.run(40);
  REQUIRE(lacking(all, "plaine", "region"));
  CHECK(lacking(all, "plaine", "region")->documents == 0);
  CHECK(lacking(all, "plaine", "region")->seq == all.seq("region", "plaine"));
}

TEST_CASE("who says nothing of what he lacks is taken for whole at no time", "[L441-2-7-4-1]") {
  passing_nodes all{56};
  lose_all<still_lacking>(all);
  take_over_and_come_back(all);
  all.run(60);
  CHECK_FALSE(lacking(all, "plaine", "region"));
  CHECK(all.equal("region", "plaine", "plaine"));
  all.is_lost = {};
  all.run(6);
  CHECK(lacking(all, "plaine", "region"));
}

TEST_CASE("a stream waits for a next host who has held it for long, and has not heard that he is", "[L441-2-7-4-1]") {
  passing_nodes all{57};
  all.run(30);
  all.cut("region", "departement");
  all.prepare("plaine", "departement");
  all.run(60);
  auto told = all["plaine"].talk->report().authorities;
  REQUIRE(told.size() == 1);
  REQUIRE(told.front().next == all["departement"].name);
  ports::stream_report there;
  there.lacking = lacking(all, "departement", "plaine");
  CHECK_FALSE(ports::is_whole_there(there, 1));
  all.heal("region", "departement");
  all.run(20);
  there.lacking = lacking(all, "departement", "plaine");
  CHECK(ports::is_whole_there(there, all.seq("plaine", "plaine")));
}

namespace {

/// Writes wherever it is possible, cuts and joins.
void live(passing_nodes& all, int round) {
  const std::array<std::pair<const char*, const char*>, 4> links{
      {{"plaine", "region"}, {"plaine", "departement"}, {"region", "departement"}, {"ensemble", "region"}}};
  for (const char* who : {"plaine", "region"})
    if (all.hosts(who, "plaine") && all.chance() % 2 == 0)
      all.write_in(all[who], all.stream("plaine"), static_cast<unsigned>(1 + all.chance() % 4));
  auto [a, b] = links[all.chance() % links.size()];
  if (all.chance() % 3 == 0)
    all.cut(a, b);
  if (all.chance() % 3 == 0)
    all.heal(a, b);
  for (int i = 0; i < 30 && !all.on_their_way.empty(); ++i)
    all.deliver();
  if (round % 3 == 0)
    all.run(1);
}

void join_all(passing_nodes& all) {
  join(all, "plaine");
  all.heal("region", "departement");
  all.heal("ensemble", "region");
  all.loses = 0;
  all.run(40);
}

/// Every entry that a fenced host made is in the stream or in the tail, and once.
void check_nothing_lost(passing_nodes& all, const std::set<law::bytes32>& made, std::uint32_t epochs) {
  std::map<law::bytes32, int> found;
  auto& source = *all["region"].source;
  for (std::uint64_t seq = 1; seq <= all.seq("region", "plaine"); ++seq)
    ++found[*source.link_at(all.stream("plaine"), seq)];
  for (std::uint32_t cut = 1; cut <= epochs; ++cut)
    for (const auto& link : all.tail_links("region", "plaine", cut))
      ++found[link];
  for (const auto& link : made)
    CHECK(found[link] == 1);
}

} // namespace

TEST_CASE("whatever is cut, lost and taken over, all replicas are equal and nothing is lost or doubled",
          "[L441-2-7-4-1]") {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    INFO("seed " << seed);
    passing_nodes all{seed};
    all.run(2);
    all.loses = seed % 3 == 0 ? 30 : 10;
    all.doubles = 20;
    all.reorders = seed % 2 == 0;
    std::set<law::bytes32> made;
    auto note_made = [&] {
      auto& source = *all["plaine"].source;
      if (all.hosts("plaine", "plaine"))
        for (std::uint64_t seq = 1; seq <= all.seq("plaine", "plaine"); ++seq)
          made.insert(*source.link_at(all.stream("plaine"), seq));
    };
    for (int round = 0; round < 20; ++round)
      live(all, round);
    note_made();
    all.pass("plaine", "region");
    for (int round = 0; round < 20; ++round) {
      live(all, round);
      note_made();
    }
    join_all(all);
    check_held_alike(all, "plaine");
    check_nothing_lost(all, made, 1);
    CHECK(all.hosts("region", "plaine"));
    CHECK(count_said<orphans>(all, 60) == 0);
    CHECK(all.alarms() == std::vector<std::string>{});
  }
}

} // namespace toit::federation::test
