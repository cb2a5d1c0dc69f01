#include "journal/keys.hpp"

#include "journal/vault.hpp"
#include "tests/journal/node.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit;
using namespace toit::journal;
using journal::test::bytes_with;
using journal::test::id_with;

namespace {

const auto someone = id_with<law::subject_id>(1);
const bytes plain{1, 2, 3, 4, 5};

stream_keys keys_of(std::uint8_t secret) {
  stream_keys keys{journal::test::stream()};
  keys.add(0, bytes_with(secret));
  keys.set_index(bytes_with(static_cast<std::uint8_t>(secret + 1)));
  return keys;
}

std::vector<std::string> files_of(simulation::virtual_disk& disk, const std::string& folder) {
  return disk.list(folder);
}

} // namespace

TEST_CASE("a sealed key opens with the recipient's secret and with no other", "[journal][keys]") {
  signing_key signer{bytes_with(1)};
  auto recipient = operating_public(bytes_with(2));
  auto sealed = seal_key(journal::test::stream(), 3, key_purpose::stream, bytes_with(9), recipient, signer);
  CHECK(open_key(sealed, bytes_with(2)) == bytes_with(9));
  CHECK_FALSE(open_key(sealed, bytes_with(4)));
  for (std::size_t i = 0; i < sealed.box.size(); ++i) {
    auto altered = sealed;
    altered.box[i] ^= 1;
    CHECK_FALSE(open_key(altered, bytes_with(2)));
  }
  sealed.box.pop_back();
  CHECK_FALSE(open_key(sealed, bytes_with(2)));
}

TEST_CASE("the link key comes from the operating secret alone and is neither of the other two", "[journal][keys]") {
  node_keys keys{bytes_with(1), bytes_with(2)};
  CHECK(link_secret(keys) == hash("toit.link.key", {}, bytes_with(2)));
  CHECK(link_public(keys) == operating_public(link_secret(keys)));
  CHECK(link_public(keys) == link_public({bytes_with(3), bytes_with(2)}));
  CHECK(link_public(keys) != link_public({bytes_with(1), bytes_with(3)}));
  CHECK(link_secret(keys) != keys.operating_secret);
  CHECK(link_public(keys) != operating_public(keys.operating_secret));
}

TEST_CASE("a sealed key says for which stream, epoch, purpose and recipient it was made", "[journal][keys]") {
  signing_key signer{bytes_with(1)};
  auto sealed =
      seal_key(journal::test::stream(), 3, key_purpose::stream, bytes_with(9), operating_public(bytes_with(2)), signer);
  CHECK(verify(sealed, signer.public_half()));
  CHECK_FALSE(verify(sealed, signing_key{bytes_with(5)}.public_half()));
  std::vector<sealed_key> others(6, sealed);
  others[0].stream = *ports::stream_id::parse("T200057868");
  others[1].epoch = 4;
  others[2].purpose = key_purpose::index;
  others[3].recipient[0] ^= 1;
  others[4].box[0] ^= 1;
  others[5].signature[0] ^= 1;
  for (const auto& other : others)
    CHECK_FALSE(verify(other, signer.public_half()));
}

TEST_CASE("a key that a stranger slipped into the file stops the node", "[journal][keys]") {
  test::node node;
  node.open();
  node.journal.reset();
  {
    signing_key stranger{bytes_with(66)};
    auto store = open_sqlite_store(test::node::path, node.disk.vfs());
    store->begin();
    store->put(seal_key(test::stream(), 1, key_purpose::stream, bytes_with(9),
                        operating_public(node.keys.operating_secret), stranger));
    store->commit();
  }
  CHECK_THROWS_AS(node.open(), store_broken);
}

TEST_CASE("the escrow key opens what the operating key opens", "[journal][keys]") {
  test::node node{1, operating_public(bytes_with(50))};
  node.open();
  auto own = 0;
  auto escrow = 0;
  for (const auto& sealed : node.rows()->keys()) {
    own += open_key(sealed, node.keys.operating_secret).has_value();
    escrow += open_key(sealed, bytes_with(50)).has_value();
  }
  CHECK(own == 2);
  CHECK(escrow == 2);
}

TEST_CASE("a stream's keys are sealed to one more recipient between two groups, once, and at once on disk",
          "[journal][keys]") {
  test::node node;
  node.open();
  auto opened_by = [&](std::uint8_t secret) {
    return std::ranges::count_if(node.rows()->keys(),
                                 [&](const auto& sealed) { return open_key(sealed, bytes_with(secret)).has_value(); });
  };
  CHECK(node.write(node.asked({}, 1, "before")).status == ports::append_status::appended);
  for (auto secret : std::to_array<std::uint8_t>({50, 60, 50})) {
    CHECK(node.writer().seal_keys_to(test::stream(), operating_public(bytes_with(secret))));
    CHECK(opened_by(secret) == 2);
  }
  CHECK(node.rows()->keys().size() == 6);
  CHECK(node.write(node.asked({}, 2, "after")).status == ports::append_status::appended);
  node.crash();
  node.open();
  CHECK(opened_by(50) == 2);
  CHECK(opened_by(60) == 2);
  CHECK(node.last_seq() == 3);
}

