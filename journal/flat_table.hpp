/// \file
/// A hash table of sequences for millions of keys in little memory: no node, no pointer, no order. What it keeps is
/// rebuilt from the journal, and its order never reaches an answer.

#pragma once

#include "law/require.hpp"

#include <cstdint>
#include <cstring>
#include <vector>

namespace toit::journal {

/// `Key` is trivially copyable and well spread in its first eight bytes after `spread`; 0 is no value.
template <class Key>
class flat_table {
public:
  /// 0 when the key is unknown.
  std::uint64_t find(const Key& key) const {
    if (slots_.empty())
      return 0;
    for (std::size_t at = home(key);; at = next(at))
      if (slots_[at].value == 0 || slots_[at].key == key)
        return slots_[at].value;
  }

  /// Makes room for that many keys at once. Whoever puts back the keys of another table, in its order, must: they come
  /// sorted by place, and a table that grows under them has them all in its first slots.
  void reserve(std::size_t keys) {
    if (keys * 5 > slots_.size() * 4)
      resize(keys + keys / 4 + 64);
  }

  /// Setting 0 is the same as `erase`.
  void set(const Key& key, std::uint64_t value) {
    if (value == 0)
      return erase(key);
    if ((size_ + 1) * 5 > slots_.size() * 4)
      resize(slots_.size() + slots_.size() / 4 + 64);
    auto& place = slot_for(key);
    size_ += place.value == 0 ? 1 : 0;
    place = {key, value};
  }

  void erase(const Key& key) {
    if (slots_.empty())
      return;
    auto hole = home(key);
    while (slots_[hole].value != 0 && !(slots_[hole].key == key))
      hole = next(hole);
    if (slots_[hole].value == 0)
      return;
    slots_[hole].value = 0;
    --size_;
    // Whatever stood behind the hole because of it moves up, so that searches need no tombstones.
    for (auto at = next(hole); slots_[at].value != 0; at = next(at)) {
      auto moved = slots_[at];
      slots_[at].value = 0;
      slot_for(moved.key) = moved;
    }
  }

  std::size_t size() const { return size_; }

  template <class Visitor>
  void for_each(Visitor&& visit) const {
    for (const auto& place : slots_)
      if (place.value != 0)
        visit(place.key, place.value);
  }

private:
  struct slot {
    Key key{};
    std::uint64_t value = 0;
  };

  __extension__ using wide = unsigned __int128;

  static std::uint64_t spread(const Key& key) {
    static_assert(sizeof(Key) % 8 == 0);
    std::uint64_t mixed = 0;
    for (std::size_t i = 0; i < sizeof(Key); i += 8) {
      std::uint64_t part;
      std::memcpy(&part, reinterpret_cast<const unsigned char*>(&key) + i, 8);
      mixed = (mixed ^ part) * 0x9E3779B97F4A7C15U;
      mixed ^= mixed >> 32;
    }
    return mixed;
  }

  std::size_t home(const Key& key) const {
    // The high bits of the product: any table size will do, not powers of two alone.
    return static_cast<std::size_t>((static_cast<wide>(spread(key)) * slots_.size()) >> 64);
  }
  std::size_t next(std::size_t at) const { return at + 1 == slots_.size() ? 0 : at + 1; }

  slot& slot_for(const Key& key) {
    auto at = home(key);
    while (slots_[at].value != 0 && !(slots_[at].key == key))
      at = next(at);
    return slots_[at];
  }

  void resize(std::size_t slots) {
    auto old = std::move(slots_);
    slots_.clear();
    slots_.resize(slots);
    for (const auto& moved : old)
      if (moved.value != 0)
        slot_for(moved.key) = moved;
  }

  std::vector<slot> slots_;
  std::size_t size_ = 0;
};

} // namespace toit::journal
