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

namespace {

/// One of the territories that a node hosts beside its own, as the API serves it.
class hosted_host : public web::host {
public:
  hosted_host(running_node& node, territory_context_ptr context, std::string name)
      : node_{node}, context_{std::move(context)}, name_{std::move(name)} {}

  caf::actor_system& system() override { return node_.system(); }
  std::optional<territory_actors> actors() const override { return node_.actors_of(context_->stream); }
  event_recorder_actor recorder() const override { return node_.recorder(); }
  const territory_context& context() const override { return *context_; }
  std::string territory_name() const override { return name_; }
  std::string purpose() const override { return node_.purpose(); }
  std::array<std::uint8_t, 32> signer() const override { return node_.signer(); }
  std::optional<std::string> not_ready() const override { return node_.not_ready(); }
  std::optional<std::string> elsewhere() const override { return node_.elsewhere(context_->stream); }
  ports::federation_report_ptr links() const override { return node_.links(); }
  void relay(const ports::stream_id& to, web::relayed_read asked,
             std::function<void(std::optional<web::relayed_answer>)> tell) override {
    node_.relay(to, std::move(asked), std::move(tell));
  }

private:
  running_node& node_;
  territory_context_ptr context_;
  std::string name_;
};

} // namespace

running_node::running_node(opened_node& opened, const configuration& with, const territory_map& map,
                           on_node_fault give_up)
    : opened_{opened}, territory_name_{place_of(with, map).name.str()}, purpose_{law::name_of(with.purpose)},
      is_federated_{with.federation.has_value()}, system_{std::make_unique<caf::actor_system>(set_up(config_))},
      give_up_{std::move(give_up)} {
  // The process never waits for an actor that does not end: stop() does, for a while.
  system_->await_actors_before_shutdown(false);
  // Held before anybody can record: neighbours have yet to say where the stream stands.
  if (is_federated_ && opened_.has_neighbours())
    for (const auto& context : opened_.hosted())
      opened_.journal().writer().hold_back(context->stream, true);
  recorder_ = system_->spawn<caf::detached>(event_recorder, &opened_.journal().writer(), opened_.context()->metrics,
                                            deliberate_bugs{});
  options_.watch.steered = with.clock_is_steered();
  if (auto clock = opened_.steered())
    options_.steer = [clock](law::instant to) { clock->set(to); };
  opened_.tell_hosting([this] { return links(); });
  for (const auto& context : opened_.hosted())
    begin_territory(context);
  housekeeping_.emplace(opened_, with.scrub_every, give_up_, [this] { return is_held(); });
  if (with.federation) {
    begin_links(*with.federation);
    begin_hosting();
  }
}

running_node::~running_node() {
  housekeeping_.reset();
  end_links();
  end_actors();
  // Detached actors must be gone before the journal is.
  system_->await_all_actors_done();
}

// -- territories ----------------------------------------------------------------------------------------------------

void running_node::begin_territory(const territory_context_ptr& context) {
  bool is_own = context->stream == opened_.stream();
  std::lock_guard lock{hosted_mutex_};
  if (ending_)
    return;
  hosted_territory one;
  one.supervisor =
      system_->spawn(node_supervisor, supervision{context, recorder_, options_, one.running, give_up_,
                                                  [this] { return is_held(); }, is_own && opened_.awaits_past()});
  hosted_.insert_or_assign(context->stream, std::move(one));
  if (!is_own)
    views_.try_emplace(context->settings.territory,
                       std::make_shared<hosted_host>(*this, context, opened_.title_of(context->stream)));
}

void running_node::end_territory(const ports::stream_id& stream) {
  std::unique_lock lock{hosted_mutex_};
  auto found = hosted_.extract(stream);
  lock.unlock();
  if (found)
    end(found.mapped());
}

std::vector<running_node::hosted_territory> running_node::hosted() const {
  std::lock_guard lock{hosted_mutex_};
  std::vector<hosted_territory> all;
  for (const auto& [stream, one] : hosted_)
    all.push_back(one);
  return all;
}

std::optional<territory_actors> running_node::actors_of(const ports::stream_id& stream) const {
  std::lock_guard lock{hosted_mutex_};
  auto found = hosted_.find(stream);
  return found == hosted_.end() ? std::nullopt : found->second.running->actors();
}

std::optional<territory_actors> running_node::actors_of(std::size_t which) const {
  auto contexts = opened_.hosted();
  return which < contexts.size() ? actors_of(contexts[which]->stream) : std::nullopt;
}

std::shared_ptr<web::host> running_node::of(law::siren territory) {
  std::lock_guard lock{hosted_mutex_};
  auto found = views_.find(territory);
  return found == views_.end() ? nullptr : found->second;
}

// [L441-2-7-4-1]
std::optional<std::string> running_node::elsewhere(const ports::stream_id& stream) const {
  auto in_force = opened_.directory_in_force();
  const auto* holder = in_force ? in_force->host_of(stream) : nullptr;
  if (!holder || holder->name == opened_.name())
    return std::nullopt;
  return std::string{holder->name.view()};
}

void running_node::begin_hosting() {
  host_keeping in_charge;
  in_charge.place = &opened_;
  in_charge.recorder = recorder_;
  in_charge.links = keeper_;
  in_charge.report = [this] { return links(); };
  in_charge.begin = [this](const territory_context_ptr& context) { begin_territory(context); };
  in_charge.end = [this](const ports::stream_id& stream) { end_territory(stream); };
  in_charge.give_up = [give_up = give_up_] { give_up(node_fault::links_ended); };
  hosts_ = system_->spawn<caf::detached>(host_keeper, std::move(in_charge));
}

