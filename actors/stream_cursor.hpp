/// \file
/// Where a follower stands in its stream, and how it goes on: from what it is told when that fits, from the journal
/// itself when it does not.

#pragma once

#include "ports/journal.hpp"

namespace toit {

class stream_cursor {
public:
  /// Entries read from the journal at once.
  static constexpr std::size_t chunk = 4096;

  stream_cursor(ports::stream_id stream, std::unique_ptr<ports::journal_reader> reader, std::uint64_t seq)
      : stream_{stream}, reader_{std::move(reader)}, seq_{seq} {}

  std::uint64_t seq() const { return seq_; }
  ports::journal_reader& reader() { return *reader_; }

  /// Applies what is new of a hint, and what lies before it.
  template <class Apply>
  void follow(const ports::entry_batch& hint, Apply&& apply) {
    if (hint.entries.empty() || hint.entries.front().seq > seq_ + 1)
      return catch_up(apply);
    for (const auto& entry : hint.entries)
      if (entry.seq == seq_ + 1)
        step(entry, apply);
  }

  /// Applies everything that is on disk.
  template <class Apply>
  void catch_up(Apply&& apply) {
    for (;;) {
      auto entries = reader_->read(stream_, seq_, chunk);
      for (const auto& entry : entries)
        step(entry, apply);
      if (entries.size() < chunk)
        return;
    }
  }

private:
  template <class Apply>
  void step(const ports::stored_entry& entry, Apply& apply) {
    law::require(entry.seq == seq_ + 1, "a stream is read entry by entry");
    // An erased payload says nothing any more; its tombstone does.
    if (entry.record)
      apply(entry);
    seq_ = entry.seq;
  }

  ports::stream_id stream_;
  std::unique_ptr<ports::journal_reader> reader_;
  std::uint64_t seq_;
};

} // namespace toit
