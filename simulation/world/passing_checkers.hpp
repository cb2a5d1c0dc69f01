/// \file
/// What must hold where a territory's stream passes between nodes, looked at while a run goes on and when it is over:
/// disks are read, no actor is asked.
///
/// authority   There is one host an epoch, one cut of it, on every disk the same, signed by whom the ordering stream
///             names; what was closed goes on where it was closed.
/// fence       Nobody accepts an entry of an epoch once he has read that the next one is another's.
/// prefix      Who takes a stream over goes on from the longest beginning that somebody who could be asked had.
/// receipts    What was acknowledged is in the stream, or has come back once; what was countersigned is in the stream.
/// late        What a former host had made beyond a cut is settled at most once, and recorded at most once.
/// leases      A lease that a former host had made beyond a cut is in the stream, or told as what contradicts it.
///             Of one demande two are in force only as a conflict that is open.
/// decided     What somebody decides is decided on what is known there and then.
/// acts        Nobody signs what he may not; what is forged is not taken, and told (wrong_acts.hpp).
/// healing     All disks are the same in the end, and the host's owners have what the stream says.

#pragma once

#include "law/late_book.hpp"
#include "simulation/world/history.hpp"
#include "simulation/world/passing_world.hpp"
#include "simulation/world/registry_reading.hpp"

#include <deque>

namespace toit::simulation {

class passing_checkers {
public:
  passing_checkers(passing_world& w, tally& counts) : w_{w}, counts_{counts}, seen_(passing_world::node_count) {}

  // -- what a run does to its nodes ---------------------------------------------------------------------------------

  /// Its journal is about to be closed, and is another object than before.
  void stopping(std::size_t which) { seen_[which].ordering.reset(); }
  void started(std::size_t which);
  /// Its disk is about to be an older copy: what nobody else has is lost by nobody's fault.
  void about_to_restore(std::size_t which);
  /// Something has happened to it, or to its links: for a while nothing is said of whom it reaches.
  void disturbed(std::size_t which);

  // -- while it goes on ---------------------------------------------------------------------------------------------

  /// When no actor has anything to do.
  void look();
  /// The epoch that this node has read to be another's, 0 while it may host.
  std::uint32_t fence_of(std::size_t which) const { return seen_[which].fence; }
  struct asked_there {
    std::size_t which = 0;
    law::instant at{};
    std::uint32_t fence = 0; ///< of that node, when it was asked
  };
  void acknowledged(const receipt& given, const asked_there& where);
  void say(const char* checker, std::string what);

  // -- when all is quiet --------------------------------------------------------------------------------------------

  /// The node that hosts the territory, as the ordering stream says on its own disk.
  std::size_t host_now();
  /// Why the nodes are not yet alike; empty when they are.
  std::string not_yet();
  void at_last(registry_reading owners, const contingents_ptr& contingents);
  /// All that was found.
  std::vector<fault> take_faults() { return std::exchange(faults_, {}); }

private:
  struct seen_node {
    std::unique_ptr<nodes::authority_reading> ordering;
    std::uint32_t fence = 0;
    unsigned disturbed_in = 0;                 ///< round
    std::deque<ports::stream_position> held{}; ///< of the territory's stream, one a round, the latest last
  };
  struct promise {
    std::size_t by = 0;
    std::uint32_t epoch = 0;
    std::uint64_t seq = 0;
    law::bytes32 link{};
    bool witnessed = false;
    bool excused = false;
  };
  struct wanted_prefix {
    std::size_t host = 0;
    std::uint64_t seq = 0;
    unsigned since = 0; ///< round
    std::size_t holder = 0;
  };

  void look_at_cuts(std::size_t which);
  void look_at_marks();
  void want_prefix(const nodes::opened_epoch& opened);
  void check_prefix(const law::authority_cut& cut);
  bool is_undisturbed(std::size_t which, unsigned since) const;
  std::optional<law::bytes32> link_on(std::size_t which, std::uint32_t epoch, std::uint64_t seq);
  bool is_alike(const ports::stream_id& stream, std::size_t host, std::string& why);
  void check_epochs(const std::vector<ports::stored_entry>& entries);
  void check_promises(std::size_t host, const std::vector<ports::stored_entry>& entries);
  void check_late(const std::vector<ports::stored_entry>& entries);
  void check_leases(const std::vector<ports::stored_entry>& entries);
  void check_late_lease(const ports::orphan_entry& late, const std::vector<ports::stored_entry>& entries,
                        const law::late_book& settled);
  void check_decisions(const std::vector<ports::stored_entry>& entries);
  std::string alarm_left() const;
  void check_alarms();

  passing_world& w_;
  tally& counts_;
  std::vector<seen_node> seen_;
  std::vector<promise> promises_;
  std::map<std::uint32_t, std::size_t> accepted_by_;
  std::map<std::uint32_t, std::pair<std::uint64_t, law::bytes32>> cuts_; ///< by epoch: its place and its link
  std::set<std::uint32_t> begun_twice_;
  std::map<std::uint32_t, wanted_prefix> wanted_;
  std::uint32_t opened_ = 0; ///< the last epoch of which it is known which prefix is wanted
  unsigned round_ = 0;
  bool restored_ = false;
  std::vector<fault> faults_;
};

} // namespace toit::simulation
