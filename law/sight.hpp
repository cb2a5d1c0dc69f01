/// \file
/// What of a dossier is shown to who may open it: a demande is readable as soon as one wished commune is in reach, and
/// what happens to it on dwellings elsewhere is not.
///
/// Text       R441-2-15 V 3°; docs/readings.md, 32.
/// Not here   who may open it: access.hpp.

#pragma once

#include "law/access.hpp"
#include "law/demand_book.hpp"

#include <map>

namespace toit::law {

/// Where the dwellings are that a dossier tells something of.
using dwelling_places = std::map<vacancy_id, commune_code>;
dwelling_places places_of(const demand_book& book, const dossier& d);

/// What one reader sees of a dossier. Refers to what it is made from.
class sight {
public:
  sight(const dossier& d, const reach& dwellings, const dwelling_places& places)
      : d_{d}, dwellings_{dwellings}, places_{places} {}

  /// A dwelling of which nothing is known is shown to nobody.
  bool shows(vacancy_id id) const;
  bool shows(candidacy_id id) const;
  bool shows(const event& happened) const;
  /// The dossier without what happens elsewhere.
  dossier shown() const;

private:
  const dossier& d_;
  const reach& dwellings_;
  const dwelling_places& places_;
};

} // namespace toit::law
