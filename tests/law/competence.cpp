#include "law/competence.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit::law;

namespace {

departement_code at(const char* code) { return *departement_code::parse(code); }
prefect of_departement(const char* code) { return {prefect_level::departement, code}; }
prefect of_region(const char* code) { return {prefect_level::region, code}; }

using several = std::vector<prefect>;

} // namespace

TEST_CASE("in Île-de-France the dispositif is the regional prefect's, and elsewhere the departmental one's",
          "[L441-2-7-3-2][L441-2-7-4-1]") {
  std::vector in_93{at("93")};
  std::vector in_69{at("69")};
  for (auto matter : {state_matter::dispositif, state_matter::plan, state_matter::registration}) {
    CHECK(competent_by_text(matter, in_93) == several{of_region("11")});
    CHECK(competent_by_text(matter, in_69) == several{of_departement("69")});
  }
  CHECK(in_ile_de_france(at("93")));
  CHECK_FALSE(in_ile_de_france(at("69")));
}

TEST_CASE("conference, agreement, threshold, DALO and obstruction are the departmental prefect's everywhere",
          "[L441-2-7-4-2]") {
  std::vector in_93{at("93")};
  for (auto matter :
       {state_matter::cil, state_matter::cia, state_matter::thresholds, state_matter::dalo, state_matter::obstruction})
    CHECK(competent_by_text(matter, in_93) == several{of_departement("93")});
}

TEST_CASE("in Paris one officer is both, and the capacity that the text states decides", "[L441-2-7-4-1]") {
  std::vector paris{at("75")};
  CHECK(competent_by_text(state_matter::dispositif, paris) == several{of_region("11")});
  CHECK(competent_by_text(state_matter::cil, paris) == several{of_departement("75")});
}

TEST_CASE("over several départements the text leaves several, over one région of Île-de-France one", "[L441-2-7-4-1]") {
  std::vector north{at("92"), at("93")};
  CHECK(competent_by_text(state_matter::dispositif, north) == several{of_region("11")});
  CHECK(competent_by_text(state_matter::cia, north) == several{of_departement("92"), of_departement("93")});
  std::vector across{at("77"), at("60")};
  CHECK(competent_by_text(state_matter::dispositif, across) == several{of_region("11"), of_departement("60")});
  std::vector two{at("69"), at("01"), at("69")};
  CHECK(competent_by_text(state_matter::dispositif, two) == several{of_departement("69"), of_departement("01")});
}
