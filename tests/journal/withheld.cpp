// What a host has not given with his entries, what he has spoilt, and what a newer program of his has written.

#include "journal/withheld.hpp"

#include "tests/journal/passing.hpp"

#include <catch2/generators/catch_generators.hpp>

namespace toit::journal::test {

namespace {

using ports::transfer_status;

/// An entry in clear of whatever content, as its host would write it.
void write_in_clear(node& host, bytes content) {
  auto append = std::make_shared<ports::append>();
  append->stream = stream();
  ports::sealed_payload payload{{}, std::move(content), {}};
  payload.commitment = commitment_of(payload.nonce, payload.content);
  append->drafts.push_back(
      {subject_at(9), std::move(payload), std::make_shared<const law::record>(record_of(law::clock_confirmed{}))});
  REQUIRE(host.write(append).status == ports::append_status::appended);
}

ports::transfer all_of(const passing_nodes& nodes, std::uint64_t after) {
  return nodes.with_hosts(*nodes.first.journal->open_transfers()->read(stream(), after, 1U << 20));
}

ports::transfer_result take(node& to, const ports::transfer& brought) {
  auto result = to.writer().stage_transfer(brought);
  REQUIRE(to.writer().sync().entries);
  return result;
}

} // namespace

TEST_CASE("what a host writes that this program does not know stops nobody who holds his stream", "[L441-2-7-1-1a]") {
  passing_nodes all;
  passing_nodes::write(all.first, 1, 0);
  write_in_clear(all.first, {0xc1, 0xc1, 0xc1});
  passing_nodes::write(all.first, 1, 2);
  REQUIRE(all.bring(all.third, all.first).status == transfer_status::stored);
  REQUIRE(all.bring(all.next, all.first).status == transfer_status::stored);
  auto read = all.third.journal->open_reader()->read(stream(), 0, 10);
  REQUIRE(read.size() == 4);
  CHECK(read[0].record);
  CHECK_FALSE(read[2].record);

  // Nor who takes it over, now or after a restart.
  REQUIRE(all.pass_to(all.next).status == ports::adoption_status::adopted);
  passing_nodes::write(all.next, 1, 4);
  CHECK(all.next.journal->open_reader()->read(stream(), 0, 10).size() == 6);
  all.next.open_as_it_is();
  all.next.journal->load(stream());
  passing_nodes::write(all.next, 1, 6);

  // Whoever wrote it himself does not go on without understanding it.
  all.first.open_as_it_is();
  CHECK_THROWS_AS(all.first.journal->load(stream()), store_broken);
}

TEST_CASE(
    "what another host wrote between two epochs of one's own, and this program does not know, keeps nobody who was "
    "put back from his past",
    "[L441-2-7-4-1]") {
  passing_nodes all;
  passing_nodes::write(all.first, 1, 0);
  all.first.journal.reset();
  auto backup = all.first.disk.copy();
  all.first.open_as_it_is();
  all.first.journal->load(stream());
  REQUIRE(all.bring(all.next, all.first).status == transfer_status::stored);
  REQUIRE(all.pass_to(all.next).status == ports::adoption_status::adopted);
  write_in_clear(all.next, {0xc1, 0xc1, 0xc1});
  REQUIRE(all.next.writer().seal_keys_to(stream(), operating_public(all.first.keys.operating_secret)));
  all.give_back();
  passing_nodes::write(all.first, 1, 2);
  REQUIRE(all.bring(all.third, all.first).status == transfer_status::stored);

  auto is_put_back = [&] {
    all.first.journal.reset();
    all.first.disk.restore(backup);
    all.first.open_as_it_is();
    all.first.journal->load(stream());
    all.first.writer().hold_back(stream(), true);
  };
  is_put_back();
  // At once, or first what the other host wrote: with that the stream is his own no more, until he takes it up again.
  if (bool in_two = GENERATE(false, true); in_two)
    REQUIRE(all.bring(all.first, all.next).status == transfer_status::stored);
  REQUIRE(all.bring(all.first, all.third).status == transfer_status::stored);
  auto back = all.asked(2);
  back.secrets.clear();
  REQUIRE(all.first.writer().adopt(back).status == ports::adoption_status::adopted);
  all.first.writer().hold_back(stream(), false);
  passing_nodes::write(all.first, 1, passing_nodes::end_of(all.third));

  // What he cannot understand of his own is damage all the same.
  write_in_clear(all.first, {0xc1, 0xc1, 0xc1});
  REQUIRE(all.bring(all.third, all.first).status == transfer_status::stored);
  is_put_back();
  CHECK_THROWS_AS(all.bring(all.first, all.third), store_broken);
}

TEST_CASE("a payload that its host withholds is missed, across a restart", "[L441-2-7-1-1a]") {
  passing_nodes all;
  passing_nodes::write(all.first, 1, 0);
  passing_nodes::write(all.first, 2, 0);
  auto whole = all_of(all, 0);
  auto poor = whole;
  poor.entries[1].nonce.reset();
  poor.entries[1].content.reset();
  auto first = take(all.third, poor);
  CHECK(first.status == transfer_status::stored);
  CHECK_FALSE(first.content_there);
  CHECK_FALSE(all.third.journal->open_transfers()->has_content_of(stream()));
  all.third.open_as_it_is();
  CHECK_FALSE(all.third.journal->open_transfers()->has_content_of(stream()));
  passing_nodes::write(all.first, 3, 0);
  CHECK_FALSE(take(all.third, all_of(all, 3)).content_there);
  CHECK(take(all.next, whole).content_there);
  CHECK(all.next.journal->open_transfers()->has_content_of(stream()));
}

TEST_CASE("what was erased before it came is missed until its tombstone comes", "[L441-2-7-1-1c]") {
  passing_nodes all;
  passing_nodes::register_number(all.first, 2, "093112600000193001");
  passing_nodes::write(all.first, 1, 0);
  auto before = passing_nodes::end_of(all.first);
  passing_nodes::erase_registered(all.first, 2, 2, "093112600000193001");
  auto part = [&](std::uint64_t after, std::size_t most) {
    return all.with_hosts(*all.first.journal->open_transfers()->read(stream(), after, most));
  };
  CHECK(take(all.third, part(0, 1)).content_there);
  CHECK_FALSE(take(all.third, part(1, 1)).content_there);
  CHECK_FALSE(take(all.third, part(2, 1)).content_there);
  REQUIRE(passing_nodes::end_of(all.third) == before);
  all.third.open_as_it_is();
  CHECK(take(all.third, part(before, 1)).content_there);
  // In one transfer, and where the payload was there before.
  CHECK(take(all.next, part(0, 1U << 20)).content_there);
}

TEST_CASE("who takes a stream over leaves out what came without its payload, and takes that from whoever has it",
          "[L441-2-7-4-1]") {
  passing_nodes all;
  for (std::uint8_t subject = 1; subject <= 3; ++subject)
    passing_nodes::write(all.first, subject, 0);
  auto whole = all_of(all, 0);
  auto poor = whole;
  for (std::size_t i : {std::size_t{2}, std::size_t{3}}) {
    poor.entries[i].nonce.reset();
    poor.entries[i].content.reset();
  }
  REQUIRE(take(all.next, poor).status == transfer_status::stored);
  REQUIRE(take(all.third, whole).status == transfer_status::stored);
  CHECK(all.pass_to(all.next).cut_seq == 3);
  CHECK(all.next.journal->open_transfers()->has_content_of(stream()));
  passing_nodes::write(all.next, 1, 2);
  REQUIRE(all.bring(all.third, all.next, 1).status == transfer_status::stored);
  auto readings = [&] {
    std::vector<ports::orphan_reading> found;
    for (const auto& each : all.next.journal->open_reader()->orphans(stream(), 0, 0, 10))
      found.push_back(each.reading);
    return found;
  };
  using enum ports::orphan_reading;
  CHECK(readings() == std::vector{erased, erased});

  auto part = [&](std::uint64_t after) {
    auto tail = *all.third.journal->open_transfers()->read_orphans(stream(), 1, after, 1);
    tail.signers = {all.hosts[0]};
    return tail;
  };
  auto bring_part = [&](const ports::orphan_tail& tail) {
    auto result = all.next.writer().stage_orphans(tail);
    REQUIRE(all.next.writer().sync().entries);
    return std::pair{result.status, result.now.seq};
  };
  auto altered = part(0);
  altered.entries[0].content->at(0) ^= 1;
  CHECK(bring_part(altered).first == transfer_status::altered);
  // It is told where the next one is missing, not where the tail ends.
  CHECK(bring_part(part(0)) == std::pair{transfer_status::stored, std::uint64_t{3}});
  CHECK(readings() == std::vector{open, erased});
  all.next.open_as_it_is();
  all.next.journal->load(stream());
  CHECK(bring_part(part(3)) == std::pair{transfer_status::stored, std::uint64_t{4}});
  CHECK(readings() == std::vector{open, open});
  CHECK(bring_part(part(0)) == std::pair{transfer_status::known, std::uint64_t{4}});
  CHECK(all.next.verify().faults.empty());
}

TEST_CASE("what was erased is left out of a stream that is taken over while its tombstone is not here",
          "[L441-2-7-4-1][L441-2-7-1-1c]") {
  passing_nodes all;
  passing_nodes::register_number(all.first, 2, "093112600000193001");
  passing_nodes::write(all.first, 1, 0);
  passing_nodes::erase_registered(all.first, 2, 2, "093112600000193001");
  auto part = [&](std::uint64_t after) {
    return all.with_hosts(*all.first.journal->open_transfers()->read(stream(), after, 1));
  };
  for (std::uint64_t after = 0; after < 3; ++after)
    for (auto* holder : {&all.next, &all.third})
      REQUIRE(take(*holder, part(after)).status == transfer_status::stored);
  REQUIRE(take(all.third, part(3)).content_there);
  CHECK(all.third.writer().adopt(all.asked(1)).cut_seq == 5);
  CHECK(all.pass_to(all.next).cut_seq == 2);
  CHECK(all.next.journal->open_transfers()->has_content_of(stream()));
  CHECK(all.next.verify().faults.empty());
  passing_nodes::write(all.next, 1, 0);
}

TEST_CASE("a set of withheld payloads is told from any other, and reads as it was written") {
  withheld some;
  CHECK(some.is_nothing());
  some.take(stream(), 5);
  some.take(stream(), 7);
  auto other = some;
  other.give(stream(), 5);
  other.give(stream(), 6);
  CHECK_FALSE(other.is_nothing());
  CHECK(withheld::parse(some.text()) == some);
  auto read = *withheld::parse(some.text());
  read.give(stream(), 7);
  read.give(stream(), 5);
  CHECK(read.is_nothing());
  CHECK_FALSE(withheld::parse(""));
  CHECK_FALSE(withheld::parse("1 2 xyz"));
  CHECK_FALSE(withheld::parse("one 2 " + std::string(64, 'a')));
}

} // namespace toit::journal::test
