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
  begin();
  wait_until_ready();
}

void bench_node::begin() {
  opened_.emplace(with_, map_);
  for (const auto& context : opened_->hosted())
    if (opened_->needs_first_account(*context))
      opened_->create_first_account(*context, "gestionnaire", "Personne fictive", password);
  running_.emplace(*opened_, with_, map_, [this](nodes::node_fault) { gave_up_ = true; });
}

void bench_node::wait_until_ready() {
  constexpr auto within = 30min;
  auto until = clock::now() + within;
  while (running_->not_ready()) {
    if (gave_up_)
      throw std::runtime_error{"the node gave up while it began"};
    if (clock::now() > until)
      throw std::runtime_error{"the node does not begin"};
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

void bench_node::host(std::size_t territories) {
  with_.also_hosts.clear();
  for (const auto& other : map_.territories())
    if (hosts() < territories && other.id != with_.territory)
      with_.also_hosts.push_back(other.id);
  law::require(hosts() == territories, "the map has more territories than a node hosts");
}

law::agent_id bench_node::first_account(std::size_t which) {
  constexpr std::size_t first_entries = 16;
  for (const auto& entry : opened_->journal().open_reader()->read(stream(which), 0, first_entries))
    if (const auto* account = std::get_if<law::account_opened>(&entry.record->event))
      return account->account;
  throw std::runtime_error{"the node has no first account"};
}

simulation::population_mix bench_node::mix(std::size_t which) const { return mix_of(where(which)); }

simulation::demonstration_bodies bench_node::settle(std::size_t which) {
  auto bodies = simulation::make_bodies(territory(which), where(which).communes, day());
  bodies.gestionnaire.agent = first_account(which);
  // A population of nobody, whose first day is today: its bodies alone are entered.
  auto eight_years_on = law::add_months(day(), law::months{96});
  simulation::population nobody{mix(which), 1, eight_years_on, bodies, password};
  law::require(nobody.first_day() == day(), "a population begins eight years before its last day");
  nobody.open_the_bodies();
  while (auto planned = nobody.next()) {
    const std::array one{asked_part{which, {planned->asked}, 1, planned->then}};
    ask_together(*running_, one);
  }
  return bodies;
}

} // namespace toit::bench
