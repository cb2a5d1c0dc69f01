#include "journal/codec.hpp"

#include "law/dossier.hpp"
#include "tests/fuzz/entry.hpp"
#include "tests/journal/random_values.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit;
using namespace toit::journal;
using journal::test::chance;
using journal::test::random_record;

namespace {

bool equal_records(const law::record& a, const law::record& b) {
  return a.operation == b.operation && a.occurred_on == b.occurred_on && a.originator == b.originator &&
         a.introducer == b.introducer && a.agent == b.agent && a.command == b.command && a.request == b.request &&
         a.supersedes == b.supersedes && a.warnings == b.warnings &&
         static_cast<const law::any_event&>(a.event) == static_cast<const law::any_event&>(b.event);
}

/// Changes, adds or takes away a few bytes.
bytes mutated(chance& chance, bytes content) {
  for (auto left = 1 + chance.below(3); left > 0; --left) {
    auto at = content.begin() + static_cast<std::ptrdiff_t>(chance.below(content.size()));
    auto byte = static_cast<std::uint8_t>(chance.next());
    switch (chance.below(4)) {
    case 0:
      content.insert(at, byte);
      break;
    case 1:
      if (content.size() > 1)
        content.erase(at);
      break;
    case 2:
      *at = static_cast<std::uint8_t>(*at ^ (1U << (byte % 8)));
      break;
    default:
      *at = byte;
    }
  }
  return content;
}

} // namespace

TEST_CASE("every kind of entry comes back as it was packed", "[journal][codec]") {
  chance chance{1};
  for (std::size_t kind = 0; kind < law::all_kinds().size(); ++kind)
    for (int i = 0; i < 40; ++i) {
      CAPTURE(law::all_kinds()[kind].name, i);
      auto record = random_record(chance, kind);
      auto packed = encode(record);
      auto back = decode(packed);
      REQUIRE(back);
      REQUIRE(equal_records(*back, record));
      REQUIRE(encode(*back) == packed);
    }
}

TEST_CASE("an entry that is said to tell nothing of the form changes nothing of it", "[journal][codec]") {
  chance chance{5};
  std::size_t telling = 0;
  for (int round = 0; round < 200; ++round)
    for (std::size_t kind = 0; kind < law::all_kinds().size(); ++kind) {
      auto record = random_record(chance, kind);
      law::form before{};
      law::form after = before;
      law::evolve(after, record);
      telling += after == before ? 0 : 1;
      if (!law::tells_of_form(record.event))
        CHECK(after == before);
    }
  CHECK(telling > 100);
}

TEST_CASE("an entry of nothing but defaults comes back too", "[journal][codec]") {
  for (std::size_t kind = 0; kind < law::all_kinds().size(); ++kind) {
    CAPTURE(law::all_kinds()[kind].name);
    chance chance{1};
    auto empty = random_record(chance, kind);
    auto packed = encode(empty);
    for (std::size_t length = 0; length < packed.size(); ++length)
      REQUIRE_FALSE(decode(byte_view{packed}.first(length)));
    packed.push_back(0xC0);
    REQUIRE_FALSE(decode(packed));
  }
}

TEST_CASE("a payload that was changed never decodes to what packs otherwise", "[journal][codec]") {
  chance chance{2};
  std::size_t decoded = 0;
  for (std::size_t kind = 0; kind < law::all_kinds().size(); ++kind)
    for (int i = 0; i < 300; ++i)
      decoded += fuzz::try_payload(mutated(chance, encode(random_record(chance, kind))));
  // Some changes stay within what may be said: a letter, a day.
  CHECK(decoded > 100);
}

TEST_CASE("bytes that mean nothing are refused", "[journal][codec]") {
  chance chance{3};
  CHECK_FALSE(decode({}));
  for (int i = 0; i < 20'000; ++i) {
    bytes content(1 + chance.below(60));
    chance.fill(content);
    if (chance.one_in(2))
      content[0] = 0x9C;
    fuzz::try_payload(content);
  }
}

