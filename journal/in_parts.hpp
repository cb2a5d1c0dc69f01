/// \file
/// The same with each of many rows, on several threads: hashing, decrypting and decoding are most of what it takes to
/// read a stream, and no row waits for another.

#pragma once

#include <algorithm>
#include <future>
#include <thread>
#include <type_traits>
#include <vector>

namespace toit::journal {

/// Answers what `open` makes of each row, in their order. `open` may be called by several threads at a time; what it
/// throws is thrown here.
template <class Row, class Open>
auto in_parts(const std::vector<Row>& rows, const Open& open) {
  constexpr std::size_t least_rows_a_part = 256;
  constexpr std::size_t most_parts = 4;
  std::vector<std::invoke_result_t<const Open&, const Row&>> made(rows.size());
  auto open_part = [&](std::size_t from, std::size_t to) {
    for (auto at = from; at < to; ++at)
      made[at] = open(rows[at]);
  };
  std::size_t threads = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, most_parts);
  auto parts = std::clamp<std::size_t>(rows.size() / least_rows_a_part, 1, threads);
  auto begin_of = [&](std::size_t part) { return rows.size() * part / parts; };
  std::vector<std::future<void>> others;
  for (std::size_t part = 1; part < parts; ++part)
    others.push_back(std::async(std::launch::async, open_part, begin_of(part), begin_of(part + 1)));
  open_part(0, begin_of(1));
  for (auto& other : others)
    other.get();
  return made;
}

} // namespace toit::journal
