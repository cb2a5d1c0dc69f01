#include "web/server/shape.hpp"

namespace toit::web {

using law::refusal_code;

bool reading::refuse(law::refusal why) {
  if (!wrong) {
    wrong = std::move(why);
    wrong->path = path_;
  }
  return false;
}

// -- single values --------------------------------------------------------------------------------------------------

std::optional<std::string_view> read_text(const json& in, reading& where) {
  if (const auto* text = in.get_ptr<const json::string_t*>())
    return *text;
  where.refuse(refusal_code::malformed, "Un texte est attendu.");
  return std::nullopt;
}

std::optional<std::uint64_t> read_number(const json& in, std::uint64_t most, reading& where) {
  bool natural = in.is_number_unsigned() || (in.is_number_integer() && in.get<std::int64_t>() >= 0);
  if (natural && in.get<std::uint64_t>() <= most)
    return in.get<std::uint64_t>();
  where.refuse(refusal_code::malformed, "Un nombre entier est attendu, dans les limites publiées.");
  return std::nullopt;
}

bool read_bytes(const json& in, std::span<std::uint8_t> out, reading& where) {
  auto given = read_text(in, where);
  if (!given)
    return false;
  bool lower = std::ranges::none_of(*given, [](char c) { return c >= 'A' && c <= 'F'; });
  return (lower && law::parse_hex(*given, out)) ||
         where.refuse(refusal_code::malformed, "Cet identifiant n'a pas la forme attendue.");
}

bool wire<bool>::read(const json& in, bool& out, reading& where) {
  if (!in.is_boolean())
    return where.refuse(refusal_code::malformed, "Vrai ou faux est attendu.");
  out = in.get<bool>();
  return true;
}

bool wire<law::civil_date>::read(const json& in, law::civil_date& out, reading& where) {
  auto given = read_text(in, where);
  auto parsed = given ? law::parse_date(*given) : std::nullopt;
  if (parsed)
    out = *parsed;
  return parsed || where.refuse(refusal_code::malformed, "Une date est attendue, sous la forme AAAA-MM-JJ.");
}

bool wire<law::instant>::read(const json& in, law::instant& out, reading& where) {
  auto given = read_text(in, where);
  auto parsed = given ? law::parse_instant(*given) : std::nullopt;
  if (parsed)
    out = *parsed;
  return parsed || where.refuse(refusal_code::malformed, "Un moment est attendu, en temps universel.");
}

bool wire<law::party>::read(const json& in, law::party& out, reading& where) {
  auto given = read_text(in, where);
  if (given && *given == "demandeur") {
    out = law::party::demandeur();
    return true;
  }
  law::siren legal_person;
  bool good = wire<law::siren>::read(in, legal_person, where);
  out = legal_person;
  return good;
}

json schema_of_code(std::string_view name, std::string_view pattern, schema_book& book) {
  auto& component = book.components[std::string{name}];
  if (component.is_null())
    component = {{"type", "string"}, {"pattern", pattern}};
  return {{"$ref", "#/components/schemas/" + std::string{name}}};
}

json schema_of_choice(std::span<const std::string_view> names) { return {{"enum", names}}; }

// -- described values -----------------------------------------------------------------------------------------------

namespace {

bool asked_for(const member& m) { return !m.hidden && m.set_by != law::set_by::node; }
bool required(const member& m) { return m.set_by == law::set_by::request && !m.may_be_absent; }

bool read_known(const json& in, std::span<const member> members, reading& where) {
  for (const auto& [name, value] : in.items()) {
    auto known = std::ranges::find(members, name, &member::name);
    if (known != members.end() && asked_for(*known))
      continue;
    // A name that nobody published is not repeated: it may be anything.
    if (known == members.end() || known->hidden)
      return where.refuse(refusal_code::malformed, "Un champ n'existe pas dans cet objet.");
    return where.within(name, [&] {
      return where.refuse(refusal_code::malformed, "Ce champ est attribué par le nœud : il ne se donne pas.");
    });
  }
  return true;
}

} // namespace

bool read_members(const json& in, void* out, std::span<const member> members, reading& where) {
  if (!in.is_object())
    return where.refuse(refusal_code::malformed, "Un objet est attendu.");
  if (!read_known(in, members, where))
    return false;
  for (const auto& m : members) {
    if (!asked_for(m))
      continue;
    auto given = in.find(std::string{m.name});
    bool good = where.within(m.name, [&] {
      if (given == in.end())
        return !required(m) || where.refuse(refusal_code::missing_field, "Ce champ est obligatoire.");
      if (given->is_null() && m.set_by == law::set_by::either)
        return true;
      return m.read(*given, const_cast<void*>(m.at(out)), where);
    });
    if (!good)
      return false;
  }
  return true;
}

json write_members(const void* value, std::span<const member> members) {
  auto out = json::object();
  for (const auto& m : members)
    if (!m.hidden)
      if (auto written = m.write(m.at(value)); !written.is_null())
        out[std::string{m.name}] = std::move(written);
  return out;
}

json write_assigned(const void* value, std::span<const member> members) {
  auto out = json::object();
  for (const auto& m : members) {
    if (m.hidden)
      continue;
    if (m.set_by != law::set_by::request) {
      if (auto written = m.write(m.at(value)); !written.is_null())
        out[std::string{m.name}] = std::move(written);
    } else if (m.assigned) {
      out.update(m.assigned(m.at(value)));
    }
  }
  return out;
}

json schema_of_members(std::string_view name, std::span<const member> members, schema_book& book) {
  auto key = std::string{book.asked ? "asked_" : ""} + std::string{name};
  json reference{{"$ref", "#/components/schemas/" + key}};
  if (book.components.contains(key))
    return reference;
  book.components[key] = nullptr; // a name taken before its content: a type that holds itself still ends
  auto properties = json::object();
  auto needed = json::array();
  for (const auto& m : members) {
    if (m.hidden || (book.asked && !asked_for(m)))
      continue;
    properties[std::string{m.name}] = m.schema(book);
    if (book.asked ? required(m) : m.always_written)
      needed.push_back(m.name);
  }
  book.components[key] = {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
  if (!needed.empty())
    book.components[key]["required"] = needed;
  return reference;
}

} // namespace toit::web
