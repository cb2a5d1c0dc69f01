/// \file
/// What is known of a dossier at a moment: enough to decide, not to show. The form itself is read from the journal when
/// it is needed, so that a dossier takes a few hundred bytes.
///
/// Text       R441-2-7, R441-2-8 (life of the demande), R441-3, R441-10 (candidacy); arrêté of 23 March 2015, annex.

#pragma once

#include "law/catalogue.hpp"

namespace toit::law {

enum class demande_status : std::uint8_t { active, expired, radiated };
constexpr auto names_of(demande_status) { return std::to_array<std::string_view>({"active", "expired", "radiated"}); }

/// A demande's candidacy for one vacancy.
struct candidacy {
  candidacy_id id;
  vacancy_id vacancy;
  imputation contingent; ///< the right used by the designation
  siren designator;
  designation_route route{};
  candidacy_step step{};
  candidacy_step step_before_lease{};
  std::optional<closing_reason> closed;
  bool lapsed = false; ///< closed, and the demande has come back since without it: nothing restores it any more
  std::uint8_t rank = 0;
  bool condition_pending = false;
  bool refused_by_silence = false;
  session_id session;
  civil_date designated_on;
  std::optional<civil_date> decided_on;
  std::optional<civil_date> piece_due; ///< of the suspensive condition
  std::optional<civil_date> reply_by;
  std::optional<imputation> charged_on;
  std::uint64_t last_entry = 0; ///< sequence of the entry that brought the present step
  std::optional<civil_date> offered_on;

  bool open() const { return !closed; }
  friend bool operator==(const candidacy&, const candidacy&) = default;
  static constexpr auto fields() {
    using t = candidacy;
    return std::tuple{field{"candidacy", &t::id},
                      field{"vacancy", &t::vacancy},
                      field{"contingent", &t::contingent},
                      field{"designator", &t::designator},
                      field{"route", &t::route},
                      field{"step", &t::step},
                      field{"step_before_lease", &t::step_before_lease},
                      field{"closed", &t::closed},
                      field{"rank", &t::rank},
                      field{"condition_pending", &t::condition_pending},
                      field{"refused_by_silence", &t::refused_by_silence},
                      field{"session", &t::session},
                      field{"designated_on", &t::designated_on},
                      field{"decided_on", &t::decided_on},
                      field{"piece_due", &t::piece_due},
                      field{"reply_by", &t::reply_by},
                      field{"charged_on", &t::charged_on},
                      field{"last_entry", &t::last_entry},
                      field{"lapsed", &t::lapsed},
                      field{"offered_on", &t::offered_on}};
  }
};

/// True where the commission decided for the demandeur and nothing has undone it yet.
bool in_favour(const candidacy& c);
bool in_favour(candidacy_step step);

struct recognition {
  priority_category category{};
  siren by;
  std::optional<civil_date> valid_until;
  friend bool operator==(const recognition&, const recognition&) = default;
  static constexpr auto fields() {
    using t = recognition;
    return std::tuple{field{"category", &t::category}, field{"by", &t::by}, field{"valid_until", &t::valid_until}};
  }
};

struct stored_document {
  document_id id;
  bytes32 digest{};
  friend bool operator==(const stored_document&, const stored_document&) = default;
  static constexpr auto fields() {
    using t = stored_document;
    return std::tuple{field{"document", &t::id}, field{"digest", &t::digest}};
  }
};

struct radiation_warning {
  radiation_motive motive{};
  siren sender;
  civil_date sent_on;
  friend bool operator==(const radiation_warning&, const radiation_warning&) = default;
  static constexpr auto fields() {
    using t = radiation_warning;
    return std::tuple{field{"motive", &t::motive}, field{"sender", &t::sender}, field{"sent_on", &t::sent_on}};
  }
};

struct radiation {
  radiation_motive motive{};
  civil_date on;
  friend bool operator==(const radiation&, const radiation&) = default;
  static constexpr auto fields() {
    using t = radiation;
    return std::tuple{field{"motive", &t::motive}, field{"on", &t::on}};
  }
};

struct consultation_code {
  bytes32 hash{};
  civil_date last_day;
  friend bool operator==(const consultation_code&, const consultation_code&) = default;
  static constexpr auto fields() {
    using t = consultation_code;
    return std::tuple{field{"hash", &t::hash}, field{"last_day", &t::last_day}};
  }
};

struct lease_conflict {
  candidacy_id first;
  candidacy_id second;
  friend bool operator==(const lease_conflict&, const lease_conflict&) = default;
  static constexpr auto fields() {
    using t = lease_conflict;
    return std::tuple{field{"first", &t::first}, field{"second", &t::second}};
  }
};

/// From this number of entries on, far above any real life, a dossier takes no more of what can be told without end
/// (changes, other events, visits); what moves it on (notice, decision, lease, radiation) is recorded as ever.
constexpr std::uint32_t entries_of_a_dossier_most = 60'000;

struct dossier {
  dossier_id id;
  std::uint64_t last_seq = 0;                            ///< of its entries in the stream
  hidden<list<std::uint64_t, 65'536>> entries_of_form{}; ///< those that the form is folded from, oldest first
  nud number;
  demande_status status{};
  hidden<std::uint32_t> entry_count{};
  civil_date reception;  ///< kept through renewals and mergers: seniority counts from it
  civil_date renewed_on; ///< reception or last renewal: the term t of every delay of validity
  std::optional<civil_date> notice_sent_on;
  std::optional<radiation_warning> warning; ///< motive c or d, unanswered
  std::optional<law::radiation> radiation;
  std::optional<radiation_warning> warning_of_radiation; ///< that the radiation followed from
  bool certificate_issued = false;
  bool validity_expired = false; ///< and not renewed since, whatever came after
  bool mutation = false;
  bool inadmissible = false; ///< a commission has decided so; radiation d may follow a warning
  bool neighbouring_communes = false;
  law::typology typology{};
  wished_communes communes;
  std::optional<civil_date> dalo_since;
  list<recognition, 64> recognitions;
  list<stored_document, 256> documents;
  list<candidacy, 256> candidacies;
  list<vacancy_id, 64> visits_proposed; ///< the latest ones
  list<consultation_code, 16> consultation_codes;
  list<seniority_by_departement, 16> seniority;
  std::optional<lease_conflict> conflict;
  std::optional<agent_id> account;          ///< of the demandeur, where he has one
  std::optional<agent_id> registered_with;  ///< the account with which the demandeur registered it himself
  std::optional<civil_date> reactivated_on; ///< latest return from a radiation that stood

