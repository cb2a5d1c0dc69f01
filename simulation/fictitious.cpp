#include "simulation/fictitious.hpp"

#include "law/require.hpp"

#include <array>
#include <cstdio>

namespace toit::simulation {

law::siren make_siren(std::uint32_t eight_digits) {
  char text[16];
  for (unsigned check = 0; check < 10; ++check) {
    std::snprintf(text, sizeof text, "%08u%u", eight_digits % 100'000'000, check);
    if (auto parsed = law::siren::parse(text))
      return *parsed;
  }
  law::require(false, "one of ten digits makes the sum");
  return {};
}

std::string make_name(chance& draw) {
  static constexpr std::array syllables{"ba", "lo", "mi",  "ta", "ru", "né",  "sol", "ka", "vi", "do",
                                        "ma", "li", "san", "té", "bo", "ria", "ly",  "fé", "go", "ne"};
  std::string name;
  for (auto left = 2 + draw.below(3); left > 0; --left)
    name += syllables[draw.below(syllables.size())];
  name.front() = static_cast<char>(name.front() - 'a' + 'A');
  return name;
}

} // namespace toit::simulation
