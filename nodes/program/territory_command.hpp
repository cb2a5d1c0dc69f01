/// \file
/// `toit territory [QUERY...]`: what the map says of a territory or of a commune.

#pragma once

#include <cstddef>
#include <iosfwd>
#include <span>
#include <string>

namespace toit::nodes {

/// Looks `query`, its words joined by spaces, up in the embedded map, as a SIREN, as the code of a commune or by name,
/// and writes at most `territory_command_limit` places to `out`: in French, or with `json` one object a line. A single
/// place is written in full, a territory with its communes. No word at all: a summary of the map.
/// Answers the code of exit: 0 found, 1 nothing found, 2 a query without letter or digit; why goes to `err`.
int territory_command(std::span<const std::string> query, bool json, std::ostream& out, std::ostream& err);

inline constexpr std::size_t territory_command_limit = 25;

} // namespace toit::nodes
