#include "benchmarks/bench_node.hpp"

#include "nodes/ports/key_file.hpp"
#include "simulation/population/population.hpp"

namespace toit::bench {

namespace {

using namespace std::chrono_literals;

/// An EPT of the Grand Paris in Seine-Saint-Denis.
constexpr std::string_view territory_siren = "200057867";
constexpr const char* password = "mot de passe fictif";

simulation::population_mix mix_of(const nodes::territory& where) {
  simulation::population_mix mix;
  mix.departement = where.departements.front();
  mix.mutations = 3200;
  mix.singles = 5000;
  mix.asks_t1 = 4000;
  mix.couples_with_children = 2200;
  mix.single_parents = 1900;
  mix.couples = 900;
  mix.in_work = 8200;
  mix.hosted = 2200;
  for (auto code : where.communes)
    mix.communes.push_back({code, 1});
  return mix;
}

} // namespace

bench_node::bench_node(const std::filesystem::path& folder) : map_{nodes::territory_map::load()} {
  with_.purpose = nodes::node_purpose::demonstration;
  with_.territory = law::siren::parse(territory_siren).value();
  with_.registration = law::registration_system::systeme_particulier;
  with_.data = folder / "data";
  with_.keys = folder / "node.keys";
  with_.clock_begins = 2026y / 3 / 2;
  std::filesystem::create_directories(folder);
  if (!std::filesystem::exists(with_.keys))
    nodes::create_keys(with_.keys);
}

bench_node::~bench_node() {
  running_.reset();
  opened_.reset();
}

void bench_node::start() {
  opened_.emplace(with_, map_);
  if (opened_->needs_first_account())
    opened_->create_first_account("gestionnaire", "Personne fictive", password);
  running_.emplace(*opened_, with_, map_, [this](nodes::node_fault) { gave_up_ = true; });
  while (running_->not_ready()) {
    if (gave_up_)
      throw std::runtime_error{"the node gave up while it began"};
    std::this_thread::sleep_for(1ms);
  }
}

void bench_node::stop() {
  running_->stop(10min);
  running_.reset();
  opened_.reset();
  if (gave_up_)
    throw std::runtime_error{"the node gave up"};
}

law::agent_id bench_node::first_account() {
  constexpr std::size_t first_entries = 16;
  for (const auto& entry : opened_->journal().open_reader()->read(opened_->stream(), 0, first_entries))
    if (const auto* account = std::get_if<law::account_opened>(&entry.record->event))
      return account->account;
  throw std::runtime_error{"the node has no first account"};
}

simulation::population_mix bench_node::mix() const { return mix_of(where()); }

simulation::demonstration_bodies bench_node::settle() {
  auto bodies = simulation::make_bodies(with_.territory, where().communes, day());
  bodies.gestionnaire.agent = first_account();
  // A population of nobody, whose first day is today: its bodies alone are entered.
  auto eight_years_on = law::add_months(day(), law::months{96});
  simulation::population nobody{mix(), 1, eight_years_on, bodies, password};
  law::require(nobody.first_day() == day(), "a population begins eight years before its last day");
  nobody.open_the_bodies();
  while (auto planned = nobody.next()) {
    const std::array<asked_command_ptr, 1> one{planned->asked};
    ask_all(*running_, one, 1, planned->then);
  }
  return bodies;
}

} // namespace toit::bench
