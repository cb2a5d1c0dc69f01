#include "simulation/world/checkers.hpp"

#include "journal/verify.hpp"

namespace toit::simulation {

namespace {

using law::civil_date;
using law::months;

std::string at(std::uint64_t seq) { return "entry " + std::to_string(seq); }

template <class Event>
const Event* as(const ports::stored_entry& entry) {
  return entry.record ? std::get_if<Event>(&entry.record->event) : nullptr;
}

using by_subject = std::map<law::subject_id, std::vector<const ports::stored_entry*>>;

by_subject subjects_in(const std::vector<ports::stored_entry>& entries) {
  by_subject subjects;
  for (const auto& entry : entries)
    subjects[entry.subject].push_back(&entry);
  return subjects;
}

bool is_dossier(const std::vector<const ports::stored_entry*>& timeline) {
  return as<law::demande_registered>(*timeline.front()) != nullptr;
}

bool is_vacancy(const std::vector<const ports::stored_entry*>& timeline) {
  return as<law::vacancy_opened>(*timeline.front()) != nullptr;
}

class checking {
public:
  explicit checking(const evidence& seen) : seen_{seen}, subjects_{subjects_in(seen.entries)} {}

  std::vector<fault> run() {
    check_receipts();
    check_commands();
    check_origins();
    for (const auto& [subject, timeline] : subjects_) {
      if (is_dossier(timeline)) {
        check_leases(timeline);
        check_order(timeline);
        check_once(timeline);
        check_terms(timeline);
      } else if (is_vacancy(timeline)) {
        check_ranks(timeline);
      }
    }
    check_rights();
    check_dwellings();
    check_replay();
    check_charges();
    check_documents();
    return std::move(faults_);
  }

private:
  void say(const char* checker, std::string what) {
    if (faults_.size() < 20)
      faults_.push_back({checker, std::move(what)});
  }

  const ports::stored_entry* entry_at(std::uint64_t seq) const {
    return seq == 0 || seq > seen_.entries.size() ? nullptr : &seen_.entries[seq - 1];
  }

  // -- nothing acknowledged is lost ---------------------------------------------------------------------------------

  void check_receipts() {
    for (const auto& r : seen_.receipts)
      for (const auto& promised : r.entries) {
        const auto* found = entry_at(promised.seq);
        if (!found)
          say("receipts", at(promised.seq) + " was acknowledged and is gone");
        else if (found->subject != promised.subject || found->recorded_at != promised.recorded_at)
          say("receipts", at(promised.seq) + " is not the one that was acknowledged");
        else if (found->record && promised.record && found->record->command != promised.record->command)
          say("receipts", at(promised.seq) + " is of another command than was acknowledged");
      }
  }

  /// The entries of a command are together, and no command took effect twice.
  void check_commands() {
    std::map<law::command_id, std::uint64_t> last_of;
    for (const auto& entry : seen_.entries) {
      if (!entry.record || entry.record->command.empty())
        continue;
      auto [known, is_new] = last_of.try_emplace(entry.record->command, entry.seq);
      if (!is_new && known->second + 1 != entry.seq)
        say("commands", at(entry.seq) + " belongs to a command that had ended before");
      known->second = entry.seq;
    }
  }

  // -- P2 -----------------------------------------------------------------------------------------------------------

  /// Every entry says who caused it, who entered it, when it happened and when it was recorded, in that order.
  void check_origins() {
    law::instant latest{};
    for (const auto& entry : seen_.entries) {
      if (entry.recorded_at < latest)
        say("P2", at(entry.seq) + " is recorded before the one that it follows");
      latest = entry.recorded_at;
      if (!entry.record)
        continue;
      const auto& r = *entry.record;
      const auto& kind = law::kind_of(r.event);
      if (r.originator.is_demandeur() && !kind.who.admits_demandeur() && !kind.who.only_consequence())
        say("P2", at(entry.seq) + " is no demandeur's to cause, and names no legal person");
      if (r.introducer.is_demandeur() && !r.originator.is_demandeur())
        say("P2", at(entry.seq) + " does not say who entered it");
      // A clock that is set back while a command is on its way dates its recording before it.
      if (!r.occurred_on.ok() || (r.occurred_on > day_of(entry) && !seen_.disturbed_days.contains(day_of(entry))))
        say("P2", at(entry.seq) + " happened on " + law::to_text(r.occurred_on) + " and is recorded on " +
                      law::to_text(day_of(entry)));
    }
  }

