#include "law/form.hpp"

#include "law/scalar_text.hpp"

namespace toit::law {

namespace {

std::unexpected<refusal> missing(std::string_view path) {
  return refuse_field(refusal_code::missing_field, "R441-2-2",
                      "Une rubrique obligatoire du formulaire n'est pas remplie.", path);
}

std::unexpected<refusal> contradiction(std::string_view path) {
  return refuse_field(refusal_code::malformed, "R441-2-2", "Le formulaire se contredit.", path);
}

check check_person(const form& filled, civil_date reception) {
  if (filled.identity->birth_name.empty())
    return missing("identity.birth_name");
  if (filled.identity->given_names.empty())
    return missing("identity.given_names");
  if (filled.identity->birth_date > reception)
    return contradiction("identity.birth_date");
  if (!filled.situation)
    return missing("situation");
  if (filled.situation->occupants == 0)
    return missing("situation.occupants");
  if (filled.situation->present_bailleur && !filled.mutation())
    return contradiction("situation.present_bailleur");
  if (filled.situation->handicapped_persons > filled.search.persons_to_house)
    return contradiction("situation.handicapped_persons");
  return {};
}

check check_body(const form& filled) {
  if (filled.body->name.empty())
    return missing("body.name");
  if (filled.situation || !filled.household.empty())
    return contradiction("body");
  return {};
}

check check_search(const search_rubric& search) {
  if (search.communes.empty())
    return missing("search.communes");
  for (auto first = search.communes.begin(); first != search.communes.end(); ++first)
    if (std::find(first + 1, search.communes.end(), *first) != search.communes.end())
      return contradiction("search.communes");
  if (search.persons_to_house == 0)
    return missing("search.persons_to_house");
  return {};
}

} // namespace

// [R441-2-15-I-0-1]
check check_form(const form& filled, civil_date reception) {
  if (filled.identity.has_value() == filled.body.has_value())
    return filled.identity ? contradiction("body") : missing("identity");
  if (auto applicant = filled.identity ? check_person(filled, reception) : check_body(filled); !applicant)
    return applicant;
  return check_search(filled.search);
}

namespace {

template <class T>
struct is_optional_record : std::false_type {};
template <described T>
struct is_optional_record<std::optional<T>> : std::true_type {};

template <class T>
struct is_record_list : std::false_type {};
template <described T, std::size_t Max>
struct is_record_list<list<T, Max>> : std::true_type {};

/// What is left of a path: nothing once its last name has been read, which is not the same as an empty name.
using path_left = std::optional<std::string_view>;

/// "a.b.c" as "a" and "b.c".
std::pair<std::string_view, path_left> split_path(std::string_view path) {
  auto dot = path.find('.');
  return {path.substr(0, dot), dot == std::string_view::npos ? path_left{} : path_left{path.substr(dot + 1)}};
}

/// A place in a list, written in one way alone: no leading zero, so that a field has one path.
std::optional<std::size_t> parse_place(std::string_view text) {
  std::size_t place = 0;
  if (!scalar_from_text(text, place) || scalar_to_text(place) != text)
    return std::nullopt;
  return place;
}

/// Calls `visit` on the single value at the path; false where there is none.
template <class Value, class Visitor>
bool visit_path(Value& value, path_left path, Visitor& visit) {
  using plain = std::remove_cvref_t<Value>;
  if constexpr (is_optional_record<plain>::value) {
    return value && visit_path(*value, path, visit);
  } else if constexpr (described<plain>) {
    if (!path)
      return false;
    auto [name, rest] = split_path(*path);
    bool found = false;
    for_each_field(value, [&](std::string_view field_name, auto& member) {
      if (!found && field_name == name) // NOLINT(clang-analyzer-core.CallAndMessage): "name" is set
        found = visit_path(member, rest, visit);
    });
    return found;
  } else if constexpr (is_record_list<plain>::value) {
    if (!path)
      return false;
    auto [position, rest] = split_path(*path);
    auto place = parse_place(position);
    return place && *place < value.size() && visit_path(value[*place], rest, visit);
  } else {
    if (!path)
      visit(value);
    return !path;
  }
}

std::unexpected<refusal> unknown_field() {
  return refuse_field(refusal_code::malformed, "R441-2-2", "Ce champ n'existe pas dans le formulaire de la demande.",
                      "path");
}

} // namespace

std::expected<std::string, refusal> read_field(const form& filled, std::string_view path) {
  std::string read;
  auto reader = [&](const auto& value) { read = scalar_to_text(value); };
  if (!visit_path(filled, path, reader))
    return unknown_field();
  return read;
}

// [R441-2-15-I-1]
check change_field(form& filled, const field_change& change) {
  check outcome;
  auto writer = [&](auto& value) {
    if (scalar_to_text(value) != change.old_value.str())
      outcome = refuse_field(refusal_code::conflict, "R441-2-15-I-1",
                             "L'ancienne valeur indiquée n'est plus la valeur courante du champ.", "old_value");
    else if (!scalar_from_text(change.new_value.str(), value))
      outcome = refuse_field(refusal_code::malformed, "R441-2-2", "La nouvelle valeur n'a pas la forme attendue.",
                             "new_value");
  };
  if (!visit_path(filled, change.path.str(), writer))
    return unknown_field();
  return outcome;
}

} // namespace toit::law
