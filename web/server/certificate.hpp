/// \file
/// A certificate that a node signs for itself: for a demonstration, and for tests. A node in service has one from its
/// administration.

#pragma once

#include <string>

namespace toit::web {

struct self_signed {
  std::string certificate; ///< PEM
  std::string private_key; ///< PEM
};

/// P-256, ten years from now, for localhost, 127.0.0.1 and ::1. Throws std::runtime_error.
self_signed make_self_signed();

} // namespace toit::web
