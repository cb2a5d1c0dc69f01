/// \file
/// Older copies of the territory's disk, and what comes of putting one back: told by another node and taken back, or,
/// when nobody can be asked and the node goes on, two histories.

#pragma once

#include "simulation/world/correspondence.hpp"
#include "simulation/world/neighbourhood.hpp"

namespace toit::simulation {

class territory_copies {
public:
  territory_copies(world& w, neighbourhood& neighbours) : w_{w}, neighbours_{neighbours} {}

  /// As a backup is made, while the node runs.
  void make() { copy_ = w_.disk().copy(); }
  bool has_one() const { return copy_.has_value(); }
  /// The node is off from here on. Answers with the last entry that some node still has.
  std::uint64_t put_back();
  /// Until another node has confirmed where the stream stands, or nobody has answered for a while.
  void wait_until_released();
  /// The same after a copy was put back: what others have is there again, and was missed.
  void wait_until_back();

  // -- two histories ------------------------------------------------------------------------------------------------

  /// How they come about: the State has what was lost, or it is still on its way to them.
  enum class other_history : std::uint8_t { held, on_its_way };
  void begin_fork(other_history where);
  void cut_off();
  /// True when the node has in fact written over what it had promised.
  bool end_fork();

private:
  std::uint64_t held_by_state();
  const virtual_network::on_its_way* lost_past() const;

  world& w_;
  neighbourhood& neighbours_;
  std::optional<virtual_disk::backup> copy_;
  std::uint64_t copied_ = 0; ///< last entry of the copy that was put back
  std::uint64_t known_ = 0;  ///< last entry that some node had then
  other_history where_{};
};

} // namespace toit::simulation
