#include "actors/event_recorder.hpp"

#include "actors/spawning.hpp"

namespace toit {

static_assert(actor_state<event_recorder_state>);

namespace {

/// A follower that has not answered by then is told again; it reads what it missed from the journal.
constexpr std::chrono::seconds follower_timeout{60};

/// Two heads, and what a message says of itself.
constexpr std::size_t around_bytes = 2'048;
/// A batch that is on disk finds room in one message, whatever is sent with it.
static_assert(ports::batch_load::bytes_most +
                  ports::batch_load::entries_most * (ports::account_overhead_bytes + ports::account_bytes_most) +
                  decltype(ports::transfer::keys)::max_items * 3 * ports::entry_overhead_bytes + around_bytes <=
              ports::message_limit_bytes);

} // namespace

void event_recorder_state::schedule_flush() {
  // Whatever reaches the mailbox before this message does is written with it: the group grows with the load.
  if (!std::exchange(flush_scheduled_, true))
    self->send(self, flush_atom_v);
}

caf::result<append_results_ptr> event_recorder_state::append(const append_group_ptr& group) {
  if (groups_.size() >= waiting_limit)
    return caf::sec::request_timeout;
  auto who = caf::actor_cast<caf::actor_addr>(self->current_sender()); // whom a promise takes out of the message
  groups_.push_back({group, std::move(who), self->make_response_promise<append_results_ptr>()});
  schedule_flush();
  return groups_.back().promise;
}

caf::result<append_results_ptr> event_recorder_state::refuse(const log_line_ptr& line) {
  if (refusals_.size() >= waiting_limit)
    return caf::sec::request_timeout;
  auto promise = self->make_response_promise<append_results_ptr>();
  refusals_.push_back({line, promise});
  schedule_flush();
  return promise;
}

caf::result<bool> event_recorder_state::consult(const log_line_ptr& line) {
  if (reads_.size() >= waiting_limit)
    return caf::sec::request_timeout;
  auto promise = self->make_response_promise<bool>();
  reads_.push_back({line, promise});
  schedule_flush();
  return promise;
}

caf::result<brought_results_ptr> event_recorder_state::bring(const brought_ptr& things) {
  if (transfers_.size() >= waiting_limit)
    return caf::sec::request_timeout;
  auto promise = self->make_response_promise<brought_results_ptr>();
  transfers_.push_back({things, promise});
  schedule_flush();
  return promise;
}

std::vector<brought_results> event_recorder_state::stage(const std::vector<waiting_transfer>& transfers) {
  std::vector<brought_results> results;
  for (const auto& waiting : transfers) {
    auto& result = results.emplace_back();
    for (const auto& transfer : waiting.things->transfers)
      result.transfers.push_back(writer->stage_transfer(*transfer));
    for (const auto& mark : waiting.things->marks)
      writer->stage_mark(mark);
    for (const auto& head : waiting.things->foreign_heads)
      writer->stage_foreign_head(head);
    for (const auto& tail : waiting.things->orphans)
      result.orphans.push_back(writer->stage_orphans(*tail));
  }
  return results;
}

void event_recorder_state::answer_transfers(std::vector<waiting_transfer>& transfers,
                                            std::vector<brought_results>& results, const ports::synced& done) {
  for (std::size_t i = 0; i < transfers.size(); ++i) {
    results[i].on_disk = done.entries;
    if (!done.entries) {
      for (auto& result : results[i].transfers)
        result.status = ports::transfer_status::read_only;
      for (auto& result : results[i].orphans)
        result.status = ports::transfer_status::read_only;
    }
    transfers[i].promise.deliver(brought_results_ptr{std::make_shared<const brought_results>(std::move(results[i]))});
  }
}

/// As many as fit into one batch, and one at least: whoever sends it keeps it within that. The rest is next.
std::vector<event_recorder_state::waiting_group> event_recorder_state::take_groups() {
  ports::batch_load load;
  auto end = groups_.begin();
  for (; end != groups_.end(); ++end) {
    for (const auto& part : *end->group)
      load.add(*part);
    if (end != groups_.begin() && !load.fits())
      break;
  }
  std::vector<waiting_group> taken(std::make_move_iterator(groups_.begin()), std::make_move_iterator(end));
  groups_.erase(groups_.begin(), end);
  if (!groups_.empty())
    schedule_flush();
  return taken;
}

void event_recorder_state::flush() {
  flush_scheduled_ = false;
  auto groups = take_groups();
  auto refusals = std::exchange(refusals_, {});
  auto reads = std::exchange(reads_, {});
  auto transfers = std::exchange(transfers_, {});

  std::vector<append_results_ptr> results;
  for (const auto& waiting : groups)
    results.push_back(std::make_shared<append_results>(append_results{writer->stage(*waiting.group), {}}));
  auto brought = stage(transfers);
  std::vector<ports::append_result> refused;
  for (const auto& waiting : refusals)
    refused.push_back(writer->stage_refusal(*waiting.line));
  for (const auto& waiting : reads)
    writer->stage_consultation(*waiting.line);

#ifdef TOIT_TEST_SWITCHES
  if (bugs.acknowledge_before_sync) {
    answer_groups(groups, results, {});
    groups.clear();
  }
#endif
  auto done = writer->sync();
  ++status_.groups;
  tell_followers(done);
  answer_groups(groups, results, done);
  answer_transfers(transfers, brought, done);
  for (std::size_t i = 0; i < refusals.size(); ++i) {
    // What a repeat was to be answered with may itself have been undone: it is to be asked again.
    bool by_journal = refused[i].status != ports::append_status::refused_before;
    if (!done.lines || (!done.entries && by_journal))
      refused[i] = {.status = ports::append_status::read_only};
    refusals[i].promise.deliver(append_results_ptr{std::make_shared<append_results>(append_results{{refused[i]}, {}})});
  }
  for (auto& waiting : reads)
    waiting.promise.deliver(done.lines);
}

void event_recorder_state::answer_groups(std::vector<waiting_group>& groups, std::vector<append_results_ptr>& results,
                                         const ports::synced& done) {
  for (std::size_t i = 0; i < groups.size(); ++i) {
    auto answered = std::make_shared<append_results>(*results[i]);
    answered->heads = done.heads;
    // What was undone may be what another part was refused for: all that the journal alone said is to be asked again.
    if (!done.entries)
      for (auto& result : answered->results)
        if (result.status != ports::append_status::refused_before && result.status != ports::append_status::stale)
          result = {.status = ports::append_status::read_only};
    tell_who_asked(groups[i]);
    groups[i].promise.deliver(append_results_ptr{std::move(answered)});
  }
}

// -- followers ------------------------------------------------------------------------------------------------------

/// Who follows already keeps his one record: by a second one he would be told twice, and his answers all be counted in
/// the first.
void event_recorder_state::follow(const ports::stream_id& stream, const follower_actor& follower) {
  auto& all = followers_[stream];
  if (auto known = std::ranges::find(all, follower, &followed::follower); known != all.end())
    return let_look(*known, stream);
  all.emplace_back().follower = follower;
  self->monitor(follower);
}

/// Who is slow is told less often, and more at a time: with many streams on a node most groups have an entry or two of
/// each, and being told costs more than folding them.
void event_recorder_state::tell_followers(const ports::synced& done) {
  for (const auto& batch : done.batches) {
    status_.entries += batch->entries.size();
    for (auto& f : followers_[batch->stream]) {
      keep_for(f, batch);
      if (f.unanswered == 0)
        tell(f, batch->stream);
    }
  }
  // What another host has written is read from the journal: nobody has it in hand here.
  for (const auto& stream : done.replicas)
    let_look(stream);
}

/// Whoever follows the stream reads what is new of it himself.
void event_recorder_state::let_look(const ports::stream_id& stream) {
  for (auto& f : followers_[stream])
    let_look(f, stream);
}

void event_recorder_state::let_look(followed& f, const ports::stream_id& stream) {
  leave_behind(f);
  if (f.unanswered == 0)
    tell(f, stream);
}

/// An answer rests on what was written: who asked is told of it first, or would have to read it.
void event_recorder_state::tell_who_asked(const waiting_group& asked) {
  for (const auto& part : *asked.group)
    for (auto& f : followers_[part->stream])
      if (f.follower.address() == asked.who)
        tell(f, part->stream);
}

void event_recorder_state::keep_for(followed& f, const ports::batch_ptr& batch) {
  f.waiting_entries += batch->entries.size();
  if (f.behind || f.waiting_entries > follower_waiting_entries)
    leave_behind(f);
  else
    f.waiting.push_back(batch);
}

/// What he is about to read for himself he is told nothing of: he would take it for all there is.
void event_recorder_state::leave_behind(followed& f) {
  f.behind = true;
  f.waiting.clear();
}

namespace {

/// Of none: look for yourself.
ports::batch_ptr as_one(const ports::stream_id& stream, std::vector<ports::batch_ptr> batches) {
  if (batches.size() == 1)
    return std::move(batches.front());
  auto all = std::make_shared<ports::entry_batch>(ports::entry_batch{stream, {}});
  for (const auto& batch : batches)
    all->entries.insert(all->entries.end(), batch->entries.begin(), batch->entries.end());
  return all;
}

} // namespace

void event_recorder_state::tell(followed& f, const ports::stream_id& stream) {
  if (f.waiting.empty() && !f.behind)
    return;
  auto batch = as_one(stream, std::exchange(f.waiting, {}));
  f.waiting_entries = 0;
  f.behind = false;
  ++f.unanswered;
  auto answered = [this, who = f.follower, stream] {
    auto& all = followers_[stream];
    auto found = std::ranges::find(all, who, &followed::follower);
    if (found != all.end() && --found->unanswered == 0)
      tell(*found, stream);
  };
  self->request(f.follower, follower_timeout, written_atom_v, batch)
      .then([answered](std::uint64_t) { answered(); }, [answered](const caf::error&) { answered(); });
}

/// Where a stream is released, or there is room again, the writer may announce other keys in it, under a head of their
/// own: whoever follows it looks for himself.
void event_recorder_state::let_look_after(const std::function<void()>& write) {
  std::vector<std::pair<ports::stream_id, std::uint64_t>> before;
  for (const auto& [stream, followers] : followers_)
    before.emplace_back(stream, writer->last_seq(stream));
  write();
  for (const auto& [stream, seq] : before)
    if (writer->last_seq(stream) != seq)
      let_look(stream);
}

void event_recorder_state::hold(const ports::stream_id& stream, bool behind) {
  let_look_after([&] { writer->hold_back(stream, behind); });
}

void event_recorder_state::forget(const caf::actor_addr& gone) {
  for (auto& [stream, followers] : followers_)
    std::erase_if(followers, [&](const followed& f) { return f.follower.address() == gone; });
}

// -- the rest -------------------------------------------------------------------------------------------------------

/// A group is staged and on disk within one message: between two messages nothing is.
bool event_recorder_state::order(const ordered_stream& now) {
  writer->follow_ordering(now.stream, now.ordering);
  return !now.escrow || writer->seal_keys_to(now.stream, *now.escrow);
}

// [L441-2-7-4-1]
ports::adoption_result event_recorder_state::adopt(const ports::adoption& asked) {
  auto done = writer->adopt(asked);
  if (done.status == ports::adoption_status::adopted)
    let_look(asked.stream);
  return done;
}

bool event_recorder_state::release(const ports::stream_id& stream) {
  writer->release(stream);
  return true;
}

void event_recorder_state::tick() {
  if (!writer->read_only())
    return;
  let_look_after([this] { writer->probe(); });
  if (!writer->read_only())
    base::log_info("the disk has room again: the node writes");
}

bool event_recorder_state::keep(bool force) {
  if (!force && status_.entries - kept_entries_ < keep_every_entries)
    return true;
  kept_entries_ = status_.entries;
  writer->keep();
  return true;
}

recorder_status event_recorder_state::status() const {
  auto now = status_;
  now.read_only = writer->read_only();
  return now;
}

event_recorder_actor::behavior_type event_recorder(event_recorder_actor::stateful_pointer<event_recorder_state> self,
                                                   ports::journal_writer* writer,
                                                   std::shared_ptr<base::metrics> metrics, deliberate_bugs bugs) {
  set_up_defaults(self, event_recorder_state::name);
  self->state.self = self;
  self->state.writer = writer;
  self->state.metrics = std::move(metrics);
  self->state.bugs = bugs;
  self->set_down_handler([self](const caf::down_msg& down) { self->state.forget(down.source); });
  return {
      [self](append_atom, const append_group_ptr& group) { return self->state.append(group); },
      [self](refuse_atom, const log_line_ptr& line) { return self->state.refuse(line); },
      [self](consult_atom, const log_line_ptr& line) { return self->state.consult(line); },
      [self](bring_atom, const brought_ptr& things) { return self->state.bring(things); },
      [self](hold_atom, const ports::stream_id& stream, bool behind) {
        self->state.hold(stream, behind);
        return true;
      },
      [self](ordering_atom, const ordered_stream_ptr& now) { return self->state.order(*now); },
      [self](ordering_atom, const ports::stream_id& ordering, std::uint64_t seq) {
        self->state.writer->heed_ordering(ordering, seq);
      },
      [self](adopt_atom, const adoption_ptr& asked) { return self->state.adopt(*asked); },
      [self](release_atom, const ports::stream_id& stream) { return self->state.release(stream); },
      [self](release_atom, const ports::stream_id& stream, bool may_open) {
        return self->state.writer->let_open(stream, may_open);
      },
      [self](follow_atom, const ports::stream_id& stream, const follower_actor& follower) {
        self->state.follow(stream, follower);
      },
      [self](flush_atom) { self->state.flush(); },
      [self](tick_atom) { self->state.tick(); },
      [self](keep_atom, bool force) { return self->state.keep(force); },
      [self](status_atom) { return self->state.status(); },
  };
}

} // namespace toit
