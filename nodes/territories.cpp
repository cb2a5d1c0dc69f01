#include "nodes/territories.hpp"

#include "law/fields.hpp"
#include "law/require.hpp"

#include <algorithm>
#include <charconv>
#include <ranges>
#include <tuple>

// Laid down by embedded_territories.S.
extern "C" {
extern const char toit_embedded_communes[];
extern const std::uint64_t toit_embedded_communes_size;
extern const char toit_embedded_territories[];
extern const std::uint64_t toit_embedded_territories_size;
extern const char toit_embedded_departements[];
extern const std::uint64_t toit_embedded_departements_size;
extern const char toit_embedded_regions[];
extern const std::uint64_t toit_embedded_regions_size;
extern const char toit_embedded_concerned[];
extern const std::uint64_t toit_embedded_concerned_size;
extern const char toit_embedded_changes[];
extern const std::uint64_t toit_embedded_changes_size;
}

namespace toit::nodes {

namespace {

/// Calls `read` with the fields of each line that is no comment.
template <std::size_t Fields, class Reader>
void for_each_row(const char* bytes, std::uint64_t size, Reader&& read) {
  std::string_view rest{bytes, size};
  while (!rest.empty()) {
    auto end = rest.find('\n');
    law::require(end != std::string_view::npos, "each line of the map is ended");
    auto line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    if (line.starts_with('#'))
      continue;
    std::array<std::string_view, Fields> fields;
    for (std::size_t i = 0; i < Fields; ++i) {
      auto tab = line.find('\t');
      law::require((tab == std::string_view::npos) == (i + 1 == Fields), "each line of the map has its fields");
      fields[i] = line.substr(0, tab);
      law::require(!fields[i].empty(), "no field of the map is empty");
      line.remove_prefix(std::min(tab, line.size() - 1) + 1);
    }
    read(fields);
  }
}

template <class Value>
Value kept(const std::optional<Value>& parsed) {
  law::require(parsed.has_value(), "each field of the map is well formed");
  return *parsed;
}

std::optional<std::uint32_t> parse_count(std::string_view text) {
  std::uint32_t count = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return count;
}

constexpr auto in_a_departement = "each commune of the map lies in a département of it";

template <class Row, class Key>
bool strictly_sorted(const std::vector<Row>& rows, Key key) {
  return std::ranges::adjacent_find(rows, std::ranges::greater_equal{}, key) == rows.end();
}

template <class Row, class Code, class Key>
const Row* found_in(const std::vector<Row>& rows, Code code, Key key) {
  auto row = std::ranges::lower_bound(rows, code, {}, key);
  return row != rows.end() && std::invoke(key, *row) == code ? &*row : nullptr;
}

/// À to ÿ, U+00C0 to U+00FF; × and ÷ separate.
constexpr std::array<std::string_view, 64> latin_letters{
    "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i",  "i",  //
    "d", "n", "o", "o", "o", "o", "o",  "",  "o", "u", "u", "u", "u", "y", "th", "ss", //
    "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i",  "i",  //
    "d", "n", "o", "o", "o", "o", "o",  "",  "o", "u", "u", "u", "u", "y", "th", "y"};

/// Builds a search key from letters and separators.
class key_writer {
public:
  explicit key_writer(std::size_t expected_size) { key_.reserve(expected_size); }

  void letter(char one) {
    if (separated_)
      begin_word();
    key_ += one;
  }
  void letters(std::string_view some) {
    for (char one : some)
      letter(one);
  }
  void separator() { separated_ = true; }
  std::string finish() && { return std::move(key_); }

private:
  void begin_word() {
    separated_ = false;
    if (key_.empty())
      return;
    spell_out("st", "saint");
    spell_out("ste", "sainte");
    key_ += ' ';
  }
  void spell_out(std::string_view abbreviation, std::string_view word) {
    if (!key_.ends_with(abbreviation))
      return;
    auto start = key_.size() - abbreviation.size();
    if (start == 0 || key_[start - 1] == ' ')
      key_.replace(start, abbreviation.size(), word);
  }

