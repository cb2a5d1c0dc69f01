/// \file
/// A stream that passes from one node to another, and short ways to make it pass.

#pragma once

#include "tests/journal/node.hpp"

#include <catch2/catch_test_macros.hpp>

namespace toit::journal::test {

constexpr law::civil_date passing_day{std::chrono::year{2026} / 3 / 5};

inline law::subject_id subject_at(std::uint8_t byte) { return id_with<law::subject_id>(byte); }

/// `first` hosts the stream, `next` takes it over, `third` holds a replica.
struct passing_nodes {
  passing_nodes() : first{1, operating_public(escrow_secret)}, next{1001}, third{2001} {
    first.open();
    next.keys = fixed_keys(40);
    third.keys = fixed_keys(60);
    next.open_as_it_is();
    third.open_as_it_is();
    hosts = {first.journal->signer()};
  }

  /// What a directory and an ordering stream say that have heard of every host so far.
  ports::transfer with_hosts(ports::transfer brought) const {
    brought.epoch = static_cast<std::uint32_t>(hosts.size()) - 1;
    brought.signers = {hosts.back()};
    for (std::uint32_t epoch = 0; epoch < brought.epoch; ++epoch)
      brought.former.push_back({epoch + 1, {hosts[epoch]}, {}});
    brought.escrow = operating_public(escrow_secret);
    return brought;
  }

  static std::uint64_t end_of(const node& of) {
    auto at = of.journal->open_transfers()->position(stream());
    return at ? at->seq : 0;
  }

  /// All after this entry, in parts.
  ports::transfer_result bring(node& to, const node& from, std::uint64_t after, std::size_t most = 1U << 20) {
    ports::transfer_result last;
    last.status = ports::transfer_status::known;
    while (auto part = from.journal->open_transfers()->read(stream(), after, most)) {
      last = to.writer().stage_transfer(with_hosts(*part));
      REQUIRE(to.writer().sync().entries);
      if (last.status != ports::transfer_status::stored && last.status != ports::transfer_status::known)
        return last;
      after = part->entries.back().seq;
    }
    return last;
  }
  ports::transfer_result bring(node& to, const node& from) { return bring(to, from, end_of(to)); }

  ports::adoption asked(std::uint32_t epoch) const {
    ports::adoption adoption;
    adoption.stream = stream();
    adoption.epoch = epoch;
    adoption.ordered_by = *ports::stream_id::parse("SR11");
    adoption.ordered_seq = 11 + epoch;
    adoption.secrets = {escrow_secret};
    adoption.seal_to = {operating_public(escrow_secret)};
    adoption.today = passing_day;
    return adoption;
  }

  /// The ordering stream opens the next epoch, and this node takes it up.
  ports::adoption_result pass_to(node& to) {
    hosts.push_back(to.journal->signer());
    return to.writer().adopt(asked(static_cast<std::uint32_t>(hosts.size()) - 1));
  }

  /// `next` gives the stream back to `first`, to whom its keys are sealed: he begins epoch 2 with what is his own.
  void give_back() {
    first.writer().release(stream());
    REQUIRE(bring(first, next, 1).status == ports::transfer_status::stored);
    next.writer().release(stream());
    auto back = asked(2);
    back.secrets.clear();
    hosts.push_back(hosts[0]);
    REQUIRE(first.writer().adopt(back).status == ports::adoption_status::adopted);
  }

  static std::uint64_t write(node& by, std::uint8_t subject, std::uint64_t last, std::uint8_t command = 0) {
    auto request = by.asked(subject_at(subject), last, "note",
                            command == 0 ? law::command_id{} : id_with<law::command_id>(command));
    auto result = by.write(request);
    REQUIRE(result.status == ports::append_status::appended);
    return result.last_seq;
  }

  static ports::append_result register_number(node& by, std::uint8_t subject, std::string_view number) {
    auto append = std::make_shared<ports::append>();
    append->stream = stream();
    append->reads.push_back({subject_at(subject), 0});
    law::demande_registered registered;
    registered.number = *law::nud::parse(number);
    append->registers_number = registered.number;
    append->drafts.push_back(by.draft(subject_at(subject), record_of(registered)));
    return by.write(append);
  }

  /// The tombstone of a dossier whose registration alone is there.
  static void erase_registered(node& by, std::uint8_t subject, std::uint64_t seq, std::string_view number) {
    auto append = std::make_shared<ports::append>();
    append->stream = stream();
    append->reads.push_back({subject_at(subject), seq});
    append->forgets_number = law::nud::parse(number);
    append->empties = {seq};
    append->drafts.push_back(by.draft(subject_at(subject), record_of(law::demande_erased{{seq}, 0})));
    REQUIRE(by.write(append).status == ports::append_status::appended);
  }

  /// All that a former host has beyond a cut, as he would bring it, under the key of who hosted the epoch.
  ports::orphan_tail tail_of(const node& from, std::uint32_t cut, std::uint32_t epoch) const {
    auto tail = *from.journal->open_transfers()->read_orphans(stream(), cut, 0, 1U << 20);
    tail.signers = {hosts.at(epoch)};
    return tail;
  }
  static ports::transfer_status take_tail(node& to, const ports::orphan_tail& tail) {
    auto result = to.writer().stage_orphans(tail);
    REQUIRE(to.writer().sync().entries);
    return result.status;
  }

  static verify_report verified(const node& of) {
    auto rows = of.rows();
    return verify_stream(*rows, stream(), {}, nullptr, {});
  }

  bytes32 escrow_secret = bytes_with(90);
  node first;
  node next;
  node third;
  std::vector<public_key> hosts; ///< of each epoch
};

inline std::vector<fault_reason> reasons_of_faults(const verify_report& report) {
  std::vector<fault_reason> reasons;
  for (const auto& fault : report.faults)
    reasons.push_back(fault.reason);
  return reasons;
}

} // namespace toit::journal::test
