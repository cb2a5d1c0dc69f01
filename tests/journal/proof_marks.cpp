#include "journal/proof.hpp"
#include "tests/journal/proving.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit;
using namespace toit::journal;
using journal::test::bytes_with;
using journal::test::id_with;
using journal::test::mark_at;
using journal::test::proving_node;
using journal::test::witness;
using journal::test::witness_key;
using enum proof_fault_reason;

namespace {

const auto proved_subject = id_with<law::subject_id>(1);

/// Subject 1 at 2, 4 and 7; each batch ends at 2, 3, 5, 6, 7, 8 and 9.
class marked_journal : public proving_node {
public:
  marked_journal() {
    for (const auto& each : std::vector<std::vector<std::uint8_t>>{{1}, {2}, {1, 2}, {3}, {1}, {2}, {3}})
      batch(each);
  }
  proof_report report_of(const proof& made) { return verify_proof(made, known()); }
};

std::vector<std::uint64_t> seen_at(const proved_entry& entry, const ports::stream_id& by) {
  std::vector<std::uint64_t> found;
  for (const auto& each : entry.witnesses)
    if (each.witness == by)
      found.push_back(each.seq);
  return found;
}

/// A stream too long to be written in a test: entries of nobody, batches of `batch` entries, but for those of the
/// subject. Hashes are of no history, and nothing is signed: only what is read of it is looked at.
class endless_reader : public store_reader {
public:
  endless_reader(std::uint64_t end, std::uint64_t batch, std::vector<std::uint64_t> own)
      : end_{end}, batch_{batch}, own_{std::move(own)} {}

  void hold() override {}
  void release() noexcept override {}
  std::vector<ports::stream_id> streams() override { return {journal::test::stream()}; }
  std::vector<entry_row> entries(const ports::stream_id&, std::uint64_t after, std::size_t limit) override {
    std::vector<entry_row> rows;
    for (auto seq = after + 1; seq <= end_ && rows.size() < limit; ++seq)
      rows.push_back(row_at(seq));
    rows_read += rows.size();
    return rows;
  }
  std::vector<entry_row> clear_entries(const ports::stream_id&, std::uint64_t, std::uint64_t) override { return {}; }
  std::optional<entry_row> entry(const ports::stream_id&, std::uint64_t seq) override {
    ++rows_read;
    return seq <= end_ ? std::optional{row_at(seq)} : std::nullopt;
  }
  std::uint64_t last_of(const ports::stream_id&, law::subject_id) override { return own_.back(); }
  std::vector<ports::signed_head> heads(const ports::stream_id&, std::uint64_t from, std::size_t) override {
    ports::signed_head head;
    head.stream = journal::test::stream();
    head.seq = std::min(end_, (from + batch_ - 1) / batch_ * batch_);
    return {head};
  }
  std::optional<ports::signed_head> last_head(const ports::stream_id& stream) override {
    return heads(stream, end_, 1).front();
  }
  std::optional<law::subject_id> find_number(const ports::stream_id&, const bytes32&) override { return {}; }
  std::vector<sealed_key> keys() override { return {}; }
  std::vector<ports::witness_mark> marks_from(const ports::stream_id&, std::uint64_t) override { return {}; }
  std::vector<ports::witness_mark> last_marks(const ports::stream_id&) override { return {}; }
  std::vector<ports::signed_head> foreign_heads() override { return {}; }
  std::vector<ports::account_row> accounts(const ports::stream_id&) override { return {}; }
  std::optional<ports::account_row> account_about(const ports::stream_id&, law::subject_id) override { return {}; }
  std::vector<ports::orphan_position> orphan_tails() override { return {}; }
  std::vector<entry_row> orphan_entries(const ports::stream_id&, std::uint32_t, std::uint64_t, std::size_t) override {
    return {};
  }
  std::vector<ports::signed_head> orphan_heads(const ports::stream_id&, std::uint32_t, std::uint64_t,
                                               std::size_t) override {
    return {};
  }
  std::vector<ports::witness_mark> orphan_marks(const ports::stream_id&, std::uint32_t, std::uint64_t) override {
    return {};
  }
  std::uint64_t last_orphan_mark(const ports::stream_id&, std::uint32_t) override { return 0; }
  std::optional<std::string> setting(std::string_view) override { return {}; }

  ports::witness_mark mark(std::uint64_t seq) const {
    return {journal::test::stream(), 0, seq, {}, witness(), {}, {}, {}};
  }

  std::size_t rows_read = 0;

private:
  entry_row row_at(std::uint64_t seq) const {
    entry_row row;
    row.header.seq = seq;
    auto found = std::ranges::lower_bound(own_, seq);
    if (found != own_.end() && *found == seq) {
      row.header.subject = proved_subject;
      row.header.previous = found == own_.begin() ? 0 : *std::prev(found);
    }
    return row;
  }

  std::uint64_t end_;
  std::uint64_t batch_;
  std::vector<std::uint64_t> own_;
};

std::size_t leaves_of(const proof& made) {
  std::size_t leaves = 0;
  for (const auto& segment : made.segments)
    leaves += segment.leaves.content.size() / 32;
  return leaves;
}

} // namespace

