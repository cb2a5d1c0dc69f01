#include "nodes/host/configuration.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <fstream>
#include <sstream>

using namespace toit;
using namespace toit::nodes;

namespace {

const territory_map& map() {
  static const auto loaded = territory_map::load();
  return loaded;
}

std::string text_of(const char* file) {
  std::ifstream in{file};
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

const std::string good = R"(purpose = "training"
[territory]
siren = "200057867"
[data]
directory = "data"
keys = "node.keys"
)";

/// The keys that are wrong once `line` is added.
std::vector<std::string> wrong_keys(const std::string& text) {
  auto read = parse_configuration(text, map(), "/srv");
  std::vector<std::string> keys;
  if (!read)
    for (const auto& fault : read.error())
      keys.push_back(fault.key);
  return keys;
}

} // namespace

TEST_CASE("the example of a configuration is a good one") {
  auto read = parse_configuration(text_of("config/node.example.toml"), map(), "/srv");
  REQUIRE(read);
  CHECK(read->purpose == node_purpose::production);
  CHECK(read->territory.text() == "200057867");
  CHECK(read->data == "/var/lib/toit");
  CHECK(read->tense_zone);
  CHECK(read->stop_within == std::chrono::seconds{20});
  CHECK_FALSE(read->clock_is_steered());
}

namespace {

bool is_key_or_section(std::string_view line) {
  auto name_ends = std::min(line.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), line.size());
  return line.starts_with('[') || (name_ends > 0 && line.substr(name_ends).starts_with(" = "));
}

/// With all that stands there as a comment, but for the section that another one excludes.
std::string example_in_full() {
  std::istringstream example{text_of("config/node.example.toml")};
  std::string full;
  bool is_excluded = false;
  for (std::string line; std::getline(example, line);) {
    is_excluded = !line.empty() && (is_excluded || line == "# [authority]");
    auto said = line.starts_with("# ") ? line.substr(2) : line;
    if (!is_excluded && is_key_or_section(said))
      full += said + '\n';
  }
  return full;
}

} // namespace

TEST_CASE("what stands in the example as a comment is known too") {
  auto full = example_in_full();
  for (const char* key : {"escrow_keys = ", "disclaims = ", "listen = ", "proxy = ", "gestionnaire = "})
    CHECK(full.find(key) != std::string::npos);
  // That one is for other purposes than the example's.
  CHECK(wrong_keys(full) == std::vector<std::string>{"clock.begins"});
}

TEST_CASE("what is left out has its default, and relative paths start at the file's folder") {
  auto read = parse_configuration(good, map(), "/srv");
  REQUIRE(read);
  CHECK(read->data == "/srv/data");
  CHECK(read->keys == "/srv/node.keys");
  CHECK(read->port == 8443);
  CHECK(read->keep_consultations_months == 12);
  CHECK(read->gestionnaire_or_territory() == read->territory);
  auto settings = settings_of(*read, map());
  CHECK(settings.communes.size() == 8);
  CHECK(std::ranges::is_sorted(settings.communes));
  CHECK(settings.dated.empty());
}

TEST_CASE("a territory's communes are told with their days", "[R441-2-15-I-0-1]") {
  auto moved = territory_map::load("2024-07-01\t93027\t200057867\t200057875\tarrêté fictif\n");
  auto settings = settings_of(parse_configuration(good, moved, "/srv").value(), moved);
  auto la_courneuve = *law::commune_code::parse("93027");
  CHECK(settings.communes.size() == 8);
  CHECK(settings.contains(la_courneuve, law::civil_date{std::chrono::year{2024} / 6 / 30}));
  CHECK_FALSE(settings.contains(la_courneuve, law::civil_date{std::chrono::year{2024} / 7 / 1}));
}

namespace {

federation::territory_entry line_of(const char* siren, const char* departement) {
  federation::territory_entry line;
  line.territory = *law::siren::parse(siren);
  line.stream = ports::stream_of(line.territory);
  line.name = "Territoire fictif";
  line.departements.push_back(*law::departement_code::parse(departement));
  return line;
}

configuration of_state() {
  configuration with;
  with.authority = state_authority{federation::node_tier::region, "11"};
  return with;
}

} // namespace

