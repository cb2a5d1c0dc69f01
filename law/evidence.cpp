#include "law/evidence.hpp"

#include <limits>

namespace toit::law {

namespace {

struct gathering {
  const procedures_book& book;
  const dispositif_book* side;
  const territory_file* file;
  const existence_facts& existing;
  evidence_file& found;

  civil_date day() const { return found.as_of; }

  evidence_item& add(evidence_kind kind, civil_date since, siren concerns, evidence_source source,
                     std::uint64_t seq) const {
    evidence_item item{};
    item.kind = kind;
    item.since = since;
    item.concerns = concerns;
    item.source = source;
    item.seq = seq;
    return found.items.emplace_back(std::move(item));
  }
  evidence_item& absent(evidence_kind kind, civil_date since) const {
    return add(kind, since, found.territory, evidence_source::none, 0);
  }

  /// The journal is known through `due`, so that what it does not say by then is missing.
  bool known_through(civil_date due) const { return found.known_through && due <= *found.known_through; }

  // [L441-2-7-1-1a]
  void obligation() const {
    using enum evidence_kind;
    if (!file || !file->obligation)
      return void(absent(concern_unknown, day()));
    const auto& noted = file->obligation->noted;
    auto seq = file->obligation->seq;
    if (noted.concern == concern::no)
      add(not_concerned, day(), found.territory, evidence_source::authority, seq);
    if (noted.concern == concern::unknown)
      add(concern_unknown, day(), found.territory, evidence_source::authority, seq);
    if (noted.due_on && *noted.due_on < day())
      add(calendar_passed, acts_from(*noted.due_on), found.territory, evidence_source::authority, seq);
  }

  /// What could have been recorded since the last news is not missing: nobody here knows.
  // [L441-2-7-4-1]
  void news() const {
    using enum evidence_kind;
    if (!found.known_through)
      absent(never_heard_of, day());
    else if (*found.known_through < day())
      absent(no_news, acts_from(*found.known_through));
  }

  void missing() const {
    if (existing.concern == concern::no || !found.known_through)
      return;
    auto due = file && file->obligation ? file->obligation->noted.due_on : std::nullopt;
    bool is_due = !due || *due < day();
    if (!is_due || !known_through(due ? acts_from(*due) : *found.known_through))
      return;
    auto since = due ? acts_from(*due) : *found.known_through;
    bool serves = existing.in_service_on || existing.adhered_on;
    if (!serves)
      absent(evidence_kind::dispositif_missing, since);
    if (!side || !side->current())
      absent(evidence_kind::convention_missing, since);
  }

  /// A refusal stays one when an arrêté answers it: both are told.
  // [L441-2-7-3-2]
  void parties() const {
    const auto* current = side ? side->current() : nullptr;
    if (!current)
      return;
    for (const auto& [party, position] : current->positions) {
      using enum party_state;
      if (position.state == proposed && known_through(day()))
        add(evidence_kind::party_silent, position.since, party, evidence_source::none, 0);
      if (position.state != refused && position.state != refused_no_power)
        continue;
      add(evidence_kind::party_refuses, position.since, party, evidence_source::territory, position.seq);
      auto ordered = participation_of(book, current->convention.id, party, day());
      if (standing_of(position, ordered) == participates_by_order)
        add(evidence_kind::refusal_answered, ordered->since, party, evidence_source::authority, ordered->seq);
    }
  }

  /// A point may have been found otherwise under a version that is out of date: that is not where it is not met.
  static bool tells(const item_finding& found, const evidence_item& item) {
    return found.item == item.point && (item.kind != evidence_kind::point_not_met || found.finding == finding::not_met);
  }

  /// Where a point was found as it is: in the prefect's last finding of it, else in the declaration.
  void cite(evidence_item& item) const {
    const auto* joined = side->adhesion();
    const auto* examined = joined ? book.find(*joined) : nullptr;
    if (examined) {
      item.since = examined->on;
      item.source = evidence_source::authority;
      item.seq = examined->seq;
      return;
    }
    item.since = *existing.in_service_on;
    item.source = evidence_source::territory;
    item.seq = side->serving()->seq;
    for (const auto& point : file ? file->points : std::vector<found_point>{})
      if (tells(point.finding, item) && *existing.in_service_on <= point.on && point.on <= day()) {
        item.since = point.on;
        item.source = evidence_source::authority;
        item.seq = point.seq;
      }
  }

