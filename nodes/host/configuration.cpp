#include "nodes/host/configuration.hpp"

#include "law/competence.hpp"
#include "law/require.hpp"
#include "nodes/host/toml_reading.hpp"
#include "nodes/ports/key_file.hpp"
#include "web/server/peers.hpp"

#include <fstream>
#include <sys/stat.h>

namespace toit::nodes {

namespace {

namespace fs = std::filesystem;

/// A région on its two digits, a département on two characters or three.
bool is_on_the_map(const state_authority& authority, const territory_map& map) {
  if (authority.tier == federation::node_tier::region) {
    auto code = region_code::parse(authority.code);
    return code && map.find(*code);
  }
  auto code = law::departement_code::parse(authority.code);
  return code && map.find(*code);
}

void read_authority(toml_reading& from, configuration& c, const territory_map& map) {
  state_authority authority;
  from.take_choice("authority.tier", authority.tier);
  if (authority.tier == federation::node_tier::territory)
    from.fail("authority.tier", "doit être l'un de : departement region");
  authority.code = from.take_text("authority.code").value_or("");
  if (authority.tier != federation::node_tier::territory && !is_on_the_map(authority, map))
    from.fail("authority.code", "n'est pas un code de la carte");
  if (!from.take_text("authority.legal_person"))
    from.fail("authority.legal_person", "manque : le numéro SIREN du service de l'État");
  c.territory = from.take_code<law::siren>("authority.legal_person", "n'est pas un numéro SIREN").value_or(c.territory);
  c.authority = std::move(authority);
}

void read_federation(toml_reading& from, configuration& c, const fs::path& folder) {
  federated links;
  auto name = from.take_code<ports::node_name>("federation.name", "n'est pas un nom de nœud");
  auto directory = from.take_text("federation.directory");
  auto anchor = from.take_text("federation.anchor");
  links.listen = from.take_text("federation.listen").value_or("");
  if (auto within = from.take_number("federation.confirm_within_seconds", 1, 600))
    links.confirm_within = std::chrono::seconds{*within};
  constexpr std::size_t disclaimed_most = 64;
  for (const auto& text : from.take_texts("federation.disclaims", disclaimed_most))
    if (auto& link = links.disclaims.emplace_back(); !text || !law::parse_hex(*text, link))
      from.fail("federation.disclaims", "doit être une liste de liens, en 64 chiffres hexadécimaux");
  if (!name && !directory && !anchor && links.listen.empty())
    return;
  if (auto escrow = from.take_text("federation.escrow_keys"); escrow && !escrow->empty())
    links.escrow_keys = (folder / *escrow).lexically_normal();
  if (name)
    links.name = *name;
  else
    from.fail("federation.name", "manque : le nom du nœud dans l'annuaire");
  if (directory && !directory->empty())
    links.directory = (folder / *directory).lexically_normal();
  else
    from.fail("federation.directory", "manque : le fichier de l'annuaire signé");
  if (!anchor || !law::parse_hex(*anchor, links.anchor))
    from.fail("federation.anchor", "doit être la clé d'ancrage, en 64 chiffres hexadécimaux");
  if (!links.listen.empty() && !links.listen.starts_with("tcp://"))
    from.fail("federation.listen", "doit être de la forme tcp://adresse:port");
  c.federation = std::move(links);
}

void read_territory(toml_reading& from, configuration& c, const territory_map& map) {
  if (auto id = from.take_code<law::siren>("territory.siren", "n'est pas un numéro SIREN"))
    c.territory = *id;
  else
    from.fail("territory.siren", "manque : le numéro SIREN du territoire");
  if (c.territory != law::siren{} && !map.find(c.territory))
    from.fail("territory.siren", "n'est pas un territoire de la carte : cherchez-le par « toit territory »");
  c.gestionnaire = from.take_code<law::siren>("territory.gestionnaire", "n'est pas un numéro SIREN");
  from.take_choice("territory.registration_system", c.registration);
  from.take_flag("territory.allots_numbers", c.allots_numbers);
  from.take_flag("territory.tense_zone", c.tense_zone);
  if (c.allots_numbers && c.registration == law::registration_system::sne && c.purpose == node_purpose::production)
    from.fail("territory.allots_numbers", "le numéro d'une demande vient du SNE : un nœud n'en attribue pas");
}

void read_data(toml_reading& from, configuration& c, const fs::path& folder) {
  auto path = [&](const std::string& key, fs::path& target) {
    if (auto text = from.take_text(key); text && !text->empty())
      target = (folder / *text).lexically_normal();
  };
  path("data.directory", c.data);
  if (c.data.empty())
    from.fail("data.directory", "manque : où le nœud garde son journal");
  path("data.keys", c.keys);
  if (c.keys.empty())
    from.fail("data.keys", "manque : le fichier des clés du nœud");
  if (auto months = from.take_number("data.keep_consultations_months", 6, 36))
    c.keep_consultations_months = static_cast<unsigned>(*months);
  if (auto hours = from.take_number("data.scrub_every_hours", 1, 24 * 31))
    c.scrub_every = std::chrono::hours{*hours};
  path("http.certificate", c.certificate);
  path("http.private_key", c.private_key);
  if (c.certificate.empty() != c.private_key.empty())
    from.fail("http.certificate", "certificat et clé privée vont ensemble");
  if (c.certificate.empty() && c.purpose == node_purpose::production)
    from.fail("http.certificate", "manque : seul un nœud de démonstration ou de formation se fait un certificat");
}

void read_service(toml_reading& from, configuration& c) {
  c.address = from.take_text("http.address").value_or(c.address);
  if (auto proxy = from.take_text("http.proxy")) {
    c.proxy = web::parse_address(*proxy).value_or("");
    if (c.proxy.empty())
      from.fail("http.proxy", "doit être l'adresse IP du mandataire placé devant le nœud");
  }
  if (auto port = from.take_number("http.port", 0, 65535))
    c.port = static_cast<std::uint16_t>(*port);
  if (auto limit = from.take_number("http.connections_limit", 1, 65536))
    c.connections_limit = static_cast<std::size_t>(*limit);
  from.take_choice("log.format", c.log_format);
  from.take_choice("log.level", c.log_level);
  if (auto seconds = from.take_number("stop.within_seconds", 1, 600))
    c.stop_within = std::chrono::seconds{*seconds};
  if (auto day = from.take<toml::date>("clock.begins", "une date")) {
    c.clock_begins =
        law::civil_date{std::chrono::year{day->year}, std::chrono::month{day->month}, std::chrono::day{day->day}};
    if (!c.clock_is_steered())
      from.fail("clock.begins", "l'horloge d'un nœud de production est celle de la machine");
    else if (*c.clock_begins < law::civil_date{std::chrono::year{2000}, std::chrono::January, std::chrono::day{1}} ||
             *c.clock_begins >= law::civil_date{std::chrono::year{2040}, std::chrono::January, std::chrono::day{1}})
      from.fail("clock.begins", "doit être comprise entre 2000 et 2039");
  }
}

} // namespace

std::expected<configuration, configuration_faults> parse_configuration(std::string_view text, const territory_map& map,
                                                                       const fs::path& folder) {
  configuration_faults faults;
  if (text.size() > configuration_limit_bytes)
    return std::unexpected{configuration_faults{{"", 0, "le fichier est trop grand"}}};
  try {
    auto root = toml::parse(text);
    toml_reading from{root, faults};
    configuration c;
    c.purpose = node_purpose::production;
    from.take_choice("purpose", c.purpose);
    if (root.contains("authority"))
      read_authority(from, c, map);
    else
      read_territory(from, c, map);
    read_federation(from, c, folder);
    read_data(from, c, folder);
    read_service(from, c);
    from.refuse_unknown();
    if (faults.empty())
      return c;
  } catch (const toml::parse_error& failure) {
    faults.push_back({"", failure.source().begin.line, "n'est pas du TOML : " + std::string{failure.description()}});
  }
  return std::unexpected{std::move(faults)};
}

namespace {

void check_keys(const configuration& c, configuration_faults& faults) {
  if (auto keys = read_keys(c.keys); !keys)
    faults.push_back({"data.keys", 0, std::string{in_words(keys.error())}});
}

void check_certificate(const configuration& c, configuration_faults& faults) {
  if (c.certificate.empty())
    return;
  struct stat about{};
  if (::stat(c.certificate.c_str(), &about) != 0)
    faults.push_back({"http.certificate", 0, "le fichier manque"});
  if (::stat(c.private_key.c_str(), &about) != 0)
    faults.push_back({"http.private_key", 0, "le fichier manque"});
  else if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    faults.push_back({"http.private_key", 0, "le fichier est ouvert à d'autres : chmod 600"});
}

} // namespace

std::expected<configuration, configuration_faults> read_configuration_text(const fs::path& file,
                                                                           const territory_map& map) {
  std::ifstream in{file, std::ios::binary};
  std::string text(configuration_limit_bytes + 1, '\0');
  if (!in.read(text.data(), static_cast<std::streamsize>(text.size())) && !in.eof())
    return std::unexpected{configuration_faults{{"", 0, "le fichier ne se lit pas"}}};
  text.resize(static_cast<std::size_t>(in.gcount()));
  return parse_configuration(text, map, fs::absolute(file).parent_path());
}

std::expected<configuration, configuration_faults> read_configuration(const fs::path& file, const territory_map& map) {
  auto parsed = read_configuration_text(file, map);
  if (!parsed)
    return parsed;
  configuration_faults faults;
  check_keys(*parsed, faults);
  check_certificate(*parsed, faults);
  if (!faults.empty())
    return std::unexpected{std::move(faults)};
  return parsed;
}

ports::stream_id configuration::stream() const {
  if (!authority)
    return ports::stream_of(territory);
  return *ports::stream_id::parse((authority->tier == federation::node_tier::region ? "SR" : "SD") + authority->code);
}

configuration configuration::of(law::siren hosted) const {
  auto one = *this;
  one.territory = hosted;
  one.authority.reset();
  one.gestionnaire.reset();
  one.also_hosts.clear();
  return one;
}

configuration configuration::of(const federation::territory_entry& taken) const {
  auto one = of(taken.territory);
  one.registration = taken.registration.value_or(law::registration_system::sne);
  one.allots_numbers = taken.allots_numbers;
  one.tense_zone = taken.tense_zone;
  if (!taken.departements.empty())
    one.listed = {taken.name, law::legal_person_kind::epci, taken.departements.front().text()};
  one.listed_communes.assign(taken.communes.begin(), taken.communes.end());
  return one;
}

bool configuration::differs_from(const federation::territory_entry& line) const {
  return line.registration &&
         (registration != *line.registration || allots_numbers != line.allots_numbers || tense_zone != line.tense_zone);
}

namespace {

law::legal_person_kind kind_of(territory_kind kind) {
  switch (kind) {
  case territory_kind::ept:
    return law::legal_person_kind::ept;
  case territory_kind::paris:
    return law::legal_person_kind::commune;
  default:
    return law::legal_person_kind::epci;
  }
}

served_place place_of_state(const state_authority& authority, const territory_map& map) {
  using law::legal_person_kind;
  if (authority.tier == federation::node_tier::departement) {
    const auto* where = map.find(*law::departement_code::parse(authority.code));
    return {law::text<120>{"Préfecture : " + std::string{where->name}}, legal_person_kind::state_service,
            authority.code};
  }
  auto code = *region_code::parse(authority.code);
  const auto* where = map.find(code);
  auto first = std::ranges::find(map.departements(), code, &departement::region);
  law::require(first != map.departements().end(), "a région has a département");
  return {law::text<120>{"Préfecture de région : " + std::string{where->name}}, legal_person_kind::state_service,
          first->code.text()};
}

} // namespace

served_place place_of(const configuration& from, const territory_map& map) {
  if (from.authority)
    return place_of_state(*from.authority, map);
  const auto* where = map.find(from.territory);
  if (!where && from.listed)
    return *from.listed;
  law::require(where != nullptr, "the territory of a configuration is on the map");
  return {law::text<120>{std::string{where->name}}, kind_of(where->kind), where->departements.front().text()};
}

law::settings settings_of(const configuration& from, const territory_map& map) {
  law::settings s;
  s.territory = from.territory;
  s.gestionnaire = from.gestionnaire_or_territory();
  s.registration = from.registration;
  s.allots_numbers = from.allots_numbers;
  s.tense_zone = from.tense_zone;
  for (const auto& member : from.authority ? std::vector<law::membership>{} : map.memberships_of(from.territory)) {
    if (s.communes.empty() || s.communes.back() != member.commune)
      s.communes.push_back(member.commune);
    if (member.from || member.until)
      s.dated.push_back(member);
  }
  if (!from.authority && !map.find(from.territory))
    s.communes = from.listed_communes;
  s.ile_de_france = std::ranges::any_of(
      s.communes, [](law::commune_code commune) { return law::in_ile_de_france(law::departement_of(commune)); });
  return s;
}

} // namespace toit::nodes
