#include "nodes/host/toml_reading.hpp"

#include <algorithm>

namespace toit::nodes {

void toml_reading::fail(const std::string& key, std::string what) {
  if (told_)
    return;
  auto line = line_of(table_, key);
  // The line of a table inside another: what is missing from it is missing there.
  if (line == 0 && !prefix_.empty())
    line = table_.source().begin.line;
  faults_.push_back({prefix_ + key, line, std::move(what)});
}

std::optional<std::int64_t> toml_reading::take_number(const std::string& key, std::int64_t least, std::int64_t most) {
  auto value = take<std::int64_t>(key, "un nombre entier");
  if (!value || (*value >= least && *value <= most))
    return value;
  fail(key, "doit être compris entre " + std::to_string(least) + " et " + std::to_string(most));
  return std::nullopt;
}

namespace {

law::civil_date day_of(const toml::date& given) {
  return {std::chrono::year{given.year}, std::chrono::month{given.month}, std::chrono::day{given.day}};
}

/// Absent without an offset, for then it says no moment.
std::optional<law::instant> moment_of(const toml::date_time& given) {
  using namespace std::chrono;
  if (!given.offset)
    return std::nullopt;
  return sys_days{day_of(given.date)} + hours{given.time.hour} + minutes{given.time.minute} +
         seconds{given.time.second} + milliseconds{given.time.nanosecond / 1'000'000} - minutes{given.offset->minutes};
}

} // namespace

std::optional<law::civil_date> toml_reading::take_day(const std::string& key) {
  auto given = take<toml::date>(key, "une date");
  return given ? std::optional{day_of(*given)} : std::nullopt;
}

std::optional<law::instant> toml_reading::take_instant(const std::string& key) {
  constexpr law::instant first{};
  constexpr law::instant last{std::chrono::sys_days{std::chrono::year{2200} / std::chrono::January / 1}};
  constexpr const char* expected = "un instant, comme 2026-01-31T12:00:00Z";
  auto given = take<toml::date_time>(key, expected);
  if (!given)
    return std::nullopt;
  auto moment = moment_of(*given);
  if (moment && first <= *moment && *moment < last)
    return moment;
  fail(key, moment ? "doit être compris entre 1970 et 2199" : std::string{"doit être "} + expected);
  return std::nullopt;
}

const toml::array* toml_reading::take_list(const std::string& key, std::size_t most) {
  taken_.insert(key);
  auto at = table_.at_path(key);
  if (!at)
    return nullptr;
  const auto* list = at.as_array();
  if (!list)
    fail(key, "doit être une liste");
  else if (list->size() > most)
    fail(key, "a plus de " + std::to_string(most) + " éléments");
  return list && list->size() <= most ? list : nullptr;
}

std::vector<std::optional<std::string>> toml_reading::take_texts(const std::string& key, std::size_t most) {
  std::vector<std::optional<std::string>> texts;
  if (const auto* list = take_list(key, most))
    for (const auto& item : *list) {
      if (!item.is_string())
        fail(key + "[" + std::to_string(texts.size()) + "]", "doit être un texte");
      texts.push_back(item.value_exact<std::string>());
    }
  return texts;
}

std::vector<toml_reading> toml_reading::take_tables(const std::string& key, std::size_t most) {
  static const toml::table nothing;
  std::vector<toml_reading> tables;
  if (const auto* list = take_list(key, most))
    for (const auto& item : *list) {
      auto at = key + "[" + std::to_string(tables.size()) + "]";
      const auto* table = item.as_table();
      if (!table)
        fail(at, "doit être une table");
      tables.emplace_back(table ? *table : nothing, faults_, prefix_ + at + ".").told_ = !table;
    }
  return tables;
}

void toml_reading::refuse_unknown(const toml::table& table, const std::string& path) {
  for (const auto& [key, node] : table) {
    auto whole = path + std::string{key.str()};
    auto begins = [&](const std::string& taken) { return taken.starts_with(whole + "."); };
    if (const auto* inner = node.as_table(); inner && std::ranges::any_of(taken_, begins))
      refuse_unknown(*inner, whole + ".");
    else if (!taken_.contains(whole))
      faults_.push_back({prefix_ + whole, node.source().begin.line, "n'est pas une clé connue"});
  }
}

std::size_t line_of(const toml::table& root, std::string key) {
  while (!key.empty()) {
    if (auto at = root.at_path(key))
      return at.node()->source().begin.line;
    auto end = key.find_last_of(".[");
    key.resize(end == std::string::npos ? 0 : end);
  }
  return 0;
}

} // namespace toit::nodes
