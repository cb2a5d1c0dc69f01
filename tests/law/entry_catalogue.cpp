// docs/entry-catalogue.md is made from the catalogue of law/, and says nothing else.
//
// After a change of the catalogue:  build/dev/tests/law_tests "write the entry catalogue"

#include "law/catalogue.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <iterator>
#include <map>
#include <source_location>
#include <sstream>

using namespace toit::law;

namespace {

constexpr auto committed_file = TOIT_SOURCE_DIR "/docs/entry-catalogue.md";

constexpr std::string_view introduction = R"(# Entry catalogue

Every kind of entry that a journal may hold. Made from `law/catalogue.hpp` by the test "the committed entry catalogue is
that of the code"; `law_tests "write the entry catalogue"` writes it anew. How an entry is laid out in bytes is in
`docs/journal-format.md`; what each kind does is in the rules of `law/` and, where the text leaves a choice, in
`docs/readings.md`.

- **number**: in the journal, for ever. Up to 30 the numbers of family D follow the events of the law; 29 is kept for
  the cotation, which no territory has decided yet.
- **origin**: the qualities of a legal person that may be at the origin of it; *consequence* is what the node draws by
  itself from another entry or from a term that has passed, and never records on request. In parentheses, the refusal
  of whoever has no such quality.
- **payload**: the fields in the order of the journal, where new ones only ever come last. A type followed by `?` may be
  absent, by `[n]` is a list of at most n. `*` marks a field that the node fills where a request leaves it out, `**` one
  that the node alone gives.

An entry further holds what R441-2-15 I asks of each: the operation (introduced, modified or suppressed), the day on
which it occurred, originator, introducer, agent, command, and the entry that it supersedes.
)";

// -- names of types -------------------------------------------------------------------------------------------------

template <class T>
std::string_view raw_name() {
  return std::source_location::current().function_name();
}

/// The type as it is written in its namespace: "piece_type", "random_id<toit::law::dossier_tag>".
template <class T>
std::string own_name() {
  std::string name{raw_name<T>()};
  name = name.substr(name.find("T = ") + 4);
  name = name.substr(0, name.find_first_of(";]"));
  auto last = name.substr(0, name.find('<')).rfind("::");
  return last == std::string::npos ? name : name.substr(last + 2);
}

/// What types are made of, told once, in the order of their names.
using parts = std::map<std::string, std::string>;

template <class T>
std::string type_of(parts& used);

template <class T>
struct shape {
  static std::string name(parts&) { return "uint" + std::to_string(8 * sizeof(T)); }
};
template <>
struct shape<bool> {
  static std::string name(parts&) { return "bool"; }
};
template <>
struct shape<civil_date> {
  static std::string name(parts&) { return "date"; }
};
template <>
struct shape<instant> {
  static std::string name(parts&) { return "instant"; }
};
template <std::size_t Size>
struct shape<std::array<std::uint8_t, Size>> {
  static std::string name(parts&) { return "bytes" + std::to_string(Size); }
};
template <std::size_t Max>
struct shape<text<Max>> {
  static std::string name(parts&) { return "text " + std::to_string(Max); }
};
template <class Rule, std::size_t Capacity>
struct shape<code<Rule, Capacity>> {
  static std::string name(parts&) { return std::string{Rule::name}; }
};
template <class Tag>
struct shape<random_id<Tag>> {
  static std::string name(parts&) {
    auto tag = own_name<Tag>();
    return tag.substr(0, tag.find("_tag")) + "_id";
  }
};
template <class T>
struct shape<hidden<T>> {
  static std::string name(parts& used) { return type_of<T>(used) + ", never shown"; }
};
template <class T>
struct shape<std::optional<T>> {
  static std::string name(parts& used) { return type_of<T>(used) + "?"; }
};
template <class T, std::size_t Max>
struct shape<list<T, Max>> {
  static std::string name(parts& used) { return type_of<T>(used) + "[" + std::to_string(Max) + "]"; }
};

template <described T>
std::string fields_of(parts& used) {
  std::string all;
  for_each_described<T>([&](const auto& f) {
    using member = std::remove_cvref_t<decltype(std::declval<T>().*(f.member))>;
    constexpr std::array<std::string_view, 3> marks{"", "\\*", "\\*\\*"};
    all += (all.empty() ? "`" : ", `") + std::string{f.name} + "`" +
           std::string{marks[static_cast<std::size_t>(f.set_by)]} + " " + type_of<member>(used);
  });
  return all.empty() ? "–" : all;
}

