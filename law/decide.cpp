#include "law/deliberation.hpp"

#include <algorithm>

namespace toit::law {

bool reach::covers(commune_code where) const {
  return everywhere || std::ranges::find(scope, where) != scope.end() ||
         std::ranges::find(departements, departement_of(where)) != departements.end();
}

bool reach::covers(const wished_communes& wished) const {
  return everywhere || std::ranges::any_of(wished, [&](commune_code c) { return covers(c); });
}

namespace {

template <class T, std::size_t Max>
void add_new(list<T, Max>& known, const list<T, Max>& more) {
  for (const auto& item : more)
    if (std::ranges::find(known, item) == known.end())
      known.push_back(item);
}

} // namespace

void reach::widen(const reach& other) {
  everywhere = everywhere || other.everywhere;
  add_new(scope, other.scope);
  add_new(departements, other.departements);
}

const dossier& deliberation::the_dossier() const {
  const auto* d = book.find(id_of<dossier_id>(asked.target));
  require(d, "a rule about a dossier runs after the check that it is there");
  return *d;
}

const vacancy& deliberation::the_vacancy() const {
  const auto* v = book.find(id_of<vacancy_id>(asked.target));
  require(v, "a rule about a vacancy runs after the check that it is there");
  return *v;
}

const caleol_session& deliberation::the_session() const {
  const auto* s = book.find(id_of<session_id>(asked.target));
  require(s, "a rule about a session runs after the check that it is there");
  return *s;
}

bool deliberation::has_quality(quality q) const {
  return std::ranges::any_of(facts.capacities, [&](const capacity& c) { return c.quality == q; });
}

outcome deliberation::record(law::event happened) const {
  auto out = start();
  out.entries.push_back({asked.target, std::move(happened), operation::introduced, {}});
  return out;
}

namespace {

// -- what each event asks of the demande ----------------------------------------------------------------------------

/// Which demandes an event may be recorded on.
enum class needs {
  active,    ///< in its year of validity
  living,    ///< not radiated: decisions about the demande itself
  late_fact, ///< not radiated, or radiated after the event: a fact recorded late is accepted (docs/readings.md, 1)
  any,       ///< the rule itself looks
};

template <class Event, class... Others>
constexpr bool one_of = (std::same_as<Event, Others> || ...);

template <class Event>
constexpr needs needs_of() {
  if constexpr (one_of<Event, designated, renewal_notice_sent>)
    return needs::active;
  else if constexpr (one_of<Event, radiated, radiation_warning_sent, merged, seniority_transferred>)
    return needs::living;
  else if constexpr (one_of<Event, renewed, warning_answered, reactivated, lease_signed, lease_corrected,
                            offer_accepted, consultation_authorised, applicant_account_opened, applicant_password_set,
                            applicant_account_closed>)
    return needs::any;
  else
    return needs::late_fact;
}

/// E04, E06 and E28 may bear a date before the reception of the demande: an older document, an earlier decision, the
/// seniority of another demande.
template <class Event>
constexpr bool may_precede_reception = std::same_as<Event, document_filed> || std::same_as<Event, dalo_recognised> ||
                                       std::same_as<Event, seniority_transferred>;

enum class target { dossier, vacancy, session, created };

template <class Event>
constexpr target target_of() {
  using std::same_as;
  if constexpr (same_as<Event, demande_registered> || same_as<Event, dwelling_registered> ||
                same_as<Event, vacancy_opened> || same_as<Event, session_scheduled>)
    return target::created;
  else if constexpr (Event::kind.number < dwelling_registered::kind.number)
    return target::dossier;
  else if constexpr (same_as<Event, vacancy_withdrawn>)
    return target::vacancy;
  else
    return target::session;
}

// -- common checks --------------------------------------------------------------------------------------------------

check refuse_by_kind(const entry_kind& kind) {
  return std::unexpected{refusal{kind.otherwise,
                                 std::string{kind.article},
                                 kind.otherwise == refusal_code::not_empowered
                                     ? "Cette personne morale n'est pas habilitée à enregistrer cette information."
                                     : "Une information est enregistrée par la personne morale qui est à l'origine de "
                                       "l'événement : celle-ci n'en a pas la qualité.",
                                 {},
                                 {}}};
}

// [R441-2-15-I-9]
check check_originator(const deliberation& on, const entry_kind& kind) {
  if (on.asked.originator.is_demandeur()) {
    // The demandeur acts by himself on his own file, or through who registers demandes, at his request.
    bool by_himself = on.asked.introducer.is_demandeur() && on.facts.own_dossier;
    bool through_desk = !on.asked.introducer.is_demandeur() &&
                        (on.has_quality(quality::service_enregistreur) || on.has_quality(quality::gestionnaire));
    if (kind.who.admits_demandeur() && (by_himself || through_desk))
      return {};
    return refuse_by_kind(kind);
  }
  if (std::ranges::none_of(on.facts.capacities, [&](const capacity& c) { return kind.who.admits(c.quality); }))
    return refuse_by_kind(kind);
  return {};
}

// [R441-2-15-V-2-3]
check check_scope(const deliberation& on, const entry_kind& kind, const dossier& d) {
  if (on.asked.originator.is_demandeur())
    return {};
  bool covered = std::ranges::any_of(
      on.facts.capacities, [&](const capacity& c) { return kind.who.admits(c.quality) && c.covers(d.communes); });
  if (!covered)
    return refuse(refusal_code::out_of_scope, "R441-2-15-V-2-3",
                  "La demande ne porte sur aucune commune où cette personne morale a compétence.");
  return {};
}

/// What the demandeur does himself happens when he does it: no date of his own brings back a term that has passed
/// (docs/readings.md, 29).
// [R441-2-15-I-0-2] [R441-2-15-I-9]
check check_day(const deliberation& on) {
  if (!on.day().ok())
    return refuse_field(refusal_code::bad_date, "R441-2-15-I-0-2", "La date de survenance n'existe pas.",
                        "occurred_on");
  if (on.day() > on.facts.today)
    return refuse_field(refusal_code::bad_date, "R441-2-15-I-0-2",
                        "La date de survenance est dans le futur : un événement s'enregistre quand il est survenu.",
                        "occurred_on");
  if (on.asked.introducer.is_demandeur() && on.day() != on.facts.today)
    return refuse_field(refusal_code::bad_date, "R441-2-15-I-9",
                        "Ce que le demandeur enregistre lui-même survient le jour où il l'enregistre.", "occurred_on");
  return {};
}

bool is_whole(const demand_book& book, const candidacy& c) {
  const auto* v = book.find(c.vacancy);
  bool has_sides = v && v->find(c.id) && book.find(v->dwelling);
  bool is_decided = c.decided_on || !(in_favour(c.step) || c.condition_pending);
  bool is_offered = c.reply_by || !(c.step == candidacy_step::accepted || c.refused_by_silence);
  bool is_held = c.step != candidacy_step::examined || book.find(c.session);
  return has_sides && is_decided && is_offered && is_held && (!c.condition_pending || c.piece_due);
}

check refuse_inactive(const dossier& d) {
  return d.status == demande_status::expired
             ? refuse(refusal_code::demande_inactive, "R441-2-7",
                      "La demande a expiré : elle doit d'abord être renouvelée.")
             : refuse(refusal_code::demande_inactive, "R441-2-8", "La demande est radiée.");
}

template <class Event>
check check_demande(const deliberation& on, const dossier& d) {
  if (!may_precede_reception<Event> && on.day() < d.reception)
    return refuse_field(refusal_code::bad_date, "R441-2-15-I-0-2",
                        "La date de survenance précède la réception de la demande.", "occurred_on");
  constexpr auto needed = needs_of<Event>();
  bool radiated = d.status == demande_status::radiated;
  if constexpr (needed == needs::active) {
    if (d.status != demande_status::active)
      return refuse_inactive(d);
  } else if constexpr (needed == needs::living) {
    if (radiated)
      return refuse_inactive(d);
  } else if constexpr (needed == needs::late_fact) {
    if (radiated && on.day() > d.radiation->on)
      return refuse_inactive(d);
  }
  return {};
}

/// Kinds that may follow each other for ever without anything moving on.
template <class Event>
constexpr bool told_without_end =
    std::same_as<Event, demande_changed> || std::same_as<Event, rectified> || std::same_as<Event, processing_event> ||
    std::same_as<Event, documents_requested> || std::same_as<Event, visit_proposed> ||
    std::same_as<Event, visit_made> || std::same_as<Event, consultation_authorised> ||
    std::same_as<Event, contingent_eligibility> || std::same_as<Event, applicant_password_set>;

template <class Event>
check check_target(const deliberation& on) {
  constexpr auto about = target_of<Event>();
  if constexpr (about == target::dossier) {
    const auto* d = on.book.find(id_of<dossier_id>(on.asked.target));
    if (!d)
      return refuse(refusal_code::unknown_demande, "L441-2-1", "Aucune demande n'a ce numéro dans ce territoire.");
    if (auto scope = check_scope(on, Event::kind, *d); !scope)
      return scope;
    if (auto whole = check_whole(on.book, *d); !whole)
      return whole;
    if (told_without_end<Event> && d->entry_count.value >= entries_of_a_dossier_most)
      return refuse(refusal_code::too_large, "L441-2-1", "Ce dossier ne peut plus recevoir d'événement.");
    return check_demande<Event>(on, *d);
  } else if constexpr (about == target::vacancy) {
    if (!on.book.find(id_of<vacancy_id>(on.asked.target)))
      return refuse(refusal_code::unknown_subject, "R441-2-15-I-4b", "Ce logement à attribuer n'existe pas.");
  } else if constexpr (about == target::session) {
    if (!on.book.find(id_of<session_id>(on.asked.target)))
      return refuse(refusal_code::unknown_subject, "R441-2-15-I-4c", "Cette séance n'existe pas.");
  }
  return {};
}

/// A rule of its own, or the event as it stands.
template <class Event>
decision apply_rule(const deliberation& on, const Event& asked) {
  if constexpr (requires { rule(on, asked); })
    return rule(on, asked);
  else
    return on.record(asked);
}

template <class Event>
decision decide_event(const deliberation& on, const Event& asked) {
  if constexpr (Event::kind.family != entry_family::dossier) {
    return refuse(refusal_code::bad_order, "R441-2-15-I-10", "Cet événement ne se rapporte pas à une demande.");
  } else {
    if (Event::kind.who.only_consequence())
      return refuse(refusal_code::not_empowered, "R441-2-15-I-9",
                    "Cet événement découle d'un autre : il ne s'enregistre pas seul.");
    if (auto ok = check_day(on); !ok)
      return std::unexpected{ok.error()};
    if (auto ok = check_originator(on, Event::kind); !ok)
      return std::unexpected{ok.error()};
    if (auto ok = check_target<Event>(on); !ok)
      return std::unexpected{ok.error()};
    return apply_rule(on, asked);
  }
}

/// Terms that begin anew run from the day on which that is known, whatever day the fact bears: nobody could act on what
/// was still closed (docs/readings.md, 31).
// [R441-10] [R441-2-7]
void note_when_known(outcome& out, civil_date today) {
  for (auto& drafted : out.entries)
    std::visit(
        [&](auto& happened) {
          if constexpr (requires { happened.known_on; })
            happened.known_on = today;
        },
        drafted.event);
}

} // namespace

const entry_kind* kind_asked(const command& asked) {
  const auto* happened = std::get_if<event>(&asked.asked);
  return happened ? &kind_of(*happened) : nullptr;
}

decision decide(const demand_book& book, const settings& s, const command& asked, const facts& known) {
  deliberation on{book, s, asked, known};
  if (const auto* due = std::get_if<due_reached>(&asked.asked))
    return rule(on, *due);
  auto answer = std::visit([&](const auto& e) { return decide_event(on, e); }, std::get<event>(asked.asked));
  if (answer)
    note_when_known(*answer, known.today);
  return answer;
}

// -- drafting -------------------------------------------------------------------------------------------------------

namespace {

bool runs(candidacy_step step) {
  using enum candidacy_step;
  return step != non_attributed && step != inadmissible && step != refused && step != condition_failed;
}

} // namespace

// [L441-2-7-4-1]
check check_whole(const demand_book& book, const dossier& d) {
  if (std::ranges::all_of(d.candidacies, [&](const candidacy& c) { return is_whole(book, c); }))
    return {};
  return refuse(refusal_code::conflict, "L441-2-7-4-1",
                "Le journal reçu de l'ancien nœud ne dit pas tout d'une candidature de cette demande.");
}

bool live(const candidacy& c) { return c.open() && runs(c.step); }
bool live(const candidate& c) { return !c.closed && runs(c.step); }

check by_bailleur(const deliberation& on, siren bailleur) {
  if (on.originator() != bailleur)
    return refuse(refusal_code::not_originator, "R441-2-15-I-9",
                  "Seul le bailleur du logement est à l'origine de cet événement.");
  return {};
}

std::expected<running, refusal> find_running(const deliberation& on, candidacy_id id) {
  const auto* c = on.the_dossier().find(id);
  const auto* v = c ? on.book.find(c->vacancy) : nullptr;
  if (!v)
    return refuse(refusal_code::unknown_subject, "R441-2-15-I-4b", "Cette demande n'a pas cette candidature.");
  if (!live(*c))
    return refuse(refusal_code::bad_order, "R441-2-15-I-4-0", "Cette candidature n'est plus en cours.");
  return running{*c, *v};
}

namespace {

candidacy_moved as_it_stands(const candidate& c) {
  candidacy_moved moved{c.candidacy, c.step, c.closed, c.rank, {}, c.charged_on};
  if (!c.session.empty())
    moved.session = c.session;
  return moved;
}

void draft(outcome& out, subject_id subject, event happened) {
  out.entries.push_back({subject, std::move(happened), operation::introduced, {}});
}

} // namespace

void close_candidacy(outcome& out, const dossier* d, const vacancy& v, candidacy_id id, closing_reason reason) {
  if (d)
    draft(out, subject_of(d->id), candidacy_closed{id, reason});
  if (const auto* c = v.find(id)) {
    auto moved = as_it_stands(*c);
    moved.closed = reason;
    draft(out, subject_of(v.id), moved);
  }
}

void move_candidate(outcome& out, const vacancy& v, candidacy_id id, candidacy_step step,
                    std::optional<imputation> charged_on) {
  const auto* c = v.find(id);
  require(c, "both sides of a candidacy exist together");
  auto moved = as_it_stands(*c);
  moved.step = step;
  moved.closed.reset();
  moved.charged_on = charged_on;
  draft(out, subject_of(v.id), moved);
}

void close_candidacies(outcome& out, const demand_book& book, const dossier& d, closing_reason reason,
                       candidacy_id except) {
  for (const auto& c : d.candidacies)
    if (c.id != except && live(c))
      close_candidacy(out, &d, *book.find(c.vacancy), c.id, reason);
}

void close_candidates(outcome& out, const demand_book& book, const vacancy& v, closing_reason reason,
                      candidacy_id except) {
  for (const auto& c : v.candidates)
    if (c.candidacy != except && live(c))
      close_candidacy(out, book.dossier_of(c.candidacy), v, c.candidacy, reason);
}

namespace {

/// Why the candidacies of a radiated demande are closed.
closing_reason reason_of(const radiation& r) {
  if (r.motive == radiation_motive::a_housed)
    return closing_reason::housed_elsewhere;
  return r.motive == radiation_motive::f_merged ? closing_reason::demande_merged : closing_reason::demande_radiated;
}

void restore_candidacy(outcome& out, const dossier& d, const vacancy& v, candidacy_id id) {
  draft(out, subject_of(d.id), candidacy_restored{id});
  auto moved = as_it_stands(*v.find(id));
  moved.closed.reset();
  draft(out, subject_of(v.id), moved);
}

} // namespace

void restore_candidacies(outcome& out, const demand_book& book, const dossier& d, closing_reason reason) {
  for (const auto& c : d.candidacies) {
    if (c.closed != reason || c.lapsed || !runs(c.step))
      continue;
    const auto& v = *book.find(c.vacancy);
    if (v.status == vacancy_status::open)
      restore_candidacy(out, d, v, c.id);
    else // A lease may be corrected in its turn: who lost the dwelling to it is told by that reason.
      close_candidacy(out, &d, v, c.id,
                      v.status == vacancy_status::let ? closing_reason::dwelling_let
                                                      : closing_reason::dwelling_no_longer_free);
  }
}

void restore_candidates(outcome& out, const demand_book& book, const vacancy& v) {
  for (const auto& c : v.candidates) {
    const auto* d = book.dossier_of(c.candidacy);
    if (c.closed != closing_reason::dwelling_let || !d)
      continue;
    if (d->status == demande_status::radiated)
      close_candidacy(out, d, v, c.candidacy, reason_of(*d->radiation));
    else
      restore_candidacy(out, *d, v, c.candidacy);
  }
}

// -- what must stand still ------------------------------------------------------------------------------------------

namespace {

/// The dossier, and every dwelling it is or was candidate for.
void add_dossier(std::set<subject_id>& subjects, const dossier& d) {
  subjects.insert(subject_of(d.id));
  for (const auto& c : d.candidacies)
    subjects.insert(subject_of(c.vacancy));
}

/// The vacancy, and every dossier that is or was candidate for it.
void add_vacancy(std::set<subject_id>& subjects, const demand_book& book, const vacancy& v) {
  subjects.insert(subject_of(v.id));
  for (const auto& c : v.candidates)
    if (const auto* d = book.dossier_of(c.candidacy))
      subjects.insert(subject_of(d->id));
}

/// A dwelling's number, as something that only one command at a time may hold.
subject_id subject_of(rpls_id number) {
  subject_id subject;
  subject.bytes[0] = 'r';
  std::ranges::copy(number.view(), subject.bytes.begin() + 1);
  return subject;
}

struct gathering {
  const demand_book& book;
  const command& asked;
  const facts& known;
  std::set<subject_id>& subjects;