TEST_CASE("a payload opens in its stream, epoch and for its subject alone", "[journal][keys]") {
  auto keys = keys_of(1);
  keys.add(1, bytes_with(1));
  auto sealed = keys.encrypt(0, someone, plain);
  CHECK(sealed.nonce.size() == entry_nonce_bytes);
  CHECK(keys.decrypt(0, someone, sealed.nonce, sealed.content) == plain);
  CHECK_FALSE(keys.decrypt(1, someone, sealed.nonce, sealed.content));
  CHECK_FALSE(keys.decrypt(2, someone, sealed.nonce, sealed.content));
  CHECK_FALSE(keys.decrypt(0, id_with<law::subject_id>(2), sealed.nonce, sealed.content));
  CHECK_FALSE(keys_of(2).decrypt(0, someone, sealed.nonce, sealed.content));
  stream_keys elsewhere{*ports::stream_id::parse("T200057868")};
  elsewhere.add(0, bytes_with(1));
  CHECK_FALSE(elsewhere.decrypt(0, someone, sealed.nonce, sealed.content));
  CHECK_FALSE(keys.decrypt(0, someone, byte_view{sealed.nonce}.first(23), sealed.content));
  CHECK_FALSE(keys.decrypt(0, someone, sealed.nonce, byte_view{sealed.content}.first(15)));
}

TEST_CASE("a local row opens under the epoch in which it was sealed, and for its purpose alone", "[journal][keys]") {
  auto keys = keys_of(1);
  auto sealed = keys.seal_local("toit.rows", plain);
  keys.add(1, bytes_with(30));
  CHECK(keys.open_local("toit.rows", sealed) == plain);
  CHECK_FALSE(keys.open_local("toit.other", sealed));
  CHECK_FALSE(keys_of(2).open_local("toit.rows", sealed));
}

TEST_CASE("a number's key depends on the index key and on nothing else", "[journal][keys]") {
  auto number = *law::nud::parse("093112600000193001");
  auto first = keys_of(1);
  auto later = first;
  later.add(7, bytes_with(40));
  CHECK(first.number_key(number) == later.number_key(number));
  CHECK(first.number_key(number) != keys_of(2).number_key(number));
  CHECK(first.document_digest(id_with<law::dossier_id>(1), plain) !=
        first.document_digest(id_with<law::dossier_id>(2), plain));
}

TEST_CASE("a document opens with its own key and as its own id, and is gone once destroyed", "[journal][vault]") {
  test::node node;
  node.open();
  auto vault = open_vault(node.disk.folder("node/documents"), node.journal->keys());
  bytes content(5000, 42);
  auto stored = vault->store(test::stream(), id_with<law::dossier_id>(1), content);
  auto other = vault->store(test::stream(), id_with<law::dossier_id>(1), content);
  CHECK(stored.size_bytes == 5000);
  CHECK(stored.digest == other.digest);
  CHECK(stored.key != other.key);
  CHECK(vault->open(stored.id, stored.key) == content);
  CHECK_FALSE(vault->open(stored.id, other.key));
  CHECK_FALSE(vault->open(id_with<law::document_id>(9), stored.key));
  CHECK(vault->list().size() == 2);
  vault->destroy(stored.id);
  CHECK_FALSE(vault->open(stored.id, stored.key));
  CHECK(vault->list() == std::vector{other.id});
  node.disk.rot("node/documents/" + files_of(node.disk, "node/documents").front(), 100);
  CHECK_FALSE(vault->open(other.id, other.key));
}

TEST_CASE("a document that was stored is there after the power was cut, and one that found no room leaves nothing",
          "[journal][vault]") {
  test::node node;
  node.open();
  auto vault = open_vault(node.disk.folder("node/documents"), node.journal->keys());
  auto stored = vault->store(test::stream(), id_with<law::dossier_id>(1), plain);
  node.disk.set_room(10);
  CHECK_THROWS_AS(vault->store(test::stream(), id_with<law::dossier_id>(1), bytes(500, 1)), ports::files_full);
  CHECK(vault->list().size() == 1);
  node.crash();
  node.disk.set_room({});
  node.open();
  CHECK(open_vault(node.disk.folder("node/documents"), node.journal->keys())->open(stored.id, stored.key) == plain);
}

TEST_CASE("a disclosed key opens its own payload, at its own place, and nothing else", "[journal][keys][proof]") {
  auto keys = keys_of(1);
  keys.add(1, bytes_with(1));
  auto stream = journal::test::stream();
  auto one = keys.encrypt(0, someone, plain);
  auto other = keys.encrypt(0, someone, plain);
  auto key = keys.disclosure_key(0, one.nonce);
  REQUIRE(key);
  CHECK(key != keys.disclosure_key(0, other.nonce));
  CHECK(open_disclosed(*key, stream, 0, someone, one.nonce, one.content) == plain);
  CHECK_FALSE(open_disclosed(*key, stream, 0, someone, other.nonce, other.content));
  CHECK_FALSE(open_disclosed(*key, stream, 1, someone, one.nonce, one.content));
  CHECK_FALSE(open_disclosed(*key, stream, 0, id_with<law::subject_id>(2), one.nonce, one.content));
  CHECK_FALSE(open_disclosed(*key, *ports::stream_id::parse("T200057868"), 0, someone, one.nonce, one.content));
  CHECK_FALSE(open_disclosed(bytes_with(1), stream, 0, someone, one.nonce, one.content));
  one.content.resize(15);
  CHECK_FALSE(open_disclosed(*key, stream, 0, someone, one.nonce, one.content));
  CHECK_FALSE(keys.disclosure_key(2, one.nonce));
  CHECK_FALSE(keys.disclosure_key(0, {}));
}
