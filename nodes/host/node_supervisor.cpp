#include "nodes/host/node_supervisor.hpp"

#include "actors/spawning.hpp"

namespace toit::nodes {

static_assert(actor_state<node_supervisor_state>);

// -- what is told of it ---------------------------------------------------------------------------------------------

std::optional<territory_actors> running_territory::actors() const {
  std::lock_guard lock{mutex_};
  return actors_;
}

bool running_territory::answers() const {
  std::lock_guard lock{mutex_};
  return answers_;
}

bool running_territory::read_only() const {
  std::lock_guard lock{mutex_};
  return read_only_;
}

std::optional<watcher_status> running_territory::watcher() const {
  std::lock_guard lock{mutex_};
  return watcher_;
}

void running_territory::begun(territory_actors actors) {
  std::lock_guard lock{mutex_};
  actors_ = std::move(actors);
}

void running_territory::answering() {
  std::lock_guard lock{mutex_};
  answers_ = actors_.has_value();
}

void running_territory::ended() {
  std::lock_guard lock{mutex_};
  actors_.reset();
  answers_ = false;
  watcher_.reset();
}

void running_territory::seen(const recorder_status& recorder) {
  std::lock_guard lock{mutex_};
  read_only_ = recorder.read_only;
}

void running_territory::seen(const watcher_status& watcher) {
  std::lock_guard lock{mutex_};
  watcher_ = watcher;
}

// -- begin and begin again ------------------------------------------------------------------------------------------

void node_supervisor_state::begin_territory() {
  const auto& stream = in_charge.context->stream;
  in_charge.options.watch.last_entry = last_recorded(*in_charge.context->open_reader(), stream);
  actors_ = spawn_territory(self->home_system(), in_charge.context, in_charge.recorder, in_charge.options);
  alive_ = actors_.all();
  for (const auto& actor : alive_)
    self->monitor(actor);
  in_charge.running->begun(actors_);
  wait_for_answers();
}

/// Owners answer once they have folded the journal.
void node_supervisor_state::wait_for_answers() {
  auto query = std::make_shared<register_query>();
  query->limit = 1;
  self->request(actors_.registry, caf::infinite, list_atom_v, register_query_ptr{query})
      .then(
          [this](const register_page_ptr&) {
            self->request(actors_.guard, caf::infinite, rights_atom_v)
                .then(
                    [this](const rights_ptr&) {
                      in_charge.running->answering();
                      sweep();
                    },
                    [](const caf::error&) {});
          },
          // Its end is told by the monitor.
          [](const caf::error&) {});
}

void node_supervisor_state::down(const caf::down_msg& gone) {
  if (gone.source == in_charge.recorder.address())
    return give_up(node_fault::recorder_ended);
  std::erase_if(alive_, [&](const caf::actor& a) { return a.address() == gone.source; });
  if (in_charge.running->actors()) {
    base::log_error("a territory's actor has ended: all are begun again");
    end_the_rest();
  }
  if (alive_.empty())
    begin_again();
}

void node_supervisor_state::fold_again() {
  base::log_warning("the stream's past has come back from another node: its actors begin again");
  if (in_charge.running->actors())
    end_the_rest();
}

void node_supervisor_state::end_the_rest() {
  in_charge.running->ended();
  for (const auto& actor : alive_)
    self->send_exit(actor, caf::exit_reason::kill);
}

void node_supervisor_state::begin_again() {
  auto now = in_charge.context->clock->monotonic();
  std::erase_if(restarts_, [&](auto at) { return now - at > restarts_within; });
  if (restarts_.size() >= restarts_limit)
    return give_up(node_fault::actors_end_again);
  restarts_.push_back(now);
  in_charge.context->metrics->make_counter("toit_territory_restarts_total", "Times that actors were begun again").add();
  begin_territory();
}

void node_supervisor_state::give_up(node_fault because) {
  if (std::exchange(given_up_, true))
    return;
  in_charge.running->ended();
  in_charge.give_up(because);
}

// -- time -----------------------------------------------------------------------------------------------------------

void node_supervisor_state::tick() {
  self->delayed_send(self, tick_every, tick_atom_v);
  if (in_charge.awaits_past && !in_charge.is_behind()) {
    in_charge.awaits_past = false;
    begin_territory();
  }
  if (given_up_ || !in_charge.running->actors())
    return;
  ++ticks_;
  look_after();
  self->send(actors_.watcher, tick_atom_v);
  if (actors_.executor)
    self->send(actors_.executor, tick_atom_v);
  if (actors_.late)
    self->send(actors_.late, tick_atom_v, actors_.guard);
  if (actors_.substitution)
    self->send(actors_.substitution, tick_atom_v);
  if (ticks_ % probe_every_ticks == 0)
    self->send(in_charge.recorder, tick_atom_v);
  if (ticks_ % keep_every_ticks == 0) {
    // Whoever does not answer is seen by the monitor; a snapshot missed is taken a minute later.
    auto ignore_answer = [](bool) {};
    auto ignore_error = [](const caf::error&) {};
    self->request(in_charge.recorder, ask_timeout, keep_atom_v, false).then(ignore_answer, ignore_error);
    self->request(actors_.registry, ask_timeout, keep_atom_v, false).then(ignore_answer, ignore_error);
    self->request(actors_.allocator, ask_timeout, keep_atom_v, false).then(ignore_answer, ignore_error);
    self->request(actors_.guard, ask_timeout, keep_atom_v, false).then(ignore_answer, ignore_error);
    if (actors_.conventions)
      self->request(actors_.conventions, ask_timeout, keep_atom_v, false).then(ignore_answer, ignore_error);
    if (actors_.late)
      self->request(actors_.late, ask_timeout, keep_atom_v, false).then(ignore_answer, ignore_error);
    if (actors_.state)
      self->request(actors_.state, ask_timeout, keep_atom_v, false).then(ignore_answer, ignore_error);
    if (actors_.procedures)
      self->request(actors_.procedures, ask_timeout, keep_atom_v, false).then(ignore_answer, ignore_error);
    look_at_territories();
  }
  if (ticks_ % sweep_every_ticks == 0)
    sweep();
}

/// Communes move and EPCI merge on a day of the directory: whoever is followed from then on has his supervisor.
void node_supervisor_state::look_at_territories() {
  if (!in_charge.context->post)
    return;
  auto followed = in_charge.context->post->territories();
  auto is_known = [&](const ports::stream_id& stream) { return actors_.supervisors.contains(stream); };
  if (followed.size() == actors_.supervisors.size() && std::ranges::all_of(followed, is_known))
    return;
  base::log_info("the territories that this node follows are others: its actors begin again");
  end_the_rest();
}

void node_supervisor_state::sweep() {
  if (!in_charge.is_behind())
    self->send(actors_.documents, sweep_atom_v, actors_.registry);
}

void node_supervisor_state::look_after() {
  auto& metrics = *in_charge.context->metrics;
  self->request(in_charge.recorder, ask_timeout, status_atom_v)
      .then(
          [this, &metrics](const recorder_status& status) {
            in_charge.running->seen(status);
            metrics.make_gauge("toit_read_only", "1 while a full disk keeps the journal from growing")
                .set(status.read_only ? 1 : 0);
          },
          [](const caf::error&) { base::log_warning("the recorder is slow to answer"); });
  self->request(actors_.watcher, ask_timeout, status_atom_v)
      .then(
          [this, &metrics](const watcher_status& status) {
            in_charge.running->seen(status);
            metrics.make_gauge("toit_clock_frozen", "1 while automatic effects wait for the clock to be confirmed")
                .set(status.frozen ? 1 : 0);
          },
          [](const caf::error&) { base::log_warning("the deadline watcher is slow to answer"); });
}

node_supervisor_actor::behavior_type
node_supervisor(node_supervisor_actor::stateful_pointer<node_supervisor_state> self, supervision in_charge) {
  set_up_defaults(self, node_supervisor_state::name);
  self->state.self = self;
  self->state.in_charge = std::move(in_charge);
  self->set_down_handler([self](const caf::down_msg& gone) { self->state.down(gone); });
  self->monitor(self->state.in_charge.recorder);
  if (!self->state.in_charge.awaits_past)
    self->state.begin_territory();
  self->send(self, tick_atom_v);
  return {[self](tick_atom) { self->state.tick(); }, [self](again_atom) { self->state.fold_again(); }};
}

} // namespace toit::nodes
