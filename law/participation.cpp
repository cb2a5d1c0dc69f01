#include "law/participation.hpp"

namespace toit::law {

// [L441-2-7-3-2]
std::optional<ordered_participation> participation_of(const procedures_book& book, convention_id convention,
                                                      siren party, civil_date day) {
  for (const auto& [id, procedure] : book.procedures()) {
    if (procedure.convention != convention || procedure.party != party || !procedure.ordered_by)
      continue;
    const auto* ordered = book.find(*procedure.ordered_by);
    if (ordered && standing_of(*ordered, day) == act_standing::in_force)
      return ordered_participation{*procedure.ordered_by, binds_from(*ordered).value_or(ordered->signed_on),
                                   procedure.share, ordered->seq};
  }
  return std::nullopt;
}

// [L441-2-7-3-2]
party_state standing_of(const party_position& told, const std::optional<ordered_participation>& ordered) {
  return told.state == party_state::refused && ordered ? party_state::participates_by_order : told.state;
}

} // namespace toit::law
