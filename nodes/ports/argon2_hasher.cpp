#include "nodes/ports/argon2_hasher.hpp"

#include <new>
#include <sodium.h>

namespace toit::nodes {

std::string argon2_hasher::hash(std::string_view password) {
  std::string hashed(crypto_pwhash_STRBYTES, '\0');
  if (crypto_pwhash_str_alg(hashed.data(), password.data(), password.size(), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                            crypto_pwhash_MEMLIMIT_INTERACTIVE, crypto_pwhash_ALG_ARGON2ID13) != 0)
    throw std::bad_alloc{};
  hashed.resize(hashed.find('\0'));
  return hashed;
}

bool argon2_hasher::matches(std::string_view hashed, std::string_view password) {
  if (hashed.size() >= crypto_pwhash_STRBYTES)
    return false;
  return crypto_pwhash_str_verify(std::string{hashed}.c_str(), password.data(), password.size()) == 0;
}

} // namespace toit::nodes
