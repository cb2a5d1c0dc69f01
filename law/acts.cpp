#include "law/acts.hpp"

#include <algorithm>

namespace toit::law {

namespace {

/// CRPA L243-3.
constexpr months withdrawal_within{4};
/// CJA R421-1.
constexpr months recourse_within{2};

} // namespace

/// What is published binds from the day after, what is notified from the day itself.
std::optional<civil_date> binds_from(const state_act& a) {
  auto from = a.act_itself.effective_from;
  if (a.needed.published) {
    if (!a.published_on)
      return std::nullopt;
    from = std::max(from, add_days(*a.published_on, days{1}));
  }
  if (a.needed.notified) {
    if (!a.notified_on)
      return std::nullopt;
    from = std::max(from, *a.notified_on);
  }
  return from;
}

act_standing standing_of(const state_act& a, civil_date day) {
  using enum act_standing;
  if (a.end && *a.ended_on <= day)
    return *a.end == act_end::withdrawn ? withdrawn : *a.end == act_end::repealed ? repealed : annulled;
  if (a.act_itself.effective_until && *a.act_itself.effective_until < day)
    return expired;
  if (a.suspended_on && *a.suspended_on <= day && (!a.resumed_on || day < *a.resumed_on))
    return suspended;
  auto from = binds_from(a);
  return from && *from <= day ? in_force : not_yet;
}

bool alive(act_standing standing) {
  return standing == act_standing::not_yet || standing == act_standing::in_force || standing == act_standing::suspended;
}

std::optional<act_standing> prevailing(std::optional<act_standing> one, std::optional<act_standing> other) {
  auto weight = [](std::optional<act_standing> standing) {
    return !standing ? 0 : !alive(*standing) ? 1 : *standing == act_standing::in_force ? 3 : 2;
  };
  return weight(one) < weight(other) ? other : one;
}

/// Neither the first day nor the last of the term counts.
std::optional<civil_date> recourse_until(const state_act& a) {
  auto known = std::max(a.published_on, a.notified_on);
  if (!known || !binds_from(a))
    return std::nullopt;
  return add_days(add_months(*known, recourse_within), days{1});
}

namespace {

// [L441-2-7-4-1]
check check_delegation(const delegation& given, civil_date signed_on) {
  if (given.reference.empty())
    return refuse_field(refusal_code::missing_field, "L441-2-7-4-1", "La délégation de signature n'est pas citée.",
                        "act.delegation.reference");
  if (!given.from.ok() || (given.until && (!given.until->ok() || *given.until < given.from)))
    return refuse_field(refusal_code::bad_date, "L441-2-7-4-1", "Les dates de la délégation ne se suivent pas.",
                        "act.delegation.until");
  if (!given.in_force(signed_on))
    return refuse_field(refusal_code::not_empowered, "L441-2-7-4-1",
                        "La délégation de signature n'est pas en vigueur le jour de la signature.", "act.delegation");
  return {};
}

} // namespace

// [L441-2-7-4-1] [L441-2-7-3-2]
check check_act(const act& given, civil_date signed_on) {
  if (given.number.empty())
    return refuse_field(refusal_code::missing_field, "L441-2-7-4-1", "L'arrêté n'a pas de numéro.", "act.number");
  if (given.signatory.empty())
    return refuse_field(refusal_code::missing_field, "L441-2-7-4-1", "Le signataire n'est pas nommé.", "act.signatory");
  if (given.document == bytes32{})
    return refuse_field(refusal_code::missing_field, "L441-2-7-4-1", "L'arrêté lui-même n'est pas cité.",
                        "act.document");
  if (!given.effective_from.ok() || given.effective_from < signed_on)
    return refuse_field(refusal_code::bad_date, "L441-2-7-4-1", "Un arrêté ne prend pas effet avant sa signature.",
                        "act.effective_from");
  if (given.effective_until && (!given.effective_until->ok() || *given.effective_until < given.effective_from))
    return refuse_field(refusal_code::bad_date, "L441-2-7-4-1", "La fin précède la prise d'effet.",
                        "act.effective_until");
  return given.delegation ? check_delegation(*given.delegation, signed_on) : check{};
}

namespace {

check check_after_signature(const state_act& a, civil_date day) {
  if (day < a.signed_on)
    return refuse_field(refusal_code::bad_date, "L441-2-7-4-1", "L'arrêté n'était pas signé ce jour-là.",
                        "occurred_on");
  return {};
}

std::unexpected<refusal> before_another() {
  return refuse_field(refusal_code::bad_date, "L441-2-7-4-1", "Une décision plus récente est déjà enregistrée.",
                      "occurred_on");
}

std::unexpected<refusal> over() {
  return refuse(refusal_code::bad_order, "L441-2-7-4-1", "Cet arrêté n'a plus d'effet.");
}

} // namespace

check may_be_published(const state_act& a, civil_date day) {
  if (!alive(standing_of(a, day)))
    return over();
  if (a.published_on)
    return refuse(refusal_code::duplicate, "L441-2-7-4-1", "Cet arrêté est déjà publié.");
  return check_after_signature(a, day);
}

check may_be_notified(const state_act& a, siren addressee, civil_date day) {
  if (!alive(standing_of(a, day)))
    return over();
  if (a.needed.notified == addressee && a.notified_on)
    return refuse(refusal_code::duplicate, "L441-2-7-4-1", "Cet arrêté lui est déjà notifié.");
  return check_after_signature(a, day);
}

check may_be_suspended(const state_act& a, civil_date day) {
  auto standing = standing_of(a, day);
  if (!alive(standing) || standing == act_standing::suspended)
    return refuse(refusal_code::bad_order, "L441-2-7-4-1", "Cet arrêté n'a pas d'effet à suspendre.");
  if (a.resumed_on && day < *a.resumed_on)
    return before_another();
  return check_after_signature(a, day);
}

check may_resume(const state_act& a, civil_date day) {
  if (standing_of(a, day) != act_standing::suspended)
    return refuse(refusal_code::bad_order, "L441-2-7-4-1", "Cet arrêté n'est pas suspendu.");
  if (a.resumed_on)
    return before_another();
  return check_after_signature(a, day);
}

/// A judge annuls what has run out or been repealed as well; its author takes back only what still stands, and within
/// the term.
check may_end(const state_act& a, act_end how, civil_date day) {
  bool may_be_annulled = how == act_end::annulled && a.end == act_end::repealed;
  if (a.end && !may_be_annulled)
    return refuse(refusal_code::bad_order, "L441-2-7-4-1", "Cet arrêté est déjà retiré, abrogé ou annulé.");
  if (how != act_end::annulled && !alive(standing_of(a, day)))
    return over();
  if (how == act_end::withdrawn && day > add_months(a.signed_on, withdrawal_within))
    return refuse(refusal_code::too_late, "CRPA L243-3",
                  "Un arrêté ne se retire que dans les quatre mois de sa signature ; il peut être abrogé.");
  return check_after_signature(a, day);
}

} // namespace toit::law