TEST_CASE("whoever hosts a territory in its node's place goes by what the directory says of it", "[L441-2-7-4-1]") {
  auto line = line_of("200057867", "93");
  auto unsaid = settings_of(of_state().of(line), map());
  CHECK(unsaid.registration == law::registration_system::sne);
  line.registration = law::registration_system::systeme_particulier;
  line.allots_numbers = line.tense_zone = true;
  auto settings = settings_of(of_state().of(line), map());
  CHECK(settings.registration == law::registration_system::systeme_particulier);
  CHECK(settings.allots_numbers);
  CHECK(settings.tense_zone);
  CHECK(settings.communes.size() == 8);

  auto own = parse_configuration(good, map(), "/srv").value();
  own.registration = law::registration_system::systeme_particulier;
  own.allots_numbers = own.tense_zone = true;
  CHECK_FALSE(own.differs_from(line));
  own.tense_zone = false;
  CHECK(own.differs_from(line));
  CHECK_FALSE(own.differs_from(line_of("200057867", "93")));
}

TEST_CASE("a territory that is not on the map has the communes that the directory names", "[L441-2-7-4-4]") {
  auto line = line_of("999700001", "85");
  line.communes.push_back(*law::commune_code::parse("85113"));
  auto settings = settings_of(of_state().of(line), map());
  CHECK(settings.contains(*law::commune_code::parse("85113"), law::civil_date{std::chrono::year{2026} / 1 / 1}));
  CHECK(settings.communes.size() == 1);
}

TEST_CASE("a wrong key is named") {
  auto [line, key] = GENERATE(table<std::string, std::string>({
      {"[http]\nport = 65536", "http.port"},
      {"[http]\nport = -1", "http.port"},
      {"[http]\nport = true", "http.port"},
      {"[http]\nports = 1", "http.ports"},
      {"[http]\nconnections_limit = 0", "http.connections_limit"},
      {"[http]\nproxy = \"somewhere\"", "http.proxy"},
      {"[http]\ncertificate = \"a.pem\"", "http.certificate"},
      {"[log]\nlevel = \"loud\"", "log.level"},
      {"[log]\nformat = 1", "log.format"},
      {"[stop]\nwithin_seconds = 601", "stop.within_seconds"},
      {"[stop]\nwithin_seconds = 0", "stop.within_seconds"},
      {"[clock]\nbegins = 1999-12-31", "clock.begins"},
      {"[clock]\nbegins = 2040-01-01", "clock.begins"},
      {"[clock]\nbegins = \"2026-01-01\"", "clock.begins"},
      {"[other]\nkey = 1", "other"},
  }));
  CAPTURE(line);
  CHECK(wrong_keys(good + line) == std::vector{key});
}

TEST_CASE("limits are included") {
  for (const char* line : {"[http]\nport = 0", "[http]\nport = 65535", "[stop]\nwithin_seconds = 600",
                           "[clock]\nbegins = 2000-01-01", "[clock]\nbegins = 2039-12-31"})
    CHECK(wrong_keys(good + line).empty());
  CHECK(wrong_keys(good + "keep_consultations_months = 6").empty());
  CHECK(wrong_keys(good + "keep_consultations_months = 36").empty());
  CHECK(wrong_keys(good + "keep_consultations_months = 5") ==
        std::vector<std::string>{"data.keep_consultations_months"});
  CHECK(wrong_keys(good + "keep_consultations_months = 37") ==
        std::vector<std::string>{"data.keep_consultations_months"});
}

TEST_CASE("everything that is wrong is said at once, with its line") {
  auto read = parse_configuration("purpose = \"essai\"\n[territory]\nsiren = \"123\"\n", map(), "/srv");
  REQUIRE_FALSE(read);
  REQUIRE(read.error().size() >= 4);
  CHECK(read.error()[0].key == "purpose");
  CHECK(read.error()[0].line == 1);
  CHECK(read.error()[1].key == "territory.siren");
  CHECK(read.error()[1].line == 3);
}

TEST_CASE("a production node takes neither a clock that is set nor a certificate of its own making") {
  auto production = good;
  production.replace(production.find("training"), 8, "production");
  CHECK(wrong_keys(production) == std::vector<std::string>{"http.certificate"});
  auto certified = production + "[http]\ncertificate = \"c\"\nprivate_key = \"k\"\n";
  CHECK(wrong_keys(certified).empty());
  CHECK(wrong_keys(certified + "[clock]\nbegins = 2026-01-01\n") == std::vector<std::string>{"clock.begins"});
}

