/// \file
/// One a territory: stores documents before the entries that name them, and removes those that none names.

#pragma once

#include "actors/interfaces.hpp"
#include "actors/territory_context.hpp"

#include <set>

namespace toit {

struct documents_state {
  documents_state() = default;

  static inline const char* name = "documents";

  caf::result<answer_ptr> file(const submission_ptr& asked, const asked_command_ptr& from,
                               const demand_registry_actor& registry);
  void destroy(const std::vector<law::document_id>& gone);
  void sweep(const demand_registry_actor& registry);

  documents_actor::pointer self = nullptr;
  territory_context_ptr context;

private:
  void add_of_tails(std::vector<law::document_id>& known) const;

  std::set<law::document_id> in_flight_; ///< stored, their entry not yet answered
};

documents_actor::behavior_type documents(documents_actor::stateful_pointer<documents_state> self,
                                         territory_context_ptr context);

} // namespace toit
