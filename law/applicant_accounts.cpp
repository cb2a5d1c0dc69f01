#include "law/applicant_accounts.hpp"

#include "law/find_in.hpp"

namespace toit::law {

void applicant_accounts::apply(subject_id subject, const record& happened) {
  auto dossier = id_of<dossier_id>(subject);
  if (const auto* opened = std::get_if<applicant_account_opened>(&happened.event))
    accounts_[dossier] = opened->account;
  else if (std::holds_alternative<applicant_account_closed>(happened.event) ||
           std::holds_alternative<demande_erased>(happened.event))
    accounts_.erase(dossier);
}

std::optional<agent_id> applicant_accounts::of(dossier_id dossier) const {
  const auto* account = find_in(accounts_, dossier);
  return account ? std::optional{*account} : std::nullopt;
}

} // namespace toit::law
