#include "territory.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit::law;
using namespace toit::law::testing;
using namespace std::chrono_literals;

namespace {

constexpr civil_date reception = 2026y / 1 / 10;

/// The field at fault; "" when the form is accepted.
std::string fault(const form& filled) {
  auto answer = check_form(filled, reception);
  return answer ? "" : std::string{name_of(answer.error().code)} + " " + answer.error().path;
}

template <class Change>
std::string fault_after(Change change) {
  auto filled = filled_form();
  change(filled);
  return fault(filled);
}

check change(form& filled, std::string_view path, std::string_view before, std::string_view after) {
  return change_field(filled, {text<60>{path}, text<400>{before}, text<400>{after}});
}

refusal_code why(const check& refused) { return refused ? refusal_code::internal : refused.error().code; }

} // namespace

TEST_CASE("a form with identity, situation and search is complete", "[R441-2-15-I-0-1]") {
  CHECK(fault(filled_form()) == "");
}

TEST_CASE("neither NIR, nor income, nor employer, nor household bars registration", "[R441-2-3]") {
  CHECK(fault_after([](form& f) {
          f.situation->monthly_income_cents = 0;
          f.situation->motives.clear();
          f.contact = {};
        }) == "");
}

TEST_CASE("what the national form makes mandatory is asked for, field by field", "[R441-2-2]") {
  CHECK(fault_after([](form& f) { f.identity.reset(); }) == "E_MISSING_FIELD identity");
  CHECK(fault_after([](form& f) { f.identity->birth_name = ""; }) == "E_MISSING_FIELD identity.birth_name");
  CHECK(fault_after([](form& f) { f.identity->given_names = ""; }) == "E_MISSING_FIELD identity.given_names");
  CHECK(fault_after([](form& f) { f.situation.reset(); }) == "E_MISSING_FIELD situation");
  CHECK(fault_after([](form& f) { f.situation->occupants = 0; }) == "E_MISSING_FIELD situation.occupants");
  CHECK(fault_after([](form& f) { f.search.communes.clear(); }) == "E_MISSING_FIELD search.communes");
  CHECK(fault_after([](form& f) { f.search.persons_to_house = 0; }) == "E_MISSING_FIELD search.persons_to_house");
}

TEST_CASE("a form does not contradict itself", "[R441-2-2]") {
  CHECK(fault_after([](form& f) { f.search.communes = {saint_denis, saint_denis}; }) == "E_MALFORMED search.communes");
  CHECK(fault_after([](form& f) { f.situation->present_bailleur = people().bailleur; }) ==
        "E_MALFORMED situation.present_bailleur");
  CHECK(fault_after([](form& f) {
          f.situation->housing = present_housing::social_tenant;
          f.situation->present_bailleur = people().bailleur;
        }) == "");
  CHECK(fault_after([](form& f) { f.situation->handicapped_persons = 3; }) ==
        "E_MALFORMED situation.handicapped_persons");
  CHECK(fault_after([](form& f) { f.situation->handicapped_persons = 2; }) == "");
}

TEST_CASE("nobody asks for a dwelling before he is born", "[R441-2-2]") {
  CHECK(fault_after([](form& f) { f.identity->birth_date = reception; }) == "");
  CHECK(fault_after([](form& f) { f.identity->birth_date = add_days(reception, days{1}); }) ==
        "E_MALFORMED identity.birth_date");
}

TEST_CASE("a legal person fills rubrics a, b and h alone", "[R441-2-2]") {
  auto of_body = [](form& f) {
    f.identity.reset();
    f.situation.reset();
    f.body = {people().town, "Association Fictive"};
  };
  CHECK(fault_after(of_body) == "");
  CHECK(fault_after([](form& f) { f.body = {people().town, "Association Fictive"}; }) == "E_MALFORMED body");
  CHECK(fault_after([&](form& f) {
          of_body(f);
          f.situation.emplace();
        }) == "E_MALFORMED body");
  CHECK(fault_after([&](form& f) {
          of_body(f);
          f.household.push_back({});
        }) == "E_MALFORMED body");
  CHECK(fault_after([&](form& f) {
          of_body(f);
          f.body->name = "";
        }) == "E_MISSING_FIELD body.name");
}

