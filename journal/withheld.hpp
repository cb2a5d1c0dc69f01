/// \file
/// Payloads that a stream's host has not given with his entries, and that no entry says were erased: what a witness has
/// not, and does not countersign. Erasures come before the tombstone that names them, and are accounted for by it.
///
/// A count and a sum of keyed hashes stand for the set: nobody who has not the key can make two sets look alike.

#pragma once

#include "journal/store.hpp"

namespace toit::journal {

class withheld {
public:
  /// Nothing, under a fresh key.
  withheld();
  static std::optional<withheld> parse(std::string_view text);
  std::string text() const;

  void take(const ports::stream_id& stream, std::uint64_t seq);
  void give(const ports::stream_id& stream, std::uint64_t seq);
  bool is_nothing() const { return count_ == 0 && sum_ == 0; }

  friend bool operator==(const withheld& a, const withheld& b) { return a.count_ == b.count_ && a.sum_ == b.sum_; }

private:
  std::uint64_t share_of(const ports::stream_id& stream, std::uint64_t seq) const;

  std::int64_t count_ = 0;
  std::uint64_t sum_ = 0;
  bytes32 key_{};
};

std::string withheld_setting(const ports::stream_id& stream);
/// As the store has it.
withheld withheld_of(store_reader& rows, const ports::stream_id& stream);
/// Of what is there beyond an entry: without payload, and named by no tombstone there.
std::vector<std::uint64_t> unannounced_beyond(store_reader& rows, const ports::stream_id& stream, std::uint64_t after);

} // namespace toit::journal