  // -- P1, P9 -------------------------------------------------------------------------------------------------------

  /// Two leases stand only with exactly one open conflict (P1).
  void check_leases(const std::vector<const ports::stored_entry*>& timeline) {
    std::set<law::candidacy_id> signed_ones;
    int conflicts = 0;
    law::command_id command;
    for (const auto* entry : timeline) {
      if (!entry->record)
        return;
      // A command is judged when it is over.
      if (entry->record->command != command && ((signed_ones.size() > 1) != (conflicts == 1) || conflicts > 1))
        return say("P1", at(entry->seq) + " leaves " + std::to_string(signed_ones.size()) + " leases and " +
                             std::to_string(conflicts) + " conflicts");
      command = entry->record->command;
      if (const auto* lease = as<law::lease_signed>(*entry))
        signed_ones.insert(lease->candidacy);
      else if (const auto* corrected = as<law::lease_corrected>(*entry))
        signed_ones.erase(corrected->candidacy);
      else if (as<law::lease_conflict_opened>(*entry))
        ++conflicts;
      else if (as<law::lease_conflict_closed>(*entry))
        --conflicts;
    }
  }

  /// Nobody is designated, and nothing is decided, between radiation and what undoes it (P9).
  void check_order(const std::vector<const ports::stored_entry*>& timeline) {
    bool radiated = false;
    for (const auto* entry : timeline) {
      if (as<law::radiated>(*entry)) {
        if (radiated)
          say("P9", at(entry->seq) + " radiates what is radiated");
        radiated = true;
      } else if (as<law::reactivated>(*entry)) {
        radiated = false;
      } else if (radiated && (as<law::designated>(*entry) || as<law::caleol_decided>(*entry) ||
                              as<law::agenda_entered>(*entry) || as<law::expired>(*entry))) {
        say("P9", at(entry->seq) + " decides on a radiated demande");
      }
    }
  }

  /// What the text allows once stands once: whoever decided knew what had come before (P9).
  void check_once(const std::vector<const ports::stored_entry*>& timeline) {
    std::set<std::string_view> standing;
    for (const auto* entry : timeline) {
      auto once = [&](const void* happened, std::string_view what) {
        if (happened && !standing.insert(what).second)
          say("P9", at(entry->seq) + " is a second " + std::string{what});
      };
      once(as<law::certificate_issued>(*entry), "certificate");
      once(as<law::applicant_account_opened>(*entry), "account");
      once(as<law::dalo_recognised>(*entry), "favourable decision");
      once(as<law::renewal_notice_sent>(*entry), "notice");
      once(as<law::radiation_warning_sent>(*entry), "warning");
      if (as<law::applicant_account_closed>(*entry))
        standing.erase("account");
      if (as<law::dalo_lost>(*entry))
        standing.erase("favourable decision");
      if (as<law::renewed>(*entry)) {
        standing.erase("notice");
        standing.erase("certificate");
      }
      // What was really closed waits for another notice (docs/readings.md, 31).
      if (const auto* back = as<law::reactivated>(*entry);
          back && back->cause != law::reactivation_cause::fact_before_term)
        standing.erase("notice");
      if (as<law::warning_answered>(*entry) || as<law::radiated>(*entry) || as<law::reactivated>(*entry))
        standing.erase("warning");
    }
  }

