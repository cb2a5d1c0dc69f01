/// \file
/// Commands and reads on their way: what was asked under which key, what was answered, what is asked again.

#pragma once

#include "simulation/world/history.hpp"

namespace toit::simulation {

class correspondence {
public:
  correspondence(world& w, cast& c, play& p, tally& counts) : w_{w}, c_{c}, play_{p}, counts_{counts} {}

  /// Sends a command under a key of its own.
  void send(std::shared_ptr<asked_command> asked);
  /// Asks once more, under the same key, for what was answered or for what was not.
  void repeat();
  /// Asks for something else under a key that has served.
  void reuse_key();
  void read();

  std::size_t in_flight() const { return in_flight_; }
  /// Nobody waits any longer: what was not answered has an unknown outcome, and will be asked for again.
  void give_up();
  /// What was answered with later entries than this is gone with them: it may be asked for anew.
  void forget_after(std::uint64_t seq);
  /// What was remembered in days no longer holds: the clock has been moved.
  void clock_moved() { ++clock_moves_; }

  const std::vector<receipt>& receipts() const { return receipts_; }
  /// What was answered wrongly, and every read that the log does not show.
  std::vector<fault> faults(ports::journal_reader& reader) const;

private:
  struct letter {
    asked_command_ptr asked;
    bool waiting = false;
    bool unanswered = false; ///< sent, and nobody ever said what became of it
    answer_ptr first;        ///< that every repeat must be given
    law::instant sent_at{};
    unsigned clock_moves = 0; ///< before it was sent
  };
  using letter_ptr = std::shared_ptr<letter>;

  void dispatch(const letter_ptr& l);
  void answered(const letter_ptr& l, const answer_ptr& given);
  void keep_first(const letter_ptr& l, const answer_ptr& given);
  void compare(const letter& l, const answer& given);
  bool remembered(const letter& l) const;
  void keep_code(const receipt& r);
  void was_read(const read_request& asked, bool allowed_before, const read_answer_ptr& given);
  void check_sight(const read_request& asked, const law::dossier& shown);
  void check_page(const read_request& asked, const read_content& shown);
  bool may(const read_request& asked) const;
  std::string reader_of(const read_request& asked) const;
  void say(const char* checker, std::string what);

  world& w_;
  cast& c_;
  play& play_;
  tally& counts_;
  std::vector<letter_ptr> letters_;
  std::vector<receipt> receipts_;
  std::map<law::dossier_id, std::size_t> reads_;
  std::map<law::dossier_id, std::size_t> refused_reads_;
  std::vector<fault> faults_;
  std::size_t in_flight_ = 0;
  std::uint64_t asked_ = 0;
  unsigned clock_moves_ = 0;
};

} // namespace toit::simulation
