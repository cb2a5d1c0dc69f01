/// \file
/// The evidence about a territory, gathered from what is recorded: dates passed, acts missing, reminders, answers,
/// points not met. It finds no carence: the prefect does, or does not.
///
/// Text       L441-2-7 al. 3 and 4. An act missing is told apart from no news: what a journal does not say is missing
///            only up to the day through which that journal is known (docs/readings.md, 38).
/// Not here   what a line is made of: evidence_file.hpp.

#pragma once

#include "law/lateness.hpp"
#include "law/participation.hpp"

namespace toit::law {

/// How far the territory's journal is known.
struct journal_news {
  std::optional<civil_date> known_through; ///< on that day all that had been recorded was here; absent: never
  bool link_up = false;
  bool has_node = true; ///< without one there is no journal to wait for
};

/// As the territory's host has told it that day; absent when he has not.
using told_lateness = std::optional<std::span<const lateness_line>>;

/// `side` is null when nothing of the territory's journal has ever been received; `elsewhere` is what the arrêté of an
/// authority that was competent before is worth.
evidence_file gather_evidence(const procedures_book& book, siren territory, const dispositif_book* side,
                              std::optional<act_standing> elsewhere, told_lateness late, journal_news news,
                              bool ile_de_france, civil_date day);

/// The line is made as its kind has it: what somebody has done cites the entry that says so, and an absence cites none.
bool is_well_made(const evidence_item& item);

/// The entry says what the line of the file does, as far as it can: it is of the kind, about whom and about what the
/// line is, and of the day that it gives. `authority` has what is at hand of the authority's journal: an answer names
/// its reminder, and an arrêté its procedure, without saying whose they are.
bool rests_on(const evidence_file& file, const evidence_item& item, const record& cited,
              const procedures_book& authority);

} // namespace toit::law