  /// Nothing rests on a reservation convention that had ended when it was recorded (P9).
  void check_rights() {
    std::map<law::convention_id, civil_date> ended;
    for (const auto& entry : seen_.entries) {
      auto rests_on = [&](law::convention_id id) {
        auto end = ended.find(id);
        if (end != ended.end() && end->second < entry.record->occurred_on)
          say("P9", at(entry.seq) + " rests on a convention that had ended");
      };
      if (const auto* end = as<law::reservation_convention_ended>(entry))
        ended[end->convention] = end->last_day;
      else if (const auto* mention = as<law::contingent_eligibility>(entry))
        std::ranges::for_each(mention->conventions, rests_on);
      else if (const auto* named = as<law::designated>(entry))
        rests_on(named->contingent.convention);
      else if (const auto* opened = as<law::vacancy_opened>(entry); opened && opened->reserved_under)
        rests_on(*opened->reserved_under);
    }
  }

  /// A dwelling is registered once, and let once at a time (P9).
  void check_dwellings() {
    law::demand_book book;
    for (const auto& entry : seen_.entries) {
      const auto* home = as<law::dwelling_registered>(entry);
      const auto* opened = as<law::vacancy_opened>(entry);
      if (home && book.find(home->rpls))
        say("P9", at(entry.seq) + " registers a dwelling that is there already");
      if (opened && book.open_vacancy_of(opened->dwelling))
        say("P9", at(entry.seq) + " opens a second vacancy of a dwelling");
      if (entry.record)
        book.apply(entry.subject, *entry.record, entry.seq);
    }
  }

  // -- P3 -----------------------------------------------------------------------------------------------------------

  /// Ranks are dense in each session, and who signs is the first that has not refused.
  void check_ranks(const std::vector<const ports::stored_entry*>& timeline) {
    struct line {
      law::candidacy_moved last;
      std::size_t order = 0;
    };
    std::map<law::candidacy_id, line> lines;
    std::map<law::session_id, int> highest;
    std::map<law::candidacy_id, law::session_id> session_of;
    std::size_t decisions = 0;
    int leases = 0;
    for (const auto* entry : timeline) {
      const auto* moved = as<law::candidacy_moved>(*entry);
      if (!moved)
        continue;
      if (moved->session)
        session_of[moved->candidacy] = *moved->session;
      auto& mine = lines[moved->candidacy];
      if (moved->rank > 0 && mine.order == 0) {
        mine.order = ++decisions;
        if (moved->rank != ++highest[session_of[moved->candidacy]])
          say("P3", at(entry->seq) + " leaves a hole or a double in the ranks");
      }
      bool was_signed = mine.last.step == law::candidacy_step::lease_signed && !mine.last.closed;
      bool was_closed = mine.last.closed.has_value();
      bool signs = moved->step == law::candidacy_step::lease_signed && !moved->closed;
      if (signs && !was_signed && !was_closed)
        for (const auto& [id, other] : lines)
          if (other.order > 0 && other.order < mine.order && !other.last.closed && law::in_favour(other.last.step))
            say("P3", at(entry->seq) + " houses a candidate before a better placed one has refused");
      leases += (signs ? 1 : 0) - (was_signed ? 1 : 0);
      if (leases > 1)
        say("P3", at(entry->seq) + " lets one dwelling twice");
      mine.last = *moved;
    }
  }

  // -- P6 -----------------------------------------------------------------------------------------------------------

  /// A dossier as far as its terms go, told again from its entries.
  struct terms {
    civil_date renewed_on{};
    std::optional<civil_date> notice;
    bool expired = false;
    std::optional<civil_date> warned;
    std::optional<civil_date> radiated;
    std::map<law::candidacy_id, civil_date> replies;
    civil_date known_on{}; ///< day on which the last entry was recorded
  };

  static civil_date day_of(const ports::stored_entry& entry) { return law::local_date("93", entry.recorded_at); }

