#include "law/catalogue.hpp"

#include <memory>
#include <utility>

namespace toit::law {

namespace {

template <class Variant>
struct kinds_in;
template <class... Events>
struct kinds_in<std::variant<Events...>> {
  static constexpr std::array kinds{Events::kind...};
};

constexpr auto& kinds = kinds_in<any_event>::kinds;

consteval bool codes_and_names_differ() {
  for (std::size_t i = 0; i < kinds.size(); ++i)
    for (std::size_t j = i + 1; j < kinds.size(); ++j)
      if (kinds[i].number == kinds[j].number || kinds[i].name == kinds[j].name)
        return false;
  return true;
}
static_assert(codes_and_names_differ(), "a number or a name stands for one kind only");

} // namespace

event::event(const event&) = default;
event::event(event&&) noexcept = default;
event::~event() = default;

// Assignment by construction: the variant's own would write every pair of alternatives out.
event& event::operator=(const event& other) { return *this = event{other}; }
event& event::operator=(event&& other) noexcept {
  if (this != &other) {
    std::destroy_at(this);
    std::construct_at(this, std::move(other));
  }
  return *this;
}

std::span<const entry_kind> all_kinds() { return kinds; }

const entry_kind& kind_of(const event& happened) { return kinds[happened.index()]; }

// [L441-2-7-1-1c]
std::span<const std::uint64_t> emptied_by(const event& happened) {
  if (const auto* erased = std::get_if<demande_erased>(&happened))
    return erased->entries;
  if (const auto* closed = std::get_if<command_closed>(&happened))
    return closed->entries;
  return {};
}

} // namespace toit::law
