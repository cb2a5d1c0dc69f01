#include "nodes/program/verify_together.hpp"

#include "journal/sqlite_store.hpp"
#include "nodes/program/exit_code.hpp"
#include "nodes/program/proof_verification.hpp"

#include <map>
#include <nlohmann/json.hpp>

namespace toit::nodes {

namespace {

namespace fs = std::filesystem;

/// Of one stream, as one journal has it.
struct stream_copy {
  fs::path journal;
  std::shared_ptr<journal::store_reader> rows;
  std::uint64_t last = 0; ///< signed entry
};

class copies_together {
public:
  copies_together(bool in_json, std::ostream& out) : json_{in_json}, out_{out} {}

  void add(const fs::path& journal) {
    std::shared_ptr<journal::store_reader> rows = journal::open_sqlite_reader(journal_file(journal).string());
    for (const auto& stream : rows->streams())
      if (auto head = rows->last_head(stream))
        copies_[stream].push_back({journal, rows, head->seq});
  }

  /// False where copies part.
  bool compare() const {
    bool all_one = true;
    for (const auto& [stream, copies] : copies_)
      if (copies.size() > 1)
        all_one &= compare(stream, copies);
    return all_one;
  }

private:
  bool compare(const ports::stream_id& stream, const std::vector<stream_copy>& copies) const {
    const auto& longest = *std::ranges::max_element(copies, {}, &stream_copy::last);
    bool is_one = true;
    for (const auto& copy : copies)
      if (!same(stream, copy, longest, copy.last)) {
        is_one = false;
        tell_parting(stream, copy, longest);
      }
    if (is_one)
      tell_one(stream, copies, longest.last);
    return is_one;
  }

  static bool same(const ports::stream_id& stream, const stream_copy& a, const stream_copy& b, std::uint64_t seq) {
    auto here = a.rows->entry(stream, seq);
    auto there = b.rows->entry(stream, seq);
    return here && there && here->link == there->link;
  }

  /// The first entry that they have not in common: each link holds all before it.
  static std::uint64_t first_apart(const ports::stream_id& stream, const stream_copy& a, const stream_copy& b) {
    std::uint64_t common = 0;
    auto apart = std::min(a.last, b.last);
    while (common + 1 < apart) {
      auto middle = common + (apart - common) / 2;
      (same(stream, a, b, middle) ? common : apart) = middle;
    }
    return apart;
  }

  void tell_parting(const ports::stream_id& stream, const stream_copy& copy, const stream_copy& longest) const {
    auto at = first_apart(stream, copy, longest);
    if (json_)
      out_ << nlohmann::ordered_json{{"together", stream.text()},
                                     {"one_history", false},
                                     {"apart_from", at},
                                     {"journals", {copy.journal.string(), longest.journal.string()}}}
                  .dump()
           << "\n";
    else
      out_ << "Ensemble, " << stream.text() << " : DEUX HISTOIRES à partir de l'écriture " << at << ", dans "
           << copy.journal.string() << " et dans " << longest.journal.string() << "\n";
  }

  void tell_one(const ports::stream_id& stream, const std::vector<stream_copy>& copies, std::uint64_t last) const {
    auto journals = copies.size();
    auto in_all = std::ranges::min_element(copies, {}, &stream_copy::last)->last;
    if (json_)
      out_ << nlohmann::ordered_json{{"together", stream.text()},
                                     {"one_history", true},
                                     {"journals", journals},
                                     {"in_all", in_all},
                                     {"last", last}}
                  .dump()
           << "\n";
    else
      out_ << "Ensemble, " << stream.text() << " : une seule histoire dans " << journals
           << " journaux, jusqu'à l'écriture " << in_all << " dans tous et " << last << " dans le plus avancé\n";
  }

  bool json_;
  std::ostream& out_;
  std::map<ports::stream_id, std::vector<stream_copy>> copies_;
};

bool is_journal(const fs::path& given) { return fs::exists(journal_file(given)) && !is_proof_file(given); }

} // namespace

int verify_all(const verify_options& options, std::span<const fs::path> journals, std::ostream& out,
               std::ostream& err) {
  int worst = exit_done;
  for (const auto& journal : journals) {
    auto of_one = options;
    of_one.journal = journal;
    worst = std::max(worst, verify_command(of_one, out, err));
  }
  if (journals.size() < 2 || worst == exit_usage)
    return worst;
  copies_together together{options.json, out};
  try {
    for (const auto& journal : journals)
      if (is_journal(journal))
        together.add(journal);
    return together.compare() ? worst : exit_integrity;
  } catch (const std::runtime_error& broken) {
    err << broken.what() << "\n";
    return exit_integrity;
  }
}

} // namespace toit::nodes
