#include "law/due.hpp"

#include <algorithm>
#include <tuple>

namespace toit::law {

std::string_view article_of(due_rule rule) {
  switch (rule) {
  case due_rule::validity_end:
    return "R441-2-7";
  case due_rule::non_renewal:
  case due_rule::no_answer:
  case due_rule::inadmissible:
    return "R441-2-8";
  case due_rule::offer_silence:
    return "R441-10";
  case due_rule::erasure:
    return "L441-2-7-1-1c";
  case due_rule::certificate:
    return "L441-2-1";
  case due_rule::renewal_notice:
    return "R441-2-7";
  }
  require(false, "every rule has its article");
  return {};
}

/// A notice sent less than a month before puts expiry off to a month after it: radiation e presupposes the notice
/// (docs/readings.md, 6).
civil_date expiry_last_day(const dossier& d) {
  auto year = d.valid_until();
  return d.notice_sent_on ? std::max(year, add_months(*d.notice_sent_on, months{1})) : year;
}

civil_date non_renewal_last_day(const dossier& d) {
  bool on_time = expiry_last_day(d) == d.valid_until();
  return on_time ? add_months(d.renewed_on, months{13}) : add_months(*d.notice_sent_on, months{2});
}

/// A notice sent so late that its tolerance passes the eighteenth month still leaves that tolerance.
civil_date reactivation_last_day(const dossier& d) {
  auto eighteen_months = add_months(d.renewed_on, months{18});
  return d.notice_sent_on ? std::max(eighteen_months, non_renewal_last_day(d)) : eighteen_months;
}

// [R441-2-7] [R441-2-8] [R441-10]
std::vector<due> dues_of(const dossier& d, const settings& s) {
  std::vector<due> running;
  auto add = [&](due_rule rule, civil_date last_day, candidacy_id candidacy = {}) {
    running.push_back({rule, d.id, candidacy, last_day});
  };
  if (d.status == demande_status::radiated) {
    add(due_rule::erasure, add_months(d.radiation->on, months{12}));
    return running;
  }
  if (d.status == demande_status::active && d.notice_sent_on)
    add(due_rule::validity_end, expiry_last_day(d));
  if (d.status == demande_status::expired)
    add(due_rule::non_renewal, non_renewal_last_day(d));
  if (d.warning && d.warning->motive == radiation_motive::c_no_answer)
    add(due_rule::no_answer, add_months(d.warning->sent_on, s.months_to_answer()));
  if (d.warning && d.warning->motive == radiation_motive::d_inadmissible)
    add(due_rule::inadmissible, add_months(d.warning->sent_on, months{1}));
  for (const auto& c : d.candidacies)
    if (c.open() && c.step == candidacy_step::offered)
      add(due_rule::offer_silence, *c.reply_by, c.id);
  // Of the registration or of the last renewal; a seniority kept from elsewhere makes none of them older.
  if (!d.certificate_issued)
    add(due_rule::certificate, add_months(d.renewed_on, months{1}));
  // A notice on this day leaves the demandeur his whole month.
  if (d.status == demande_status::active && !d.notice_sent_on)
    add(due_rule::renewal_notice, add_months(d.renewed_on, months{11}));
  return running;
}

void due_calendar::note(const std::vector<due>& before, const std::vector<due>& now) {
  for (const auto& item : now)
    if (takes_effect(item.rule) && std::ranges::find(before, item) == before.end()) {
      days_[item.last_day].push_back(item);
      ++size_;
    }
}

void due_calendar::visit(civil_date last_day, const std::function<bool(const due&)>& look) const {
  for (const auto& [day, items] : days_) {
    if (day > last_day)
      return;
    auto of_day = items;
    std::ranges::sort(of_day, {}, [](const due& d) { return std::tie(d.dossier, d.rule, d.candidacy); });
    auto doubles = std::ranges::unique(of_day);
    of_day.erase(doubles.begin(), doubles.end());
    if (!std::ranges::all_of(of_day, look))
      return;
  }
}

void due_calendar::forget(const due& answered) {
  auto day = days_.find(answered.last_day);
  if (day == days_.end())
    return;
  size_ -= std::erase(day->second, answered);
  if (day->second.empty())
    days_.erase(day);
}

} // namespace toit::law
