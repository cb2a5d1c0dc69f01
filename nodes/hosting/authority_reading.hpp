/// \file
/// Which node hosts each territory's stream, as the ordering authorities' streams say: read from what is here of them.
///
/// Text       L441-2-7 al. 4: the competent prefect's acts, and nobody else's, pass a territory on.

#pragma once

#include "federation/authorities.hpp"
#include "law/catalogue.hpp"
#include "ports/journal.hpp"

namespace toit::nodes {

/// An epoch that is in force, and the entry that opened it.
struct opened_epoch {
  ports::stream_id ordered_by;
  std::uint64_t ordered_seq = 0;
  law::authority_passed passed;
};

class authority_reading {
public:
  explicit authority_reading(std::unique_ptr<ports::journal_reader> reader) : reader_{std::move(reader)} {}

  /// Reads on in the streams of whoever orders a territory of the directory; true when something has changed.
  bool catch_up(const federation::directory& directory);

  const federation::authorities& now() const { return now_; }
  /// Null while the first epoch is in force.
  const opened_epoch* last_of(const ports::stream_id& stream) const;
  /// Null when nothing is prepared.
  const law::passing_prepared* prepared_of(const ports::stream_id& stream) const;
  /// Streams of the authorities that are read.
  std::vector<ports::stream_id> followed() const;
  /// Of each of them, the last entry that was read.
  const std::map<ports::stream_id, std::uint64_t>& read_to() const { return read_to_; }

private:
  void read_on(const ports::stream_id& authority, const federation::directory& directory);
  void take(const opened_epoch& opened);
  void take(const law::passing_prepared& prepared);

  std::unique_ptr<ports::journal_reader> reader_;
  std::map<ports::stream_id, std::uint64_t> read_to_;
  federation::authorities now_;
  std::map<ports::stream_id, opened_epoch> last_;
  std::map<ports::stream_id, law::passing_prepared> prepared_;
  /// Of an authority that has become competent, and whose stream has come before that of the one before.
  std::map<std::pair<ports::stream_id, std::uint32_t>, opened_epoch> early_;
  bool changed_ = false;
};

} // namespace toit::nodes
