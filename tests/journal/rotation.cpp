#include "journal/marks.hpp"
#include "journal/signers.hpp"
#include "tests/journal/proving.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace toit::journal::test {

namespace {

using ports::append_status;
using ports::transfer_status;

constexpr law::civil_date change_day{std::chrono::year{2026} / 3 / 5};

node_keys next_keys(std::uint8_t byte) { return fixed_keys(byte); }
public_key public_of(std::uint8_t byte) { return signing_key{fixed_keys(byte).signing_seed}.public_half(); }

/// The node's file of keys is another one from now on.
void take_keys(node& changed, std::uint8_t byte) {
  changed.keys = next_keys(byte).following(changed.keys);
  changed.open();
}

void rotate(node& changed, std::uint8_t byte, bool endorsed = true) {
  take_keys(changed, byte);
  REQUIRE(changed.journal->change_key(stream(), endorsed, change_day));
}

law::subject_id some_subject(std::uint8_t byte) { return id_with<law::subject_id>(byte); }

/// A node that hosts a stream and changes its keys, and another that holds it.
struct rotating_pair {
  rotating_pair() {
    host.open();
    holder.keys = fixed_keys(40);
    holder.open_as_it_is();
    note_about(1);
  }
  void note_about(std::uint8_t subject) {
    REQUIRE(host.write(host.asked(some_subject(subject), 0, "note")).status == append_status::appended);
  }
  transfer_status bring(std::vector<law::bytes32> signers, std::vector<law::bytes32> revoked = {},
                        std::size_t most = 1) {
    auto status = transfer_status::known;
    for (;;) {
      auto at = holder.journal->open_transfers()->position(stream());
      auto found = host.journal->open_transfers()->read(stream(), at ? at->seq : 0, most);
      if (!found)
        return status;
      auto brought = *found;
      brought.signers = signers;
      brought.revoked = revoked;
      auto result = holder.writer().stage_transfer(brought);
      status = result.status;
      REQUIRE(holder.writer().sync().entries);
      if (status != transfer_status::stored)
        return status;
    }
  }
  bool equal() { return host.rows()->entries(stream(), 0, 1'000) == holder.rows()->entries(stream(), 0, 1'000); }

  node host;
  node holder{1001};
};

std::vector<fault_reason> reasons_of(const verify_report& report) {
  std::vector<fault_reason> reasons;
  for (const auto& fault : report.faults)
    reasons.push_back(fault.reason);
  return reasons;
}

verify_report verified(const node& of, std::span<const public_key> known = {}) {
  auto rows = of.rows();
  return verify_stream(*rows, stream(), {}, nullptr, {}, known);
}

} // namespace

TEST_CASE("a stream changes its key in the middle, twice, and stays one history", "[L441-2-7-1-1a]") {
  node one;
  one.open();
  one.write(one.asked(some_subject(1), 0, "before"));
  take_keys(one, 20);
  CHECK_FALSE(one.journal->can_sign(stream()));
  CHECK(one.write(one.asked(some_subject(2), 0, "too early")).status == append_status::behind);
  CHECK(one.journal->change_key(stream(), true, change_day));
  CHECK_FALSE(one.journal->change_key(stream(), true, change_day));
  CHECK(one.write(one.asked(some_subject(1), 2, "between")).status == append_status::appended);
  rotate(one, 30);
  CHECK(one.write(one.asked(some_subject(1), 4, "after")).status == append_status::appended);
  one.writer().keep();
  one.open();
  CHECK(one.write(one.asked(some_subject(3), 0, "after a restart")).status == append_status::appended);
  auto report = one.verify();
  CHECK(report.faults.empty());
  CHECK(report.signers == std::vector{public_of(7), public_of(20), public_of(30)});
  auto rows = one.rows();
  CHECK(signers_of(*rows, stream()) == report.signers);
  CHECK(changes_of_key(*rows, stream()) == std::vector<std::uint64_t>{5, 3});
}

TEST_CASE("after a change the former key signs nothing any more", "[L441-2-7-1-1a]") {
  node one;
  one.open();
  rotate(one, 20);
  one.keys = fixed_keys();
  one.open_as_it_is();
  CHECK_THROWS_AS(one.journal->load(stream()), store_broken);
}

TEST_CASE("a change that the key before does not endorse counts for who knows the new key from elsewhere",
          "[L441-2-7-1-1a]") {
  node one;
  one.open();
  rotate(one, 20, false);
  one.write(one.asked(some_subject(1), 0, "after"));
  CHECK(reasons_of(verified(one)) == std::vector{fault_reason::head_signature, fault_reason::head_signature});
  CHECK(reasons_of(verified(one, std::vector{public_of(30)})).size() == 2);
  CHECK(verified(one, std::vector{public_of(20)}).faults.empty());
}

