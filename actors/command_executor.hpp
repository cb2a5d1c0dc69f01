/// \file
/// One a territory: its inbox are the streams of the State authorities that follow it. What a command asks is decided
/// by the territory's own owners, under its own guard; what became of it is an entry of the territory's.
///
/// Each authority's commands are carried out in their order, one at a time. A command has one id, wherever and however
/// often it is tried: after a crash it is asked for again and gets its first answer. What cannot be done now (a full
/// disk, a stream that is behind) is tried again.

#pragma once

#include "actors/interfaces.hpp"
#include "actors/territory_context.hpp"

namespace toit {

struct command_executor_state {
  command_executor_state() = default;

  static inline const char* name = "command_executor";

  /// Entries of an authority's stream read at once.
  static constexpr std::size_t chunk = 256;

  void open_reader() { reader_ = context->open_reader(); }
  void tick();
  std::uint64_t written(const ports::batch_ptr& batch);
  executor_status status() const;

  command_executor_actor::pointer self = nullptr;
  territory_context_ptr context;
  event_recorder_actor recorder;
  access_guard_actor guard;

private:
  struct inbox {
    std::uint64_t done = 0; ///< every entry up to it is answered, or was no command for us
    std::uint64_t kept = 0; ///< as the mark on disk says
    bool busy = false;
    bool waits = false; ///< until the next tick
  };
  using entry = ports::stored_entry;

  void look_for_issuers();
  void go_on(const ports::stream_id& issuer);
  /// False when the entry is no command for this territory.
  bool take(const ports::stream_id& issuer, const entry& issued);
  void carry_out(const ports::stream_id& issuer, const entry& issued, const law::command_issued& letter);
  void refuse_unless_answered(const ports::stream_id& issuer, const entry& issued, const asked_command& asked,
                              const law::refusal& why);
  void answered(const ports::stream_id& issuer, const entry& issued, const answer& given);
  void record(const ports::stream_id& issuer, const entry& issued, const ports::posted_result& result);
  void finished(const ports::stream_id& issuer, std::uint64_t seq);
  void try_again(const ports::stream_id& issuer);
  std::shared_ptr<asked_command> command_of(const ports::stream_id& issuer, const law::command_id& id) const;
  asked_command_ptr asked_by(const ports::stream_id& issuer, ports::posted_command&& opened) const;
  asked_command_ptr unopened(const ports::stream_id& issuer, const entry& issued) const;
  law::command_id id_of(const char* what, const ports::stream_id& issuer, const law::command_id& id) const;
  std::string mark_of(const ports::stream_id& issuer) const;
  std::string own_end() const;
  bool is_own(const std::string& end) const;
  std::uint64_t read_mark(const ports::stream_id& issuer) const;
  void keep_mark(const ports::stream_id& issuer, inbox& box);

  std::unique_ptr<ports::journal_reader> reader_;
  std::map<ports::stream_id, inbox> inboxes_;
  executor_status status_;
};

command_executor_actor::behavior_type
command_executor(command_executor_actor::stateful_pointer<command_executor_state> self, territory_context_ptr context,
                 event_recorder_actor recorder, access_guard_actor guard);

} // namespace toit
