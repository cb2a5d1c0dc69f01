/// \file
/// Unfolds one dossier from the journal for whoever the guard has let in: as it is, or as it was known at a moment.

#pragma once

#include "actors/interfaces.hpp"
#include "actors/territory_context.hpp"

namespace toit {

struct dossier_reader_state {
  dossier_reader_state() = default;

  static inline const char* name = "dossier_reader";

  read_answer_ptr read(law::dossier_id id, std::uint64_t last_seq, const read_request& request);

  territory_context_ptr context;
  std::unique_ptr<ports::journal_reader> reader;

private:
  read_answer unfold(law::dossier_id id, std::uint64_t last_seq, const read_dossier& asked);
  read_answer content(std::uint64_t last_seq, const read_documents_content& asked);
};

dossier_reader_actor::behavior_type dossier_reader(dossier_reader_actor::stateful_pointer<dossier_reader_state> self,
                                                   territory_context_ptr context);

/// Compares and hashes passwords; spawned detached in service, since that is slow on purpose.
password_desk_actor::behavior_type password_desk(password_desk_actor::pointer self,
                                                 std::shared_ptr<ports::password_hasher> hasher);

} // namespace toit