TEST_CASE("a replica follows a change of key that is endorsed, or that the directory knows", "[L441-2-7-1-1a]") {
  rotating_pair two;
  bool endorsed = false;
  std::vector<law::bytes32> signers;
  std::vector<law::bytes32> revoked;
  auto expected = transfer_status::stored;
  SECTION("endorsed, the directory still as it was") {
    endorsed = true, signers = {public_of(7)};
    REQUIRE(two.bring(signers) == transfer_status::stored);
  }
  SECTION("endorsed, both in the directory") { endorsed = true, signers = {public_of(7), public_of(20)}; }
  SECTION("not endorsed, both in the directory") { signers = {public_of(7), public_of(20)}; }
  SECTION("not endorsed, unknown to the directory") {
    signers = {public_of(7)};
    expected = transfer_status::bad_signature;
  }
  SECTION("endorsed, and revoked since") {
    endorsed = true, signers = {public_of(7)}, revoked = {public_of(20)};
    expected = transfer_status::bad_signature;
  }
  rotate(two.host, 20, endorsed);
  two.note_about(2);
  CHECK(two.bring(signers, revoked) == expected);
  CHECK(two.equal() == (expected == transfer_status::stored));
}

TEST_CASE("a revoked key endorses nothing, and what it signed stands under the one that the directory names",
          "[L441-2-7-1-1a]") {
  rotating_pair two;
  REQUIRE(two.bring({public_of(7)}) == transfer_status::stored);
  two.note_about(2);
  SECTION("a thief's key") {
    rotate(two.host, 66);
    two.note_about(3);
    CHECK(two.bring({public_of(20)}, {public_of(7)}, 1U << 20) == transfer_status::bad_signature);
  }
  SECTION("the host's next key") {
    rotate(two.host, 20, false);
    CHECK(two.bring({public_of(20)}, {public_of(7)}, 1) == transfer_status::stored);
    two.note_about(3);
    CHECK(two.bring({public_of(20)}, {public_of(7)}) == transfer_status::stored);
    CHECK(two.equal());
  }
}

TEST_CASE("who comes after two thefts takes the whole past under the last key alone", "[L441-2-7-1-1a]") {
  rotating_pair two;
  for (std::uint8_t next : {std::uint8_t{20}, std::uint8_t{30}}) {
    rotate(two.host, next, false);
    two.note_about(next);
  }
  std::vector revoked{public_of(7), public_of(20)};
  SECTION("one transfer or many") {
    CHECK(two.bring({public_of(30)}, revoked, GENERATE(1U, 1U << 20)) == transfer_status::stored);
    CHECK(two.equal());
    CHECK(verified(two.holder, std::vector{public_of(20), public_of(30)}).faults.empty());
  }
  SECTION("not under a directory that has never heard of the key between") {
    CHECK(two.bring({public_of(30)}, {public_of(7)}) == transfer_status::bad_signature);
  }
  SECTION("nor while the last one is revoked too") {
    revoked.push_back(public_of(30));
    CHECK(two.bring({}, revoked) == transfer_status::bad_signature);
  }
}

TEST_CASE("a change of keys is written when the stream is released, and by whom the directory lets",
          "[L441-2-7-1-1a]") {
  node one;
  one.open();
  take_keys(one, 20);
  bool endorses = GENERATE(true, false);
  one.journal->change_keys_when_released(
      [&](const ports::stream_id& of, const public_key& former) {
        CHECK(of == stream());
        CHECK(former == public_of(7));
        return endorses;
      },
      [] { return change_day; });
  one.writer().hold_back(stream(), true);
  CHECK_FALSE(one.journal->can_sign(stream()));
  one.writer().hold_back(stream(), false);
  CHECK(one.journal->can_sign(stream()));
  CHECK(one.last_seq() == 2);
  one.writer().hold_back(stream(), false);
  CHECK(one.last_seq() == 2);
  CHECK(one.write(one.asked(some_subject(1), 0, "after")).status == append_status::appended);
  CHECK(verified(one).faults.empty() == endorses);
  CHECK(verified(one, std::vector{public_of(20)}).faults.empty());
}

TEST_CASE("on a full disk the change of keys waits until there is room", "[L441-2-7-1-1a]") {
  node one;
  one.open();
  take_keys(one, 20);
  one.journal->change_keys_when_released([](const auto&, const auto&) { return true; }, [] { return change_day; });
  one.disk.set_room(0);
  one.writer().hold_back(stream(), false);
  CHECK(one.writer().read_only());
  CHECK_FALSE(one.journal->can_sign(stream()));
  one.disk.set_room({});
  one.writer().probe();
  CHECK_FALSE(one.writer().read_only());
  CHECK(one.journal->can_sign(stream()));
  CHECK(one.write(one.asked(some_subject(1), 0, "after")).status == append_status::appended);
}

