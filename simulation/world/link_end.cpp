#include "simulation/world/link_end.hpp"

#include "simulation/fictitious.hpp"

namespace toit::simulation {

law::siren service_of_state() { return make_siren(17930001); }

namespace {

federation::territory_entry territory_of(const federation::node_entry& host, std::span<const linked_node> nodes) {
  federation::territory_entry territory;
  territory.stream = host.streams.front();
  territory.territory = host.legal_person;
  territory.name = host.title;
  for (const auto& node : nodes) {
    if (node.tier == federation::node_tier::territory)
      continue;
    territory.supervisors.push_back(node.stream);
    if (node.tier == federation::node_tier::region)
      territory.ordering = node.stream;
  }
  territory.departements.push_back(*law::departement_code::parse("93"));
  territory.from = law::civil_date{std::chrono::year{2020} / 1 / 1};
  return territory;
}

} // namespace

small_federation make_federation(std::span<const linked_node> nodes, law::instant now, federation::exchange_bugs bugs) {
  small_federation made;
  made.anchor = std::make_shared<const journal::signing_key>(journal::node_keys::generate().signing_seed);
  made.bugs = bugs;
  auto& d = made.directory;
  d.purpose = law::text<16>{"training"};
  d.issued_at = now;
  d.valid_until = now + std::chrono::hours{24 * 3650};
  for (const auto& node : nodes) {
    bool is_state = node.tier != federation::node_tier::territory;
    auto& entry = d.nodes.emplace_back();
    entry.name = node.name;
    entry.tier = node.tier;
    entry.legal_person = is_state ? service_of_state() : *law::siren::parse(node.stream.view().substr(1));
    entry.title = law::text<120>{node.name.text()};
    entry.endpoint = law::text<120>{"tcp://127.0.0.1:" + std::to_string(7000 + d.nodes.size())};
    entry.link_keys.push_back({journal::link_public(node.keys), {}, {}});
    entry.signing_keys.push_back({journal::signing_key{node.keys.signing_seed}.public_half(), {}, {}});
    entry.operating_key = journal::operating_public(node.keys.operating_secret);
    entry.streams.push_back(node.stream);
    if (is_state)
      entry.escrow_key = journal::operating_public(node.escrow_secret);
    else
      d.territories.push_back(territory_of(entry, nodes));
  }
  made.issue([](federation::directory&) {});
  return made;
}

void small_federation::issue(const std::function<void(federation::directory&)>& change) {
  ++directory.number;
  change(directory);
  law::require(federation::inconsistency_of(directory).empty(), "the directory of a run is consistent");
  signed_directory = federation::sign_directory(directory, *anchor);
}

bool has_ended(const caf::actor& a) {
  return caf::actor_cast<caf::abstract_actor*>(a)->getf(caf::abstract_actor::is_terminated_flag);
}

void link_end::begin(beginning with) {
  receiver_ = std::make_shared<nodes::link_receiver>(std::make_shared<base::metrics>());
  auto context = std::make_shared<nodes::link_context>();
  auto& talk = context->exchange;
  talk.self = node_.name;
  talk.hosted = with.hosted.value_or(std::vector{node_.stream});
  talk.authorities = std::move(with.authorities);
  talk.signer = std::make_shared<journal::signing_key>(node_.keys.signing_seed);
  talk.run = with.run;
  talk.directory = with.federation.directory;
  talk.signed_directory = with.federation.signed_directory;
  talk.anchor = with.federation.anchor->public_half();
  talk.bugs = with.federation.bugs;
  // Small, so that what takes long in service does so here.
  talk.limits.transfer_bytes = std::size_t{32} << 10;
  talk.limits.window_bytes = std::uint32_t{128} << 10;
  context->own_documents = std::move(with.own_documents);
  context->replica_documents = std::move(with.replica_documents);
  context->clock = clock_;
  context->today = [clock = clock_] { return law::local_date("93", clock->now()); };
  context->open_source = [&journal = with.journal] { return journal.open_transfers(); };
  context->transport = network_.join(node_.name, receiver_);
  context->recorder = with.recorder;
  context->fold_again = std::move(with.fold_again);
  context->answer = [](const ports::node_name&, const ports::bytes&, const std::function<void(ports::bytes)>& tell) {
    tell({});
  };
  context->metrics = std::make_shared<base::metrics>();
  standing_.clear();
  report_.reset();
  context->publish = [this](ports::federation_report_ptr now) { hear(std::move(now)); };
  context->ticks_by_itself = false;
  // Whoever runs the world sees by himself that links have ended.
  context->give_up = [] {};
  keeper_ = with.system.spawn(nodes::link_keeper, nodes::link_context_ptr{std::move(context)});
  receiver_->attach(keeper_);
}

void link_end::hear(ports::federation_report_ptr said) {
  constexpr std::size_t told_most = 10'000;
  report_ = std::move(said);
  const auto& now = *report_;
  for (const auto& one : now.alarms) {
    auto same = [&](const ports::alarm& a) {
      return a.kind == one.kind && a.stream == one.stream && a.node == one.node;
    };
    if (std::ranges::none_of(standing_, same) && told_.size() < told_most)
      told_.push_back(one);
  }
  standing_.assign(now.alarms.begin(), now.alarms.end());
  misbehaviours_ = 0;
  for (const auto& link : now.links)
    misbehaviours_ += link.misbehaviours;
}

void link_end::end(caf::scheduler::test_coordinator& scheduler) {
  if (!keeper_)
    return;
  network_.leave(node_.name);
  receiver_->detach();
  auto gone = caf::actor_cast<caf::actor>(std::exchange(keeper_, link_keeper_actor{}));
  caf::anon_send_exit(gone, caf::exit_reason::kill);
  while (!has_ended(gone) && scheduler.prioritize(gone))
    scheduler.run_once();
}

void link_end::tick() {
  if (running())
    caf::anon_send(keeper_, tick_atom_v);
}

void link_end::bring(const small_federation& newer) {
  if (running())
    caf::anon_send(keeper_, keep_atom_v, message_ptr{std::make_shared<const ports::bytes>(newer.signed_directory)});
}

const nodes::link_keeper_state* link_end::state() const {
  using kept = std::remove_pointer_t<link_keeper_actor::stateful_pointer<nodes::link_keeper_state>>;
  auto* actor = running() ? dynamic_cast<kept*>(caf::actor_cast<caf::abstract_actor*>(keeper_)) : nullptr;
  return actor && actor->state.talk ? &actor->state : nullptr;
}

/// Before its keeper is there a node is about to be held.
bool link_end::is_held(const ports::stream_id& stream) const {
  const auto* now = state();
  return !now || now->talk->is_held(stream);
}

} // namespace toit::simulation
