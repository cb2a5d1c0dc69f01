// What a former host has left that nobody would write here, and who answers for it.

#include "journal/codec.hpp"
#include "journal/sqlite.hpp"
#include "tests/journal/passing.hpp"

#include <catch2/generators/catch_generators.hpp>

namespace toit::journal::test {

namespace {

using ports::transfer_status;

/// An entry in clear of no known kind, as its host would write it.
void write_nonsense(node& host) {
  auto append = std::make_shared<ports::append>();
  append->stream = stream();
  ports::sealed_payload payload{{}, {0xc1, 0xc1}, {}};
  payload.commitment = commitment_of(payload.nonce, payload.content);
  append->drafts.push_back(
      {subject_at(9), std::move(payload), std::make_shared<const law::record>(record_of(law::clock_confirmed{}))});
  REQUIRE(host.write(append).status == ports::append_status::appended);
}

/// The next entry after what `holder` has, as the first host has signed it: it says that it follows this one.
ports::transfer following(const passing_nodes& nodes, const node& holder, std::uint64_t previous,
                          const ports::sealed_payload& said) {
  auto end = passing_nodes::end_of(holder);
  auto before = holder.rows()->entry(stream(), end).value();
  entry_header header{end + 1,       0,        before.header.recorded_at_ms,
                      subject_at(8), previous, commitment_of(said.nonce, said.content)};
  ports::signed_head head;
  head.stream = stream();
  head.first = head.seq = header.seq;
  head.link = next_link(before.link, leaf_of(header));
  signing_key{fixed_keys().signing_seed}.sign(head);
  ports::transfer made;
  made.stream = stream();
  made.entries.push_back({header.seq, 0, static_cast<std::uint64_t>(header.recorded_at_ms), header.subject, previous,
                          header.commitment, said.nonce, said.content});
  made.heads.push_back(head);
  return nodes.with_hosts(std::move(made));
}

/// What opens with no key.
ports::sealed_payload spoilt() { return {bytes(entry_nonce_bytes, 7), bytes(40, 8), {}}; }

void take_stored(node& to, const ports::transfer& brought) {
  REQUIRE(to.writer().stage_transfer(brought).status == transfer_status::stored);
  REQUIRE(to.writer().sync().entries);
}

/// All that the first host has, with other boxes for the authority than its program would make: of another secret, or
/// ones that nothing opens.
ports::transfer with_other_boxes(const passing_nodes& all, bool that_open) {
  auto brought = *all.first.journal->open_transfers()->read(stream(), 0, 1U << 20);
  auto authority = operating_public(all.escrow_secret);
  signing_key host{fixed_keys().signing_seed};
  for (auto& key : brought.keys) {
    if (key.recipient != authority)
      continue;
    auto sealed = seal_key(stream(), key.epoch, key.index ? key_purpose::index : key_purpose::stream, bytes_with(13),
                           that_open ? authority : operating_public(bytes_with(14)), host);
    sealed.recipient = authority;
    sign(sealed, host);
    key.box = sealed.box;
    key.key_id = sealed.key_id;
    key.signature = sealed.signature;
  }
  return all.with_hosts(std::move(brought));
}

std::string place_on_disk(std::uint64_t seq) { return std::to_string((std::uint64_t{1} << 44) + seq); }

void damage(node& of, const std::string& how) {
  of.journal.reset();
  sqlite_database{node::path, sqlite_access::read_write, of.disk.vfs()}.execute(how);
}

bool is_all_former_hosts(const verify_report& report) {
  return std::ranges::all_of(report.faults, [&](const auto& fault) { return is_former_hosts(report, fault); });
}

} // namespace

TEST_CASE("odd entries of a former host are told, and are no damage of who has taken his stream over",
          "[L441-2-7-4-1]") {
  using enum fault_reason;
  passing_nodes all;
  passing_nodes::write(all.first, 1, 0);
  write_nonsense(all.first);
  REQUIRE(all.bring(all.next, all.first).status == transfer_status::stored);
  take_stored(all.next, following(all, all.next, 2, spoilt()));
  REQUIRE(all.pass_to(all.next).cut_seq == 5);
  passing_nodes::write(all.next, 1, 2);
  auto report = passing_nodes::verified(all.next);
  CHECK(reasons_of_faults(report) == std::vector{unknown_payload, subject_order});
  CHECK(is_all_former_hosts(report));

  // A replica that ended between what was erased and its tombstone was taken over so by earlier programs.
  damage(all.next, "UPDATE entry SET nonce = NULL, content = NULL WHERE place = " + place_on_disk(2));
  report = passing_nodes::verified(all.next);
  CHECK(reasons_of_faults(report) == std::vector{unannounced_erasure, unknown_payload, subject_order});
  CHECK(is_all_former_hosts(report));

  // While nobody else has written it, it is its host's.
  auto own = passing_nodes::verified(all.first);
  REQUIRE_FALSE(own.faults.empty());
  CHECK_FALSE(is_all_former_hosts(own));
}

TEST_CASE("what everybody is to see is nothing to anybody once a former host has sealed it, and ends nobody",
          "[L441-2-7-4-1]") {
  passing_nodes all;
  auto command = id_with<law::command_id>(40);
  REQUIRE(all.first.write(all.first.asked(subject_at(1), 0, "said", command)).status == ports::append_status::appended);
  REQUIRE(all.bring(all.next, all.first).status == transfer_status::stored);
  auto keys = all.first.journal->keys()->of(stream());
  auto hidden = keys->encrypt(0, subject_at(8), encode(record_of(law::legal_person_registered{})));
  auto place = passing_nodes::end_of(all.next) + 1;
  take_stored(all.next, following(all, all.next, 0, hidden));
  REQUIRE(all.pass_to(all.next).status == ports::adoption_status::adopted);
  auto reader = all.next.journal->open_reader();
  CHECK_FALSE(reader->entry(stream(), place)->record);
  CHECK(reader->read_clear(stream(), place - 1, place).empty());
  // The command before it was answered, and is when it is repeated.
  auto repeated = all.next.stage(all.next.asked(subject_at(1), 0, "said", command));
  CHECK(repeated.status == ports::append_status::repeated);
  CHECK(repeated.last_seq == place - 1);
  auto report = all.next.verify();
  CHECK(reasons_of_faults(report) == std::vector{fault_reason::unknown_payload});
  CHECK(is_all_former_hosts(report));
}

TEST_CASE("a first entry that its host has spoilt keeps nobody from taking his stream over", "[L441-2-7-4-1]") {
  passing_nodes all;
  all.bring(all.next, all.first);
  take_stored(all.next, following(all, all.next, 0, spoilt()));
  take_stored(all.next, following(all, all.next, 2, all.first.draft(subject_at(8), record_of(note("said"))).payload));
  CHECK(all.pass_to(all.next).status == ports::adoption_status::adopted);
}

TEST_CASE("however many first entries a host has spoilt, his stream is taken over, and the rest of it read",
          "[L441-2-7-4-1]") {
  passing_nodes all;
  all.bring(all.next, all.first);
  std::uint64_t previous = 0;
  for (int i = 0; i < 70; ++i) {
    take_stored(all.next, following(all, all.next, previous, spoilt()));
    previous = passing_nodes::end_of(all.next);
  }
  auto good = all.first.draft(subject_at(8), record_of(note("said"))).payload;
  take_stored(all.next, following(all, all.next, previous, good));
  auto adopted = all.pass_to(all.next);
  REQUIRE(adopted.status == ports::adoption_status::adopted);
  CHECK(adopted.unreadable == std::vector<std::uint32_t>{0});
  auto reader = all.next.journal->open_reader();
  CHECK_FALSE(reader->entry(stream(), previous)->record);
  CHECK(reader->entry(stream(), previous + 1)->record);
}

TEST_CASE("who has sealed to the authority what opens nothing is taken over all the same, with the authority's key",
          "[L441-2-7-4-1]") {
  passing_nodes all;
  passing_nodes::write(all.first, 1, 0);
  REQUIRE(passing_nodes::register_number(all.first, 2, "093112600000193001").status == ports::append_status::appended);
  bool they_open = GENERATE(true, false);
  take_stored(all.next, with_other_boxes(all, they_open));
  // What is not at hand, or is another key, tells nothing of the boxes.
  auto asked = all.asked(1);
  asked.secrets.clear();
  CHECK(all.next.writer().adopt(asked).status == ports::adoption_status::locked);
  asked.secrets = {bytes_with(91)};
  CHECK(all.next.writer().adopt(asked).status == ports::adoption_status::locked);

  auto adopted = all.pass_to(all.next);
  REQUIRE(adopted.status == ports::adoption_status::adopted);
  CHECK(adopted.unreadable == std::vector<std::uint32_t>{0});
  passing_nodes::write(all.next, 1, 2);
  for (bool restarts : {false, true}) {
    if (restarts) {
      all.next.open_as_it_is();
      all.next.journal->load(stream());
    }
    auto reader = all.next.journal->open_reader();
    CHECK_FALSE(reader->entry(stream(), 2)->record);
    CHECK(reader->entry(stream(), all.next.last_seq())->record);
    CHECK(is_all_former_hosts(all.next.verify()));
  }
  passing_nodes::write(all.next, 3, 0);
  REQUIRE(passing_nodes::register_number(all.next, 4, "093112600000193001").status == ports::append_status::appended);
  // Whoever comes next opens what was sealed anew.
  CHECK(all.next.writer().seal_keys_to(stream(), operating_public(all.third.keys.operating_secret)));
  CHECK(all.next.journal->open_transfers()->has_keys_for(stream(), operating_public(all.third.keys.operating_secret)));
}

TEST_CASE("what was damaged here is damage, however much a former host has left", "[L441-2-7-4-1]") {
  passing_nodes all;
  for (int i = 0; i < 120; ++i)
    write_nonsense(all.first);
  all.bring(all.next, all.first);
  REQUIRE(all.pass_to(all.next).cut_seq == 122);
  passing_nodes::write(all.next, 1, 0);
  auto before = passing_nodes::verified(all.next);
  CHECK(before.faults.size() == 100);
  CHECK(is_all_former_hosts(before));
  auto reasons_after = [&](const std::string& how) {
    all.next.journal.reset();
    auto copy = all.next.disk.copy();
    damage(all.next, how);
    auto report = passing_nodes::verified(all.next);
    std::erase_if(report.faults, [&](const auto& fault) { return is_former_hosts(report, fault); });
    all.next.disk.restore(copy);
    return reasons_of_faults(report);
  };
  using enum fault_reason;
  CHECK(reasons_after("UPDATE entry SET content = zeroblob(70) WHERE place = " + place_on_disk(123)) ==
        std::vector{payload});
  CHECK(reasons_after("UPDATE entry SET nonce = NULL, content = NULL WHERE place = " + place_on_disk(123)) ==
        std::vector{unannounced_erasure});
  CHECK(reasons_after("UPDATE head SET signature = zeroblob(64) WHERE place = " + place_on_disk(123)) ==
        std::vector{head_signature});
}

TEST_CASE("a tail that a former host has spoilt is told, and is no damage", "[L441-2-7-4-1]") {
  passing_nodes all;
  passing_nodes::write(all.first, 1, 0);
  all.bring(all.next, all.first);
  passing_nodes::write(all.first, 1, 2);
  passing_nodes::write(all.first, 1, 3);
  all.pass_to(all.next);
  all.first.writer().release(stream());
  REQUIRE(all.bring(all.first, all.next, 1).status == transfer_status::stored);
  auto tail = all.tail_of(all.first, 1, 0);
  REQUIRE(tail.heads.size() == 2);
  // The last signature stands for what the chain holds before it.
  tail.heads[0].signature[0] ^= 1;
  REQUIRE(passing_nodes::take_tail(all.next, tail) == transfer_status::stored);
  auto report = passing_nodes::verified(all.next);
  CHECK(reasons_of_faults(report) == std::vector{fault_reason::orphan_tail});
  CHECK(is_all_former_hosts(report));
}

} // namespace toit::journal::test
