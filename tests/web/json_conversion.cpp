// JSON to values of the law and back, and each kind of bad input.

#include "web/server/event_json.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit;
using namespace toit::web;
using law::refusal_code;

namespace {

json read_back(const char* text) { return *parse_json(text); }

const json contact{{"address", "1 rue Fictive"}, {"consents_email", false}, {"consents_sms", false}};
const json search{{"typology", "t3"},
                  {"communes", {"93066"}},
                  {"neighbouring_communes", false},
                  {"persons_to_house", 2},
                  {"precisions", "près d'une école"}};

json registration() {
  return {{"channel", "desk"},
          {"identity_document_seen", true},
          {"form",
           {{"contact", contact}, {"search", search}, {"body", {{"siren", "200057867"}, {"name", "Corps fictif"}}}}}};
}

law::refusal refused(const law::entry_kind& kind, const json& in) {
  auto read = read_event(kind, in);
  REQUIRE_FALSE(read.has_value());
  return read.error();
}

law::refusal unreadable(std::string_view text) {
  auto read = parse_json(text);
  REQUIRE_FALSE(read.has_value());
  return read.error();
}

} // namespace

TEST_CASE("an event is read from its fields and written back with them") {
  auto event = read_event(law::demande_registered::kind, registration());
  REQUIRE(event.has_value());
  const auto& registered = std::get<law::demande_registered>(*event);
  CHECK(registered.channel == law::registration_channel::desk);
  CHECK(registered.form.search.communes.front().text() == "93066");
  CHECK(registered.form.search.precisions.str() == "près d'une école");
  CHECK_FALSE(registered.form.identity.has_value());
  auto written = write_event(*event);
  CHECK(written["form"]["search"] == search);
  CHECK(written["form"]["contact"]["phone"] == "");
  CHECK_FALSE(written.contains("number"));
  CHECK(read_event(law::demande_registered::kind, written) == *event);
}

TEST_CASE("what is absent and has no absent value is missed, with its path") {
  auto asked = registration();
  asked["form"]["search"].erase("typology");
  auto why = refused(law::demande_registered::kind, asked);
  CHECK(why.code == refusal_code::missing_field);
  CHECK(why.path == "event.form.search.typology");
}

TEST_CASE("a field that does not exist is refused, and its name is not repeated") {
  auto asked = registration();
  asked["form"]["search"]["Dupont"] = 1;
  auto why = refused(law::demande_registered::kind, asked);
  CHECK(why.code == refusal_code::malformed);
  CHECK(why.path == "event.form.search");
  CHECK(why.because.find("Dupont") == std::string::npos);
}

TEST_CASE("a field that the node sets may not be given") {
  auto why = refused(law::designated::kind, {{"candidacy", std::string(32, 'a')}, {"vacancy", std::string(32, 'b')}});
  CHECK(why.code == refusal_code::malformed);
  CHECK(why.path == "event.candidacy");
}

TEST_CASE("a key is never given from outside, whatever it is called") {
  auto why = refused(law::document_filed::kind, {{"type", "tax_notice"}, {"key", std::string(64, '0')}});
  CHECK(why.code == refusal_code::malformed);
}

TEST_CASE("each wrong type, length and range is refused at its path") {
  auto at = [](const char* path, json wrong) {
    auto asked = registration();
    json::json_pointer place{path};
    asked[place] = std::move(wrong);
    return refused(law::demande_registered::kind, asked);
  };
  auto says = [&](const char* path, json wrong, std::string_view expected) {
    auto why = at(path, std::move(wrong));
    INFO(path);
    CHECK(why.code == refusal_code::malformed);
    CHECK(why.path == expected);
  };
  says("/channel", 3, "event.channel");
  says("/channel", "by_pigeon", "event.channel");
  says("/identity_document_seen", "true", "event.identity_document_seen");
  says("/form/search/persons_to_house", 256, "event.form.search.persons_to_house");
  says("/form/search/persons_to_house", -1, "event.form.search.persons_to_house");
  says("/form/search/persons_to_house", 1.5, "event.form.search.persons_to_house");
  says("/form/search/communes", "93066", "event.form.search.communes");
  says("/form/search/communes/0", "9306", "event.form.search.communes.0");
  says("/form/search/communes", json(std::vector<std::string>(17, "93066")), "event.form.search.communes");
  says("/form/contact/phone", std::string(41, '1'), "event.form.contact.phone");
  says("/form/contact/phone",
       "a\x01"
       "b",
       "event.form.contact.phone");
  says("/form/body/siren", "123456789", "event.form.body.siren");
  says("/form/contact", json::array(), "event.form.contact");
  says("/number", "", "event.number");
}

TEST_CASE("a date is a day that exists") {
  CHECK(refused(law::visit_proposed::kind, {{"vacancy", std::string(32, 'a')}, {"visit_on", "2026-02-30"}}).path ==
        "event.visit_on");
}

TEST_CASE("a motive outside the law's list is refused by its article", "[R441-2-15-I-2f]") {
  auto why = refused(law::priority_recognised::kind, {{"category", "z"}});
  CHECK(why.code == refusal_code::bad_motive);
  CHECK(why.article == "R441-2-15-I-2f");
  CHECK(why.path == "event.category");
}

TEST_CASE("what is not JSON, doubles a key or nests without end is refused") {
  CHECK(unreadable("{").code == refusal_code::malformed);
  CHECK(unreadable("").code == refusal_code::malformed);
  CHECK(unreadable("{} {}").code == refusal_code::malformed);
  CHECK(unreadable("{\"a\":1,\"a\":2}").code == refusal_code::malformed);
  CHECK(unreadable("{\"a\":\"\xC3\x28\"}").code == refusal_code::malformed);
  CHECK(unreadable("{\"a\":NaN}").code == refusal_code::malformed);
  CHECK(unreadable(std::string(17, '[') + std::string(17, ']')).code == refusal_code::too_large);
  CHECK(parse_json(std::string(16, '[') + std::string(16, ']')).has_value());
  std::string many = "[0";
  for (std::size_t i = 0; i < json_values_limit; ++i)
    many += ",0";
  CHECK(unreadable(many + "]").code == refusal_code::too_large);
  CHECK(read_back("{\"é\":[1,{\"b\":null}]}") == json{{"é", {1, {{"b", nullptr}}}}});
}

TEST_CASE("what the node assigned is told without what was asked") {
  law::designated happened{};
  happened.candidacy.bytes[0] = 1;
  happened.vacancy.bytes[0] = 2;
  auto told = write_assigned(law::event{happened});
  CHECK(told.contains("candidacy"));
  CHECK_FALSE(told.contains("vacancy"));
}

TEST_CASE("every kind of the catalogue has its form and its description") {
  schema_book book;
  for (const auto& kind : law::all_kinds()) {
    INFO(kind.name);
    CHECK(find_kind(kind.name) == &kind);
    schema_of_event(kind, book);
    CHECK(book.components.contains("event_" + std::string{kind.name}));
  }
  CHECK(find_kind("unheard_of") == nullptr);
}