  const dossier* target() const { return book.find(id_of<dossier_id>(asked.target)); }

  void candidacy_vacancy(candidacy_id id) const {
    const auto* d = target();
    const auto* c = d ? d->find(id) : nullptr;
    if (c)
      subjects.insert(subject_of(c->vacancy));
    if (c && !c->session.empty())
      subjects.insert(subject_of(c->session));
  }
  /// Both directions: the target's candidacies, their dwellings, and who else is candidate for the one named.
  void everyone_around(candidacy_id id) const {
    const auto* d = target();
    if (!d)
      return;
    add_dossier(subjects, *d);
    const auto* c = d->find(id);
    const auto* v = c ? book.find(c->vacancy) : nullptr;
    if (!v)
      return;
    for (const auto& other : v->candidates)
      if (const auto* candidate = book.dossier_of(other.candidacy))
        add_dossier(subjects, *candidate);
  }
  void whole_target() const {
    if (const auto* d = target())
      add_dossier(subjects, *d);
  }

  void operator()(const designated& e) const { subjects.insert(subject_of(e.vacancy)); }
  void operator()(const visit_proposed& e) const { subjects.insert(subject_of(e.vacancy)); }
  void operator()(const visit_made& e) const { subjects.insert(subject_of(e.vacancy)); }
  void operator()(const agenda_entered& e) const {
    candidacy_vacancy(e.candidacy);
    subjects.insert(subject_of(e.session));
  }
  void operator()(const lease_signed& e) const { everyone_around(e.candidacy); }
  void operator()(const lease_corrected& e) const { everyone_around(e.candidacy); }
  void operator()(const radiated&) const { whole_target(); }
  void operator()(const renewed&) const { whole_target(); }
  void operator()(const warning_answered&) const { whole_target(); }
  void operator()(const reactivated&) const { whole_target(); }
  void operator()(const merged&) const {
    whole_target();
    for (auto id : known.named_demandes)
      if (const auto* d = book.find(id))
        add_dossier(subjects, *d);
  }
  void operator()(const seniority_transferred&) const {
    for (auto id : known.named_demandes)
      subjects.insert(subject_of(id));
  }
  void operator()(const dwelling_registered& e) const { subjects.insert(subject_of(e.rpls)); }
  void operator()(const vacancy_opened& e) const {
    subjects.insert(subject_of(e.dwelling));
    // A correction of its lease would make the one before free again.
    if (const auto* before = book.latest_vacancy_of(e.dwelling))
      subjects.insert(subject_of(before->id));
  }
  void operator()(const vacancy_withdrawn&) const {
    if (const auto* v = book.find(id_of<vacancy_id>(asked.target)))
      add_vacancy(subjects, book, *v);
  }
  void operator()(const session_opened&) const {
    for (auto id : book.agenda_of(id_of<session_id>(asked.target)))
      subjects.insert(subject_of(id));
  }
  void operator()(const auto& e) const {
    if constexpr (requires { e.candidacy; })
      candidacy_vacancy(e.candidacy);
  }
};

} // namespace

std::vector<subject_id> subjects_of(const demand_book& book, const command& asked, const facts& known) {
  std::set<subject_id> subjects;
  if (!asked.target.empty())
    subjects.insert(asked.target);
  gathering gather{book, asked, known, subjects};
  if (std::holds_alternative<due_reached>(asked.asked))
    gather.whole_target();
  else
    std::visit(gather, std::get<event>(asked.asked));
  return {subjects.begin(), subjects.end()};
}

} // namespace toit::law
