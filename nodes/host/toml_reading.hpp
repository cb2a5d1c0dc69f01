/// \file
/// Takes keys out of a TOML table one by one, and tells everything that is wrong with its key and its line. A key that
/// nobody took is unknown, and so wrong.

#pragma once

#include "law/fields.hpp"
#include "nodes/host/configuration.hpp"

#include <set>
#include <toml++/toml.h>

namespace toit::nodes {

class toml_reading {
public:
  /// `prefix` ("nodes[2].") stands before the keys of a table inside another, where they are told.
  toml_reading(const toml::table& table, configuration_faults& faults, std::string prefix = "")
      : table_{table}, faults_{faults}, prefix_{std::move(prefix)} {}

  void fail(const std::string& key, std::string what);

  bool has(const std::string& key) const { return static_cast<bool>(table_.at_path(key)); }
  /// Its key as it is told.
  std::string whole(const std::string& key) const { return prefix_ + key; }

  /// The value at "section.key"; absent when it is not there, or, with a fault, when it has another type.
  template <class T>
  std::optional<T> take(const std::string& key, const char* type) {
    taken_.insert(key);
    auto at = table_.at_path(key);
    if (!at)
      return std::nullopt;
    if constexpr (std::is_same_v<T, std::string>) {
      if (at.is_string())
        return at.template value<std::string>();
    } else if (auto value = at.template value_exact<T>())
      return value;
    fail(key, std::string{"doit être "} + type);
    return std::nullopt;
  }

  std::optional<std::string> take_text(const std::string& key) { return take<std::string>(key, "un texte"); }

  template <class T>
  void take_flag(const std::string& key, T& target) {
    target = take<bool>(key, "true ou false").value_or(target);
  }

  std::optional<std::int64_t> take_number(const std::string& key, std::int64_t least, std::int64_t most);

  /// False when it is not there or, with a fault, is no such name.
  template <class E>
  bool take_choice(const std::string& key, E& target) {
    auto text = take_text(key);
    if (!text)
      return false;
    if (auto found = law::enum_from<E>(*text)) {
      target = *found;
      return true;
    }
    std::string expected = "doit être l'un de :";
    for (auto name : names_of(E{}))
      expected += " " + std::string{name};
    fail(key, expected);
    return false;
  }

  template <class Code>
  std::optional<Code> take_code(const std::string& key, const char* what) {
    auto text = take_text(key);
    auto parsed = text ? Code::parse(*text) : std::nullopt;
    if (text && !parsed)
      fail(key, what);
    return parsed;
  }

  /// A day of the calendar, without an hour.
  std::optional<law::civil_date> take_day(const std::string& key);
  /// A date and an hour, in UTC or with what they are ahead of it; 1970 to 2199.
  std::optional<law::instant> take_instant(const std::string& key);

  /// The texts of a list of texts. One that is of another type is told and stands there absent.
  std::vector<std::optional<std::string>> take_texts(const std::string& key, std::size_t most);
  /// The tables of a list of tables, to be read each by a reading of its own. One of another type is told, and read as
  /// an empty one of which nothing more is told.
  std::vector<toml_reading> take_tables(const std::string& key, std::size_t most);

  void refuse_unknown() { refuse_unknown(table_, ""); }

private:
  void refuse_unknown(const toml::table& table, const std::string& path);
  /// Null, with a fault when it is something else, unless there is a list of no more than `most` items.
  const toml::array* take_list(const std::string& key, std::size_t most);

  const toml::table& table_;
  configuration_faults& faults_;
  std::string prefix_;
  bool told_ = false; ///< that it is no table
  std::set<std::string> taken_;
};

/// Where `key` stands in the file, or what it would stand in; 0 when nothing of it is there.
std::size_t line_of(const toml::table& root, std::string key);

} // namespace toit::nodes
