#include "journal/writer.hpp"

#include "journal/codec.hpp"
#include "journal/sqlite.hpp"
#include "tests/journal/node.hpp"

#include <catch2/catch_test_macros.hpp>
#include <utility>

using namespace toit;
using namespace toit::journal;
using journal::test::bytes_with;
using journal::test::id_with;
using enum ports::append_status;

namespace {

const auto subject = id_with<law::subject_id>(1);
const auto command = id_with<law::command_id>(1);

ports::log_line refusal_of(law::command_id id, law::bytes32 request = {}, const char* because = "Non.") {
  ports::log_line line;
  line.attempt = true;
  line.command = id;
  line.request = request;
  line.refusal = {law::refusal_code::bad_order, "R441-2-15-I-9", because, {}, {}};
  return line;
}

/// Stages and syncs a refusal; answers what its sender is told.
ports::append_result refuse(test::node& node, const ports::log_line& line) {
  auto told = node.writer().stage_refusal(line);
  node.writer().sync();
  return told;
}

test::node& opened(test::node& node) {
  node.open();
  return node;
}

} // namespace

TEST_CASE("a repeated command gets the entries that it gave the first time", "[journal][writer][R441-2-15-I-9]") {
  test::node node;
  opened(node);
  auto append = node.asked(subject, 0, "a", command, bytes_with(1));
  append->drafts.push_back(
      node.draft(id_with<law::subject_id>(2), test::record_of(test::note("b"), command, bytes_with(1))));
  auto first = node.write(append);
  REQUIRE(first.status == appended);
  CHECK(first.first_seq == 2);
  CHECK(first.last_seq == 3);
  auto again = [&] { return node.write(node.asked(subject, 2, "c", command, bytes_with(1))); };
  for (bool restarted : {false, true}) {
    if (restarted)
      node.open();
    auto result = again();
    CHECK(result.status == repeated);
    CHECK(result.first_seq == 2);
    CHECK(result.last_seq == 3);
    CHECK(result.recorded_at == first.recorded_at);
  }
  CHECK(node.last_seq() == 3);
}

TEST_CASE("a command repeated within its own group is recorded once", "[journal][writer]") {
  test::node node;
  opened(node);
  auto append = node.asked(subject, 0, "a", command, bytes_with(1));
  std::vector<ports::append_ptr> group{append, append};
  auto results = node.writer().stage(group);
  CHECK(node.writer().sync().entries);
  CHECK(results[0].status == appended);
  CHECK(results[1].status == repeated);
  CHECK(node.last_seq() == 2);
}

TEST_CASE("a command's id that comes with another request is refused", "[journal][writer]") {
  test::node node;
  opened(node);
  node.write(node.asked(subject, 0, "a", command, bytes_with(1)));
  CHECK(node.write(node.asked(subject, 2, "b", command, bytes_with(2))).status == key_reused);
  node.open();
  CHECK(node.write(node.asked(subject, 2, "b", command, bytes_with(2))).status == key_reused);
  auto refused = id_with<law::command_id>(3);
  refuse(node, refusal_of(refused, bytes_with(1)));
  CHECK(node.write(node.asked(subject, 2, "b", refused, bytes_with(2))).status == key_reused);
}

TEST_CASE("an append that read something that has moved is stale, and leaves nothing", "[journal][writer]") {
  test::node node;
  opened(node);
  auto first = node.asked(subject, 0, "a");
  auto late = node.asked(subject, 0, "b", command);
  late->registers_number = law::nud::parse("093112600000193001");
  std::vector<ports::append_ptr> group{first, late};
  auto results = node.writer().stage(group);
  node.writer().sync();
  CHECK(results[0].status == appended);
  CHECK(results[1].status == stale);
  CHECK(node.last_seq() == 2);
  CHECK_FALSE(node.journal->open_reader()->find_number(test::stream(), *late->registers_number));
  CHECK(node.write(node.asked(subject, 1, "c")).status == stale);
  CHECK(node.write(node.asked(subject, 2, "c", command)).status == appended);
}

TEST_CASE("a number belongs to one dossier, whether registered in the same group or before", "[journal][writer]") {
  test::node node;
  opened(node);
  auto number = law::nud::parse("093112600000193001");
  auto first = node.asked(subject, 0, "a");
  auto second = node.asked(id_with<law::subject_id>(2), 0, "b");
  first->registers_number = second->registers_number = number;
  std::vector<ports::append_ptr> group{first, second};
  auto results = node.writer().stage(group);
  node.writer().sync();
  CHECK(results[0].status == appended);
  CHECK(results[1].status == number_taken);
  CHECK(node.write(second).status == number_taken);
  CHECK(node.journal->open_reader()->find_number(test::stream(), *number) == law::id_of<law::dossier_id>(subject));
  auto gone = node.asked(subject, 2, "gone");
  gone->forgets_number = number;
  CHECK(node.write(gone).status == appended);
  CHECK(node.write(second).status == appended);
}

