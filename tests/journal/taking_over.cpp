#include "journal/sqlite.hpp"
#include "tests/journal/passing.hpp"
#include "tests/journal/proving.hpp"

#include <catch2/generators/catch_generators.hpp>

namespace toit::journal::test {

namespace {

using ports::adoption_status;
using ports::append_status;
using ports::transfer_status;

constexpr const char* a_number = "093112600000193001";
constexpr const char* another_number = "093112600000293002";

/// A cut of epoch 1 that these keys sign, as it would travel.
template <class Change>
ports::transfer cut_after(store_reader& rows, std::uint64_t seq, const node_keys& keys, Change change) {
  signing_key signer{keys.signing_seed};
  auto before = rows.entry(stream(), seq).value();
  law::authority_cut cut{1, law::text<16>{"SR11"}, 12, seq, before.link, signer.public_half(), {}};
  change(cut);
  auto content = encode(record_of(cut));
  entry_header header{
      seq + 1, 1, before.header.recorded_at_ms, subject_of_keys(stream()), 0, commitment_of({}, content)};
  ports::signed_head head;
  head.stream = stream();
  head.epoch = 1;
  head.first = head.seq = seq + 1;
  head.link = next_link(before.link, leaf_of(header));
  signer.sign(head);
  ports::transfer made;
  made.stream = stream();
  made.entries.push_back({header.seq, header.epoch, static_cast<std::uint64_t>(header.recorded_at_ms), header.subject,
                          0, header.commitment, bytes{}, std::move(content)});
  made.heads.push_back(head);
  return made;
}

ports::append_ptr closing_of(node& host) {
  auto closing = std::make_shared<ports::append>();
  closing->stream = stream();
  closing->closes = true;
  closing->drafts.push_back(host.draft({}, record_of(law::stream_closing{1, law::text<64>{"next"}})));
  return closing;
}

} // namespace

TEST_CASE("who takes a stream over goes on where its replica ends, and reads all of it", "[L441-2-7-4-1]") {
  passing_nodes all;
  passing_nodes::write(all.first, 1, 0, 5);
  REQUIRE(passing_nodes::register_number(all.first, 2, a_number).status == append_status::appended);
  REQUIRE(all.bring(all.next, all.first).status == transfer_status::stored);
  auto result = all.pass_to(all.next);
  CHECK(result.status == adoption_status::adopted);
  CHECK(result.cut_seq == 4);
  CHECK(all.next.journal->goes_on_here(stream()));
  CHECK(all.next.journal->last_cut(stream()) == ports::cut_place{1, 4});
  CHECK(passing_nodes::write(all.next, 1, 2) == 5);
  auto reader = all.next.journal->open_reader();
  CHECK(reader->read_subject(stream(), 5).front().record);
  CHECK(reader->entry(stream(), 5)->epoch == 1);
  CHECK(reader->entry(stream(), 5)->record);
  CHECK(reader->find_number(stream(), *law::nud::parse(a_number)) == law::id_of<law::dossier_id>(subject_at(2)));
  CHECK(passing_nodes::register_number(all.next, 3, a_number).status == append_status::number_taken);
  auto repeated = all.next.write(all.next.asked(subject_at(1), 0, "note", id_with<law::command_id>(5)));
  CHECK(repeated.status == append_status::repeated);
  CHECK(repeated.first_seq == 2);
  CHECK(all.pass_to(all.next).status == adoption_status::adopted);
  auto report = all.next.verify();
  CHECK(report.faults.empty());
  CHECK(report.epochs == std::vector<verified_epoch>{{1, 4, "SR11", 12}, {2, 6, "SR11", 13}});
}

TEST_CASE("a stream that was taken over is loaded after a restart, and asked again it is not cut again",
          "[L441-2-7-4-1]") {
  passing_nodes all;
  passing_nodes::write(all.first, 1, 0);
  all.bring(all.next, all.first);
  REQUIRE(all.pass_to(all.next).status == adoption_status::adopted);
  passing_nodes::write(all.next, 1, 2);
  bool keeps = GENERATE(true, false);
  if (keeps)
    all.next.writer().keep();
  all.next.open_as_it_is();
  bool loads = GENERATE(true, false);
  if (loads)
    all.next.journal->load(stream());
  auto again = all.next.writer().adopt(all.asked(1));
  CHECK(again.status == adoption_status::adopted);
  CHECK(again.cut_seq == 3);
  CHECK(passing_nodes::write(all.next, 1, 4) == 5);
  CHECK(all.next.verify().faults.empty());
  CHECK(all.next.writer().adopt(all.asked(1)).cut_seq == 3);
  all.next.crash();
  all.next.open_as_it_is();
  all.next.journal->load(stream());
  CHECK(passing_nodes::write(all.next, 1, 5) == 6);
}

TEST_CASE("a replica follows over the cut, in parts of any size", "[L441-2-7-4-1]") {
  passing_nodes all;
  passing_nodes::write(all.first, 1, 0);
  all.bring(all.next, all.first);
  all.pass_to(all.next);
  passing_nodes::write(all.next, 1, 2);
  std::size_t most = GENERATE(std::size_t{1}, std::size_t{1} << 20);
  auto result = all.bring(all.third, all.next, 0, most);
  CHECK(result.status == transfer_status::stored);
  CHECK(result.keys_there);
  CHECK(result.now.epoch == 1);
  CHECK(all.third.rows()->entries(stream(), 0, 100) == all.next.rows()->entries(stream(), 0, 100));
  CHECK(passing_nodes::verified(all.third).faults.empty());
  CHECK(all.third.journal->open_transfers()->cuts(stream()) == std::vector<ports::cut_place>{{1, 3}});
  CHECK(all.third.journal->open_transfers()->has_keys_for(stream(), operating_public(all.escrow_secret)));
  CHECK_FALSE(all.third.journal->goes_on_here(stream()));
  CHECK_THROWS_AS(all.third.journal->load(stream()), store_broken);
  auto rows = all.third.rows();
  CHECK(signers_of(*rows, stream()) == std::vector{all.hosts[0], all.hosts[1]});
}

TEST_CASE("an epoch that the ordering stream has not opened, or has opened for another, is not taken",
          "[L441-2-7-4-1]") {
  passing_nodes all;
  passing_nodes::write(all.first, 1, 0);
  all.bring(all.next, all.first);
  all.bring(all.third, all.first);
  all.pass_to(all.next);
  auto hosts = all.hosts;
  all.hosts = {hosts[0]};
  CHECK(all.bring(all.third, all.next).status == transfer_status::unordered);
  all.hosts = {hosts[0], all.third.journal->signer()};
  CHECK(all.bring(all.third, all.next).status == transfer_status::bad_signature);
  all.hosts = {hosts[0], hosts[0]};
  CHECK(all.bring(all.third, all.next).status == transfer_status::bad_signature);
  CHECK(passing_nodes::end_of(all.third) == 2);
  all.hosts = hosts;
  CHECK(all.bring(all.third, all.next).status == transfer_status::stored);
}

TEST_CASE("the former host's key neither signs after the cut nor cuts", "[L441-2-7-4-1]") {
  passing_nodes all;
  passing_nodes::write(all.first, 1, 0);
  all.bring(all.next, all.first);
  all.bring(all.third, all.first);
  all.pass_to(all.next);
  passing_nodes::write(all.next, 1, 2);
  auto brought = all.with_hosts(*all.next.journal->open_transfers()->read(stream(), 2, 1U << 20));
  signing_key former{fixed_keys().signing_seed};
  auto refused = [&](const ports::transfer& given) {
    auto result = all.third.writer().stage_transfer(given);
    REQUIRE(all.third.writer().sync().entries);
    CHECK(passing_nodes::end_of(all.third) == 2);
    return result.status;
  };
  auto signed_last = brought;
  former.sign(signed_last.heads[1]);
  CHECK(refused(signed_last) == transfer_status::bad_signature);
  auto signed_cut = brought;
  former.sign(signed_cut.heads[0]);
  CHECK(refused(signed_cut) == transfer_status::bad_signature);
  auto joined = brought;
  joined.heads.erase(joined.heads.begin());
  joined.heads[0].first = 3;
  signing_key{fixed_keys(40).signing_seed}.sign(joined.heads[0]);
  CHECK(refused(joined) == transfer_status::altered);
  auto altered = brought;
  altered.entries[0].epoch = 2;
  CHECK(refused(altered) != transfer_status::stored);
  auto revoked = brought;
  revoked.signers.clear();
  revoked.revoked = {all.hosts[1]};
  CHECK(refused(revoked) == transfer_status::bad_signature);
  // It cuts for itself.
  all.first.writer().adopt(all.asked(1));
  CHECK(all.bring(all.third, all.first).status == transfer_status::bad_signature);
  auto result = all.third.writer().stage_transfer(brought);
  CHECK(result.status == transfer_status::stored);
}

TEST_CASE("what is here beyond the cut is left out, and kept", "[L441-2-7-4-1]") {
  passing_nodes all;
  passing_nodes::write(all.first, 1, 0);
  all.bring(all.next, all.first);
  REQUIRE(passing_nodes::register_number(all.first, 2, a_number).status == append_status::appended);
  passing_nodes::write(all.first, 1, 2, 9);
  all.bring(all.third, all.first);
  all.third.writer().stage_mark(mark_at(*all.first.rows(), 3));
  all.third.writer().stage_mark(mark_at(*all.first.rows(), 2, 1));
  REQUIRE(all.third.writer().sync().entries);
  all.pass_to(all.next);
  passing_nodes::write(all.next, 3, 0);
  all.first.writer().release(stream());
  for (auto* holder : {&all.third, &all.first}) {
    auto lost = holder->rows()->entries(stream(), 2, 10);
    auto result = all.bring(*holder, all.next, 1);
    CHECK(result.status == transfer_status::stored);
    CHECK(holder->rows()->entries(stream(), 0, 100) == all.next.rows()->entries(stream(), 0, 100));
    CHECK(holder->rows()->orphan_entries(stream(), 1, 0, 10) == lost);
    auto report = passing_nodes::verified(*holder);
    CHECK(report.faults.empty());
    CHECK(report.tails == std::vector<verified_tail>{{1, 2}});
    CHECK(holder->journal->open_transfers()->orphan_tails() ==
          std::vector<ports::orphan_position>{{stream(), 1, 4, lost[1].link}});
  }
  CHECK(all.third.rows()->last_marks(stream()).size() == 1);
  CHECK(all.third.rows()->orphan_marks(stream(), 1, 0).size() == 1);
  auto orphans = all.first.journal->open_reader()->orphans(stream(), 0, 0, 10);
  REQUIRE(orphans.size() == 2);
  CHECK(orphans[0].cut == 1);
  CHECK(orphans[1].entry.record->command == id_with<law::command_id>(9));
  CHECK_FALSE(orphans[0].witnessed);
  CHECK(all.first.journal->open_reader()->orphans(stream(), 1, 3, 10).size() == 1);
  CHECK(all.first.journal->open_reader()->orphans(stream(), 1, 4, 10).empty());
  CHECK(all.first.journal->open_reader()->orphans(stream(), 0, 0, 1).size() == 1);
  auto held = all.third.journal->open_reader()->orphans(stream(), 0, 0, 10);
  REQUIRE(held.size() == 2);
  CHECK(held[0].witnessed);
  CHECK_FALSE(held[1].witnessed);
  CHECK_FALSE(held[0].entry.record);
  CHECK_FALSE(all.first.journal->open_reader()->find_number(stream(), *law::nud::parse(a_number)));
}

TEST_CASE("a cut follows a whole batch that is here, and names it", "[L441-2-7-4-1]") {
  passing_nodes all;
  all.first.stage(all.first.asked(subject_at(1), 0, "one"));
  all.first.stage(all.first.asked(subject_at(2), 0, "two"));
  REQUIRE(all.first.writer().sync().entries);
  passing_nodes::write(all.first, 1, 2);
  all.bring(all.third, all.first);
  all.hosts.push_back(all.next.journal->signer());
  auto status_after = [&](std::uint64_t seq, auto change) {
    auto made = cut_after(*all.third.rows(), seq, fixed_keys(40), change);
    auto status = all.third.writer().stage_transfer(all.with_hosts(made)).status;
    REQUIRE(all.third.writer().sync().entries);
    return status;
  };
  auto as_it_is = [](law::authority_cut&) {};
  CHECK(status_after(2, as_it_is) == transfer_status::altered);
  CHECK(status_after(3, [](auto& cut) { cut.previous_seq = 2; }) != transfer_status::stored);
  CHECK(status_after(3, [](auto& cut) { cut.previous_link[0] ^= 1; }) != transfer_status::stored);
  CHECK(status_after(3, [](auto& cut) { cut.epoch = 2; }) != transfer_status::stored);
  CHECK(status_after(4, [](auto& cut) { cut.previous_seq = 3; }) == transfer_status::bad_signature);
  CHECK(all.third.rows()->orphan_tails().empty());
  CHECK(status_after(3, as_it_is) == transfer_status::stored);
  CHECK(passing_nodes::end_of(all.third) == 4);
  CHECK(all.third.rows()->orphan_tails().size() == 1);
}

TEST_CASE("an orphan tail is taken in parts, once, and only as the former host signed it", "[L441-2-7-4-1]") {
  passing_nodes all;
  passing_nodes::write(all.first, 1, 0);
  all.bring(all.next, all.first);
  passing_nodes::write(all.first, 2, 0);
  passing_nodes::write(all.first, 3, 0);
  auto early = ports::orphan_tail{stream(), 1, {}, {}, {}, {}, {all.hosts[0]}};
  CHECK(all.next.writer().stage_orphans(early).status == transfer_status::gap);
  all.pass_to(all.next);
  all.first.writer().release(stream());
  REQUIRE(all.bring(all.first, all.next, 1).status == transfer_status::stored);
  auto read = [&](std::uint64_t after, std::size_t most) {
    auto tail = *all.first.journal->open_transfers()->read_orphans(stream(), 1, after, most);
    tail.signers = {all.hosts[0]};
    return tail;
  };
  auto take = [&](const ports::orphan_tail& tail) {
    auto result = all.next.writer().stage_orphans(tail);
    REQUIRE(all.next.writer().sync().entries);
    return result;
  };
  CHECK(take(read(3, 1)).status == transfer_status::gap);
  auto forged = read(0, 1);
  forged.heads[0].signature[0] ^= 1;
  CHECK(take(forged).status == transfer_status::bad_signature);
  auto by_another = read(0, 1);
  by_another.signers = {all.hosts[1]};
  CHECK(take(by_another).status == transfer_status::bad_signature);
  auto altered = read(0, 1);
  altered.entries[0].content->at(0) ^= 1;
  CHECK(take(altered).status == transfer_status::altered);
  auto uncovered = read(0, 1);
  uncovered.heads.clear();
  CHECK(take(uncovered).status == transfer_status::altered);
  auto backwards = read(0, 1U << 20);
  std::swap(backwards.heads.at(0), backwards.heads.at(1));
  backwards.heads[0].first = 3;
  backwards.heads[1].first = 5;
  CHECK(take(backwards).status == transfer_status::altered);
  CHECK(all.next.rows()->orphan_tails().empty());
  auto part = take(read(0, 1));
  CHECK(part.status == transfer_status::stored);
  CHECK(part.now.seq == 3);
  auto other = read(0, 1U << 20);
  other.entries[0].recorded_at_ms += 1;
  CHECK(take(other).status == transfer_status::forked);
  auto marked = read(0, 1U << 20);
  marked.marks.push_back(mark_at(*all.first.rows(), 2));
  CHECK(take(marked).status == transfer_status::altered);
  CHECK(take(read(0, 1U << 20)).status == transfer_status::stored);
  CHECK(take(read(0, 1U << 20)).status == transfer_status::known);
  CHECK(take(read(3, 1)).status == transfer_status::known);
  CHECK_FALSE(all.first.journal->open_transfers()->read_orphans(stream(), 1, 4, 1));
  CHECK(all.next.rows()->orphan_entries(stream(), 1, 0, 10) == all.first.rows()->orphan_entries(stream(), 1, 0, 10));
  CHECK(all.next.journal->open_reader()->orphans(stream(), 0, 0, 10)[1].entry.record);
  CHECK(all.next.verify().tails == std::vector<verified_tail>{{1, 2}});
}

TEST_CASE("a stream is not taken over without its keys, where it was not closed, or too late", "[L441-2-7-4-1]") {
  passing_nodes all;
  CHECK(all.next.writer().adopt(all.asked(1)).status == adoption_status::nothing);
  passing_nodes::write(all.first, 1, 0);
  all.bring(all.next, all.first);
  auto asked = all.asked(1);
  asked.secrets.clear();
  CHECK(all.next.writer().adopt(asked).status == adoption_status::locked);
  asked.secrets = {bytes_with(91)};
  CHECK(all.next.writer().adopt(asked).status == adoption_status::locked);
  auto last = *all.next.journal->open_transfers()->position(stream());
  asked = all.asked(1);
  asked.closed_at = std::pair{last.seq + 1, last.link};
  CHECK(all.next.writer().adopt(asked).status == adoption_status::apart);
  asked.closed_at = std::pair{last.seq, bytes_with(1)};
  CHECK(all.next.writer().adopt(asked).status == adoption_status::apart);
  CHECK(passing_nodes::end_of(all.next) == 2);
  CHECK_FALSE(all.next.journal->goes_on_here(stream()));
  asked.closed_at = std::pair{last.seq, last.link};
  CHECK(all.next.writer().adopt(asked).status == adoption_status::adopted);
  all.hosts.push_back(all.next.journal->signer());
  all.bring(all.third, all.next, 0);
  CHECK(all.third.writer().adopt(all.asked(1)).status == adoption_status::later);
  CHECK(all.third.writer().adopt(all.asked(2)).status == adoption_status::adopted);
  CHECK(all.third.writer().adopt(all.asked(1)).status == adoption_status::later);
}

TEST_CASE("where nobody had a node the stream begins with its opening, and its cut", "[L441-2-7-4-1]") {
  passing_nodes all;
  all.hosts = {all.next.journal->signer(), all.next.journal->signer()};
  auto asked = all.asked(1);
  asked.opening = record_of(law::stream_opened{*law::siren::parse("200057867"), law::text<120>{"Test"},
                                               law::text<16>{"training"}, all.next.journal->signer()});
  auto result = all.next.writer().adopt(asked);
  CHECK(result.status == adoption_status::adopted);
  CHECK(result.cut_seq == 2);
  CHECK(passing_nodes::write(all.next, 1, 0) == 3);
  CHECK(passing_nodes::register_number(all.next, 2, a_number).status == append_status::appended);
  CHECK(all.next.verify().faults.empty());
  auto brought = *all.next.journal->open_transfers()->read(stream(), 0, 1U << 20);
  brought.epoch = 1;
  brought.signers = {all.hosts[0]};
  brought.escrow = operating_public(all.escrow_secret);
  auto taken = all.third.writer().stage_transfer(brought);
  CHECK(taken.status == transfer_status::stored);
  CHECK(taken.keys_there);
}

TEST_CASE("a stream that is closed or another's takes no append, and repeats what it answered", "[L441-2-7-4-1]") {
  passing_nodes all;
  auto second = passing_nodes::write(all.first, 1, 0, 5);
  bool closes = GENERATE(true, false);
  bool restarts = closes && GENERATE(true, false);
  if (closes)
    CHECK(all.first.write(closing_of(all.first)).status == append_status::appended);
  else
    all.first.writer().release(stream());
  if (restarts) {
    all.first.writer().keep();
    all.first.open();
  }
  CHECK(all.first.write(all.first.asked(subject_at(1), second, "late")).status == append_status::fenced);
  auto question = std::make_shared<ports::append>();
  question->stream = stream();
  question->command = id_with<law::command_id>(6);
  CHECK(all.first.write(question).status == append_status::fenced);
  question->command = id_with<law::command_id>(5);
  CHECK(all.first.write(question).status == append_status::repeated);
}

TEST_CASE("a closing that found no room closes nothing", "[L441-2-7-4-1]") {
  passing_nodes all;
  all.first.disk.set_room(0);
  CHECK(all.first.write(closing_of(all.first)).status == append_status::read_only);
  all.first.disk.set_room({});
  all.first.writer().probe();
  CHECK(passing_nodes::write(all.first, 1, 0) == 2);
}

TEST_CASE("the first host takes its stream back, with the numbers and subjects as they are by then", "[L441-2-7-4-1]") {
  passing_nodes all;
  passing_nodes::write(all.first, 1, 0);
  REQUIRE(passing_nodes::register_number(all.first, 2, a_number).status == append_status::appended);
  all.bring(all.next, all.first);
  REQUIRE(passing_nodes::register_number(all.first, 3, another_number).status == append_status::appended);
  all.pass_to(all.next);
  passing_nodes::erase_registered(all.next, 2, 3, a_number);
  REQUIRE(passing_nodes::register_number(all.next, 4, another_number).status == append_status::appended);
  REQUIRE(passing_nodes::register_number(all.next, 5, a_number).status == append_status::appended);
  REQUIRE(all.next.writer().seal_keys_to(stream(), operating_public(all.first.keys.operating_secret)));
  all.first.writer().release(stream());
  REQUIRE(all.bring(all.first, all.next, 1).status == transfer_status::stored);
  CHECK_FALSE(all.first.journal->goes_on_here(stream()));
  all.next.writer().release(stream());
  auto asked = all.asked(2);
  asked.secrets.clear();
  all.hosts.push_back(all.hosts[0]);
  CHECK(all.first.writer().adopt(asked).status == adoption_status::adopted);
  bool restarts = GENERATE(true, false);
  if (restarts) {
    all.first.open_as_it_is();
    REQUIRE(all.first.journal->goes_on_here(stream()));
    all.first.journal->load(stream());
  }
  auto reader = all.first.journal->open_reader();
  CHECK(reader->find_number(stream(), *law::nud::parse(a_number)) == law::id_of<law::dossier_id>(subject_at(5)));
  CHECK(reader->find_number(stream(), *law::nud::parse(another_number)) == law::id_of<law::dossier_id>(subject_at(4)));
  CHECK(all.first.write(all.first.asked(subject_at(4), 0, "stale")).status == append_status::stale);
  passing_nodes::write(all.first, 4, 6);
  auto report = all.first.verify();
  CHECK(report.faults.empty());
  CHECK(report.epochs.size() == 2);
  CHECK(report.signers == std::vector{all.hosts[0], all.hosts[1], all.hosts[0]});
  CHECK(all.bring(all.next, all.first).status == transfer_status::stored);
  CHECK(all.bring(all.third, all.first, 0, 1).status == transfer_status::stored);
  CHECK(passing_nodes::verified(all.third).faults.empty());
  auto proved = make_proof(*all.first.rows(), stream(), subject_at(4), nullptr, {}).value();
  CHECK(verify_proof(proved, {}).accepted());
  CHECK(verify_proof(proved, std::vector{known_signer{stream(), all.hosts[0]}, known_signer{stream(), all.hosts[1]}})
            .accepted());
  CHECK_FALSE(verify_proof(proved, std::vector{known_signer{stream(), all.hosts[0]}}).accepted());
}

namespace {

/// An account with its secrets, as the host of the stream seals them.
void open_sealed_account(node& by, law::agent_id account) {
  auto append = std::make_shared<ports::append>();
  append->stream = stream();
  law::account_opened opened{};
  opened.account = account;
  append->drafts.push_back(by.draft(law::subject_of(account), record_of(opened)));
  append->accounts.push_back({account, by.journal->seal_local(stream(), accounts_purpose, bytes{1})});
  REQUIRE(by.write(append).status == append_status::appended);
}

bool has_own_keys(const node& of) {
  return std::ranges::any_of(of.rows()->keys(), [&](const sealed_key& key) {
    return key.recipient == operating_public(of.keys.operating_secret);
  });
}

bool reads(const node& of, std::uint64_t seq) {
  return of.journal->open_reader()->entry(stream(), seq)->record != nullptr;
}

} // namespace

TEST_CASE("who has handed a stream back opens it no more, follows it, and takes it over again by an act alone",
          "[L441-2-7-4-1]") {
  passing_nodes all;
  passing_nodes::write(all.first, 1, 0, 5);
  open_sealed_account(all.first, id_with<law::agent_id>(11));
  all.bring(all.next, all.first);
  REQUIRE(all.pass_to(all.next).status == adoption_status::adopted);
  REQUIRE(passing_nodes::register_number(all.next, 2, a_number).status == append_status::appended);
  REQUIRE(all.next.writer().seal_keys_to(stream(), operating_public(all.first.keys.operating_secret)));
  // Its own it goes on to open.
  REQUIRE(all.next.writer().let_open(stream(), false));
  CHECK(reads(all.next, 2));
  all.give_back();
  REQUIRE(all.bring(all.next, all.first).status == transfer_status::stored);
  REQUIRE(reads(all.next, 2));

  REQUIRE(all.next.writer().let_open(stream(), false));
  bool restarts = GENERATE(true, false);
  if (restarts) {
    all.next.open_as_it_is();
    REQUIRE(all.next.writer().let_open(stream(), false));
  }
  CHECK_FALSE(has_own_keys(all.next));
  CHECK_FALSE(reads(all.next, 2));
  CHECK(all.next.rows()->accounts(stream()).size() == 1);
  auto question = std::make_shared<ports::append>();
  question->stream = stream();
  question->command = id_with<law::command_id>(5);
  CHECK(all.next.write(question).status == append_status::fenced);
  passing_nodes::write(all.first, 1, 2);
  // They travel with all the others, and are not taken.
  auto followed = all.bring(all.next, all.first, 0);
  CHECK(followed.status == transfer_status::stored);
  CHECK(followed.keys_there);
  CHECK(followed.content_there);
  CHECK_FALSE(has_own_keys(all.next));

  auto again = all.asked(3);
  again.secrets.clear();
  CHECK(all.next.writer().adopt(again).status == adoption_status::locked);
  CHECK(all.pass_to(all.next).status == adoption_status::adopted);
  CHECK(reads(all.next, 2));
  auto rows = all.next.rows()->accounts(stream());
  REQUIRE(rows.size() == 1);
  CHECK(all.next.journal->open_local(stream(), accounts_purpose, rows[0].sealed) == bytes{1});
  CHECK(all.next.journal->open_reader()->find_number(stream(), *law::nud::parse(a_number)));
  CHECK(all.next.verify().faults.empty());
}

TEST_CASE("a power cut while keys are given up leaves them or takes them all", "[L441-2-7-4-1]") {
  bool ended = false;
  for (std::uint64_t writes = 0; !ended; ++writes) {
    passing_nodes all;
    open_sealed_account(all.first, id_with<law::agent_id>(11));
    REQUIRE(passing_nodes::register_number(all.first, 2, a_number).status == append_status::appended);
    auto number = all.first.journal->keys()->of(stream())->number_key(*law::nud::parse(a_number));
    all.bring(all.next, all.first);
    all.pass_to(all.next);
    all.next.writer().release(stream());
    all.next.disk.fail_after(writes);
    try {
      all.next.writer().let_open(stream(), false);
      ended = !all.next.disk.down();
    } catch (const std::runtime_error&) {
    }
    all.next.crash();
    all.next.open_as_it_is();
    CHECK(has_own_keys(all.next) == all.next.rows()->find_number(stream(), number).has_value());
    REQUIRE(all.next.writer().let_open(stream(), false));
    CHECK_FALSE(has_own_keys(all.next));
    CHECK_FALSE(all.next.rows()->find_number(stream(), number));
    CHECK(all.next.rows()->accounts(stream()).size() == 1);
    REQUIRE(writes < 100);
  }
}

TEST_CASE("a tampered cut, a second epoch without one, and a tampered tail are faults", "[L441-2-7-4-1]") {
  passing_nodes all;
  passing_nodes::write(all.first, 1, 0);
  all.bring(all.next, all.first);
  passing_nodes::write(all.first, 2, 0);
  all.pass_to(all.next);
  passing_nodes::write(all.next, 1, 2);
  all.first.writer().release(stream());
  REQUIRE(all.bring(all.first, all.next, 1).status == transfer_status::stored);
  REQUIRE(passing_nodes::verified(all.first).faults.empty());
  auto reasons_after = [&](const std::string& damage) {
    all.first.journal.reset();
    auto copy = all.first.disk.copy();
    sqlite_database{node::path, sqlite_access::read_write, all.first.disk.vfs()}.execute(damage);
    auto reasons = reasons_of_faults(passing_nodes::verified(all.first));
    all.first.disk.restore(copy);
    return reasons;
  };
  auto place = [](std::uint64_t seq) { return std::to_string((std::uint64_t{1} << 44) + seq); };
  auto has = [](const std::vector<fault_reason>& found, fault_reason sought) {
    return std::ranges::find(found, sought) != found.end();
  };
  using enum fault_reason;
  CHECK(has(reasons_after("UPDATE entry SET epoch = 2 WHERE place >= " + place(3)), cut));
  CHECK(has(reasons_after("UPDATE entry SET epoch = 1 WHERE place = " + place(2)), no_cut));
  CHECK(has(reasons_after("UPDATE entry SET nonce = NULL, content = NULL WHERE place = " + place(3)), no_cut));
  CHECK(has(reasons_after("UPDATE head SET first = 2 WHERE place = " + place(3)), cut));
  CHECK(has(reasons_after("DELETE FROM head WHERE place = " + place(3)), cut));
  CHECK(has(reasons_after("UPDATE head SET signature = zeroblob(64) WHERE place = " + place(3)), head_signature));
  CHECK(reasons_after("UPDATE orphan_entry SET content = zeroblob(70)") == std::vector{orphan_tail});
  CHECK(reasons_after("UPDATE orphan_entry SET link = zeroblob(32)") == std::vector{orphan_tail});
  CHECK(reasons_after("UPDATE orphan_head SET signature = zeroblob(64)") == std::vector{orphan_tail});
  CHECK(reasons_after("DELETE FROM orphan_head") == std::vector{orphan_tail});
  CHECK(reasons_after("UPDATE orphan_head SET first = 2") == std::vector{orphan_tail});
}

TEST_CASE("a power cut at any write leaves the stream taken over, or as it was", "[L441-2-7-4-1]") {
  bool ended = false;
  unsigned cut_short = 0;
  for (std::uint64_t writes = 0; !ended; writes += 3) {
    passing_nodes all;
    passing_nodes::write(all.first, 1, 0);
    all.bring(all.next, all.first);
    all.next.disk.fail_after(writes);
    try {
      all.next.writer().adopt(all.asked(1));
      ended = !all.next.disk.down();
    } catch (const std::runtime_error&) {
      ++cut_short;
    }
    all.next.crash();
    all.next.open_as_it_is();
    auto end = passing_nodes::end_of(all.next);
    CHECK(end == (all.next.journal->goes_on_here(stream()) ? 3 : 2));
    CHECK(all.pass_to(all.next).cut_seq == 3);
    passing_nodes::write(all.next, 1, 2);
    CHECK(all.next.verify().faults.empty());
    REQUIRE(writes < 300);
  }
  CHECK(cut_short > 1);
}

TEST_CASE("on a full disk the stream is not taken over until there is room", "[L441-2-7-4-1]") {
  passing_nodes all;
  passing_nodes::write(all.first, 1, 0);
  all.bring(all.next, all.first);
  all.next.disk.set_room(0);
  CHECK(all.next.writer().adopt(all.asked(1)).status == adoption_status::read_only);
  CHECK(all.next.writer().read_only());
  CHECK(passing_nodes::end_of(all.next) == 2);
  all.next.disk.set_room({});
  all.next.writer().probe();
  CHECK(all.next.writer().adopt(all.asked(1)).status == adoption_status::adopted);
}

TEST_CASE("a stream of this node's own that another has taken over meanwhile is its own no more", "[L441-2-7-4-1]") {
  passing_nodes all;
  passing_nodes::write(all.first, 1, 0);
  all.bring(all.next, all.first);
  passing_nodes::write(all.first, 2, 0, 7);
  all.pass_to(all.next);
  all.first.writer().hold_back(stream(), true);
  CHECK(all.bring(all.first, all.next, 1).status == transfer_status::stored);
  CHECK(all.first.last_seq() == 0);
  CHECK(all.first.write(all.first.asked(subject_at(1), 2, "late")).status == append_status::fenced);
  // What it answered with is part of the stream no more.
  CHECK(all.first.write(all.first.asked(subject_at(2), 0, "late", id_with<law::command_id>(7))).status ==
        append_status::fenced);
  CHECK_FALSE(all.first.journal->goes_on_here(stream()));
  passing_nodes::write(all.next, 1, 2);
  CHECK(all.bring(all.first, all.next).status == transfer_status::stored);
}

TEST_CASE("what was sealed before a stream was opened again for its own host is sealed anew", "[L441-2-7-4-1]") {
  passing_nodes all;
  passing_nodes::write(all.first, 1, 0);
  auto sealed = all.first.asked(subject_at(2), 0, "note");
  REQUIRE(all.first.write(closing_of(all.first)).status == append_status::appended);
  REQUIRE(all.pass_to(all.first).status == adoption_status::adopted);
  CHECK(all.first.write(sealed).status == append_status::stale);
  CHECK(passing_nodes::write(all.first, 2, 0) == 5);
  all.first.open_as_it_is();
  all.first.journal->load(stream());
  CHECK(all.first.journal->open_reader()->entry(stream(), 5)->record);
}

} // namespace toit::journal::test
