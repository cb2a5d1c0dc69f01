/// \file
/// The form of a demande: rubrics a to i.
///
/// Text       R441-2-2 (rubrics); L441-2-1, R441-2-3 (complete form and identity document are all that registration
///            may ask); notice of CERFA 14069*05 (boxes).
/// Not here   the supporting documents (changes.cpp) and what is derived from the form (priority, cotation).

#pragma once

#include "law/identifiers.hpp"
#include "law/refusal.hpp"
#include "law/text.hpp"

namespace toit::law {

enum class typology : std::uint8_t { t1, t2, t3, t4, t5_or_more };
constexpr auto names_of(typology) { return std::to_array<std::string_view>({"t1", "t2", "t3", "t4", "t5_or_more"}); }

enum class household_role : std::uint8_t {
  spouse,
  pacs_partner,
  concubin,
  ascendant,
  descendant,
  sibling,
  dependant,
  unborn_child,
  child_under_visiting_rights,
  other,
};
constexpr auto names_of(household_role) {
  return std::to_array<std::string_view>({"spouse", "pacs_partner", "concubin", "ascendant", "descendant", "sibling",
                                          "dependant", "unborn_child", "child_under_visiting_rights", "other"});
}

enum class nationality : std::uint8_t { french, european_union, other };
constexpr auto names_of(nationality) { return std::to_array<std::string_view>({"french", "european_union", "other"}); }

enum class family_situation : std::uint8_t {
  single,
  married,
  pacs,
  concubinage,
  divorced,
  separated,
  divorce_in_progress,
  widowed,
};
constexpr auto names_of(family_situation) {
  return std::to_array<std::string_view>(
      {"single", "married", "pacs", "concubinage", "divorced", "separated", "divorce_in_progress", "widowed"});
}

enum class professional_situation : std::uint8_t {
  permanent_contract,
  fixed_term_contract,
  self_employed,
  apprentice,
  unemployed,
  student,
  retired,
  no_activity,
  other,
};
constexpr auto names_of(professional_situation) {
  return std::to_array<std::string_view>({"permanent_contract", "fixed_term_contract", "self_employed", "apprentice",
                                          "unemployed", "student", "retired", "no_activity", "other"});
}

enum class present_housing : std::uint8_t {
  social_tenant,
  private_tenant,
  owner,
  hosted_by_parents,
  hosted_by_others,
  foyer,
  student_residence,
  social_residence,
  temporary_housing,
  hotel,
  mobile_home,
  no_housing,
};
constexpr auto names_of(present_housing) {
  return std::to_array<std::string_view>({"social_tenant", "private_tenant", "owner", "hosted_by_parents",
                                          "hosted_by_others", "foyer", "student_residence", "social_residence",
                                          "temporary_housing", "hotel", "mobile_home", "no_housing"});
}

enum class motive_of_demande : std::uint8_t {
  no_own_housing,
  demolition,
  non_decent,
  unhealthy,
  eviction,
  too_small,
  too_big,
  too_expensive,
  handicap,
  health,
  family_change,
  violence,
  family_reunion,
  closer_to_work,
  closer_to_family,
  environment,
  other,
};
constexpr auto names_of(motive_of_demande) {
  return std::to_array<std::string_view>({"no_own_housing", "demolition", "non_decent", "unhealthy", "eviction",
                                          "too_small", "too_big", "too_expensive", "handicap", "health",
                                          "family_change", "violence", "family_reunion", "closer_to_work",
                                          "closer_to_family", "environment", "other"});
}

/// Rubric a, the demandeur.
struct identity_rubric {
  text<80> birth_name;
  text<80> usual_name;
  text<80> given_names;
  civil_date birth_date;
  law::nationality nationality{};
  std::optional<law::nir> nir; ///< never a condition of registration
  friend bool operator==(const identity_rubric&, const identity_rubric&) = default;
  static constexpr auto fields() {
    using t = identity_rubric;
    return std::tuple{field{"birth_name", &t::birth_name},   field{"usual_name", &t::usual_name},
                      field{"given_names", &t::given_names}, field{"birth_date", &t::birth_date},
                      field{"nationality", &t::nationality}, field{"nir", &t::nir}};
  }
};

/// Rubric a, another person to be housed.
struct household_member {
  text<80> birth_name;
  text<80> given_names;
  std::optional<civil_date> birth_date; ///< absent for a child to be born
  household_role role{};
  std::optional<law::nir> nir;
  friend bool operator==(const household_member&, const household_member&) = default;
  static constexpr auto fields() {
    using t = household_member;
    return std::tuple{field{"birth_name", &t::birth_name}, field{"given_names", &t::given_names},
                      field{"birth_date", &t::birth_date}, field{"role", &t::role}, field{"nir", &t::nir}};
  }
};
using household = list<household_member, 24>;

/// A legal person that asks for dwellings for the people it supports (L442-8-1): rubrics a, b and h alone.
struct applicant_body {
  law::siren siren;
  text<120> name;
  friend bool operator==(const applicant_body&, const applicant_body&) = default;
  static constexpr auto fields() {
    using t = applicant_body;
    return std::tuple{field{"siren", &t::siren}, field{"name", &t::name}};
  }
};

/// Rubric b.
struct contact_rubric {
  text<240> address;
  text<40> phone;
  text<120> email;
  bool consents_email = false;
  bool consents_sms = false;
  text<240> helper; ///< who helps the demandeur, with his consent
  friend bool operator==(const contact_rubric&, const contact_rubric&) = default;
  static constexpr auto fields() {
    using t = contact_rubric;
    return std::tuple{field{"address", &t::address},
                      field{"phone", &t::phone},
                      field{"email", &t::email},
                      field{"consents_email", &t::consents_email},
                      field{"consents_sms", &t::consents_sms},
                      field{"helper", &t::helper}};
  }
};

/// Rubrics c to g and i: what a natural person says of his situation.
struct situation_rubric {
  family_situation family{};
  professional_situation profession{};
  std::optional<siret> employer;
  bool state_agent = false;
  bool long_unemployment_ended = false;
  std::uint32_t monthly_income_cents = 0; ///< of all persons to be housed, housing benefits excluded
  std::optional<std::uint32_t> tax_income_n2_cents;
  std::optional<std::uint32_t> tax_income_n1_cents;
  present_housing housing{};
  std::optional<siren> present_bailleur; ///< with `social_tenant`
  std::uint8_t occupants = 1;            ///< of the present housing
  bool non_decent = false;
  bool unfit = false; ///< logement indigne
  list<motive_of_demande, 5> motives;
  std::uint8_t handicapped_persons = 0;
  bool adaptation_needed = false;
  friend bool operator==(const situation_rubric&, const situation_rubric&) = default;
  static constexpr auto fields() {
    using t = situation_rubric;
    return std::tuple{field{"family", &t::family},
                      field{"profession", &t::profession},
                      field{"employer", &t::employer},
                      field{"state_agent", &t::state_agent},
                      field{"long_unemployment_ended", &t::long_unemployment_ended},
                      field{"monthly_income_cents", &t::monthly_income_cents},
                      field{"tax_income_n2_cents", &t::tax_income_n2_cents},
                      field{"tax_income_n1_cents", &t::tax_income_n1_cents},
                      field{"housing", &t::housing},
                      field{"present_bailleur", &t::present_bailleur},
                      field{"occupants", &t::occupants},
                      field{"non_decent", &t::non_decent},
                      field{"unfit", &t::unfit},
                      field{"motives", &t::motives},
                      field{"handicapped_persons", &t::handicapped_persons},
                      field{"adaptation_needed", &t::adaptation_needed}};
  }
};

using wished_communes = list<commune_code, 16>;

/// Rubric h.
struct search_rubric {
  law::typology typology{};
  wished_communes communes;           ///< in the order of preference; the first decides the home territory
  bool neighbouring_communes = false; ///< extension asked by the demandeur
  std::uint8_t persons_to_house = 1;
  text<400> precisions;
  friend bool operator==(const search_rubric&, const search_rubric&) = default;
  static constexpr auto fields() {
    using t = search_rubric;
    return std::tuple{field{"typology", &t::typology}, field{"communes", &t::communes},
                      field{"neighbouring_communes", &t::neighbouring_communes},
                      field{"persons_to_house", &t::persons_to_house}, field{"precisions", &t::precisions}};
  }
};

/// Exactly one of `identity` (with `situation`) and `body` is there.
struct form {
  std::optional<identity_rubric> identity;
  std::optional<applicant_body> body;
  law::household household;
  contact_rubric contact;
  std::optional<situation_rubric> situation;
  search_rubric search;

