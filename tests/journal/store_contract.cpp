#include "tests/journal/store_contract.hpp"

#include "journal/sqlite.hpp"
#include "tests/journal/node.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cstdlib>
#include <filesystem>

namespace toit::journal::test {

namespace {

const ports::stream_id& other_stream() {
  static const auto id = *ports::stream_id::parse("S130005481");
  return id;
}

entry_row row_at(std::uint64_t seq, std::uint8_t mark, std::size_t size = 100) {
  entry_row row;
  row.header = {seq, 1, 1'700'000'000'000, id_with<law::subject_id>(mark), seq - 1, bytes_with(mark)};
  row.link = bytes_with(static_cast<std::uint8_t>(mark + 1));
  row.nonce = bytes(entry_nonce_bytes, mark);
  row.content = bytes(size, mark);
  return row;
}

ports::signed_head head_at(const ports::stream_id& stream, std::uint64_t first, std::uint64_t seq) {
  ports::signed_head head;
  head.stream = stream;
  head.epoch = 4'000'000'000;
  head.first = first;
  head.seq = seq;
  head.ordering_seq = 9;
  head.link = bytes_with(3);
  head.key_id.fill(5);
  head.signature.fill(6);
  return head;
}

/// Describes a head whole, so that two can be compared.
bytes text_of(const ports::signed_head& head) {
  auto described = head_message(head);
  put(described, head.key_id);
  put(described, head.signature);
  return described;
}

void put_rows(store& rows, const stream_rows& written) {
  rows.begin();
  rows.put(written);
  rows.commit();
}

void check_entries(const store_maker& make) {
  auto rows = make();
  auto reader = rows->open_reader();
  CHECK(reader->streams().empty());
  CHECK(reader->entries(stream(), 0, 10).empty());
  CHECK_FALSE(reader->entry(stream(), 1));
  auto clear = row_at(2, 20);
  clear.nonce.clear();
  put_rows(*rows, {stream(), {row_at(1, 10), clear, row_at(3, 30, 20'000)}, {head_at(stream(), 1, 3)}, {}, {}, {}, {}});
  put_rows(*rows, {other_stream(), {row_at(1, 40)}, {head_at(other_stream(), 1, 1)}, {}, {}, {}, {}});
  CHECK(reader->streams() == std::vector{stream(), other_stream()});
  CHECK(reader->entries(stream(), 0, 10) == std::vector{row_at(1, 10), clear, row_at(3, 30, 20'000)});
  CHECK(reader->entries(stream(), 1, 1) == std::vector{clear});
  CHECK(reader->entries(stream(), 3, 1).empty());
  CHECK(reader->clear_entries(stream(), 0, 3) == std::vector{clear});
  CHECK(reader->clear_entries(stream(), 1, 2) == std::vector{clear});
  CHECK(reader->clear_entries(stream(), 2, 3).empty());
  CHECK(reader->clear_entries(stream(), 0, 1).empty());
  CHECK(reader->clear_entries(other_stream(), 0, 3).empty());
  CHECK(reader->entry(stream(), 3) == row_at(3, 30, 20'000));
  CHECK_FALSE(reader->entry(stream(), 4));
  CHECK_FALSE(reader->entry(stream(), 0));
  // A foreign entry may name any place.
  constexpr auto beyond = std::uint64_t{1} << 60;
  CHECK_FALSE(reader->entry(stream(), beyond));
  CHECK(reader->entries(stream(), beyond, 1).empty());
  CHECK(reader->heads(stream(), beyond, 1).empty());
  CHECK(reader->entries(other_stream(), 0, 10) == std::vector{row_at(1, 40)});
}

void check_last_of(const store_maker& make) {
  auto rows = make();
  auto reader = rows->open_reader();
  CHECK(reader->last_of(stream(), id_with<law::subject_id>(10)) == 0);
  put_rows(*rows, {stream(), {row_at(1, 10), row_at(2, 20), row_at(3, 10)}, {head_at(stream(), 1, 3)}, {}, {}, {}, {}});
  put_rows(*rows, {other_stream(), {row_at(1, 30)}, {head_at(other_stream(), 1, 1)}, {}, {}, {}, {}});
  CHECK(reader->last_of(stream(), id_with<law::subject_id>(10)) == 3);
  CHECK(reader->last_of(stream(), id_with<law::subject_id>(20)) == 2);
  CHECK(reader->last_of(stream(), id_with<law::subject_id>(30)) == 0);
  CHECK(reader->last_of(other_stream(), id_with<law::subject_id>(30)) == 1);
}

/// What was there is found while the reader is held, and once it is let go all that was committed meanwhile too.
void check_held_reads(const store_maker& make) {
  auto rows = make();
  auto reader = rows->open_reader();
  put_rows(*rows, {stream(),
                   {row_at(1, 10)},
                   {head_at(stream(), 1, 1)},
                   {{bytes_with(9), id_with<law::subject_id>(7)}},
                   {},
                   {},
                   {}});
  {
    held_reads held{*reader};
    CHECK(reader->entry(stream(), 1) == row_at(1, 10));
    put_rows(*rows, {stream(), {row_at(2, 20)}, {head_at(stream(), 2, 2)}, {}, {}, {}, {}});
    CHECK(reader->entries(stream(), 0, 1) == std::vector{row_at(1, 10)});
    CHECK(reader->find_number(stream(), bytes_with(9)) == id_with<law::subject_id>(7));
    // Others are not held.
    CHECK(rows->open_reader()->entry(stream(), 2) == row_at(2, 20));
  }
  CHECK(reader->entry(stream(), 2) == row_at(2, 20));
  CHECK(reader->last_head(stream())->seq == 2);
}

void check_heads(const store_maker& make) {
  auto rows = make();
  auto reader = rows->open_reader();
  CHECK_FALSE(reader->last_head(stream()));
  put_rows(*rows, {stream(), {row_at(1, 10)}, {head_at(stream(), 1, 1)}, {}, {}, {}, {}});
  put_rows(*rows, {stream(), {row_at(2, 10), row_at(3, 10)}, {head_at(stream(), 2, 3)}, {}, {}, {}, {}});
  put_rows(*rows, {other_stream(), {row_at(1, 40)}, {head_at(other_stream(), 1, 1)}, {}, {}, {}, {}});
  REQUIRE(reader->heads(stream(), 0, 10).size() == 2);
  CHECK(text_of(reader->heads(stream(), 2, 10).at(0)) == text_of(head_at(stream(), 2, 3)));
  CHECK(reader->heads(stream(), 4, 10).empty());
  CHECK(reader->heads(stream(), 0, 1).size() == 1);
  CHECK(text_of(*reader->last_head(stream())) == text_of(head_at(stream(), 2, 3)));
}

void check_rollback(const store_maker& make) {
  auto rows = make();
  auto reader = rows->open_reader();
  rows->begin();
  rows->put(stream_rows{stream(), {row_at(1, 10)}, {}, {{bytes_with(1), id_with<law::subject_id>(1)}}, {}, {}, {}});
  rows->put(stream(), {id_with<law::agent_id>(1), {1}});
  rows->put_setting("name", "value");
  CHECK(reader->entries(stream(), 0, 10).empty());
  rows->roll_back();
  CHECK(reader->streams().empty());
  CHECK(reader->accounts(stream()).empty());
  CHECK_FALSE(reader->setting("name"));
  CHECK_FALSE(reader->find_number(stream(), bytes_with(1)));
  // What a rollback took back may be written again.
  put_rows(*rows, {stream(), {row_at(1, 11)}, {}, {{bytes_with(1), id_with<law::subject_id>(2)}}, {}, {}, {}});
  CHECK(reader->entry(stream(), 1) == row_at(1, 11));
  CHECK(reader->find_number(stream(), bytes_with(1)) == id_with<law::subject_id>(2));
}

void check_erasure(const store_maker& make) {
  auto rows = make();
  auto reader = rows->open_reader();
  put_rows(*rows,
           {stream(), {row_at(1, 10), row_at(2, 20)}, {}, {{bytes_with(1), id_with<law::subject_id>(1)}}, {}, {}, {}});
  put_rows(*rows, {stream(), {row_at(3, 30)}, {}, {}, {bytes_with(1)}, {1}, {}});
  auto erased = row_at(1, 10);
  erased.nonce.clear();
  erased.content.clear();
  erased.erased = true;
  CHECK(reader->entry(stream(), 1) == erased);
  CHECK(reader->clear_entries(stream(), 0, 1).empty());
  CHECK(reader->entry(stream(), 2) == row_at(2, 20));
  CHECK_FALSE(reader->find_number(stream(), bytes_with(1)));
}

void check_the_rest(const store_maker& make) {
  auto rows = make();
  auto reader = rows->open_reader();
  signing_key signer{bytes_with(1)};
  auto key = seal_key(stream(), 3, key_purpose::index, bytes_with(9), operating_public(bytes_with(2)), signer);
  rows->begin();
  rows->put(key);
  rows->put_setting("name", "value");
  rows->commit();
  REQUIRE(reader->keys().size() == 1);
  CHECK(verify(reader->keys().front(), signer.public_half()));
  CHECK(open_key(reader->keys().front(), bytes_with(2)) == bytes_with(9));
  rows->begin();
  rows->put_setting("name", "other");
  rows->commit();
  CHECK(reader->setting("name") == "other");
  CHECK(rows->open_keeper()->checkpoint(true));
}

} // namespace

ports::witness_mark mark_at(std::uint64_t seq, const char* witness, std::uint8_t mark) {
  ports::witness_mark made;
  made.stream = stream();
  made.epoch = 3;
  made.seq = seq;
  made.link = bytes_with(mark);
  made.witness = *ports::stream_id::parse(witness);
  made.at = law::instant{std::chrono::milliseconds{1'700'000'000'000}};
  made.key_id.fill(mark);
  made.signature.fill(mark);
  return made;
}

void check_marks(const store_maker& make) {
  auto rows = make();
  auto reader = rows->open_reader();
  CHECK(reader->last_marks(stream()).empty());
  CHECK(reader->foreign_heads().empty());
  rows->begin();
  for (const auto& mark : {mark_at(2, "SR11", 1), mark_at(5, "SR11", 2), mark_at(9, "SR11", 3), mark_at(4, "SD93", 4)})
    rows->put(mark);
  rows->put(mark_at(5, "SR11", 9));
  rows->put_foreign(head_at(stream(), 4, 6));
  rows->put_foreign(head_at(stream(), 4, 6));
  rows->commit();
  CHECK(reader->last_marks(stream()) == std::vector{mark_at(4, "SD93", 4), mark_at(9, "SR11", 3)});
  CHECK(reader->marks_from(stream(), 0) == std::vector{mark_at(4, "SD93", 4), mark_at(2, "SR11", 1)});
  CHECK(reader->marks_from(stream(), 3) == std::vector{mark_at(4, "SD93", 4), mark_at(5, "SR11", 2)});
  CHECK(reader->marks_from(stream(), 5) == std::vector{mark_at(5, "SR11", 2)});
  CHECK(reader->marks_from(stream(), 10).empty());
  CHECK(reader->last_marks(other_stream()).empty());
  REQUIRE(reader->foreign_heads().size() == 1);
  CHECK(text_of(reader->foreign_heads()[0]) == text_of(head_at(stream(), 4, 6)));
}

void check_moved_tail(const store_maker& make) {
  auto rows = make();
  auto reader = rows->open_reader();
  CHECK(reader->orphan_tails().empty());
  rows->begin();
  rows->put({stream(),
             {row_at(1, 10), row_at(2, 20), row_at(3, 30), row_at(4, 40)},
             {head_at(stream(), 1, 2), head_at(stream(), 3, 4)},
             {},
             {},
             {},
             {}});
  rows->put({other_stream(), {row_at(1, 50)}, {head_at(other_stream(), 1, 1)}, {}, {}, {}, {}});
  for (auto seq : {2U, 3U, 4U})
    rows->put(mark_at(seq, "SR11", 7));
  rows->commit();
  rows->begin();
  rows->orphan(stream(), 2, 1);
  rows->put({stream(), {row_at(3, 60)}, {head_at(stream(), 3, 3)}, {}, {}, {}, {}});
  rows->commit();
  CHECK(reader->entries(stream(), 0, 10) == std::vector{row_at(1, 10), row_at(2, 20), row_at(3, 60)});
  CHECK(reader->last_head(stream())->seq == 3);
  CHECK(reader->last_marks(stream()) == std::vector{mark_at(2, "SR11", 7)});
  CHECK(reader->entries(other_stream(), 0, 10).size() == 1);
  REQUIRE(reader->orphan_tails().size() == 1);
  CHECK(reader->orphan_tails()[0] == ports::orphan_position{stream(), 1, 4, row_at(4, 40).link});
  CHECK(reader->orphan_entries(stream(), 1, 2, 10) == std::vector{row_at(3, 30), row_at(4, 40)});
  CHECK(reader->orphan_entries(stream(), 1, 3, 10) == std::vector{row_at(4, 40)});
  CHECK(reader->orphan_entries(stream(), 2, 0, 10).empty());
  CHECK(reader->orphan_entries(other_stream(), 1, 0, 10).empty());
  REQUIRE(reader->orphan_heads(stream(), 1, 3, 10).size() == 1);
  CHECK(text_of(reader->orphan_heads(stream(), 1, 4, 10)[0]) == text_of(head_at(stream(), 3, 4)));
  CHECK(reader->orphan_heads(stream(), 1, 5, 10).empty());
  CHECK(reader->orphan_marks(stream(), 1, 0) == std::vector{mark_at(3, "SR11", 7), mark_at(4, "SR11", 7)});
  CHECK(reader->orphan_marks(stream(), 1, 4) == std::vector{mark_at(4, "SR11", 7)});
  rows->begin();
  rows->orphan(stream(), 1, 2);
  rows->roll_back();
  CHECK(reader->entries(stream(), 0, 10).size() == 3);
  CHECK(reader->orphan_tails().size() == 1);
}

/// What is put twice is there once, as it was first; a payload fills what came without it.
void check_put_tail(const store_maker& make) {
  auto rows = make();
  auto reader = rows->open_reader();
  auto erased = row_at(5, 20);
  erased.nonce.clear();
  erased.content.clear();
  erased.erased = true;
  rows->begin();
  rows->put(orphan_rows{stream(), 3, {row_at(4, 10), erased}, {head_at(stream(), 4, 5)}, {mark_at(5, "SD93", 1)}, {}});
  rows->put(orphan_rows{stream(), 3, {row_at(4, 99)}, {head_at(stream(), 1, 5)}, {mark_at(5, "SD93", 2)}, {}});
  rows->put(orphan_rows{stream(), 1, {row_at(9, 30)}, {}, {mark_at(9, "SR11", 1), mark_at(9, "SD93", 1)}, {}});
  rows->put(orphan_rows{other_stream(), 2, {row_at(2, 40)}, {}, {}, {}});
  rows->commit();
  CHECK(reader->orphan_entries(stream(), 3, 0, 10) == std::vector{row_at(4, 10), erased});
  CHECK(reader->orphan_entries(stream(), 3, 0, 1) == std::vector{row_at(4, 10)});
  CHECK(text_of(reader->orphan_heads(stream(), 3, 0, 10).at(0)) == text_of(head_at(stream(), 4, 5)));
  CHECK(reader->orphan_marks(stream(), 3, 0) == std::vector{mark_at(5, "SD93", 1)});
  CHECK(reader->orphan_marks(stream(), 1, 9) == std::vector{mark_at(9, "SD93", 1), mark_at(9, "SR11", 1)});
  CHECK(reader->orphan_tails() == std::vector<ports::orphan_position>{{stream(), 1, 9, row_at(9, 30).link},
                                                                      {stream(), 3, 5, erased.link},
                                                                      {other_stream(), 2, 2, row_at(2, 40).link}});
  CHECK(reader->last_orphan_mark(stream(), 1) == 9);
  CHECK(reader->last_orphan_mark(stream(), 2) == 0);
  CHECK(reader->last_orphan_mark(other_stream(), 2) == 0);
  rows->begin();
  rows->put(orphan_rows{stream(), 3, {}, {}, {}, {}, {row_at(4, 77), row_at(5, 20), row_at(6, 20)}});
  rows->commit();
  CHECK(reader->orphan_entries(stream(), 3, 0, 10) == std::vector{row_at(4, 10), row_at(5, 20)});
}

/// Two streams may well name the same account: each has its own row of it, and nothing of one reaches the other.
void check_accounts(const store_maker& make) {
  auto rows = make();
  auto reader = rows->open_reader();
  auto account = [](std::uint8_t byte) { return id_with<law::agent_id>(byte); };
  auto about = [](std::uint8_t byte) { return id_with<law::subject_id>(byte); };
  auto set = [&](const ports::stream_id& of, std::uint8_t byte, bytes sealed) {
    rows->begin();
    rows->put(of, {account(byte), std::move(sealed)});
    rows->commit();
  };
  CHECK(reader->accounts(stream()).empty());
  set(stream(), 2, {2});
  set(stream(), 1, {1});
  set(other_stream(), 1, {7});
  set(other_stream(), 2, {9});
  auto found = reader->accounts(stream());
  REQUIRE(found.size() == 2);
  CHECK(found[0].account == account(1));
  CHECK(found[0].sealed == bytes{1});
  CHECK(found[0].subject == about(1));
  CHECK(reader->account_about(other_stream(), about(1))->sealed == bytes{7});
  set(stream(), 1, {3, 4});
  set(other_stream(), 2, {});
  set(other_stream(), 3, {});
  CHECK(reader->account_about(stream(), about(1))->sealed == bytes{3, 4});
  CHECK(reader->account_about(other_stream(), about(1))->sealed == bytes{7});
  CHECK(reader->account_about(stream(), about(2))->sealed == bytes{2});
  CHECK_FALSE(reader->account_about(other_stream(), about(2)));
  CHECK(reader->accounts(other_stream()).size() == 1);
}

void check_forgotten_numbers(const store_maker& make) {
  auto rows = make();
  auto reader = rows->open_reader();
  put_rows(*rows, {stream(), {}, {}, {{bytes_with(1), id_with<law::subject_id>(1)}}, {}, {}, {}});
  put_rows(*rows, {other_stream(), {}, {}, {{bytes_with(1), id_with<law::subject_id>(2)}}, {}, {}, {}});
  rows->begin();
  rows->forget_numbers(stream());
  rows->commit();
  CHECK_FALSE(reader->find_number(stream(), bytes_with(1)));
  CHECK(reader->find_number(other_stream(), bytes_with(1)));
}

void check_deleted_keys(const store_maker& make) {
  auto rows = make();
  auto reader = rows->open_reader();
  rows->begin();
  for (const auto& of : {stream(), other_stream()})
    for (std::uint8_t recipient : {std::uint8_t{1}, std::uint8_t{2}})
      for (auto purpose : {key_purpose::stream, key_purpose::index})
        rows->put(sealed_key{of, 0, purpose, bytes_with(recipient), bytes(sealed_key_box_bytes, 1), {}, {}});
  rows->commit();
  rows->begin();
  rows->delete_keys(stream(), bytes_with(1));
  rows->delete_keys(stream(), bytes_with(3));
  rows->commit();
  auto left = reader->keys();
  CHECK(left.size() == 6);
  CHECK(std::ranges::none_of(left,
                             [](const auto& key) { return key.stream == stream() && key.recipient == bytes_with(1); }));
}

/// Whose accounts are of dossiers: one a dossier, which goes with it.
void check_accounts_of_dossiers(const store_maker& make) {
  auto rows = make();
  auto reader = rows->open_reader();
  auto account = [](std::uint8_t byte) { return id_with<law::agent_id>(byte); };
  auto dossier = [](std::uint8_t byte) { return id_with<law::subject_id>(byte); };
  rows->begin();
  rows->put(stream(), {account(1), {1}, dossier(21)});
  rows->put(stream(), {account(2), {2}, dossier(22)});
  rows->put(stream(), {account(3), {3}, dossier(22)});
  rows->put(stream(), {account(9), {9}});
  rows->put(other_stream(), {account(6), {6}, dossier(21)});
  rows->put(other_stream(), {account(1), {1}, dossier(23)});
  rows->commit();
  CHECK(reader->accounts(stream()).size() == 3);
  CHECK(reader->account_about(stream(), dossier(21))->account == account(1));
  CHECK(reader->account_about(stream(), dossier(22))->account == account(3));
  CHECK_FALSE(reader->account_about(stream(), dossier(2)));
  // Nobody's tombstone reaches an agent, nor what another stream says.
  put_rows(*rows, {stream(), {}, {}, {}, {}, {}, {dossier(21), dossier(9), dossier(23)}});
  CHECK(reader->accounts(stream()).size() == 2);
  CHECK_FALSE(reader->account_about(stream(), dossier(21)));
  CHECK(reader->account_about(stream(), dossier(9))->account == account(9));
  CHECK(reader->account_about(other_stream(), dossier(21))->account == account(6));
  CHECK(reader->account_about(other_stream(), dossier(23))->account == account(1));
}

void check_store_contract(const store_maker& make) {
  check_moved_tail(make);
  check_put_tail(make);
  check_accounts(make);
  check_forgotten_numbers(make);
  check_accounts_of_dossiers(make);
  check_deleted_keys(make);
  check_entries(make);
  check_last_of(make);
  check_held_reads(make);
  check_marks(make);
  check_heads(make);
  check_rollback(make);
  check_erasure(make);
  check_the_rest(make);
}

void compare_stores(store& ours, store& model, std::uint64_t seed, std::size_t steps) {
  simulation::chance chance{seed};
  std::map<ports::stream_id, std::uint64_t> last;
  auto reader = ours.open_reader();
  auto model_reader = model.open_reader();
  for (std::size_t step = 0; step < steps; ++step) {
    const auto& where = chance.one_in(3) ? other_stream() : stream();
    stream_rows rows{where, {}, {}, {}, {}, {}, {}};
    auto first = last[where] + 1;
    auto size = 1 + chance.below(4);
    for (std::uint64_t seq = first; seq < first + size; ++seq)
      rows.entries.push_back(row_at(seq, static_cast<std::uint8_t>(chance.below(200)), chance.below(9000)));
    rows.heads = {head_at(where, first, first + size - 1)};
    auto number = bytes_with(static_cast<std::uint8_t>(chance.below(250)));
    if (chance.one_in(4) && !model_reader->find_number(where, number))
      rows.numbers.push_back({number, id_with<law::subject_id>(7)});
    else if (chance.one_in(4))
      rows.forgotten_numbers.push_back(number);
    if (first > 1 && chance.one_in(4))
      rows.emptied.push_back(1 + chance.below(first - 1));
    bool kept = !chance.one_in(5);
    for (auto* each : {&ours, &model}) {
      each->begin();
      each->put(rows);
      kept ? each->commit() : each->roll_back();
    }
    last[where] += kept ? size : 0;
    auto from = chance.below(last[where] + 2);
    REQUIRE(reader->entries(where, from, 6) == model_reader->entries(where, from, 6));
    auto subject = id_with<law::subject_id>(static_cast<std::uint8_t>(chance.below(200)));
    REQUIRE(reader->last_of(where, subject) == model_reader->last_of(where, subject));
    REQUIRE(reader->find_number(where, number) == model_reader->find_number(where, number));
    REQUIRE(reader->heads(where, from, 3).size() == model_reader->heads(where, from, 3).size());
    REQUIRE(reader->streams() == model_reader->streams());
  }
  REQUIRE(reader->entries(stream(), 0, 10'000) == model_reader->entries(stream(), 0, 10'000));
}

} // namespace toit::journal::test

using namespace toit;
using namespace toit::journal;

namespace {

/// Files of their own for each store, gone at the end.
class real_folder {
public:
  real_folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "toit-store-XXXXXX").string();
    law::require(mkdtemp(pattern.data()) != nullptr, "a temporary folder can be made");
    path_ = pattern;
  }
  ~real_folder() { std::filesystem::remove_all(path_); }
  std::unique_ptr<store> make() { return open_sqlite_store(path_ / ("store-" + std::to_string(++made_))); }

private:
  std::filesystem::path path_;
  unsigned made_ = 0;
};

} // namespace

TEST_CASE("the store's contract holds in memory", "[journal][store]") {
  test::check_store_contract(test::open_memory_store);
}

TEST_CASE("the store's contract holds on the virtual disk", "[journal][store]") {
  simulation::virtual_disk disk{1};
  unsigned made = 0;
  test::check_store_contract([&] { return open_sqlite_store("store-" + std::to_string(++made), disk.vfs()); });
}

TEST_CASE("the store's contract holds on a real file", "[journal][store]") {
  real_folder folder;
  test::check_store_contract([&] { return folder.make(); });
}

TEST_CASE("SQLite's store holds what the one in memory holds, whatever is written", "[journal][store]") {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    simulation::virtual_disk disk{seed};
    auto model = test::open_memory_store();
    test::compare_stores(*open_sqlite_store("store", disk.vfs()), *model, seed, 150);
  }
}

TEST_CASE("a file that is no journal, or of another format, is not opened", "[journal][store]") {
  simulation::virtual_disk disk{1};
  open_sqlite_store("store", disk.vfs());
  CHECK_NOTHROW(open_sqlite_reader("store", disk.vfs()));
  CHECK_THROWS_AS(open_sqlite_reader("nothing", disk.vfs()), store_broken);
  {
    auto rows = open_sqlite_store("newer", disk.vfs());
    sqlite_database{"newer", sqlite_access::read_write, disk.vfs()}.execute("PRAGMA user_version = 5");
  }
  CHECK_THROWS_AS(open_sqlite_reader("newer", disk.vfs()), store_broken);
  CHECK_THROWS_AS(open_sqlite_store("newer", disk.vfs()), store_broken);
  auto file = disk.create("words");
  file->now.assign(4096, 'w');
  CHECK_THROWS_AS(open_sqlite_store("words", disk.vfs()), store_broken);
}

namespace {

/// The tables of accounts as they were in format 3, and what `more` makes of it.
void make_older(test::node& node, const std::string& more) {
  node.journal.reset();
  sqlite_database{test::node::path, sqlite_access::read_write, node.disk.vfs()}.execute(
      "DROP TABLE account; CREATE TABLE account (agent BLOB PRIMARY KEY, sealed BLOB NOT NULL) WITHOUT ROWID; "
      "CREATE TABLE held_account (stream INTEGER NOT NULL, agent BLOB NOT NULL, sealed BLOB NOT NULL, "
      "PRIMARY KEY (stream, agent)) WITHOUT ROWID; " +
      more);
}

std::string blob_of(law::agent_id account) { return "x'" + law::to_hex(account.bytes) + "'"; }

} // namespace

TEST_CASE("a journal of an older format is read as it is, and migrated by whoever writes", "[journal][store]") {
  auto account = test::id_with<law::agent_id>(3);
  bool oldest = GENERATE(true, false);
  test::node old;
  old.open();
  old.write(old.asked(test::id_with<law::subject_id>(3), 0, "before"));
  auto before = old.rows()->entries(test::stream(), 0, 10);
  make_older(old, "DROP TABLE orphan_entry; DROP TABLE orphan_head; DROP TABLE orphan_mark; DROP TABLE held_account; "
                  "INSERT INTO account VALUES (" +
                      blob_of(account) + ", x'01'); " +
                      (oldest ? "DROP TABLE mark; DROP TABLE foreign_head; PRAGMA user_version = 1;"
                              : "PRAGMA user_version = 2;"));
  CHECK(old.rows()->entries(test::stream(), 0, 10) == before);
  CHECK(old.rows()->last_marks(test::stream()).empty());
  CHECK(old.rows()->foreign_heads().empty());
  CHECK(old.rows()->orphan_tails().empty());
  CHECK(old.rows()->orphan_entries(test::stream(), 1, 0, 10).empty());
  CHECK(old.rows()->accounts(test::stream()).empty());
  CHECK_FALSE(old.rows()->account_about(test::stream(), law::subject_of(account)));
  old.open();
  CHECK(old.rows()->entries(test::stream(), 0, 10) == before);
  CHECK(old.rows()->account_about(test::stream(), law::subject_of(account))->sealed == bytes{1});
  ports::witness_mark mark;
  mark.stream = test::stream();
  mark.seq = 2;
  mark.witness = *ports::stream_id::parse("SR11");
  old.writer().stage_mark(mark);
  REQUIRE(old.writer().sync().entries);
  CHECK(old.rows()->last_marks(test::stream()) == std::vector{mark});
  CHECK(old.rows()->orphan_tails().empty());
  CHECK(old.verify().faults.empty());
}

TEST_CASE("accounts of a journal whose format kept them together are of its first stream, but for what came of others",
          "[journal][store][L441-2-7-4-1]") {
  auto own = test::id_with<law::agent_id>(3);
  auto other = test::id_with<law::agent_id>(4);
  test::node old;
  old.open();
  // Number 2: that of its own is 1.
  REQUIRE(old.journal->put_accounts({{test::other_stream(), {ports::account_row{own, {}}}}}));
  make_older(old, "INSERT INTO account VALUES (" + blob_of(own) + ", x'01'), (" + blob_of(other) +
                      ", x'02'); INSERT INTO held_account VALUES (2, " + blob_of(own) + ", x'03'), (1, " +
                      blob_of(other) + ", x'04'); PRAGMA user_version = 3;");
  CHECK(old.rows()->accounts(test::stream()).empty());
  old.open();
  auto sealed_of = [&](const ports::stream_id& stream, law::agent_id account) {
    return old.rows()->account_about(stream, law::subject_of(account))->sealed;
  };
  CHECK(sealed_of(test::stream(), own) == bytes{1});
  // As it came since.
  CHECK(sealed_of(test::stream(), other) == bytes{4});
  CHECK(sealed_of(test::other_stream(), own) == bytes{3});
  CHECK(old.rows()->accounts(test::stream()).size() == 2);
  CHECK(old.rows()->accounts(test::other_stream()).size() == 1);
}
