// Registration of a demande and its certificate: R441-2-1 to R441-2-4.

#include "law/deliberation.hpp"

namespace toit::law {

namespace {

/// A demande belongs here when it names at least one commune that is of the territory on its day.
// [R441-2-15-I-0-1]
check check_communes(const deliberation& on, const wished_communes& wished) {
  if (!on.facts.unknown_communes.empty())
    return refuse_field(refusal_code::unknown_territory, "R441-2-15-I-0-1", "Une commune souhaitée n'existe pas.",
                        "form.search.communes");
  if (std::ranges::none_of(wished, [&](commune_code c) { return on.settings.contains(c, on.day()); }))
    return refuse_field(refusal_code::out_of_scope, "R441-2-15-I-0-1",
                        "Aucune commune souhaitée n'est dans ce territoire.", "form.search.communes");
  return {};
}

/// Whose account asks has a demande already: the one it was opened for, or one that he registered with it since. A
/// merged one goes on in the demande that absorbed it.
bool has_demande(const deliberation& on) {
  const auto* own = on.book.find(id_of<dossier_id>(on.asked.target));
  if (own && (own->status != demande_status::radiated || own->radiation->motive == radiation_motive::f_merged))
    return true;
  return on.book.registered_with(on.asked.agent) != nullptr;
}

/// A demandeur has one demande, which he changes and renews (docs/readings.md, 29).
// [L441-2-1]
check check_only_one(const deliberation& on) {
  if (on.asked.introducer.is_demandeur() && has_demande(on))
    return refuse(refusal_code::duplicate, "L441-2-1",
                  "Ce demandeur a déjà une demande : elle se modifie ou se renouvelle.");
  return {};
}

} // namespace

// [R441-2-15-I-0-1]
decision rule(const deliberation& on, const demande_registered& asked) {
  if (auto ok = check_only_one(on); !ok)
    return std::unexpected{ok.error()};
  auto registered = asked;
  if (registered.number.empty()) {
    if (!on.facts.fresh_number)
      return refuse_field(
          refusal_code::no_nud, "L441-2-1",
          "Le numéro unique vient du système d'enregistrement : aucune demande n'est enregistrée sans lui.", "number");
    registered.number = *on.facts.fresh_number;
  } else if (on.facts.number_holder) {
    return refuse_field(refusal_code::duplicate, "L441-2-1", "Une demande porte déjà ce numéro unique.", "number");
  }
  // Nothing but the form and an identity document may be asked for to register (R441-2-3).
  if (!registered.identity_document_seen)
    return refuse_field(refusal_code::missing_field, "R441-2-3",
                        "L'enregistrement demande la copie d'une pièce d'identité ou de la régularité du séjour.",
                        "identity_document_seen");
  if (auto ok = check_form(registered.form, on.day()); !ok)
    return std::unexpected{ok.error()};
  if (auto ok = check_communes(on, registered.form.search.communes); !ok)
    return std::unexpected{ok.error()};
  auto out = on.start();
  out.entries.push_back({on.facts.fresh_ids[0], std::move(registered), operation::introduced, {}});
  return out;
}

// [R441-2-15-I-4-0] [R441-2-4]
decision rule(const deliberation& on, const certificate_issued& asked) {
  if (on.the_dossier().certificate_issued)
    return refuse(refusal_code::duplicate, "R441-2-4", "L'attestation a déjà été délivrée.");
  return on.record(asked);
}

} // namespace toit::law
