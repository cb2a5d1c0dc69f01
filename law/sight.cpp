#include "law/sight.hpp"

namespace toit::law {

dwelling_places places_of(const demand_book& book, const dossier& d) {
  dwelling_places places;
  auto note = [&](vacancy_id id) {
    const auto* v = book.find(id);
    const auto* home = v ? book.find(v->dwelling) : nullptr;
    if (home)
      places.emplace(id, home->commune);
  };
  for (const auto& c : d.candidacies)
    note(c.vacancy);
  std::ranges::for_each(d.visits_proposed, note);
  return places;
}

// [R441-2-15-V-2-3]
bool sight::shows(vacancy_id id) const {
  if (dwellings_.everywhere)
    return true;
  auto place = places_.find(id);
  return place != places_.end() && dwellings_.covers(place->second);
}

bool sight::shows(candidacy_id id) const {
  const auto* c = d_.find(id);
  return dwellings_.everywhere || (c && shows(c->vacancy));
}

/// An event on two dwellings is one on either.
bool sight::shows(const event& happened) const {
  return std::visit(
      [&]<class E>(const E& e) {
        if constexpr (std::same_as<E, lease_conflict_opened>)
          return shows(e.first) || shows(e.second);
        else if constexpr (std::same_as<E, lease_conflict_closed>)
          return shows(e.kept);
        else if constexpr (requires { e.candidacy; })
          return shows(e.candidacy);
        else if constexpr (requires { e.vacancy; })
          return shows(e.vacancy);
        else
          return true;
      },
      happened);
}

dossier sight::shown() const {
  auto seen = d_;
  std::erase_if(seen.candidacies, [&](const candidacy& c) { return !shows(c.vacancy); });
  std::erase_if(seen.visits_proposed, [&](vacancy_id id) { return !shows(id); });
  if (d_.conflict && !shows(d_.conflict->first) && !shows(d_.conflict->second))
    seen.conflict.reset();
  return seen;
}

} // namespace toit::law
