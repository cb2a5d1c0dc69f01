/// \file
/// How a value of the law is read from JSON, written to it, and described: once for each type, from its list of fields.
///
/// Described types are tables of members that the same few functions walk, so that a new event costs a table and not
/// code.

#pragma once

#include "law/party.hpp"
#include "web/server/json_text.hpp"

#include <concepts>
#include <limits>
#include <source_location>
#include <span>

namespace toit::web {

/// Where a reader stands in what was sent, and the first thing that is wrong there.
class reading {
public:
  /// Always false, so that a reader can end with it.
  bool refuse(law::refusal_code code, law::literal because) { return refuse(law::refuse(code, "", because).error()); }
  bool refuse(law::refusal why);

  bool within(std::string_view name, auto&& read) {
    auto before = path_.size();
    path_ += path_.empty() ? "" : ".";
    path_ += name;
    bool good = read();
    path_.resize(before);
    return good;
  }

  const std::string& path() const { return path_; }
  std::optional<law::refusal> wrong;

private:
  std::string path_;
};

/// Named schemas of one document.
struct schema_book {
  json components = json::object();
  bool asked = false; ///< what a request may hold, not what an answer holds
};

struct member {
  std::string_view name;
  law::set_by set_by = law::set_by::request;
  bool hidden = false;
  bool may_be_absent = false; ///< its type has an absent value
  bool always_written = false;
  const void* (*at)(const void* whole) = nullptr;
  bool (*read)(const json& in, void* out, reading& where) = nullptr;
  json (*write)(const void* value) = nullptr;
  json (*schema)(schema_book& book) = nullptr;
  json (*assigned)(const void* value) = nullptr; ///< of a described type
};

// What the tables are walked with.
bool read_members(const json& in, void* out, std::span<const member> members, reading& where);
json write_members(const void* value, std::span<const member> members);
json schema_of_members(std::string_view name, std::span<const member> members, schema_book& book);
/// Only those that the node may have set, at any depth: what whoever asked did not know.
json write_assigned(const void* value, std::span<const member> members);

std::optional<std::string_view> read_text(const json& in, reading& where);
std::optional<std::uint64_t> read_number(const json& in, std::uint64_t most, reading& where);
json schema_of_code(std::string_view name, std::string_view pattern, schema_book& book);
json schema_of_choice(std::span<const std::string_view> names);

/// `read`, `write`, `schema` of one type. `absent` says that a request may leave it out, `sure` that an answer holds
/// it.
template <class T>
struct wire;

/// Some types are only ever answered.
template <class T>
concept readable = requires { &wire<T>::read; };

template <class T>
std::string_view name_of_type() {
  // "… [with T = toit::law::form; …" or "… [T = toit::law::form]", as the compiler says it.
  std::string_view text = std::source_location::current().function_name();
  text = text.substr(text.find("T = ") + 4);
  text = text.substr(0, text.find_first_of(";]>,"));
  return text.substr(text.rfind(':') + 1);
}

template <std::size_t Max>
struct wire<law::text<Max>> {
  static constexpr bool absent = true, sure = true;
  static bool read(const json& in, law::text<Max>& out, reading& where) {
    auto given = read_text(in, where);
    if (!given)
      return false;
    auto parsed = law::text<Max>::parse(*given);
    if (!parsed)
      return where.refuse(law::refusal_code::malformed, "Ce texte est trop long ou contient un caractère interdit.");
    out = std::move(*parsed);
    return true;
  }
  static json write(const law::text<Max>& value) { return value.str(); }
  static json schema(schema_book&) { return {{"type", "string"}, {"maxLength", Max}}; }
};

template <class Rule, std::size_t Capacity>
struct wire<law::code<Rule, Capacity>> {
  static constexpr bool absent = false, sure = false;
  static bool read(const json& in, law::code<Rule, Capacity>& out, reading& where) {
    auto given = read_text(in, where);
    if (!given)
      return false;
    auto parsed = law::code<Rule, Capacity>::parse(*given);
    if (!parsed)
      return where.refuse(law::refusal_code::malformed, "Cet identifiant n'a pas la forme attendue.");
    out = *parsed;
    return true;
  }
  static json write(const law::code<Rule, Capacity>& value) { return value.empty() ? json{} : json(value.view()); }
  static json schema(schema_book& book) { return schema_of_code(Rule::name, Rule::pattern, book); }
};

bool read_bytes(const json& in, std::span<std::uint8_t> out, reading& where);

template <class Tag>
struct wire<law::random_id<Tag>> {
  static constexpr bool absent = false, sure = false;
  static bool read(const json& in, law::random_id<Tag>& out, reading& where) {
    return read_bytes(in, out.bytes, where);
  }
  static json write(const law::random_id<Tag>& value) { return value.empty() ? json{} : json(law::to_text(value)); }
  static json schema(schema_book& book) { return schema_of_code("random_id", "^[0-9a-f]{32}$", book); }
};

template <std::size_t Size>
struct wire<std::array<std::uint8_t, Size>> {
  static constexpr bool absent = false, sure = true;
  static bool read(const json& in, std::array<std::uint8_t, Size>& out, reading& where) {
    return read_bytes(in, out, where);
  }
  static json write(const std::array<std::uint8_t, Size>& value) { return law::to_hex(value); }
  static json schema(schema_book&) {
    return {{"type", "string"}, {"pattern", "^[0-9a-f]{" + std::to_string(2 * Size) + "}$"}};
  }
};

template <law::named_enum E>
struct wire<E> {
  static constexpr bool absent = false, sure = true;
  static bool read(const json& in, E& out, reading& where) {
    auto given = read_text(in, where);
    if (!given)
      return false;
    if (auto parsed = law::enum_from<E>(*given)) {
      out = *parsed;
      return true;
    }
    // Some closed lists are the law's own: their refusal cites it.
    if constexpr (requires { unknown_name(E{}); })
      return where.refuse(unknown_name(E{}));
    else
      return where.refuse(law::refusal_code::malformed, "Cette valeur n'est pas dans la liste admise.");
  }
  static json write(E value) { return law::name_of(value); }
  static json schema(schema_book&) {
    static constexpr auto names = names_of(E{});
    return schema_of_choice(names);
  }
};

template <>
struct wire<bool> {
  static constexpr bool absent = true, sure = true; // "no" and 0 need not be said
  static bool read(const json& in, bool& out, reading& where);
  static json write(bool value) { return value; }
  static json schema(schema_book&) { return {{"type", "boolean"}}; }
};

template <std::unsigned_integral N>
  requires(!std::same_as<N, bool>)
struct wire<N> {
  static constexpr bool absent = true, sure = true;
  static constexpr std::uint64_t most = std::min<std::uint64_t>(std::numeric_limits<N>::max(), INT64_MAX);
  static bool read(const json& in, N& out, reading& where) {
    auto given = read_number(in, most, where);
    if (given)
      out = static_cast<N>(*given);
    return given.has_value();
  }
  static json write(N value) { return value; }
  static json schema(schema_book&) { return {{"type", "integer"}, {"minimum", 0}, {"maximum", most}}; }
};

template <>
struct wire<std::int64_t> {
  static constexpr bool absent = false, sure = true;
  static json write(std::int64_t value) { return value; }
  static json schema(schema_book&) { return {{"type", "integer"}}; }
};

template <>
struct wire<std::string> {
  static constexpr bool absent = true, sure = true;
  static json write(const std::string& value) { return value; }
  static json schema(schema_book&) { return {{"type", "string"}}; }
};

template <>
struct wire<law::civil_date> {
  static constexpr bool absent = false, sure = false;
  static bool read(const json& in, law::civil_date& out, reading& where);
  static json write(law::civil_date value) { return value.ok() ? json(law::to_text(value)) : json{}; }
  static json schema(schema_book&) { return {{"type", "string"}, {"format", "date"}}; }
};

template <>
struct wire<law::instant> {
  static constexpr bool absent = false, sure = true;
  static bool read(const json& in, law::instant& out, reading& where);
  static json write(law::instant value) { return law::to_text(value); }
  static json schema(schema_book&) { return {{"type", "string"}, {"format", "date-time"}}; }
};

template <>
struct wire<law::party> {
  static constexpr bool absent = false, sure = true;
  static bool read(const json& in, law::party& out, reading& where);
  static json write(const law::party& value) {
    return value.is_demandeur() ? json("demandeur") : json(value.legal_person().view());
  }
  static json schema(schema_book& book) {
    return {{"anyOf", {{{"const", "demandeur"}}, wire<law::siren>::schema(book)}}};
  }
};

template <class T>
struct wire<std::optional<T>> {
  static constexpr bool absent = true, sure = false;
  static bool read(const json& in, std::optional<T>& out, reading& where)
    requires readable<T>
  {
    out.reset();
    if (in.is_null())
      return true;
    T given{};
    if (!wire<T>::read(in, given, where))
      return false;
    out.emplace(std::move(given));
    return true;
  }
  static json write(const std::optional<T>& value) { return value ? wire<T>::write(*value) : json{}; }
  static json schema(schema_book& book) {
    auto of = wire<T>::schema(book);
    return book.asked ? json{{"anyOf", {of, {{"type", "null"}}}}} : of;
  }
};

template <class T, std::size_t Max>
struct wire<law::list<T, Max>> {
  static constexpr bool absent = true, sure = true;
  static bool read(const json& in, law::list<T, Max>& out, reading& where) {
    out.clear();
    if (!in.is_array() || in.size() > Max)
      return where.refuse(law::refusal_code::malformed, "Une liste est attendue, dans les limites publiées.");
    for (const auto& item : in)
      if (!where.within(std::to_string(out.size()), [&] { return wire<T>::read(item, out.emplace_back(), where); }))
        return false;
    return true;
  }
  static json write(const law::list<T, Max>& values) {
    auto out = json::array();
    for (const auto& value : values)
      out.push_back(wire<T>::write(value));
    return out;
  }
  static json schema(schema_book& book) {
    return {{"type", "array"}, {"maxItems", Max}, {"items", wire<T>::schema(book)}};
  }
};

template <class T>
struct wire<std::vector<T>> {
  static constexpr bool absent = true, sure = true;
  static json write(const std::vector<T>& values) {
    auto out = json::array();
    for (const auto& value : values)
      out.push_back(wire<T>::write(value));
    return out;
  }
  static json schema(schema_book& book) { return {{"type", "array"}, {"items", wire<T>::schema(book)}}; }
};

template <law::described T>
std::span<const member> members_of();

/// One of a described type's fields, whatever the type.
template <class T, std::size_t At>
member member_of() {
  constexpr auto described = std::get<At>(T::fields());
  using value_type = std::remove_cvref_t<decltype(std::declval<T>().*described.member)>;
  member made;
  made.name = described.name;
  made.set_by = described.set_by;
  if constexpr (!requires { wire<value_type>::sure; }) {
    made.hidden = true; // what is hidden has no form outside
  } else {
    using form = wire<value_type>;
    made.may_be_absent = form::absent;
    made.always_written = form::sure;
    made.at = [](const void* whole) -> const void* {
      return &(static_cast<const T*>(whole)->*(std::get<At>(T::fields()).member));
    };
    made.write = [](const void* value) { return form::write(*static_cast<const value_type*>(value)); };
    made.schema = &form::schema;
    if constexpr (law::described<value_type>)
      made.assigned = [](const void* value) { return write_assigned(value, members_of<value_type>()); };
    if constexpr (requires(const json& in, value_type& out, reading& where) { form::read(in, out, where); })
      made.read = [](const json& in, void* out, reading& where) {
        return form::read(in, *static_cast<value_type*>(out), where);
      };
  }
  return made;
}

template <law::described T>
std::span<const member> members_of() {
  static const auto members = []<std::size_t... At>(std::index_sequence<At...>) {
    return std::array<member, sizeof...(At)>{member_of<T, At>()...};
  }(std::make_index_sequence<law::field_count<T>>{});
  return members;
}

template <law::described T>
struct wire<T> {
  static constexpr bool absent = false, sure = true;
  static bool read(const json& in, T& out, reading& where) { return read_members(in, &out, members_of<T>(), where); }
  static json write(const T& value) { return write_members(&value, members_of<T>()); }
  static json schema(schema_book& book) { return schema_of_members(name_of_type<T>(), members_of<T>(), book); }
};

} // namespace toit::web
