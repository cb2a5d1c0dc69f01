#include "nodes/host/running_node.hpp"

#include "actors/event_recorder.hpp"
#include "federation/zmq_transport.hpp"
#include "journal/pack.hpp"

namespace toit::nodes {

namespace {

using steady = std::chrono::steady_clock;

/// Longer than the keeper of links waits for a neighbour.
constexpr std::chrono::seconds answer_timeout{12};

std::chrono::milliseconds left_until(steady::time_point deadline) {
  return std::max(std::chrono::milliseconds{0},
                  std::chrono::duration_cast<std::chrono::milliseconds>(deadline - steady::now()));
}

/// Threads that share one queue and sleep when it is empty. Threads that steal from each other look for work all the
/// time, and take their time to see it once they have found none for a while. The actors of one territory wait for each
/// other: on two cores a second thread for them took a third of the speed away, and the recorder has its own. What is
/// slow (passwords, documents) has threads of its own too.
caf::actor_system_config& set_up(caf::actor_system_config& config) {
  constexpr std::size_t most = 4;
  std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-threads", std::clamp<std::size_t>(cores / 2, 1, most));
  return config;
}

} // namespace

running_node::running_node(opened_node& opened, const configuration& with, const territory_map& map,
                           on_node_fault give_up)
    : opened_{opened}, territory_name_{place_of(with, map).name.str()}, purpose_{law::name_of(with.purpose)},
      is_federated_{with.federation.has_value()}, system_{std::make_unique<caf::actor_system>(set_up(config_))} {
  // The process never waits for an actor that does not end: stop() does, for a while.
  system_->await_actors_before_shutdown(false);
  // Held before anybody can record: neighbours have yet to say where the stream stands.
  if (is_federated_ &&
      !federation::neighbours_of(opened_.links()->directory, opened_.links()->self, opened_.context()->today()).empty())
    opened_.journal().writer().hold_back(opened_.stream(), true);
  recorder_ = system_->spawn<caf::detached>(event_recorder, &opened_.journal().writer(), opened_.context()->metrics,
                                            deliberate_bugs{});
  begin_territories(with, give_up);
  housekeeping_.emplace(opened_, with.scrub_every, give_up);
  if (with.federation)
    begin_links(*with.federation, give_up);
}

void running_node::begin_territories(const configuration& with, const on_node_fault& give_up) {
  territory_options options;
  options.watch.steered = with.clock_is_steered();
  if (auto clock = opened_.steered())
    options.steer = [clock](law::instant to) { clock->set(to); };
  for (const auto& context : opened_.hosted()) {
    auto& one = hosted_.emplace_back();
    one.supervisor = system_->spawn(node_supervisor, supervision{context, recorder_, options, one.running, give_up,
                                                                 [this] { return is_held(); }, opened_.awaits_past()});
  }
}

running_node::~running_node() {
  housekeeping_.reset();
  end_links();
  end_actors();
  // Detached actors must be gone before the journal is.
  system_->await_all_actors_done();
}

std::optional<std::string> running_node::not_ready() const {
  if (!std::ranges::all_of(hosted_, [](const auto& one) { return one.running->answers(); }))
    return "Le nœud démarre : il relit son journal.";
  if (std::ranges::any_of(hosted_, [](const auto& one) { return one.running->read_only(); }))
    return "Le disque est plein : le nœud ne peut plus rien enregistrer.";
  if (is_held())
    return "Le nœud demande aux autres où en est son journal.";
  return std::nullopt;
}

bool running_node::day_is_done(law::civil_date day) const {
  return std::ranges::all_of(hosted_, [&](const auto& one) {
    auto watcher = one.running->watcher();
    return watcher && watcher->day_done && watcher->day >= day;
  });
}

// -- links ----------------------------------------------------------------------------------------------------------

void running_node::begin_links(const federated& with, const on_node_fault& give_up) {
  const auto& context = opened_.context();
  receiver_ = std::make_unique<link_receiver>(context->metrics);
  federation::zmq_transport_setup setup;
  setup.self = with.name;
  setup.link_secret = journal::link_secret(opened_.keys());
  setup.bind = with.listen;
  auto transport = std::make_shared<federation::zmq_transport>(std::move(setup), *receiver_);
  link_endpoint_ = transport->endpoint();
  transport_ = std::move(transport);
  auto links = std::make_shared<link_context>();
  links->exchange = *opened_.links();
  // A demonstration's day may be far away: links, marks and directories go by the time of the machines.
  links->clock = std::make_shared<system_clock>();
  links->today = [clock = links->clock, departement = context->departement] {
    return law::local_date(departement, clock->now());
  };
  links->open_source = [this] { return opened_.journal().open_transfers(); };
  links->transport = transport_;
  links->recorder = recorder_;
  begin_directories();
  links->directories = directories_;
  links->fold_again = [supervisor = hosted_.front().supervisor](const ports::stream_id&) {
    caf::anon_send(supervisor, again_atom_v);
  };
  links->answer = [this](const ports::node_name& from, const ports::bytes& asked,
                         const std::function<void(ports::bytes)>& tell) { answer_question(from, asked, tell); };
  links->own_documents = opened_.own_documents();
  links->replica_documents = opened_.replica_documents();
  links->metrics = context->metrics;
  links->give_up = [give_up] { give_up(node_fault::links_ended); };
  links->publish = [this, awaits = opened_.awaits_past()](ports::federation_report_ptr now) mutable {
    if (awaits && !now->held) {
      awaits = false;
      opened_.past_is_back();
    }
    std::lock_guard lock{report_mutex_};
    report_ = std::move(now);
  };
  keeper_ = system_->spawn<caf::detached>(link_keeper, link_context_ptr{std::move(links)});
  receiver_->attach(keeper_);
  caf::anon_send(directories_, follow_atom_v, keeper_);
}

void running_node::begin_directories() {
  directory_context context;
  context.anchor = opened_.links()->anchor;
  context.number = opened_.links()->directory.number;
  context.keep = [this](const ports::bytes& content) { opened_.keep_directory(content); };
  context.look = [this] { return opened_.look_for_directory(); };
  context.adopted = [this](federation::directory newer) { opened_.adopt_directory(std::move(newer)); };
  directories_ = system_->spawn<caf::detached>(directory_keeper, std::move(context));
}

void running_node::end_links() {
  if (!keeper_)
    return;
  receiver_->detach();
  caf::anon_send_exit(keeper_, caf::exit_reason::user_shutdown);
  keeper_ = link_keeper_actor{};
  caf::anon_send_exit(directories_, caf::exit_reason::user_shutdown);
  directories_ = directory_keeper_actor{};
  transport_.reset();
}

// -- reads between nodes --------------------------------------------------------------------------------------------

void running_node::answer_with(answerer answers) {
  std::lock_guard lock{answerer_mutex_};
  answerer_ = std::move(answers);
}

/// Whoever asks is vouched for by who answers for his node, as the directory says. What is no question, or comes while
/// nobody serves, is answered by nothing.
void running_node::answer_question(const ports::node_name& from, const ports::bytes& asked,
                                   const std::function<void(ports::bytes)>& tell) {
  auto question = journal::unpack_alone<web::relayed_read>(asked, {.items = 16, .bytes = 4096, .values = 16});
  auto by = opened_.answers_for(from);
  std::unique_lock lock{answerer_mutex_};
  auto answers = question && by ? answerer_ : answerer{};
  lock.unlock();
  if (!answers)
    return tell({});
  answers(*question, *by, [tell](const web::relayed_answer& given) { tell(journal::pack_alone(given)); });
}

void running_node::relay(const ports::stream_id& to, web::relayed_read asked,
                         std::function<void(std::optional<web::relayed_answer>)> tell) {
  auto whom = opened_.host_of(to);
  if (!whom || !keeper_)
    return tell(std::nullopt);
  auto question = std::make_shared<const ports::bytes>(journal::pack_alone(asked));
  system_->spawn([keeper = keeper_, whom = *whom, question, tell = std::move(tell)](caf::event_based_actor* self) {
    self->set_default_handler(caf::drop);
    self->request(keeper, answer_timeout, ask_atom_v, whom, message_ptr{question})
        .then(
            [tell](const message_ptr& told) {
              constexpr std::size_t most = ports::message_limit_bytes;
              tell(journal::unpack_alone<web::relayed_answer>(*told, {.items = 16, .bytes = most, .values = 16}));
            },
            [tell](const caf::error&) { tell(std::nullopt); });
  });
}

void serve_neighbours(running_node& node, const web::server& server) {
  node.answer_with([behind = server.behind()](const web::relayed_read& asked, law::siren by,
                                              const std::function<void(web::relayed_answer)>& tell) {
    auto api = behind.lock();
    api ? api->handle_relayed(asked, by, tell) : tell({});
  });
}

bool running_node::is_held() const {
  auto standing = links();
  return is_federated_ && (!standing || standing->held);
}

ports::federation_report_ptr running_node::links() const {
  std::lock_guard lock{report_mutex_};
  return report_;
}

// -- the end --------------------------------------------------------------------------------------------------------

void running_node::stop(std::chrono::seconds within) {
  auto deadline = steady::now() + within;
  housekeeping_.reset();
  end_links();
  caf::scoped_actor self{*system_};
  for (const auto& one : hosted_)
    if (auto actors = one.running->actors())
      wait_until_idle(self, *actors, deadline);
  keep_snapshots(deadline);
}

/// The watcher's own effects are commands in flight too.
void running_node::wait_until_idle(caf::scoped_actor& self, const territory_actors& actors,
                                   steady::time_point deadline) {
  while (left_until(deadline).count() > 0) {
    bool idle = false;
    self->request(actors.watcher, left_until(deadline), status_atom_v)
        .receive([&](const watcher_status& status) { idle = status.in_flight == 0; },
                 // It does not answer: there is nothing to wait for.
                 [&](const caf::error&) { idle = true; });
    if (idle)
      return;
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
}

void running_node::keep_snapshots(steady::time_point deadline) {
  caf::scoped_actor self{*system_};
  auto keep = [&](const auto& actor, const char* whose) {
    self->request(actor, left_until(deadline), keep_atom_v, true)
        .receive([](bool) {},
                 [&](const caf::error&) {
                   base::log_warning("a snapshot was not kept: the next start reads more", {{"actor", whose}});
                 });
  };
  bool any = false;
  for (const auto& one : hosted_) {
    auto actors = one.running->actors();
    if (!actors || !one.running->answers())
      continue;
    keep(actors->registry, "demand_registry");
    keep(actors->allocator, "contingent_allocator");
    keep(actors->guard, "access_guard");
    if (actors->conventions)
      keep(actors->conventions, "convention_keeper");
    if (actors->state)
      keep(actors->state, "state_desk");
    if (actors->procedures)
      keep(actors->procedures, "prefect_procedures");
    any = true;
  }
  if (any)
    keep(recorder_, "event_recorder");
}

void running_node::end_actors() {
  for (auto& one : hosted_) {
    caf::anon_send_exit(one.supervisor, caf::exit_reason::user_shutdown);
    one.supervisor = node_supervisor_actor{};
    // A supervisor that begins them again at this very moment publishes them before it ends.
    if (auto actors = one.running->actors())
      for (const auto& actor : actors->all())
        caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  }
  caf::anon_send_exit(recorder_, caf::exit_reason::user_shutdown);
  recorder_ = event_recorder_actor{};
  for (auto& one : hosted_)
    one.running->ended();
}

} // namespace toit::nodes
