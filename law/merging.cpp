// Several demandes of one demandeur, and the demande of one who leaves a household: R441-2-8 f, L441-1 al. 2.

#include "law/deliberation.hpp"

#include <map>

namespace toit::law {

namespace {

/// The earliest reception in each département that one of the demandes names, or has kept from an earlier merger.
list<seniority_by_departement, 16> earliest_by_departement(const std::vector<const dossier*>& demandes) {
  std::map<departement_code, civil_date> earliest;
  auto count = [&](departement_code departement, civil_date reception) {
    auto [place, is_new] = earliest.try_emplace(departement, reception);
    place->second = std::min(place->second, reception);
  };
  for (const auto* d : demandes) {
    for (auto commune : d->communes)
      count(departement_of(commune), d->reception);
    for (const auto& [departement, reception] : d->seniority)
      count(departement, reception);
  }
  list<seniority_by_departement, 16> kept;
  for (const auto& [departement, reception] : earliest)
    if (kept.size() < kept.max_items)
      kept.push_back({departement, reception});
  return kept;
}

check check_absorbed(const deliberation& on, const dossier* d) {
  if (!d)
    return refuse_field(refusal_code::unknown_demande, "R441-2-8", "Une demande à fusionner n'existe pas.", "absorbed");
  if (auto whole = check_whole(on.book, *d); !whole)
    return whole;
  if (d == &on.the_dossier())
    return refuse_field(refusal_code::malformed, "R441-2-8", "Une demande ne fusionne pas avec elle-même.", "absorbed");
  if (d->status == demande_status::radiated)
    return refuse_field(refusal_code::demande_inactive, "R441-2-8", "Une demande à fusionner est radiée.", "absorbed");
  if (on.day() < d->reception)
    return refuse_field(refusal_code::bad_date, "R441-2-15-I-0-2",
                        "La fusion précède la réception d'une demande à fusionner.", "occurred_on");
  if (std::ranges::any_of(d->candidacies, [](const candidacy& c) { return in_favour(c); }))
    return refuse_field(refusal_code::bad_order, "R441-2-8",
                        "Une demande à fusionner a un logement attribué : sa suite doit d'abord être enregistrée.",
                        "absorbed");
  return {};
}

} // namespace

// [R441-2-15-I-4-0]
decision rule(const deliberation& on, const merged& asked) {
  if (asked.absorbed.empty())
    return refuse_field(refusal_code::missing_field, "R441-2-8", "Aucune demande à fusionner.", "absorbed");
  std::vector<const dossier*> demandes{&on.the_dossier()};
  for (auto id : on.facts.named_demandes) {
    const auto* d = on.book.find(id);
    if (auto ok = check_absorbed(on, d); !ok)
      return std::unexpected{ok.error()};
    if (std::ranges::find(demandes, d) != demandes.end())
      return refuse_field(refusal_code::malformed, "R441-2-8", "Une demande à fusionner est citée deux fois.",
                          "absorbed");
    demandes.push_back(d);
  }
  auto out = on.record(merged{asked.absorbed, earliest_by_departement(demandes)});
  for (const auto* d : std::span{demandes}.subspan(1)) {
    out.entries.push_back({subject_of(d->id), radiated{radiation_motive::f_merged, {}}, operation::introduced, {}});
    close_candidacies(out, on.book, *d, closing_reason::demande_merged);
  }
  return out;
}

// [R441-2-15-I-4-0]
decision rule(const deliberation& on, const seniority_transferred& asked) {
  if (asked.ground.empty())
    return refuse_field(refusal_code::missing_field, "L441-1", "La séparation n'est pas fondée.", "ground");
  const auto* from = on.facts.named_demandes.empty() ? nullptr : on.book.find(on.facts.named_demandes.front());
  if (!from)
    return refuse_field(refusal_code::unknown_demande, "L441-1", "La demande d'origine n'existe pas.", "from");
  if (from->reception >= on.the_dossier().reception)
    return refuse_field(refusal_code::bad_order, "L441-1", "La demande d'origine n'est pas plus ancienne.", "from");
  auto transferred = asked;
  transferred.reception = from->reception;
  auto out = on.record(transferred);
  out.entries.back().operation = operation::modified;
  return out;
}

} // namespace toit::law
