#include "journal/proof.hpp"

#include "tests/journal/proving.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <sstream>

using namespace toit;
using namespace toit::journal;
using journal::test::bytes_with;
using journal::test::chance;
using journal::test::id_with;
using journal::test::proving_node;
using journal::test::words_of;
using enum proof_fault_reason;

namespace {

/// Of subject 1, with a batch of his and others', a batch without him, two of his in one batch; marked by two.
class small_journal : public proving_node {
public:
  small_journal() {
    batch({1, 2, 3});
    batch({2, 3});
    batch({2, 1, 3, 1, 2});
    batch({4});
    marks = {journal::test::mark_at(*rows(), 4), journal::test::mark_at(*rows(), 11),
             journal::test::mark_at(*rows(), 4, 1)};
  }

  proof proved(std::uint8_t subject = 1) { return prove(subject).value(); }
};

bool accepted(const proof& given, std::span<const known_signer> known) { return verify_proof(given, known).accepted(); }

std::vector<proof_fault> faults_of(const proof& given, std::span<const known_signer> known = {}) {
  return verify_proof(given, known).faults;
}

bool holds(const bytes& whole, byte_view part) { return std::ranges::search(whole, part).begin() != whole.end(); }

std::vector<std::string> lines_of(const std::string& words) {
  std::istringstream in{words};
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(std::move(line));
  return lines;
}

std::vector<std::uint64_t> sequences_of(const proof_report& report) {
  std::vector<std::uint64_t> found;
  for (const auto& entry : report.entries)
    found.push_back(entry.seq);
  return found;
}

} // namespace

TEST_CASE("a proof says what the journal holds of its subject, all of it, and to who has no key", "[journal][proof]") {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    proving_node node{seed};
    node.random_batches(12, 5);
    for (std::uint8_t subject = 1; subject <= 5; ++subject) {
      CAPTURE(seed, subject);
      auto told = node.journal->open_reader()->read_subject(journal::test::stream(), node.last_of(subject));
      auto made = node.prove(subject);
      REQUIRE(made.has_value() == !told.empty());
      if (!made)
        continue;
      auto read = decode_proof(encode_proof(*made).value());
      REQUIRE(read);
      auto report = verify_proof(*read, node.known());
      CAPTURE(words_of(report));
      REQUIRE(report.accepted());
      CHECK(report.vouched);
      CHECK(report.opening->signing_key == node.journal->signer());
      REQUIRE(report.entries.size() == told.size());
      for (std::size_t i = 0; i < told.size(); ++i) {
        CHECK(report.entries[i].seq == told[i].seq);
        CHECK(report.entries[i].recorded_at == told[i].recorded_at);
        CHECK(report.entries[i].content == proof_content::disclosed);
        CHECK(encode(report.entries[i].record.value()) == encode(*told[i].record));
        CHECK(report.entries[i].signer == node.journal->signer());
      }
    }
  }
}

TEST_CASE("whatever bit of a proof is turned, it is refused or says nothing else", "[journal][proof]") {
  small_journal node;
  auto whole = encode_proof(node.proved()).value();
  auto known = node.known();
  auto said = lines_of(words_of(verify_proof(node.proved(), known)));
  chance chance{1};
  std::size_t heard = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    auto altered = whole;
    altered[i] ^= static_cast<std::uint8_t>(1U << chance.below(8));
    auto read = decode_proof(altered);
    auto report = read ? verify_proof(*read, known) : proof_report{};
    if (!read || !report.accepted())
      continue;
    CAPTURE(i);
    for (const auto& line : lines_of(words_of(report)))
      REQUIRE(std::ranges::find(said, line) != said.end());
    ++heard;
  }
  // The number of marks left out is the maker's word alone; a witness whose name is turned is unknown, and not heard.
  CHECK(heard < 8);
}

