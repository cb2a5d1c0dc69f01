/// \file
/// A territory as its prefect's node knows it: what he has recorded, what has been received of its journal, and how far
/// that journal is known.

#pragma once

#include "law/evidence.hpp"
#include "web/server/call.hpp"

namespace toit::web {

struct watched {
  law::siren territory;
  std::shared_ptr<const law::procedures_book> book;
  std::optional<law::act_standing> substituted_elsewhere; ///< by an authority that was competent before
  supervised_territory_ptr side;                          ///< null when nothing of its journal has been received
  bool ile_de_france = false;
  law::civil_date today; ///< on which all of this is so
  law::journal_news news;

  const law::dispositif_book* dispositif() const { return side ? &side->dispositif : nullptr; }
};

/// Only the node of a State authority has procedures; on another the call is answered.
bool has_procedures(const call_ptr& c);

/// Null when nothing of the territory's journal has been received.
supervised_territory_ptr heard_of(const std::vector<supervised_territory_ptr>& all, law::siren territory);

/// Goes on with what is known of the territory that the path names, on the node of the prefect who is competent for
/// it; answers the call anywhere else.
void watch(const call_ptr& c, std::function<void(const watched&)> then);

} // namespace toit::web
