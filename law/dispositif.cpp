#include "law/dispositif.hpp"

#include "law/find_in.hpp"

#include <utility>

namespace toit::law {

// -- the state ------------------------------------------------------------------------------------------------------

namespace {

bool serves(const existence_facts& known) { return known.in_service_on || known.adhered_on; }

civil_date served_since(const existence_facts& known) { return *std::max(known.in_service_on, known.adhered_on); }

/// What serves is the last that began to.
service_form form_of(const existence_facts& known) {
  return known.adhered_on >= known.in_service_on ? service_form::adhered : service_form::own;
}

bool conforming(const existence_facts& known) { return known.conformity && known.conformity->conforming(); }

/// A carence found before what serves began to serve is over.
bool carence_stands(const existence_facts& known) {
  return known.carence_on && !(serves(known) && *known.carence_on < served_since(known));
}

} // namespace

// [L441-2-7-1-1a] [L441-2-7-2-1] [L441-2-7-4-1] [L441-2-7-4-4]
existence existence_of(const existence_facts& known) {
  using enum dispositif_state;
  if (known.substitution == act_standing::in_force)
    return {in_service, service_form::by_prefect};
  if (serves(known) && conforming(known))
    return {in_service, form_of(known)};
  if (carence_stands(known))
    return {carence, serves(known) ? std::optional{form_of(known)} : std::nullopt};
  if (serves(known))
    return {non_conforming, form_of(known)};
  if (known.begun_on)
    return {own_building, {}};
  return {known.concern == concern::yes ? obligated : known.concern == concern::no ? absence : unknown, {}};
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

/// Declared again when it no longer conformed: that is its cure.
// [L441-2-7-1-1a] [L441-2-7-2-2]
check may_put_in_service(const existence_facts& known, const conformity& found) {
  if (!known.begun_on)
    return refuse(refusal_code::bad_order, "L441-2-7-1-1a", "La création de ce dispositif n'a pas été engagée.");
  if (!found.conforming())
    return not_conforming(found);
  if (known.in_service_on && form_of(known) == service_form::own && conforming(known))
    return refuse(refusal_code::duplicate, "L441-2-7-1-1a", "Ce dispositif est déjà en service.");
  return {};
}

// [L441-2-7-2-1] [R441-2-15-IV]
check may_adhere(const existence_facts& known, const conformity& host) {
  if (known.concern == concern::no)
    return refuse(refusal_code::not_concerned, "L441-2-7-1-1a",
                  "Ce territoire n'est pas de ceux qui doivent un dispositif.");
  if (known.adhered_on)
    return refuse(refusal_code::bad_order, "L441-2-7-2-1", "Le territoire a déjà adhéré à un dispositif.");
  if (!host.conforming())
    return not_conforming(host);
  return {};
}

// [L441-2-7-2-1]
check may_leave(const existence_facts& known) {
  if (!known.adhered_on)
    return refuse(refusal_code::bad_order, "L441-2-7-2-1", "Le territoire n'a adhéré à aucun dispositif.");
  return {};
}

/// The prefect's to find, and only where something is owed and missing: a conforming dispositif in service bars it.
// [L441-2-7-4-1] [L441-2-7-4-3]
check may_find_carence(const existence_facts& known, std::optional<civil_date> due_on, civil_date day) {
  if (known.concern == concern::no)
    return refuse(refusal_code::not_concerned, "L441-2-7-4-4",
                  "Sans EPCI tenu au dispositif, c'est l'absence qui fonde la substitution.");
  if (known.concern == concern::unknown)
    return refuse(refusal_code::bad_order, "L441-2-7-1-1a", "Personne n'a noté si ce territoire est concerné.");
  using enum dispositif_state;
  auto now = existence_of(known).state;
  if (now == carence)
    return refuse(refusal_code::duplicate, "L441-2-7-4-1", "La carence est déjà constatée.");
  if (now != obligated && now != own_building && now != non_conforming)
    return refuse(refusal_code::bad_order, "L441-2-7-4-1", "Un dispositif conforme est en service.");
  if (due_on && day <= *due_on && now != non_conforming)
    return refuse_until(refusal_code::too_early, "L441-2-7-4-1", "Le calendrier n'est pas passé.", acts_from(*due_on));
  return {};
}

// [L441-2-7-4-1] [L441-2-7-4-4]
check may_substitute(const existence_facts& known, substitution_ground ground) {
  if (known.substitution && alive(*known.substitution))
    return refuse(refusal_code::bad_order, "L441-2-7-4-1", "Un arrêté a déjà institué le dispositif de ce territoire.");
  auto now = existence_of(known).state;
  if (now == dispositif_state::in_service)
    return refuse(refusal_code::bad_order, "L441-2-7-4-1", "Un dispositif conforme est en service.");
  if (ground == substitution_ground::carence && now != dispositif_state::carence)
    return refuse(refusal_code::bad_order, "L441-2-7-4-1", "Aucune carence n'est constatée.");
  if (ground == substitution_ground::absence && now != dispositif_state::absence)
    return refuse(refusal_code::bad_order, "L441-2-7-4-4", "Un EPCI de ce territoire est tenu au dispositif.");
  return {};
}

// -- what the territory records -------------------------------------------------------------------------------------

/// One for all of it, so that no two such decisions rest on the same facts.
subject_id subject_of_dispositif() {
  subject_id subject;
  subject.bytes[0] = 'd';
  return subject;
}

void dispositif_book::apply(subject_id subject, const record& happened, std::uint64_t seq) {
  if (kind_of(happened.event).family != entry_family::territory)
    return;
  last_seqs_[subject] = seq;
  auto on = happened.occurred_on;
  if (std::holds_alternative<dispositif_begun>(happened.event)) {
    begun_on_ = on;
  } else if (const auto* served = std::get_if<dispositif_put_in_service>(&happened.event)) {
    in_service_on_ = on;
    declared_.assign(served->findings.begin(), served->findings.end());
  } else if (const auto* decided = std::get_if<adhesion_decided>(&happened.event)) {
    adhesion_ = *decided;
    adhered_on_ = on;
  } else if (std::holds_alternative<adhesion_left>(happened.event)) {
    adhesion_.reset();
    adhered_on_.reset();
  } else if (const auto* proposed = std::get_if<dispositif_convention_proposed>(&happened.event)) {
    auto& file = conventions_[proposed->convention.id];
    file.convention = proposed->convention;
    file.proposed_on = on;
    for (const auto& share : proposed->convention.shares)
      file.positions.emplace(share.party, party_position{party_state::proposed, on, 0});
    current_ = proposed->convention.id;
  } else if (const auto* answered = std::get_if<dispositif_convention_answered>(&happened.event)) {
    if (auto* file = find_in(conventions_, answered->convention))
      law::apply(*file, *answered, on, seq);
  }
}

std::uint64_t dispositif_book::last_seq(subject_id subject) const {
  const auto* seq = find_in(last_seqs_, subject);
  return seq ? *seq : 0;
}

const convention_file* dispositif_book::find(convention_id id) const { return find_in(conventions_, id); }

const convention_file* dispositif_book::current() const { return current_ ? find(*current_) : nullptr; }

void dispositif_book::complete(existence_facts& known, std::span<const checklist> regional, bool ile_de_france,
                               civil_date day) const {
  known.begun_on = begun_on_;
  known.in_service_on = in_service_on_;
  known.adhered_on = adhered_on_;
  if (in_service_on_)
    known.conformity = assess(regional, ile_de_france, day, declared_);
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
    existence_facts alone;
    book.complete(alone, known.regional_checklists, known.ile_de_france, known.today);
    return alone;
  }

  decision recorded(check allowed, subject_id subject, event happened, operation what = operation::introduced) const {
    if (!allowed)
      return std::unexpected{allowed.error()};
    return outcome{{{subject, std::move(happened), what, {}}}, {}, asked.occurred_on, asked.originator};
  }

  check check_source(const text<200>& source) const {
    if (source.empty())
      return refuse_field(refusal_code::missing_field, "L441-2-7-1-1a", "La délibération n'est pas citée.", "source");
    return {};
  }

  decision operator()(const dispositif_begun& e) const {
    auto ok = check_source(e.source);
    return recorded(ok ? may_begin(existing()) : ok, subject_of_dispositif(), e);
  }

  decision operator()(const dispositif_put_in_service& e) const {
    auto found = assess(known.regional_checklists, known.ile_de_france, asked.occurred_on, e.findings);
    return recorded(may_put_in_service(existing(), found), subject_of_dispositif(), e);
  }

  decision operator()(const adhesion_decided& e) const {
    if (auto ok = check_source(e.source); !ok)
      return std::unexpected{ok.error()};
    // What it meets is found by the prefect who watches over it, and looked at on the day of joining.
    auto host = known.host_conformity.value_or(assess({}, false, asked.occurred_on, {}));
    return recorded(may_adhere(existing(), host), subject_of_dispositif(), e);
  }

  decision operator()(const adhesion_left& e) const {
    auto ok = check_source(e.source);
    return recorded(ok ? may_leave(existing()) : ok, subject_of_dispositif(), e, operation::suppressed);
  }

  decision operator()(const dispositif_convention_proposed& e) const {
    auto proposed = e;
    proposed.convention.id = id_of<convention_id>(known.fresh_ids[0]);
    return recorded(check_convention(e.convention, known.parties), known.fresh_ids[0], proposed);
  }

  /// A party answers for itself, or its letter is recorded by who keeps the dispositif.
  // [L441-2-7-3-2]
  decision operator()(const dispositif_convention_answered& e) const {
    const auto* file = book.find(e.convention);
    if (!file)
      return refuse_field(refusal_code::unknown_subject, "L441-2-7-3-1", "Cette convention n'existe pas.",
                          "convention");
    bool keeps = std::ranges::any_of(known.capacities, [](const capacity& c) {
      return c.quality == quality::gestionnaire || c.quality == quality::epci_responsable;
    });
    if (asked.originator != party{e.party} && !keeps)
      return refuse_field(refusal_code::not_originator, "L441-2-7-3-2", "Une partie répond pour elle-même.", "party");
    if (e.document == bytes32{})
      return refuse_field(refusal_code::missing_field, "L441-2-7-3-1", "La réponse elle-même n'est pas citée.",
                          "document");
    auto answered = e;
    auto is_it = std::ranges::find(known.parties, e.party, &dispositif_party::legal_person);
    answered.opens_arrete =
        e.answer == convention_answer::refused && is_it != known.parties.end() && is_it->has_reservations_or_stock;
    return recorded(check_answer(*file, e.party, e.answer, asked.occurred_on), subject_of(e.convention), answered,
                    operation::modified);
  }

  decision operator()(const auto&) const {
    return refuse(refusal_code::bad_order, "L441-2-7-1-1a", "Cet événement n'est pas de ceux du dispositif.");
  }
};

} // namespace

// [L441-2-7-1-1a] [L441-2-7-3-1]
decision decide(const dispositif_book& book, const settings&, const command& asked, const facts& known) {
  const auto* kind = kind_asked(asked);
  if (!kind || std::ranges::none_of(known.capacities, [&](const capacity& c) { return kind->who.admits(c.quality); }))
    return refuse(kind ? kind->otherwise : refusal_code::not_empowered, "L441-2-7-1-1a",
                  "Cette personne morale n'a pas de qualité pour cela dans le territoire.");
  if (!asked.occurred_on.ok() || asked.occurred_on > known.today)
    return refuse_field(refusal_code::bad_date, "R441-2-15-I-0-2", "La date de survenance est dans le futur.",
                        "occurred_on");
  return std::visit(dispositif_rules{book, asked, known}, std::get<event>(asked.asked));
}

std::vector<subject_id> subjects_of(const dispositif_book&, const command& asked) {
  const auto* happened = std::get_if<event>(&asked.asked);
  if (const auto* answered = happened ? std::get_if<dispositif_convention_answered>(happened) : nullptr)
    return {subject_of(answered->convention)};
  return {subject_of_dispositif()};
}

} // namespace toit::law
