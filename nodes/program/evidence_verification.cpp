#include "nodes/program/evidence_verification.hpp"

#include "law/evidence.hpp"
#include "nodes/adapters.hpp"
#include "web/server/dispositif_answers.hpp"

namespace toit::nodes {

namespace {

template <class Event>
const Event* event_of(const journal::proved_entry& entry) {
  return entry.record ? std::get_if<Event>(&entry.record->event) : nullptr;
}

class evidence_checking {
public:
  evidence_checking(const journal::proof_report& proved, std::span<const journal::proof_report> others)
      : proved_{proved}, others_{others} {}

  evidence_report check(const journal::proved_entry& filing, const law::evidence_filed& filed) const {
    evidence_report report;
    report.seq = filing.seq;
    report.as_of = filed.file.as_of;
    report.digest = filed.digest;
    report.whole = plain_digest(journal::view_of(web::to_text(web::to_json(filed.file)))) == filed.digest;
    for (const auto& entry : proved_.entries)
      if (const auto* carence = event_of<law::carence_found>(entry); carence && carence->evidence == filed.digest)
        report.found.push_back(entry.seq);
    for (std::size_t i = 0; i < filed.file.items.size(); ++i)
      check_line(filed.file, i, report);
    return report;
  }

private:
  void check_line(const law::evidence_file& file, std::size_t at, evidence_report& report) const {
    const auto& item = file.items[at];
    auto stream = stream_of(file, item);
    if (!stream || item.seq == 0) {
      ++report.without_entry;
      return;
    }
    const auto* cited = entry_of(*stream, item.seq);
    if (!cited || !cited->record || !item.link)
      ++report.elsewhere;
    else if (cited->link == *item.link && law::rests_on(item, cited->record->event))
      ++report.proved;
    else
      report.wrong.push_back(at);
  }

  static std::optional<ports::stream_id> stream_of(const law::evidence_file& file, const law::evidence_item& item) {
    if (item.source == law::evidence_source::authority)
      return ports::stream_id::parse(file.authority.str());
    if (item.source == law::evidence_source::territory)
      return ports::stream_of(file.territory);
    return std::nullopt;
  }

  const journal::proved_entry* entry_of(const ports::stream_id& stream, std::uint64_t seq) const {
    if (const auto* found = entry_in(proved_, stream, seq))
      return found;
    for (const auto& other : others_)
      if (const auto* found = entry_in(other, stream, seq))
        return found;
    return nullptr;
  }

  static const journal::proved_entry* entry_in(const journal::proof_report& report, const ports::stream_id& stream,
                                               std::uint64_t seq) {
    if (report.stream != stream)
      return nullptr;
    auto found = std::ranges::find(report.entries, seq, &journal::proved_entry::seq);
    return found == report.entries.end() ? nullptr : &*found;
  }

  const journal::proof_report& proved_;
  std::span<const journal::proof_report> others_;
};

} // namespace

// [L441-2-7-4-1]
std::vector<evidence_report> check_evidence(const journal::proof_report& proved,
                                            std::span<const journal::proof_report> others) {
  std::vector<evidence_report> reports;
  for (const auto& entry : proved.entries)
    if (const auto* filed = event_of<law::evidence_filed>(entry))
      reports.push_back(evidence_checking{proved, others}.check(entry, *filed));
  return reports;
}

} // namespace toit::nodes
