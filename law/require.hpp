/// \file
/// Assertions that stay on in every build: a wrong attribution is worse than a stopped node.

#pragma once

#include <cstdio>
#include <cstdlib>
#include <source_location>

namespace toit::law {

/// Stops the process where a promise of the code itself is broken. Never for what a user may send: that is a refusal.
inline void require(bool promise_kept, const char* promise,
                    std::source_location where = std::source_location::current()) {
  if (promise_kept) [[likely]]
    return;
  std::fprintf(stderr, "%s:%u: broken promise: %s\n", where.file_name(), static_cast<unsigned>(where.line()), promise);
  std::abort();
}

} // namespace toit::law