TEST_CASE("only a système particulier or a demonstration gives numbers") {
  auto production = good + "[http]\ncertificate = \"c\"\nprivate_key = \"k\"\n";
  production.replace(production.find("training"), 8, "production");
  auto with = [&](const std::string& more) {
    auto text = production;
    text.insert(text.find("[data]"), more);
    return wrong_keys(text);
  };
  CHECK(with("allots_numbers = true\n") == std::vector<std::string>{"territory.allots_numbers"});
  CHECK(with("allots_numbers = true\nregistration_system = \"systeme_particulier\"\n").empty());
}

TEST_CASE("what is no TOML, or too much of it, is refused in a word") {
  for (const std::string& text :
       {std::string{"[data"}, std::string(configuration_limit_bytes + 1, '#'), std::string{"a = \"\xff\"\n"}}) {
    auto read = parse_configuration(text, map(), "/srv");
    REQUIRE_FALSE(read);
    CHECK(read.error().front().key.empty());
  }
}

TEST_CASE("a node of the State says which authority it is", "[L441-2-7-1-1a]") {
  const std::string region = R"(purpose = "training"
[authority]
tier = "region"
code = "11"
legal_person = "999100001"
[data]
directory = "data"
keys = "node.keys"
)";
  auto read = parse_configuration(region, map(), "/srv");
  REQUIRE(read);
  CHECK(read->stream().text() == "SR11");
  CHECK(place_of(*read, map()).kind == law::legal_person_kind::state_service);
  CHECK(settings_of(*read, map()).communes.empty());
  auto changed = [&](const std::string& from, const std::string& to) {
    auto text = region;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  auto department =
      parse_configuration(changed("\"region\"\ncode = \"11\"", "\"departement\"\ncode = \"93\""), map(), "/");
  REQUIRE(department);
  CHECK(department->stream().text() == "SD93");
  CHECK(place_of(*department, map()).departement == "93");
  CHECK(wrong_keys(changed("\"11\"", "\"10\"")) == std::vector<std::string>{"authority.code"});
  CHECK(wrong_keys(changed("\"region\"", "\"territory\"")) == std::vector<std::string>{"authority.tier"});
  CHECK(wrong_keys(changed("999100001", "999100002")) == std::vector<std::string>{"authority.legal_person"});
}

TEST_CASE("a node in a federation names itself, its directory and the anchor") {
  const std::string anchor(64, 'a');
  auto with = [&](const std::string& lines) { return good + "[federation]\n" + lines; };
  auto read = parse_configuration(
      with("name = \"plaine-commune\"\ndirectory = \"directory.toit\"\nanchor = \"" + anchor + "\"\n"), map(), "/srv");
  REQUIRE(read);
  REQUIRE(read->federation);
  CHECK(read->federation->name.text() == "plaine-commune");
  CHECK(read->federation->directory == "/srv/directory.toit");
  CHECK(read->federation->anchor == [] {
    journal::public_key key;
    key.fill(0xaa);
    return key;
  }());
  CHECK(read->federation->listen.empty());
  CHECK_FALSE(parse_configuration(good, map(), "/srv")->federation);
  using keys = std::vector<std::string>;
  CHECK(wrong_keys(with("name = \"plaine-commune\"\n")) == keys{"federation.directory", "federation.anchor"});
  CHECK(wrong_keys(with("directory = \"d\"\nanchor = \"" + anchor + "\"\n")) == keys{"federation.name"});
  CHECK(wrong_keys(with("name = \"Plaine\"\ndirectory = \"d\"\nanchor = \"" + anchor + "\"\n")).size() == 2);
  CHECK(wrong_keys(with("name = \"p-c\"\ndirectory = \"d\"\nanchor = \"" + anchor.substr(1) + "\"\n")) ==
        keys{"federation.anchor"});
  CHECK(wrong_keys(with("name = \"p-c\"\ndirectory = \"d\"\nanchor = \"" + anchor + "\"\nlisten = \"7443\"\n")) ==
        keys{"federation.listen"});
}
