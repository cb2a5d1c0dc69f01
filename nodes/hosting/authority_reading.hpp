/// \file
/// Which node hosts each territory's stream, as the ordering authorities' streams say: read from what is here of them.
///
/// Text       L441-2-7 al. 4: the competent prefect's acts, and nobody else's, pass a territory on.

#pragma once

#include "federation/authorities.hpp"
#include "law/catalogue.hpp"
#include "ports/hosting.hpp"

#include <set>

namespace toit::nodes {

using ports::opened_epoch;

class authority_reading {
public:
  explicit authority_reading(std::unique_ptr<ports::journal_reader> reader) : reader_{std::move(reader)} {}

  /// Reads on in the streams of whoever orders a territory of the directory; true when something has changed. What
  /// comes of it does not depend on which of them is read first.
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
  /// What an authority has said of an epoch of a stream.
  template <class Said>
  struct word {
    bool competent = false; ///< it was the ordering authority on that day
    law::civil_date on{};
    std::uint64_t seq = 0;
    Said said;
  };
  /// Of each epoch and authority the one that counts beside its others.
  template <class Said>
  using words = std::map<std::uint32_t, std::map<ports::stream_id, word<Said>>>;
  struct words_of_stream {
    words<law::authority_passed> opened;
    words<law::passing_prepared> prepared;
  };

  void read_on(const ports::stream_id& authority, const federation::directory& directory);
  template <class Said>
  void take(const ports::stream_id& authority, const ports::stored_entry& entry, const Said& said,
            const federation::directory& directory);
  void settle(const ports::stream_id& stream);

  std::unique_ptr<ports::journal_reader> reader_;
  std::map<ports::stream_id, std::uint64_t> read_to_;
  std::map<ports::stream_id, words_of_stream> words_;
  std::set<ports::stream_id> touched_; ///< of which something was read, and not yet settled
  federation::authorities now_;
  std::map<ports::stream_id, opened_epoch> last_;
  std::map<ports::stream_id, law::passing_prepared> prepared_;
  bool changed_ = false;
};

} // namespace toit::nodes
