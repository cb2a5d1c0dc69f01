/// \file
/// A dossier de preuve: what a journal holds of one subject, for whoever has neither the node nor its keys. Entries of
/// others are there as hashes. docs/journal-format.md is normative, and says what a proof proves and what not.

#pragma once

#include "journal/marks.hpp"
#include "journal/pack.hpp"
#include "journal/store.hpp"
#include "law/catalogue.hpp"

#include <expected>

namespace toit::journal {

constexpr std::uint8_t proof_version = 1;
constexpr std::size_t proof_leaves_most = 1'000'000; ///< in all
constexpr std::size_t proof_entries_most = 65'536;   ///< in all, the opening not counted
constexpr std::size_t proof_marks_most = 65'536;     ///< in all
constexpr std::size_t proof_bytes_most = 64U << 20;

/// A payload as it is stored, and what opens it.
struct proof_payload {
  octets<24> nonce; ///< empty in clear
  octets<1U << 20> content;
  std::optional<bytes32> key; ///< of this payload alone; absent in clear, and where the maker had no key
  friend bool operator==(const proof_payload&, const proof_payload&) = default;
  static constexpr auto fields() {
    using law::field;
    using t = proof_payload;
    return std::tuple{field{"nonce", &t::nonce}, field{"content", &t::content}, field{"key", &t::key}};
  }
};

/// An entry in full; its payload is absent once erased.
struct proof_entry {
  std::uint64_t seq = 0;
  std::uint32_t epoch = 0;
  law::instant recorded_at{};
  law::subject_id subject;
  std::uint64_t previous = 0;
  bytes32 commitment{};
  std::optional<proof_payload> payload;
  friend bool operator==(const proof_entry&, const proof_entry&) = default;
  static constexpr auto fields() {
    using law::field;
    using t = proof_entry;
    return std::tuple{
        field{"seq", &t::seq},         field{"epoch", &t::epoch},       field{"recorded_at", &t::recorded_at},
        field{"subject", &t::subject}, field{"previous", &t::previous}, field{"commitment", &t::commitment},
        field{"payload", &t::payload}};
  }
};

/// Consecutive entries of the stream, most of them as hashes, with the signatures that cover them.
struct proof_segment {
  std::uint64_t first = 0;
  bytes32 before{}; ///< link of the entry before the first
  law::list<proof_entry, proof_entries_most + 1> entries;
  octets<proof_leaves_most * 32> leaves; ///< of all other entries, in order, 32 bytes each
  law::list<ports::signed_head, proof_entries_most + 1> heads;
  law::list<ports::witness_mark, proof_marks_most> marks; ///< in the order of seq and witness