TEST_CASE("a second history is a fork under a key of the host's, and nobody's under a revoked one", "[L441-2-7-1-1a]") {
  rotating_pair two;
  REQUIRE(two.bring({public_of(7)}) == transfer_status::stored);
  two.host.journal.reset();
  auto copy = two.host.disk.copy();
  two.host.open();
  two.note_about(2);
  REQUIRE(two.bring({public_of(7)}) == transfer_status::stored);
  two.host.journal.reset();
  two.host.disk.restore(copy);
  two.host.open();
  two.note_about(3);
  auto brought = *two.host.journal->open_transfers()->read(stream(), 1, 1U << 20);
  SECTION("revoked") {
    brought.revoked = {public_of(7)};
    auto result = two.holder.writer().stage_transfer(brought);
    CHECK(result.status == transfer_status::bad_signature);
    CHECK_FALSE(result.other_history);
  }
  SECTION("no longer named, and not revoked") {
    auto result = two.holder.writer().stage_transfer(brought);
    CHECK(result.status == transfer_status::forked);
    CHECK(result.other_history.has_value());
  }
}

TEST_CASE("the stream's keys are sealed to the new operating key, and travel once more", "[L441-2-7-1-1a]") {
  rotating_pair two;
  REQUIRE(two.bring({public_of(7)}) == transfer_status::stored);
  bool endorsed = GENERATE(true, false);
  rotate(two.host, 20, endorsed);
  two.note_about(2);
  REQUIRE(two.bring({public_of(7), public_of(20)}) == transfer_status::stored);
  auto opened = 0;
  for (const auto& sealed : two.holder.rows()->keys())
    opened += open_key(sealed, fixed_keys(20).operating_secret).has_value() ? 1 : 0;
  CHECK(opened == 2);
  for (const auto& sealed : two.host.rows()->keys())
    CHECK(verify(sealed, public_of(20)));
  // Those that the holder had are signed again with them.
  for (const auto& sealed : two.holder.rows()->keys())
    CHECK(verify(sealed, public_of(20)));
}

TEST_CASE("a copy from before the change takes it back from a neighbour, and goes on under the new key",
          "[L441-2-7-1-1a]") {
  rotating_pair two;
  two.host.journal.reset();
  auto copy = two.host.disk.copy();
  two.host.open();
  REQUIRE(two.bring({public_of(7)}) == transfer_status::stored);
  // In order, or because the former key was stolen.
  bool endorsed = GENERATE(true, false);
  rotate(two.host, 20, endorsed);
  two.note_about(2);
  REQUIRE(two.bring({public_of(7), public_of(20)}) == transfer_status::stored);
  two.host.journal.reset();
  two.host.disk.restore(copy);
  two.host.open();
  CHECK_FALSE(two.host.journal->can_sign(stream()));
  two.host.writer().hold_back(stream(), true);
  auto brought = *two.holder.journal->open_transfers()->read(stream(), two.host.last_seq(), 1U << 20);
  brought.signers = {public_of(20)};
  if (endorsed)
    brought.signers.push_back(public_of(7));
  else
    brought.revoked = {public_of(7)};
  CHECK(two.host.writer().stage_transfer(brought).status == transfer_status::stored);
  REQUIRE(two.host.writer().sync().entries);
  two.host.writer().hold_back(stream(), false);
  CHECK(two.host.journal->can_sign(stream()));
  two.note_about(3);
  CHECK(verified(two.host, std::vector{public_of(20)}).faults.empty());
}

TEST_CASE("a proof across a change of key holds under the first key alone", "[L441-2-7-1-1c]") {
  proving_node one;
  one.batch({1, 2});
  one.batch({3});
  rotate(one, 20);
  one.batch({3});
  one.batch({1});
  one.batch({3});
  rotate(one, 30);
  one.batch({3});
  one.batch({1});
  CHECK(one.prove(1).value().segments.size() == 5);
  auto made = one.prove(1).value();
  auto accepted = [&](std::vector<known_signer> known) { return verify_proof(made, known); };
  CHECK(accepted({}).accepted());
  auto report = accepted({{stream(), public_of(7)}});
  CHECK(report.accepted());
  CHECK(report.vouched);
  REQUIRE(report.entries.size() == 3);
  CHECK(report.entries.back().signer == public_of(30));
  CHECK(accepted({{stream(), public_of(7)}, {stream(), public_of(20)}, {stream(), public_of(30)}}).accepted());
  CHECK_FALSE(accepted({{stream(), public_of(66)}}).accepted());
  auto read = decode_proof(encode_proof(made).value());
  CHECK(verify_proof(*read, {}).accepted());

  SECTION("without its second change it proves nothing") {
    std::erase_if(made.segments, [](const proof_segment& segment) { return segment.first == 9; });
    CHECK_FALSE(accepted({}).accepted());
  }
  SECTION("a change is not left out") {
    std::erase_if(made.segments, [](const proof_segment& segment) { return segment.first == 5; });
    CHECK_FALSE(accepted({{stream(), public_of(7)}, {stream(), public_of(30)}}).accepted());
  }
}

