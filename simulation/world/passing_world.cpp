#include "simulation/world/passing_world.hpp"

#include "simulation/fictitious.hpp"
#include "simulation/world/question.hpp"
#include "simulation/world/stepping.hpp"
#include "simulation/world/world.hpp"

namespace toit::simulation {

passing_world::passing_world(const passing_world_options& options)
    : chance_{options.seed}, clock_{std::make_shared<virtual_clock>(law::start_of_day("93", world_options{}.first_day) +
                                                                    std::chrono::hours{6})},
      sodium_{std::make_unique<sodium_chance>(chance_.next())},
      actors_chance_{std::make_shared<chance_port>(chance_.next())},
      network_{std::make_unique<virtual_network>(chance_.next(), clock_)} {
  config_.set("scheduler.policy", caf::atom("testing"));
  system_ = std::make_unique<caf::actor_system>(config_);
  system_->await_actors_before_shutdown(false);
  scheduler_ = dynamic_cast<caf::scheduler::test_coordinator*>(&system_->scheduler());
  law::require(scheduler_ != nullptr, "the scheduler is the one for tests");
  make_nodes(options);
}

void passing_world::make_nodes(const passing_world_options& options) {
  struct member {
    const char* name;
    ports::stream_id stream;
    federation::node_tier tier;
  };
  for (const auto& one : {member{"plaine", world::stream(), federation::node_tier::territory},
                          member{"region", *ports::stream_id::parse("SR11"), federation::node_tier::region},
                          member{"departement", *ports::stream_id::parse("SD93"), federation::node_tier::departement},
                          member{"voisine", ports::stream_of(make_siren(20005411)), federation::node_tier::territory}})
    members_.push_back({*ports::node_name::parse(one.name), one.stream, one.tier, journal::node_keys::generate(),
                        journal::node_keys::generate().operating_secret});
  federation_ = make_federation(members_, clock_->now(), {});
  for (const auto& member : members_)
    nodes_.push_back(std::make_unique<passing_node>(member, chance_.next(),
                                                    passing_node::surroundings{*system_, *scheduler_, federation_,
                                                                               *network_, actors_chance_, clock_,
                                                                               options.bugs, options.hosting_bugs}));
}

passing_world::~passing_world() {
  for (const auto& one : nodes_)
    if (one->running())
      one->crash();
  while (scheduler_->has_job())
    scheduler_->run_once();
  // Whoever was begun by a start that failed ends now, and still reads from a disk: those go last. Nothing may be left
  // that re-arms a timer: the test scheduler would fire it for ever.
  system_.reset();
  nodes_.clear();
}

std::optional<std::size_t> passing_world::place_of(std::string_view name) const {
  auto found = std::ranges::find(members_, name, [](const linked_node& member) { return member.name.view(); });
  return found == members_.end() ? std::nullopt : std::optional{static_cast<std::size_t>(found - members_.begin())};
}

bool passing_world::step() { return step_one(*scheduler_, *network_, chance_); }

void passing_world::tick() {
  for (const auto& one : nodes_)
    if (one->running())
      one->tick();
}

// -- the territory, at one node -------------------------------------------------------------------------------------

bool served_place::serves() const {
  return w_.node(which_).running() && w_.node(which_).actors_of(world::stream()) != nullptr;
}

const territory_context& served_place::context() const {
  auto here = w_.node(which_).context_of(world::stream());
  law::require(here != nullptr, "the territory is hosted here");
  return *here;
}

void served_place::submit(const asked_command_ptr& asked, std::function<void(answer_ptr)> done) {
  const auto* actors = w_.node(which_).actors_of(world::stream());
  put_question<answer_ptr>(
      w_.system(), actors ? actors->guard : access_guard_actor{},
      [done](std::optional<answer_ptr> given) { done(given.value_or(nullptr)); }, submit_atom_v, asked);
}

void served_place::drain() {
  for (std::size_t steps = 0; w_.step(); ++steps)
    law::require(steps < 2'000'000, "messages come to an end");
}

} // namespace toit::simulation
