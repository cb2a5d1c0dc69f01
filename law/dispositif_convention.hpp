/// \file
/// The convention of the dispositif: its parties, what each pays, and where each stands, up to the arrêté that fixes
/// the participation of one who refuses.
///
/// Text       L441-2-7 al. 1 (who the parties are) and al. 3 (convention, refusal, opinions, arrêté).
/// Not here   conventions of reservation (contingents.hpp); who the competent prefect is (competence.hpp).

#pragma once

#include "law/catalogue.hpp"

#include <map>
#include <span>
#include <vector>

namespace toit::law {

/// A legal person that al. 1 makes a party, and by which of its qualities.
struct dispositif_party {
  siren legal_person;
  bool has_reservations_or_stock = false; ///< bailleur or réservataire: its refusal opens the prefect's faculty
  friend bool operator==(const dispositif_party&, const dispositif_party&) = default;
};

/// Where a party stands. Silence is no answer: it stays `proposed`.
enum class party_state : std::uint8_t {
  proposed,
  accepted,
  signed_by_party,
  refused,               ///< opens the prefect's faculty
  refused_no_power,      ///< by another party than a bailleur or réservataire: no arrêté can follow
  participates_by_order, ///< it refuses, and the arrêté in force binds it all the same: participation.hpp
};
constexpr auto names_of(party_state) {
  return std::to_array<std::string_view>(
      {"proposed", "accepted", "signed", "refused", "refused_no_power", "participates_by_order"});
}

struct party_position {
  party_state state{};
  civil_date since;
  std::uint64_t seq = 0;         ///< of the entry that says so; 0 while nothing has been answered
  bool entered_by_other = false; ///< a letter that another has entered: the party's own word may replace it
  /// From each of these days on: whether it had signed, or accepted to.
  std::map<civil_date, bool> consented{};
};

/// A convention and where its parties stand.
struct convention_file {
  dispositif_convention convention;
  civil_date proposed_on;
  std::map<siren, party_position> positions; ///< of every party that it names

  /// Those whose opinion the prefect asks: who had signed on that day, or accepted to.
  std::vector<siren> consulted(civil_date day) const;
};

/// Moves one party of the convention. Another's stream is folded as it comes: who is no party moves nothing.
void apply(convention_file& file, const dispositif_convention_answered& answered, civil_date on, std::uint64_t seq,
           bool entered_by_other);

/// Every party is named, nobody else is, and the shares add up to the whole.
check check_convention(const dispositif_convention& proposed, std::span<const dispositif_party> parties);

/// What the party may still answer. `counts`: it is bailleur or réservataire; `own`: it enters its answer itself.
check check_answer(const convention_file& file, const dispositif_convention_answered& answered, bool counts, bool own,
                   civil_date on);

/// The state that the answer leads to.
party_state after(convention_answer answer, bool has_reservations_or_stock);

// -- the arrêté -----------------------------------------------------------------------------------------------------

struct received_opinion {
  party_opinion sense{};
  civil_date on;
};

/// The procedure by which the prefect fixes one party's participation.
struct participation_procedure {
  procedure_id id;
  siren territory;
  convention_id convention;
  siren party;
  civil_date opened_on;
  std::map<siren, std::optional<received_opinion>> opinions; ///< of each who was asked
  std::optional<act_id> ordered_by;
  std::uint64_t seq = 0;
  basis_points share = 0; ///< of the dispositif's cost, once it is ordered

  /// Nobody is waited for any more.
  bool complete() const;
};

/// May it begin? `current` is the last convention proposed, by what the territory's own stream says.
check may_ask_opinions(const convention_file* current, convention_id convention, siren party, civil_date day);
check may_receive(const participation_procedure& procedure, const opinion_received& opinion, civil_date day);
check may_order(const participation_procedure& procedure, const convention_file* current,
                const participation_ordered& ordered, civil_date day);

/// The arrêté has no object any more: the party has signed the convention, or the one that took its place.
bool superseded(const participation_procedure& procedure, const convention_file* current);

} // namespace toit::law
