/// \file
/// A fictitious population, told as what is asked of a node day after day: bodies first, then demandes, renewals and
/// recognitions over eight years, dwellings let over the last weeks.

#pragma once

#include "simulation/chance.hpp"
#include "simulation/population/bodies.hpp"
#include "simulation/population/mix.hpp"

#include <functional>
#include <map>

namespace toit::simulation {

/// One command, and what to do once it has been accepted.
struct planned_command {
  std::shared_ptr<asked_command> asked;
  std::function<void(const receipt&)> then;
};

class population {
public:
  /// `password`: of every account.
  population(population_mix mix, std::uint64_t seed, law::civil_date last_day, demonstration_bodies& bodies,
             std::string password);

  law::civil_date first_day() const { return first_day_; }

  /// Plans the first day's bodies, one after the other.
  void open_the_bodies();
  /// Plans what happens on the day; called once a day, in order.
  void live(law::civil_date day);

  /// The next command that may be sent; absent when the day's are all out, until an answer plans more.
  std::optional<planned_command> next();

  /// Demandes that should be active at the end.
  std::uint32_t active() const { return static_cast<std::uint32_t>(mix_.demandes); }

private:
  struct demande {
    law::nud number;
    law::civil_date registered;
    std::uint32_t desk = 0; ///< and first commune
    bool abandoned = false;
    bool housed = false;
    bool candidate = false;
    std::uint64_t seed = 0;
  };
  struct letting;
  using action = std::function<void()>;
  using letting_ptr = std::shared_ptr<letting>;

  void at(law::civil_date day, action what);
  void ask(const demonstration_body& by, law::event event, std::function<void(const receipt&)> then = {});
  void ask_about(const demande& d, const demonstration_body& by, law::event event,
                 std::function<void(const receipt&)> then = {});
  void ask_target(law::subject_id target, const demonstration_body& by, law::event event,
                  std::function<void(const receipt&)> then = {});

  // Bodies
  void open_body(std::size_t index);
  void open_account(demonstration_body& body, std::size_t next);
  void sign_conventions();
  void sign(const demonstration_body& bailleur, const demonstration_body& holder, law::contingent_kind kind,
            law::basis_points flow_share, law::communes where);

  // Demandes
  void draw_demandes();
  law::civil_date draw_registration();
  void plan_demande(std::size_t index);
  void register_demande(std::size_t index);
  void plan_renewals(std::size_t index);

  // Lettings
  void plan_lettings();
  void open_vacancy(const letting_ptr& l);
  void designate(const letting_ptr& l);
  void schedule(const letting_ptr& l);
  void hold_session(const letting_ptr& l);
  void decide(const letting_ptr& l, std::size_t candidate);
  void offer(const letting_ptr& l, std::size_t candidate);
  std::optional<std::size_t> draw_candidate(std::size_t commune);

  population_mix mix_;
  chance chance_;
  law::civil_date last_day_;
  law::civil_date first_day_;
  law::civil_date today_;
  demonstration_bodies& bodies_;
  std::string password_;
  std::vector<demande> demandes_;
  std::map<law::civil_date, std::vector<action>> agenda_;
  std::deque<planned_command> outbox_;
  std::vector<law::convention_id> action_logement_conventions_; ///< one a bailleur
};

} // namespace toit::simulation
