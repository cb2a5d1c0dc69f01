#include "law/dispositif.hpp"

#include "law/find_in.hpp"

#include <utility>

namespace toit::law {

// -- the state ------------------------------------------------------------------------------------------------------

namespace {

bool serves(const existence_facts& known) { return known.in_service_on || known.adhered_on; }

/// What serves is the last that began to.
service_form form_of(const existence_facts& known) {
  return known.adhered_on >= known.in_service_on ? service_form::adhered : service_form::own;
}

bool conforming(const existence_facts& known) { return known.conformity && known.conformity->conforming(); }

} // namespace

/// Where no EPCI owes a dispositif, none of what it may have begun makes it owe one. Of whom nothing was heard nothing
/// is missing, but for what the prefect has found knowing that.
// [L441-2-7-1-1a] [L441-2-7-2-1] [L441-2-7-4-1] [L441-2-7-4-4]
existence existence_of(const existence_facts& known) {
  using enum dispositif_state;
  auto form = serves(known) ? std::optional{form_of(known)} : std::nullopt;
  if (prevailing(known.substitution, known.substitution_elsewhere) == act_standing::in_force)
    return {in_service, service_form::by_prefect};
  if (serves(known) && conforming(known))
    return {in_service, form};
  if (known.unheard && !known.found_unheard)
    return {unknown, {}};
  if (known.concern == concern::no)
    return {absence, form};
  if (known.carence_on)
    return {carence, form};
  if (serves(known))
    return {non_conforming, form};
  if (known.begun_on)
    return {own_building, {}};
  return {known.concern == concern::yes ? obligated : unknown, {}};
}

namespace {

std::unexpected<refusal> not_conforming(const conformity& found) {
  if (found.regional_missing)
    return refuse(refusal_code::not_conform, "L441-2-7-2-2",
                  "Aucun cahier des charges régional n'est en vigueur : la conformité ne peut être établie.");
  auto refused = refuse(refusal_code::not_conform, "R441-2-15-IV",
                        "Un point demandé à tout dispositif n'est pas rempli, ou n'a pas été vérifié.");
  refused.error().path = (found.not_met.empty() ? found.unknown : found.not_met).front().str();
  return refused;
}

} // namespace

// [L441-2-7-1-1a]
check may_begin(const existence_facts& known) {
  if (known.concern == concern::no)
    return refuse(refusal_code::not_concerned, "L441-2-7-1-1a",
                  "Ce territoire n'est pas de ceux qui doivent un dispositif.");
  if (known.begun_on || serves(known))
    return refuse(refusal_code::bad_order, "L441-2-7-1-1a", "Un dispositif est déjà engagé ou en service.");
  return {};
}

/// Declared again when it no longer conformed: that is its cure. Who has joined another one leaves it first.
// [L441-2-7-1-1a] [L441-2-7-2-2]
check may_put_in_service(const existence_facts& known, const conformity& found, civil_date day) {
  if (!known.begun_on)
    return refuse(refusal_code::bad_order, "L441-2-7-1-1a", "La création de ce dispositif n'a pas été engagée.");
  if (day < std::max(*known.begun_on, known.in_service_on.value_or(*known.begun_on)))
    return refuse_field(refusal_code::bad_date, "L441-2-7-1-1a", "La mise en service précède ce qu'elle suppose.",
                        "occurred_on");
  if (!found.conforming())
    return not_conforming(found);
  if (known.in_service_on && conforming(known))
    return refuse(refusal_code::duplicate, "L441-2-7-1-1a", "Ce dispositif est déjà en service.");
  return {};
}

// [L441-2-7-2-1] [R441-2-15-IV]
check may_adhere(const existence_facts& known, const std::optional<conformity>& host) {
  if (known.concern == concern::no)
    return refuse(refusal_code::not_concerned, "L441-2-7-1-1a",
                  "Ce territoire n'est pas de ceux qui doivent un dispositif.");
  if (known.adhered_on)
    return refuse(refusal_code::bad_order, "L441-2-7-2-1", "Le territoire a déjà adhéré à un dispositif.");
  if (!host)
    return refuse_field(refusal_code::not_conform, "R441-2-15-IV",
                        "Le préfet compétent n'a pas examiné ce dispositif parmi ceux auxquels on peut adhérer.",
                        "host");
  if (!host->conforming())
    return not_conforming(*host);
  return {};
}

// [L441-2-7-2-1]
check may_leave(const existence_facts& known, civil_date day) {
  if (!known.adhered_on)
    return refuse(refusal_code::bad_order, "L441-2-7-2-1", "Le territoire n'a adhéré à aucun dispositif.");
  if (day < *known.adhered_on)
    return refuse_field(refusal_code::bad_date, "L441-2-7-2-1", "La sortie précède l'adhésion.", "occurred_on");
  return {};
}

namespace {

/// That nothing has come is no news by itself; that a node never spoke at all may be the plainest carence, and is the
/// prefect's to say.
check heard_or_said(const existence_facts& known, bool nothing_heard) {
  if (nothing_heard && !known.unheard)
    return refuse_field(refusal_code::bad_order, "L441-2-7-4-1",
                        "Le journal de ce territoire a été reçu, ou aucun nœud ne le tient.", "nothing_heard");
  if (known.unheard && !nothing_heard && !known.found_unheard)
    return refuse(refusal_code::bad_order, "L441-2-7-4-1",
                  "Rien du journal de ce territoire n'a encore été reçu. Si son nœud n'a jamais rien transmis, le "
                  "constat le dit (nothing_heard).");
  return {};
}

} // namespace

/// The prefect's to find, and only where something is owed and missing: a conforming dispositif in service bars it.
// [L441-2-7-4-1] [L441-2-7-4-3]
check may_find_carence(const existence_facts& known, std::optional<civil_date> due_on, bool nothing_heard,
                       civil_date day) {
  if (known.concern == concern::no)
    return refuse(refusal_code::not_concerned, "L441-2-7-4-4",
                  "Sans EPCI tenu au dispositif, c'est l'absence qui fonde la substitution.");
  if (known.concern == concern::unknown)
    return refuse(refusal_code::bad_order, "L441-2-7-1-1a", "Personne n'a noté si ce territoire est concerné.");
  if (auto ok = heard_or_said(known, nothing_heard); !ok)
    return ok;
  using enum dispositif_state;
  auto as_known = known;
  as_known.unheard = false;
  auto now = existence_of(as_known).state;
  if (now == carence)
    return refuse(refusal_code::duplicate, "L441-2-7-4-1", "La carence est déjà constatée.");
  if (now != obligated && now != own_building && now != non_conforming)
    return refuse(refusal_code::bad_order, "L441-2-7-4-1", "Un dispositif conforme est en service.");
  if (due_on && day <= *due_on && now != non_conforming)
    return refuse_until(refusal_code::too_early, "L441-2-7-4-1", "Le calendrier n'est pas passé.", acts_from(*due_on));
  return {};
}

// [L441-2-7-4-1] [L441-2-7-4-4]
check may_substitute(const existence_facts& known, substitution_ground ground, civil_date day) {
  if (known.substitution && alive(*known.substitution))
    return refuse(refusal_code::bad_order, "L441-2-7-4-1", "Un arrêté a déjà institué le dispositif de ce territoire.");
  if (known.substitution_elsewhere && alive(*known.substitution_elsewhere))
    return refuse(refusal_code::bad_order, "L441-2-7-4-1",
                  "L'arrêté d'un représentant de l'État qui était compétent auparavant institue le dispositif de ce "
                  "territoire, et n'a pas pris fin.");
  auto now = existence_of(known).state;
  if (now == dispositif_state::in_service)
    return refuse(refusal_code::bad_order, "L441-2-7-4-1", "Un dispositif conforme est en service.");
  if (ground == substitution_ground::carence && now != dispositif_state::carence)
    return refuse(refusal_code::bad_order, "L441-2-7-4-1", "Aucune carence n'est constatée.");
  if (ground == substitution_ground::carence && day < *known.carence_on)
    return refuse_field(refusal_code::bad_date, "L441-2-7-4-1", "L'arrêté précède le constat de la carence.",
                        "occurred_on");
  if (ground == substitution_ground::absence && now != dispositif_state::absence)
    return refuse(refusal_code::bad_order, "L441-2-7-4-4", "Il n'est pas noté qu'aucun EPCI n'est tenu au dispositif.");
  return {};
}

// -- what the territory records -------------------------------------------------------------------------------------

/// One for all of it, so that no two such decisions rest on the same facts.
subject_id subject_of_dispositif() {
  subject_id subject;
  subject.bytes[0] = 'd';
  return subject;
}

bool dispositif_book::folds(const event& happened) {
  return kind_of(happened).family == entry_family::territory &&
         kind_of(happened).number >= dispositif_begun::kind.number &&
         kind_of(happened).number <= dispositif_convention_answered::kind.number;
}

namespace {

/// Whether a carence is over is told by the last ones.
constexpr std::size_t terms_kept = 64;

} // namespace

void dispositif_book::end_term(civil_date on) {
  if (serving())
    terms_.back().until = on;
}

void dispositif_book::begin_term(service_term next) {
  end_term(next.since);
  if (terms_.size() == terms_kept)
    terms_.erase(terms_.begin());
  terms_.push_back(std::move(next));
}

const service_term* dispositif_book::serving() const {
  return terms_.empty() || terms_.back().until ? nullptr : &terms_.back();
}

const adhesion_decided* dispositif_book::adhesion() const {
  const auto* now = serving();
  return now && now->joined ? &*now->joined : nullptr;
}

/// What is joined takes the place of what one had, and the other way round. Whoever leaves what he had joined begins
/// again.
void dispositif_book::apply(subject_id subject, const record& happened, std::uint64_t seq) {
  if (!folds(happened.event))
    return;
  last_seqs_[subject] = seq;
  auto on = happened.occurred_on;
  if (std::holds_alternative<dispositif_begun>(happened.event)) {
    begun_on_ = on;
  } else if (const auto* served = std::get_if<dispositif_put_in_service>(&happened.event)) {
    begin_term({{}, {served->findings.begin(), served->findings.end()}, on, seq, {}});
  } else if (const auto* decided = std::get_if<adhesion_decided>(&happened.event)) {
    begun_on_.reset();
    begin_term({*decided, {}, on, seq, {}});
  } else if (std::holds_alternative<adhesion_left>(happened.event)) {
    if (adhesion())
      end_term(on);
  } else if (const auto* proposed = std::get_if<dispositif_convention_proposed>(&happened.event)) {
    convention_file file{proposed->convention, on, {}};
    for (const auto& share : proposed->convention.shares)
      file.positions.emplace(share.party, party_position{party_state::proposed, on});
    conventions_.insert_or_assign(proposed->convention.id, std::move(file));
    current_ = proposed->convention.id;
  } else if (const auto* answered = std::get_if<dispositif_convention_answered>(&happened.event)) {
    if (auto* file = find_in(conventions_, answered->convention))
      law::apply(*file, *answered, on, seq, happened.introducer != happened.originator);
  }
}

std::uint64_t dispositif_book::last_seq(subject_id subject) const {
  const auto* seq = find_in(last_seqs_, subject);
  return seq ? *seq : 0;
}

const convention_file* dispositif_book::find(convention_id id) const { return find_in(conventions_, id); }

const convention_file* dispositif_book::current() const { return current_ ? find(*current_) : nullptr; }

existence_facts dispositif_book::existing(std::span<const checklist> regional, bool ile_de_france,
                                          civil_date day) const {
  existence_facts known;
  known.begun_on = begun_on_;
  const auto* now = serving();
  if (!now)
    return known;
  (now->joined ? known.adhered_on : known.in_service_on) = now->since;
  if (!now->joined)
    known.conformity = assess(regional, ile_de_france, day, now->declared);
  return known;
}

namespace {

struct dispositif_rules {
  const dispositif_book& book;
  const command& asked;
  const facts& known;

