/// \file
/// A flat folder of files that are written once, whole, and durable before anybody sees them.

#pragma once

#include "ports/journal.hpp"

#include <stdexcept>
#include <string>

namespace toit::ports {

struct files_full : std::runtime_error {
  files_full() : std::runtime_error{"the disk is full"} {}
};

/// Names hold letters, digits, '.', '-' and '_'; all failures but a full disk throw std::runtime_error.
class files {
public:
  class writer {
  public:
    virtual ~writer() = default;
    /// Throws `files_full`.
    virtual void append(std::span<const std::uint8_t> part) = 0;
    /// The file is on disk under its name on return; a writer that ends without it leaves nothing.
    virtual void commit() = 0;
  };

  virtual ~files() = default;
  virtual std::unique_ptr<writer> create(const std::string& name) = 0;
  /// At most `limit` bytes from `offset`; absent when there is no such file.
  virtual std::optional<bytes> read(const std::string& name, std::uint64_t offset, std::size_t limit) = 0;
  /// In bytes; absent when there is no such file.
  virtual std::optional<std::uint64_t> size(const std::string& name) = 0;
  /// Nothing where there is no such file.
  virtual void remove(const std::string& name) = 0;
  /// In alphabetical order.
  virtual std::vector<std::string> list() = 0;
};

} // namespace toit::ports