TEST_CASE("a value has one form: the shortest", "[journal][codec]") {
  auto refused = [](bytes content) { return parse_packed(content).get().type == msgpack::type::NIL; };
  CHECK_FALSE(refused({0xCC, 0x80}));
  CHECK(refused({0xCC, 0x7F}));
  CHECK(refused({0xCD, 0x00, 0xFF}));
  CHECK_FALSE(refused({0xCD, 0x01, 0x00}));
  CHECK(refused({0xCE, 0x00, 0x00, 0xFF, 0xFF}));
  CHECK_FALSE(refused({0xCE, 0x00, 0x01, 0x00, 0x00}));
  CHECK(refused({0xCF, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF}));
  CHECK_FALSE(refused({0xCF, 0, 0, 0, 1, 0, 0, 0, 0}));
  CHECK(refused({0xD0, 0x05}));
  CHECK(refused({0xD0, 0xE0}));
  CHECK_FALSE(refused({0xD0, 0xDF}));
  CHECK(refused({0xD1, 0xFF, 0x80}));
  CHECK_FALSE(refused({0xD1, 0xFF, 0x7F}));
  CHECK(refused({0xD2, 0xFF, 0xFF, 0x80, 0x00}));
  CHECK_FALSE(refused({0xD2, 0xFF, 0xFF, 0x7F, 0xFF}));
  CHECK(refused({0xD3, 0xFF, 0xFF, 0xFF, 0xFF, 0x80, 0, 0, 0}));
  CHECK_FALSE(refused({0xD3, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF}));
  CHECK(refused({0xD9, 0x01, 'a'}));
  CHECK(refused({0xDC, 0x00, 0x01, 0xC3}));
  CHECK(refused({0xC5, 0x00, 0x01, 0x00}));
  CHECK(refused({0xCB, 0, 0, 0, 0, 0, 0, 0, 0}));
  CHECK(refused({0x81, 0xC3, 0xC3}));
  CHECK(refused({0xD4, 0x00, 0x00}));
  // An array that promises more than there is.
  CHECK(refused({0xDD, 0x00, 0x01, 0x11, 0x70, 0xC3}));
}

TEST_CASE("a reader takes a shorter event as an older one, and refuses a longer one", "[journal][codec]") {
  chance chance{4};
  auto renewed = *std::ranges::find(law::all_kinds(), 22, &law::entry_kind::number);
  auto kind = static_cast<std::size_t>(&*std::ranges::find(law::all_kinds(), 22, &law::entry_kind::number) -
                                       law::all_kinds().data());
  REQUIRE(renewed.name == "renewed");
  law::record record = random_record(chance, kind);
  record.event = law::renewed{};
  auto packed = encode(record);
  // The event is the last element: two fields, an empty list and nothing.
  REQUIRE(packed.at(packed.size() - 3) == 0x92);
  auto older = packed;
  older.at(older.size() - 3) = 0x91;
  older.pop_back();
  REQUIRE(decode(older));
  CHECK(equal_records(*decode(older), record));
  auto newer = packed;
  newer.at(newer.size() - 3) = 0x93;
  newer.push_back(0xC0);
  CHECK_FALSE(decode(newer));
}

TEST_CASE("a tombstone from before it named its files is read without them", "[journal][codec]") {
  chance chance{6};
  auto kind = static_cast<std::size_t>(&*std::ranges::find(law::all_kinds(), 46, &law::entry_kind::number) -
                                       law::all_kinds().data());
  law::record record = random_record(chance, kind);
  law::demande_erased tombstone;
  tombstone.entries = {3, 5};
  tombstone.documents = 2;
  record.event = tombstone;
  auto older = encode(record);
  // Three fields: two numbers, one, and the empty list of files.
  REQUIRE(older.at(older.size() - 6) == 0x93);
  older.at(older.size() - 6) = 0x92;
  older.pop_back();
  REQUIRE(decode(older));
  CHECK(equal_records(*decode(older), record));
  tombstone.files.push_back(law::document_id{{7}});
  record.event = tombstone;
  CHECK(equal_records(*decode(encode(record)), record));
}

TEST_CASE("a line of the log and a head come back as they were packed", "[journal][codec]") {
  chance chance{5};
  for (int i = 0; i < 200; ++i) {
    ports::log_line line;
    test::make_random(chance, line);
    auto packed = pack_alone(line);
    auto back = unpack_alone<ports::log_line>(packed);
    REQUIRE(back);
    REQUIRE(pack_alone(*back) == packed);
    auto changed = unpack_alone<ports::log_line>(mutated(chance, packed));
    REQUIRE((!changed || !pack_alone(*changed).empty()));
  }
}
