/// \file
/// What a territory is asked all day by fictitious desks, bailleurs and State services, as fast as it will answer:
/// kinds mixed in steady shares, each command one that the law accepts.

#pragma once

#include "simulation/chance.hpp"
#include "simulation/population/bodies.hpp"
#include "simulation/population/mix.hpp"

#include <deque>
#include <map>
#include <set>

namespace toit::bench {

class crowd {
public:
  crowd(const simulation::demonstration_bodies& bodies, simulation::population_mix mix, law::civil_date day,
        std::uint64_t seed);

  /// New demandes and nothing else.
  std::vector<asked_command_ptr> arrivals(std::size_t count);

  /// About dossiers that have arrived, and new ones; every answer to what was asked before must have been learned.
  std::vector<asked_command_ptr> mixed(std::size_t count);

  /// Dwellings and vacancies get their ids from the node.
  void learn(const receipt& done);

  std::size_t dossiers() const { return dossiers_.size(); }

private:
  struct dossier {
    law::nud number;
    std::uint32_t commune = 0; ///< in the mix; its desk has the same place
    law::text<240> address;
  };
  struct empty_home {
    law::dwelling_id dwelling;
    std::size_t bailleur = 0;
    std::uint32_t commune = 0;
  };
  struct vacancy {
    law::vacancy_id id;
    std::size_t bailleur = 0;
    std::uint32_t commune = 0;
  };

  using command = std::shared_ptr<asked_command>;

  command ask(const simulation::demonstration_body& by, law::event event);
  command ask_about(const dossier& d, const simulation::demonstration_body& by, law::event event);
  const simulation::demonstration_body& desk_of(const dossier& d) const { return bodies_.desks[d.commune]; }

  command arrive();
  command draw_command();
  command certificate();
  command change();
  command notice();
  command recognition();
  command new_dwelling();
  command vacancy_of_a_dwelling();
  command designation();
  std::uint32_t draw_commune();
  dossier& draw_dossier();
  dossier* next_of(std::size_t& position);

  const simulation::demonstration_bodies& bodies_;
  simulation::population_mix mix_;
  law::civil_date day_;
  simulation::chance chance_;
  std::vector<dossier> dossiers_;
  std::size_t arrived_ = 0; ///< of `dossiers_`, those whose registration has been answered
  std::size_t certified_ = 0;
  std::size_t noticed_ = 0;
  std::size_t recognised_ = 0;
  std::deque<empty_home> homes_;               ///< without a vacancy
  std::vector<vacancy> vacancies_;             ///< open
  std::map<law::dwelling_id, empty_home> let_; ///< homes whose vacancy has no id yet
  std::set<std::pair<law::nud, law::vacancy_id>> designated_;
  std::uint64_t asked_ = 0;
};

} // namespace toit::bench
