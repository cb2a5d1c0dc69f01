// Transfers of one stream that several nodes have brought, and that are written at the same time.

#include "tests/federation/passing_nodes.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace toit::federation::test {

namespace {

/// The région gathers plaine's stream: the département, which holds more, has brought a part, and plaine, which is
/// replaced, something before it. Both are being written.
class two_being_written {
public:
  two_being_written() {
    held = all.leave_ahead(2, 40);
    all.is_lost = [this](const some_nodes::on_its_way& one) { return keeps(one); };
    all.pass("plaine", "region");
    while (!all.on_their_way.empty())
      all.deliver();
    law::require(waiting_.size() == 2, "the département brings two parts");
    plaine_claims();
    auto brought = all["plaine"].source->read(stream, all.seq("region", "plaine"), 1'000);
    hear(plaine, entries{*brought});
    hear(departement, waiting_.front());
    given = region.talk->take().transfers;
    law::require(given.size() == 2, "both are given to the writer");
  }

  /// What the writer says of what plaine has brought.
  void plaine_is_answered(ports::transfer_status becomes) {
    ports::transfer_result result;
    result.status = becomes;
    result.now = *region.source->position(stream);
    result.at = result.now.seq;
    region.talk->written(result);
  }
  /// What the département has brought is written, and the rest comes.
  void the_other_is_written() {
    auto result = region.journal->writer().stage_transfer(*given.back());
    law::require(region.journal->writer().sync().entries, "the disk has room");
    region.talk->written(result);
    hear(departement, waiting_.back());
    all.do_what_is_to_be_done(region);
    all.is_lost = {};
    all.run(5);
  }

  bool is_told_of(const node_name& who, alarm_kind kind) {
    auto told = region.talk->report().alarms;
    return std::ranges::any_of(told, [&](const alarm& a) { return a.kind == kind && a.node == who; });
  }

  passing_nodes all{71};
  one_node& region = all["region"];
  stream_id stream = all.stream("plaine");
  node_name plaine = all["plaine"].name;
  node_name departement = all["departement"].name;
  std::uint64_t held = 0;
  std::vector<std::shared_ptr<ports::transfer>> given;

private:
  bool keeps(const some_nodes::on_its_way& one) {
    auto read = one.from == departement && one.to == region.name ? std::optional{decode(one.sent)} : std::nullopt;
    const auto* said = read && *read ? std::get_if<entries>(&(*read)->said) : nullptr;
    if (!said || said->brought.stream != stream || said->brought.entries.empty())
      return false;
    waiting_.push_back(*said);
    return true;
  }
  void hear(const node_name& from, any_message what) {
    region.talk->received(from, encode({from, region.name, std::move(what)}));
  }
  void plaine_claims() {
    region.talk->link_changed(plaine, ports::link_state::up);
    hello said;
    said.run = all["plaine"].run;
    said.directory_number = all.current.number;
    said.at = all.clock->at;
    said.positions.push_back({stream, 0, held + 5, filled(7)});
    hear(plaine, said);
    all.do_what_is_to_be_done(region);
  }

  std::vector<entries> waiting_;
};

} // namespace

TEST_CASE("what is wrong with one transfer of a stream is told of who brought it, and stops nobody else",
          "[L441-2-7-4-1]") {
  two_being_written two;
  auto [becomes, told] = GENERATE(std::pair{ports::transfer_status::forked, alarm_kind::forked},
                                  std::pair{ports::transfer_status::altered, alarm_kind::altered});
  two.plaine_is_answered(becomes);
  CHECK(two.is_told_of(two.plaine, told));
  CHECK_FALSE(two.is_told_of(two.departement, told));
  two.the_other_is_written();
  REQUIRE(two.all.hosts("region", "plaine"));
  CHECK(two.all.cuts("region", "plaine") == std::vector{two.held + 1});
  CHECK_FALSE(two.is_told_of(two.departement, told));
}

TEST_CASE("the result of what was brought by a neighbour who is none any more is nobody's", "[L441-2-7-4-1]") {
  two_being_written two;
  auto newer = two.all.describe(2);
  SECTION("he has left the directory") {
    std::erase_if(newer.nodes, [&](const node_entry& node) { return node.name == two.plaine; });
    two.region.talk->adopt(newer, sign_directory(newer, two.all.anchor));
  }
  SECTION("and has come back meanwhile") {
    auto without = newer;
    std::erase_if(without.nodes, [&](const node_entry& node) { return node.name == two.plaine; });
    two.region.talk->adopt(without, sign_directory(without, two.all.anchor));
    newer.number = 3;
    two.region.talk->adopt(newer, sign_directory(newer, two.all.anchor));
  }
  two.plaine_is_answered(ports::transfer_status::forked);
  CHECK_FALSE(two.is_told_of(two.plaine, alarm_kind::forked));
  CHECK_FALSE(two.is_told_of(two.departement, alarm_kind::forked));
}

} // namespace toit::federation::test
