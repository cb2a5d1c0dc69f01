// Mentions of DALO, of instances' opinions, of priority and of contingents: R441-2-15 I, second and third tirets.

#include "law/deliberation.hpp"

namespace toit::law {

namespace {

/// The prefect of a département speaks for its own commission de médiation, of demandes that wish a commune there.
// [R441-2-15-I-2a]
check check_competent(const deliberation& on, std::optional<departement_code> of_commission) {
  if (!on.facts.competent_in)
    return {};
  const auto& where = *on.facts.competent_in;
  auto is_competent = [&](departement_code departement) {
    return (!of_commission || departement == *of_commission) && std::ranges::find(where, departement) != where.end();
  };
  if (std::ranges::any_of(on.the_dossier().communes, [&](commune_code c) { return is_competent(departement_of(c)); }))
    return {};
  return refuse(refusal_code::not_empowered, "R441-2-15-I-2a",
                "La mention est celle du préfet que l'annuaire dit compétent dans le département de la commission, "
                "et la demande doit y souhaiter une commune.");
}

} // namespace

// [R441-2-15-I-2a]
decision rule(const deliberation& on, const dalo_recognised& asked) {
  if (asked.decision_number.empty())
    return refuse_field(refusal_code::missing_field, "R441-2-15-I-2a", "La décision n'a pas de numéro.",
                        "decision_number");
  if (auto ok = check_competent(on, asked.departement); !ok)
    return std::unexpected{ok.error()};
  if (on.the_dossier().dalo_since)
    return refuse(refusal_code::duplicate, "R441-2-15-I-2a", "Une décision favorable est déjà mentionnée.");
  return on.record(asked);
}

// [R441-2-15-I-2a]
decision rule(const deliberation& on, const dalo_lost& asked) {
  if (auto ok = check_competent(on, std::nullopt); !ok)
    return std::unexpected{ok.error()};
  if (!on.the_dossier().dalo_since)
    return refuse(refusal_code::bad_order, "R441-2-15-I-2a", "Aucune décision favorable n'est mentionnée.");
  return on.record(asked);
}

/// Opinions of the four instances of the text; the one that gives it must exist on that day, and record it itself.
// [R441-2-15-I-2b] [R441-2-15-I-2c] [R441-2-15-I-2d] [R441-2-15-I-2e]
decision rule(const deliberation& on, const instance_opinion& asked) {
  const auto& in_force = on.facts.instances_in_force;
  if (std::ranges::find(in_force, asked.instance) == in_force.end())
    return refuse_field(refusal_code::not_in_force, "R441-2-15-I-2b", "Cette instance n'existe pas à cette date.",
                        "instance");
  auto of_instance = [&](const capacity& c) {
    return c.quality == quality::instance_secretariat && c.instance == asked.instance;
  };
  if (std::ranges::none_of(on.facts.capacities, of_instance))
    return refuse(refusal_code::not_originator, "R441-2-15-I-2b",
                  "L'avis est enregistré par le secrétariat de l'instance qui l'a rendu.");
  const auto& wished = on.the_dossier().communes;
  if (std::ranges::none_of(on.facts.capacities, [&](auto& c) { return of_instance(c) && c.covers(wished); }))
    return refuse(refusal_code::out_of_scope, "R441-2-15-V-2-4a",
                  "La demande ne porte sur aucune commune du ressort de cette instance.");
  return on.record(asked);
}

// [R441-2-15-I-2f]
decision rule(const deliberation& on, const priority_recognised& asked) {
  const auto& known = on.the_dossier().recognitions;
  if (asked.basis.empty())
    return refuse_field(refusal_code::missing_field, "R441-2-15-I-2f", "La reconnaissance n'est pas fondée.", "basis");
  if (asked.valid_until && *asked.valid_until < on.day())
    return refuse_field(refusal_code::bad_date, "R441-2-15-I-2f", "La validité finit avant la reconnaissance.",
                        "valid_until");
  for (const auto& r : known)
    if (r.category == asked.category && r.by == on.originator() && (!r.valid_until || *r.valid_until >= on.day()))
      return refuse(refusal_code::duplicate, "R441-2-15-I-2f", "Cette personne morale a déjà reconnu cette priorité.");
  if (known.size() == std::remove_cvref_t<decltype(known)>::max_items)
    return refuse(refusal_code::too_large, "R441-2-15-I-2f", "Trop de reconnaissances sur cette demande.");
  return on.record(asked);
}

// [R441-2-15-I-2f]
decision rule(const deliberation& on, const priority_withdrawn& asked) {
  for (const auto& r : on.the_dossier().recognitions)
    if (r.category == asked.category && r.by == on.originator()) {
      auto out = on.record(asked);
      out.entries.back().operation = operation::suppressed;
      return out;
    }
  return refuse(refusal_code::conflict, "R441-2-15-I-2f", "Cette personne morale n'a pas reconnu cette priorité.");
}

// [R441-2-15-I-3]
decision rule(const deliberation& on, const contingent_eligibility& asked) {
  if (asked.conventions.empty() && !asked.non_reserved)
    return refuse_field(refusal_code::missing_field, "R441-2-15-I-3", "Aucun contingent n'est indiqué.", "conventions");
  if (asked.non_reserved && !on.has_quality(quality::bailleur))
    return refuse(refusal_code::not_originator, "R441-2-15-I-3",
                  "L'éligibilité aux logements non réservés est dite par un bailleur.");
  for (auto id : asked.conventions) {
    auto named = std::ranges::find(on.facts.conventions, id, &reservation_convention::id);
    if (named == on.facts.conventions.end())
      return refuse_field(refusal_code::unknown_subject, "R441-2-15-I-3", "Cette convention n'existe pas.",
                          "conventions");
    if (named->holder != on.originator())
      return refuse_field(refusal_code::not_originator, "R441-2-15-I-3",
                          "L'éligibilité à un contingent est dite par son titulaire.", "conventions");
    if (!named->in_force(on.day()))
      return refuse_field(refusal_code::not_in_force, "R441-2-15-I-3",
                          "Cette convention n'est pas en vigueur à cette date.", "conventions");
    if (std::ranges::none_of(on.the_dossier().communes, [&](commune_code c) { return named->covers(c); }))
      return refuse_field(refusal_code::out_of_scope, "R441-2-15-I-3",
                          "Ce contingent n'a aucune réservation dans les communes souhaitées.", "conventions");
  }
  return on.record(asked);
}

} // namespace toit::law
