/// \file
/// Names and numbers of people and bodies that do not exist.

#pragma once

#include "law/civil_date.hpp"
#include "law/identifiers.hpp"
#include "simulation/chance.hpp"

#include <string>

namespace toit::simulation {

/// A SIREN with its checksum, from eight digits.
law::siren make_siren(std::uint32_t eight_digits);

/// The number of the demande number `sequence` (0 to 999,999) of a month.
law::nud make_nud(const law::departement_code& departement, law::civil_date registered, std::uint32_t sequence);

/// Two to four syllables put together at random.
std::string make_name(chance& draw);

} // namespace toit::simulation
