#include "journal/marks.hpp"

#include "tests/journal/node.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit;
using namespace toit::journal;
using journal::test::bytes_with;

namespace {

ports::witness_mark some_mark() {
  ports::witness_mark mark;
  mark.stream = journal::test::stream();
  mark.epoch = 2;
  mark.seq = 5;
  mark.link = bytes_with(1);
  mark.witness = ports::stream_id::parse("S93").value();
  mark.at = law::instant{std::chrono::milliseconds{1767225600123}};
  return mark;
}

} // namespace

TEST_CASE("a mark is signed over the bytes that the format page gives it", "[journal][marks]") {
  bytes expected;
  put(expected, view_of("toit.mark.1\x0AT200057867"));
  put(expected, bytes{0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 5});
  put(expected, bytes_with(1));
  put(expected, view_of("\x03S93"));
  put(expected, bytes{0, 0, 1, 0x9B, 0x76, 0xDA, 0xA8, 0x7B});
  CHECK(mark_message(some_mark()) == expected);
}

TEST_CASE("a mark is its signer's, and every field of it is signed", "[journal][marks]") {
  const signing_key key{bytes_with(9)};
  auto mark = some_mark();
  sign(mark, key);
  CHECK(verify(mark, key.public_half()));
  CHECK_FALSE(verify(mark, signing_key{bytes_with(8)}.public_half()));
  std::vector<ports::witness_mark> others(8, mark);
  others[0].stream = *ports::stream_id::parse("T200057868");
  others[1].epoch ^= 1U;
  others[2].seq ^= 1U;
  others[3].link[31] ^= 1U;
  others[4].witness = *ports::stream_id::parse("S92");
  others[5].at += std::chrono::milliseconds{1};
  others[6].key_id[0] ^= 1U;
  others[7].signature[0] ^= 1U;
  for (const auto& other : others)
    CHECK_FALSE(verify(other, key.public_half()));
}
