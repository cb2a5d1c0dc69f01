/// \file
/// Numbers that a territory gives itself.
///
/// Text       R441-2-3, R441-2-5 (a système particulier gives the numéro unique).
/// Not here   numbers that the national system gives: those are taken as they come.

#pragma once

#include "law/civil_date.hpp"
#include "law/identifiers.hpp"

namespace toit::law {

/// The number of a demande received in that month: `sequence` below 1,000,000, and the five capitals or digits of the
/// office that gives it.
nud make_nud(departement_code departement, civil_date received, std::uint32_t sequence, std::string_view office);

} // namespace toit::law
