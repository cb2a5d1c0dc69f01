#include "law/competence.hpp"

namespace toit::law {

namespace {

/// Matters that the text gives to the regional prefect in Île-de-France.
bool regional_in_ile_de_france(state_matter of) {
  return of == state_matter::dispositif || of == state_matter::plan || of == state_matter::registration;
}

} // namespace

// [R441-2-15-I-2a] [R441-2-15-II-2]
std::optional<state_matter> state_matter_of(const event& happened) {
  using std::holds_alternative;
  if (holds_alternative<dalo_recognised>(happened) || holds_alternative<dalo_lost>(happened))
    return state_matter::dalo;
  if (holds_alternative<waiting_threshold_set>(happened))
    return state_matter::thresholds;
  return std::nullopt;
}

bool in_ile_de_france(departement_code departement) {
  constexpr std::array<std::string_view, 8> codes{"75", "77", "78", "91", "92", "93", "94", "95"};
  return std::ranges::find(codes, departement.view()) != codes.end();
}

// [L441-2-7-3-2] [L441-2-7-4-1]
std::vector<prefect> competent_by_text(state_matter of, std::span<const departement_code> territory) {
  std::vector<prefect> competent;
  for (auto departement : territory) {
    bool regional = regional_in_ile_de_france(of) && in_ile_de_france(departement);
    prefect one = regional ? prefect{prefect_level::region, "11"}
                           : prefect{prefect_level::departement, text<3>{departement.view()}};
    if (std::ranges::find(competent, one) == competent.end())
      competent.push_back(std::move(one));
  }
  return competent;
}

} // namespace toit::law