template <named_enum E>
std::string values_of() {
  std::string all;
  for (auto name : names_of(E{}))
    all += (all.empty() ? "`" : ", `") + std::string{name} + "`";
  return all;
}

template <class T>
std::string type_of(parts& used) {
  if constexpr (described<T>) {
    auto fields = fields_of<T>(used);
    used[own_name<T>()] = fields;
    return own_name<T>();
  } else if constexpr (named_enum<T>) {
    used[own_name<T>()] = "one of " + values_of<T>();
    return own_name<T>();
  } else {
    return shape<T>::name(used);
  }
}

// -- the page -------------------------------------------------------------------------------------------------------

std::string origin_of(const entry_kind& kind) {
  if (kind.who.only_consequence())
    return "consequence";
  std::string all;
  bool everybody = true;
  for (std::size_t i = 0; i < enum_count<quality>; ++i) {
    auto q = static_cast<quality>(i);
    everybody = everybody && kind.who.admits(q);
    if (kind.who.admits(q))
      all += (all.empty() ? "" : ", ") + std::string{name_of(q)};
  }
  if (everybody)
    all = "any quality";
  if (kind.who.admits_demandeur())
    all += all.empty() ? "demandeur" : ", demandeur";
  return all + " (" + std::string{name_of(kind.otherwise)} + ")";
}

template <class Event>
std::string row_of(parts& used) {
  constexpr auto kind = Event::kind;
  std::ostringstream row;
  row << "| " << kind.number << " | `" << kind.name << "` | " << kind.title << (kind.clear ? " (in clear)" : "")
      << " | " << kind.article << " | " << origin_of(kind) << " | " << fields_of<Event>(used) << " |\n";
  return row.str();
}

template <class... Events>
std::string table_of(entry_family family, parts& used, const std::variant<Events...>*) {
  std::map<std::uint16_t, std::string> rows;
  auto add = [&]<class Event>(const Event*) {
    if (Event::kind.family == family)
      rows[Event::kind.number] = row_of<Event>(used);
  };
  (add(static_cast<const Events*>(nullptr)), ...);
  if (rows.empty())
    return "\nNone yet.\n";
  std::string table =
      "\n| number | name | as a reader sees it | text | origin | payload |\n|---|---|---|---|---|---|\n";
  for (const auto& [number, row] : rows)
    table += row;
  return table;
}

std::string page() {
  constexpr std::array families{
      std::pair{entry_family::dossier,
                "D: dossiers, candidacies, dwellings, sessions\n\nEncrypted under the stream's key, unless said."},
      std::pair{entry_family::territory, "T: instruments of the territory\n\nIn clear; they name no natural person."},
      std::pair{entry_family::state, "S: acts of a State authority\n\nIn clear, in the authority's own stream."}};
  parts used;
  std::string all{introduction};
  for (const auto& [family, title] : families)
    all += "\n## " + std::string{title} + "\n" + table_of(family, used, static_cast<const any_event*>(nullptr));
  all +=
      "\n## Types\n\nA `text` has a limit in bytes of UTF-8, an id is sixteen random bytes, a date is a civil one, an "
      "instant is in UTC\nto the millisecond; a value of an enumeration is stored as its place, from 0.\n\n| type | "
      "made of |\n|---|---|\n";
  for (const auto& [name, made_of] : used)
    all += "| `" + name + "` | " + made_of + " |\n";
  return all;
}

} // namespace

TEST_CASE("the committed entry catalogue is that of the code", "[R441-2-15-I-0-2]") {
  std::ifstream file{committed_file, std::ios::binary};
  std::string committed{std::istreambuf_iterator<char>{file}, {}};
  INFO("write it anew with: law_tests \"write the entry catalogue\"");
  CHECK((committed == page()));
}

TEST_CASE("write the entry catalogue", "[.write]") {
  std::ofstream file{committed_file, std::ios::binary | std::ios::trunc};
  file << page();
  CHECK(file.flush());
}

TEST_CASE("every kind of entry has a number, a name and a text of its own", "[R441-2-15-I-0-2]") {
  std::map<std::uint16_t, std::string_view> numbers;
  std::map<std::string_view, std::uint16_t> names;
  for (const auto& kind : all_kinds()) {
    INFO(kind.name);
    CHECK(numbers.emplace(kind.number, kind.name).second);
    CHECK(names.emplace(kind.name, kind.number).second);
    CHECK_FALSE(kind.article.empty());
    CHECK_FALSE(kind.title.empty());
  }
}