TEST_CASE("each field of a proof is bound by what is signed", "[journal][proof]") {
  small_journal node;
  const auto whole = node.proved();
  auto known = node.known();
  REQUIRE(whole.segments.size() == 2);
  REQUIRE(accepted(whole, known));
  auto refused = [&](auto alter, proof_fault expected) {
    auto altered = whole;
    alter(altered);
    auto faults = faults_of(altered, known);
    REQUIRE_FALSE(faults.empty());
    CHECK(faults.front() == expected);
  };
  const auto other = *ports::stream_id::parse("T200057868");
  refused([&](proof& p) { p.stream = other; }, {1, opening});
  refused([](proof& p) { p.subject = id_with<law::subject_id>(2); }, {2, other_subject});
  refused([](proof& p) { p.segments[0].before[0] ^= 1; }, {1, opening});
  refused([](proof& p) { p.segments[1].before[0] ^= 1; }, {11, head_link});
  refused([](proof& p) { p.segments[1].first -= 1; }, {7, shape});
  refused([](proof& p) { p.segments[1].leaves.content[0] ^= 1; }, {11, head_link});
  auto entry = [&](auto alter, proof_fault expected) {
    refused([&](proof& p) { alter(p.segments[1].entries[0]); }, expected);
  };
  entry([](proof_entry& e) { e.seq += 1; }, {10, subject_order});
  entry([](proof_entry& e) { e.epoch += 1; }, {8, disclosure});
  entry([](proof_entry& e) { e.recorded_at += std::chrono::milliseconds{1}; }, {10, time_back});
  entry([](proof_entry& e) { e.recorded_at -= std::chrono::hours{24 * 365}; }, {8, time_back});
  entry([](proof_entry& e) { e.subject.bytes[0] ^= 1; }, {8, other_subject});
  entry([](proof_entry& e) { e.previous -= 1; }, {8, subject_order});
  entry([](proof_entry& e) { e.commitment[0] ^= 1; }, {8, payload});
  entry([](proof_entry& e) { e.payload->nonce.content[0] ^= 1; }, {8, payload});
  entry([](proof_entry& e) { e.payload->content.content[0] ^= 1; }, {8, payload});
  entry([](proof_entry& e) { (*e.payload->key)[0] ^= 1; }, {8, disclosure});
  entry([](proof_entry& e) { e.payload.reset(); }, {8, unannounced_erasure});
  entry([](proof_entry& e) { e.payload->nonce.content.pop_back(); }, {8, shape});
  auto head = [&](auto alter, proof_fault expected) {
    refused([&](proof& p) { alter(p.segments[1].heads[0]); }, expected);
  };
  head([&](ports::signed_head& h) { h.stream = other; }, {11, other_stream});
  head([](ports::signed_head& h) { h.epoch += 1; }, {11, head_signature});
  head([](ports::signed_head& h) { h.first += 1; }, {11, head_signature});
  head([](ports::signed_head& h) { h.seq -= 1; }, {10, head_link});
  head([](ports::signed_head& h) { h.seq += 2; }, {8, shape});
  head([](ports::signed_head& h) { h.ordering_seq += 1; }, {11, head_signature});
  head([](ports::signed_head& h) { h.link[0] ^= 1; }, {11, head_link});
  head([](ports::signed_head& h) { h.key_id[0] ^= 1; }, {11, unknown_signer});
  head([](ports::signed_head& h) { h.signature[0] ^= 1; }, {11, head_signature});
  auto mark = [&](auto alter, proof_fault expected) {
    refused([&](proof& p) { alter(p.segments[1].marks[0]); }, expected);
  };
  mark([&](ports::witness_mark& m) { m.stream = other; }, {11, other_stream});
  mark([](ports::witness_mark& m) { m.epoch += 1; }, {11, mark_signature});
  mark([](ports::witness_mark& m) { m.seq -= 1; }, {10, mark_link});
  mark([](ports::witness_mark& m) { m.link[0] ^= 1; }, {11, mark_link});
  mark([](ports::witness_mark& m) { m.witness = journal::test::witness(1); }, {11, unknown_signer});
  mark([](ports::witness_mark& m) { m.witness = journal::test::stream(); }, {8, shape});
  mark([](ports::witness_mark& m) { m.at += std::chrono::milliseconds{1}; }, {11, mark_signature});
  mark([](ports::witness_mark& m) { m.key_id[0] ^= 1; }, {11, unknown_signer});
  mark([](ports::witness_mark& m) { m.signature[0] ^= 1; }, {11, mark_signature});
}

