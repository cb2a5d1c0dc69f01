/// \file
/// The civil time of a territory: deadlines fall on its own days, overseas included.
///
/// Text       mainland: summer time from the last Sunday of March to the last Sunday of October, both at 01:00 UTC
///            (directive 2000/84/CE). Overseas: constant offsets of décret 2017-292, art. 2.
/// Not here   Saint-Pierre-et-Miquelon, whose summer time follows North America: no territory lies there.

#pragma once

#include "law/civil_date.hpp"

#include <string_view>

namespace toit::law {

/// Offset of the legal time from UTC at `moment`, in the département (INSEE code, "93", "2A", "974").
/// A département of no known offset counts as mainland.
std::chrono::minutes utc_offset(std::string_view departement, instant moment);

/// The civil date in the département at `moment`.
civil_date local_date(std::string_view departement, instant moment);

/// The first moment of the civil day `day` in the département.
instant start_of_day(std::string_view departement, civil_date day);

} // namespace toit::law
