/// \file
/// Passwords hashed with Argon2id, by libsodium, at its "interactive" cost: 64 MiB and about a tenth of a second.

#pragma once

#include "ports/passwords.hpp"

namespace toit::nodes {

class argon2_hasher : public ports::password_hasher {
public:
  /// Throws std::bad_alloc when there is no memory for it.
  std::string hash(std::string_view password) override;
  bool matches(std::string_view hashed, std::string_view password) override;
};

} // namespace toit::nodes
