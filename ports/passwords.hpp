/// \file
/// Passwords and tokens of local accounts: hashed slowly, compared without haste.

#pragma once

#include <string>
#include <string_view>

namespace toit::ports {

class password_hasher {
public:
  virtual ~password_hasher() = default;
  /// A text that holds parameters, salt and hash (Argon2id in service). Takes about a tenth of a second.
  virtual std::string hash(std::string_view password) = 0;
  virtual bool matches(std::string_view hashed, std::string_view password) = 0;
};

} // namespace toit::ports
