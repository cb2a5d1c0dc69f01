/// \file
/// What a node is to those of its actors that see to who hosts which stream: the same for a node of service and for one
/// of a simulation.

#pragma once

#include "actors/territory_context.hpp"
#include "journal/node_journal.hpp"
#include "nodes/hosting/authority_reading.hpp"

namespace toit::nodes {

/// Any thread may call.
class hosting_place {
public:
  virtual ~hosting_place() = default;

  /// The node's name in the federation; absent when it is alone.
  virtual std::optional<ports::node_name> name() const = 0;
  /// Of its own stream, whoever hosts that now.
  virtual territory_context_ptr context() const = 0;
  virtual journal::node_journal& journal() const = 0;
  /// Of each stream that is hosted here.
  virtual std::vector<territory_context_ptr> hosted() const = 0;
  /// The context of a stream that has been adopted here; it is among the hosted ones from then on.
  virtual territory_context_ptr begin_hosting(const ports::stream_id& stream) = 0;
  /// The stream is another node's.
  virtual void end_hosting(const ports::stream_id& stream) = 0;
  /// What this node goes on with the stream from, and how it begins where there never was a node.
  virtual ports::adoption adoption_of(const ports::stream_id& stream, const opened_epoch& opened) const = 0;
  /// The ordering authority's key that opens streams; absent when it is not at hand.
  virtual std::optional<law::bytes32> escrow_secret() const = 0;
  virtual std::shared_ptr<const federation::directory> issued_directory() const = 0;
  virtual void adopt_authorities(federation::authorities now) = 0;
};

/// What the authorities' streams say under the directory that is in force.
class reading_in_force {
public:
  /// Reads on; true when something has changed. Another directory may believe others: all is read again under it.
  bool catch_up(const hosting_place& at, const federation::directory& issued);
  /// Once it has caught up.
  const authority_reading* operator->() const { return reading_.get(); }

private:
  std::unique_ptr<authority_reading> reading_;
  std::uint64_t directory_number_ = 0; ///< that it is read under
};

/// Another node hosts the stream, or this one is to and has not yet gone on with it: it is neither begun nor loaded.
bool is_elsewhere(const ports::stream_id& stream, const federation::authorities& known, const ports::node_name& self,
                  ports::transfer_source& here);

/// What a stream of which something is here is gone on with from; by agreement, where it was closed and nowhere else.
ports::adoption going_on_with(const ports::stream_id& stream, const opened_epoch& opened, const hosting_place& at);

} // namespace toit::nodes
