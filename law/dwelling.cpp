#include "law/dwelling.hpp"

#include "law/dossier.hpp"

#include <algorithm>

namespace toit::law {

const candidate* vacancy::find(candidacy_id wanted) const {
  auto found = std::ranges::find(candidates, wanted, &candidate::candidacy);
  return found == candidates.end() ? nullptr : &*found;
}

void evolve(dwelling& d, const record& happened, std::uint64_t seq) {
  d.last_seq = seq;
  if (const auto* e = std::get_if<dwelling_registered>(&happened.event)) {
    d.rpls = e->rpls;
    d.bailleur = happened.originator.legal_person();
    d.commune = e->commune;
    d.typology = e->typology;
    d.in_qpv = !e->qpv.empty();
    d.d331_25_1_subsidy = e->d331_25_1_subsidy;
  }
}

namespace {

std::uint16_t decisions_in_favour(const vacancy& v) {
  std::uint16_t last = 0;
  for (const auto& c : v.candidates)
    last = std::max(last, c.order);
  return last;
}

void evolve_candidate(vacancy& v, const candidacy_moved& e) {
  auto known = std::ranges::find(v.candidates, e.candidacy, &candidate::candidacy);
  if (known == v.candidates.end()) {
    v.candidates.push_back({e.candidacy, {}, {}, 0, 0, {}, {}});
    known = v.candidates.end() - 1;
  }
  if (e.rank > 0 && known->order == 0)
    known->order = static_cast<std::uint16_t>(decisions_in_favour(v) + 1);
  known->step = e.step;
  known->closed = e.closed;
  known->rank = e.rank;
  known->charged_on = e.charged_on;
  if (e.session)
    known->session = *e.session;
}

} // namespace

void evolve(vacancy& v, const record& happened, std::uint64_t seq) {
  v.last_seq = seq;
  if (const auto* e = std::get_if<vacancy_opened>(&happened.event)) {
    v.dwelling = e->dwelling;
    v.bailleur = happened.originator.legal_person();
    v.reserved_under = e->reserved_under;
    v.holder_informed_on = e->holder_informed_on;
    v.opened_on = happened.occurred_on;
    v.status = vacancy_status::open;
  } else if (const auto* moved = std::get_if<candidacy_moved>(&happened.event)) {
    evolve_candidate(v, *moved);
    bool signed_ = std::ranges::any_of(
        v.candidates, [](const candidate& c) { return c.step == candidacy_step::lease_signed && !c.closed; });
    if (v.status != vacancy_status::withdrawn)
      v.status = signed_ ? vacancy_status::let : vacancy_status::open;
  } else if (std::holds_alternative<vacancy_withdrawn>(happened.event)) {
    v.status = vacancy_status::withdrawn;
  }
}

void evolve(caleol_session& s, const record& happened, std::uint64_t seq) {
  s.last_seq = seq;
  if (const auto* e = std::get_if<session_scheduled>(&happened.event)) {
    s.bailleur = happened.originator.legal_person();
    s.held_on = e->held_on;
    s.status = session_status::scheduled;
  } else if (std::holds_alternative<session_opened>(happened.event)) {
    s.status = session_status::opened;
  } else if (std::holds_alternative<session_closed>(happened.event)) {
    s.status = session_status::closed;
  } else if (std::holds_alternative<session_cancelled>(happened.event)) {
    s.status = session_status::cancelled;
  }
}

std::uint8_t next_rank(const vacancy& v, session_id session) {
  int last = 0;
  for (const auto& c : v.candidates)
    if (c.session == session)
      last = std::max<int>(last, c.rank);
  return static_cast<std::uint8_t>(last + 1);
}

bool first_in_line(const vacancy& v, candidacy_id candidacy) {
  const auto* asked = v.find(candidacy);
  if (!asked || asked->order == 0)
    return false;
  return std::ranges::none_of(v.candidates, [&](const candidate& other) {
    return other.order > 0 && other.order < asked->order && !other.closed && in_favour(other.step);
  });
}

} // namespace toit::law
