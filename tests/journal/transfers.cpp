#include "tests/journal/node.hpp"

#include <catch2/catch_test_macros.hpp>
#include <random>

namespace toit::journal::test {

namespace {

using ports::transfer_status;

/// A node that hosts a stream, and another that holds it.
struct pair_of_nodes {
  explicit pair_of_nodes(std::uint64_t seed = 1) : host{seed, operating_public(escrow_secret)}, holder{seed + 1000} {
    host.open();
    holder.keys = fixed_keys(40);
    holder.open_as_it_is();
  }

  void write(unsigned batches, unsigned in_each = 3) {
    for (unsigned b = 0; b < batches; ++b) {
      for (unsigned i = 0; i < in_each; ++i)
        host.stage(host.asked(fresh(), 0, "note"));
      REQUIRE(host.writer().sync().entries);
    }
  }
  law::subject_id fresh() {
    law::subject_id id;
    for (auto& byte : id.bytes)
      byte = static_cast<std::uint8_t>(chance());
    return id;
  }

  std::shared_ptr<ports::transfer> read(std::uint64_t after, std::size_t most = 1U << 20) const {
    auto found = host.journal->open_transfers()->read(stream(), after, most);
    if (!found)
      return nullptr;
    auto brought = std::make_shared<ports::transfer>(*found);
    brought->signers = {host.journal->signer()};
    brought->escrow = operating_public(escrow_secret);
    return brought;
  }
  ports::transfer_result bring(const ports::transfer& brought) {
    auto result = holder.writer().stage_transfer(brought);
    REQUIRE(holder.writer().sync().entries);
    return result;
  }
  std::uint64_t held() const {
    auto at = holder.journal->open_transfers()->position(stream());
    return at ? at->seq : 0;
  }
  /// Every row of one, against every row of the other.
  bool equal() const {
    auto ours = host.rows();
    auto theirs = holder.rows();
    return ours->entries(stream(), 0, 100'000) == theirs->entries(stream(), 0, 100'000);
  }
  verify_report verify_holder() {
    auto rows = holder.rows();
    return verify_stream(*rows, stream(), {}, nullptr, {});
  }

