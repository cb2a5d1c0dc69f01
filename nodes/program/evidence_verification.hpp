/// \file
/// The evidence that a dossier de preuve holds, line by line against the entries that it cites: those of the proof
/// itself, and of others that are given beside it.

#pragma once

#include "journal/proof.hpp"

namespace toit::nodes {

/// One filed evidence, as far as the proofs at hand show it.
struct evidence_report {
  std::uint64_t seq = 0; ///< of the entry that files it
  law::civil_date as_of;
  law::bytes32 digest{};
  bool whole = false;               ///< the digest is that of the file
  std::vector<std::uint64_t> found; ///< carences of the same proof that are found upon it
  std::size_t proved = 0;           ///< lines whose entry is in a proof, and says so
  std::size_t without_entry = 0;    ///< lines of an absence, or told by the host
  std::size_t elsewhere = 0;        ///< lines whose entry is in no proof at hand
  std::vector<std::size_t> wrong;   ///< lines without the entry that they need, or whose entry says otherwise; from 0
  bool accepted() const { return whole && wrong.empty(); }
};

/// `others` are accepted proofs, of any stream.
std::vector<evidence_report> check_evidence(const journal::proof_report& proved,
                                            std::span<const journal::proof_report> others);

} // namespace toit::nodes
