#include "law/dispositif_convention.hpp"

#include "law/find_in.hpp"

#include <set>

namespace toit::law {

namespace {

constexpr unsigned whole = 10'000; ///< basis points

} // namespace

std::vector<siren> convention_file::consulted(civil_date day) const {
  std::vector<siren> asked;
  for (const auto& [party, position] : positions) {
    auto after = position.consented.upper_bound(day);
    if (after != position.consented.begin() && std::prev(after)->second)
      asked.push_back(party);
  }
  return asked;
}

// [L441-2-7-3-2]
party_state after(convention_answer answer, bool has_reservations_or_stock) {
  using enum party_state;
  switch (answer) {
  case convention_answer::signed_by_party:
    return signed_by_party;
  case convention_answer::accepted_to_sign:
    return accepted;
  case convention_answer::refused:
    break;
  }
  return has_reservations_or_stock ? refused : refused_no_power;
}

void apply(convention_file& file, const dispositif_convention_answered& answered, civil_date on, std::uint64_t seq,
           bool entered_by_other) {
  auto* position = find_in(file.positions, answered.party);
  if (!position)
    return;
  position->state = after(answered.answer, answered.opens_arrete);
  position->since = on;
  position->seq = seq;
  position->entered_by_other = entered_by_other;
  position->consented[on] = answered.answer != convention_answer::refused;
}

// [L441-2-7-1-1a] [L441-2-7-3-1]
check check_convention(const dispositif_convention& proposed, std::span<const dispositif_party> parties) {
  if (proposed.document == bytes32{})
    return refuse_field(refusal_code::missing_field, "L441-2-7-3-1", "Le texte de la convention n'est pas cité.",
                        "convention.document");
  if (proposed.basis.empty())
    return refuse_field(refusal_code::missing_field, "L441-2-7-3-1", "La clé de financement n'est pas dite.",
                        "convention.basis");
  if (!proposed.from.ok())
    return refuse_field(refusal_code::bad_date, "L441-2-7-3-1", "La date d'effet n'existe pas.", "convention.from");
  std::set<siren> named;
  unsigned sum = 0;
  for (const auto& share : proposed.shares) {
    if (!named.insert(share.party).second)
      return refuse_field(refusal_code::duplicate, "L441-2-7-3-1", "Une partie est nommée deux fois.",
                          "convention.shares");
    if (std::ranges::find(parties, share.party, &dispositif_party::legal_person) == parties.end())
      return refuse_field(refusal_code::not_party, "L441-2-7-1-1a",
                          "Une personne morale nommée n'a ni parc, ni réservation, ni mission dans le territoire.",
                          "convention.shares");
    sum += share.share;
  }
  for (const auto& party : parties)
    if (!named.contains(party.legal_person))
      return refuse_field(refusal_code::missing_field, "L441-2-7-3-1",
                          "Une personne morale présente sur le territoire n'est pas partie à la convention.",
                          "convention.shares");
  if (sum != whole)
    return refuse_field(refusal_code::missing_field, "L441-2-7-3-1",
                        "Les parts du financement ne font pas cent pour cent.", "convention.shares");
  return {};
}

/// Who has refused may still sign; who refused without a power to be opened, refuse anew once it has one. What another
/// has entered for the party binds it until it speaks itself.
// [L441-2-7-3-2]
check check_answer(const convention_file& file, const dispositif_convention_answered& answered, bool counts, bool own,
                   civil_date on) {
  const auto* position = find_in(file.positions, answered.party);
  if (!position)
    return refuse_field(refusal_code::not_party, "L441-2-7-3-1",
                        "Cette personne morale n'est pas partie à la convention.", "party");
  if (on < file.proposed_on || on < position->since)
    return refuse_field(refusal_code::bad_date, "L441-2-7-3-1",
                        "La réponse précède la proposition ou une réponse antérieure.", "occurred_on");
  using enum party_state;
  bool open =
      position->state == proposed || position->state == accepted || (position->state == refused_no_power && counts);
  bool possible = answered.answer == convention_answer::signed_by_party ? position->state != signed_by_party
                  : answered.answer == convention_answer::refused       ? open
                                                                        : position->state == proposed;
  if (!possible && !(own && position->entered_by_other))
    return refuse(refusal_code::bad_order, "L441-2-7-3-2", "Cette partie a déjà répondu.");
  return {};
}

// -- the arrêté -----------------------------------------------------------------------------------------------------

bool participation_procedure::complete() const {
  return std::ranges::all_of(opinions, [](const auto& opinion) { return opinion.second.has_value(); });
}

namespace {

// [L441-2-7-3-2]
check check_refuser(const convention_file* file, siren party) {
  const auto* position = file ? find_in(file->positions, party) : nullptr;
  if (!position)
    return refuse_field(refusal_code::not_party, "L441-2-7-3-2",
                        "Cette personne morale n'est pas partie à cette convention.", "party");
  if (position->state == party_state::refused_no_power)
    return refuse_field(refusal_code::not_party, "L441-2-7-3-2",
                        "Le préfet ne fixe que la participation d'un bailleur ou d'un réservataire.", "party");
  if (position->state != party_state::refused)
    return refuse_field(refusal_code::bad_order, "L441-2-7-3-2", "Cette partie ne refuse pas de signer.", "party");
  return {};
}

/// Only of the last one proposed: it has taken the place of those before, and asks everybody anew.
const convention_file* if_current(const convention_file* current, convention_id convention) {
  return current && current->convention.id == convention ? current : nullptr;
}

} // namespace

check may_ask_opinions(const convention_file* current, convention_id convention, siren party, civil_date day) {
  const auto* file = if_current(current, convention);
  if (auto ok = check_refuser(file, party); !ok)
    return ok;
  if (day < file->positions.at(party).since)
    return refuse_field(refusal_code::bad_date, "L441-2-7-3-2", "Le refus est postérieur.", "occurred_on");
  return {};
}

check may_receive(const participation_procedure& procedure, const opinion_received& opinion, civil_date day) {
  const auto* asked = find_in(procedure.opinions, opinion.from);
  if (!asked)
    return refuse_field(refusal_code::not_party, "L441-2-7-3-2", "L'avis de cette partie n'a pas été demandé.", "from");
  if (procedure.ordered_by)
    return refuse(refusal_code::too_late, "L441-2-7-3-2", "L'arrêté est déjà signé.");
  bool waived = opinion.sense == party_opinion::waived;
  if (*asked && (waived || (*asked)->sense != party_opinion::waived))
    return refuse(refusal_code::duplicate, "L441-2-7-3-2", "L'avis de cette partie est déjà reçu.");
  if (day < procedure.opened_on)
    return refuse_field(refusal_code::bad_date, "L441-2-7-3-2", "L'avis précède la demande.", "occurred_on");
  if (waived && opinion.ground.empty())
    return refuse_field(refusal_code::missing_field, "L441-2-7-3-2", "Il faut dire pourquoi l'avis n'est plus attendu.",
                        "ground");
  if (!waived && opinion.document == bytes32{})
    return refuse_field(refusal_code::missing_field, "L441-2-7-3-2", "L'avis lui-même n'est pas cité.", "document");
  return {};
}

// [L441-2-7-3-2]
check may_order(const participation_procedure& procedure, const convention_file* current,
                const participation_ordered& ordered, civil_date day) {
  if (auto ok = check_refuser(if_current(current, procedure.convention), procedure.party); !ok)
    return ok;
  if (!procedure.complete())
    return refuse(refusal_code::missing_opinion, "L441-2-7-3-2",
                  "Une partie qui a signé ou accepté de signer n'a pas rendu l'avis demandé.");
  bool after_all =
      std::ranges::all_of(procedure.opinions, [&](const auto& opinion) { return opinion.second->on <= day; });
  if (day < procedure.opened_on || !after_all)
    return refuse_field(refusal_code::bad_date, "L441-2-7-3-2", "L'arrêté se signe après les avis.", "occurred_on");
  if (ordered.share == 0 || ordered.share > whole)
    return refuse_field(refusal_code::missing_field, "L441-2-7-3-2",
                        "La part du financement est entre 0,01 % et 100 %.", "share");
  if (ordered.conditions.empty())
    return refuse_field(refusal_code::missing_field, "L441-2-7-3-2", "Les conditions de la participation manquent.",
                        "conditions");
  return {};
}

// [L441-2-7-3-2]
bool superseded(const participation_procedure& procedure, const convention_file* current) {
  const auto* position = current ? find_in(current->positions, procedure.party) : nullptr;
  return position && position->state == party_state::signed_by_party;
}

} // namespace toit::law
