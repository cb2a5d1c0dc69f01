/// \file
/// What a dossier de preuve proves, told to whoever verifies it.

#pragma once

#include "journal/proof.hpp"

#include <filesystem>
#include <iosfwd>

namespace toit::nodes {

/// True when the file begins as a dossier de preuve does.
bool is_proof_file(const std::filesystem::path& file);

/// "HEX", a key of the proof's own stream, or "FLUX:HEX"; absent when it is neither.
std::optional<journal::known_signer> parse_signer(std::string_view text, const ports::stream_id& stream);

struct proof_reading {
  std::filesystem::path file;
  std::vector<std::filesystem::path> cited; ///< other dossiers de preuve, whose entries the first one's evidence cites
  std::vector<std::string> signers;         ///< as `parse_signer` reads them
  bool json = false;
};

/// Code of exit: 0 accepted, 3 refused, 1 when it cannot be read here, 2 on a malformed signer. Evidence that says
/// something else than the entries it cites is refused, and so is a cited dossier de preuve that proves nothing.
int verify_proof_file(const proof_reading& asked, std::ostream& out, std::ostream& err);

} // namespace toit::nodes