  // [L441-2-7-2-2] [L441-2-7-4-3]
  void points() const {
    if (!existing.conformity)
      return;
    auto tell = [&](evidence_kind kind, const text<32>& point) {
      auto& item = add(kind, day(), found.territory, evidence_source::none, 0);
      item.point = point;
      cite(item);
    };
    for (const auto& point : existing.conformity->not_met)
      tell(evidence_kind::point_not_met, point);
    for (const auto& point : existing.conformity->unknown)
      tell(evidence_kind::point_unknown, point);
    if (existing.conformity->regional_missing)
      absent(evidence_kind::specification_missing, day());
  }

  void reminders() const {
    if (!file)
      return;
    using enum evidence_kind;
    for (const auto& sent : file->reminders) {
      add(reminder_sent, sent.sent_on, sent.addressee, evidence_source::authority, sent.seq);
      if (sent.answered_on)
        add(reminder_answered, *sent.answered_on, sent.addressee, evidence_source::authority, sent.answer_seq);
      else if (sent.answer_by && *sent.answer_by < day())
        add(reminder_unanswered, acts_from(*sent.answer_by), sent.addressee, evidence_source::authority, sent.seq);
    }
  }

  using lateness_sums = std::map<siren, evidence_item>;

  /// That nobody has told it is no word of its being none. It is the host's word, and the last here: more of it than
  /// there is room for would keep all the rest from being filed.
  // [L441-2-7-4-3]
  void lateness(const told_lateness& told, bool has_host) const {
    bool is_told = told && std::ranges::all_of(*told, is_possible);
    auto sums = is_told ? sums_of(*told) : lateness_sums{};
    if (is_told && found.items.size() + sums.size() <= found.items.max_items)
      tell_late(sums);
    else if (told || has_host)
      absent(evidence_kind::lateness_unknown, day());
  }

  /// Of the twelve months up to the day's.
  lateness_sums sums_of(std::span<const lateness_line> late) const {
    auto month_of = [](int year, unsigned month) { return year * 12 + static_cast<int>(month) - 1; };
    auto now = month_of(static_cast<int>(day().year()), static_cast<unsigned>(day().month()));
    lateness_sums sums;
    for (const auto& line : late) {
      auto month = month_of(line.year, line.month);
      if (line.late == 0 || month > now || month <= now - 12)
        continue;
      auto first = civil_date{std::chrono::year{line.year}, std::chrono::month{line.month}, std::chrono::day{1}};
      auto [at, is_new] = sums.try_emplace(line.legal_person);
      auto& sum = at->second;
      constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
      sum.count = static_cast<std::uint32_t>(sum.count + std::min(line.late, most - sum.count));
      sum.days_most = std::max(sum.days_most, line.days_most);
      sum.since = is_new ? first : std::min(sum.since, first);
    }
    return sums;
  }

  void tell_late(const lateness_sums& sums) const {
    for (const auto& [who, sum] : sums) {
      auto& item = add(evidence_kind::records_late, sum.since, who, evidence_source::host, 0);
      item.count = sum.count;
      item.days_most = sum.days_most;
    }
  }
};

} // namespace

// [L441-2-7-4-1] [L441-2-7-4-3]
evidence_file gather_evidence(const procedures_book& book, siren territory, const dispositif_book* side,
                              std::optional<act_standing> elsewhere, told_lateness late, journal_news news,
                              bool ile_de_france, civil_date day) {
  evidence_file found;
  found.territory = territory;
  found.as_of = day;
  found.known_through = news.known_through;
  found.link_up = news.link_up;
  auto existing = book.existing(territory, side, ile_de_france, day);
  existing.unheard = news.has_node && !side;
  existing.substitution_elsewhere = elsewhere;
  found.stands = existence_of(existing);
  gathering gathers{book, side, book.find(territory), existing, found};
  gathers.obligation();
  gathers.news();
  gathers.missing();
  gathers.parties();
  gathers.points();
  gathers.reminders();
  gathers.lateness(late, news.has_node);
  return found;
}

namespace {

bool names(std::span<const checklist_findings> all, const text<32>& point, auto fits) {
  return std::ranges::any_of(all, [&](const checklist_findings& of) {
    return std::ranges::any_of(of.items, [&](const item_finding& one) { return one.item == point && fits(one); });
  });
}

/// Of each kind of line, what an entry that it cites must be.
struct cited_entry {
  const evidence_file& file;
  const evidence_item& item;
  civil_date on; ///< when what the entry says was done
  const procedures_book& authority;

