/// \file
/// Names and numbers of people and bodies that do not exist.

#pragma once

#include "law/identifiers.hpp"
#include "simulation/chance.hpp"

#include <string>

namespace toit::simulation {

/// A SIREN with its checksum, from eight digits.
law::siren make_siren(std::uint32_t eight_digits);

/// Two to four syllables put together at random.
std::string make_name(chance& draw);

} // namespace toit::simulation
