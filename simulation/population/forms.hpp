/// \file
/// The form that a fictitious demandeur fills in.

#pragma once

#include "law/form.hpp"
#include "simulation/chance.hpp"
#include "simulation/population/mix.hpp"

namespace toit::simulation {

/// A household, situation and search drawn from the mix; `commune` is the place, in the mix, of the first one wished.
law::form make_form(const population_mix& mix, std::size_t commune, law::civil_date registered, chance draw);

} // namespace toit::simulation
