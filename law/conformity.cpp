#include "law/conformity.hpp"

#include <algorithm>

namespace toit::law {

// [R441-2-15-IV]
const checklist& national_checklist() {
  static const checklist national{
      "r441_2_15",
      1,
      std::chrono::year{2017} / 5 / 8,
      {
          {"L441-2-7-1-1b", "Les demandes, leurs pièces, les situations et le suivi des dossiers sont en commun.",
           "L441-2-7 al. 1"},
          {"L441-2-7-1-1c", "Les accès, les finalités et les durées de conservation suivent la loi n° 78-17.",
           "L441-2-7 al. 1"},
          {"L441-2-7-1-3", "Le dispositif est interconnecté avec le système national d'enregistrement.",
           "L441-2-7 al. 1"},
          {"R441-2-15-I-0-1", "La demande et les modifications du demandeur y figurent.", "R441-2-15 I"},
          {"R441-2-15-I-1", "Les rectifications au vu des pièces y figurent.", "R441-2-15 I"},
          {"R441-2-15-I-2a", "Les décisions de la commission de médiation et les avis d'instances y figurent.",
           "R441-2-15 I"},
          {"R441-2-15-I-3", "Les contingents auxquels le demandeur est éligible y figurent.", "R441-2-15 I"},
          {"R441-2-15-I-4-0", "Les étapes du traitement, de la désignation à l'examen, y figurent.", "R441-2-15 I"},
          {"R441-2-15-I-5", "Les visites proposées et effectuées y figurent.", "R441-2-15 I"},
          {"R441-2-15-I-6a", "Les décisions de la commission, les rangs et les motifs y figurent.", "R441-2-15 I"},
          {"R441-2-15-I-7", "Les motifs de refus de l'attributaire y figurent.", "R441-2-15 I"},
          {"R441-2-15-I-8", "La signature du bail y figure.", "R441-2-15 I"},
          {"R441-2-15-I-9", "La personne morale à l'origine d'un événement l'enregistre dès sa survenance.",
           "R441-2-15 I"},
          {"R441-2-15-I-10", "Dates et personnes morales à l'origine de chaque information sont conservées.",
           "R441-2-15 I"},
          {"R441-2-15-II-1", "Le traitement détermine la priorité et l'éligibilité aux contingents.", "R441-2-15 II"},
          {"R441-2-15-II-2", "Le traitement identifie les attentes anormalement longues.", "R441-2-15 II"},
          {"R441-2-15-II-3", "Le traitement identifie les attributaires en rang restés sans logement.", "R441-2-15 II"},
          {"R441-2-15-V-1", "Les accès sont ceux que le V énumère, et eux seuls.", "R441-2-15 V"},
      }};
  return national;
}

const checklist* checklist_in_force(std::span<const checklist> all, std::string_view name, civil_date day) {
  const checklist* latest = nullptr;
  for (const auto& one : all)
    if (one.name.str() == name && one.from <= day && (!latest || one.version > latest->version))
      latest = &one;
  return latest;
}

bool all_points_exist(std::span<const checklist> regional, std::span<const checklist_findings> found) {
  auto find = [&](const checklist_findings& f) -> const checklist* {
    auto same = [&](const checklist& c) { return c.name == f.checklist && c.version == f.version; };
    if (same(national_checklist()))
      return &national_checklist();
    auto one = std::ranges::find_if(regional, same);
    return one == regional.end() ? nullptr : &*one;
  };
  return std::ranges::all_of(found, [&](const checklist_findings& f) {
    const auto* of = find(f);
    return of && std::ranges::all_of(f.items, [&](const item_finding& one) {
             return std::ranges::find(of->items, one.item, &checklist_item::id) != of->items.end();
           });
  });
}

namespace {

void hold_against(const checklist& asked, std::span<const checklist_findings> found, conformity& so_far) {
  auto same_version = [&](const checklist_findings& f) {
    return f.checklist == asked.name && f.version == asked.version;
  };
  auto answers = std::ranges::find_if(found, same_version);
  for (const auto& item : asked.items) {
    auto result = finding::unknown;
    if (answers != found.end())
      if (auto one = std::ranges::find(answers->items, item.id, &item_finding::item); one != answers->items.end())
        result = one->finding;
    if (result == finding::not_met)
      so_far.not_met.push_back(item.id);
    else if (result == finding::unknown)
      so_far.unknown.push_back(item.id);
  }
}

} // namespace

// [L441-2-7-2-2] [R441-2-15-IV]
conformity assess(std::span<const checklist> regional, bool ile_de_france, civil_date day,
                  std::span<const checklist_findings> found) {
  conformity assessed;
  hold_against(national_checklist(), found, assessed);
  if (!ile_de_france)
    return assessed;
  if (const auto* cahier = checklist_in_force(regional, regional_checklist_name, day))
    hold_against(*cahier, found, assessed);
  else
    assessed.regional_missing = true;
  return assessed;
}

} // namespace toit::law