  /// What this stream says alone, where nobody has added what a prefect's says.
  existence_facts existing() const {
    if (known.existing)
      return *known.existing;
    return book.existing(known.regional_checklists, known.ile_de_france, known.today);
  }

  decision recorded(check allowed, event happened, operation what = operation::introduced) const {
    if (!allowed)
      return std::unexpected{allowed.error()};
    return outcome{{{subject_of_dispositif(), std::move(happened), what, {}}}, {}, asked.occurred_on, asked.originator};
  }

  check check_source(const text<200>& source) const {
    if (source.empty())
      return refuse_field(refusal_code::missing_field, "L441-2-7-1-1a", "La délibération n'est pas citée.", "source");
    return {};
  }

  decision operator()(const dispositif_begun& e) const {
    auto ok = check_source(e.source);
    return recorded(ok ? may_begin(existing()) : ok, e);
  }

  decision operator()(const dispositif_put_in_service& e) const {
    auto found = assess(known.regional_checklists, known.ile_de_france, asked.occurred_on, e.findings);
    return recorded(may_put_in_service(existing(), found, asked.occurred_on), e);
  }

  decision operator()(const adhesion_decided& e) const {
    if (auto ok = check_source(e.source); !ok)
      return std::unexpected{ok.error()};
    return recorded(may_adhere(existing(), known.host_conformity), e);
  }

