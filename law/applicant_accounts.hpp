/// \file
/// Which account each demandeur has, as the entries of his dossier say.
///
/// Text       R441-2-15 I (the changes that a demandeur makes directly).
/// Not here   login, name and password, which are no part of the law: ports/accounts.hpp.

#pragma once

#include "law/catalogue.hpp"

#include <map>
#include <optional>

namespace toit::law {

struct applicant_account {
  dossier_id dossier;
  agent_id account;
  static constexpr auto fields() {
    using t = applicant_account;
    return std::tuple{field{"dossier", &t::dossier}, field{"account", &t::account}};
  }
};

class applicant_accounts {
public:
  void apply(subject_id subject, const record& happened);
  void restore(const applicant_account& known) { accounts_[known.dossier] = known.account; }

  /// Absent where he has none, or his data are erased.
  std::optional<agent_id> of(dossier_id dossier) const;
  const std::map<dossier_id, agent_id>& all() const { return accounts_; }

private:
  std::map<dossier_id, agent_id> accounts_;
};

} // namespace toit::law