  /// Last day of the term that an automatic entry claims, by the text; absent when it has no ground.
  static std::optional<civil_date> term_of(const ports::stored_entry& entry, const terms& t) {
    auto year = law::add_months(t.renewed_on, months{12});
    bool late_notice = t.notice && law::add_months(*t.notice, months{1}) > year;
    if (as<law::expired>(entry) && t.notice && !t.expired)
      return late_notice ? law::add_months(*t.notice, months{1}) : year;
    if (const auto* radiation = as<law::radiated>(entry)) {
      if (radiation->motive == law::radiation_motive::e_not_renewed && t.expired)
        return late_notice ? law::add_months(*t.notice, months{2}) : law::add_months(t.renewed_on, months{13});
      if (t.warned)
        return law::add_months(*t.warned, months{1});
    }
    if (const auto* refusal = as<law::offer_refused>(entry))
      if (auto reply = t.replies.find(refusal->candidacy); reply != t.replies.end())
        return reply->second;
    if (as<law::demande_erased>(entry) && t.radiated)
      return law::add_months(*t.radiated, months{12});
    return std::nullopt;
  }

  static void follow(const ports::stored_entry& entry, terms& t) {
    const auto& r = *entry.record;
    t.known_on = day_of(entry);
    if (as<law::demande_registered>(entry) || as<law::renewed>(entry)) {
      t.renewed_on = r.occurred_on;
      t.notice.reset();
      t.expired = false;
    } else if (as<law::renewal_notice_sent>(entry)) {
      t.notice = r.occurred_on;
    } else if (as<law::expired>(entry)) {
      t.expired = true;
    } else if (as<law::radiation_warning_sent>(entry)) {
      t.warned = r.occurred_on;
    } else if (const auto* back = as<law::reactivated>(entry)) {
      t.warned.reset();
      t.radiated.reset();
      // Who was really out of reach is told again before anything expires.
      if (back->cause != law::reactivation_cause::fact_before_term) {
        t.notice.reset();
        t.expired = false;
      }
    } else if (as<law::warning_answered>(entry)) {
      t.warned.reset();
      t.radiated.reset();
    } else if (as<law::radiated>(entry)) {
      t.radiated = r.occurred_on;
    } else if (const auto* offer = as<law::offer_made>(entry)) {
      t.replies[offer->candidacy] = offer->reply_by;
    } else if (const auto* corrected = as<law::lease_corrected>(entry)) {
      ten_more_days(t, corrected->candidacy, entry);
    } else if (const auto* restored = as<law::candidacy_restored>(entry)) {
      ten_more_days(t, restored->candidacy, entry);
    }
  }

  /// Whose candidacy comes back has ten days at least to answer the offer, from when he can.
  static void ten_more_days(terms& t, law::candidacy_id id, const ports::stored_entry& entry) {
    if (auto reply = t.replies.find(id); reply != t.replies.end())
      reply->second = std::max(reply->second, law::add_days(day_of(entry), law::days{10}));
  }

  /// After days of silence one day follows the other at once; and what is told years late may have a dossier erased the
  /// next morning, before anybody looks: neither can be judged.
  bool goes_by_unseen(const ports::stored_entry& entry, const ports::stored_entry& last) const {
    bool at_once = as<law::demande_erased>(last) && day_of(last) <= law::add_days(day_of(entry), law::days{1});
    return at_once || seen_.disturbed_days.contains(day_of(entry));
  }

  void check_terms(const std::vector<const ports::stored_entry*>& timeline) {
    terms t;
    for (const auto* entry : timeline) {
      if (!entry->record && goes_by_unseen(*entry, *timeline.back()))
        return;
      if (!entry->record)
        return say("P6", at(entry->seq) + " was erased before it could be seen");
      if (as<law::demande_erased>(*entry) && entry != timeline.back())
        return say("P6", at(entry->seq) + " is a tombstone, and the dossier goes on");
      bool automatic = entry->record->agent.empty() && !as<law::candidacy_closed>(*entry);
      if (automatic)
        check_term(*entry, t);
      follow(*entry, t);
    }
  }

  void check_term(const ports::stored_entry& entry, const terms& t) {
    auto last_day = term_of(entry, t);
    if (!last_day)
      return say("P6", at(entry.seq) + " takes effect without a term that runs");
    auto due = law::acts_from(*last_day);
    if (entry.record->occurred_on != due)
      return say("P6", at(entry.seq) + " is dated " + law::to_text(entry.record->occurred_on) + ", its term says " +
                           law::to_text(due));
    check_on_its_day(entry, due, t.known_on);
  }

