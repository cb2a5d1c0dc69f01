/// \file
/// Makes the next part of something long while the present one is used.

#pragma once

#include <functional>
#include <future>
#include <optional>
#include <utility>

namespace toit::base {

/// `make` is never called twice at a time, so that it may use what belongs to one thread alone. What it throws is
/// thrown to whoever takes the part.
template <class Place, class Part>
class read_ahead {
public:
  explicit read_ahead(std::function<Part(const Place&)> make) : make_{std::move(make)} {}

  /// The part at this place: begun before, or made now.
  Part take(const Place& at) {
    if (!begun_)
      return make_(at);
    auto earlier = std::exchange(begun_, std::nullopt);
    auto part = earlier->part.get();
    return earlier->at == at ? std::move(part) : make_(at);
  }

  /// Begins it on a thread of its own.
  void begin(const Place& at) {
    if (!begun_)
      begun_.emplace(at, std::async(std::launch::async, [this, at] { return make_(at); }));
  }

private:
  struct begun {
    Place at;
    std::future<Part> part;
  };

  std::function<Part(const Place&)> make_;
  std::optional<begun> begun_; ///< waited for before what `make_` uses goes away
};

} // namespace toit::base