  /// A mutation is the demande of a tenant of social housing.
  bool mutation() const { return situation && situation->housing == present_housing::social_tenant; }

  friend bool operator==(const form&, const form&) = default;
  static constexpr auto fields() {
    using t = form;
    return std::tuple{field{"identity", &t::identity},   field{"body", &t::body},
                      field{"household", &t::household}, field{"contact", &t::contact},
                      field{"situation", &t::situation}, field{"search", &t::search}};
  }
};

/// Refuses a form that lacks what R441-2-2 makes mandatory, or that contradicts itself. Never refuses for what the
/// text does not ask: a missing NIR, income notice or document bars nothing.
check check_form(const form& filled, civil_date reception);

/// One field of a form: its path ("contact.email", "household.1.birth_date") and its values as text, empty when absent.
struct field_change {
  text<60> path;
  text<400> old_value;
  text<400> new_value;
  friend bool operator==(const field_change&, const field_change&) = default;
  static constexpr auto fields() {
    using t = field_change;
    return std::tuple{field{"path", &t::path}, field{"old_value", &t::old_value}, field{"new_value", &t::new_value}};
  }
};
using field_changes = list<field_change, 64>;

/// The value at the path, as text; refuses a path that is not one of a single value.
std::expected<std::string, refusal> read_field(const form& filled, std::string_view path);

/// The form with the change made; refuses an unknown path, a malformed value, and an old value that is no longer the
/// current one (E_CONFLICT).
check change_field(form& filled, const field_change& change);

} // namespace toit::law
