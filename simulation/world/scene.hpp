/// \file
/// Where the players of a run play: a day, chance, and somebody who takes what they ask for.

#pragma once

#include "actors/interfaces.hpp"
#include "actors/territory_context.hpp"
#include "simulation/chance.hpp"

namespace toit::simulation {

class scene {
public:
  virtual ~scene() = default;

  virtual law::instant now() const = 0;
  virtual law::civil_date today() const = 0;
  virtual chance& random() = 0;
  virtual std::shared_ptr<ports::randomness> chance_of_actors() const = 0;
  virtual const territory_context& context() const = 0;
  /// Sends a command; `done` is called with its answer, or with null when whoever had it is gone.
  virtual void submit(const asked_command_ptr& asked, std::function<void(answer_ptr)> done) = 0;
  /// Delivers messages until there is none.
  virtual void drain() = 0;
};

} // namespace toit::simulation
