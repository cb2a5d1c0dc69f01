#include "law/dossier.hpp"

#include "law/scalar_text.hpp"

#include <algorithm>
#include <utility>

namespace toit::law {

bool in_favour(candidacy_step step) {
  using enum candidacy_step;
  return step == attributed || step == ranked || step == conditional || step == offered || step == accepted ||
         step == lease_signed;
}

bool in_favour(const candidacy& c) { return c.open() && in_favour(c.step); }

const candidacy* dossier::find(candidacy_id wanted) const {
  auto found = std::ranges::find(candidacies, wanted, &candidacy::id);
  return found == candidacies.end() ? nullptr : &*found;
}

candidacy* dossier::find(candidacy_id wanted) { return const_cast<candidacy*>(std::as_const(*this).find(wanted)); }

namespace {

void keep_search(dossier& d, const form& filled) {
  d.communes = filled.search.communes;
  d.typology = filled.search.typology;
  d.neighbouring_communes = filled.search.neighbouring_communes;
  d.mutation = filled.mutation();
}

/// The few fields of the form that the dossier keeps at hand.
void keep_change(dossier& d, const field_change& change) {
  const auto& path = change.path.str();
  const auto& value = change.new_value.str();
  if (path == "search.communes")
    scalar_from_text(value, d.communes);
  else if (path == "search.typology")
    scalar_from_text(value, d.typology);
  else if (path == "search.neighbouring_communes")
    scalar_from_text(value, d.neighbouring_communes);
  else if (path == "situation.housing")
    d.mutation = value == name_of(present_housing::social_tenant);
}

struct evolution {
  dossier& d;
  const record& happened;
  std::uint64_t seq;

  void step(candidacy_id id, candidacy_step reached) {
    if (auto* c = d.find(id)) {
      c->step = reached;
      c->last_entry = seq;
    }
  }

  void close(candidacy_id id, closing_reason reason) {
    if (auto* c = d.find(id))
      c->closed = reason;
  }
  void reopen(candidacy_id id) {
    if (auto* c = d.find(id)) {
      c->closed.reset();
      c->lapsed = false;
    }
  }

  /// An offer that could not be answered while it was closed is answered from now on (docs/readings.md, 31).
  // [R441-10]
  void leave_time_to_reply(candidacy_id id, std::optional<civil_date> known_on) {
    auto* c = d.find(id);
    if (c && c->step == candidacy_step::offered && c->reply_by)
      c->reply_by = std::max(*c->reply_by, add_days(known_on.value_or(happened.occurred_on), days_to_reply));
  }

  /// As before the radiation, with nothing left of what had led to it.
  void revive() {
    d.status = d.validity_expired ? demande_status::expired : demande_status::active;
    d.radiation.reset();
    d.warning_of_radiation.reset();
    d.warning.reset();
  }

  /// What was really closed, not closed in error, waits for another notice (docs/readings.md, 31).
  // [R441-2-7] [R441-2-8]
  void wait_for_notice(std::optional<civil_date> known_on) {
    d.status = demande_status::active;
    d.validity_expired = false;
    d.notice_sent_on.reset();
    d.reactivated_on = known_on.value_or(happened.occurred_on);
  }

  void operator()(const demande_registered& e) {
    d.number = e.number;
    d.status = demande_status::active;
    d.reception = happened.occurred_on;
    d.renewed_on = happened.occurred_on;
    if (happened.introducer.is_demandeur())
      d.registered_with = happened.agent;
    keep_search(d, e.form);
  }
  void operator()(const certificate_issued&) { d.certificate_issued = true; }
  void operator()(const demande_changed& e) {
    std::ranges::for_each(e.changes, [&](auto& c) { keep_change(d, c); });
  }
  void operator()(const rectified& e) { keep_change(d, e.change); }
  void operator()(const document_filed& e) { d.documents.push_back({e.document, e.digest}); }
  void operator()(const dalo_recognised&) { d.dalo_since = happened.occurred_on; }
  void operator()(const dalo_lost&) { d.dalo_since.reset(); }
  void operator()(const priority_recognised& e) {
    d.recognitions.push_back({e.category, happened.originator.legal_person(), e.valid_until});
  }
  void operator()(const priority_withdrawn& e) {
    std::erase_if(d.recognitions, [&](const recognition& r) {
      return r.category == e.category && r.by == happened.originator.legal_person();
    });
  }
  void operator()(const renewed& e) {
    std::ranges::for_each(e.changes, [&](auto& c) { keep_change(d, c); });
    d.status = demande_status::active;
    d.validity_expired = false;
    d.renewed_on = happened.occurred_on;
    d.notice_sent_on.reset();
    d.certificate_issued = false;
  }
  void operator()(const renewal_notice_sent&) { d.notice_sent_on = happened.occurred_on; }
  void operator()(const radiation_warning_sent& e) {
    d.warning = {e.motive, happened.originator.legal_person(), happened.occurred_on};
  }
  void operator()(const warning_answered&) { d.warning.reset(); }
  void operator()(const expired&) {
    d.status = demande_status::expired;
    d.validity_expired = true;
  }
  void operator()(const radiated& e) {
    d.status = demande_status::radiated;
    d.radiation = {e.motive, happened.occurred_on};
    // An answer undoes the radiation of its own warning, and no other.
    if (d.warning && d.warning->motive == e.motive)
      d.warning_of_radiation = d.warning;
    d.warning.reset();
  }
  /// What comes back with the demande is restored by entries of its own, which follow; the rest has had its chance.
  void operator()(const reactivated& e) {
    revive();
    if (e.cause != reactivation_cause::fact_before_term)
      wait_for_notice(e.known_on);
    for (auto& c : d.candidacies)
      c.lapsed =
          c.lapsed || c.closed == closing_reason::demande_radiated || c.closed == closing_reason::housed_elsewhere;
  }
  void operator()(const merged& e) { d.seniority = e.seniority; }
  void operator()(const seniority_transferred& e) { d.reception = e.reception; }
  void operator()(const applicant_account_opened& e) { d.account = e.account; }
  void operator()(const applicant_account_closed&) { d.account.reset(); }
  void operator()(const consultation_authorised& e) {
    auto& codes = d.consultation_codes;
    std::erase_if(codes, [&](auto& code) { return code.last_day < happened.occurred_on; });
    // Recorded late, an event has its place because a code has lapsed since: the one that lapses first.
    if (codes.size() == codes.max_items)
      codes.erase(std::ranges::min_element(codes, {}, &consultation_code::last_day));
    codes.push_back({e.code_hash, e.last_day});
  }

