// What becomes of rows of accounts where a stream passes from one node to another, or is held.

#include "tests/journal/passing.hpp"

#include <catch2/generators/catch_generators.hpp>

namespace toit::journal::test {

namespace {

using ports::adoption_status;
using ports::append_status;
using ports::transfer_status;

law::agent_id account_at(std::uint8_t byte) { return id_with<law::agent_id>(byte); }

/// Of an agent, whose row is this one.
std::uint64_t open_account(node& by, std::uint8_t account, bytes sealed) {
  auto append = std::make_shared<ports::append>();
  append->stream = stream();
  law::account_opened opened{};
  opened.account = account_at(account);
  append->drafts.push_back(by.draft(law::subject_of(opened.account), record_of(opened)));
  append->accounts.push_back({opened.account, std::move(sealed)});
  auto result = by.write(append);
  REQUIRE(result.status == append_status::appended);
  return result.last_seq;
}

void close_account(node& by, std::uint8_t account, std::uint64_t opened) {
  auto append = std::make_shared<ports::append>();
  append->stream = stream();
  auto about = law::subject_of(account_at(account));
  append->reads.push_back({about, opened});
  append->drafts.push_back(by.draft(about, record_of(law::account_closed{account_at(account)})));
  append->accounts.push_back({account_at(account), {}});
  REQUIRE(by.write(append).status == append_status::appended);
}

/// An entry of a demandeur's dossier, and the row of his account from then on; an empty one goes.
std::uint64_t write_in_dossier(node& by, std::uint8_t dossier, std::uint64_t last, law::event happened,
                               ports::account_row row) {
  auto append = std::make_shared<ports::append>();
  append->stream = stream();
  append->reads.push_back({subject_at(dossier), last});
  append->drafts.push_back(by.draft(subject_at(dossier), record_of(std::move(happened))));
  append->accounts.push_back(std::move(row));
  auto result = by.write(append);
  REQUIRE(result.status == append_status::appended);
  return result.last_seq;
}

std::uint64_t open_account_of(node& by, std::uint8_t dossier, std::uint8_t account) {
  auto sealed = by.journal->seal_local(stream(), "toit.test", bytes{account});
  return write_in_dossier(by, dossier, 0, law::applicant_account_opened{account_at(account)},
                          {account_at(account), std::move(sealed), subject_at(dossier)});
}

} // namespace

TEST_CASE("accounts travel with the entries about them, and open where the stream goes on", "[L441-2-7-4-1]") {
  passing_nodes all;
  auto open = [](node& by, std::uint8_t account) {
    return open_account(by, account, by.journal->seal_local(stream(), "toit.test", bytes{account}));
  };
  open(all.first, 11);
  auto opened = open(all.first, 12);
  all.bring(all.next, all.first);
  CHECK(all.next.rows()->accounts(stream()).size() == 2);
  close_account(all.first, 12, opened);
  all.bring(all.next, all.first);
  CHECK(all.next.rows()->accounts(stream()).size() == 1);
  REQUIRE(all.pass_to(all.next).status == adoption_status::adopted);
  auto rows = all.next.rows()->accounts(stream());
  REQUIRE(rows.size() == 1);
  CHECK(all.next.journal->open_local(stream(), "toit.test", rows[0].sealed) == bytes{11});
  open(all.next, 13);
  all.bring(all.third, all.next, 0);
  CHECK(all.third.rows()->accounts(stream()).size() == 2);
}

TEST_CASE("a demandeur's account passes with his dossier, there and back, unless it is closed", "[L441-2-7-4-1]") {
  passing_nodes all;
  open_account_of(all.first, 5, 11);
  auto opened = open_account_of(all.first, 6, 12);
  all.bring(all.next, all.first);
  CHECK(all.next.rows()->accounts(stream()).size() == 2);
  write_in_dossier(all.first, 6, opened, law::applicant_account_closed{account_at(12)}, {account_at(12), {}});
  all.bring(all.next, all.first);
  REQUIRE(all.pass_to(all.next).status == adoption_status::adopted);
  auto rows = all.next.rows()->accounts(stream());
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].subject == subject_at(5));
  CHECK(all.next.journal->open_local(stream(), "toit.test", rows[0].sealed) == bytes{11});

  open_account_of(all.next, 7, 13);
  REQUIRE(all.next.writer().seal_keys_to(stream(), operating_public(all.first.keys.operating_secret)));
  all.give_back();
  rows = all.first.rows()->accounts(stream());
  REQUIRE(rows.size() == 2);
  CHECK(rows[1].subject == subject_at(7));
  CHECK(all.first.journal->open_local(stream(), "toit.test", rows[1].sealed) == bytes{13});
}

