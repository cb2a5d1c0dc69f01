/// \file
/// Random values of every stored type, made from the lists of fields: whatever the catalogue comes to hold is covered.

#pragma once

#include "journal/pack.hpp"
#include "law/catalogue.hpp"
#include "simulation/world/chance.hpp"

namespace toit::journal::test {

using simulation::chance;

/// A well formed code of the type, or none now and then.
template <class Code>
Code random_code(chance& chance) {
  auto digits = [&](std::size_t count) {
    std::string text;
    while (text.size() < count)
      text += static_cast<char>('0' + chance.below(10));
    return text;
  };
  std::string text;
  if constexpr (std::same_as<Code, law::nud>)
    text = "0930" + std::to_string(1 + chance.below(9)) + digits(2) + digits(6) + digits(5);
  else if constexpr (std::same_as<Code, law::siren> || std::same_as<Code, law::siret>)
    text = digits(Code::capacity);
  else if constexpr (std::same_as<Code, law::nir>)
    text = "1" + digits(14);
  else if constexpr (std::same_as<Code, law::commune_code>)
    text = "93" + digits(3);
  else if constexpr (std::same_as<Code, law::departement_code>)
    text = chance.one_in(2) ? "93" : "2A";
  else
    text = digits(Code::capacity);
  // Where a key ends the code, one of a hundred endings is the right one.
  for (unsigned ending = 0; ending < 100; ++ending) {
    if (auto parsed = Code::parse(text))
      return *parsed;
    text[text.size() - 2] = static_cast<char>('0' + ending / 10);
    text[text.size() - 1] = static_cast<char>('0' + ending % 10);
  }
  return {};
}

std::string random_words(chance& chance, std::size_t max_bytes);

template <class T>
void make_random(chance& chance, T& value) {
  using namespace journal::detail;
  if constexpr (law::described<T>) {
    law::for_each_field(value, [&](std::string_view, auto& member) { make_random(chance, member); });
  } else if constexpr (std::same_as<T, std::string>) {
    value = random_words(chance, 60);
  } else if constexpr (is_code<T>::value) {
    value = chance.one_in(8) ? T{} : random_code<T>(chance);
  } else if constexpr (is_text<T>::value) {
    value = *T::parse(random_words(chance, T::max_bytes));
  } else if constexpr (is_id<T>::value) {
    chance.fill(value.bytes);
  } else if constexpr (is_bytes<T>::value) {
    chance.fill(value);
  } else if constexpr (is_hidden<T>::value) {
    make_random(chance, value.value);
  } else if constexpr (is_optional<T>::value) {
    value.reset();
    if (chance.one_in(2))
      make_random(chance, value.emplace());
  } else if constexpr (is_list<T>::value) {
    value.clear();
    for (auto left = chance.below(std::min<std::uint64_t>(T::max_items, chance.one_in(20) ? 70 : 4) + 1); left > 0;
         --left)
      make_random(chance, value.emplace_back());
  } else if constexpr (std::same_as<T, law::civil_date>) {
    value = law::civil_date{std::chrono::sys_days{std::chrono::days{chance.below(70'000)} - std::chrono::days{10'000}}};
  } else if constexpr (std::same_as<T, law::instant>) {
    value = law::instant{std::chrono::milliseconds{chance.below(7'258'118'400'000)}};
  } else if constexpr (std::same_as<T, law::party>) {
    value = chance.one_in(3) ? law::party::demandeur() : law::party{random_code<law::siren>(chance)};
  } else if constexpr (std::same_as<T, bool>) {
    value = chance.one_in(2);
  } else if constexpr (law::named_enum<T>) {
    value = static_cast<T>(chance.below(law::enum_count<T>));
  } else {
    static_assert(std::unsigned_integral<T>);
    // Small, middling and large alike: each width has its own form.
    value = static_cast<T>(chance.next() >> chance.below(64));
  }
}

/// An event of the kind at this place of the catalogue.
law::event random_event(chance& chance, std::size_t kind);
law::record random_record(chance& chance, std::size_t kind);

} // namespace toit::journal::test
