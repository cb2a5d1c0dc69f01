// Whoever has a key can write a cut: what it names is held against the ordering stream, where the file has that.

#include "tests/journal/passing.hpp"

#include <catch2/generators/catch_generators.hpp>

namespace toit::journal::test {

namespace {

const law::siren& passing_territory() {
  static const auto siren = *law::siren::parse("200057867");
  return siren;
}

const ports::stream_id& ordering_stream() {
  static const auto id = *ports::stream_id::parse("SR11");
  return id;
}

law::authority_passed passed_to(std::string_view host, std::uint32_t epoch = 1) {
  law::authority_passed passed{};
  passed.territory = passed.holder = passing_territory();
  passed.epoch = epoch;
  passed.host = law::text<64>{host};
  return passed;
}

/// The first entry of the ordering stream in this journal is its opening; the sequence of the one that says this.
std::uint64_t order_in(node& of, law::event said) {
  auto opening = record_of(law::stream_opened{passing_territory(), law::text<120>{"Prefecture"},
                                              law::text<16>{"training"}, of.journal->signer()});
  if (!of.rows()->last_head(ordering_stream())) {
    of.journal->create_stream(ordering_stream(), opening);
    of.journal->load(ordering_stream());
  }
  auto append = std::make_shared<ports::append>();
  append->stream = ordering_stream();
  auto record = record_of(std::move(said));
  auto payload = of.journal->open_sealer()->seal(ordering_stream(), subject_at(3), record);
  append->drafts.push_back({subject_at(3), std::move(payload), std::make_shared<const law::record>(std::move(record))});
  auto result = of.write(append);
  REQUIRE(result.status == ports::append_status::appended);
  return result.last_seq;
}

/// The node goes on with the stream, upon that entry.
void cut_upon(node& by, const passing_nodes& all, std::uint64_t ordered_seq, std::uint32_t epoch = 1) {
  auto asked = all.asked(epoch);
  asked.ordered_seq = ordered_seq;
  REQUIRE(by.writer().adopt(asked).status == ports::adoption_status::adopted);
}

verify_report held_against_orders(const node& of) {
  auto rows = of.rows();
  auto report = passing_nodes::verified(of);
  REQUIRE(report.faults.empty());
  hold_against_orders(*rows, report);
  return report;
}

epoch_order order_of(const verified_epoch& begun) {
  passing_nodes all;
  order_in(all.first, passed_to("next"));
  verify_report report;
  report.stream = stream();
  report.epochs = {begun};
  hold_against_orders(*all.first.rows(), report);
  return report.epochs[0].order;
}

} // namespace

TEST_CASE("a cut upon an entry that opens no such epoch is a fault, whoever has signed it", "[L441-2-7-4-1]") {
  law::reminder_sent reminder{};
  reminder.territory = reminder.addressee = passing_territory();
  auto of_another = passed_to("first");
  of_another.territory = *law::siren::parse("200057875");
  auto closed_elsewhere = passed_to("first");
  closed_elsewhere.closed_seq = 1;
  closed_elsewhere.closed_link = bytes_with(1);
  for (const auto& said : {law::event{reminder}, law::event{of_another}, law::event{closed_elsewhere},
                           law::event{passed_to("first", 2)}, law::event{law::clock_confirmed{}}}) {
    passing_nodes all;
    passing_nodes::write(all.first, 1, 0);
    cut_upon(all.first, all, order_in(all.first, said));
    auto report = held_against_orders(all.first);
    CHECK(reasons_of_faults(report) == std::vector{fault_reason::not_ordered});
    REQUIRE(report.epochs.size() == 1);
    CHECK(report.epochs[0].order == epoch_order::other);
    CHECK(report.faults[0].seq == report.epochs[0].cut_seq);
    CHECK(is_its_hosts(report.faults[0].reason));
  }
}

TEST_CASE("an epoch is held against the entry that opens it, and told where the file has not got that",
          "[L441-2-7-4-1]") {
  passing_nodes all;
  passing_nodes::write(all.first, 1, 0);
  all.bring(all.next, all.first);
  bool is_here = GENERATE(true, false);
  bool has_stream = GENERATE(true, false);
  auto opened = passed_to("next");
  if (is_here) {
    auto end = all.next.rows()->entry(stream(), 2).value();
    opened.closed_seq = 2;
    opened.closed_link = end.link;
  }
  auto seq = has_stream ? order_in(all.next, opened) : 2;
  cut_upon(all.next, all, is_here ? seq : seq + 1);
  auto report = held_against_orders(all.next);
  CHECK(report.faults.empty());
  REQUIRE(report.epochs.size() == 1);
  bool held = is_here && has_stream;
  CHECK(report.epochs[0].order == (held ? epoch_order::opened : epoch_order::not_here));
  CHECK(report.epochs[0].host == (held ? "next" : ""));
}

TEST_CASE("one key does not begin the epochs of two nodes", "[L441-2-7-4-1]") {
  passing_nodes all;
  passing_nodes::write(all.first, 1, 0);
  cut_upon(all.first, all, order_in(all.first, passed_to("first")));
  bool is_its_own = GENERATE(true, false);
  cut_upon(all.first, all, order_in(all.first, passed_to(is_its_own ? "first" : "third", 2)), 2);
  auto report = held_against_orders(all.first);
  REQUIRE(report.epochs.size() == 2);
  CHECK(report.epochs[0].order == epoch_order::opened);
  CHECK(report.epochs[1].order == (is_its_own ? epoch_order::opened : epoch_order::other));
  CHECK(report.faults.size() == (is_its_own ? 0 : 1));
}

TEST_CASE("no epoch is opened but in the stream of a State authority", "[L441-2-7-4-1]") {
  constexpr std::uint64_t beyond_any = std::uint64_t{1} << 44;
  CHECK(order_of({1, 3, "T200057867", 1}) == epoch_order::other);
  CHECK(order_of({1, 3, "", 2}) == epoch_order::other);
  CHECK(order_of({1, 3, "SR11", 0}) == epoch_order::other);
  CHECK(order_of({1, 3, "SR11", beyond_any}) == epoch_order::other);
  CHECK(order_of({1, 3, "SR11", 3}) == epoch_order::not_here);
}

} // namespace toit::journal::test
