/// \file
/// What a State node knows of the nodes that host streams, or may: before it opens an epoch.

#pragma once

#include "ports/replica.hpp"
#include "ports/transport.hpp"

namespace toit::ports {

/// Any thread may call.
class hosting {
public:
  virtual ~hosting() = default;
  virtual node_name self() const = 0;
  /// The node that the signed directory lists as the stream's host; absent where it lists none.
  virtual std::optional<node_name> listed_host(const stream_id& stream) const = 0;
  /// A node whom this legal person answers for; absent where there is none.
  virtual std::optional<node_name> node_of(law::siren legal_person) const = 0;
  /// He has said that he holds the stream up to this place of this epoch, with its documents and keys, over a link that
  /// is up.
  virtual bool holds(const node_name& who, const stream_id& stream, std::uint32_t epoch, std::uint64_t seq) const = 0;
  /// The escrow key is at hand, and all keys of the stream that are here are sealed to it: without them nobody could go
  /// on with what is taken over. A stream that nobody ever hosted has none.
  virtual bool can_open(const stream_id& stream) const = 0;
};

} // namespace toit::ports