  /// Last day of the present year of validity.
  civil_date valid_until() const { return add_months(renewed_on, months{12}); }
  const candidacy* find(candidacy_id wanted) const;
  candidacy* find(candidacy_id wanted);

  friend bool operator==(const dossier&, const dossier&) = default;
  static constexpr auto fields() {
    using t = dossier;
    return std::tuple{field{"dossier", &t::id},
                      field{"last_seq", &t::last_seq},
                      field{"number", &t::number},
                      field{"status", &t::status},
                      field{"reception", &t::reception},
                      field{"renewed_on", &t::renewed_on},
                      field{"notice_sent_on", &t::notice_sent_on},
                      field{"warning", &t::warning},
                      field{"radiation", &t::radiation},
                      field{"warning_of_radiation", &t::warning_of_radiation},
                      field{"certificate_issued", &t::certificate_issued},
                      field{"validity_expired", &t::validity_expired},
                      field{"mutation", &t::mutation},
                      field{"inadmissible", &t::inadmissible},
                      field{"neighbouring_communes", &t::neighbouring_communes},
                      field{"typology", &t::typology},
                      field{"communes", &t::communes},
                      field{"dalo_since", &t::dalo_since},
                      field{"recognitions", &t::recognitions},
                      field{"documents", &t::documents},
                      field{"candidacies", &t::candidacies},
                      field{"visits_proposed", &t::visits_proposed},
                      field{"consultation_codes", &t::consultation_codes},
                      field{"seniority", &t::seniority},
                      field{"conflict", &t::conflict},
                      field{"account", &t::account},
                      field{"registered_with", &t::registered_with},
                      field{"reactivated_on", &t::reactivated_on},
                      field{"entries_of_form", &t::entries_of_form},
                      field{"entry_count", &t::entry_count}};
  }
};

/// The dossier after an entry about it. Total: an entry that the present state does not expect changes nothing but
/// `last_seq`, since what is in the journal has been decided.
void evolve(dossier& d, const record& happened, std::uint64_t seq);

/// The form after an entry about its dossier: nothing but those that say something of it change it.
void evolve(form& filled, const record& happened);
bool tells_of_form(const event& happened);

} // namespace toit::law
