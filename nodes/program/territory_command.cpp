#include "nodes/program/territory_command.hpp"

#include "law/fields.hpp"
#include "nodes/territories.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace toit::nodes {

namespace {

using json_object = nlohmann::ordered_json; // in the order in which a reader wants it

struct kind_words {
  std::string_view singular, plural, abbreviation;
};

kind_words words_of(territory_kind kind) {
  switch (kind) {
  case territory_kind::cc:
    return {"communauté de communes", "communautés de communes", "CC"};
  case territory_kind::ca:
    return {"communauté d'agglomération", "communautés d'agglomération", "CA"};
  case territory_kind::cu:
    return {"communauté urbaine", "communautés urbaines", "CU"};
  case territory_kind::metropole:
    return {"métropole", "métropoles", "métropole"};
  case territory_kind::metropole_lyon:
    return {"métropole de Lyon", "métropole de Lyon", "métropole de Lyon"};
  case territory_kind::ept:
    return {"établissement public territorial", "établissements publics territoriaux", "EPT"};
  case territory_kind::paris:
    return {"ville de Paris", "ville de Paris", "ville"};
  }
  std::unreachable();
}

/// 2 103 778
std::string grouped(std::size_t number) {
  auto digits = std::to_string(number);
  for (auto i = static_cast<std::ptrdiff_t>(digits.size()) - 3; i > 0; i -= 3)
    digits.insert(static_cast<std::size_t>(i), 1, ' ');
  return digits;
}

std::string inhabitants(std::optional<std::uint32_t> population) {
  return population ? grouped(*population) : "inconnue";
}

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (const auto& part : parts)
    text += (text.empty() ? "" : std::string{separator}) + part;
  return text;
}

std::string in_words(const concern& setting) {
  return (setting.concerned ? "oui" : "non") + (" à partir du " + law::to_text(setting.from)) + " (" +
         std::string{setting.source} + ")";
}

std::string in_words(const std::vector<concern>& settings) {
  std::vector<std::string> parts;
  for (const auto& setting : settings)
    parts.push_back(in_words(setting));
  return parts.empty() ? "inconnu (aucune source enregistrée)" : joined(parts, ", puis ");
}

template <class Code>
std::vector<std::string> with_names(const territory_map& map, const std::vector<Code>& codes) {
  std::vector<std::string> parts;
  for (auto code : codes)
    parts.push_back(code.text() + " " + std::string{map.find(code)->name});
  return parts;
}

template <class Code>
std::vector<std::string> texts_of(const std::vector<Code>& codes) {
  std::vector<std::string> texts;
  for (auto code : codes)
    texts.push_back(code.text());
  return texts;
}

std::string in_words(const territory* where) {
  return where ? where->id.text() + " " + std::string{where->name} : "dans aucun territoire";
}

/// Characters as a terminal shows them: each code point of these names is one column wide.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

struct table {
  std::vector<bool> numbers; ///< by column: aligned to the right
  std::vector<std::vector<std::string>> rows;
};

void write(std::ostream& out, const table& content) {
  std::vector<std::size_t> widths(content.numbers.size(), 0);
  for (const auto& row : content.rows)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], width(row[i]));
  for (const auto& row : content.rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      std::string gap(widths[i] - width(row[i]), ' ');
      line += (i == 0 ? "" : "  ") + (content.numbers[i] ? gap + row[i] : row[i] + gap);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << '\n';
  }
}

std::string singular_or_plural(std::string_view word, std::size_t count) {
  return std::string{word} + (count > 1 ? "s" : "");
}

void write_in_full(std::ostream& out, const territory_map& map, const territory& where) {
  write(out,
        {.numbers = {false, false},
         .rows = {{"Territoire", std::string{where.name}},
                  {"SIREN", where.id.text()},
                  {"Nature", std::string{words_of(where.kind).singular}},
                  {singular_or_plural("Département", where.departements.size()),
                   joined(with_names(map, where.departements), ", ")},
                  {singular_or_plural("Région", where.regions.size()), joined(with_names(map, where.regions), ", ")},
                  {"Communes", grouped(where.communes.size())},
                  {"Population", grouped(where.population)},
                  {"Concerné", in_words(where.concerned)}}});
  out << '\n';
  table communes{.numbers = {false, false, true}, .rows = {{"Code", "Commune", "Population"}}};
  for (auto code : where.communes) {
    const auto& member = *map.find(code);
    communes.rows.push_back({code.text(), std::string{member.name}, inhabitants(member.population)});
  }
  write(out, communes);
}

void write_in_full(std::ostream& out, const territory_map& map, const commune& where) {
  auto departement = law::departement_of(where.code);
  write(out, {.numbers = {false, false},
              .rows = {{"Commune", std::string{where.name}},
                       {"Code", where.code.text()},
                       {"Département", joined(with_names(map, std::vector{departement}), "")},
                       {"Région", joined(with_names(map, std::vector{map.find(departement)->region}), "")},
                       {"Population", inhabitants(where.population)},
                       {"Territoire", in_words(map.territory_of(where.code))}}});
}

