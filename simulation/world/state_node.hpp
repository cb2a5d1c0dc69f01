/// \file
/// A State node beside the territory's: a journal and its links, on a disk and a clock of its own.

#pragma once

#include "ports/command_post.hpp"
#include "simulation/world/link_end.hpp"
#include "simulation/world/virtual_disk.hpp"

namespace toit::simulation {

class state_node {
public:
  struct surroundings {
    caf::actor_system& system;
    caf::scheduler::test_coordinator& scheduler;
    const small_federation& federation;
    virtual_network& network;
    ports::randomness& chance;
    std::shared_ptr<const virtual_clock> time;
  };

  state_node(const linked_node& node, std::uint64_t disk_seed, surroundings around);
  ~state_node();

  /// Throws when the disk goes down meanwhile.
  void start();
  void crash();
  bool running() const { return static_cast<bool>(journal_); }
  /// Its disk is down, or an actor has ended.
  bool in_trouble() const;
  /// A note in its own stream, recorded when it may be.
  void note();
  /// Something that a territory is to record, as its own node would have it recorded.
  void command(const ports::command_post& post, const ports::stream_id& whom, const std::optional<law::nud>& number,
               law::event asked, law::civil_date today, std::chrono::hours valid_for);
  /// While it is off, notes are written to its stream as if nobody else held more of it.
  void write_alone(unsigned how_many);
  /// While it is off, what a thief makes on a copy of its disk, under its keys of before: a note that the stream's host
  /// has never written, as it would travel.
  ports::transfer write_as_thief();
  const linked_node& who() const { return node_; }

  virtual_disk& disk() { return disk_; }
  neighbour_clock& clock() { return *clock_; }
  link_end& links() { return links_; }
  std::unique_ptr<journal::store_reader> open_rows() const;
  /// The last entry of a stream on its disk, 0 for none; whether it runs or not.
  std::uint64_t last_seq(const ports::stream_id& stream);
  /// The link of an entry on its disk.
  std::optional<law::bytes32> link_at(const ports::stream_id& stream, std::uint64_t seq);
  /// Which keys its stream names, on its disk.
  std::vector<journal::public_key> signers();

private:
  void open_journal();
  std::shared_ptr<ports::append> make_note();
  std::shared_ptr<ports::append> appending(law::event event, const law::command_id& id);
  void write(ports::append_ptr one);
  journal::store_reader* rows();

  const linked_node& node_;
  surroundings around_;
  virtual_disk disk_;
  std::shared_ptr<neighbour_clock> clock_;
  std::unique_ptr<journal::node_journal> journal_;
  std::unique_ptr<journal::store_reader> rows_;
  event_recorder_actor recorder_;
  link_end links_;
  std::uint64_t notes_ = 0;
};

} // namespace toit::simulation