TEST_CASE("what a territory says of an account reaches no other stream's, whatever id it takes", "[L441-2-7-4-1]") {
  passing_nodes all;
  auto own = *ports::stream_id::parse("SR11");
  auto sealed = bytes{42};
  REQUIRE(all.next.journal->put_accounts(
      {{own,
        {ports::account_row{account_at(11), sealed}, ports::account_row{account_at(12), sealed, subject_at(5)}}}}));
  auto stays = [&] {
    auto rows = all.next.rows()->accounts(own);
    return rows.size() == 2 && std::ranges::all_of(rows, [&](const auto& row) { return row.sealed == sealed; });
  };
  auto opened = open_account(all.first, 11, {13});
  auto dossier = open_account_of(all.first, 5, 12);
  REQUIRE(all.bring(all.next, all.first).status == transfer_status::stored);
  CHECK(all.next.rows()->accounts(stream()).size() == 2);
  CHECK(stays());
  bool is_taken_over = GENERATE(true, false);
  if (is_taken_over) {
    REQUIRE(all.pass_to(all.next).status == adoption_status::adopted);
    CHECK(all.next.rows()->account_about(stream(), law::subject_of(account_at(11)))->sealed == bytes{13});
    CHECK(stays());
    return;
  }
  close_account(all.first, 11, opened);
  REQUIRE(all.first.erase(subject_at(5), {dossier}).status == append_status::appended);
  REQUIRE(all.bring(all.next, all.first).status == transfer_status::stored);
  CHECK(all.next.rows()->accounts(stream()).empty());
  CHECK(stays());
}

TEST_CASE("the account of an erased dossier is gone where its stream was hosted before, and where it is held",
          "[L441-2-7-4-1][L441-2-7-1-1c]") {
  passing_nodes all;
  auto opened = open_account_of(all.first, 5, 11);
  all.bring(all.next, all.first);
  all.bring(all.third, all.first);
  REQUIRE(all.third.rows()->accounts(stream()).size() == 1);
  REQUIRE(all.pass_to(all.next).status == adoption_status::adopted);
  all.first.writer().release(stream());
  REQUIRE(all.bring(all.first, all.next, 1).status == transfer_status::stored);
  REQUIRE(all.first.rows()->accounts(stream()).size() == 1);
  REQUIRE(all.next.erase(subject_at(5), {opened}).status == append_status::appended);
  CHECK(all.next.rows()->accounts(stream()).empty());
  for (auto* holder : {&all.first, &all.third}) {
    auto brought = all.with_hosts(*all.next.journal->open_transfers()->read(stream(), opened, 1U << 20));
    CHECK(brought.accounts.empty());
    // Nor does it come back beside its tombstone.
    brought.accounts.push_back({account_at(11), bytes{11}, subject_at(5)});
    REQUIRE(holder->writer().stage_transfer(brought).status == transfer_status::stored);
    REQUIRE(holder->writer().sync().entries);
    CHECK(holder->rows()->accounts(stream()).empty());
  }
}

TEST_CASE("rows of accounts count among the bytes of a transfer, and a neighbour's word makes none another's",
          "[L441-2-7-4-1]") {
  passing_nodes all;
  for (std::uint8_t byte = 5; byte < 9; ++byte)
    write_in_dossier(all.first, byte, 0, law::applicant_account_opened{account_at(byte)},
                     {account_at(byte), bytes(2560, byte), subject_at(byte)});
  auto part = all.first.journal->open_transfers()->read(stream(), 0, 4000);
  CHECK(part->entries.size() == 2);
  REQUIRE(part->accounts.size() == 1);
  CHECK(part->accounts[0].subject == subject_at(5));
  auto brought = all.with_hosts(*part);
  brought.accounts.push_back({account_at(6), bytes{6}, subject_at(6)});
  brought.accounts.push_back({account_at(5), {}, subject_at(5)});
  SECTION("nor larger than any is") {
    brought.accounts[0].sealed.push_back(5);
    REQUIRE(all.next.writer().stage_transfer(brought).status == transfer_status::stored);
    REQUIRE(all.next.writer().sync().entries);
    CHECK(all.next.rows()->accounts(stream()).empty());
  }
  SECTION("and the largest that there may be") {
    REQUIRE(all.next.writer().stage_transfer(brought).status == transfer_status::stored);
    REQUIRE(all.next.writer().sync().entries);
    auto held = all.next.rows()->accounts(stream());
    REQUIRE(held.size() == 1);
    CHECK(held[0].sealed == bytes(2560, 5));
  }
}

} // namespace toit::journal::test