  bool is(auto... kinds) const { return ((item.kind == kinds) || ...); }
  bool is_about(siren who) const { return item.concerns == who; }
  bool is_since(civil_date day) const { return item.since == day; }
  bool is_of(siren territory) const { return file.territory == territory; }

  bool operator()(const obligation_noted& e) const {
    using enum evidence_kind;
    bool fits = is(calendar_passed) ? e.due_on && is_since(acts_from(*e.due_on)) && *e.due_on < file.as_of
                                    : (is(not_concerned) && e.concern == concern::no) ||
                                          (is(concern_unknown) && e.concern == concern::unknown);
    return fits && is_about(e.territory) && is_of(e.territory);
  }
  bool operator()(const dispositif_convention_answered& e) const {
    return is(evidence_kind::party_refuses) && e.answer == convention_answer::refused && is_about(e.party) &&
           is_since(on);
  }
  // [L441-2-7-3-2]
  bool operator()(const participation_ordered& e) const {
    const auto* procedure = authority.find(e.procedure);
    return is(evidence_kind::refusal_answered) && procedure && is_of(procedure->territory) &&
           is_about(procedure->party);
  }
  bool operator()(const law::reminder_sent& e) const {
    using enum evidence_kind;
    bool fits = is(evidence_kind::reminder_unanswered)
                    ? e.answer_by && is_since(acts_from(*e.answer_by)) && *e.answer_by < file.as_of
                    : is(evidence_kind::reminder_sent) && is_since(on);
    return fits && is_about(e.addressee) && is_of(e.territory);
  }
  bool operator()(const law::reminder_answered& e) const {
    const auto* known = authority.find(e.territory);
    auto answers = [&](const sent_reminder& sent) { return sent.seq == e.reminder && is_about(sent.addressee); };
    return is(evidence_kind::reminder_answered) && is_of(e.territory) && is_since(on) && known &&
           std::ranges::any_of(known->reminders, answers);
  }
  bool operator()(const conformity_found& e) const { return is_of(e.territory) && is_point(e.findings, true); }
  bool operator()(const joinable_examined& e) const { return is_point(e.findings, false); }
  bool operator()(const dispositif_put_in_service& e) const { return is_point(e.findings, false); }
  bool operator()(const auto&) const { return false; }

  /// What is unknown may have been found under a version that is out of date, or, where all of it is looked at, under
  /// none.
  bool is_point(std::span<const checklist_findings> found, bool is_named) const {
    if (!is_about(file.territory) || !is_since(on))
      return false;
    if (is(evidence_kind::point_not_met))
      return names(found, item.point, [](const item_finding& one) { return one.finding == finding::not_met; });
    return is(evidence_kind::point_unknown) &&
           (!is_named || names(found, item.point, [](const item_finding&) { return true; }));
  }
};

} // namespace

// [L441-2-7-4-1]
bool is_well_made(const evidence_item& item) {
  using enum evidence_kind;
  bool is_cited = item.seq > 0 && item.link;
  bool is_bare = item.seq == 0 && !item.link;
  bool absent = is_bare && item.source == evidence_source::none;
  bool of_authority = is_cited && item.source == evidence_source::authority;
  bool of_territory = is_cited && item.source == evidence_source::territory;
  switch (item.kind) {
  case dispositif_missing:
  case convention_missing:
  case party_silent:
  case specification_missing:
  case no_news:
  case never_heard_of:
  case lateness_unknown:
    return absent;
  case concern_unknown:
    return absent || of_authority;
  case records_late:
    return is_bare && item.source == evidence_source::host;
  case party_refuses:
    return of_territory;
  case point_not_met:
  case point_unknown:
    return of_territory || of_authority;
  case not_concerned:
  case calendar_passed:
  case reminder_sent:
  case reminder_answered:
  case reminder_unanswered:
  case refusal_answered:
    return of_authority;
  }
  return false;
}

// [L441-2-7-4-1]
bool rests_on(const evidence_file& file, const evidence_item& item, const record& cited,
              const procedures_book& authority) {
  return std::visit(cited_entry{file, item, cited.occurred_on, authority}, cited.event);
}

} // namespace toit::law
