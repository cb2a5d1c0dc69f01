/// \file
/// The only writer of a node's journal: gathers what waits into one group, has it written, then answers.

#pragma once

#include "actors/interfaces.hpp"
#include "actors/territory_context.hpp"

#include <map>

namespace toit {

struct event_recorder_state {
  event_recorder_state() = default;

  static inline const char* name = "event_recorder";

  /// At most this many appends, refusals and reads wait; more are answered E_BUSY by their sender's time-out.
  static constexpr std::size_t waiting_limit = 8192;
  /// Entries that wait for a follower to answer for those before them: beyond, it is only told to look for itself.
  static constexpr std::size_t follower_waiting_entries = 8192;

  caf::result<append_results_ptr> append(const append_group_ptr& group);
  caf::result<append_results_ptr> refuse(const log_line_ptr& line);
  caf::result<brought_results_ptr> bring(const brought_ptr& things);
  void hold(const ports::stream_id& stream, bool behind);
  caf::result<bool> consult(const log_line_ptr& line);
  void follow(const ports::stream_id& stream, const follower_actor& follower);
  void forget(const caf::actor_addr& gone);
  void flush();
  bool order(const ordered_stream& now);
  ports::adoption_result adopt(const ports::adoption& asked);
  bool release(const ports::stream_id& stream);
  void tick();
  bool keep(bool force);
  recorder_status status() const;

  event_recorder_actor::pointer self = nullptr;
  ports::journal_writer* writer = nullptr;
  std::shared_ptr<base::metrics> metrics;
  deliberate_bugs bugs;

private:
  struct waiting_group {
    append_group_ptr group;
    caf::actor_addr who;
    caf::typed_response_promise<append_results_ptr> promise;
  };
  struct waiting_refusal {
    log_line_ptr line;
    caf::typed_response_promise<append_results_ptr> promise;
  };
  struct waiting_read {
    log_line_ptr line;
    caf::typed_response_promise<bool> promise;
  };
  struct waiting_transfer {
    brought_ptr things;
    caf::typed_response_promise<brought_results_ptr> promise;
  };
  struct followed {
    follower_actor follower;
    unsigned unanswered = 0;
    std::vector<ports::batch_ptr> waiting; ///< to be told as one
    std::size_t waiting_entries = 0;
    bool behind = false; ///< to be told to look for itself
  };

  void schedule_flush();
  void answer_groups(std::vector<waiting_group>& groups, std::vector<append_results_ptr>& results,
                     const ports::synced& done);
  std::vector<waiting_group> take_groups();
  std::vector<brought_results> stage(const std::vector<waiting_transfer>& transfers);
  void answer_transfers(std::vector<waiting_transfer>& transfers, std::vector<brought_results>& results,
                        const ports::synced& done);
  void tell_followers(const ports::synced& done);
  void let_look(const ports::stream_id& stream);
  void let_look(followed& f, const ports::stream_id& stream);
  void let_look_after(const std::function<void()>& write);
  void keep_for(followed& f, const ports::batch_ptr& batch);
  static void leave_behind(followed& f);
  void tell(followed& f, const ports::stream_id& stream);
  void tell_who_asked(const waiting_group& asked);

  std::vector<waiting_group> groups_;
  std::vector<waiting_refusal> refusals_;
  std::vector<waiting_read> reads_;
  std::vector<waiting_transfer> transfers_;
  std::map<ports::stream_id, std::vector<followed>> followers_;
  bool flush_scheduled_ = false;
  recorder_status status_;
  std::uint64_t kept_entries_ = 0;
};

/// `writer` outlives the actor. Spawned detached in service: it waits for the disk.
event_recorder_actor::behavior_type event_recorder(event_recorder_actor::stateful_pointer<event_recorder_state> self,
                                                   ports::journal_writer* writer,
                                                   std::shared_ptr<base::metrics> metrics, deliberate_bugs bugs);

} // namespace toit
