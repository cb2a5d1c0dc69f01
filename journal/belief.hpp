/// \file
/// Whether what a stream's key has signed may be believed, going from one key of the stream to the next.
/// docs/federation-protocol.md, *What a receiver checks of a transfer*, is normative.

#pragma once

#include "journal/chain.hpp"

#include <algorithm>
#include <span>

namespace toit::journal {

/// The keys of a stream's host in the reader's directory.
struct host_keys {
  std::span<const public_key> good;
  std::span<const public_key> revoked;

  bool names(const public_key& key) const { return is_in(good, key) || is_in(revoked, key); }
  static bool is_in(std::span<const public_key> keys, const public_key& key) {
    return std::ranges::find(keys, key) != keys.end();
  }
};

/// A key is believed when the directory names it, unrevoked, or when a believed one has endorsed it and the directory
/// does not say that it is revoked. A key that nobody endorsed follows only where the directory names it, so that its
/// own place there decides.
inline bool believe_next(bool believed, const public_key& next, const host_keys& known) {
  return host_keys::is_in(known.good, next) || (believed && !host_keys::is_in(known.revoked, next));
}

} // namespace toit::journal
