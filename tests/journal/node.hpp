/// \file
/// A node's journal without actors, on a virtual disk, and short ways to write to it.

#pragma once

#include "journal/node_journal.hpp"
#include "journal/sqlite_store.hpp"
#include "journal/verify.hpp"
#include "journal/writer.hpp"
#include "simulation/world/virtual_disk.hpp"

namespace toit::journal::test {

class hand_clock : public ports::clock {
public:
  law::instant now() const override { return at; }
  std::chrono::milliseconds monotonic() const override { return at.time_since_epoch(); }
  law::instant at{std::chrono::sys_days{std::chrono::year{2026} / 3 / 2}};
};

inline const ports::stream_id& stream() {
  static const auto id = *ports::stream_id::parse("T200057867");
  return id;
}

/// Sixteen times the same byte.
template <class Id>
Id id_with(std::uint8_t byte) {
  Id id;
  id.bytes.fill(byte);
  return id;
}

inline law::bytes32 bytes_with(std::uint8_t byte) {
  law::bytes32 all;
  all.fill(byte);
  return all;
}

inline law::record record_of(law::event happened, law::command_id command = {}, law::bytes32 request = {}) {
  law::record record{};
  record.occurred_on = law::civil_date{std::chrono::year{2026} / 3 / 1};
  record.command = command;
  record.request = request;
  record.event = std::move(happened);
  return record;
}

inline law::event note(std::string_view detail) {
  return law::processing_event{law::text<80>{"note"}, law::text<400>{detail}};
}

inline node_keys fixed_keys(std::uint8_t byte = 7) {
  return {bytes_with(byte), bytes_with(static_cast<std::uint8_t>(byte + 1))};
}

class node {
public:
  static constexpr const char* path = "node/journal.sqlite";

  explicit node(std::uint64_t seed = 1, std::optional<bytes32> escrow = {}) : disk{seed}, escrow_{escrow} {}

  /// Opens, or opens again, what is on the disk, with a stream of its own.
  void open() {
    open_as_it_is();
    journal->create_stream(stream(),
                           record_of(law::stream_opened{*law::siren::parse("200057867"), law::text<120>{"Test"},
                                                        law::text<16>{"training"}, journal->signer()}));
    journal->load(stream());
  }

  /// ... and begins nothing.
  void open_as_it_is() {
    journal.reset();
    journal_setup setup;
    setup.open_store = [this] { return open_sqlite_store(path, disk.vfs()); };
    setup.log_place = {"node", disk.vfs()};
    setup.log_folder = disk.log_folder("node");
    setup.snapshots = disk.folder("node/snapshots");
    setup.keys = keys;
    setup.clock = clock;
    setup.escrow_recipient = escrow_;
    setup.escrow = [this] { return opens_with; };
    journal = std::make_unique<node_journal>(std::move(setup));
  }

  /// Power is cut and comes back.
  void crash() {
    disk.go_down();
    journal.reset();
    disk.come_back();
  }

  ports::journal_writer& writer() { return journal->writer(); }
  std::unique_ptr<store_reader> rows() const { return open_sqlite_reader(path, disk.vfs()); }
  std::uint64_t last_seq() { return writer().last_seq(stream()); }

  ports::entry_draft draft(law::subject_id subject, law::record record) {
    auto payload = journal->open_sealer()->seal(stream(), subject, record);
    return {subject, std::move(payload), std::make_shared<const law::record>(std::move(record))};
  }

  /// An append of one note about a subject, whose last entry the caller knows.
  std::shared_ptr<ports::append> asked(law::subject_id subject, std::uint64_t last, std::string_view detail,
                                       law::command_id command = {}, law::bytes32 request = {}) {
    auto append = std::make_shared<ports::append>();
    append->stream = stream();
    append->command = command;
    append->request = request;
    append->reads.push_back({subject, last});
    append->drafts.push_back(draft(subject, record_of(note(detail), command, request)));
    return append;
  }

  ports::append_result stage(ports::append_ptr append) {
    std::vector<ports::append_ptr> group{std::move(append)};
    return writer().stage(group).front();
  }

  /// Staged and on disk.
  ports::append_result write(ports::append_ptr append) {
    auto result = stage(std::move(append));
    if (!writer().sync().entries)
      result = {.status = ports::append_status::read_only};
    return result;
  }

  /// The tombstone of a subject, whose last entry is the last of `emptied`.
  ports::append_result erase(law::subject_id subject, const std::vector<std::uint64_t>& emptied) {
    auto append = std::make_shared<ports::append>();
    append->stream = stream();
    append->reads.push_back({subject, emptied.back()});
    law::demande_erased tombstone;
    tombstone.entries.assign(emptied.begin(), emptied.end());
    append->drafts.push_back(draft(subject, record_of(tombstone)));
    append->empties = emptied;
    return write(append);
  }

  verify_report verify(std::span<const ports::signed_head> expected = {}) {
    auto reader = rows();
    return verify_stream(*reader, stream(), expected, journal->keys()->of(stream()).get(), {});
  }

  simulation::virtual_disk disk;
  std::shared_ptr<hand_clock> clock = std::make_shared<hand_clock>();
  node_keys keys = fixed_keys();
  std::unique_ptr<node_journal> journal;
  std::optional<bytes32> opens_with; ///< the authority's secret, while it is at hand

private:
  std::optional<bytes32> escrow_;
};

} // namespace toit::journal::test