TEST_CASE("what is moved, taken away or added in a proof is found", "[journal][proof]") {
  small_journal node;
  const auto whole = node.proved();
  auto first_fault = [&](auto alter) {
    auto altered = whole;
    alter(altered);
    auto faults = faults_of(altered, node.known());
    return faults.empty() ? std::optional<proof_fault>{} : faults.front();
  };
  auto at = [](std::uint64_t seq, proof_fault_reason reason) { return std::optional{proof_fault{seq, reason}}; };
  CHECK(first_fault([](proof& p) { std::swap(p.segments[1].entries[0], p.segments[1].entries[1]); }) == at(8, shape));
  CHECK(first_fault([](proof& p) {
          auto& entries = p.segments[1].entries;
          std::swap(entries[0], entries[1]);
          std::swap(entries[0].seq, entries[1].seq);
        }) == at(8, subject_order));
  CHECK(first_fault([](proof& p) {
          auto& entries = p.segments[1].entries;
          std::swap(entries[0].payload, entries[1].payload);
        }) == at(8, payload));
  CHECK(first_fault([](proof& p) { p.segments[1].leaves.content.resize(32); }) == at(8, shape));
  CHECK(first_fault([](proof& p) { p.segments[1].leaves.content.pop_back(); }) == at(8, shape));
  CHECK(first_fault([](proof& p) { p.segments[1].entries.pop_back(); }) == at(8, shape));
  CHECK(first_fault([](proof& p) { p.segments[1].entries.clear(); }) == at(8, shape));
  CHECK(first_fault([](proof& p) { p.segments[1].heads.clear(); }) == at(8, not_covered));
  CHECK(first_fault([](proof& p) { p.segments[1].heads.push_back(p.segments[1].heads[0]); }) == at(8, shape));
  CHECK(first_fault([](proof& p) { p.segments[1].marks.push_back(p.segments[1].marks[0]); }) == at(8, shape));
  CHECK(first_fault([](proof& p) { p.segments.erase(p.segments.begin()); }) == at(1, shape));
  CHECK(first_fault([](proof& p) { p.segments.push_back(p.segments[1]); }) == at(8, shape));
  CHECK(first_fault([](proof& p) { std::swap(p.segments[0], p.segments[1]); }) == at(1, shape));
  CHECK(first_fault([](proof& p) { p.segments.clear(); }) == at(1, shape));
  CHECK(first_fault([](proof& p) { p.segments[0].entries[0].payload.reset(); }) == at(1, opening));
  // A leaf in the place of an entry of the subject: his order tells.
  CHECK(first_fault([](proof& p) {
          auto& segment = p.segments[1];
          const auto& e = segment.entries[0];
          auto leaf =
              leaf_of({e.seq, e.epoch, e.recorded_at.time_since_epoch().count(), e.subject, e.previous, e.commitment});
          segment.leaves.content.insert(segment.leaves.content.begin(), leaf.begin(), leaf.end());
          segment.entries.erase(segment.entries.begin());
        }) == at(10, subject_order));
  // The end of a subject's history is no part of what is proved: an older proof is as good as when it was made.
  CHECK_FALSE(first_fault([](proof& p) { p.segments.pop_back(); }));
}

TEST_CASE("a proof shows nothing of the subject's neighbours but hashes", "[journal][proof]") {
  small_journal node;
  auto whole = encode_proof(node.proved()).value();
  std::size_t neighbours = 0;
  for (const auto& row : node.rows()->entries(journal::test::stream(), 1, 100)) {
    CAPTURE(row.header.seq);
    bool own = row.header.subject == id_with<law::subject_id>(1);
    CHECK(holds(whole, row.header.subject.bytes) == own);
    CHECK(holds(whole, row.header.commitment) == own);
    CHECK(holds(whole, row.nonce) == own);
    CHECK(holds(whole, row.content) == own);
    CHECK(holds(whole, byte_view{row.content}.first(16)) == own);
    neighbours += own ? 0 : 1;
  }
  CHECK(neighbours == 8);
}