  void operator()(const visit_proposed& e) {
    if (d.visits_proposed.size() == d.visits_proposed.max_items)
      d.visits_proposed.erase(d.visits_proposed.begin());
    d.visits_proposed.push_back(e.vacancy);
  }
  void operator()(const designated& e) {
    candidacy c{};
    c.id = e.candidacy;
    c.vacancy = e.vacancy;
    c.contingent = e.contingent;
    c.route = e.route;
    c.designator = happened.originator.legal_person();
    c.designated_on = happened.occurred_on;
    c.last_entry = seq;
    d.candidacies.push_back(c);
  }
  void operator()(const agenda_entered& e) {
    step(e.candidacy, candidacy_step::on_agenda);
    if (auto* c = d.find(e.candidacy))
      c->session = e.session;
  }
  void operator()(const examined& e) { step(e.candidacy, candidacy_step::examined); }
  void operator()(const caleol_decided& e) {
    step(e.candidacy, step_after(e.decision));
    if (auto* c = d.find(e.candidacy)) {
      c->rank = e.rank;
      c->decided_on = happened.occurred_on;
      c->condition_pending = e.decision == caleol_decision::conditional;
      c->piece_due = e.piece_due;
      c->charged_on = e.charged_on;
    }
    d.inadmissible = d.inadmissible || e.decision == caleol_decision::inadmissibility;
  }
  void operator()(const condition_fulfilled& e) {
    if (auto* c = d.find(e.candidacy))
      c->condition_pending = false;
  }
  void operator()(const condition_failed& e) { step(e.candidacy, candidacy_step::condition_failed); }
  void operator()(const offer_made& e) {
    step(e.candidacy, candidacy_step::offered);
    if (auto* c = d.find(e.candidacy)) {
      c->reply_by = e.reply_by;
      c->offered_on = happened.occurred_on;
    }
  }
  void operator()(const offer_accepted& e) {
    step(e.candidacy, candidacy_step::accepted);
    if (auto* c = d.find(e.candidacy))
      c->refused_by_silence = false;
  }
  void operator()(const offer_refused& e) {
    step(e.candidacy, candidacy_step::refused);
    if (auto* c = d.find(e.candidacy))
      c->refused_by_silence = e.motive == refusal_motive::silence;
  }
  void operator()(const lease_signed& e) {
    reopen(e.candidacy);
    if (auto* c = d.find(e.candidacy)) {
      c->step_before_lease = c->step;
      c->charged_on = e.charged_on;
    }
    step(e.candidacy, candidacy_step::lease_signed);
  }
  void operator()(const lease_corrected& e) {
    if (auto* c = d.find(e.candidacy))
      step(e.candidacy, c->step_before_lease);
    leave_time_to_reply(e.candidacy, e.known_on);
  }
  void operator()(const candidacy_closed& e) { close(e.candidacy, e.reason); }
  void operator()(const designation_withdrawn& e) { close(e.candidacy, closing_reason::designation_withdrawn); }
  void operator()(const candidacy_restored& e) {
    reopen(e.candidacy);
    leave_time_to_reply(e.candidacy, e.known_on);
  }
  void operator()(const lease_conflict_opened& e) { d.conflict = {e.first, e.second}; }
  void operator()(const lease_conflict_closed&) { d.conflict.reset(); }

  /// Facts that the timeline shows and that no later decision asks for.
  void operator()(const auto&) {}
};

} // namespace

void evolve(dossier& d, const record& happened, std::uint64_t seq) {
  d.last_seq = seq;
  d.entry_count.value += 1;
  if (tells_of_form(happened.event))
    d.entries_of_form.value.push_back(seq);
  std::visit(evolution{d, happened, seq}, happened.event);
}

namespace {

/// Entries were checked when they were decided: a change that no longer fits changes nothing.
void replay(form& filled, const field_changes& changes, const std::optional<household>& members) {
  if (members)
    filled.household = *members;
  for (const auto& change : changes)
    static_cast<void>(change_field(filled, change));
}

} // namespace

bool tells_of_form(const event& happened) {
  const auto* renewal = std::get_if<renewed>(&happened);
  return std::holds_alternative<demande_registered>(happened) || std::holds_alternative<demande_changed>(happened) ||
         std::holds_alternative<rectified>(happened) || (renewal && (!renewal->changes.empty() || renewal->household));
}

void evolve(form& filled, const record& happened) {
  if (const auto* first = std::get_if<demande_registered>(&happened.event))
    filled = first->form;
  else if (const auto* change = std::get_if<demande_changed>(&happened.event))
    replay(filled, change->changes, change->household);
  else if (const auto* renewal = std::get_if<renewed>(&happened.event))
    replay(filled, renewal->changes, renewal->household);
  else if (const auto* correction = std::get_if<rectified>(&happened.event))
    static_cast<void>(change_field(filled, correction->change));
}

} // namespace toit::law
