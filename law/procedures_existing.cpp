#include "law/find_in.hpp"
#include "law/procedures.hpp"

namespace toit::law {

// [L441-2-7-2-1] [R441-2-15-IV]
std::optional<conformity> procedures_book::conformity_of(const adhesion_decided& joined, bool ile_de_france,
                                                         civil_date day) const {
  const auto* found = find(joined);
  if (!found)
    return std::nullopt;
  return assess(specifications_, ile_de_france, day, found->examined.findings);
}

namespace {

/// What was declared, with what the prefect's services have found since: they need not have looked at everything.
std::vector<checklist_findings> overlaid(std::vector<checklist_findings> declared,
                                         const std::vector<found_point>& found, civil_date since, civil_date until) {
  for (const auto& point : found) {
    if (point.on < since || until < point.on)
      continue;
    auto same = [&](const checklist_findings& f) {
      return f.checklist == point.checklist && f.version == point.version;
    };
    auto of = std::ranges::find_if(declared, same);
    if (of == declared.end())
      of = declared.insert(declared.end(), checklist_findings{point.checklist, point.version, {}});
    auto at = std::ranges::find(of->items, point.finding.item, &item_finding::item);
    if (at == of->items.end())
      of->items.push_back(point.finding);
    else
      *at = point.finding;
  }
  return declared;
}

} // namespace

/// What the prefect has found prevails over what was declared before it: a later declaration is a cure, looked at in
/// its turn.
// [L441-2-7-2-2] [L441-2-7-4-3]
conformity procedures_book::conformity_of(const service_term& own, const territory_file& file, bool ile_de_france,
                                          civil_date day) const {
  return assess(specifications_, ile_de_france, day, overlaid(own.declared, file.points, own.since, day));
}

const examined_joinable* procedures_book::examined_by(const adhesion_decided& joined, civil_date day) const {
  const auto* all = find_in(joinables_, joinable_key{joined.host, joined.joined, joined.level});
  if (!all)
    return nullptr;
  const examined_joinable* last = nullptr;
  for (const auto& one : *all)
    if (one.on <= day && (!last || last->on <= one.on))
      last = &one;
  return last;
}

bool procedures_book::conformed(const service_term& term, const territory_file& file, bool ile_de_france,
                                civil_date day) const {
  if (!term.joined)
    return conformity_of(term, file, ile_de_france, day).conforming();
  const auto* found = examined_by(*term.joined, day);
  return found && assess(specifications_, ile_de_france, day, found->examined.findings).conforming();
}

std::set<civil_date> procedures_book::days_to_look_at(const service_term& term, const territory_file& file,
                                                      civil_date from, civil_date to) const {
  std::set<civil_date> noted;
  auto note = [&, last = std::min(to, term.until.value_or(to))](civil_date day) {
    if (std::max(term.since, from) <= day && day <= last)
      noted.insert(day);
  };
  note(term.since);
  for (const auto& cahier : specifications_)
    note(cahier.from);
  if (term.until != from)
    note(from);
  if (!term.joined)
    for (const auto& point : file.points)
      note(point.on);
  else if (const auto* all =
               find_in(joinables_, joinable_key{term.joined->host, term.joined->joined, term.joined->level}))
    for (const auto& one : *all)
      note(one.on);
  return noted;
}

/// It does not come back by itself when what had served conforms no more. What was declared under a cahier des charges
/// out of date, or joined although it was found wanting, has ended nothing.
// [L441-2-7-2-1] [L441-2-7-4-1] [L441-2-7-4-3]
bool procedures_book::is_over(const territory_file& file, const dispositif_book& side, bool ile_de_france,
                              civil_date day) const {
  return std::ranges::any_of(side.terms(), [&](const service_term& term) {
    return std::ranges::any_of(days_to_look_at(term, file, file.carence->on, day),
                               [&](civil_date then) { return conformed(term, file, ile_de_france, then); });
  });
}

existence_facts procedures_book::existing(siren territory, const dispositif_book* side, bool ile_de_france,
                                          civil_date day) const {
  auto known = side ? side->existing(specifications_, ile_de_france, day) : existence_facts{};
  if (known.adhered_on)
    known.conformity = conformity_of(*side->adhesion(), ile_de_france, day);
  const auto* file = find(territory);
  if (!file)
    return known;
  if (file->obligation)
    known.concern = file->obligation->noted.concern;
  if (known.in_service_on)
    known.conformity = conformity_of(*side->serving(), *file, ile_de_france, day);
  if (file->carence) {
    if (!side || !is_over(*file, *side, ile_de_france, day))
      known.carence_on = file->carence->on;
    known.found_unheard = file->carence->found.nothing_heard.value_or(false);
  }
  known.substitution = substitution_of(territory, day);
  return known;
}

} // namespace toit::law
