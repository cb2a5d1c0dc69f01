/// \file
/// What the nodes of a run tell, against what was done to them: an alarm when there is reason for one, and no other.

#pragma once

#include "simulation/world/checkers.hpp"

namespace toit::simulation {

class alarm_checker {
public:
  explicit alarm_checker(world& w) : w_{w} {}

  // -- reasons ------------------------------------------------------------------------------------------------------

  /// The disk of whoever hosts the stream is now an older copy.
  void restored(const ports::stream_id& stream) { restored_.insert(stream); }
  /// A stream has two histories: this is to be found.
  void written_over(const ports::stream_id& stream) { written_over_.insert(stream); }
  bool is_written_over(const ports::stream_id& stream) const { return written_over_.contains(stream); }
  /// What travels has been changed, made up or sent again.
  void tampered() { tampered_ = true; }
  /// The directory is one that runs out.
  void expires() { expires_ = true; }

  // -- what was told ------------------------------------------------------------------------------------------------

  /// Messages that this node counts as not what they should be; the territory is the first.
  std::uint64_t misbehaviours(std::size_t member) { return links_of(member).misbehaviours(); }
  /// How often any of these was raised on this node.
  std::size_t times(std::size_t member, std::initializer_list<ports::alarm_kind> kinds);
  bool stands(std::size_t member, ports::alarm_kind kind, const ports::node_name& about);
  bool told_by_all(ports::alarm_kind kind);

  std::vector<fault> at_last();

private:
  const link_end& links_of(std::size_t member);
  const char* objection_to(std::size_t member, const ports::alarm& told) const;
  bool is_to_be_settled(const ports::alarm& standing) const;

  world& w_;
  std::set<ports::stream_id> restored_;
  std::set<ports::stream_id> written_over_;
  bool tampered_ = false;
  bool expires_ = false;
};

} // namespace toit::simulation
