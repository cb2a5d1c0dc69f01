#include "journal/proof.hpp"

namespace toit::journal {

namespace {

constexpr std::string_view mark_of_proof = "toit.proof";

/// Every entry, head and mark that a proof may hold, with what they hold.
constexpr packed_limits proof_limits{proof_marks_most + 16, proof_leaves_most * 32, 2'500'000};

/// What a described list has, and what each named thing must have.
bool is_named(const proof& read) {
  if (read.stream.empty())
    return false;
  for (const auto& segment : read.segments) {
    if (std::ranges::any_of(segment.heads, [](const auto& head) { return head.stream.empty(); }))
      return false;
    if (std::ranges::any_of(segment.marks, [](const auto& m) { return m.stream.empty() || m.witness.empty(); }))
      return false;
  }
  return true;
}

bytes packed(const proof& made) {
  msgpack::sbuffer buffer;
  packer out{buffer};
  pack_value(out, made);
  bytes content;
  content.reserve(mark_of_proof.size() + 1 + buffer.size());
  put(content, view_of(mark_of_proof));
  content.push_back(proof_version);
  content.insert(content.end(), buffer.data(), buffer.data() + buffer.size());
  return content;
}

} // namespace

bool begins_a_proof(byte_view first_bytes) {
  return first_bytes.size() >= mark_of_proof.size() &&
         std::ranges::equal(first_bytes.first(mark_of_proof.size()), view_of(mark_of_proof));
}

std::expected<bytes, proof_refusal> encode_proof(const proof& made) {
  auto content = packed(made);
  if (content.size() > proof_bytes_most)
    return std::unexpected{proof_refusal::too_large};
  return content;
}

std::expected<proof, proof_refusal> decode_proof(byte_view content) {
  using enum proof_refusal;
  if (!begins_a_proof(content) || content.size() == mark_of_proof.size())
    return std::unexpected{no_proof};
  if (content.size() > proof_bytes_most)
    return std::unexpected{too_large};
  auto version = content[mark_of_proof.size()];
  if (version != proof_version)
    return std::unexpected{version > proof_version ? newer_version : malformed};
  auto read = unpack_alone<proof>(content.subspan(mark_of_proof.size() + 1), proof_limits);
  // An array that lacks its last fields would be read too, and be no longer than what it stands for.
  if (!read || !is_named(*read) || !std::ranges::equal(packed(*read), content))
    return std::unexpected{malformed};
  return std::move(*read);
}

} // namespace toit::journal
