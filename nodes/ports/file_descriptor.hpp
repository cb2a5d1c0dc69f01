/// \file
/// An open file of the machine, closed when its owner goes.

#pragma once

#include <unistd.h>
#include <utility>

namespace toit::nodes {

class file_descriptor {
public:
  file_descriptor() = default;
  explicit file_descriptor(int opened) : opened_{opened} {}
  ~file_descriptor() {
    if (opened_ >= 0)
      ::close(opened_);
  }
  file_descriptor(file_descriptor&& other) noexcept : opened_{std::exchange(other.opened_, -1)} {}
  file_descriptor& operator=(file_descriptor&& other) noexcept {
    std::swap(opened_, other.opened_);
    return *this;
  }

  explicit operator bool() const { return opened_ >= 0; }
  int get() const { return opened_; }

private:
  int opened_ = -1;
};

} // namespace toit::nodes
