// Bytes taken for a dossier de preuve: refused, or a proof with one form in bytes, which is examined for who knows no
// signer and for who knows one.

#include "journal/proof.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace toit;
  auto read = journal::decode_proof({data, size});
  if (!read)
    return 0;
  auto packed = journal::encode_proof(*read);
  law::require(packed && std::ranges::equal(*packed, std::span{data, size}), "a proof has one form in bytes");
  const journal::known_signer known{read->stream, {}};
  for (const auto& report : {journal::verify_proof(*read, {}), journal::verify_proof(*read, {&known, 1})}) {
    law::require(report.accepted() || report.entries.empty(), "what is refused proves nothing");
    law::require(!report.accepted() || report.opening, "what is accepted begins with the stream's opening");
  }
  return 0;
}
