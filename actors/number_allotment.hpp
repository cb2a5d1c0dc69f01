/// \file
/// Numbers that a territory gives itself, drawn by chance: two commands on their way may draw the same one, and the
/// journal takes the first. The other draws again.

#pragma once

#include "actors/messages.hpp"
#include "actors/territory_context.hpp"

namespace toit {

/// Département of the first commune, month and year of reception, six random digits. Absent when the form names no
/// commune or the day does not exist. Whether the number is free, the journal alone tells.
std::optional<law::nud> draw_number(const territory_context& context, const law::demande_registered& registered,
                                    law::civil_date reception);

/// The same registration under another number; null when the number was not drawn here.
submission_ptr with_another_number(const territory_context& context, const submission& asked);

} // namespace toit
