/// \file
/// Reservation conventions, yearly flows, and what has been charged on each contingent.
///
/// Text       R441-5 to R441-5-3 (conventions, ceilings of 30, 5 and 20 %), R441-2-9 (imputation), L441-1 al. 37–41.
/// Not here   ceilings over a whole département, which the State's node sums and only flags; imputation in the place of
///            a bailleur (L441-1-6 al. 12), an issue to come.

#pragma once

#include "law/rights.hpp"

#include <map>

namespace toit::law {

constexpr basis_points state_ceiling = 3000;     ///< R441-5-2: 30 % of the flow
constexpr basis_points agents_ceiling = 500;     ///< R441-5-2: of which 5 % for its agents
constexpr basis_points guarantee_ceiling = 2000; ///< R441-5-3: 20 % globally, on one territory

/// Whose account an attribution is charged on: a convention, or a bailleur's dwellings that nobody has reserved.
struct charge_account {
  convention_id convention; ///< empty: not reserved
  siren bailleur;
  contingent_kind contingent{};
  int year = 0;

  friend auto operator<=>(const charge_account&, const charge_account&) = default;
};

struct charges {
  std::uint32_t stated = 0;    ///< decisions of a commission not yet followed by a lease
  std::uint32_t confirmed = 0; ///< leases signed
  friend bool operator==(const charges&, const charges&) = default;
};

/// What a convention's holder has, had and has left in a year. Shares are rounded down (reading 20).
struct contingent_balance {
  convention_id convention;
  std::uint16_t year = 0;
  std::optional<std::uint32_t> rights; ///< absent as long as the bailleur has not stated the year's flow
  std::uint32_t stated = 0;
  std::uint32_t confirmed = 0;
  std::optional<std::int64_t> left; ///< may be negative: overflow is flagged, never refused
  friend bool operator==(const contingent_balance&, const contingent_balance&) = default;
  static constexpr auto fields() {
    using t = contingent_balance;
    return std::tuple{field{"convention", &t::convention}, field{"year", &t::year},
                      field{"rights", &t::rights},         field{"stated", &t::stated},
                      field{"confirmed", &t::confirmed},   field{"left", &t::left}};
  }
};

/// Everything the contingent allocator owns or follows: conventions and flows (T), and the dwellings' side of each
/// candidacy (D), which names no applicant.
class contingent_book {
public:
  void apply(subject_id subject, const record& happened, std::uint64_t seq);

  const convention_register& conventions() const { return conventions_; }
  std::uint64_t last_seq(subject_id subject) const;
  std::optional<convention_id> reservation_of(vacancy_id id) const;

  contingent_balance balance(convention_id id, int year) const;
  const std::map<charge_account, charges>& ledger() const { return ledger_; }
  /// True where one more attribution in the year would exceed the holder's rights.
  bool exhausted(convention_id id, int year) const;

private:
  struct line {
    imputation charged_on;
    bool confirmed = false;
    int year = 0;
  };
  struct followed_vacancy {
    siren bailleur;
    std::optional<convention_id> reserved_under;
    std::map<candidacy_id, line> lines;                     ///< candidates in favour of whom something stands
    std::optional<std::pair<charge_account, bool>> counted; ///< one charge a dwelling: the lease, else the decision
  };
  struct flow {
    std::uint32_t base = 0;
  };

  void follow(followed_vacancy& v, const candidacy_moved& moved, civil_date on);
  void recount(followed_vacancy& v);

  convention_register conventions_;
  std::map<std::tuple<siren, departement_code, int>, flow> flows_;
  std::map<vacancy_id, followed_vacancy> vacancies_;
  std::map<charge_account, charges> ledger_;
  std::map<subject_id, std::uint64_t> last_seqs_;
};

/// All conventions of a bailleur in a département are one subject: a second one for the same pair, or a share above a
/// ceiling, is then seen however two requests cross.
subject_id conventions_subject(siren bailleur, departement_code departement);
/// The flow of a bailleur in a département for a year: its own subject.
subject_id flow_subject(siren bailleur, departement_code departement, std::uint16_t year);

/// Decides on what the allocator owns: conventions and flows.
decision decide(const contingent_book& book, const settings& s, const command& asked, const facts& known);
std::vector<subject_id> subjects_of(const contingent_book& book, const command& asked);

} // namespace toit::law