  std::uint64_t last() const { return first + entries.size() + leaves.content.size() / 32 - 1; }
  static constexpr auto fields() {
    using law::field;
    using t = proof_segment;
    return std::tuple{field{"first", &t::first},   field{"before", &t::before}, field{"entries", &t::entries},
                      field{"leaves", &t::leaves}, field{"heads", &t::heads},   field{"marks", &t::marks}};
  }
};

struct proof {
  ports::stream_id stream;
  law::subject_id subject;
  std::uint64_t marks_left_out = 0; ///< that were known to the maker; he says so, and nothing proves it
  law::list<proof_segment, proof_entries_most + 1> segments;
  static constexpr auto fields() {
    using law::field;
    using t = proof;
    return std::tuple{field{"stream", &t::stream}, field{"subject", &t::subject},
                      field{"marks_left_out", &t::marks_left_out}, field{"segments", &t::segments}};
  }
};

/// Why there is no proof, or why bytes are none.
enum class proof_refusal : std::uint8_t {
  unknown_subject, ///< the stream has no entry about it
  too_large,       ///< a limit of the format is passed
  no_proof,        ///< the bytes do not begin as a proof does
  newer_version,
  malformed,
};
constexpr auto names_of(proof_refusal) {
  return std::to_array<std::string_view>({"unknown_subject", "too_large", "no_proof", "newer_version", "malformed"});
}

/// From the subject's entries and what stands around them in their batches; the rest of the stream is not read. `keys`
/// may be null: payloads then stay closed. `last` is the subject's last entry where the caller knows it; else it is
/// looked for among the headers from the end back. Marks may be of any stream, in any order; one that is not of this
/// history or too far is left out. Throws `store_broken`.
std::expected<proof, proof_refusal> make_proof(store_reader& rows, const ports::stream_id& stream,
                                               law::subject_id subject, const stream_keys* keys,
                                               std::span<const ports::witness_mark> marks, std::uint64_t last = 0);

/// True when a file that begins so is meant for a proof, of whatever version.
bool begins_a_proof(byte_view first_bytes);
std::expected<bytes, proof_refusal> encode_proof(const proof& made);
/// From untrusted bytes. A proof has one form in bytes.
std::expected<proof, proof_refusal> decode_proof(byte_view content);

/// A key that the verifier knows from elsewhere to sign for a stream: heads of that stream, or marks of that witness.
struct known_signer {
  ports::stream_id stream;
  public_key key{};
};

/// Why a proof is refused: docs/journal-format.md says each in full.
enum class proof_fault_reason : std::uint8_t {
  shape, ///< nothing else is looked at
  other_subject,
  subject_order,
  epoch_back,
  time_back,
  payload,
  disclosure,
  unknown_payload,
  opening,
  other_stream,
  head_link,
  head_signature,
  mark_link,
  mark_signature,
  unknown_signer,
  not_covered,
  unannounced_erasure,
  unfinished_erasure,
  no_cut,
  cut,
};
constexpr auto names_of(proof_fault_reason) {
  return std::to_array<std::string_view>(
      {"shape",       "other_subject",       "subject_order",      "epoch_back",     "time_back",
       "payload",     "disclosure",          "unknown_payload",    "opening",        "other_stream",
       "head_link",   "head_signature",      "mark_link",          "mark_signature", "unknown_signer",
       "not_covered", "unannounced_erasure", "unfinished_erasure", "no_cut",         "cut"});
}

struct proof_fault {
  std::uint64_t seq = 0;
  proof_fault_reason reason{};
  friend bool operator==(const proof_fault&, const proof_fault&) = default;
};

/// What is known of a proved entry's payload.
enum class proof_content : std::uint8_t {
  clear,
  disclosed,
  closed, ///< the proof holds no key to it
  erased,
};
constexpr auto names_of(proof_content) {
  return std::to_array<std::string_view>({"clear", "disclosed", "closed", "erased"});
}

/// A witness whom the verifier knows says that he held the entry, at the latest then.
struct proof_witness {
  ports::stream_id witness;
  law::instant at{};
  std::uint64_t seq = 0; ///< up to where he held the stream
  friend bool operator==(const proof_witness&, const proof_witness&) = default;
};

struct proved_entry {
  std::uint64_t seq = 0;
  std::uint32_t epoch = 0;
  law::instant recorded_at{};
  proof_content content{};
  std::optional<law::record> record; ///< of `clear` and `disclosed`
  public_key signer{};               ///< of the head that covers it
  std::vector<proof_witness> witnesses;
  bytes32 link{}; ///< in the stream's chain
};

struct proof_report {
  ports::stream_id stream;
  law::subject_id subject;
  std::optional<law::stream_opened> opening;
  bool vouched = false;              ///< the verifier knows a signer of the stream: every head is by one whom he knows
  std::vector<proved_entry> entries; ///< of the subject, oldest first; empty after any fault
  std::vector<ports::stream_id> witnesses_unknown; ///< named by marks that could not be checked
  std::uint64_t marks_left_out = 0;                ///< as the proof says of itself
  std::uint64_t leaves = 0;
  std::vector<proof_fault> faults; ///< in the order of the stream, at most 100
  bool accepted() const { return faults.empty(); }
};

proof_report verify_proof(const proof& given, std::span<const known_signer> known);

} // namespace toit::journal