  /// On the day, unless its ground became known later or the node was hindered in between.
  void check_on_its_day(const ports::stored_entry& entry, civil_date due, civil_date ground_known_on) {
    auto recorded = day_of(entry);
    for (auto day = due; day < recorded; day = law::add_days(day, law::days{1}))
      if (day > ground_known_on && !seen_.disturbed_days.contains(day))
        return say("P6", at(entry.seq) + " was due on " + law::to_text(due) + " and took effect on " +
                             law::to_text(recorded));
    // A clock that is set back while an effect is on its way dates its recording before it.
    if (recorded < due && !seen_.disturbed_days.contains(recorded))
      say("P6", at(entry.seq) + " took effect on " + law::to_text(recorded) + ", before its term, which was due on " +
                    law::to_text(due));
  }

  // -- P8 -----------------------------------------------------------------------------------------------------------

  /// Dwellings, vacancies and sessions are those that the journal folds to.
  template <class Thing, class Order>
  void check_folded(const char* what, const std::vector<Thing>& told, const law::demand_book& book,
                    const Order& order) {
    if (told.size() != order.size())
      say("P8", "the registry has " + std::to_string(told.size()) + " " + what + ", the journal " +
                    std::to_string(order.size()));
    for (const auto& thing : told) {
      const auto* folded = book.find(thing.id);
      if (!folded || !(*folded == thing))
        say("P8", std::string{"one of the registry's "} + what + " is not that of the journal");
    }
  }

  /// Balances are those that the journal folds to.
  void check_balances() {
    law::contingent_book book;
    for (const auto& entry : seen_.at_last)
      if (entry.record)
        book.apply(entry.subject, *entry.record, entry.seq);
    if (seen_.contingents && book.ledger() != seen_.contingents->ledger())
      say("P8", "the balances of the contingents are not those of the journal");
    if (seen_.contingents && book.flows() != seen_.contingents->flows())
      say("P8", "the flows are not those of the journal");
  }

  /// Folding the journal again gives what the registry has; no term that has passed is left; both sides of each
  /// candidacy agree.
  void check_replay() {
    law::demand_book book;
    for (const auto& entry : seen_.at_last)
      if (entry.record)
        book.apply(entry.subject, *entry.record, entry.seq);
    if (book.dossier_count() != seen_.registry.size())
      say("P8", "the registry has " + std::to_string(seen_.registry.size()) + " dossiers, the journal " +
                    std::to_string(book.dossier_count()));
    check_folded("dwellings", seen_.dwellings.dwellings, book, book.dwellings_by_arrival());
    check_folded("vacancies", seen_.dwellings.vacancies, book, book.vacancies_by_arrival());
    check_folded("sessions", seen_.dwellings.sessions, book, book.sessions_by_arrival());
    check_balances();
    for (const auto& d : seen_.registry) {
      const auto* folded = book.find(d.id);
      if (!folded || !(*folded == d))
        say("P8", "the registry's dossier " + law::to_text(d.id).substr(0, 8) + " is not that of the journal");
      check_both_sides(book, d);
      for (const auto& due : law::dues_of(d, world::settings()))
        if (law::takes_effect(due.rule) && law::acts_from(due.last_day) < seen_.today)
          say("P6", "a term of " + law::to_text(due.last_day) + " has not taken effect");
    }
  }

  void check_both_sides(const law::demand_book& book, const law::dossier& d) {
    for (const auto& k : d.candidacies) {
      const auto* v = book.find(k.vacancy);
      const auto* other = v ? v->find(k.id) : nullptr;
      if (!other || other->step != k.step || other->closed.has_value() != k.closed.has_value() || other->rank != k.rank)
        say("P8", "the two sides of a candidacy of dossier " + law::to_text(d.id).substr(0, 8) + " differ");
    }
  }

  // -- P4 -----------------------------------------------------------------------------------------------------------

