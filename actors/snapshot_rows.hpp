/// \file
/// How an owner takes back what it had kept.

#pragma once

#include "actors/territory_context.hpp"
#include "base/log.hpp"
#include "ports/snapshots.hpp"

namespace toit {

/// Gives each row of a part to `take`, and answers the entry after which the tail begins. 0 when there is no part that
/// fits, or it proves to be damaged on the way: whatever was taken is then to be thrown away, and the journal folded.
template <class Take>
std::uint64_t read_rows(const territory_context& context, std::string_view part, Take&& take) {
  auto file = context.snapshots->open(context.stream, part);
  if (!file)
    return 0;
  try {
    while (auto row = file->next())
      take(*row);
    return file->seq();
  } catch (const ports::snapshot_damaged& damage) {
    base::log_warning("a snapshot is thrown away: the journal is folded", {{"because", damage.what()}});
    context.snapshots->forget(context.stream, part);
    return 0;
  }
}

} // namespace toit