  bytes32 escrow_secret = bytes_with(90);
  node host;
  node holder;
  std::mt19937_64 chance{7};
};

} // namespace

TEST_CASE("a replica is the stream to the byte, in parts of any size, and verifies by itself", "[L441-2-7-1-1a]") {
  for (std::size_t most : {std::size_t{1}, std::size_t{700}, std::size_t{5'000}, std::size_t{1} << 20}) {
    pair_of_nodes two;
    two.write(20);
    unsigned parts = 0;
    for (; auto part = two.read(two.held(), most); ++parts) {
      auto result = two.bring(*part);
      REQUIRE(result.status == transfer_status::stored);
      CHECK(result.keys_there);
      CHECK(result.now.seq == part->entries.back().seq);
    }
    CHECK(two.held() == two.host.last_seq());
    CHECK(two.equal());
    CHECK(two.verify_holder().faults.empty());
    CHECK(parts == (most == 1 ? 21 : most > 100'000 ? 1 : parts));
    CHECK(parts >= 1);
  }
}

TEST_CASE("a transfer is taken once, and never beyond a gap", "[L441-2-7-1-1a]") {
  pair_of_nodes two;
  two.write(4);
  auto all = two.read(0);
  CHECK(two.bring(*two.read(4)).status == transfer_status::gap);
  CHECK(two.held() == 0);
  CHECK(two.bring(*all).status == transfer_status::stored);
  auto again = *all;
  again.keys.clear();
  CHECK(two.bring(again).status == transfer_status::known);
  two.write(2);
  // It begins with what is there.
  CHECK(two.bring(*two.read(4)).status == transfer_status::stored);
  CHECK(two.equal());
  CHECK(two.verify_holder().faults.empty());
}

TEST_CASE("what was changed on the way changes nothing", "[L441-2-7-1-1a]") {
  pair_of_nodes two;
  two.write(5);
  two.bring(*two.read(0, 1));
  auto before = two.held();
  auto refused = [&](auto change) {
    auto brought = *two.read(before);
    change(brought);
    auto result = two.bring(brought);
    CHECK(result.status != transfer_status::stored);
    CHECK(result.status != transfer_status::known);
    CHECK(two.held() == before);
    return result.status;
  };
  CHECK(refused([](auto& t) { t.entries[1].content->at(3) ^= 1; }) == transfer_status::altered);
  CHECK(refused([](auto& t) { t.entries[1].nonce->at(3) ^= 1; }) == transfer_status::altered);
  CHECK(refused([](auto& t) { t.entries[1].subject.bytes[0] ^= 1; }) == transfer_status::altered);
  CHECK(refused([](auto& t) { t.entries[1].recorded_at_ms += 1; }) == transfer_status::altered);
  CHECK(refused([](auto& t) { t.entries[1].epoch = 1; }) == transfer_status::altered);
  CHECK(refused([](auto& t) { t.entries[1].previous = t.entries[1].seq; }) == transfer_status::altered);
  CHECK(refused([](auto& t) { t.entries[1].commitment[0] ^= 1; }) == transfer_status::altered);
  CHECK(refused([](auto& t) { t.entries[1].nonce.reset(); }) == transfer_status::altered);
  CHECK(refused([](auto& t) { t.entries.erase(t.entries.begin() + 1); }) == transfer_status::altered);
  CHECK(refused([](auto& t) { std::swap(t.entries[1], t.entries[2]); }) == transfer_status::altered);
  CHECK(refused([](auto& t) { t.entries.pop_back(); }) == transfer_status::altered);
  CHECK(refused([](auto& t) { t.heads.pop_back(); }) == transfer_status::altered);
  CHECK(refused([](auto& t) { t.heads.erase(t.heads.begin()); }) == transfer_status::altered);
  CHECK(refused([](auto& t) { t.heads.front().link[0] ^= 1; }) == transfer_status::altered);
  CHECK(refused([](auto& t) { t.heads.back().signature[0] ^= 1; }) == transfer_status::bad_signature);
  CHECK(refused([](auto& t) { t.heads.back().ordering_seq += 1; }) == transfer_status::bad_signature);
  CHECK(refused([](auto& t) { t.signers = {bytes_with(1)}; }) == transfer_status::bad_signature);
  CHECK(refused([](auto& t) { t.signers.clear(); }) == transfer_status::bad_signature);
  CHECK(two.bring(*two.read(before)).status == transfer_status::stored);
}

TEST_CASE("the opening and the keys of a stream are its host's", "[L441-2-7-1-1a]") {
  pair_of_nodes two;
  auto of_another = *two.read(0);
  of_another.signers = {bytes_with(1), bytes_with(2)};
  CHECK(two.bring(of_another).status == transfer_status::bad_signature);
  auto forged = *two.read(0);
  REQUIRE(forged.keys.size() == 4);
  forged.keys[0].box[0] ^= 1;
  CHECK(two.bring(forged).status == transfer_status::bad_signature);
  CHECK(two.held() == 0);
  auto without = *two.read(0);
  std::erase_if(without.keys, [&](const auto& key) { return key.recipient == *without.escrow; });
  auto result = two.bring(without);
  CHECK(result.status == transfer_status::stored);
  CHECK_FALSE(result.keys_there);
  auto keys_alone = *two.read(0);
  CHECK(two.bring(keys_alone).keys_there);
}

TEST_CASE("a history rewritten at its source is a fork and never a duplicate", "[L441-2-7-1-1a]") {
  pair_of_nodes two;
  two.write(3);
  two.bring(*two.read(0));
  // The same node from an older copy of its disk: what it writes now has the same sequences.
  pair_of_nodes other;
  other.chance.seed(99);
  other.host.keys = two.host.keys;
  other.write(4);
  auto rewritten = *other.read(0);
  rewritten.signers = {other.host.journal->signer()};
  auto result = two.bring(rewritten);
  CHECK(result.status == transfer_status::forked);
  REQUIRE(result.other_history);
  CHECK(result.other_history->seq >= result.at);
  CHECK(two.equal());
  auto kept = two.holder.rows()->foreign_heads();
  REQUIRE(kept.size() == 1);
  CHECK(kept[0].link == result.other_history->link);
  CHECK(verify(kept[0], two.host.journal->signer()));
  // Changed by somebody on the way: no signature, no fork.
  auto altered = *two.read(0);
  altered.entries[1].content->at(0) ^= 1;
  altered.entries[1].commitment = commitment_of(*altered.entries[1].nonce, *altered.entries[1].content);
  CHECK(two.bring(altered).status == transfer_status::altered);
}

TEST_CASE("an erasure empties the replica too", "[L441-2-7-1-1c]") {
  pair_of_nodes two;
  auto subject = two.fresh();
  auto first = two.host.write(two.host.asked(subject, 0, "one"));
  auto second = two.host.write(two.host.asked(subject, first.last_seq, "two"));
  two.write(1);
  two.bring(*two.read(0));
  two.host.erase(subject, {first.first_seq, second.first_seq});
  REQUIRE(two.bring(*two.read(two.held())).status == transfer_status::stored);
  CHECK(two.holder.rows()->entry(stream(), first.first_seq)->erased);
  CHECK(two.holder.rows()->entry(stream(), second.first_seq)->erased);
  CHECK(two.equal());
  CHECK(two.verify_holder().faults.empty());
  // One that comes later has never seen what is gone.
  pair_of_nodes late;
  auto all = *two.read(0);
  late.bring(all);
  CHECK(late.held() == two.host.last_seq());
  CHECK(late.verify_holder().faults.empty());
}

TEST_CASE("a node that is behind takes nothing but its own past, and then goes on", "[L441-2-7-1-1a]") {
  pair_of_nodes two;
  auto subject = two.fresh();
  auto first = two.host.write(two.host.asked(subject, 0, "one", id_with<law::command_id>(5)));
  two.write(3);
  two.bring(*two.read(0));
  // Its disk is gone: a copy of its first batches is left, with its keys, and the other node has the rest.
  node restored{5, {}};
  restored.keys = two.host.keys;
  restored.open_as_it_is();
  auto from_holder = [&](std::uint64_t after, std::size_t most) {
    auto part = *two.holder.journal->open_transfers()->read(stream(), after, most);
    part.signers = {two.host.journal->signer()};
    return part;
  };
  REQUIRE(restored.writer().stage_transfer(from_holder(0, 1)).status == transfer_status::stored);
  REQUIRE(restored.writer().sync().entries);
  restored.open();
  CHECK(restored.last_seq() == 1);
  restored.writer().hold_back(stream(), true);
  CHECK(restored.write(restored.asked(two.fresh(), 0, "new")).status == ports::append_status::behind);
  while (restored.last_seq() < two.host.last_seq()) {
    REQUIRE(restored.writer().stage_transfer(from_holder(restored.last_seq(), 1)).status == transfer_status::stored);
    REQUIRE(restored.writer().sync().entries);
  }
  restored.writer().hold_back(stream(), false);
  auto repeated = restored.write(restored.asked(subject, 0, "one", id_with<law::command_id>(5)));
  CHECK(repeated.status == ports::append_status::repeated);
  CHECK(repeated.first_seq == first.first_seq);
  CHECK(restored.write(restored.asked(two.fresh(), 0, "new")).status == ports::append_status::appended);
  CHECK(restored.verify().faults.empty());
}

TEST_CASE("while it is not behind, a stream of this node grows by appends alone") {
  pair_of_nodes two;
  two.write(2);
  auto all = *two.read(0);
  CHECK(two.host.writer().stage_transfer(all).status == transfer_status::gap);
}

TEST_CASE("a crash keeps a transfer whole or not at all") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    pair_of_nodes two{seed};
    two.write(6);
    two.bring(*two.read(0, 2000));
    auto before = two.held();
    two.holder.writer().stage_transfer(*two.read(before));
    two.holder.disk.go_down();
    CHECK_THROWS(two.holder.writer().sync());
    two.holder.journal.reset();
    two.holder.disk.come_back();
    two.holder.open_as_it_is();
    CHECK((two.held() == before || two.held() == two.host.last_seq()));
    CHECK(two.verify_holder().faults.empty());
    if (auto rest = two.read(two.held()))
      CHECK(two.bring(*rest).status == transfer_status::stored);
    CHECK(two.equal());
  }
}

TEST_CASE("each head names the ordering stream's last entry that was heeded", "[L441-2-7-4-1]") {
  pair_of_nodes two;
  two.write(2);
  auto ordering = *ports::stream_id::parse("S1");
  two.holder.writer().follow_ordering(ordering, stream());
  two.bring(*two.read(0));
  two.holder.journal->create_stream(ordering,
                                    record_of(law::stream_opened{*law::siren::parse("200057867"), "Prefecture",
                                                                 "training", two.holder.journal->signer()}));
  two.holder.journal->load(ordering);
  auto append = std::make_shared<ports::append>();
  append->stream = ordering;
  auto record = record_of(law::clock_confirmed{});
  auto payload = two.holder.journal->open_sealer()->seal(ordering, {}, record);
  append->drafts.push_back({{}, std::move(payload), std::make_shared<const law::record>(std::move(record))});
  auto named = [&] {
    two.holder.stage(append);
    auto done = two.holder.writer().sync();
    REQUIRE(done.heads.size() == 1);
    return done.heads[0].ordering_seq;
  };
  // It is here; what it says is not yet done.
  CHECK(named() == 0);
  two.holder.writer().heed_ordering(stream(), two.host.last_seq());
  CHECK(named() == two.host.last_seq());
  two.holder.writer().heed_ordering(stream(), 1);
  CHECK(named() == two.host.last_seq());
}

namespace {

/// A note about the subject, and the tombstone that destroys it with a document.
std::uint64_t erases(node& n, std::uint8_t subject, std::uint8_t document) {
  auto about = id_with<law::subject_id>(subject);
  auto written = n.write(n.asked(about, 0, "note")).last_seq;
  law::demande_erased tombstone;
  tombstone.entries.push_back(written);
  tombstone.files.push_back(id_with<law::document_id>(document));
  auto append = std::make_shared<ports::append>();
  append->stream = stream();
  append->reads.push_back({about, written});
  append->drafts.push_back(n.draft(about, record_of(tombstone)));
  append->empties = {written};
  return n.write(append).last_seq;
}

} // namespace

TEST_CASE("what erasures have destroyed is told part by part", "[journal]") {
  node n;
  n.open();
  auto first = erases(n, 1, 11);
  auto second = erases(n, 2, 12);
  auto source = n.journal->open_transfers();
  using documents = std::vector<law::document_id>;
  auto told = [&](std::uint64_t after, std::size_t most) {
    auto part = source->destroyed(stream(), after, most);
    return std::pair{part.read_to, part.documents};
  };
  auto one = id_with<law::document_id>(11);
  auto other = id_with<law::document_id>(12);
  CHECK(told(0, 1'000) == std::pair{second, documents{one, other}});
  CHECK(told(0, first) == std::pair{first, documents{one}});
  CHECK(told(0, first - 1) == std::pair{first - 1, documents{}});
  CHECK(told(first, 1'000) == std::pair{second, documents{other}});
  CHECK(told(second, 1'000) == std::pair{second, documents{}});
  CHECK(told(second + 5, 1'000) == std::pair{second + 5, documents{}});
}

TEST_CASE("a batch of more entries than one message carries on is not taken", "[journal]") {
  pair_of_nodes p;
  constexpr unsigned most = ports::batch_load::entries_most;
  p.write(1, most);
  REQUIRE(p.bring(*p.read(0, 16U << 20)).status == transfer_status::stored);
  REQUIRE(p.held() == most + 1);
  p.write(1, most + 1);
  CHECK(p.bring(*p.read(most + 1, 16U << 20)).status == transfer_status::altered);
  CHECK(p.held() == most + 1);
}

TEST_CASE("of large entries fewer are looked at, until all have been", "[journal]") {
  node n;
  n.open();
  law::command_executed large{law::text<16>{"SD93"}, 1, {law::text<8192>{std::string(8'000, 'A')}}};
  for (std::uint8_t batch = 3; batch < 6; ++batch) {
    auto append = std::make_shared<ports::append>();
    append->stream = stream();
    append->reads.push_back({id_with<law::subject_id>(batch), 0});
    for (unsigned i = 0; i < 400; ++i)
      append->drafts.push_back(n.draft(id_with<law::subject_id>(batch), record_of(large)));
    n.write(append);
  }
  auto last = erases(n, 1, 11);
  auto source = n.journal->open_transfers();
  auto part = source->destroyed(stream(), 0, 8'192);
  CHECK(part.read_to < last);
  CHECK(part.documents.empty());
  while (part.read_to < last) {
    auto next = source->destroyed(stream(), part.read_to, 8'192);
    REQUIRE(next.read_to > part.read_to);
    part = next;
  }
  CHECK(part.documents == std::vector{id_with<law::document_id>(11)});
}

} // namespace toit::journal::test
