/// \file
/// Verification of a stream by anyone, offline: needs no key but the signer's public one, which the stream's first
/// entry gives.

#pragma once

#include "journal/signers.hpp"

namespace toit::journal {

/// Why a place is not what was written: docs/journal-format.md says each in full.
enum class fault_reason : std::uint8_t {
  missing_entry,
  unreadable, ///< a column has not the length or range of its kind; nothing after it is looked at
  header,
  payload,
  epoch_back,
  time_back,
  subject_order,
  unknown_payload,
  opening,
  other_history, ///< than the head known from elsewhere
  head_gap,
  head_link,
  head_signature,
  ordering_back,
  tail_cut,
  not_covered,
  shorter_than_known,
  unannounced_erasure,
  unfinished_erasure,
  no_cut,      ///< a later epoch, and no cut begins it
  cut,         ///< that does not say where it stands, or is not alone under its head
  orphan_tail, ///< of what a cut has left out, this is not what was written
  not_ordered, ///< the entry of the ordering stream that the cut names does not open this epoch
};
constexpr auto names_of(fault_reason) {
  return std::to_array<std::string_view>({"missing_entry",
                                          "unreadable",
                                          "header",
                                          "payload",
                                          "epoch_back",
                                          "time_back",
                                          "subject_order",
                                          "unknown_payload",
                                          "opening",
                                          "other_history",
                                          "head_gap",
                                          "head_link",
                                          "head_signature",
                                          "ordering_back",
                                          "tail_cut",
                                          "not_covered",
                                          "shorter_than_known",
                                          "unannounced_erasure",
                                          "unfinished_erasure",
                                          "no_cut",
                                          "cut",
                                          "orphan_tail",
                                          "not_ordered"});
}

struct verify_fault {
  ports::stream_id stream;
  std::uint64_t seq = 0;
  fault_reason reason{};
  std::string what; ///< one sentence, in French
};

/// What the ordering stream says of an epoch, as far as the file has it.
enum class epoch_order : std::uint8_t {
  not_here, ///< nothing: it is not in the file, or not up to the entry that the cut names
  opened,   ///< that entry opens this epoch of this territory
  other,    ///< it does not, or for another host than the cut's: `not_ordered`
};
constexpr auto names_of(epoch_order) { return std::to_array<std::string_view>({"not_here", "opened", "other"}); }

/// An epoch, as its cut says; and what `hold_against_orders` has found of it.
struct verified_epoch {
  std::uint32_t epoch = 0;
  std::uint64_t cut_seq = 0;
  std::string ordered_by;
  std::uint64_t ordered_seq = 0;
  epoch_order order{};
  std::string host{}; ///< the node for which it was opened
  friend bool operator==(const verified_epoch&, const verified_epoch&) = default;
};

struct verified_tail {
  std::uint32_t cut = 0; ///< the epoch whose cut left it out
  std::uint64_t entries = 0;
  friend bool operator==(const verified_tail&, const verified_tail&) = default;
};

struct verify_report {
  ports::stream_id stream;
  std::uint64_t entries = 0;
  std::uint64_t heads = 0;
  std::uint64_t erased = 0;
  bytes32 link{};
  std::optional<public_key> signer;   ///< of the opening
  std::vector<public_key> signers;    ///< that and those that the stream has changed to, in order
  std::vector<verified_epoch> epochs; ///< that a cut begins
  std::vector<verified_tail> tails;
  /// In the order of the stream, at most 100 of each epoch: no host hides those of another.
  std::vector<verify_fault> faults;
};

/// `expected`: heads known from elsewhere (a receipt, a witness), which the stream must hold. `keys`: when given, every
/// payload must also decrypt and decode. `known`: keys known from elsewhere, the directory, to be the host's: without
/// them a change of key counts only under the signature of the key before; a cut counts under the key that it names,
/// and whoever has a key can write one: `hold_against_orders`. `progress` is told the entries read so far.
verify_report verify_stream(store_reader& rows, const ports::stream_id& stream,
                            std::span<const ports::signed_head> expected, const stream_keys* keys,
                            const std::function<void(std::uint64_t)>& progress, std::span<const public_key> known = {});

/// Holds each epoch found against the entry of the ordering stream that its cut names, where the same file has that: of
/// an epoch, one entry is read. That the ordering stream is the authority's own, and a key the node's, is for the
/// directory to say; here the same key is never that of two nodes.
void hold_against_orders(store_reader& rows, verify_report& report);

/// Written so by whoever hosted the stream then, or what explains it is still to come: no damage of what is here.
bool is_its_hosts(fault_reason reason);

/// Such a fault of an entry before the last cut, or of a tail: who hosts the stream now could only take it as it was.
/// [L441-2-7-4-1]
bool is_former_hosts(const verify_report& report, const verify_fault& fault);

} // namespace toit::journal