TEST_CASE("a refusal is answered alike for thirty days, then decided again", "[journal][writer]") {
  test::node node;
  opened(node);
  CHECK(refuse(node, refusal_of(command)).refusal.because == "Non.");
  auto told = [&] { return refuse(node, refusal_of(command, {}, "Autrement.")).refusal.because; };
  CHECK(told() == "Non.");
  node.open();
  CHECK(told() == "Non.");
  CHECK(node.write(node.asked(subject, 0, "a", command)).status == refused_before);
  node.clock->at += std::chrono::days{30};
  CHECK(told() == "Non.");
  node.clock->at += std::chrono::milliseconds{1};
  CHECK(told() == "Autrement.");
  // Of the same month's two refusals the one that still stands is told.
  CHECK(refuse(node, refusal_of(command, {}, "Encore.")).refusal.because == "Autrement.");
  node.open();
  CHECK(refuse(node, refusal_of(command, {}, "Encore.")).refusal.because == "Autrement.");
}

TEST_CASE("two refusals of one command in one group are answered alike", "[journal][writer]") {
  test::node node;
  opened(node);
  auto first = node.writer().stage_refusal(refusal_of(command, {}, "Un."));
  auto second = node.writer().stage_refusal(refusal_of(command, {}, "Deux."));
  node.writer().sync();
  CHECK(first.refusal.because == "Un.");
  CHECK(second.refusal.because == "Un.");
}

TEST_CASE("a command that was accepted is not refused when it comes again", "[journal][writer]") {
  test::node node;
  opened(node);
  node.stage(node.asked(subject, 0, "a", command));
  auto told = node.writer().stage_refusal(refusal_of(command));
  node.writer().sync();
  CHECK(told.status == repeated);
  CHECK(told.first_seq == 2);
}