void write_list(std::ostream& out, const territory_map& map, const places_found& found) {
  table territories{
      .numbers = {false, false, false, false, false, true, true, false},
      .rows = {{"SIREN", "Territoire", "Nature", "Départements", "Régions", "Communes", "Population", "Concerné"}}};
  table communes{.numbers = {false, false, true, false}, .rows = {{"Code", "Commune", "Population", "Territoire"}}};
  for (const auto& one : found.best)
    if (const auto* const* group = std::get_if<const territory*>(&one)) {
      const auto& where = **group;
      territories.rows.push_back(
          {where.id.text(), std::string{where.name}, std::string{words_of(where.kind).abbreviation},
           joined(texts_of(where.departements), ", "), joined(texts_of(where.regions), ", "),
           grouped(where.communes.size()), grouped(where.population), in_words(where.concerned)});
    } else {
      const auto& where = *std::get<const commune*>(one);
      communes.rows.push_back({where.code.text(), std::string{where.name}, inhabitants(where.population),
                               in_words(map.territory_of(where.code))});
    }
  bool both = territories.rows.size() > 1 && communes.rows.size() > 1;
  if (territories.rows.size() > 1)
    write(out, territories);
  if (both)
    out << '\n';
  if (communes.rows.size() > 1)
    write(out, communes);
  if (found.total > found.best.size())
    out << '\n'
        << "Les " << found.best.size() << " premiers sur " << grouped(found.total) << " : précisez la recherche.\n";
}

json_object in_json(const concern& setting) {
  return {{"concerned", setting.concerned ? "yes" : "no"},
          {"from", law::to_text(setting.from)},
          {"source", std::string{setting.source}}};
}

/// `concerned` is the last thing known, from the date it bears; `concerned_settings` is all that is known.
json_object in_json(const territory_map&, const territory& where) {
  auto settings = json_object::array();
  for (const auto& setting : where.concerned)
    settings.push_back(in_json(setting));
  return {{"type", "territory"},
          {"siren", where.id.text()},
          {"kind", std::string{law::name_of(where.kind)}},
          {"name", std::string{where.name}},
          {"departements", texts_of(where.departements)},
          {"regions", texts_of(where.regions)},
          {"communes", texts_of(where.communes)},
          {"population", where.population},
          {"concerned", where.concerned.empty()            ? "unknown"
                        : where.concerned.back().concerned ? "yes"
                                                           : "no"},
          {"concerned_settings", std::move(settings)}};
}

json_object in_json(const territory_map& map, const commune& where) {
  auto departement = law::departement_of(where.code);
  json_object object{{"type", "commune"},
                     {"code", where.code.text()},
                     {"name", std::string{where.name}},
                     {"departement", departement.text()},
                     {"region", map.find(departement)->region.text()},
                     {"population", nullptr},
                     {"territory", nullptr}};
  if (where.population)
    object["population"] = *where.population;
  if (where.territory)
    object["territory"] = where.territory->text();
  return object;
}

struct map_summary {
  std::array<std::size_t, law::enum_count<territory_kind>> by_kind{};
  std::size_t known = 0; ///< territories of which it is known whether they are concerned
  std::size_t alone = 0; ///< communes in no territory
};

map_summary summary_of(const territory_map& map) {
  map_summary summary;
  for (const auto& where : map.territories()) {
    ++summary.by_kind[static_cast<std::size_t>(where.kind)];
    summary.known += !where.concerned.empty();
  }
  for (const auto& where : map.communes())
    summary.alone += !where.territory;
  return summary;
}

void write_summary(std::ostream& out, const territory_map& map) {
  auto summary = summary_of(map);
  table counts{.numbers = {true, false}, .rows = {}};
  for (std::size_t i = 0; i < summary.by_kind.size(); ++i) {
    auto words = words_of(static_cast<territory_kind>(i));
    counts.rows.push_back(
        {grouped(summary.by_kind[i]), std::string{summary.by_kind[i] > 1 ? words.plural : words.singular}});
  }
  counts.rows.push_back({grouped(map.territories().size()), "territoires en tout ; concerné ou non : connu pour " +
                                                                grouped(summary.known) + ", inconnu pour " +
                                                                grouped(map.territories().size() - summary.known)});
  counts.rows.push_back(
      {grouped(map.communes().size()), "communes, dont " + grouped(summary.alone) + " dans aucun territoire"});
  counts.rows.push_back({grouped(map.departements().size()), "départements et collectivités d'outre-mer"});
  write(out, counts);
  out << '\n' << "Source : " << map_source << ".\n";
}

void write_summary_as_json(std::ostream& out, const territory_map& map) {
  auto summary = summary_of(map);
  json_object kinds = json_object::object();
  for (std::size_t i = 0; i < summary.by_kind.size(); ++i)
    kinds[std::string{law::name_of(static_cast<territory_kind>(i))}] = summary.by_kind[i];
  json_object object{{"type", "summary"},
                     {"territories", map.territories().size()},
                     {"territories_by_kind", std::move(kinds)},
                     {"territories_known_concerned_or_not", summary.known},
                     {"communes", map.communes().size()},
                     {"communes_in_no_territory", summary.alone},
                     {"departements", map.departements().size()},
                     {"regions", map.regions().size()},
                     {"source", std::string{map_source}}};
  out << object.dump() << '\n';
}

} // namespace

int territory_command(std::span<const std::string> query, bool json, std::ostream& out, std::ostream& err) {
  auto map = territory_map::load();
  if (query.empty()) {
    json ? write_summary_as_json(out, map) : write_summary(out, map);
    return 0;
  }
  auto words = joined({query.begin(), query.end()}, " ");
  if (search_key(words).empty()) {
    err << "Recherche vide : donnez un SIREN, un code de commune ou un nom.\n";
    return 2;
  }
  auto found = map.search(words, territory_command_limit);
  if (found.best.empty()) {
    err << "Rien trouvé pour « " << words << " » : ni territoire, ni commune.\n";
    return 1;
  }
  auto write_place = [&](const auto* where) {
    if (json)
      out << in_json(map, *where).dump() << '\n';
    else
      write_in_full(out, map, *where);
  };
  if (json || found.total == 1)
    for (const auto& one : found.best)
      std::visit(write_place, one);
  else
    write_list(out, map, found);
  return 0;
}

} // namespace toit::nodes