TEST_CASE("of each witness the nearest mark at or after an entry's batch stands in its proof", "[journal][proof]") {
  marked_journal node;
  for (std::uint64_t seq : {2, 6, 9})
    node.marks.push_back(mark_at(*node.rows(), seq));
  node.marks.push_back(mark_at(*node.rows(), 8, 1));
  auto made = node.prove(1).value();
  auto report = node.report_of(made);
  REQUIRE(report.accepted());
  REQUIRE(report.entries.size() == 3);
  CHECK(seen_at(report.entries[0], witness(0)) == std::vector<std::uint64_t>{2});
  CHECK(seen_at(report.entries[1], witness(0)) == std::vector<std::uint64_t>{6});
  CHECK(seen_at(report.entries[2], witness(0)) == std::vector<std::uint64_t>{9});
  // A mark beyond covers all that stands before it in one piece.
  CHECK(seen_at(report.entries[0], witness(1)) == std::vector<std::uint64_t>{8});
  CHECK(seen_at(report.entries[2], witness(1)) == std::vector<std::uint64_t>{8});
  CHECK(made.segments.size() == 1);
  CHECK(made.marks_left_out == 0);
  CHECK(report.entries[0].witnesses[0].at == node.marks[0].at);
}

TEST_CASE("an entry after which no mark comes has no witness", "[journal][proof]") {
  marked_journal node;
  node.marks.push_back(mark_at(*node.rows(), 5));
  auto report = node.report_of(node.prove(1).value());
  REQUIRE(report.accepted());
  CHECK(seen_at(report.entries[1], witness(0)) == std::vector<std::uint64_t>{5});
  CHECK(report.entries[2].witnesses.empty());
}

TEST_CASE("a mark of another stream or history, or by no witness, stands in no proof", "[journal][proof]") {
  marked_journal node;
  std::vector<ports::witness_mark> wrong(4, mark_at(*node.rows(), 9));
  wrong[0].stream = *ports::stream_id::parse("T200057868");
  wrong[1].link[0] ^= 1;
  wrong[2].seq = 10;
  wrong[3].witness = journal::test::stream();
  for (const auto& each : wrong) {
    node.marks = {each};
    auto made = node.prove(1).value();
    for (const auto& segment : made.segments)
      CHECK(segment.marks.empty());
    CHECK(node.report_of(made).accepted());
  }
  node.marks = {wrong[1], mark_at(*node.rows(), 9)};
  CHECK(node.prove(1).value().segments.back().marks.size() == 1);
}

TEST_CASE("a mark by a witness whom the verifier does not know is named, and says nothing", "[journal][proof]") {
  marked_journal node;
  node.marks = {mark_at(*node.rows(), 7)};
  auto made = node.prove(1).value();
  std::vector known{known_signer{journal::test::stream(), node.journal->signer()}};
  auto report = verify_proof(made, known);
  CHECK(report.accepted());
  CHECK(report.witnesses_unknown == std::vector{witness(0)});
  CHECK(report.entries[2].witnesses.empty());
  // The node's own key makes nobody a witness.
  sign(made.segments.back().marks.back(), signing_key{node.keys.signing_seed});
  CHECK(verify_proof(made, known).entries[2].witnesses.empty());
  CHECK(verify_proof(made, node.known()).faults == std::vector<proof_fault>{{7, unknown_signer}});
  known.push_back({witness(0), witness_key(1).public_half()});
  CHECK(verify_proof(node.prove(1).value(), known).faults == std::vector<proof_fault>{{7, unknown_signer}});
}

TEST_CASE("who knows no signer learns under which key a proof holds together, and that nobody vouches for it",
          "[journal][proof]") {
  marked_journal node;
  auto made = node.prove(1).value();
  auto report = verify_proof(made, {});
  CHECK(report.accepted());
  CHECK_FALSE(report.vouched);
  CHECK(report.opening->signing_key == node.journal->signer());
  std::vector known{known_signer{journal::test::stream(), bytes_with(3)}};
  auto strange = verify_proof(made, known);
  CHECK_FALSE(strange.accepted());
  CHECK(strange.faults.front() == proof_fault{1, unknown_signer});
  CHECK(strange.entries.empty());
  known.push_back({journal::test::stream(), node.journal->signer()});
  CHECK(verify_proof(made, known).vouched);
}

