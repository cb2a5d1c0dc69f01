#include "simulation/world/state_play.hpp"

namespace toit::simulation {

void state_play::live_day() {
  auto& node = w_.state(which_);
  if (!node.running() || node.in_trouble())
    return;
  if (chance_.one_in(6))
    node.note();
  if (chance_.one_in(4))
    command();
}

/// A mention, rarely of a demande that nobody knows; some commands come too late.
void state_play::command() {
  auto dossiers = w_.registry_dossiers();
  if (dossiers.empty())
    return;
  std::optional<law::nud> number = dossiers[chance_.below(dossiers.size())].number;
  if (number->empty() || chance_.one_in(12))
    number = *law::nud::parse("0930124012345ZZZZZ");
  law::event asked = law::processing_event{law::text<80>{"Commande"}, {}};
  if (chance_.one_in(2))
    asked = law::dalo_recognised{
        law::text<40>{"DALO-" + std::to_string(chance_.below(100'000))}, *law::departement_code::parse("93"), {}};
  else if (chance_.one_in(4))
    asked = law::dalo_lost{};
  auto valid_for = chance_.one_in(10) ? std::chrono::hours{1} : std::chrono::hours{24 * 30};
  w_.state(which_).command(*w_.letters_of(w_.state(which_).who()), world::stream(), number, std::move(asked),
                           w_.today(), valid_for);
}

} // namespace toit::simulation
