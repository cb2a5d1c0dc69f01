/// \file
/// The certificate that a demonstration or a training node makes for itself, for the loopback alone.

#pragma once

#include <filesystem>

namespace toit::nodes {

struct certificate_files {
  std::filesystem::path certificate; ///< PEM, which clients of the machine may pin
  std::filesystem::path private_key; ///< PEM, mode 0600
};

/// Makes both files in the folder when they are not there. Throws std::runtime_error.
certificate_files ensure_own_certificate(const std::filesystem::path& folder);

} // namespace toit::nodes