TEST_CASE("a full disk undoes the whole group and makes the node read-only until there is room", "[journal][writer]") {
  test::node node;
  opened(node);
  node.write(node.asked(subject, 0, "a", command));
  node.disk.set_room(0);
  auto other = id_with<law::command_id>(2);
  auto lost = node.asked(subject, 2, std::string(400, 'x'), other);
  lost->registers_number = law::nud::parse("093112600000193001");
  CHECK(node.write(lost).status == read_only);
  CHECK(node.writer().read_only());
  CHECK(node.last_seq() == 2);
  CHECK(node.stage(node.asked(subject, 2, "b", id_with<law::command_id>(3))).status == read_only);
  CHECK(node.stage(node.asked(subject, 2, "b", command)).status == repeated);
  node.writer().sync();
  node.writer().probe();
  CHECK(node.writer().read_only());
  node.disk.set_room(1'000);
  node.writer().probe();
  CHECK(node.writer().read_only());
  node.disk.set_room({});
  node.writer().probe();
  CHECK_FALSE(node.writer().read_only());
  CHECK(node.write(lost).status == appended);
  CHECK(node.verify().faults.empty());
  node.open();
  CHECK(node.last_seq() == 3);
}

TEST_CASE("a month of the log that begins on a full disk loses its lines and not the node", "[journal][writer]") {
  test::node node;
  opened(node);
  refuse(node, refusal_of(id_with<law::command_id>(9)));
  node.disk.set_room(0);
  node.clock->at += std::chrono::days{40};
  node.writer().stage_refusal(refusal_of(command));
  CHECK_FALSE(node.writer().sync().lines);
  node.open();
  node.writer().stage_refusal(refusal_of(command));
  CHECK_FALSE(node.writer().sync().lines);
  node.disk.set_room({});
  node.writer().stage_refusal(refusal_of(command));
  CHECK(node.writer().sync().lines);
  CHECK(refuse(node, refusal_of(command, {}, "Autrement.")).refusal.because == "Non.");
}

TEST_CASE("what the writer kept saves reading, and is thrown away when it does not fit",
          "[journal][writer][snapshot]") {
  auto kept = "node/snapshots/T200057867-writer.snapshot";
  test::node node;
  opened(node);
  for (std::uint8_t i = 1; i <= 20; ++i)
    node.write(node.asked(id_with<law::subject_id>(i), 0, "a", id_with<law::command_id>(i)));
  node.writer().keep();
  node.write(node.asked(subject, 2, "tail"));
  auto check = [&] {
    node.open();
    CHECK(node.last_seq() == 22);
    CHECK(node.stage(node.asked(subject, 2, "b")).status == stale);
    CHECK(node.stage(node.asked(subject, 22, "b", id_with<law::command_id>(20))).status == repeated);
    node.writer().sync();
  };
  check();
  auto whole = node.disk.find(kept)->now;
  for (std::size_t at = 0; at < whole.size(); at += whole.size() / 7) {
    node.disk.rot(kept, at);
    check();
    node.disk.find(kept)->now = whole;
  }
  node.disk.find(kept)->now.resize(whole.size() / 2);
  check();
  // Kept by a history that this journal does not have.
  test::node elsewhere{2};
  opened(elsewhere);
  for (std::uint8_t i = 1; i <= 30; ++i)
    elsewhere.write(elsewhere.asked(id_with<law::subject_id>(i), 0, "z"));
  elsewhere.writer().keep();
  node.disk.find(kept)->now = elsewhere.disk.find(kept)->now;
  check();
}

TEST_CASE("what is in clear is read apart from the rest, in its order", "[journal][reader][L441-2-7-4-1]") {
  test::node node;
  opened(node);
  auto begun = node.last_seq();
  auto noted = node.write(node.asked(subject, 0, "sealed")).last_seq;
  auto person = id_with<law::subject_id>(2);
  auto append = node.asked(person, 0, "replaced");
  append->drafts = {node.draft(person, test::record_of(law::legal_person_registered{}))};
  auto registered = node.write(append).last_seq;
  auto erased = node.erase(subject, {noted}).last_seq;
  auto reader = node.journal->open_reader();
  auto sequences = [&](std::uint64_t after, std::uint64_t to) {
    std::vector<std::uint64_t> found;
    for (const auto& entry : reader->read_clear(test::stream(), after, to)) {
      REQUIRE(entry.record);
      found.push_back(entry.seq);
    }
    return found;
  };
  CHECK(sequences(begun, erased) == std::vector{registered, erased});
  CHECK(sequences(begun, erased - 1) == std::vector{registered});
  CHECK(sequences(registered, erased) == std::vector{erased});
  CHECK(sequences(erased, erased).empty());
  auto last = reader->read_clear(test::stream(), registered, erased);
  CHECK(std::holds_alternative<law::demande_erased>(last.front().record->event));
}

TEST_CASE("what everybody is to see is nothing to anybody once it is sealed", "[journal][reader][L441-2-7-4-1]") {
  test::node node;
  opened(node);
  auto person = id_with<law::subject_id>(2);
  auto append = node.asked(person, 0, "replaced");
  auto record = test::record_of(law::legal_person_registered{});
  auto sealed = node.draft(person, record);
  auto keys = node.journal->keys()->of(test::stream());
  auto in_clear = std::exchange(sealed.payload, keys->encrypt(keys->latest_epoch(), person, encode(record)));
  sealed.payload.epoch = keys->latest_epoch();
  sealed.payload.commitment = commitment_of(sealed.payload.nonce, sealed.payload.content);
  CHECK(in_clear.nonce.empty());
  append->drafts = {sealed};
  auto seq = node.write(append).last_seq;
  auto reader = node.journal->open_reader();
  CHECK(reader->read_clear(test::stream(), seq - 1, seq).empty());
  // This node has written it, and knows that it does not write so.
  CHECK_THROWS_AS(reader->read(test::stream(), seq - 1, 1), store_broken);
}

TEST_CASE("a clock that goes back does not take the journal along", "[journal][writer]") {
  test::node node;
  opened(node);
  auto first = node.write(node.asked(subject, 0, "a"));
  node.clock->at -= std::chrono::hours{5};
  auto second = node.write(node.asked(subject, 2, "b"));
  CHECK(second.recorded_at == first.recorded_at);
  CHECK(node.verify().faults.empty());
}

TEST_CASE("a journal in which one byte was changed is not loaded", "[journal][writer]") {
  test::node node;
  opened(node);
  node.write(node.asked(subject, 0, "a"));
  node.write(node.asked(subject, 2, "b"));
  node.journal.reset();
  {
    sqlite_database database{test::node::path, sqlite_access::read_write, node.disk.vfs()};
    database.execute("UPDATE entry SET recorded_at = recorded_at + 1 WHERE place % 17592186044416 = 2");
  }
  CHECK_THROWS_AS(node.open(), store_broken);
}
