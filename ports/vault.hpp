/// \file
/// Supporting documents: each is a file of its own, encrypted under a key that only its entry holds.

#pragma once

#include "ports/journal.hpp"

namespace toit::ports {

/// Largest document, in bytes.
constexpr std::size_t document_limit_bytes = 20U << 20;
/// What encryption adds to it on disk: nonce and tag.
constexpr std::size_t document_overhead_bytes = 40;

struct stored_document {
  law::document_id id;
  law::bytes32 digest{}; ///< of the content, keyed, for this dossier alone
  law::bytes32 key{};
  std::uint64_t size_bytes = 0;
};

class document_vault {
public:
  virtual ~document_vault() = default;
  /// The file is on disk on return, under a fresh id. Throws `files_full`.
  virtual stored_document store(const stream_id& stream, law::dossier_id dossier,
                                std::span<const std::uint8_t> content) = 0;
  /// Absent when there is no such file, or when the key does not open it.
  virtual std::optional<bytes> open(law::document_id id, const law::bytes32& key) = 0;
  virtual void destroy(law::document_id id) = 0;
  virtual std::vector<law::document_id> list() = 0;
};

} // namespace toit::ports