std::optional<std::string> running_node::not_ready() const {
  auto all = hosted();
  if (!std::ranges::all_of(all, [](const auto& one) { return one.running->answers(); }))
    return "Le nœud démarre : il relit son journal.";
  if (std::ranges::any_of(all, [](const auto& one) { return one.running->read_only(); }))
    return "Le disque est plein : le nœud ne peut plus rien enregistrer.";
  if (is_held())
    return "Le nœud demande aux autres où en est son journal.";
  return std::nullopt;
}

bool running_node::day_is_done(law::civil_date day) const {
  return std::ranges::all_of(hosted(), [&](const auto& one) {
    auto watcher = one.running->watcher();
    return watcher && watcher->day_done && watcher->day >= day;
  });
}

// -- links ----------------------------------------------------------------------------------------------------------

void running_node::begin_links(const federated& with) {
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
  links->fold_again = [this](const ports::stream_id& stream) {
    std::lock_guard lock{hosted_mutex_};
    if (auto found = hosted_.find(stream); found != hosted_.end())
      caf::anon_send(found->second.supervisor, again_atom_v);
  };
  links->answer = [this](const ports::node_name& from, const ports::bytes& asked,
                         const std::function<void(ports::bytes)>& tell) { answer_question(from, asked, tell); };
  links->own_stream = opened_.stream();
  links->own_documents = opened_.own_documents();
  links->replica_documents = opened_.replica_documents();
  links->metrics = context->metrics;
  links->give_up = [give_up = give_up_] { give_up(node_fault::links_ended); };
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
  context.in_force = [this] { return opened_.issued_directory(); };
  context.keep = [this](const ports::bytes& content) { opened_.keep_directory(content); };
  context.look = [this] { return opened_.look_for_directory(); };
  context.adopted = [this](federation::directory newer) { opened_.adopt_directory(std::move(newer)); };
  directories_ = system_->spawn<caf::detached>(directory_keeper, std::move(context));
}

void running_node::end_links() {
  if (!keeper_)
    return;
  receiver_->detach();
  caf::anon_send_exit(hosts_, caf::exit_reason::user_shutdown);
  hosts_ = host_keeper_actor{};
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
namespace {

web::relaying_node as_relaying(const federation::node_entry& node) {
  return {node.legal_person, node.tier != federation::node_tier::territory};
}

} // namespace

void running_node::answer_question(const ports::node_name& from, const ports::bytes& asked,
                                   const std::function<void(ports::bytes)>& tell) {
  auto question = journal::unpack_alone<web::relayed_read>(asked, {.items = 16, .bytes = 4096, .values = 16});
  auto issued = opened_.issued_directory();
  const auto* by = issued ? issued->find(from) : nullptr;
  if (!question || !by)
    return tell({});
  answer(*question, as_relaying(*by), [tell](const web::relayed_answer& given) {
    tell(given.status == 0 ? ports::bytes{} : journal::pack_alone(given));
  });
}

void running_node::answer(const web::relayed_read& asked, const web::relaying_node& by,
                          std::function<void(web::relayed_answer)> tell) {
  std::unique_lock lock{answerer_mutex_};
  auto answers = answerer_;
  lock.unlock();
  if (!answers)
    return tell({});
  answers(asked, by, std::move(tell));
}

void running_node::relay(const ports::stream_id& to, web::relayed_read asked,
                         std::function<void(std::optional<web::relayed_answer>)> tell) {
  auto whom = opened_.host_of(to);
  if (!whom || !keeper_)
    return tell(std::nullopt);
  // Who hosts a stream beside his own serves it under its own path.
  auto listed = opened_.issued_directory();
  const auto* first_host = listed->host_of(to);
  if (!first_host || first_host->name != *whom) {
    auto longer = law::text<2048>::parse(web::api::path_of_hosted(to.view().substr(1)) + asked.target.str());
    if (!longer)
      return tell(std::nullopt);
    asked.target = *longer;
  }
  if (whom == opened_.name())
    return answer(asked, as_relaying(*listed->find(*whom)),
                  [tell = std::move(tell)](web::relayed_answer given) { tell(std::move(given)); });
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
  node.answer_with([behind = server.behind()](const web::relayed_read& asked, const web::relaying_node& by,
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
  for (const auto& one : hosted())
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
  for (const auto& one : hosted()) {
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

void running_node::end(hosted_territory& one) {
  caf::anon_send_exit(one.supervisor, caf::exit_reason::user_shutdown);
  one.supervisor = node_supervisor_actor{};
  // A supervisor that begins them again at this very moment publishes them before it ends.
  if (auto actors = one.running->actors())
    for (const auto& actor : actors->all())
      caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  one.running->ended();
}

void running_node::end_actors() {
  std::unique_lock lock{hosted_mutex_};
  ending_ = true;
  auto all = std::exchange(hosted_, {});
  lock.unlock();
  for (auto& [stream, one] : all)
    end(one);
  caf::anon_send_exit(recorder_, caf::exit_reason::user_shutdown);
  recorder_ = event_recorder_actor{};
}

} // namespace toit::nodes