  decision operator()(const adhesion_left& e) const {
    auto ok = check_source(e.source);
    return recorded(ok ? may_leave(existing(), asked.occurred_on) : ok, e, operation::suppressed);
  }

  decision operator()(const dispositif_convention_proposed& e) const {
    auto proposed = e;
    proposed.convention.id = id_of<convention_id>(known.fresh_ids[0]);
    // A late one brings its own: what parties have answered to another text is not said of it.
    if (book.find(proposed.convention.id))
      return refuse(refusal_code::duplicate, "L441-2-7-3-1", "Une convention porte déjà cet identifiant.");
    return recorded(check_convention(e.convention, known.parties), proposed);
  }

  /// A party answers for itself; its letter may be entered by who keeps the dispositif, in its name.
  // [L441-2-7-3-2]
  decision operator()(const dispositif_convention_answered& e) const {
    const auto* file = book.find(e.convention);
    if (!file)
      return refuse_field(refusal_code::unknown_subject, "L441-2-7-3-1", "Cette convention n'existe pas.",
                          "convention");
    if (asked.originator != party{e.party})
      return refuse_field(refusal_code::not_originator, "L441-2-7-3-2", "Une partie répond pour elle-même.", "party");
    if (e.document == bytes32{})
      return refuse_field(refusal_code::missing_field, "L441-2-7-3-1", "La réponse elle-même n'est pas citée.",
                          "document");
    auto is_it = std::ranges::find(known.parties, e.party, &dispositif_party::legal_person);
    bool counts = is_it != known.parties.end() && is_it->has_reservations_or_stock;
    bool own = asked.introducer == asked.originator;
    auto answered = e;
    answered.opens_arrete = e.answer == convention_answer::refused && counts;
    return recorded(check_answer(*file, e, counts, own, asked.occurred_on), answered, operation::modified);
  }

