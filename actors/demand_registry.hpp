/// \file
/// One a territory: owns its dossiers, its dwellings to let and its sessions of commissions.

#pragma once

#include "actors/owner.hpp"

namespace toit {

using registry_pointer = demand_registry_actor::stateful_pointer<struct demand_registry_state>;

class registry_owner : public owner<law::demand_book, registry_pointer> {
public:
  using owner::owner;

  law::due_calendar& calendar() { return calendar_; }
  void note_all_deadlines();

  /// Documents of dossiers erased since the last call.
  std::vector<law::document_id> take_orphans() { return std::exchange(orphans_, {}); }
  /// True when a dossier has been erased since the last call.
  bool take_erased() { return std::exchange(erased_, false); }

protected:
  submission_ptr gather(const submission_ptr& asked) override;
  submission_ptr once_more(const submission& asked) override;
  void folding(const ports::stored_entry& entry) override;
  void folded(const ports::stored_entry& entry) override;

private:
  const law::dossier* dossier_at(law::subject_id subject) const;
  law::form read_form(const law::dossier& d);
  void gather_for_erasure(submission& asked, const law::dossier& d);

  law::due_calendar calendar_;
  std::vector<law::due> before_;
  std::vector<law::document_id> orphans_;
  bool erased_ = false;
};

class due_pager;

struct demand_registry_state {
  demand_registry_state() = default;

  static inline const char* name = "demand_registry";

  caf::result<answer_ptr> submit(const submission_ptr& asked);
  brief_ptr describe(law::dossier_id id) const;
  read_answer_ptr list(const list_query& query) const;
  read_answer_ptr candidates(law::vacancy_id id) const;
  register_page_ptr list(const register_query& query) const;
  registry_status status() const;
  due_page_ptr due(const due_query& query);
  std::uint64_t written(const ports::batch_ptr& batch);
  std::vector<law::document_id> known_documents() const;
  caf::result<bool> keep(bool force);

  registry_pointer self = nullptr;
  std::unique_ptr<registry_owner> desk;
  documents_actor documents;

  void keep_on();
  void follow_erasures();

private:
  /// A snapshot being written, a few thousand rows a message, while the book goes on.
  struct keeping {
    std::unique_ptr<ports::snapshots::writer> file;
    std::uint64_t seq = 0;
    std::array<std::size_t, 4> position{}; ///< in each table; what comes after it was passed is in the tail
    std::vector<caf::typed_response_promise<bool>> waiting;
  };

  void effects(const due_query& query, due_pager& pager);
  void alerts(const due_query& query, due_pager& pager) const;
  void begin_keeping();
  void put_rows();
  void end_keeping(bool kept);

  std::optional<keeping> keeping_;
  std::uint64_t kept_seq_ = 0;
  bool stale_snapshot_ = false; ///< the one on disk was removed, for it held what has been erased
};

demand_registry_actor::behavior_type demand_registry(registry_pointer self, territory_context_ptr context,
                                                     event_recorder_actor recorder, stream_reader_actor entries,
                                                     documents_actor documents);

} // namespace toit
