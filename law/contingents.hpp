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

/// What a convention's holder has, had and has left in a year. Shares are rounded down (docs/readings.md, 17).
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

/// What a decision in favour of a candidate charges, as long as it stands.
struct charge_line {
  candidacy_id candidacy;
  imputation charged_on;
  bool stands = false;
  std::uint16_t decided_in = 0;           ///< year of the decision
  std::optional<std::uint16_t> leased_in; ///< year of the lease that confirms it

  bool confirmed() const { return leased_in.has_value(); }
  int year() const { return leased_in.value_or(decided_in); }

  friend bool operator==(const charge_line&, const charge_line&) = default;
  static constexpr auto fields() {
    using t = charge_line;
    return std::tuple{field{"candidacy", &t::candidacy}, field{"charged_on", &t::charged_on},
                      field{"stands", &t::stands}, field{"decided_in", &t::decided_in},
                      field{"leased_in", &t::leased_in}};
  }
};

/// What is charged for one vacancy: one dwelling, whatever the number of candidates in favour of whom something stands.
struct charged_vacancy {
  vacancy_id vacancy;
  siren bailleur;
  std::optional<convention_id> reserved_under;
  list<charge_line, 256> lines; ///< in the order of the decisions
  static constexpr auto fields() {
    using t = charged_vacancy;
    return std::tuple{field{"vacancy", &t::vacancy}, field{"bailleur", &t::bailleur},
                      field{"reserved_under", &t::reserved_under}, field{"lines", &t::lines}};
  }

  /// The lease if there is one, else the first decision that stands.
  const charge_line* charged() const;
};

/// Everything the contingent allocator owns or follows: conventions and flows (T), and the dwellings' side of each
/// candidacy (D), which names no applicant.
class contingent_book {
public:
  void apply(subject_id subject, const record& happened, std::uint64_t seq);

  /// Puts back a vacancy that a snapshot kept.
  void restore(charged_vacancy v);
  const std::map<vacancy_id, charged_vacancy>& vacancies() const { return vacancies_; }

  const convention_register& conventions() const { return conventions_; }
  std::uint64_t last_seq(subject_id subject) const;
  std::optional<convention_id> reservation_of(vacancy_id id) const;

  contingent_balance balance(convention_id id, int year) const;
  const std::map<charge_account, charges>& ledger() const { return ledger_; }
  /// Dwellings of a bailleur in a département for a year, of which every holder has his share.
  const std::map<std::tuple<siren, departement_code, int>, std::uint32_t>& flows() const { return flows_; }
  /// True where one more attribution in the year would exceed the holder's rights.
  bool exhausted(convention_id id, int year) const;

private:
  void count(const charged_vacancy& v, int by);

  convention_register conventions_;
  std::map<std::tuple<siren, departement_code, int>, std::uint32_t> flows_; ///< dwellings of the year's base
  std::map<vacancy_id, charged_vacancy> vacancies_;
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
