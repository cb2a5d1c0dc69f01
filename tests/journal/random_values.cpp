#include "tests/journal/random_values.hpp"

namespace toit::journal::test {

std::string random_words(chance& chance, std::size_t max_bytes) {
  static constexpr auto pieces = std::to_array<std::string_view>({"a", "Z", " ", "é", "œ", "€", "\n", "\t", "7", "𝄞"});
  std::string words;
  auto size = chance.below(std::min<std::size_t>(max_bytes, chance.one_in(10) ? 400 : 40) + 1);
  for (;;) {
    auto piece = chance.pick(pieces);
    if (words.size() + piece.size() > size)
      return words;
    words += piece;
  }
}

namespace {

template <class Event>
law::event make_event(chance& chance) {
  Event event{};
  make_random(chance, event);
  return event;
}

template <class Variant>
struct makers_of;
template <class... Events>
struct makers_of<std::variant<Events...>> {
  static constexpr std::array<law::event (*)(chance&), sizeof...(Events)> makers{&make_event<Events>...};
};

} // namespace

law::event random_event(chance& chance, std::size_t kind) { return makers_of<law::any_event>::makers.at(kind)(chance); }

law::record random_record(chance& chance, std::size_t kind) {
  law::record record{};
  make_random(chance, record.operation);
  make_random(chance, record.occurred_on);
  make_random(chance, record.originator);
  make_random(chance, record.introducer);
  make_random(chance, record.agent);
  make_random(chance, record.command);
  make_random(chance, record.request);
  make_random(chance, record.supersedes);
  make_random(chance, record.warnings);
  record.event = random_event(chance, kind);
  return record;
}

} // namespace toit::journal::test
