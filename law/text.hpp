/// \file
/// Free text and lists with a limit in their type: what may be stored says how large it may get.

#pragma once

#include "law/require.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace toit::law {

/// True for well formed UTF-8 without control characters (line feed and tab allowed).
bool is_clean_text(std::string_view bytes);

/// UTF-8 of at most `MaxBytes` bytes.
template <std::size_t MaxBytes>
class text {
public:
  static constexpr std::size_t max_bytes = MaxBytes;

  text() = default;
  text(const char* literal) : text(std::string_view{literal}) {}
  explicit text(std::string_view bytes) : bytes_{bytes} {
    require(bytes.size() <= MaxBytes && is_clean_text(bytes), "a text keeps within its limit");
  }

  /// Absent when too long or not clean.
  static std::optional<text> parse(std::string_view bytes) {
    if (bytes.size() > MaxBytes || !is_clean_text(bytes))
      return std::nullopt;
    return text{bytes};
  }

  bool empty() const { return bytes_.empty(); }
  const std::string& str() const { return bytes_; }

  friend auto operator<=>(const text&, const text&) = default;

private:
  std::string bytes_;
};

/// At most `MaxItems` items; readers of untrusted bytes check, writers of code are checked.
template <class T, std::size_t MaxItems>
class list : public std::vector<T> {
public:
  static constexpr std::size_t max_items = MaxItems;
  using std::vector<T>::vector;

  friend bool operator==(const list&, const list&) = default;
};

} // namespace toit::law