TEST_CASE("a disclosed key of one proof opens no other entry of the stream", "[journal][proof]") {
  small_journal node;
  std::vector<bytes32> disclosed;
  for (const auto& segment : node.proved().segments)
    for (const auto& entry : segment.entries)
      if (entry.payload->key)
        disclosed.push_back(*entry.payload->key);
  CHECK(disclosed.size() == 3);
  std::size_t opened = 0;
  for (const auto& row : node.rows()->entries(journal::test::stream(), 1, 100))
    for (const auto& key : disclosed)
      opened +=
          open_disclosed(key, journal::test::stream(), row.header.epoch, row.header.subject, row.nonce, row.content)
              .has_value();
  CHECK(opened == disclosed.size());
}

TEST_CASE("entries of one batch share a segment, those of others have their own", "[journal][proof]") {
  proving_node node;
  node.batch({1, 2, 1});
  node.batch({2});
  node.batch({2, 2, 1, 2});
  auto made = node.prove(1).value();
  REQUIRE(made.segments.size() == 2);
  CHECK(made.segments[0].first == 1);
  CHECK(made.segments[0].last() == 4);
  CHECK(made.segments[0].heads.size() == 2);
  CHECK(made.segments[0].entries.size() == 3);
  CHECK(made.segments[1].first == 8);
  CHECK(made.segments[1].last() == 9);
  CHECK(made.segments[1].leaves.content.size() == 32);
  CHECK(sequences_of(verify_proof(made, {})) == std::vector<std::uint64_t>{2, 4, 8});
}

TEST_CASE("the opening is proved as any entry to who asks for its own subject", "[journal][proof]") {
  small_journal node;
  auto made = node.prove(0).value();
  auto report = verify_proof(made, node.known());
  REQUIRE(report.accepted());
  REQUIRE(report.entries.size() == 1);
  CHECK(report.entries[0].seq == 1);
  CHECK(report.entries[0].content == proof_content::clear);
  CHECK(std::holds_alternative<law::stream_opened>(report.entries[0].record->event));
}

TEST_CASE("of an erased entry a proof shows the header, and the erasure that announces it", "[journal][proof]") {
  small_journal node;
  auto before = node.proved();
  REQUIRE(node.erase(id_with<law::subject_id>(1), {2, 8, 10}).status == ports::append_status::appended);
  auto made = node.proved();
  auto report = verify_proof(made, node.known());
  REQUIRE(report.accepted());
  REQUIRE(sequences_of(report) == std::vector<std::uint64_t>{2, 8, 10, 13});
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(report.entries[i].content == proof_content::erased);
    CHECK_FALSE(report.entries[i].record);
  }
  CHECK(report.entries[3].content == proof_content::clear);
  CHECK(accepted(before, node.known()));
  // What is gone and yet there, and what is gone without a word.
  made.segments[1].entries[0].payload = before.segments[1].entries[0].payload;
  CHECK(faults_of(made) == std::vector<proof_fault>{{8, unfinished_erasure}});
  made = node.proved();
  made.segments.pop_back();
  CHECK(faults_of(made) ==
        std::vector<proof_fault>{{2, unannounced_erasure}, {8, unannounced_erasure}, {10, unannounced_erasure}});
}

TEST_CASE("without the stream's keys a proof says that an entry was there, not what it says", "[journal][proof]") {
  small_journal node;
  auto reader = node.rows();
  auto made = make_proof(*reader, journal::test::stream(), id_with<law::subject_id>(1), nullptr, {}).value();
  auto report = verify_proof(made, node.known());
  REQUIRE(report.accepted());
  for (const auto& entry : report.entries) {
    CHECK(entry.content == proof_content::closed);
    CHECK_FALSE(entry.record);
  }
}

TEST_CASE("a subject of whom the stream has nothing has no proof", "[journal][proof]") {
  small_journal node;
  CHECK(node.prove(9).error() == proof_refusal::unknown_subject);
  auto reader = node.rows();
  CHECK(make_proof(*reader, *ports::stream_id::parse("T1"), {}, nullptr, {}).error() == proof_refusal::unknown_subject);
}
