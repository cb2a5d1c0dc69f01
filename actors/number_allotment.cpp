#include "actors/number_allotment.hpp"

#include "law/numbering.hpp"

namespace toit {

std::optional<law::nud> draw_number(const territory_context& context, const law::demande_registered& registered,
                                    law::civil_date reception) {
  const auto& wished = registered.form.search.communes;
  if (wished.empty() || !reception.ok())
    return std::nullopt;
  std::array<std::uint8_t, 4> random{};
  context.chance->fill(random);
  unsigned sequence = 0;
  for (auto byte : random)
    sequence = (sequence << 8 | byte) % 1'000'000;
  return law::make_nud(law::departement_of(wished.front()), reception, sequence, "GDPUB");
}

submission_ptr with_another_number(const territory_context& context, const submission& asked) {
  const auto* happened = std::get_if<law::event>(&asked.command.asked);
  const auto* registered = happened ? std::get_if<law::demande_registered>(happened) : nullptr;
  if (!registered || !asked.facts.fresh_number)
    return nullptr;
  auto again = std::make_shared<submission>(asked);
  again->facts.fresh_number = draw_number(context, *registered, asked.command.occurred_on);
  return again;
}

} // namespace toit
