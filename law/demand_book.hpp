/// \file
/// All that a territory's demand registry knows: dossiers, dwellings, vacancies, sessions, and who is candidate where.
/// A value that is folded from entries: the same entries give the same book.

#pragma once

#include "law/dossier.hpp"
#include "law/due.hpp"
#include "law/dwelling.hpp"

#include <set>
#include <unordered_map>

namespace toit::law {

class demand_book {
public:
  const dossier* find(dossier_id id) const;
  const dwelling* find(dwelling_id id) const;
  const vacancy* find(vacancy_id id) const;
  const caleol_session* find(session_id id) const;

  /// Last entry about any subject of this book, 0 for none.
  std::uint64_t last_seq(subject_id subject) const;

  /// The dossier behind a candidacy; absent once it is erased.
  const dossier* dossier_of(candidacy_id id) const;
  const dwelling* find(rpls_id id) const;
  /// A demande that a demandeur registered with this account and that is not radiated, if any.
  const dossier* registered_with(agent_id account) const;
  const vacancy* latest_vacancy_of(dwelling_id id) const;
  /// The vacancy of this dwelling that is still to be let, if any.
  const vacancy* open_vacancy_of(dwelling_id id) const;
  /// Vacancies with a candidate on the agenda of the session, in order of id.
  const std::set<vacancy_id>& agenda_of(session_id id) const;
  /// Vacancies opened after this one on the same dwelling.
  bool let_again_since(const vacancy& v) const;

  /// Folds an entry of family D. Total: whatever the entry, the book stays consistent. An entry that its subject has
  /// already seen changes nothing, so that a snapshot may be taken while the book moves.
  void apply(subject_id subject, const record& happened, std::uint64_t seq);

  /// Puts back what a snapshot kept; indices are rebuilt from it. Only into a book that has none of these ids.
  void restore(dossier d);
  void restore(dwelling d);
  void restore(vacancy v);
  void restore(caleol_session s);

  /// Ids in the order of arrival, which paging and snapshots follow; an erased dossier leaves its place empty.
  const std::vector<dossier_id>& dossiers_by_arrival() const { return dossier_order_; }
  const std::vector<dwelling_id>& dwellings_by_arrival() const { return dwelling_order_; }
  const std::vector<vacancy_id>& vacancies_by_arrival() const { return vacancy_order_; }
  const std::vector<session_id>& sessions_by_arrival() const { return session_order_; }

  std::size_t dossier_count() const { return dossiers_.size(); }

private:
  template <class Id, class Value>
  using table = std::unordered_map<Id, Value, hash_bytes>;

  void apply_to_dossier(dossier_id id, const record& happened, std::uint64_t seq);
  void apply_to_vacancy(vacancy_id id, const record& happened, std::uint64_t seq);
  void note_account(const dossier& d);
  void erase(dossier_id id);

  table<dossier_id, dossier> dossiers_;
  table<dwelling_id, dwelling> dwellings_;
  table<vacancy_id, vacancy> vacancies_;
  table<session_id, caleol_session> sessions_;
  table<candidacy_id, dossier_id> candidacy_owner_;
  table<dwelling_id, std::vector<vacancy_id>> vacancies_of_dwelling_;
  table<session_id, std::set<vacancy_id>> agendas_;
  table<rpls_id, dwelling_id> by_rpls_;
  table<agent_id, std::vector<dossier_id>> by_account_; ///< of demandes that demandeurs registered themselves
  std::vector<dossier_id> dossier_order_;
  std::vector<dwelling_id> dwelling_order_;
  std::vector<vacancy_id> vacancy_order_;
  std::vector<session_id> session_order_;
};

} // namespace toit::law