TEST_CASE("the tenant of a social landlord asks for a mutation", "[R441-2-2]") {
  auto filled = filled_form();
  CHECK_FALSE(filled.mutation());
  filled.situation->housing = present_housing::social_tenant;
  CHECK(filled.mutation());
}

// -- field paths ----------------------------------------------------------------------------------------------------

TEST_CASE("every single value of a form is read by its path", "[R441-2-15-I-1]") {
  auto filled = filled_form({saint_denis, aubervilliers});
  filled.household.push_back({"Exemple", "Noé", 2020y / 2 / 29, household_role::descendant, {}});
  CHECK(read_field(filled, "identity.birth_date") == "1990-05-17");
  CHECK(read_field(filled, "identity.nir") == "");
  CHECK(read_field(filled, "search.communes") == "93066,93001");
  CHECK(read_field(filled, "search.typology") == "t3");
  CHECK(read_field(filled, "situation.non_decent") == "false");
  CHECK(read_field(filled, "household.0.birth_date") == "2020-02-29");
}

TEST_CASE("a path that is not one of a single value is refused", "[R441-2-15-I-1]") {
  auto filled = filled_form();
  for (auto path : {"", ".", "identity", "identity.", "identity.unknown", "search.communes.0", "household",
                    "household.0.birth_date", "household.x.role", "household.-1.role", "body.name", "Identity.nir"}) {
    INFO(path);
    CHECK_FALSE(read_field(filled, path));
  }
}

TEST_CASE("a field has one path, to the letter", "[R441-2-15-I-1]") {
  auto filled = filled_form();
  filled.household.push_back({"Exemple", "Noé", 2020y / 2 / 29, household_role::descendant, {}});
  CHECK_FALSE(read_field(filled, "search.communes."));
  CHECK_FALSE(read_field(filled, "household.00.role"));
}

TEST_CASE("a change needs the value that the field has now", "[R441-2-15-I-1]") {
  auto filled = filled_form();
  CHECK(change(filled, "search.typology", "t3", "t4"));
  CHECK(filled.search.typology == typology::t4);
  CHECK(why(change(filled, "search.typology", "t3", "t5_or_more")) == refusal_code::conflict);
  CHECK(filled.search.typology == typology::t4);
}

TEST_CASE("a change needs a well formed value", "[R441-2-15-I-1]") {
  auto filled = filled_form();
  const auto before = filled;
  CHECK(why(change(filled, "search.typology", "t3", "t9")) == refusal_code::malformed);
  CHECK(why(change(filled, "identity.birth_date", "1990-05-17", "1990-02-30")) == refusal_code::malformed);
  CHECK(why(change(filled, "search.persons_to_house", "2", "256")) == refusal_code::malformed);
  CHECK(why(change(filled, "search.persons_to_house", "2", "-1")) == refusal_code::malformed);
  CHECK(why(change(filled, "identity.nir", "", "255081416802539")) == refusal_code::malformed);
  for (auto communes : {"93066,", ",93066", "93066,,93001", "93066;93001", "93066, 93001"})
    CHECK(why(change(filled, "search.communes", "93066", communes)) == refusal_code::malformed);
  CHECK(why(change(filled, "nothing", "", "")) == refusal_code::malformed);
  CHECK(filled == before);
}

TEST_CASE("a refused change leaves a yes or no as it was", "[R441-2-15-I-1]") {
  auto filled = filled_form();
  filled.situation->non_decent = true;
  CHECK(why(change(filled, "situation.non_decent", "true", "oui")) == refusal_code::malformed);
  CHECK(filled.situation->non_decent);
}

TEST_CASE("an absent value is changed from and to nothing", "[R441-2-15-I-1]") {
  auto filled = filled_form();
  CHECK(change(filled, "identity.nir", "", "255081416802538"));
  CHECK(change(filled, "identity.nir", "255081416802538", ""));
  CHECK(filled == filled_form());
}
