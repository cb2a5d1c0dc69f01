/// \file
/// One list of fields a type: the journal's codec, the API's JSON and its description, and field paths all read it, so
/// that a field is written once.
///
/// A described type says `static constexpr auto fields() { return std::tuple{field{"name", &type::member}, …}; }` in
/// the order of the journal, where new fields only ever come last.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace toit::law {

/// Who gives a field its value when an event is asked for: an answer always shows it, a request may not.
enum class set_by : std::uint8_t {
  request, ///< the request must give it, unless its type has an absent value
  either,  ///< the node fills it where the request leaves it out
  node,    ///< the node alone
};

template <class Class, class Member>
struct field {
  std::string_view name;
  Member Class::* member;
  law::set_by set_by = law::set_by::request;
};

template <class T>
concept described = requires { T::fields(); };

/// Calls `visit(field)` for each field, in order, with what the list above says of it.
template <described T, class Visitor>
constexpr void for_each_described(Visitor&& visit) {
  std::apply([&](const auto&... f) { (visit(f), ...); }, T::fields());
}

/// Calls `visit(name, member)` for each field of a value, in order.
template <class T, class Visitor>
  requires described<std::remove_cvref_t<T>>
constexpr void for_each_field(T&& value, Visitor&& visit) {
  std::apply([&](const auto&... f) { (visit(f.name, value.*(f.member)), ...); }, std::remove_cvref_t<T>::fields());
}

template <described T>
constexpr std::size_t field_count = std::tuple_size_v<decltype(T::fields())>;

/// An enumeration whose values count from 0 and whose names stand in `names_of(E)`, beside it.
template <class E>
concept named_enum = std::is_enum_v<E> && requires(E e) { names_of(e); };

template <named_enum E>
constexpr std::size_t enum_count = names_of(E{}).size();

template <named_enum E>
constexpr std::string_view name_of(E value) {
  return names_of(E{})[static_cast<std::size_t>(value)];
}

template <named_enum E>
constexpr std::optional<E> enum_from(std::string_view name) {
  constexpr auto names = names_of(E{});
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == name)
      return static_cast<E>(i);
  return std::nullopt;
}

template <named_enum E>
constexpr std::optional<E> enum_from(std::uint64_t number) {
  if (number >= enum_count<E>)
    return std::nullopt;
  return static_cast<E>(number);
}

} // namespace toit::law
