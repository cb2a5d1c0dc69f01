#include "simulation/world/neighbourhood.hpp"

namespace toit::simulation {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

} // namespace

void neighbourhood::start_first() {
  for (std::size_t which = 0; which < world::state_count; ++which)
    start(which);
}

void neighbourhood::begin_day() {
  change_weather();
  for (std::size_t which = 0; which < world::state_count; ++which)
    if (chance_.one_in(6))
      w_.state(which).note();
}

/// Most days messages take no time; on others what is sent today arrives in part tomorrow.
void neighbourhood::change_weather() {
  constexpr std::array<unsigned, 4> losses{0, 0, 5, 25};
  constexpr std::array<unsigned, 4> doubles{0, 0, 0, 15};
  auto& weather = w_.network().weather;
  weather.loses = chance_.pick(losses);
  weather.doubles = chance_.pick(doubles);
  weather.reorders = chance_.one_in(4);
  weather.delay_most = chance_.one_in(3) ? milliseconds{hours{6}} : milliseconds{200};
}

void neighbourhood::look_after() {
  for (std::size_t which = 0; which < world::state_count; ++which)
    if (w_.state(which).in_trouble()) {
      w_.state(which).crash();
      start(which);
    }
}

void neighbourhood::start(std::size_t which) {
  for (int attempt = 0;; ++attempt) {
    try {
      return w_.state(which).start();
    } catch (const std::runtime_error&) {
      law::require(w_.state(which).disk().down(), "a State node starts from what a crash has left");
      law::require(attempt < 3, "a State node starts once its disk stands");
      w_.state(which).crash();
    }
  }
}

void neighbourhood::end() {
  w_.network().weather = {};
  for (std::size_t which = 0; which < world::state_count; ++which)
    if (!w_.state(which).running())
      start(which);
}

} // namespace toit::simulation
