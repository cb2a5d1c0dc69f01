#include "law/competence.hpp"

namespace toit::law {

// [R441-2-15-I-2a] [R441-2-15-II-2]
std::optional<state_matter> state_matter_of(const event& happened) {
  using std::holds_alternative;
  if (holds_alternative<dalo_recognised>(happened) || holds_alternative<dalo_lost>(happened))
    return state_matter::dalo;
  if (holds_alternative<waiting_threshold_set>(happened))
    return state_matter::thresholds;
  return std::nullopt;
}

} // namespace toit::law
