// Keys of a stream that somebody signs again whose signature counts: whoever has hosted the stream before.

#include "journal/transfers.hpp"
#include "tests/journal/passing.hpp"

#include <utility>

namespace toit::journal::test {

namespace {

using ports::transfer_status;

/// `first` has hosted the stream, and `next` does.
struct taken_over : passing_nodes {
  taken_over() {
    passing_nodes::write(first, 1, 0);
    bring(next, first);
    REQUIRE(pass_to(next).status == ports::adoption_status::adopted);
    passing_nodes::write(next, 2, 0);
  }

  static ports::travelling_key signed_by_former(sealed_key key) {
    sign(key, signing_key{fixed_keys().signing_seed});
    return {key.epoch, key.purpose == key_purpose::index, key.recipient, key.box, key.key_id, key.signature};
  }

  /// Those that `holder` has for the recipient in the first host's epoch.
  static std::vector<sealed_key> keys_for(const node& holder, const bytes32& recipient) {
    auto keys = holder.rows()->keys();
    std::erase_if(keys, [&](const sealed_key& key) { return key.recipient != recipient || key.epoch != 0; });
    return keys;
  }

  /// The former host brings keys alone.
  transfer_status brings(node& to, std::span<const ports::travelling_key> keys, bool revoked = false) const {
    ports::transfer brought;
    brought.stream = stream();
    brought.keys.assign(keys.begin(), keys.end());
    brought = with_hosts(std::move(brought));
    if (revoked)
      brought.revoked = std::exchange(brought.signers, {});
    auto status = to.writer().stage_transfer(brought).status;
    REQUIRE(to.writer().sync().entries);
    return status;
  }
  transfer_status signs_again(node& to, const bytes32& recipient, bool revoked = false) const {
    std::vector<ports::travelling_key> keys;
    for (auto& key : keys_for(to, recipient))
      keys.push_back(signed_by_former(std::move(key)));
    REQUIRE(keys.size() == 2);
    return brings(to, keys, revoked);
  }

  bool are_all_signed_by(const node& holder, const bytes32& recipient, const public_key& signer) const {
    auto keys = keys_for(holder, recipient);
    return keys.size() == 2 && std::ranges::all_of(keys, [&](const sealed_key& key) { return verify(key, signer); });
  }
  void check_next_starts_again() {
    next.open_as_it_is();
    REQUIRE_NOTHROW(next.journal->load(stream()));
    CHECK(next.journal->open_reader()->entry(stream(), 2)->record);
    CHECK(next.verify().faults.empty());
  }
};

} // namespace

TEST_CASE("what a former host signs again of a stream keeps nobody from loading it who hosts it now",
          "[L441-2-7-4-1]") {
  taken_over all;
  auto own = operating_public(all.next.keys.operating_secret);
  all.next.writer().hold_back(stream(), true);
  CHECK(all.signs_again(all.next, own) == transfer_status::known);
  CHECK(all.are_all_signed_by(all.next, own, all.hosts[1]));
  CHECK(all.signs_again(all.next, operating_public(all.escrow_secret)) == transfer_status::known);
  CHECK(all.are_all_signed_by(all.next, operating_public(all.escrow_secret), all.hosts[1]));
  all.check_next_starts_again();
}

TEST_CASE("a former host slips in no key for who hosts a stream now, and it goes on", "[L441-2-7-4-1]") {
  taken_over all;
  // It has other keys by now, for which nothing is sealed yet.
  all.next.keys = fixed_keys(50).following(all.next.keys);
  all.check_next_starts_again();
  all.next.writer().hold_back(stream(), true);
  auto own = operating_public(all.next.keys.operating_secret);
  signing_key former{fixed_keys().signing_seed};
  auto slipped = seal_key(stream(), 0, key_purpose::stream, bytes_with(3), own, former);
  // Beside it, what is for somebody else is taken.
  auto elsewhere = seal_key(stream(), 0, key_purpose::stream, bytes_with(3), operating_public(bytes_with(4)), former);
  std::vector keys{taken_over::signed_by_former(slipped), taken_over::signed_by_former(elsewhere)};
  CHECK(all.brings(all.next, keys) == transfer_status::stored);
  CHECK(taken_over::keys_for(all.next, own).empty());
  CHECK(taken_over::keys_for(all.next, elsewhere.recipient).size() == 1);
  all.check_next_starts_again();
}

TEST_CASE("a former host brings no more keys to who hosts a stream now than travel in one message", "[L441-2-7-4-1]") {
  taken_over all;
  all.next.writer().hold_back(stream(), true);
  signing_key former{fixed_keys().signing_seed};
  auto invented = [&](unsigned first, unsigned count) {
    std::vector<ports::travelling_key> keys;
    for (unsigned i = first; i < first + count; ++i) {
      bytes32 recipient = operating_public(bytes_with(4));
      recipient[0] = static_cast<std::uint8_t>(i);
      recipient[1] = static_cast<std::uint8_t>(i >> 8U);
      keys.push_back(taken_over::signed_by_former(
          {stream(), 0, key_purpose::stream, recipient, std::vector<std::uint8_t>(80, 1), {}, {}}));
    }
    return keys;
  };
  auto room = static_cast<unsigned>(1024 - all.next.journal->open_transfers()->keys(stream()).size());
  CHECK(all.brings(all.next, invented(0, room)) == transfer_status::stored);
  CHECK(all.brings(all.next, invented(room, 1)) == transfer_status::altered);
  CHECK(all.next.journal->open_transfers()->keys(stream()).size() == 1024);
  all.check_next_starts_again();
}

TEST_CASE("who hosts a stream takes back the keys that it had signed itself", "[L441-2-7-4-1]") {
  taken_over all;
  auto own = operating_public(all.next.keys.operating_secret);
  all.next.writer().hold_back(stream(), true);
  std::vector<ports::travelling_key> keys;
  for (const auto& key : all.next.journal->open_transfers()->keys(stream()))
    if (key.recipient == own)
      keys.push_back(key);
  REQUIRE_FALSE(keys.empty());
  CHECK(all.brings(all.next, keys) == transfer_status::stored);
  CHECK(all.are_all_signed_by(all.next, own, all.hosts[1]));
  all.check_next_starts_again();
}

TEST_CASE("a replica's keys stay signed by who has hosted the stream last, unless he is revoked", "[L441-2-7-4-1]") {
  taken_over all;
  auto escrow = operating_public(all.escrow_secret);
  REQUIRE(all.bring(all.third, all.next, 0).status == transfer_status::stored);
  REQUIRE(all.are_all_signed_by(all.third, escrow, all.hosts[1]));
  CHECK(all.signs_again(all.third, escrow) == transfer_status::known);
  CHECK(all.are_all_signed_by(all.third, escrow, all.hosts[1]));
  CHECK(all.signs_again(all.third, escrow, true) == transfer_status::stored);
  CHECK(all.are_all_signed_by(all.third, escrow, all.hosts[0]));
}

} // namespace toit::journal::test
