// Changes by the demandeur, documents filed once, rectifications by an empowered agent: R441-2-15 I, R441-2-4-1.

#include "law/deliberation.hpp"

namespace toit::law {

namespace {

/// The form as it would be; refuses changes that it cannot bear.
std::expected<form, refusal> changed_form(const deliberation& on, const field_changes& changes,
                                          const std::optional<household>& members) {
  require(on.facts.form.has_value(), "a change is decided with the form at hand");
  auto changed = *on.facts.form;
  if (members)
    changed.household = *members;
  for (const auto& change : changes)
    if (auto ok = change_field(changed, change); !ok)
      return std::unexpected{ok.error()};
  if (auto ok = check_form(changed, on.the_dossier().reception); !ok)
    return std::unexpected{ok.error()};
  if (!on.facts.unknown_communes.empty())
    return refuse(refusal_code::unknown_territory, "R441-2-15-I-0-1", "Une commune souhaitée n'existe pas.");
  // A commune that has left since the demande came does not take it along (docs/readings.md, 34).
  auto belongs = [&, since = on.the_dossier().reception](commune_code c) {
    return on.settings.contains(c, on.day()) || on.settings.contains(c, since);
  };
  if (std::ranges::none_of(changed.search.communes, belongs))
    return refuse(refusal_code::out_of_scope, "R441-2-15-I-0-1",
                  "La demande ne porterait plus sur aucune commune de ce territoire.");
  return changed;
}

} // namespace

// [R441-2-15-I-0-1]
check check_changes(const deliberation& on, const field_changes& changes, const std::optional<household>& members) {
  if (auto changed = changed_form(on, changes, members); !changed)
    return std::unexpected{changed.error()};
  return {};
}

// [R441-2-15-I-0-1]
decision rule(const deliberation& on, const demande_changed& asked) {
  if (asked.changes.empty() && !asked.household)
    return refuse_field(refusal_code::missing_field, "R441-2-15-I-0-1", "Aucune modification n'est indiquée.",
                        "changes");
  if (auto ok = check_changes(on, asked.changes, asked.household); !ok)
    return std::unexpected{ok.error()};
  return on.record(asked);
}

/// The second filing of the same document, by whomever, records nothing: documents are filed once (L441-2-1 al. 7).
// [L441-2-7-1-1b]
decision rule(const deliberation& on, const document_filed& asked) {
  const auto& known = on.the_dossier().documents;
  if (std::ranges::find(known, asked.digest, &stored_document::digest) != known.end()) {
    auto out = on.start();
    out.warnings.push_back(warning::already_recorded);
    return out;
  }
  if (known.size() == std::remove_cvref_t<decltype(known)>::max_items)
    return refuse(refusal_code::too_large, "L441-2-1", "Ce dossier ne peut plus recevoir de pièce.");
  return on.record(asked);
}

// [R441-2-15-I-1]
decision rule(const deliberation& on, const rectified& asked) {
  if (!on.facts.may_rectify)
    return refuse(refusal_code::not_empowered, "R441-2-15-I-1",
                  "Cet agent n'est pas habilité à rectifier une demande.");
  if (asked.documents.empty())
    return refuse_field(refusal_code::missing_field, "R441-2-15-I-1",
                        "Une rectification s'appuie sur au moins une pièce justificative.", "documents");
  const auto& filed = on.the_dossier().documents;
  for (auto id : asked.documents)
    if (std::ranges::find(filed, id, &stored_document::id) == filed.end())
      return refuse_field(refusal_code::unknown_subject, "R441-2-15-I-1", "Une pièce citée n'est pas dans le dossier.",
                          "documents");
  if (auto ok = check_changes(on, {asked.change}, {}); !ok)
    return std::unexpected{ok.error()};
  auto out = on.record(asked);
  out.entries.back().operation = operation::modified;
  return out;
}

// [R441-2-15-I-4a]
decision rule(const deliberation& on, const documents_requested& asked) {
  if (asked.pieces.empty() && asked.information.empty())
    return refuse_field(refusal_code::missing_field, "R441-2-15-I-4a", "Rien n'est demandé.", "pieces");
  if (asked.due < on.day())
    return refuse_field(refusal_code::bad_date, "R441-2-15-I-4a", "L'échéance précède la demande de pièces.", "due");
  return on.record(asked);
}

// [R441-2-15-I-4-0]
decision rule(const deliberation& on, const processing_event& asked) {
  if (asked.label.empty())
    return refuse_field(refusal_code::missing_field, "R441-2-15-I-4-0", "L'événement n'a pas de libellé.", "label");
  return on.record(asked);
}

/// A code that the demandeur gives to a reception place opens his file to it, for a month at most.
// [R441-2-15-V-3]
decision rule(const deliberation& on, const consultation_authorised& asked) {
  if (asked.last_day < on.facts.today || asked.last_day > add_months(on.facts.today, months{1}))
    return refuse_field(refusal_code::bad_date, "R441-2-15-V-3", "L'autorisation vaut un mois au plus.", "last_day");
  const auto& codes = on.the_dossier().consultation_codes;
  auto valid = std::ranges::count_if(codes, [&](const auto& code) { return code.last_day >= on.facts.today; });
  if (static_cast<std::size_t>(valid) >= std::remove_cvref_t<decltype(codes)>::max_items)
    return refuse(refusal_code::too_large, "R441-2-15-V-3", "Trop d'autorisations sont en cours.");
  return on.record(asked);
}

// [R441-2-15-I-0-1]
decision rule(const deliberation& on, const applicant_account_opened& asked) {
  if (on.the_dossier().account)
    return refuse(refusal_code::duplicate, "R441-2-15-I-0-1", "Le demandeur a déjà un compte.");
  return on.record(asked);
}

namespace {

/// What happens to the account that the demandeur has: the guard has looked for it, and another may have come since.
template <class Event>
decision on_account(const deliberation& on, const Event& asked, operation what) {
  // At the desk, the demande must be in its scope: the demandeur's word would not show that.
  if (on.asked.originator.is_demandeur() && !on.asked.introducer.is_demandeur())
    return refuse_field(refusal_code::not_originator, "R441-2-15-I-0-1",
                        "Un guichet tient le compte d'un demandeur en son propre nom.", "originator");
  if (!on.the_dossier().account || *on.the_dossier().account != asked.account)
    return refuse(refusal_code::unknown_subject, "R441-2-15-I-0-1", "Le demandeur n'a pas de compte.");
  auto out = on.record(asked);
  out.entries.back().operation = what;
  return out;
}

} // namespace

// [R441-2-15-I-0-1]
decision rule(const deliberation& on, const applicant_password_set& asked) {
  return on_account(on, asked, operation::modified);
}

// [R441-2-15-I-0-1]
decision rule(const deliberation& on, const applicant_account_closed& asked) {
  return on_account(on, asked, operation::suppressed);
}

} // namespace toit::law