  decision operator()(const auto&) const {
    return refuse(refusal_code::bad_order, "L441-2-7-1-1a", "Cet événement n'est pas de ceux du dispositif.");
  }
};

} // namespace

// [L441-2-7-1-1a] [L441-2-7-3-1]
decision decide(const dispositif_book& book, const settings&, const command& asked, const facts& known) {
  const auto* kind = kind_asked(asked);
  if (asked.originator.is_demandeur())
    return refuse(refusal_code::not_originator, "L441-2-7-1-1a", "Le dispositif n'est pas l'affaire d'un demandeur.");
  if (!kind || std::ranges::none_of(known.capacities, [&](const capacity& c) { return kind->who.admits(c.quality); }))
    return refuse(kind ? kind->otherwise : refusal_code::not_empowered, "L441-2-7-1-1a",
                  "Cette personne morale n'a pas de qualité pour cela dans le territoire.");
  if (!asked.occurred_on.ok() || asked.occurred_on > known.today)
    return refuse_field(refusal_code::bad_date, "R441-2-15-I-0-2", "La date de survenance est dans le futur.",
                        "occurred_on");
  return std::visit(dispositif_rules{book, asked, known}, std::get<event>(asked.asked));
}

std::vector<subject_id> subjects_of(const dispositif_book&, const command&) { return {subject_of_dispositif()}; }

} // namespace toit::law
