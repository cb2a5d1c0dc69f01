/// \file
/// `toit journal proof`: what a journal holds of one dossier, in a file that proves it to who has neither the node nor
/// its keys. Reads the journal's file alone, whether the node serves or not.

#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>

namespace toit::nodes {

struct proof_options {
  std::filesystem::path data; ///< directory that holds the journal
  std::filesystem::path keys; ///< of the node
  std::string number;         ///< numéro unique, or else
  std::string territory;      ///< SIREN: what its prefect has recorded of it, or it of its dispositif; or else
  std::string dossier;        ///< id of the dossier or of any other subject, 32 hexadecimal digits
  std::string stream;         ///< where there is more than one; may be empty
  std::filesystem::path out;  ///< file to make
  bool json = false;
};

/// Code of exit: 0 the file is made, 1 there is nothing to prove or no room for it, 2 on wrong usage, 3 the journal is
/// not what was written.
int journal_proof_command(const proof_options& options, std::ostream& out, std::ostream& err);

} // namespace toit::nodes
