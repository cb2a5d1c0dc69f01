#include "nodes/program/directory_command.hpp"

#include "federation/directory_check.hpp"
#include "nodes/ports/key_file.hpp"
#include "nodes/program/directory_description.hpp"
#include "nodes/program/exit_code.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace toit;
using namespace toit::nodes;
namespace fs = std::filesystem;

namespace {

const territory_map& whole_map() {
  static const auto loaded = territory_map::load();
  return loaded;
}

std::string content_of(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

const auto now = *law::parse_instant("2026-03-01T00:00:00Z");

/// The text with `old` replaced once; it must be there.
std::string with(std::string text, const std::string& old, const std::string& replacement) {
  auto at = text.find(old);
  REQUIRE(at != std::string::npos);
  return text.replace(at, old.size(), replacement);
}

std::string example() { return content_of("config/directory.example.toml"); }

configuration_faults faults_of(const std::string& text) {
  auto read = parse_directory_description(text, whole_map(), now);
  return read ? configuration_faults{} : read.error();
}

std::vector<std::string> told_keys(const std::string& text) {
  std::vector<std::string> keys;
  for (const auto& fault : faults_of(text))
    keys.push_back(fault.key);
  return keys;
}

/// A folder of its own, gone afterwards.
class issuing_folder {
public:
  issuing_folder() {
    auto name = (fs::temp_directory_path() / "toit-directory-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
  }
  ~issuing_folder() { fs::remove_all(folder_); }
  issuing_folder(const issuing_folder&) = delete;
  issuing_folder& operator=(const issuing_folder&) = delete;

  fs::path operator/(const char* name) const { return folder_ / name; }
  fs::path write(const char* name, const std::string& text) const {
    std::ofstream{folder_ / name, std::ios::binary} << text;
    return folder_ / name;
  }

private:
  fs::path folder_;
};

struct outcome {
  int code = 0;
  std::string out;
  std::string err;
};

template <class Command>
outcome told(Command command) {
  std::ostringstream out, err;
  auto code = command(out, err);
  return {code, out.str(), err.str()};
}

outcome issue(const fs::path& from, const fs::path& anchor, const fs::path& to, bool json = false) {
  return told([&](auto& out, auto& err) { return issue_directory_command({from, anchor, to, json}, now, out, err); });
}

outcome show(const fs::path& file, const std::string& anchor, bool json = false, law::instant at = now) {
  return told([&](auto& out, auto& err) { return show_directory_command({file, anchor, json}, at, out, err); });
}

/// The example, signed.
struct issued_example {
  issuing_folder folder;
  fs::path anchor_file = folder / "anchor.keys";
  journal::node_keys anchor = create_keys(anchor_file);
  fs::path file = folder / "directory.signed";
  outcome issued = issue("config/directory.example.toml", anchor_file, file);

  std::string public_hex() const { return law::to_hex(journal::signing_key{anchor.signing_seed}.public_half()); }
};

} // namespace

TEST_CASE("the example of a directory is a good one: Seine-Saint-Denis as the map has it", "[directory]") {
  auto read = parse_directory_description(example(), whole_map(), now);
  REQUIRE(read);
  CHECK(federation::inconsistency_of(*read).empty());
  CHECK(read->issued_at == now);
  CHECK(read->nodes.size() == 6);
  REQUIRE(read->territories.size() == 4);
  std::vector<std::string> names;
  for (const auto& territory : read->territories) {
    names.push_back(territory.name.str());
    REQUIRE(territory.departements.size() == 1);
    CHECK(territory.departements[0].view() == "93");
    CHECK(read->host_of(territory.stream)->legal_person == territory.territory);
    auto competent = [&](federation::matter matter) {
      return read->competent(territory.territory, matter, territory.departements[0])->text();
    };
    for (auto matter : {federation::matter::dispositif, federation::matter::plan})
      CHECK(competent(matter) == "SR11");
    for (auto matter :
         {federation::matter::thresholds, federation::matter::dalo, federation::matter::cil, federation::matter::cia})
      CHECK(competent(matter) == "SD93");
  }
  CHECK(names ==
        std::vector<std::string>{"Plaine Commune", "Est Ensemble", "Grand Paris Grand Est", "Paris Terres d'Envol"});
}

TEST_CASE("name and départements that are given prevail over the map, which need not have the territory",
          "[directory]") {
  auto text = with(example(), "territory = \"200057867\" # Plaine Commune\n",
                   "territory = \"200057867\"\nname = \"PC\"\ndepartements = [\"93\", \"95\"]\nuntil = 2026-12-31\n");
  auto read = parse_directory_description(text, whole_map(), now);
  REQUIRE(read);
  CHECK(read->territories[0].name.str() == "PC");
  CHECK(read->territories[0].departements.size() == 2);
  CHECK(read->territories[0].until == *law::parse_date("2026-12-31"));
  std::string elsewhere = "[[territories]]\nterritory = \"123456782\"\nordering = \"SR11\"\nsupervisors = [\"SR11\"]\n"
                          "from = 2027-01-01\nregistration_system = \"sne\"\n";
  CHECK(told_keys(example() + elsewhere) == std::vector<std::string>{"territories[4].territory"});
  auto in_93 = example() + elsewhere + "name = \"à venir\"\ndepartements = [\"93\"]\n";
  CHECK(told_keys(in_93).empty());
  auto listed = parse_directory_description(in_93 + "communes = [\"93072\", \"93001\"]\n", whole_map(), now);
  REQUIRE(listed);
  CHECK(listed->territories[4].communes == decltype(listed->territories[4].communes){
                                               *law::commune_code::parse("93001"), *law::commune_code::parse("93072")});
  for (const char* wrong : {"[\"75056\"]", "[\"93001\", \"93001\"]"})
    CHECK(told_keys(in_93 + "communes = " + wrong + "\n").size() == 1);
  CHECK(told_keys(in_93 + "communes = [\"93999\"]\n") == std::vector<std::string>{"territories[4].communes"});
}

TEST_CASE("each mistake in a description is told with its key alone", "[directory]") {
  struct mistake {
    const char* old;
    const char* replacement;
    const char* key;
  };
  auto one = GENERATE(values<mistake>({
      {"number = 1", "number = 0", "number"},
      {"number = 1", "number = 1.5", "number"},
      {"number = 1", "", "number"},
      {"number = 1", "number = 1\nversion = 2", "version"},
      {"purpose = \"demonstration\"", "purpose = \"essai\"", "purpose"},
      {"purpose = \"demonstration\"", "", "purpose"},
      {"valid_until = 2040-01-01T00:00:00Z", "", "valid_until"},
      {"valid_until = 2040-01-01T00:00:00Z", "valid_until = 2040-01-01", "valid_until"},
      {"valid_until = 2040-01-01T00:00:00Z", "valid_until = 2040-01-01T00:00:00", "valid_until"},
      {"valid_until = 2040-01-01T00:00:00Z", "valid_until = 2200-01-01T00:00:00Z", "valid_until"},
      {"valid_until = 2040-01-01T00:00:00Z", "valid_until = 2026-03-01T00:00:00Z", "valid_until"},
      {"name = \"ile-de-france\"", "name = \"Île-de-France\"", "nodes[0].name"},
      {"name = \"ile-de-france\"", "name = \"est-ensemble\"", "nodes[3].name"},
      {"name = \"ile-de-france\"\n", "", "nodes[0].name"},
      {"name = \"ile-de-france\"\n", "name = \"ile-de-france\"\ncolour = 1\n", "nodes[0].colour"},
      {"tier = \"region\"", "tier = \"country\"", "nodes[0].tier"},
      {"tier = \"region\"", "", "nodes[0].tier"},
      {"legal_person = \"123456782\"", "legal_person = \"123456789\"", "nodes[0].legal_person"},
      {"legal_person = \"123456782\"", "legal_person = 123456782", "nodes[0].legal_person"},
      {"title = \"Plaine Commune\"", "", "nodes[2].title"},
      {"title = \"Plaine Commune\"", "title = \"\\u0000\"", "nodes[2].title"},
      {"tcp://ile-de-france.example:5600", "tcp://ile-de-france.example", "nodes[0].endpoint"},
      {"tcp://ile-de-france.example:5600", "https://ile-de-france.example:5600", "nodes[0].endpoint"},
      {"link_keys = [{ key = \"11", "link_keys = [{ key = \"1", "nodes[0].link_keys[0].key"},
      {"link_keys = [{ key = \"11", "link_keys = [{ key = \"AA", "nodes[0].link_keys[0].key"},
      {"link_keys = [{ key = ", "link_keys = [{ revoked = 2026-01-01, key = ", "nodes[0].link_keys[0].revoked"},
      {"link_keys = [{ key = ", "link_keys = [{ until = 1, key = ", "nodes[0].link_keys[0].until"},
      {", from = 2026-01-01T00:00:00Z }]", " }]", "nodes[0].link_keys[0].from"},
      {"link_keys = [{ key = ", "link_keys = [1, { key = ", "nodes[0].link_keys[0]"},
      {"signing_keys = [{", "link_key = [{", "nodes[0].link_key"},
      {"streams = [\"SR11\"]", "streams = [\"SR11\", \"sr12\"]", "nodes[0].streams[1]"},
      {"streams = [\"SR11\"]", "streams = [\"SR11\", 12]", "nodes[0].streams[1]"},
      {"streams = [\"SD93\"]", "streams = [\"SD93\", \"SR11\"]", "nodes[1].streams[1]"},
      {"territory = \"200057867\" #", "territory = \"200057868\" #", "territories[0].territory"},
      {"territory = \"200057867\" #", "#", "territories[0].territory"},
      {"territory = \"200057867\" #", "departements = [\"93\", \"9\"]\nterritory = \"200057867\" #",
       "territories[0].departements[1]"},
      {"ordering = \"SR11\"\n", "", "territories[0].ordering"},
      {"ordering = \"SR11\"\n", "ordering = \"région\"\n", "territories[0].ordering"},
      {"supervisors = [\"SR11\", \"SD93\"]", "supervisors = [\"SD93\"]", "territories[0].supervisors"},
      {"supervisors = [\"SR11\", \"SD93\"]", "supervisors = \"SR11\"", "territories[0].supervisors"},
      {"supervisors = [\"SR11\", \"SD93\"]", "supervisors = [\"SR11\", \"SD94\"]", "territories[0].supervisors[1]"},
      {"from = 2026-01-01\n", "from = 2026-01-01T00:00:00Z\n", "territories[0].from"},
      {"from = 2026-01-01\n", "from = 1899-12-31\n", "territories[0].from"},
      {"from = 2026-01-01\n", "from = 2026-01-01\nuntil = 2025-12-31\n", "territories[0].until"},
      {"matter = \"dispositif\", ", "", "competences[0].matter"},
      {"matter = \"dispositif\"", "matter = \"logement\"", "competences[0].matter"},
      {"matter = \"plan\"", "matter = \"dispositif\"", "competences[1].matter"},
      {"authority = \"SR11\"", "authority = \"SR12\"", "competences[0].authority"},
      {"authority = \"SR11\"", "departement = \"75\", authority = \"SR11\"", "competences[0].departement"},
      {"authority = \"SR11\"", "departement = \"IV\", authority = \"SR11\"", "competences[0].departement"},
      {", source = \"CCH L441-2-7\"", "", "competences[0].source"},
  }));
  CAPTURE(one.old, one.replacement);
  auto keys = told_keys(with(example(), one.old, one.replacement));
  if (std::string_view{one.key} == "territories[0].territory")
    std::erase_if(keys, [](const std::string& key) { return key.starts_with("competences"); });
  if (std::string_view{one.key} == "nodes[0].link_key") {
    CHECK(keys == std::vector<std::string>{"nodes[0].link_key", "nodes[0].signing_keys"});
    return;
  }
  CHECK(keys == std::vector<std::string>{one.key});
}

TEST_CASE("a territory's rules of registration are said, and its communes are the map's", "[directory]") {
  auto told = [](const char* old, const char* replacement) { return told_keys(with(example(), old, replacement)); };
  const std::vector<std::string> registration{"territories[0].registration_system"};
  CHECK(told("registration_system = \"systeme_particulier\"\n", "") == registration);
  CHECK(told("registration_system = \"systeme_particulier\"", "registration_system = \"autre\"") == registration);
  CHECK(told("tense_zone = true", "tense_zone = 1") == std::vector<std::string>{"territories[0].tense_zone"});
  CHECK(told("tense_zone = true", "communes = [\"93066\"]") == std::vector<std::string>{"territories[0].communes"});
}

TEST_CASE("a row that gives a matter to another prefect than the text does is refused",
          "[directory][L441-2-7-3-2][L441-2-7-4-1]") {
  auto row = [](const char* matter, const char* authority) {
    return "matter = \"" + std::string{matter} + "\", authority = \"" + authority + "\"";
  };
  CHECK(told_keys(with(example(), row("thresholds", "SD93"), row("thresholds", "SR11"))) ==
        std::vector<std::string>{"competences[2].authority"});
  CHECK(told_keys(with(example(), row("plan", "SR11"), row("plan", "SD93"))) ==
        std::vector<std::string>{"competences[1].authority"});
  CHECK(told_keys(with(example(), row("plan", "SR11"), row("registration", "SR11"))).empty());
  CHECK(told_keys(with(example(), row("cil", "SD93"), row("obstruction", "SD93"))).empty());
}

TEST_CASE("an ordering authority is hosted, is one of those that follow the territory, and has an escrow key",
          "[directory]") {
  CHECK(told_keys(with(example(), "ordering = \"SR11\"\n", "ordering = \"SR12\"\n")) ==
        std::vector<std::string>{"territories[0].ordering", "territories[0].supervisors"});
  auto text = example();
  auto at = text.find("escrow_key = \"");
  text.erase(at, text.find('\n', at) - at);
  CHECK(told_keys(text).at(0) == "territories[0].ordering");
}

TEST_CASE("mistakes of all kinds are told at once, with their lines", "[directory]") {
  auto text = with(example(), "number = 1", "number = -1");
  text = with(text, "name = \"ile-de-france\"", "name = \"est-ensemble\"");
  text = with(text, "legal_person = \"200058790\"\n", "");
  auto faults = faults_of(text);
  std::vector<std::string> keys;
  auto line_that_begins = [&](const std::string& words, std::size_t after = 0) {
    return static_cast<std::size_t>(1 + std::ranges::count(text.substr(0, text.find(words, after)), '\n'));
  };
  for (const auto& fault : faults)
    keys.push_back(fault.key);
  REQUIRE(keys == std::vector<std::string>{"number", "nodes[4].legal_person", "nodes[3].name"});
  CHECK(faults[0].line == line_that_begins("number = -1"));
  auto second = text.find("name = \"est-ensemble\"") + 1;
  CHECK(faults[2].line == line_that_begins("name = \"est-ensemble\"", second));
  auto table = text.rfind("[[nodes]]", text.find("name = \"grand-paris-grand-est\""));
  CHECK(faults[1].line == line_that_begins("[[nodes]]", table));
}

TEST_CASE("a directory for production takes no placeholder for a key", "[directory]") {
  auto keys = told_keys(with(example(), "purpose = \"demonstration\"", "purpose = \"production\""));
  CHECK(keys.size() == 3 * 6 + 1);
  CHECK(keys.front() == "nodes[0].link_keys[0].key");
}

TEST_CASE("what is no TOML, or too much of it, is refused with no key", "[directory]") {
  for (const std::string& text :
       {std::string{"[[nodes"}, std::string(description_limit_bytes + 1, '#'), std::string{"a = \"\xff\"\n"}}) {
    auto faults = faults_of(text);
    REQUIRE(faults.size() == 1);
    CHECK(faults[0].key.empty());
  }
}

TEST_CASE("an instant may be written with what it is ahead of UTC", "[directory]") {
  auto read = parse_directory_description(
      with(example(), "# issued_at = 2026-01-01T00:00:00Z", "issued_at = 2026-01-01T01:30:00.25+01:30"), whole_map(),
      now);
  REQUIRE(read);
  CHECK(read->issued_at == *law::parse_instant("2026-01-01T00:00:00.250Z"));
}

TEST_CASE("a directory is issued once, and shown to whoever knows the anchor", "[directory]") {
  issued_example example;
  CAPTURE(example.issued.err);
  REQUIRE(example.issued.code == exit_done);
  CHECK(example.issued.out.contains(example.public_hex()));
  CHECK(example.issued.out.contains("Annuaire n° 1"));

  auto by_key = show(example.file, example.public_hex());
  CHECK(by_key.code == exit_done);
  for (const auto* words : {"6 nœuds, 4 territoires, 24 compétences", "valable jusqu'au 2040-01-01", "Plaine Commune",
                            "SR11, SD93", "CCH L441-2-7", "clé séquestre", "tcp://ile-de-france.example:5600"})
    CHECK(by_key.out.contains(words));
  CHECK(show(example.file, example.anchor_file.string()).out == by_key.out);
  auto in_a_file = example.folder.write("anchor.hex", example.public_hex() + "\n");
  CHECK(show(example.file, in_a_file.string()).out == by_key.out);

  auto again = issue("config/directory.example.toml", example.anchor_file, example.file);
  CHECK(again.code == exit_refused);
  CHECK(show(example.file, example.public_hex()).out == by_key.out);
}

TEST_CASE("an expired directory is shown, and said to be", "[directory]") {
  issued_example example;
  auto late = *law::parse_instant("2040-01-01T00:00:00Z");
  auto shown = show(example.file, example.public_hex(), false, late);
  CHECK(shown.code == exit_done);
  CHECK(shown.out.contains("EXPIRÉ"));
  CHECK_FALSE(
      show(example.file, example.public_hex(), false, late - std::chrono::milliseconds{1}).out.contains("EXPIRÉ"));
  CHECK(nlohmann::json::parse(show(example.file, example.public_hex(), true, late).out).at("expired") == true);
}

TEST_CASE("machines get a directory as one object", "[directory]") {
  issued_example example;
  auto shown = nlohmann::json::parse(show(example.file, example.public_hex(), true).out);
  CHECK(shown.at("number") == 1);
  CHECK(shown.at("expired") == false);
  CHECK(shown.at("purpose") == "demonstration");
  CHECK(shown.at("nodes").size() == 6);
  CHECK(shown.at("nodes")[0].at("link_keys")[0].at("key").get<std::string>().size() == 64);
  CHECK(shown.at("territories")[0].at("departements")[0] == "93");
  CHECK(shown.at("competences")[0].at("authority") == "SR11");
  auto issued = issue("config/directory.example.toml", example.anchor_file, example.folder / "other", true);
  CHECK(nlohmann::json::parse(issued.out).at("anchor") == example.public_hex());
}

TEST_CASE("what another signed ends with 3, what is no directory with 1", "[directory]") {
  issued_example example;
  auto stranger = create_keys(example.folder / "stranger.keys");
  auto other = law::to_hex(journal::signing_key{stranger.signing_seed}.public_half());
  CHECK(show(example.file, other).code == exit_integrity);
  auto bytes = content_of(example.file);
  bytes[200] = static_cast<char>(bytes[200] ^ 1);
  CHECK(show(example.folder.write("altered", bytes), example.public_hex()).code == exit_integrity);
  CHECK(show(example.folder.write("cut", bytes.substr(0, 300)), example.public_hex()).code == exit_refused);
  CHECK(show(example.folder.write("empty", ""), example.public_hex()).code == exit_refused);
  CHECK(show(example.folder / "missing", example.public_hex()).code == exit_refused);
  CHECK(show(example.file, "not a key").code == exit_refused);
  CHECK(show(example.file, example.folder.write("text", "abc").string()).code == exit_refused);
  auto refused = nlohmann::json::parse(show(example.file, other, true).out);
  CHECK(refused.at("refused").get<std::string>().contains("ancre"));
}

TEST_CASE("a directory that contradicts itself is refused, whoever signed it", "[directory]") {
  issued_example example;
  auto wrong = *parse_directory_description(::example(), whole_map(), now);
  wrong.nodes.push_back(wrong.nodes[0]);
  auto given = federation::sign_directory(wrong, journal::signing_key{example.anchor.signing_seed});
  auto file = example.folder.write("wrong", {given.begin(), given.end()});
  CHECK(show(file, example.public_hex()).code == exit_refused);
}

TEST_CASE("nothing is issued from a wrong description or without the anchor", "[directory]") {
  issuing_folder folder;
  auto anchor = folder / "anchor.keys";
  create_keys(anchor);
  auto wrong = folder.write("wrong.toml", with(with(example(), "number = 1", "number = 0"), "\"SD93\"", "\"SD77\""));
  auto refused = issue(wrong, anchor, folder / "out");
  CHECK(refused.code == exit_refused);
  CHECK(refused.err.contains("number"));
  CHECK(refused.err.contains("competences[2].authority"));
  CHECK_FALSE(fs::exists(folder / "out"));
  auto lines = issue(wrong, anchor, folder / "out", true).out;
  CHECK(nlohmann::json::parse(lines.substr(0, lines.find('\n'))).at("key") == "number");

  CHECK(issue(folder / "missing.toml", anchor, folder / "out").code == exit_refused);
  CHECK(issue("config/directory.example.toml", folder / "missing.keys", folder / "out").code == exit_refused);
  ::chmod(anchor.c_str(), 0640);
  CHECK(issue("config/directory.example.toml", anchor, folder / "out").err.contains("chmod 600"));
  CHECK_FALSE(fs::exists(folder / "out"));
}

TEST_CASE("the public halves of a node's keys are shown, and no secret", "[directory]") {
  issuing_folder folder;
  auto keys = create_keys(folder / "node.keys");
  auto show_keys = [&](const char* file, bool json) {
    return told([&](auto& out, auto& err) { return show_keys_command(folder / file, json, out, err); });
  };
  auto shown = show_keys("node.keys", false);
  CHECK(shown.code == exit_done);
  CHECK_FALSE(shown.out.contains(law::to_hex(keys.signing_seed)));
  CHECK_FALSE(shown.out.contains(law::to_hex(keys.operating_secret)));
  auto object = nlohmann::json::parse(show_keys("node.keys", true).out);
  CHECK(object.at("signing_key") == law::to_hex(journal::signing_key{keys.signing_seed}.public_half()));
  CHECK(object.at("operating_key") == law::to_hex(journal::operating_public(keys.operating_secret)));
  CHECK(object.at("link_key") == law::to_hex(journal::link_public(keys)));
  CHECK(show_keys("missing.keys", false).code == exit_refused);
}
