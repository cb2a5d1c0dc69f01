/// \file
/// `toit demo`: a territory's node with a fictitious population, from an empty folder to a served API.

#pragma once

#include "nodes/program/service.hpp"

#include <iosfwd>

namespace toit::nodes {

struct demonstration_options {
  std::filesystem::path data;
  std::uint16_t port = 8443;
  std::uint32_t one_in = 1; ///< of the population
  std::uint64_t seed = 1;
  bool json = false;                                      ///< one object a line instead of text
  law::siren territory = *law::siren::parse("200057867"); ///< Plaine Commune, an EPT in Seine-Saint-Denis
  law::civil_date last_day; ///< of the population's history; the demonstration begins on that day
};

/// The first day of a demonstration whose population's history ends on that day.
law::civil_date demonstration_begins(law::civil_date last_day);

std::string fresh_password();

/// One territory alone. Serves until a signal; answers the code of exit. Works again on the data it made, and on no
/// other.
int demonstrate(const demonstration_options& options, std::ostream& out, std::ostream& err);

/// The configuration that a demonstration in `data` runs on, as TOML.
std::string demonstration_configuration(const demonstration_options& options, law::civil_date clock_begins);

} // namespace toit::nodes
