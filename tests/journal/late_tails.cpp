// What of a former host's tail may be kept, and what opens it.

#include "tests/journal/passing.hpp"

#include <catch2/generators/catch_generators.hpp>

namespace toit::journal::test {

namespace {

using ports::orphan_reading;
using ports::transfer_status;

constexpr const char* a_number = "093112600000193001";

std::vector<ports::orphan_entry> orphans_at(const node& of) {
  return of.journal->open_reader()->orphans(stream(), 0, 0, 10);
}

/// A dossier that two nodes know, and of which the former host alone has the last entry.
struct registered_dossier : passing_nodes {
  registered_dossier() {
    register_number(first, 2, a_number);
    bring(next, first);
    write(first, 2, 2);
    bring(third, first);
    pass_to(next);
    first.writer().release(stream());
    for (auto* former : {&first, &third})
      bring(*former, next, 1);
  }
};

} // namespace

TEST_CASE("what is erased of a dossier is erased of every tail, wherever it is held", "[L441-2-7-4-1][L441-2-7-1-1c]") {
  registered_dossier all;
  bool brought_before = GENERATE(true, false);
  if (brought_before)
    REQUIRE(passing_nodes::take_tail(all.next, all.tail_of(all.first, 1, 0)) == transfer_status::stored);
  CHECK(orphans_at(all.first).front().reading == orphan_reading::open);
  auto late = all.tail_of(all.first, 1, 0);
  passing_nodes::erase_registered(all.next, 2, 2, a_number);
  if (!brought_before)
    REQUIRE(passing_nodes::take_tail(all.next, late) == transfer_status::stored);
  for (auto* former : {&all.first, &all.third})
    REQUIRE(all.bring(*former, all.next).status == transfer_status::stored);
  for (auto* holder : {&all.next, &all.first, &all.third}) {
    auto left = orphans_at(*holder);
    REQUIRE(left.size() == 1);
    CHECK(left.front().reading == orphan_reading::erased);
    CHECK_FALSE(left.front().entry.record);
    auto report = passing_nodes::verified(*holder);
    CHECK(report.faults.empty());
  }
}

TEST_CASE("a tail keeps what it says of dossiers that are not erased", "[L441-2-7-4-1]") {
  registered_dossier all;
  passing_nodes::register_number(all.next, 3, "093112600000293002");
  REQUIRE(passing_nodes::take_tail(all.next, all.tail_of(all.first, 1, 0)) == transfer_status::stored);
  passing_nodes::erase_registered(all.next, 3, 4, "093112600000293002");
  CHECK(orphans_at(all.next).front().reading == orphan_reading::open);
}

TEST_CASE("an epoch that a cut has left out whole is opened by the key that comes with it", "[L441-2-7-4-1]") {
  passing_nodes all;
  passing_nodes::write(all.first, 1, 0);
  all.bring(all.next, all.first);
  all.bring(all.third, all.first);
  all.pass_to(all.next);
  passing_nodes::write(all.next, 1, 2);
  // Nobody has heard of the second epoch when the third one opens.
  REQUIRE(all.pass_to(all.third).status == ports::adoption_status::adopted);
  all.next.writer().release(stream());
  REQUIRE(all.bring(all.next, all.third, 2).status == transfer_status::stored);
  auto tail = all.tail_of(all.next, 2, 1);
  REQUIRE(tail.entries.size() == 2);
  REQUIRE_FALSE(tail.keys.empty());

  // Nothing is taken that could not be read.
  CHECK(passing_nodes::take_tail(all.third, tail) == transfer_status::unordered);
  CHECK(all.third.rows()->orphan_tails().empty());
  all.third.opens_with = bytes_with(91);
  CHECK(passing_nodes::take_tail(all.third, tail) == transfer_status::unordered);
  all.third.opens_with = all.escrow_secret;
  auto forged = tail;
  for (auto& key : forged.keys)
    key.signature[0] ^= 1;
  CHECK(passing_nodes::take_tail(all.third, forged) == transfer_status::unordered);
  CHECK(passing_nodes::take_tail(all.third, tail) == transfer_status::stored);
  auto read = [&] { return orphans_at(all.third); };
  REQUIRE(read().size() == 2);
  CHECK(read()[1].reading == orphan_reading::open);
  // From then on by the node's own key.
  all.third.opens_with.reset();
  all.third.open_as_it_is();
  CHECK(read()[1].reading == orphan_reading::open);
  CHECK(passing_nodes::verified(all.third).faults.empty());
}

TEST_CASE("what its host recorded knowing the act is told from what he recorded before he had heard",
          "[L441-2-7-4-1]") {
  passing_nodes all;
  auto ordering = *ports::stream_id::parse("SR11");
  all.first.writer().follow_ordering(stream(), ordering);
  bool counts_otherwise = GENERATE(false, true);
  // Another authority's stream, which was longer: its numbers say nothing of this one's.
  if (counts_otherwise)
    all.first.writer().heed_ordering(ordering, 20);
  passing_nodes::write(all.first, 1, 0);
  all.bring(all.next, all.first);
  all.first.writer().heed_ordering(ordering, 11);
  passing_nodes::write(all.first, 2, 0);
  all.first.writer().heed_ordering(ordering, 12);
  passing_nodes::write(all.first, 3, 0);
  all.pass_to(all.next);
  CHECK(all.next.rows()->last_head(stream())->ordering_seq == (counts_otherwise ? 20 : 12));
  all.first.writer().release(stream());
  REQUIRE(all.bring(all.first, all.next, 1).status == transfer_status::stored);
  REQUIRE(passing_nodes::take_tail(all.next, all.tail_of(all.first, 1, 0)) == transfer_status::stored);
  auto late = orphans_at(all.next);
  REQUIRE(late.size() == 2);
  CHECK_FALSE(late[0].knowing);
  CHECK(late[1].knowing == !counts_otherwise);
}

TEST_CASE("a tail whose content is none stops nobody who reads it", "[L441-2-7-4-1]") {
  passing_nodes all;
  passing_nodes::write(all.first, 1, 0);
  all.bring(all.next, all.first);
  all.pass_to(all.next);
  // Encrypted under a key that is not the epoch's, and signed as it should be.
  auto before = *all.first.rows()->entry(stream(), 2);
  ports::orphan_tail tail;
  tail.stream = stream();
  tail.cut = 1;
  bytes nonce(entry_nonce_bytes, 7);
  bytes content(40, 8);
  entry_header header{3, 0, before.header.recorded_at_ms, subject_at(1), 2, commitment_of(nonce, content)};
  ports::signed_head head;
  head.stream = stream();
  head.first = head.seq = 3;
  head.link = next_link(before.link, leaf_of(header));
  signing_key{fixed_keys().signing_seed}.sign(head);
  tail.entries.push_back(
      {3, 0, static_cast<std::uint64_t>(header.recorded_at_ms), header.subject, 2, header.commitment, nonce, content});
  tail.heads.push_back(head);
  tail.signers = {all.hosts[0]};
  REQUIRE(passing_nodes::take_tail(all.next, tail) == transfer_status::stored);
  REQUIRE(orphans_at(all.next).size() == 1);
  CHECK(orphans_at(all.next).front().reading == orphan_reading::damaged);
}

} // namespace toit::journal::test
