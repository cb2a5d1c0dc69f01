#include "nodes/territories.hpp"

#include "law/fields.hpp"
#include "law/text.hpp"
#include "nodes/program/territory_command.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <ranges>
#include <set>
#include <sstream>

using namespace toit;
using namespace toit::nodes;
using namespace std::chrono_literals;

namespace {

const territory_map& france() {
  static const auto map = territory_map::load();
  return map;
}

law::siren siren_of(std::string_view text) { return law::siren::parse(text).value(); }

const territory& territory_with(std::string_view id) {
  const auto* where = france().find(siren_of(id));
  REQUIRE(where);
  return *where;
}

const commune& commune_with(std::string_view code) {
  const auto* where = france().find(law::commune_code::parse(code).value());
  REQUIRE(where);
  return *where;
}

template <class Code>
std::vector<std::string> texts(const std::vector<Code>& codes) {
  std::vector<std::string> all;
  for (auto code : codes)
    all.push_back(code.text());
  return all;
}

std::string code_of(const place& where) {
  if (const auto* const* group = std::get_if<const territory*>(&where))
    return (*group)->id.text();
  return std::get<const commune*>(where)->code.text();
}

std::vector<std::string> codes_found(std::string_view query, std::size_t limit = 25) {
  std::vector<std::string> codes;
  for (const auto& where : france().search(query, limit).best)
    codes.push_back(code_of(where));
  return codes;
}

using codes = std::vector<std::string>;

struct answer {
  int exit;
  std::string out, err;
};

answer ask(std::vector<std::string> query, bool json = false) {
  std::ostringstream out, err;
  int exit = territory_command(query, json, out, err);
  return {exit, out.str(), err.str()};
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

} // namespace

TEST_CASE("the map has every EPCI but the Métropole du Grand Paris, the eleven EPT and Paris", "[L441-2-7-1-1a]") {
  std::map<territory_kind, int> count;
  for (const auto& where : france().territories())
    ++count[where.kind];
  CHECK(count == std::map<territory_kind, int>{{territory_kind::cc, 989},
                                               {territory_kind::ca, 230},
                                               {territory_kind::cu, 14},
                                               {territory_kind::metropole, 20},
                                               {territory_kind::metropole_lyon, 1},
                                               {territory_kind::ept, 11},
                                               {territory_kind::paris, 1}});
  CHECK(989 + 230 + 14 + 20 + 1 == 1254);
  CHECK(france().territories().size() == 1254 + 11 + 1);
  CHECK(france().find(siren_of("200054781")) == nullptr);
}

TEST_CASE("the map has every present commune, département and région, each with a clean name") {
  CHECK(france().communes().size() == 34'969);
  CHECK(france().departements().size() == 109);
  CHECK(france().regions().size() == 26);
  auto has_clean_name = [](const auto& where) { return !where.name.empty() && law::is_clean_text(where.name); };
  CHECK(std::ranges::all_of(france().communes(), has_clean_name));
  CHECK(std::ranges::all_of(france().territories(), has_clean_name));
  CHECK(std::ranges::all_of(france().departements(), has_clean_name));
  CHECK(std::ranges::all_of(france().regions(), has_clean_name));
}

TEST_CASE("Plaine Commune is the territory of its eight communes", "[L441-2-7-1-1a]") {
  const auto& plaine_commune = territory_with("200057867");
  CHECK(plaine_commune.name == "Plaine Commune");
  CHECK(plaine_commune.kind == territory_kind::ept);
  CHECK(texts(plaine_commune.communes) ==
        codes{"93001", "93027", "93031", "93039", "93066", "93070", "93072", "93079"});
  CHECK(texts(plaine_commune.departements) == codes{"93"});
  CHECK(texts(plaine_commune.regions) == codes{"11"});
}

TEST_CASE("a commune nouvelle is on the map, the commune it took in is not", "[L441-2-7-1-1a]") {
  CHECK(commune_with("93066").name == "Saint-Denis");
  CHECK(france().find(law::commune_code::parse("93059").value()) == nullptr); // Pierrefitte-sur-Seine, since 2025
}

TEST_CASE("Paris is a territory of one commune", "[L441-2-7-1-1a]") {
  const auto& paris = territory_with("217500016");
  CHECK(paris.kind == territory_kind::paris);
  CHECK(texts(paris.communes) == codes{"75056"});
  CHECK(paris.population == commune_with("75056").population);
}

TEST_CASE("the communes of an EPT lie in Île-de-France, the Grand Paris over several départements") {
  std::size_t members = 0;
  for (const auto& where : france().territories()) {
    if (where.kind != territory_kind::ept)
      continue;
    members += where.communes.size();
    CHECK(texts(where.regions) == codes{"11"});
    for (const auto& departement : texts(where.departements))
      CHECK(std::set<std::string>{"75", "77", "78", "91", "92", "93", "94", "95"}.contains(departement));
  }
  CHECK(members == 129);
  CHECK(texts(territory_with("200057990").departements) == codes{"92", "95"}); // Boucle Nord de Seine
  CHECK(texts(territory_with("200058014").departements) == codes{"91", "94"}); // Grand-Orly Seine Bièvre
}

TEST_CASE("a territory keeps every département and région in which it lies") {
  int epci_over_departements = 0, ept_over_departements = 0, over_regions = 0;
  for (const auto& where : france().territories()) {
    bool several = where.departements.size() > 1;
    (where.kind == territory_kind::ept ? ept_over_departements : epci_over_departements) += several;
    over_regions += where.regions.size() > 1;
  }
  // The Métropole du Grand Paris, which is no territory, is the eighty-ninth EPCI over several départements.
  CHECK(epci_over_departements == 88);
  CHECK(ept_over_departements == 2);
  CHECK(over_regions == 26);
}

TEST_CASE("communes in no territory are known as such: a prefect may make a territory of them", "[L441-2-7-4-4]") {
  codes metropolitan, overseas;
  for (const auto& where : france().communes())
    if (!where.territory)
      (where.code.view().starts_with("97") || where.code.view().starts_with("98") ? overseas : metropolitan)
          .push_back(where.code.text());
  CHECK(metropolitan == codes{"22016", "29083", "29155", "85113"});
  CHECK(overseas.size() == 94);
  CHECK(commune_with("22016").name == "Île-de-Bréhat");
  CHECK(commune_with("29083").name == "Île-de-Sein");
  CHECK(commune_with("29155").name == "Ouessant");
  CHECK(commune_with("85113").name == "L'Île-d'Yeu");
  CHECK(france().territory_of(commune_with("85113").code) == nullptr);
  CHECK(
      std::ranges::all_of(overseas, [](const std::string& code) { return code >= "975" && !code.starts_with("976"); }));
}

TEST_CASE("a commune lies in the territory that counts it, and in no other") {
  std::size_t members = 0;
  for (const auto& where : france().territories()) {
    CHECK(std::ranges::is_sorted(where.communes));
    CHECK(std::ranges::is_sorted(where.departements));
    CHECK(std::ranges::is_sorted(where.regions));
    members += where.communes.size();
    std::uint32_t population = 0;
    for (auto code : where.communes) {
      REQUIRE(france().territory_of(code) == &where);
      population += france().find(code)->population.value();
    }
    CHECK(where.population == population);
  }
  auto in_one = std::ranges::count_if(france().communes(), [](const commune& c) { return c.territory.has_value(); });
  CHECK(members == static_cast<std::size_t>(in_one));
  CHECK(members == 34'969 - 4 - 94);
}

TEST_CASE("a commune that publishes no population has none, which is not zero") {
  CHECK(commune_with("98412").population == std::nullopt); // Archipel des Kerguelen
  CHECK(commune_with("55039").population == 0u);           // Beaumont-en-Verdunois, destroyed in 1916
}

TEST_CASE("only the twelve that the article names are known to be concerned", "[L441-2-7-1-1a]") {
  for (const auto& where : france().territories()) {
    bool named = where.kind == territory_kind::ept || where.kind == territory_kind::paris;
    INFO(where.name);
    REQUIRE(where.concerned.size() == (named ? 1 : 0));
    CHECK(concern_on(where, 2026y / 1 / 1).has_value() == named);
    if (named) {
      CHECK(where.concerned.front().concerned);
      CHECK(where.concerned.front().source == "CCH L441-2-7 al. 1");
      CHECK(concern_on(where, 2022y / 2 / 9));
      CHECK_FALSE(concern_on(where, 2022y / 2 / 8));
    }
  }
}

TEST_CASE("the last setting up to a day says whether a territory is concerned on that day", "[L441-2-7-1-1a]") {
  territory where;
  where.concerned = {{true, 2024y / 1 / 1, "arrêté A"}, {false, 2026y / 1 / 1, "arrêté B"}};
  CHECK_FALSE(concern_on(where, 2023y / 12 / 31));
  CHECK(concern_on(where, 2025y / 12 / 31)->concerned);
  CHECK_FALSE(concern_on(where, 2026y / 1 / 1)->concerned);
}

// -- communes that move -----------------------------------------------------------------------------------------------

namespace {

law::commune_code code(std::string_view text) { return law::commune_code::parse(text).value(); }

std::optional<std::string> territory_on(const territory_map& map, std::string_view commune, law::civil_date day) {
  const auto* where = map.territory_of(code(commune), day);
  return where ? std::optional{where->id.text()} : std::nullopt;
}

} // namespace

TEST_CASE("the territory of a commune is that of the day", "[L441-2-7-1-1a]") {
  // Émerchicourt left Coeur d'Ostrevent for La Porte du Hainaut.
  CHECK(territory_on(france(), "59192", 2023y / 12 / 31) == "245901152");
  CHECK(territory_on(france(), "59192", 2024y / 1 / 1) == "200042190");
  CHECK(territory_on(france(), "93066", 1990y / 1 / 1) == "200057867");
  for (const auto& where : france().communes())
    for (const auto& one : where.moves)
      CHECK(law::is_clean_text(one.source));
}

TEST_CASE("a commune that moves is in each of its territories for a while", "[L441-2-7-1-1a]") {
  auto map = territory_map::load("# La Courneuve leaves for Est Ensemble, is alone for a year, and comes back.\n"
                                 "2024-01-01\t93027\t200057867\t200057875\tarrêté A\n"
                                 "2025-01-01\t93027\t200057875\t-\tarrêté B\n"
                                 "2026-01-01\t93027\t-\t200057867\tarrêté C\n");
  CHECK(territory_on(map, "93027", 2023y / 12 / 31) == "200057867");
  CHECK(territory_on(map, "93027", 2024y / 1 / 1) == "200057875");
  CHECK(territory_on(map, "93027", 2024y / 12 / 31) == "200057875");
  CHECK_FALSE(territory_on(map, "93027", 2025y / 1 / 1));
  CHECK(territory_on(map, "93027", 2026y / 1 / 1) == "200057867");

  auto of = [&](std::string_view territory) {
    std::vector<law::membership> moving;
    for (const auto& one : map.memberships_of(siren_of(territory)))
      if (one.commune == code("93027"))
        moving.push_back(one);
    return moving;
  };
  CHECK(of("200057867") ==
        std::vector<law::membership>{{code("93027"), {}, 2023y / 12 / 31}, {code("93027"), 2026y / 1 / 1, {}}});
  CHECK(of("200057875") == std::vector<law::membership>{{code("93027"), 2024y / 1 / 1, 2024y / 12 / 31}});
  auto all = map.memberships_of(siren_of("200057867"));
  CHECK(all.size() == 9);
  CHECK(std::ranges::is_sorted(all, {}, &law::membership::commune));
}

TEST_CASE("an EPCI that ends on a day leaves all its communes to another from that day on", "[L441-2-7-1-1a]") {
  constexpr std::array all{"93001", "93027", "93031", "93039", "93066", "93070", "93072", "93079"};
  std::string merger;
  for (const char* commune : all)
    merger += std::string{"2027-01-01\t"} + commune + "\t200057867\t200057875\tarrêté fictif\n";
  auto map = territory_map::load(merger);
  for (const char* commune : all) {
    CHECK(territory_on(map, commune, 2026y / 12 / 31) == "200057867");
    CHECK(territory_on(map, commune, 2027y / 1 / 1) == "200057875");
  }
  auto left = map.memberships_of(siren_of("200057867"));
  CHECK(left.size() == all.size());
  CHECK(std::ranges::all_of(left, [](const law::membership& m) { return m.until == 2026y / 12 / 31; }));
  auto kept = map.memberships_of(siren_of("200057875"));
  CHECK(std::ranges::count(kept, std::optional{2027y / 1 / 1}, &law::membership::from) == 8);
}

TEST_CASE("names are compared without accents, case, hyphens and apostrophes") {
  CHECK(search_key("L'Île-d'Yeu") == "l ile d yeu");
  CHECK(search_key("  L’ÎLE–D’YEU ") == "l ile d yeu");
  CHECK(search_key("Cœur de Sologne") == search_key("COEUR DE SOLOGNE"));
  CHECK(search_key("L'Haÿ-les-Roses") == "l hay les roses");
  CHECK(search_key("e\u0301chec") == "echec"); // an accent written apart
  CHECK(search_key("Pontchâteau St-Gildas") == "pontchateau saint gildas");
  CHECK(search_key("Ste Anne") == "sainte anne");
  CHECK(search_key("St") == "st");
  CHECK(search_key("Brest-Ouest St") == "brest ouest st");
  CHECK(search_key(" -'’ ").empty());
  CHECK(search_key("\xC3") == "\xC3"); // cut short: found nowhere
}

TEST_CASE("a code finds its place alone, however it is written") {
  CHECK(codes_found("200057867") == codes{"200057867"});
  CHECK(codes_found("200 057 867") == codes{"200057867"});
  CHECK(codes_found("93066") == codes{"93066"});
  CHECK(codes_found("2a004") == codes{"2A004"});
  CHECK(codes_found("217500016") == codes{"217500016"});
  CHECK(codes_found("200057868").empty()); // a wrong checksum
  CHECK(codes_found("200054781").empty()); // the Métropole du Grand Paris
}

TEST_CASE("a name is found by the whole, then by its beginning, then by any part, the most populated first") {
  CHECK(codes_found("ile d'yeu") == codes{"85113"});
  CHECK(codes_found("L’ÎLE-D’YEU") == codes{"85113"});
  CHECK(codes_found("plaine commune").front() == "200057867");
  CHECK(codes_found("pays de fayence") == codes_found("CC du Pays de Fayence"));

  auto saint_denis = france().search("saint denis", 25);
  CHECK(saint_denis.total > 25);
  CHECK(saint_denis.best.size() == 25);
  auto first = codes_found("st-denis", 3);
  CHECK(first == codes{"97411", "93066", "11339"}); // whole names, the most populated first

  auto paris = codes_found("PARIS");
  CHECK(codes{paris[0], paris[1]} == codes{"217500016", "75056"}); // the territory before its commune
  CHECK(codes_found("Grand Chambéry").front() == "200069110");     // without its "CA"
}

TEST_CASE("what is on no map is not found") {
  CHECK(codes_found("Trifouilly-les-Oies-sur-Néant").empty());
  CHECK(codes_found("").empty());
  CHECK(codes_found("東京").empty());
  CHECK(france().search("saint", 0).best.empty());
}

TEST_CASE("the command shows a territory with its communes and what is known of it") {
  auto shown = ask({"200057867"});
  CHECK(shown.exit == 0);
  CHECK(shown.err.empty());
  for (auto part :
       {"Territoire   Plaine Commune\n", "SIREN        200057867\n", "Nature       établissement public territorial\n",
        "Département  93 Seine-Saint-Denis\n", "Région       11 Île-de-France\n", "Communes     8\n",
        "Concerné     oui à partir du 2022-02-09 (CCH L441-2-7 al. 1)\n", "93066  Saint-Denis"})
    CHECK(contains(shown.out, part));
  CHECK(contains(ask({"243500139"}).out, "Concerné     inconnu (aucune source enregistrée)\n"));
  CHECK(contains(ask({"200057990"}).out, "Départements  92 Hauts-de-Seine, 95 Val-d'Oise\n"));
}

TEST_CASE("the command shows a commune with its territory, or that it has none", "[L441-2-7-4-4]") {
  CHECK(contains(ask({"93066"}).out, "Territoire   200057867 Plaine Commune\n"));
  auto yeu = ask({"ile", "d'yeu"});
  CHECK(yeu.exit == 0);
  CHECK(contains(yeu.out, "Territoire   dans aucun territoire\n"));
  CHECK(contains(ask({"98412"}).out, "Population   inconnue\n"));
}

TEST_CASE("the command lists several places and says how many it leaves out") {
  auto list = ask({"saint", "denis"});
  CHECK(list.exit == 0);
  CHECK(contains(list.out, "93066  Saint-Denis"));
  CHECK(contains(list.out, "Les 25 premiers sur "));
}

TEST_CASE("the command writes one JSON object a line") {
  auto territory_line = nlohmann::json::parse(ask({"200057990"}, true).out);
  CHECK(territory_line["type"] == "territory");
  CHECK(territory_line["kind"] == "ept");
  CHECK(territory_line["departements"] == nlohmann::json{"92", "95"});
  CHECK(territory_line["communes"].size() == 7);
  CHECK(territory_line["concerned"] == "yes");
  CHECK(territory_line["concerned_settings"][0]["from"] == "2022-02-09");
  CHECK(nlohmann::json::parse(ask({"243500139"}, true).out)["concerned"] == "unknown");

  auto commune_line = nlohmann::json::parse(ask({"85113"}, true).out);
  CHECK(commune_line["name"] == "L'Île-d'Yeu");
  CHECK(commune_line["territory"].is_null());
  CHECK(nlohmann::json::parse(ask({"98412"}, true).out)["population"].is_null());

  std::istringstream lines{ask({"saint", "denis"}, true).out};
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count)
    CHECK(nlohmann::json::parse(line).is_object());
  CHECK(count == 25);
}

TEST_CASE("the command without a query counts what is on the map") {
  auto summary = ask({});
  CHECK(summary.exit == 0);
  CHECK(contains(summary.out, "989  communautés de communes\n"));
  CHECK(contains(summary.out, "1 266  territoires en tout ; concerné ou non : connu pour 12, inconnu pour 1 254\n"));
  CHECK(contains(summary.out, "34 969  communes, dont 98 dans aucun territoire\n"));
  auto object = nlohmann::json::parse(ask({}, true).out);
  CHECK(object["territories"] == 1266);
  CHECK(object["territories_by_kind"]["ept"] == 11);
}

TEST_CASE("the command tells nothing found from nothing asked") {
  auto unknown = ask({"Trifouilly-les-Oies"});
  CHECK(unknown.exit == 1);
  CHECK(unknown.out.empty());
  CHECK(unknown.err == "Rien trouvé pour « Trifouilly-les-Oies » : ni territoire, ni commune.\n");
  CHECK(ask({"Trifouilly-les-Oies"}, true).out.empty());
  auto blank = ask({"", "'"});
  CHECK(blank.exit == 2);
  CHECK_FALSE(blank.err.empty());
}