TEST_CASE("a proof from a long journal reads the subject's batches alone", "[journal][proof]") {
  constexpr std::uint64_t batch = 1024;
  endless_reader rows{500'000, batch, {77, 120'000, 120'001, 333'333, 499'999}};
  auto made = make_proof(rows, journal::test::stream(), proved_subject, nullptr, {});
  REQUIRE(made);
  CHECK(made->segments.size() == 4);
  CHECK(rows.rows_read <= 5 * batch);
}

TEST_CASE("marks stand in a proof as long as a million leaves suffice", "[journal][proof]") {
  // Entries 1 and 10, both in full; a batch each.
  endless_reader rows{2'000'000, 1, {10}};
  std::vector marks{rows.mark(proof_leaves_most + 3)};
  auto far = make_proof(rows, journal::test::stream(), proved_subject, nullptr, marks).value();
  CHECK(far.marks_left_out == 1);
  CHECK(leaves_of(far) == proof_leaves_most - 7);
  marks = {rows.mark(proof_leaves_most + 2)};
  auto near = make_proof(rows, journal::test::stream(), proved_subject, nullptr, marks).value();
  CHECK(near.marks_left_out == 0);
  CHECK(leaves_of(near) == proof_leaves_most);
  CHECK(near.segments.size() == 1);
  CHECK(decode_proof(encode_proof(near).value()));
  near.segments[0].leaves.content.resize(near.segments[0].leaves.content.size() + 32);
  CHECK_FALSE(decode_proof(encode_proof(near).value()));
  CHECK(verify_proof(near, {}).faults == std::vector<proof_fault>{{1, shape}});
}

TEST_CASE("batches of more than a million leaves have no proof", "[journal][proof]") {
  endless_reader largest{proof_leaves_most + 2, proof_leaves_most + 2, {10}};
  CHECK(make_proof(largest, journal::test::stream(), proved_subject, nullptr, {}).has_value());
  endless_reader larger{proof_leaves_most + 3, proof_leaves_most + 3, {10}};
  CHECK(make_proof(larger, journal::test::stream(), proved_subject, nullptr, {}).error() == proof_refusal::too_large);
}

TEST_CASE("a subject of more entries than a proof may hold has none", "[journal][proof]") {
  std::vector<std::uint64_t> own(proof_entries_most);
  std::ranges::generate(own, [seq = std::uint64_t{1}]() mutable { return ++seq; });
  endless_reader most{proof_entries_most + 2, 64, own};
  auto made = make_proof(most, journal::test::stream(), proved_subject, nullptr, {});
  REQUIRE(made);
  CHECK(decode_proof(encode_proof(*made).value()));
  own.push_back(proof_entries_most + 2);
  endless_reader more{proof_entries_most + 2, 64, own};
  CHECK(make_proof(more, journal::test::stream(), proved_subject, nullptr, {}).error() == proof_refusal::too_large);
}

TEST_CASE("a journal that leads a proof astray is told as broken", "[journal][proof]") {
  marked_journal node;
  auto reader = node.rows();
  CHECK_THROWS_AS(make_proof(*reader, journal::test::stream(), proved_subject, nullptr, {}, 3), store_broken);
  CHECK_THROWS_AS(make_proof(*reader, journal::test::stream(), proved_subject, nullptr, {}, 99), store_broken);
}

TEST_CASE("bytes are a proof from their first word to their last", "[journal][proof]") {
  marked_journal node;
  auto whole = encode_proof(node.prove(1).value()).value();
  auto refusal_of = [](const bytes& content) { return decode_proof(content).error(); };
  CHECK(begins_a_proof(whole));
  CHECK_FALSE(begins_a_proof(journal::view_of("SQLite format 3")));
  CHECK_FALSE(begins_a_proof({}));
  CHECK(refusal_of({}) == proof_refusal::no_proof);
  CHECK(refusal_of({whole.begin(), whole.begin() + 10}) == proof_refusal::no_proof);
  CHECK(refusal_of({whole.begin(), whole.begin() + 11}) == proof_refusal::malformed);
  auto altered = whole;
  altered[10] = 2;
  CHECK(refusal_of(altered) == proof_refusal::newer_version);
  altered[10] = 0;
  CHECK(refusal_of(altered) == proof_refusal::malformed);
  for (std::size_t size = 12; size < whole.size(); ++size)
    REQUIRE(refusal_of({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}) == proof_refusal::malformed);
  altered = whole;
  altered.push_back(0);
  CHECK(refusal_of(altered) == proof_refusal::malformed);
  CHECK(refusal_of(bytes(whole.begin(), whole.begin() + 11)) == proof_refusal::malformed);
  altered = whole;
  altered.resize(proof_bytes_most + 1);
  CHECK(refusal_of(altered) == proof_refusal::too_large);
}

TEST_CASE("a proof that lacks fields, or names no stream, is malformed", "[journal][proof]") {
  marked_journal node;
  node.marks = {mark_at(*node.rows(), 7)};
  const auto whole = node.prove(1).value();
  auto without_segments = whole;
  without_segments.segments.clear();
  auto packed = encode_proof(without_segments).value();
  REQUIRE(packed[11] == 0x94);
  packed[11] = 0x93;
  packed.pop_back();
  CHECK(decode_proof(packed).error() == proof_refusal::malformed);
  auto nameless = [&](auto alter) {
    auto altered = whole;
    alter(altered);
    return decode_proof(encode_proof(altered).value()).error() == proof_refusal::malformed;
  };
  CHECK(nameless([](proof& p) { p.stream = {}; }));
  CHECK(nameless([](proof& p) { p.segments[0].heads[0].stream = {}; }));
  CHECK(nameless([](proof& p) { p.segments.back().marks[0].stream = {}; }));
  CHECK(nameless([](proof& p) { p.segments.back().marks[0].witness = {}; }));
}