  /// Each lease that stands is charged once, on the contingent that its decision named.
  void check_charges() {
    if (!seen_.contingents)
      return say("P4", "the allocator does not say what is charged");
    std::map<law::charge_account, std::uint32_t> expected;
    std::map<law::candidacy_id, std::pair<law::charge_account, bool>> standing;
    for (const auto& [subject, timeline] : subjects_) {
      const auto* opened = as<law::vacancy_opened>(*timeline.front());
      if (!opened)
        continue;
      auto bailleur = timeline.front()->record->originator.legal_person();
      for (const auto* entry : timeline)
        if (const auto* moved = as<law::candidacy_moved>(*entry)) {
          bool lease = moved->step == law::candidacy_step::lease_signed && !moved->closed;
          auto& now = standing[moved->candidacy];
          if (lease && !now.second)
            now.first = {moved->charged_on->convention, bailleur, moved->charged_on->contingent,
                         static_cast<int>(entry->record->occurred_on.year())};
          now.second = lease;
        }
    }
    for (const auto& [candidacy, account] : standing)
      if (account.second)
        ++expected[account.first];
    for (const auto& [account, sums] : seen_.contingents->ledger()) {
      auto wanted = expected.find(account);
      if (sums.confirmed != (wanted == expected.end() ? 0 : wanted->second))
        say("P4", "a contingent is charged " + std::to_string(sums.confirmed) + " leases");
      if (wanted != expected.end())
        expected.erase(wanted);
    }
    if (!expected.empty())
      say("P4", "a lease is charged on no contingent");
  }

  // -- documents ----------------------------------------------------------------------------------------------------

  /// Every document that an entry names has its file, and no other file is left: not after an erasure, not after a
  /// crash between file and entry.
  void check_documents() {
    std::set<law::document_id> named;
    for (const auto& entry : seen_.at_last)
      if (const auto* filed = as<law::document_filed>(entry))
        named.insert(filed->document);
    std::set<law::document_id> there{seen_.vault.begin(), seen_.vault.end()};
    for (auto id : named)
      if (!there.contains(id))
        say("documents", "a document that an entry names is gone");
    if (there.size() > named.size())
      say("documents", std::to_string(there.size() - named.size()) + " files are left that no entry names");
  }

  const evidence& seen_;
  by_subject subjects_;
  std::vector<fault> faults_;
};

} // namespace

std::vector<fault> check_chain(world& w) {
  auto rows = w.open_rows();
  auto keys = w.node().keys()->of(world::stream());
  auto report = journal::verify_stream(*rows, world::stream(), {}, keys.get(), {});
  std::vector<fault> faults;
  for (const auto& found : report.faults)
    faults.push_back({"P2", at(found.seq) + ": " + found.what});
  return faults;
}

std::vector<fault> check_entries(const evidence& seen) { return checking{seen}.run(); }

// -- P5 -------------------------------------------------------------------------------------------------------------

bool may_be_read(const cast& c, const read_request& asked, const law::dossier* d, bool code_valid) {
  bool consultations = std::holds_alternative<read_consultations>(asked.what);
  if (asked.by.own_dossier)
    return d && d->id == *asked.by.own_dossier;
  if (!asked.purpose)
    return false;
  bool shared = *asked.purpose == law::purpose::shared_management;
  auto who = asked.by.legal_person.legal_person();
  auto names = [&](const char* code) {
    return !d || std::ranges::find(d->communes, commune(code)) != d->communes.end();
  };
  if (consultations)
    return who == c.gestionnaire.siren;
  if (who == c.gestionnaire.siren || who == c.state.siren || who == c.pdalhpd.siren || who == c.action_logement.siren)
    return true;
  if (who == c.desk.siren || who == c.bailleur.siren || who == c.other_bailleur.siren)
    return shared;
  if (who == c.narrow_desk.siren)
    return shared && names("93001");
  if (who == c.collectivite.siren)
    return names("93066");
  if (who == c.lieu_accueil.siren)
    return !shared && d && code_valid;
  return false;
}

} // namespace toit::simulation