  std::string key_;
  bool separated_ = false;
};

enum class match : std::uint8_t { whole, beginning, part };

std::optional<match> match_of(std::string_view name, std::string_view query) {
  if (name == query)
    return match::whole;
  if (name.starts_with(query))
    return match::beginning;
  if (name.find(query) != std::string_view::npos)
    return match::part;
  return std::nullopt;
}

/// The name of an EPCI begins with what it is, which nobody writes when looking for it.
std::string_view without_kind(std::string_view key) {
  bool has_kind = key.starts_with("cc ") || key.starts_with("ca ") || key.starts_with("cu ");
  return has_kind ? key.substr(3) : key;
}

} // namespace

bool region_rule::accepts(std::string_view text) {
  return text.size() >= 2 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<concern> concern_on(const territory& where, law::civil_date day) {
  std::optional<concern> known;
  for (const auto& setting : where.concerned)
    if (setting.from <= day)
      known = setting;
  return known;
}

std::string search_key(std::string_view text) {
  key_writer key{text.size()};
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<std::uint8_t>(text[i]);
    auto next = static_cast<std::uint8_t>(i + 1 < text.size() ? text[i + 1] : 0);
    bool continued = next >= 0x80 && next <= 0xBF;
    if ((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9')) {
      key.letter(text[i]);
    } else if (byte >= 'A' && byte <= 'Z') {
      key.letter(static_cast<char>(byte - 'A' + 'a'));
    } else if (byte < 0x80) {
      key.separator();
    } else if (byte == 0xC3 && continued) {
      auto letter = latin_letters[next - 0x80u];
      letter.empty() ? key.separator() : key.letters(letter);
      ++i;
    } else if (byte == 0xC5 && (next == 0x92 || next == 0x93)) { // Œ, œ
      key.letters("oe");
      ++i;
    } else if (byte == 0xC5 && next == 0xB8) { // Ÿ
      key.letters("y");
      ++i;
    } else if (byte == 0xC2 && continued) { // no-break space and signs
      key.separator();
      ++i;
    } else if (byte == 0xE2 && next == 0x80 && i + 2 < text.size()) { // typographic spaces, dashes, apostrophes
      key.separator();
      i += 2;
    } else if ((byte == 0xCC && continued) || (byte == 0xCD && continued && next <= 0xAF)) { // combining accents
      ++i;
    } else {
      key.letter(text[i]); // of no name here: kept, so that nothing is found
    }
  }
  return std::move(key).finish();
}

territory_map territory_map::load() { return load({toit_embedded_changes, toit_embedded_changes_size}); }

territory_map territory_map::load(std::string_view changes) {
  territory_map map;
  map.read_divisions();
  map.read_territories();
  map.read_communes();
  map.read_changes(changes);
  map.check_moves();
  map.place_territories();
  map.read_concerned();
  map.index_names();
  return map;
}

void territory_map::read_divisions() {
  for_each_row<2>(toit_embedded_regions, toit_embedded_regions_size, [&](const auto& fields) {
    regions_.push_back({.code = kept(region_code::parse(fields[0])), .name = fields[1]});
  });
  law::require(strictly_sorted(regions_, &region::code), "the régions of the map are sorted");

  for_each_row<3>(toit_embedded_departements, toit_embedded_departements_size, [&](const auto& fields) {
    departement read{.code = kept(law::departement_code::parse(fields[0])),
                     .name = fields[1],
                     .region = kept(region_code::parse(fields[2]))};
    law::require(find(read.region) != nullptr, "each département of the map lies in a région of it");
    departements_.push_back(read);
  });
  law::require(strictly_sorted(departements_, &departement::code), "the départements of the map are sorted");
}

void territory_map::read_territories() {
  for_each_row<3>(toit_embedded_territories, toit_embedded_territories_size, [&](const auto& fields) {
    territory read;
    read.id = kept(law::siren::parse(fields[0]));
    read.kind = kept(law::enum_from<territory_kind>(fields[1]));
    read.name = fields[2];
    territories_.push_back(std::move(read));
  });
  law::require(strictly_sorted(territories_, &territory::id), "the territories of the map are sorted");
}

territory& territory_map::named(std::string_view siren) {
  const auto* known = find(kept(law::siren::parse(siren)));
  law::require(known != nullptr, "each territory that the map names is on it");
  return territories_[static_cast<std::size_t>(known - territories_.data())];
}

void territory_map::read_communes() {
  communes_.reserve(36'000);
  for_each_row<4>(toit_embedded_communes, toit_embedded_communes_size, [&](const auto& fields) {
    commune read{.code = kept(law::commune_code::parse(fields[0])),
                 .name = fields[1],
                 .population = {},
                 .territory = {},
                 .moves = {}};
    if (fields[2] != "-")
      read.population = kept(parse_count(fields[2]));
    if (fields[3] != "-") {
      auto& where = named(fields[3]);
      read.territory = where.id;
      where.communes.push_back(read.code);
      where.population += kept(read.population);
      // Communes come in the order of their codes, which begin with the département's.
      if (where.departements.empty() || !fields[0].starts_with(where.departements.back().view()))
        where.departements.push_back(law::departement_of(read.code));
    } else {
      law::require(find(law::departement_of(read.code)) != nullptr, in_a_departement);
    }
    communes_.push_back(std::move(read));
  });
  law::require(strictly_sorted(communes_, &commune::code), "the communes of the map are sorted");
}

void territory_map::read_changes(std::string_view changes) {
  auto territory_named = [&](std::string_view siren) {
    return siren == "-" ? std::nullopt : std::optional{named(siren).id};
  };
  for_each_row<5>(changes.data(), changes.size(), [&](const auto& fields) {
    const auto* known = find(kept(law::commune_code::parse(fields[1])));
    law::require(known != nullptr, "a commune that moves is on the map");
    move read{kept(law::parse_date(fields[0])), territory_named(fields[2]), territory_named(fields[3]), fields[4]};
    communes_[static_cast<std::size_t>(known - communes_.data())].moves.push_back(read);
  });
}

/// Each move begins where the one before has ended, and the map is drawn before, between or after them.
void territory_map::check_moves() const {
  for (const auto& where : communes_) {
    if (where.moves.empty())
      continue;
    bool is_there = where.moves.front().from == where.territory;
    for (std::size_t i = 0; i < where.moves.size(); ++i) {
      const auto& one = where.moves[i];
      is_there = is_there || one.to == where.territory;
      law::require(one.from != one.to, "a commune moves to another territory");
      law::require(i == 0 || (where.moves[i - 1].day < one.day && where.moves[i - 1].to == one.from),
                   "a commune moves from where it is, in order of date");
    }
    law::require(is_there, "a commune that moves has been where the map draws it, or is to be");
  }
}

void territory_map::place_territories() {
  for (auto& where : territories_) {
    law::require(!where.communes.empty(), "each territory of the map has a commune");
    for (auto code : where.departements) {
      const auto* departement = find(code);
      law::require(departement != nullptr, in_a_departement);
      where.regions.push_back(departement->region);
    }
    std::ranges::sort(where.regions);
    auto repeated = std::ranges::unique(where.regions);
    where.regions.erase(repeated.begin(), repeated.end());
  }
}

void territory_map::read_concerned() {
  for_each_row<4>(toit_embedded_concerned, toit_embedded_concerned_size, [&](const auto& fields) {
    law::require(fields[1] == "yes" || fields[1] == "no", "a territory is said to be concerned, or not to be");
    auto& settings = named(fields[0]).concerned;
    concern read{.concerned = fields[1] == "yes", .from = kept(law::parse_date(fields[2])), .source = fields[3]};
    law::require(settings.empty() || settings.back().from < read.from, "what is concerned is said in order of date");
    settings.push_back(read);
  });
}

void territory_map::index_names() {
  keys_.reserve(1 << 20);
  key_starts_.reserve(territories_.size() + communes_.size() + 1);
  key_starts_.push_back(0);
  auto add_key = [this](std::string_view name) {
    keys_ += search_key(name);
    key_starts_.push_back(static_cast<std::uint32_t>(keys_.size()));
  };
  for (const auto& where : territories_)
    add_key(where.name);
  for (const auto& where : communes_)
    add_key(where.name);
}

const territory* territory_map::find(law::siren id) const { return found_in(territories_, id, &territory::id); }

const commune* territory_map::find(law::commune_code code) const { return found_in(communes_, code, &commune::code); }

const departement* territory_map::find(law::departement_code code) const {
  return found_in(departements_, code, &departement::code);
}

const region* territory_map::find(region_code code) const { return found_in(regions_, code, &region::code); }

const territory* territory_map::territory_of(law::commune_code code) const {
  const auto* where = find(code);
  return where && where->territory ? find(*where->territory) : nullptr;
}

std::optional<law::siren> commune::territory_on(law::civil_date day) const {
  if (moves.empty())
    return territory;
  auto next = std::ranges::upper_bound(moves, day, {}, &move::day);
  return next == moves.begin() ? moves.front().from : std::prev(next)->to;
}

const territory* territory_map::territory_of(law::commune_code code, law::civil_date day) const {
  const auto* where = find(code);
  auto id = where ? where->territory_on(day) : std::nullopt;
  return id ? find(*id) : nullptr;
}

std::vector<law::membership> territory_map::memberships_of(law::siren territory) const {
  std::vector<law::membership> found;
  for (const auto& where : communes_) {
    if (where.moves.empty()) {
      if (where.territory == territory)
        found.push_back({where.code, {}, {}});
      continue;
    }
    if (where.moves.front().from == territory)
      found.push_back({where.code, {}, law::add_days(where.moves.front().day, -std::chrono::days{1})});
    for (std::size_t i = 0; i < where.moves.size(); ++i)
      if (where.moves[i].to == territory) {
        auto& stay = found.emplace_back(where.code, where.moves[i].day, std::nullopt);
        if (i + 1 < where.moves.size())
          stay.until = law::add_days(where.moves[i + 1].day, -std::chrono::days{1});
      }
  }
  return found;
}

std::optional<place> territory_map::find_code(std::string_view key) const {
  std::string code; // a SIREN is often written in groups of three digits, Corsica's letters small
  for (char c : key)
    if (c != ' ')
      code += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  if (auto id = law::siren::parse(code))
    if (const auto* where = find(*id))
      return where;
  if (auto commune_code = law::commune_code::parse(code))
    if (const auto* where = find(*commune_code))
      return where;
  return std::nullopt;
}

places_found territory_map::search(std::string_view query, std::size_t limit) const {
  auto key = search_key(query);
  if (key.empty())
    return {};
  if (auto exactly = find_code(key))
    return {.best = {*exactly}, .total = 1};

  struct candidate {
    match how;
    std::uint32_t population;
    std::size_t index; ///< of the key
  };
  std::vector<candidate> candidates;
  for (std::size_t i = 0; i + 1 < key_starts_.size(); ++i) {
    auto name = std::string_view{keys_}.substr(key_starts_[i], key_starts_[i + 1] - key_starts_[i]);
    bool is_territory = i < territories_.size();
    auto how = match_of(name, key);
    if (how && is_territory && how != match::whole)
      how = std::min(*how, match_of(without_kind(name), key).value_or(match::part));
    if (how) {
      auto population =
          is_territory ? territories_[i].population : communes_[i - territories_.size()].population.value_or(0);
      candidates.push_back({*how, population, i});
    }
  }

  auto kept_count = std::min(limit, candidates.size());
  std::ranges::partial_sort(candidates, candidates.begin() + static_cast<std::ptrdiff_t>(kept_count), {},
                            [](const candidate& c) { return std::tuple{c.how, ~c.population, c.index}; });
  places_found found{.best = {}, .total = candidates.size()};
  for (const auto& c : std::span{candidates}.first(kept_count)) {
    if (c.index < territories_.size())
      found.best.emplace_back(&territories_[c.index]);
    else
      found.best.emplace_back(&communes_[c.index - territories_.size()]);
  }
  return found;
}

} // namespace toit::nodes
