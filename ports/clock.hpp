/// \file
/// Time comes from here and nowhere else.

#pragma once

#include "law/civil_date.hpp"

namespace toit::ports {

class clock {
public:
  virtual ~clock() = default;

  /// UTC, to the millisecond. May jump either way: whoever writes it down keeps it from going back.
  virtual law::instant now() const = 0;

  /// Only ever grows, whatever happens to `now`; of no known origin.
  virtual std::chrono::milliseconds monotonic() const = 0;
};

} // namespace toit::ports
