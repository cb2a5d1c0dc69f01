/// \file
/// A journal with witnesses, and what a proof taken from it says: for the tests of proofs and their corpus.

#pragma once

#include "journal/codec.hpp"
#include "journal/proof.hpp"
#include "simulation/world/chance.hpp"
#include "tests/journal/node.hpp"

namespace toit::journal::test {

using simulation::chance;

inline const ports::stream_id& witness(std::size_t which = 0) {
  static const std::array ids{*ports::stream_id::parse("S93"), *ports::stream_id::parse("S11")};
  return ids.at(which);
}

inline const signing_key& witness_key(std::size_t which = 0) {
  static const signing_key first{bytes_with(93)};
  static const signing_key second{bytes_with(11)};
  return which == 0 ? first : second;
}

/// A signed mark of the entry, which must be there.
inline ports::witness_mark mark_at(store_reader& rows, std::uint64_t seq, std::size_t which = 0) {
  auto row = rows.entry(stream(), seq);
  law::require(row.has_value(), "a mark is of an entry that is there");
  ports::witness_mark mark{stream(), row->header.epoch, seq, row->link, witness(which), {}, {}, {}};
  mark.at = law::instant{std::chrono::milliseconds{row->header.recorded_at_ms}} + std::chrono::seconds{5};
  sign(mark, witness_key(which));
  return mark;
}

inline std::vector<known_signer> all_known(const public_key& signer) {
  return {{stream(), signer}, {witness(0), witness_key(0).public_half()}, {witness(1), witness_key(1).public_half()}};
}

/// Everything that the report says, but for what nothing proves.
inline std::string words_of(const proof_report& report) {
  std::string words = report.stream.text() + " " + law::to_hex(report.subject.bytes);
  words += report.vouched ? " vouched" : "";
  if (report.opening)
    words += " opened by " + law::to_hex(report.opening->signing_key);
  for (const auto& entry : report.entries) {
    words += "\n" + std::to_string(entry.seq) + " " + std::to_string(entry.epoch) + " " +
             law::to_text(entry.recorded_at) + " " + std::string{law::name_of(entry.content)} + " " +
             law::to_hex(entry.signer) + " ";
    if (entry.record)
      words += law::to_hex(encode(*entry.record));
    for (const auto& seen : entry.witnesses)
      words += "\n" + std::to_string(entry.seq) + " seen by " + seen.witness.text() + " " + law::to_text(seen.at) +
               " " + std::to_string(seen.seq);
  }
  for (const auto& fault : report.faults)
    words += "\n" + std::to_string(fault.seq) + " " + std::string{law::name_of(fault.reason)};
  return words;
}

/// A node with a few batches: subjects 1 to `subjects`, in turn or at random, and marks at some heads.
class proving_node : public node {
public:
  explicit proving_node(std::uint64_t seed = 1) : node{seed}, chance_{seed} { open(); }

  /// Writes one batch, an entry about each subject named.
  void batch(const std::vector<std::uint8_t>& subjects, std::size_t size = 20) {
    clock->at += std::chrono::minutes{1 + chance_.below(500)};
    auto append = std::make_shared<ports::append>();
    append->stream = stream();
    auto seq = last_seq();
    for (auto name : subjects) {
      auto who = id_with<law::subject_id>(name);
      append->drafts.push_back(draft(who, record_of(note(std::string(size, static_cast<char>('a' + name % 26))))));
      if (std::ranges::find(append->reads, who, &ports::subject_read::subject) == append->reads.end())
        append->reads.push_back({who, last_of_[name]});
      last_of_[name] = ++seq;
    }
    law::require(write(append).status == ports::append_status::appended, "what is written here is in order");
  }

  void random_batches(std::size_t count, std::uint8_t subjects) {
    for (; count > 0; --count) {
      std::vector<std::uint8_t> written(1 + chance_.below(5));
      for (auto& each : written)
        each = static_cast<std::uint8_t>(1 + chance_.below(subjects));
      batch(written, chance_.below(300));
      for (std::size_t which : {0U, 1U})
        if (chance_.one_in(3))
          marks.push_back(mark_at(*rows(), last_seq(), which));
    }
  }

  std::uint64_t last_of(std::uint8_t subject) { return last_of_[subject]; }

  std::expected<proof, proof_refusal> prove(std::uint8_t subject) {
    auto reader = rows();
    auto opened = journal->keys()->of(stream());
    return make_proof(*reader, stream(), id_with<law::subject_id>(subject), opened.get(), marks);
  }

  std::vector<known_signer> known() const { return all_known(journal->signer()); }

  std::vector<ports::witness_mark> marks;

private:
  chance chance_;
  std::map<std::uint8_t, std::uint64_t> last_of_;
};

} // namespace toit::journal::test
