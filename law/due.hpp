/// \file
/// What falls due on a dossier, and when: deadlines are data, computed from its state.
///
/// Text       R441-2-7 and R441-2-8 (validity, radiations c, d, e), R441-10 (silence), L441-2-1 (certificate within a
///            month); arrêté of 23 March 2015, annex 6.1 (t + 13 and t + 18 months), 6.5 (two months), 7 (erasure).
/// Not here   what the terms do: validity.cpp. Terms of instruments: issues to come.

#pragma once

#include "law/dossier.hpp"
#include "law/settings.hpp"

#include <functional>
#include <map>
#include <vector>

namespace toit::law {

enum class due_rule : std::uint8_t {
  validity_end,   ///< one year without renewal, notice sent
  non_renewal,    ///< radiation e
  no_answer,      ///< radiation c
  inadmissible,   ///< radiation d
  offer_silence,  ///< no reply to an offer is a refusal
  erasure,        ///< one year after radiation
  certificate,    ///< alert: the certificate is overdue and the préfet may be seized
  renewal_notice, ///< alert: last day for a notice that does not put expiry off
};
constexpr auto names_of(due_rule) {
  return std::to_array<std::string_view>({"validity_end", "non_renewal", "no_answer", "inadmissible", "offer_silence",
                                          "erasure", "certificate", "renewal_notice"});
}

/// Alerts are shown to those who must act; the others take effect by themselves.
constexpr bool takes_effect(due_rule rule) { return rule < due_rule::certificate; }

/// The requirement or article behind the rule.
std::string_view article_of(due_rule rule);

struct due {
  due_rule rule{};
  dossier_id dossier;
  candidacy_id candidacy; ///< with `offer_silence`
  civil_date last_day;    ///< of the term; the effect is on the day after

  friend auto operator<=>(const due&, const due&) = default;
  static constexpr auto fields() {
    return std::tuple{field{"rule", &due::rule}, field{"dossier", &due::dossier}, field{"candidacy", &due::candidacy},
                      field{"last_day", &due::last_day}};
  }
};

/// Everything that runs on the dossier in its present state, in the order of the rules.
std::vector<due> dues_of(const dossier& d, const settings& s);

/// Last day on which a renewal still avoids radiation e, and last day on which it still reactivates after it.
civil_date expiry_last_day(const dossier& d);
civil_date non_renewal_last_day(const dossier& d);
civil_date reactivation_last_day(const dossier& d);

/// Deadlines of many dossiers that take effect by themselves, by day. What no longer runs stays until its day and is
/// sifted then, so that a change costs no search.
class due_calendar {
public:
  /// Notes what runs on the dossier now and did not before.
  void note(const std::vector<due>& before, const std::vector<due>& now);

  /// Shows candidates for the days up to and including `last_day`, in day order then by dossier, until `look` answers
  /// false. The caller keeps those that still run (`dues_of`), and then calls `forget` with the others.
  void visit(civil_date last_day, const std::function<bool(const due&)>& look) const;
  void forget(const due& answered);

  std::size_t size() const { return size_; }

private:
  std::map<civil_date, std::vector<due>> days_;
  std::size_t size_ = 0;
};

} // namespace toit::law
