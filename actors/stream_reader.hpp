/// \file
/// Reads a territory's stream once for all who begin to fold it: decrypting and decoding take longer than folding.

#pragma once

#include "actors/interfaces.hpp"
#include "actors/territory_context.hpp"
#include "base/read_ahead.hpp"

#include <deque>

namespace toit {

class stream_reader_state {
public:
  stream_reader_state() = default;

  static inline const char* name = "stream_reader";

  /// `ahead`: on a thread of its own, while what was read is folded; a simulation has one thread for all.
  void begin(territory_context_ptr context, bool ahead);
  ports::batch_ptr read(std::uint64_t after);

private:
  /// Those who begin together go on together: whoever is farther behind than that has it read for himself.
  static constexpr std::size_t kept_most = 4;

  struct part {
    std::uint64_t after = 0;
    ports::batch_ptr batch;
  };

  ports::batch_ptr fetch(std::uint64_t after) const;

  territory_context_ptr context_;
  bool ahead_ = false;
  std::unique_ptr<ports::journal_reader> reader_;
  std::deque<part> kept_;
  std::optional<base::read_ahead<std::uint64_t, ports::batch_ptr>> parts_;
};

stream_reader_actor::behavior_type stream_reader(stream_reader_actor::stateful_pointer<stream_reader_state> self,
                                                 territory_context_ptr context, bool ahead);

} // namespace toit