TEST_CASE("a proof across a change that nothing endorses holds for who knows both keys", "[L441-2-7-1-1c]") {
  proving_node one;
  one.batch({1, 2});
  rotate(one, 20, false);
  one.batch({1, 3});
  auto made = one.prove(1).value();
  CHECK_FALSE(verify_proof(made, {}).accepted());
  CHECK_FALSE(verify_proof(made, std::vector{known_signer{stream(), public_of(7)}}).accepted());
  CHECK(verify_proof(made, std::vector{known_signer{stream(), public_of(7)}, known_signer{stream(), public_of(20)}})
            .accepted());
}

TEST_CASE("a month of consultations is read across a change of key, and verifies under both", "[R441-2-15-V-2-5]") {
  node one;
  one.open();
  auto consult = [&](std::uint8_t whom) {
    ports::log_line line;
    line.subject = some_subject(whom);
    one.writer().stage_consultation(line);
    REQUIRE(one.writer().sync().lines);
  };
  consult(1);
  rotate(one, 20);
  consult(1);
  CHECK(one.journal->open_reader()->log_about(some_subject(1), 10).size() == 2);
  std::vector both{public_of(7), public_of(20)};
  std::string file = "node/log-2026-03.sqlite";
  CHECK_FALSE(verify_access_log(file, both, one.disk.vfs()));
  CHECK(verify_access_log(file, std::span{both}.first(1), one.disk.vfs()));
}

TEST_CASE("a power cut at any write leaves the change whole or not at all", "[L441-2-7-1-1a]") {
  bool ended = false;
  unsigned cut_short = 0;
  for (std::uint64_t writes = 0; !ended; ++writes) {
    node one{writes + 1};
    one.open();
    one.write(one.asked(some_subject(1), 0, "before"));
    take_keys(one, 20);
    one.disk.fail_after(writes);
    try {
      one.journal->change_key(stream(), true, change_day);
      ended = !one.disk.down();
    } catch (const std::runtime_error&) {
      ++cut_short;
    }
    one.crash();
    one.open();
    CHECK(one.rows()->last_head(stream())->seq == (one.journal->can_sign(stream()) ? 3 : 2));
    if (!one.journal->can_sign(stream()))
      CHECK(one.journal->change_key(stream(), true, change_day));
    CHECK(one.write(one.asked(some_subject(2), 0, "after")).status == append_status::appended);
    CHECK(one.verify().faults.empty());
    REQUIRE(writes < 200);
  }
  CHECK(cut_short > 3);
}

TEST_CASE("a key in no box of its size, of an epoch that is not there, or under a revoked key is not taken",
          "[L441-2-7-1-1a]") {
  rotating_pair two;
  auto brought = *two.host.journal->open_transfers()->read(stream(), 0, 1U << 20);
  brought.signers = {public_of(20)};
  SECTION("larger") {
    brought.keys.front().box.resize(1'000);
    CHECK(two.holder.writer().stage_transfer(brought).status == transfer_status::bad_signature);
    brought.signers = {public_of(7)};
    CHECK(two.holder.writer().stage_transfer(brought).status == transfer_status::altered);
  }
  SECTION("of a later epoch") {
    brought.signers = {public_of(7)};
    brought.keys.front().epoch = 1;
    CHECK(two.holder.writer().stage_transfer(brought).status == transfer_status::altered);
  }
  SECTION("under a revoked key: the rest is taken") {
    rotate(two.host, 20, false);
    auto later = *two.host.journal->open_transfers()->read(stream(), 0, 1U << 20);
    later.keys = brought.keys;
    later.signers = {public_of(20)};
    later.revoked = {public_of(7)};
    later.escrow = operating_public(fixed_keys().operating_secret);
    auto result = two.holder.writer().stage_transfer(later);
    CHECK(result.status == transfer_status::stored);
    CHECK_FALSE(result.keys_there);
  }
}

} // namespace toit::journal::test
