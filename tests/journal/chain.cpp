#include "journal/chain.hpp"

#include "tests/journal/node.hpp"

#include <catch2/catch_test_macros.hpp>
#include <numeric>

using namespace toit;
using namespace toit::journal;
using journal::test::bytes_with;

namespace {

const bytes ciphertext{'c', 'i', 'p', 'h', 'e', 'r', 't', 'e', 'x', 't'};

bytes counting_nonce() {
  bytes nonce(24);
  std::iota(nonce.begin(), nonce.end(), std::uint8_t{0});
  return nonce;
}

ports::signed_head some_head() {
  ports::signed_head head;
  head.stream = journal::test::stream();
  head.epoch = 2;
  head.first = 3;
  head.seq = 5;
  head.ordering_seq = 7;
  head.link = bytes_with(1);
  return head;
}

} // namespace

// The values come from another implementation of BLAKE2b, by docs/journal-format.md.
TEST_CASE("hashes of the chain have the values that the format page gives them", "[journal][chain]") {
  CHECK(law::to_hex(commitment_of(counting_nonce(), ciphertext)) ==
        "dd1526acd6ebb390af860ad0d12a875b10eae6071c4015f04202207bfe8676c9");
  CHECK(law::to_hex(commitment_of({}, ciphertext)) ==
        "693a0e48b6352a40d96d59fe7e4abac1ebdada51cc5c08653cea4b8f65816b9f");
  entry_header header{3, 2, 1767225600123, journal::test::id_with<law::subject_id>(9), 1, bytes_with(5)};
  CHECK(law::to_hex(leaf_of(header)) == "96838d36f91e0f3da4b135ebdc84da147b4b0d24de05926f0623504559432dc6");
  CHECK(law::to_hex(first_link(journal::test::stream())) ==
        "cd4c88b7617adca02f533959abf0b86c50172388c3a2a1882682d392e21921ef");
  CHECK(law::to_hex(next_link(bytes_with(1), bytes_with(2))) ==
        "6b1102fef5bfb8c5dc5dcd4720950623d35b825c8af9e088352a0f04fd62581e");
  CHECK(law::to_hex(id_of(bytes_with(4))) == "cd112cb5d9b92966");
}

TEST_CASE("a commitment tells where the nonce ends", "[journal][chain]") {
  bytes whole = counting_nonce();
  whole.insert(whole.end(), ciphertext.begin(), ciphertext.end());
  CHECK(commitment_of({}, whole) != commitment_of(counting_nonce(), ciphertext));
}

TEST_CASE("every field of a header changes its leaf", "[journal][chain]") {
  const entry_header header{3, 2, 1767225600123, journal::test::id_with<law::subject_id>(9), 1, bytes_with(5)};
  std::vector<entry_header> others(6, header);
  others[0].seq = 4;
  others[1].epoch = 3;
  others[2].recorded_at_ms += 1;
  others[3].subject.bytes[15] ^= 1;
  others[4].previous = 2;
  others[5].commitment[31] ^= 1;
  for (const auto& other : others)
    CHECK(leaf_of(other) != leaf_of(header));
}

TEST_CASE("a head's signature covers all it states, and only its signer makes it", "[journal][chain]") {
  signing_key key{bytes_with(3)};
  auto head = some_head();
  key.sign(head);
  CHECK(verify(head, key.public_half()));
  CHECK_FALSE(verify(head, signing_key{bytes_with(4)}.public_half()));
  std::vector<ports::signed_head> others(8, head);
  others[0].stream = *ports::stream_id::parse("T200057868");
  others[1].epoch = 1;
  others[2].first = 2;
  others[3].seq = 6;
  others[4].ordering_seq = 6;
  others[5].link[0] ^= 1;
  others[6].key_id[0] ^= 1;
  others[7].signature[63] ^= 1;
  for (const auto& other : others)
    CHECK_FALSE(verify(other, key.public_half()));
}

TEST_CASE("a head's signature is the one that Ed25519 gives", "[journal][chain]") {
  auto head = some_head();
  signing_key{bytes_with(3)}.sign(head);
  CHECK(law::to_hex(head_message(head)) ==
        "746f69742e686561642e310a5432303030353738363700000002000000000000000300000000000000050101010101010101"
        "0101010101010101010101010101010101010101010101010000000000000007");
  CHECK(law::to_hex(head.signature) ==
        "c393406945fe1fd0d6b2bbb0e62bf44e6be8e637bad3458ed5bb54837ab52e38ce7570724113cf87fde46477ba24f754dee5"
        "dd06fd5e2ee7975195aa05f1f602");
}
