#include "law/demand_book.hpp"

#include "law/find_in.hpp"

namespace toit::law {

namespace {

/// Which kind of thing an event is about.
enum class about { dossier, dwelling, vacancy, session, nothing };

template <class Event>
constexpr bool is_of_late_entries =
    std::is_same_v<Event, late_entry_settled> || std::is_same_v<Event, late_entry_reviewed>;

template <class Event>
constexpr about subject_kind() {
  constexpr auto number = Event::kind.number;
  if constexpr (Event::kind.family != entry_family::dossier || is_of_late_entries<Event>)
    return about::nothing;
  else if constexpr (number < dwelling_registered::kind.number)
    return about::dossier;
  else if constexpr (number == dwelling_registered::kind.number)
    return about::dwelling;
  else if constexpr (number < session_scheduled::kind.number)
    return about::vacancy;
  else
    return about::session;
}

} // namespace

const dossier* demand_book::find(dossier_id id) const { return find_in(dossiers_, id); }
const dwelling* demand_book::find(dwelling_id id) const { return find_in(dwellings_, id); }
const vacancy* demand_book::find(vacancy_id id) const { return find_in(vacancies_, id); }
const caleol_session* demand_book::find(session_id id) const { return find_in(sessions_, id); }

std::uint64_t demand_book::last_seq(subject_id subject) const {
  if (const auto* d = find(id_of<dossier_id>(subject)))
    return d->last_seq;
  if (const auto* v = find(id_of<vacancy_id>(subject)))
    return v->last_seq;
  if (const auto* s = find(id_of<session_id>(subject)))
    return s->last_seq;
  const auto* home = find(id_of<dwelling_id>(subject));
  return home ? home->last_seq : 0;
}

const dossier* demand_book::dossier_of(candidacy_id id) const {
  auto* owner = find_in(candidacy_owner_, id);
  return owner ? find(*owner) : nullptr;
}

const dwelling* demand_book::find(rpls_id id) const {
  auto* known = find_in(by_rpls_, id);
  return known ? find(*known) : nullptr;
}

const dossier* demand_book::registered_with(agent_id account) const {
  auto* all = find_in(by_account_, account);
  if (!all)
    return nullptr;
  auto live = std::ranges::find_if(*all, [&](dossier_id id) { return find(id)->status != demande_status::radiated; });
  return live == all->end() ? nullptr : find(*live);
}

void demand_book::note_account(const dossier& d) {
  if (d.registered_with)
    by_account_[*d.registered_with].push_back(d.id);
}

const vacancy* demand_book::latest_vacancy_of(dwelling_id id) const {
  auto* all = find_in(vacancies_of_dwelling_, id);
  return all ? find(all->back()) : nullptr;
}

const vacancy* demand_book::open_vacancy_of(dwelling_id id) const {
  const auto* latest = latest_vacancy_of(id);
  return latest && latest->status == vacancy_status::open ? latest : nullptr;
}

bool demand_book::let_again_since(const vacancy& v) const {
  auto* all = find_in(vacancies_of_dwelling_, v.dwelling);
  return all && all->back() != v.id;
}

const std::set<vacancy_id>& demand_book::agenda_of(session_id id) const {
  static const std::set<vacancy_id> none;
  auto* agenda = find_in(agendas_, id);
  return agenda ? *agenda : none;
}

void demand_book::apply(subject_id subject, const record& happened, std::uint64_t seq) {
  auto kind = std::visit([]<class E>(const E&) { return subject_kind<E>(); }, happened.event);
  switch (kind) {
  case about::dossier:
    return apply_to_dossier(id_of<dossier_id>(subject), happened, seq);
  case about::vacancy:
    return apply_to_vacancy(id_of<vacancy_id>(subject), happened, seq);
  case about::dwelling: {
    if (find(id_of<dwelling_id>(subject)))
      return;
    dwelling d{};
    d.id = id_of<dwelling_id>(subject);
    evolve(d, happened, seq);
    return restore(std::move(d));
  }
  case about::session: {
    auto [place, is_new] = sessions_.try_emplace(id_of<session_id>(subject));
    place->second.id = id_of<session_id>(subject);
    if (is_new)
      session_order_.push_back(place->second.id);
    if (seq > place->second.last_seq)
      evolve(place->second, happened, seq);
    return;
  }
  case about::nothing:
    return;
  }
}

void demand_book::apply_to_dossier(dossier_id id, const record& happened, std::uint64_t seq) {
  if (std::holds_alternative<demande_erased>(happened.event))
    return erase(id);
  auto [place, is_new] = dossiers_.try_emplace(id);
  auto& d = place->second;
  d.id = id;
  if (is_new)
    dossier_order_.push_back(id);
  if (seq <= d.last_seq)
    return;
  evolve(d, happened, seq);
  if (const auto* named = std::get_if<designated>(&happened.event))
    candidacy_owner_[named->candidacy] = id;
  else if (std::holds_alternative<demande_registered>(happened.event))
    note_account(d);
}

void demand_book::apply_to_vacancy(vacancy_id id, const record& happened, std::uint64_t seq) {
  auto [place, is_new] = vacancies_.try_emplace(id);
  auto& v = place->second;
  v.id = id;
  if (is_new)
    vacancy_order_.push_back(id);
  if (seq <= v.last_seq)
    return;
  evolve(v, happened, seq);
  if (std::holds_alternative<vacancy_opened>(happened.event))
    vacancies_of_dwelling_[v.dwelling].push_back(id);
  if (const auto* moved = std::get_if<candidacy_moved>(&happened.event); moved && moved->session)
    agendas_[*moved->session].insert(id);
}

void demand_book::erase(dossier_id id) {
  auto found = dossiers_.find(id);
  if (found == dossiers_.end())
    return;
  for (const auto& c : found->second.candidacies)
    candidacy_owner_.erase(c.id);
  if (const auto& account = found->second.registered_with)
    std::erase(by_account_[*account], id);
  dossiers_.erase(found);
}

void demand_book::restore(dossier d) {
  for (const auto& c : d.candidacies)
    candidacy_owner_[c.id] = d.id;
  note_account(d);
  dossier_order_.push_back(d.id);
  auto id = d.id;
  dossiers_.insert_or_assign(id, std::move(d));
}

void demand_book::restore(dwelling d) {
  by_rpls_[d.rpls] = d.id;
  dwelling_order_.push_back(d.id);
  auto id = d.id;
  dwellings_.insert_or_assign(id, std::move(d));
}

void demand_book::restore(vacancy v) {
  vacancies_of_dwelling_[v.dwelling].push_back(v.id);
  for (const auto& c : v.candidates)
    if (!c.session.empty())
      agendas_[c.session].insert(v.id);
  vacancy_order_.push_back(v.id);
  auto id = v.id;
  vacancies_.insert_or_assign(id, std::move(v));
}

void demand_book::restore(caleol_session s) {
  session_order_.push_back(s.id);
  auto id = s.id;
  sessions_.insert_or_assign(id, std::move(s));
}

} // namespace toit::law
