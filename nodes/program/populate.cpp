#include "nodes/program/populate.hpp"

#include "law/time_zone.hpp"

#include <deque>
#include <thread>
#include <toml++/toml.h>

namespace toit::nodes {

namespace {

/// Commands sent and not yet answered.
constexpr std::size_t window = 256;
constexpr std::chrono::seconds answer_timeout{60};
constexpr std::chrono::hours opening_hour{8};

std::int64_t number(const toml::table& from, const char* path) {
  auto value = from.at_path(path).value<std::int64_t>();
  if (!value || *value < 0 || *value > 100'000'000)
    throw std::runtime_error{std::string{"a population's mix lacks "} + path};
  return *value;
}

} // namespace

simulation::population_mix read_mix(std::string_view toml, const territory& where, const territory_map& map) {
  auto from = toml::parse(toml);
  auto share = [&](const char* path) { return static_cast<simulation::share>(number(from, path)); };
  simulation::population_mix mix;
  auto departement = law::departement_code::parse(from.at_path("demandes.departement").value_or(std::string{}));
  if (!departement)
    throw std::runtime_error{"a population's mix lacks demandes.departement"};
  mix.departement = *departement;
  std::uint64_t inhabitants = 0;
  for (const auto& one : map.communes())
    if (law::departement_of(one.code) == *departement)
      inhabitants += one.population.value_or(0);
  auto in_departement = static_cast<std::uint64_t>(number(from, "demandes.in_departement"));
  mix.demandes =
      static_cast<std::uint32_t>(in_departement * where.population / std::max<std::uint64_t>(inhabitants, 1));
  mix.seniority = {share("seniority.under_1_year"), share("seniority.from_1_to_2_years"),
                   share("seniority.from_2_to_3_years"), share("seniority.from_3_to_5_years"),
                   share("seniority.over_5_years")};
  mix.mutations = share("household.mutations");
  mix.singles = share("household.singles");
  mix.asks_t1 = share("household.asks_t1");
  mix.couples_with_children = share("household.couples_with_children");
  mix.single_parents = share("household.single_parents");
  mix.couples = share("household.couples");
  mix.in_work = share("household.in_work");
  mix.hosted = share("household.hosted");
  mix.dalo = share("priority.dalo");
  mix.abandoned_each_year = share("turnover.abandoned_each_year");
  mix.abandoned_years = share("turnover.abandoned_years");
  mix.demandes_for_one_lease = share("turnover.demandes_for_one_lease");
  mix.leases_days = share("turnover.leases_days");
  for (auto code : where.communes)
    mix.communes.push_back({code, map.find(code)->population.value_or(0)});
  return mix;
}

namespace {

class feeding {
public:
  feeding(running_node& node, steered_clock& clock, simulation::population& population)
      : node_{node}, clock_{clock}, population_{population}, self_{node.system()}, actors_{node.actors()} {
    if (!actors_)
      throw std::runtime_error{"the node has no actors to enter a population with"};
  }

  population_result run(law::civil_date last_day, const std::function<void(law::civil_date)>& progress) {
    population_.open_the_bodies();
    for (auto day = population_.first_day(); day <= last_day; day = law::add_days(day, std::chrono::days{1})) {
      open(day);
      population_.live(day);
      work();
      ++result_.days;
      progress(day);
    }
    return result_;
  }

private:
  /// What falls due takes effect before anybody comes.
  void open(law::civil_date day) {
    clock_.set(law::start_of_day(node_.context().departement, day) + opening_hour);
    auto deadline = std::chrono::steady_clock::now() + answer_timeout;
    for (bool done = false; !done;) {
      self_->send(actors_->watcher, tick_atom_v);
      self_->request(actors_->watcher, answer_timeout, status_atom_v)
          .receive([&](const watcher_status& status) { done = status.day == day && status.day_done; }, fail);
      if (!done && std::chrono::steady_clock::now() > deadline)
        throw std::runtime_error{"a day of the population does not end"};
      if (!done)
        std::this_thread::sleep_for(std::chrono::microseconds{200});
    }
  }

  void work() {
    for (auto planned = population_.next(); planned || !in_flight_.empty(); planned = population_.next()) {
      if (planned)
        send(std::move(*planned));
      else
        receive();
      while (in_flight_.size() >= window)
        receive();
    }
  }

  using handle = decltype(std::declval<caf::scoped_actor&>()->request(
      std::declval<const access_guard_actor&>(), answer_timeout, submit_atom_v, asked_command_ptr{}));
  struct sent {
    handle answer;
    simulation::planned_command planned;
  };

  void send(simulation::planned_command planned) {
    asked_command_ptr asked = planned.asked;
    in_flight_.push_back({self_->request(actors_->guard, answer_timeout, submit_atom_v, asked), std::move(planned)});
  }

  void receive() {
    auto first = std::move(in_flight_.front());
    in_flight_.pop_front();
    ++result_.commands;
    first.answer.receive(
        [&](const answer_ptr& told) {
          if (!*told)
            return refused(*first.planned.asked, told->error());
          if (first.planned.then)
            first.planned.then(**told);
        },
        fail);
  }

  void refused(const asked_command& asked, const law::refusal& why) {
    if (result_.refused++ == 0)
      result_.first_refusal =
          std::string{law::name_of(why.code)} + " (" + why.article + ") " + std::string{law::kind_of(asked.event).name};
  }

  static void fail(const caf::error&) { throw std::runtime_error{"the node no longer answers"}; }

  running_node& node_;
  steered_clock& clock_;
  simulation::population& population_;
  caf::scoped_actor self_;
  std::optional<territory_actors> actors_;
  std::deque<sent> in_flight_;
  population_result result_;
};

} // namespace

population_result populate(running_node& node, steered_clock& clock, simulation::population& population,
                           law::civil_date last_day, const std::function<void(law::civil_date)>& progress) {
  return feeding{node, clock, population}.run(last_day, progress);
}

} // namespace toit::nodes
