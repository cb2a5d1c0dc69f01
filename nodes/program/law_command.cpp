#include "nodes/program/law_command.hpp"

#include "nodes/program/embedded.hpp"
#include "nodes/program/exit_code.hpp"

#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

namespace toit::nodes {

namespace {

struct requirement {
  std::string id;
  std::string place;
  std::string text;
  std::string reading;
  std::string code;
  std::string tests;
};

/// A cell of the index without its marks: `x`, [`x`](y), <br>.
std::string plain(std::string_view cell) {
  std::string text;
  while (!cell.empty()) {
    if (cell.starts_with("<br>")) {
      text += "; ";
      cell.remove_prefix(4);
    } else if (cell.starts_with("](")) {
      auto end = cell.find(')');
      cell.remove_prefix(end == std::string_view::npos ? cell.size() : end + 1);
    } else {
      if (cell.front() != '`' && cell.front() != '[')
        text += cell.front();
      cell.remove_prefix(1);
    }
  }
  return text;
}

/// A row of five cells whose first holds an id.
std::optional<requirement> read_row(std::string_view line) {
  if (!line.starts_with("| `"))
    return std::nullopt;
  std::vector<std::string_view> cells;
  line.remove_prefix(2);
  for (auto end = line.find(" |"); end != std::string_view::npos; end = line.find(" |")) {
    cells.push_back(line.substr(0, end));
    line.remove_prefix(std::min(line.size(), end + 3));
  }
  if (cells.size() != 5)
    return std::nullopt;
  auto mark = cells[0].find("<br>");
  auto place = mark == std::string_view::npos ? std::string_view{} : cells[0].substr(mark + 4);
  return requirement{plain(cells[0].substr(0, mark)),
                     plain(place),
                     plain(cells[1]),
                     plain(cells[2]),
                     plain(cells[3]),
                     plain(cells[4])};
}

std::vector<requirement> find(std::string_view id) {
  std::vector<requirement> found;
  auto rest = embedded_law_index();
  while (!rest.empty()) {
    auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    auto row = read_row(line);
    if (row && row->id == id)
      return {*row};
    if (row && row->id.starts_with(id))
      found.push_back(std::move(*row));
  }
  return found;
}

} // namespace

int law_command(const std::string& id, bool json, std::ostream& out, std::ostream& err) {
  auto found = find(id);
  if (found.empty()) {
    err << "Aucune exigence ne porte cet identifiant : " << id << "\n";
    return exit_refused;
  }
  for (const auto& r : found) {
    if (json) {
      out << nlohmann::ordered_json{{"id", r.id},           {"place", r.place}, {"requirement", r.text},
                                    {"reading", r.reading}, {"code", r.code},   {"tests", r.tests}}
                 .dump()
          << "\n";
      continue;
    }
    out << r.id << " (" << r.place << ")\n  " << r.text << "\n  lecture  " << r.reading << "\n  code     "
        << (r.code.empty() ? "-" : r.code) << "\n  tests    " << (r.tests.empty() ? "-" : r.tests) << "\n";
  }
  return exit_done;
}

} // namespace toit::nodes
