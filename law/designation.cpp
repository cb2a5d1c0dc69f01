// Dwellings to let, and who is designated for them: R441-2-15 I item 4, R441-5, L441-1 al. 42.

#include "law/deliberation.hpp"

namespace toit::law {

// -- dwellings and vacancies ----------------------------------------------------------------------------------------

// [R441-2-15-I-4b]
decision rule(const deliberation& on, const dwelling_registered& asked) {
  if (!on.facts.unknown_communes.empty())
    return refuse_field(refusal_code::unknown_territory, "R441-2-15-I-4b", "Cette commune n'existe pas.", "commune");
  if (!on.settings.contains(asked.commune, on.day()))
    return refuse_field(refusal_code::out_of_scope, "R441-2-15-I-4b", "Ce logement n'est pas dans le territoire.",
                        "commune");
  if (on.book.find(asked.rpls))
    return refuse_field(refusal_code::duplicate, "R411-3", "Un logement porte déjà cet identifiant RPLS.", "rpls");
  auto registered = asked;
  registered.dwelling = id_of<dwelling_id>(on.facts.fresh_ids[0]);
  auto out = on.start();
  out.entries.push_back({on.facts.fresh_ids[0], std::move(registered), operation::introduced, {}});
  return out;
}

namespace {

/// A dwelling is offered to the holder of a convention of its bailleur, in force, that covers its commune.
// [R441-5]
check check_reservation(const deliberation& on, const vacancy_opened& asked, const dwelling& home) {
  const auto& known = on.facts.conventions;
  auto convention = std::ranges::find(known, *asked.reserved_under, &reservation_convention::id);
  if (convention == known.end())
    return refuse_field(refusal_code::unknown_subject, "R441-5", "Cette convention n'existe pas.", "reserved_under");
  if (convention->bailleur != home.bailleur)
    return refuse_field(refusal_code::not_party, "R441-5", "Ce bailleur n'est pas partie à cette convention.",
                        "reserved_under");
  if (!convention->in_force(on.day()) || !convention->covers(home.commune))
    return refuse_field(refusal_code::not_in_force, "R441-5",
                        "Cette convention ne vaut pas pour ce logement à cette date.", "reserved_under");
  if (asked.holder_informed_on && *asked.holder_informed_on > on.facts.today)
    return refuse_field(refusal_code::bad_date, "R441-2-15-I-0-2", "La date d'information est dans le futur.",
                        "holder_informed_on");
  return {};
}

} // namespace

// [R441-2-15-I-4b]
decision rule(const deliberation& on, const vacancy_opened& asked) {
  const auto* home = on.book.find(asked.dwelling);
  if (!home)
    return refuse_field(refusal_code::unknown_subject, "R441-2-15-I-4b", "Ce logement n'existe pas.", "dwelling");
  if (auto ok = by_bailleur(on, home->bailleur); !ok)
    return std::unexpected{ok.error()};
  if (on.book.open_vacancy_of(home->id))
    return refuse(refusal_code::duplicate, "R441-2-15-I-4b", "Ce logement est déjà à attribuer.");
  if (asked.reserved_under)
    if (auto ok = check_reservation(on, asked, *home); !ok)
      return std::unexpected{ok.error()};
  if (!asked.reserved_under && asked.holder_informed_on)
    return refuse_field(refusal_code::malformed, "R441-5",
                        "Un logement non réservé n'a pas de réservataire à informer.", "holder_informed_on");
  auto opened = asked;
  opened.vacancy = id_of<vacancy_id>(on.facts.fresh_ids[0]);
  auto out = on.start();
  out.entries.push_back({on.facts.fresh_ids[0], std::move(opened), operation::introduced, {}});
  return out;
}

// [R441-2-15-I-4b]
decision rule(const deliberation& on, const vacancy_withdrawn& asked) {
  const auto& v = on.the_vacancy();
  if (auto ok = by_bailleur(on, v.bailleur); !ok)
    return std::unexpected{ok.error()};
  if (v.status != vacancy_status::open)
    return refuse(refusal_code::bad_order, "R441-2-15-I-4b", "Ce logement n'est plus à attribuer.");
  auto out = on.record(asked);
  close_candidates(out, on.book, v, closing_reason::dwelling_withdrawn);
  return out;
}

// -- designation ----------------------------------------------------------------------------------------------------

namespace {

/// Somebody designated under the reservation may still have the dwelling.
bool has_candidate_of_holder(const deliberation& on, const vacancy& v) {
  return std::ranges::any_of(v.candidates, [&](const candidate& c) {
    const auto* d = live(c) ? on.book.dossier_of(c.candidacy) : nullptr;
    return d && d->find(c.candidacy)->contingent.convention == *v.reserved_under;
  });
}

/// The commission or the candidate himself said no. The first to whom it happens was the holder's: until then nobody
/// else could designate.
bool has_failed_candidate(const vacancy& v) {
  using enum candidacy_step;
  return std::ranges::any_of(v.candidates, [](const candidate& c) {
    return c.step == non_attributed || c.step == inadmissible || c.step == refused || c.step == condition_failed;
  });
}

/// Last day on which the holder may propose; absent where no term runs.
std::optional<civil_date> proposal_last_day(const deliberation& on, const vacancy& v) {
  if (!on.settings.tense_zone || !v.holder_informed_on)
    return std::nullopt;
  return add_months(*v.holder_informed_on, months{1});
}

const reservation_convention* reservation_of(const deliberation& on, const vacancy& v) {
  auto found = std::ranges::find_if(on.facts.conventions,
                                    [&](const auto& convention) { return convention.id == v.reserved_under; });
  return found == on.facts.conventions.end() ? nullptr : &*found;
}

/// The convention has ended, the holder's month has passed or, where none runs, all whom he designated have failed; and
/// none of his candidates is left.
// [R441-2-15-I-4b] [L441-1]
bool reserved_in_vain(const deliberation& on, const vacancy& v) {
  const auto* reservation = reservation_of(on, v);
  auto last_day = proposal_last_day(on, v);
  bool ended = reservation && !reservation->in_force(on.day());
  bool over = last_day ? on.day() > *last_day : has_failed_candidate(v);
  return (ended || over) && !has_candidate_of_holder(on, v);
}

/// The right used by the bailleur on his own dwelling: not reserved, or reserved in vain.
std::expected<imputation, refusal> bailleur_right(const deliberation& on, const vacancy& v) {
  if (v.reserved_under && !reserved_in_vain(on, v))
    return refuse(refusal_code::not_originator, "R441-2-15-I-4b",
                  "Ce logement est réservé : la désignation revient au titulaire de la réservation.");
  return imputation{};
}

std::expected<imputation, refusal> holder_right(const deliberation& on, const vacancy& v,
                                                const reservation_convention& reservation, const designated& asked) {
  if (!reservation.in_force(on.day()))
    return refuse(refusal_code::not_in_force, "R441-5", "La convention de réservation n'est pas en vigueur.");
  if (auto last_day = proposal_last_day(on, v); last_day && on.day() > *last_day)
    return refuse(refusal_code::too_late, "L441-1", "Le mois laissé au réservataire pour proposer est passé.");
  bool for_agents = asked.contingent.contingent == contingent_kind::state_agents;
  if (for_agents && (reservation.contingent != contingent_kind::state_priority || reservation.agents_share == 0))
    return refuse_field(refusal_code::out_of_scope, "R441-5-2", "Cette convention n'a pas de part pour les agents.",
                        "contingent");
  return imputation{for_agents ? contingent_kind::state_agents : reservation.contingent, reservation.id};
}

/// A réservataire designates on his own contingent, the bailleur on what is not reserved, nobody else.
std::expected<imputation, refusal> own_right(const deliberation& on, const vacancy& v, const designated& asked) {
  const auto* reservation = reservation_of(on, v);
  if (reservation && reservation->holder == on.originator())
    return holder_right(on, v, *reservation, asked);
  if (on.originator() == v.bailleur)
    return bailleur_right(on, v);
  return refuse(refusal_code::not_originator, "R441-2-15-I-4b",
                "Un réservataire désigne sur son propre contingent : ce logement ne lui est pas réservé.");
}

/// The right used. A command may leave it out, but one that names another's contingent is not given its author's own.
std::expected<imputation, refusal> right_of(const deliberation& on, const vacancy& v, const designated& asked) {
  auto right = own_right(on, v, asked);
  if (!right)
    return right;
  const auto& named = asked.contingent;
  bool names_kind = named.contingent != contingent_kind::non_reserved;
  if ((names_kind && named.contingent != right->contingent) ||
      (!named.convention.empty() && named.convention != right->convention))
    return refuse_field(refusal_code::not_originator, "R441-2-15-I-4b",
                        "La désignation nomme un contingent dont son auteur n'est pas titulaire pour ce logement.",
                        "contingent");
  return right;
}

// [R441-2-15-I-4b]
check check_route(const deliberation& on, const designated& asked) {
  bool by_state =
      on.has_quality(quality::state_attribution_follow_up) || on.has_quality(quality::state_mediation_secretariat);
  if (asked.route == designation_route::prefect && !by_state)
    return refuse_field(refusal_code::not_empowered, "R441-2-15-I-4b",
                        "Seul un service de l'État désigne au nom du préfet.", "route");
  return {};
}

} // namespace

// [R441-2-15-I-4b]
decision rule(const deliberation& on, const designated& asked) {
  const auto& d = on.the_dossier();
  const auto* v = on.book.find(asked.vacancy);
  if (!v)
    return refuse_field(refusal_code::unknown_subject, "R441-2-15-I-4b", "Ce logement à attribuer n'existe pas.",
                        "vacancy");
  if (v->status != vacancy_status::open)
    return refuse(refusal_code::bad_order, "R441-2-15-I-4b", "Ce logement n'est plus à attribuer.");
  if (on.day() < v->opened_on)
    return refuse_field(refusal_code::bad_date, "R441-2-15-I-0-2", "La désignation précède la vacance du logement.",
                        "occurred_on");
  if (auto ok = check_route(on, asked); !ok)
    return std::unexpected{ok.error()};
  auto right = right_of(on, *v, asked);
  if (!right)
    return std::unexpected{right.error()};
  for (const auto& c : d.candidacies)
    if (c.vacancy == v->id && live(c))
      return refuse(refusal_code::duplicate, "R441-2-15-I-4b", "Cette demande est déjà candidate à ce logement.");
  if (v->candidates.size() == v->candidates.max_items || d.candidacies.size() == d.candidacies.max_items)
    return refuse(refusal_code::too_large, "R441-2-15-I-4b", "Trop de candidatures.");
  const auto* home = on.book.find(v->dwelling); // a former host may have left it out
  bool wished = home && std::ranges::find(d.communes, home->commune) != d.communes.end();
  if (!wished && !d.neighbouring_communes)
    return refuse(refusal_code::out_of_scope, "R441-2-15-I-4b",
                  "Le logement est hors des communes souhaitées, et le demandeur n'a pas étendu sa recherche.");
  auto named = asked;
  named.candidacy = id_of<candidacy_id>(on.facts.fresh_ids[0]);
  named.contingent = *right;
  auto out = on.record(named);
  out.entries.push_back({subject_of(v->id),
                         candidacy_moved{named.candidacy, candidacy_step::designated, {}, 0, {}, {}},
                         operation::introduced,
                         {}});
  if (!wished)
    out.warnings.push_back(warning::outside_wished_communes);
  if (on.facts.balance_exhausted && !right->convention.empty())
    out.warnings.push_back(warning::beyond_balance);
  return out;
}

// [R441-2-15-I-4b]
decision rule(const deliberation& on, const designation_withdrawn& asked) {
  auto found = find_running(on, asked.candidacy);
  if (!found)
    return std::unexpected{found.error()};
  if (found->on_dossier.designator != on.originator())
    return refuse(refusal_code::not_originator, "R441-2-15-I-4b", "La désignation est retirée par qui l'a faite.");
  if (in_favour(found->on_dossier))
    return refuse(refusal_code::bad_order, "R441-2-15-I-4b", "La commission a déjà décidé.");
  if (asked.motive.empty())
    return refuse_field(refusal_code::missing_field, "R441-2-15-I-4b", "Le retrait n'est pas motivé.", "motive");
  auto out = on.record(asked);
  out.entries.back().operation = operation::suppressed;
  auto step = found->on_dossier.step;
  move_candidate(out, found->for_dwelling, asked.candidacy, step);
  std::get<candidacy_moved>(out.entries.back().event).closed = closing_reason::designation_withdrawn;
  return out;
}

} // namespace toit::law
