/// \file
/// What a State node knows of the nodes that host streams, or may: before it opens an epoch.

#pragma once

#include "ports/replica.hpp"
#include "ports/transport.hpp"

namespace toit::ports {

/// An epoch that is in force, and the entry that opened it.
struct opened_epoch {
  stream_id ordered_by;
  std::uint64_t ordered_seq = 0;
  law::authority_passed passed;
};

/// Why an epoch that is due cannot be opened yet.
enum class opening_barred : std::uint8_t {
  escrow_away,     ///< the escrow key is not at hand, or another one is
  keys_missing,    ///< a key of the stream that is here is not sealed to it
  nothing_heard,   ///< the directory lists a host, of whom nothing has ever come
  closing_awaited, ///< by agreement: its present host has not yet closed it for this epoch
  next_host_away,  ///< it is closed, and the next host does not say that he holds it
};
constexpr auto names_of(opening_barred) {
  return std::to_array<std::string_view>(
      {"escrow_away", "keys_missing", "nothing_heard", "closing_awaited", "next_host_away"});
}

/// Any thread may call.
class hosting {
public:
  virtual ~hosting() = default;
  virtual node_name self() const = 0;
  /// The node that the signed directory lists as the stream's host; absent where it lists none.
  virtual std::optional<node_name> listed_host(const stream_id& stream) const = 0;
  /// A node whom this legal person answers for; absent where there is none.
  virtual std::optional<node_name> node_of(law::siren legal_person) const = 0;
  /// The last epoch of the stream, whichever authority has opened it; absent while the first one is in force.
  virtual std::optional<opened_epoch> opened(const stream_id& stream) const = 0;
  /// He has said that he holds the stream up to this place of this epoch, with its documents and keys, over a link that
  /// is up.
  virtual bool holds(const node_name& who, const stream_id& stream, std::uint32_t epoch, std::uint64_t seq) const = 0;
  /// Absent when the escrow key is at hand, and all keys of the stream that are here are sealed to it: without them
  /// nobody could go on with what is taken over. A stream that nobody ever hosted has none.
  virtual std::optional<opening_barred> opening_barred_by(const stream_id& stream) const = 0;
};

} // namespace toit::ports
