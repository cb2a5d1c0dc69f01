/// \file
/// An exchange alone with bytes that say what befalls it: what neighbours send, links, time, what becomes of transfers.
/// After each act that must hold which no neighbour and no chance may break.

#pragma once

#include "federation/exchange.hpp"

#include <span>

namespace toit::fuzz {

using ports::stream_id;

/// Streams of a few entries, in memory. What an entry is depends on its stream, epoch and sequence alone. A stream is
/// cut once at most.
class pretended_disk : public ports::transfer_source {
public:
  std::vector<ports::stream_position> positions() override;
  std::optional<ports::stream_position> position(const stream_id& stream) override;
  std::optional<law::bytes32> link_at(const stream_id& stream, std::uint64_t seq) override;
  std::optional<ports::signed_head> head_covering(const stream_id& stream, std::uint64_t seq) override;
  std::vector<law::bytes32> signers(const stream_id& stream) override;
  ports::transfer_ptr read(const stream_id& stream, std::uint64_t after, std::size_t bytes_most) override;
  ports::destroyed_documents destroyed(const stream_id&, std::uint64_t after, std::size_t) override {
    return {after, {}, 0};
  }
  law::list<ports::travelling_key, 1024> keys(const stream_id& stream) override;
  bool has_keys_for(const stream_id& stream, const law::bytes32& recipient) override;
  bool has_content_of(const stream_id& stream) override;
  std::vector<ports::witness_mark> marks(const stream_id& stream) override;
  std::vector<ports::cut_place> cuts(const stream_id& stream) override;
  std::vector<ports::orphan_position> orphan_tails() override;
  ports::orphan_tail_ptr read_orphans(const stream_id& stream, std::uint32_t cut, std::uint64_t after,
                                      std::size_t bytes_most) override;

  std::uint32_t epoch_at(const stream_id& stream, std::uint64_t seq) const;
  /// The stream goes on from here in epoch 1; what was there beyond becomes a tail.
  void cut(const stream_id& stream, std::uint64_t first, std::uint64_t last);

  std::map<stream_id, std::uint64_t> ends;
  std::map<std::pair<stream_id, stream_id>, ports::witness_mark> given; ///< by stream and witness
  std::map<stream_id, std::uint64_t> cut_at;                            ///< sequence of the cut
  std::map<stream_id, std::uint64_t> tails;                             ///< and where what it left out ends
  bool keys_there = true;
};

class exchange_play {
public:
  exchange_play(bool state, std::span<const std::uint8_t> acts);
  void run();

private:
  ports::node_name self() const;
  stream_id own() const;
  void begin();

  std::uint8_t take();
  std::span<const std::uint8_t> take_some();
  const ports::node_name& choose_neighbour();
  stream_id choose_stream();
  stream_id choose_territory();
  bool hosts(const stream_id& stream) const;

  void act();
  void hear(federation::any_message said);
  void hear_body();
  void hear_good_entries();
  void hear_good_mark();
  void hear_directory();
  void hear_good_orphans();
  void pass_authority();
  void take_over_or_leave();
  void settle();
  void settle_orphans();
  void pass_time();
  /// Looks at what is to be done, and does it.
  void look();
  void look_at(const federation::exchange_actions& todo);

  bool state_;
  std::span<const std::uint8_t> acts_;
  pretended_disk disk_;
  std::unique_ptr<federation::exchange> talk_;
  std::vector<stream_id> hosted_;
  federation::authorities authorities_;
  std::vector<std::shared_ptr<ports::transfer>> unwritten_;
  std::vector<std::shared_ptr<ports::orphan_tail>> unwritten_tails_;
  std::chrono::milliseconds since_start_{0};
  std::uint8_t runs_ = 0;
};

} // namespace toit::fuzz
