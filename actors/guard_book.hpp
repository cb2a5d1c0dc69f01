/// \file
/// What the access guard folds: who is who in the territory, and which account each demandeur has.

#pragma once

#include "law/applicant_accounts.hpp"
#include "law/rights.hpp"

namespace toit {

class guard_book : public law::rights_book {
public:
  guard_book() = default;
  explicit guard_book(law::rights_book rights) : rights_book{std::move(rights)} {}

  void apply(law::subject_id subject, const law::record& happened, std::uint64_t seq) {
    rights_book::apply(subject, happened, seq);
    demandeurs_.apply(subject, happened);
  }
  using rights_book::restore;
  void restore(const law::applicant_account& known) { demandeurs_.restore(known); }

  const law::applicant_accounts& demandeurs() const { return demandeurs_; }

private:
  law::applicant_accounts demandeurs_;
};

} // namespace toit
