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
    auto authority = ports::stream_id::parse(filed.file.authority.str());
    auto told = told_by(authority);
    for (std::size_t i = 0; i < filed.file.items.size(); ++i)
      check_line(filed.file, i, authority, told, report);
    return report;
  }

private:
  void check_line(const law::evidence_file& file, std::size_t at, const std::optional<ports::stream_id>& authority,
                  const law::procedures_book& told, evidence_report& report) const {
    const auto& item = file.items[at];
    if (!law::is_well_made(item))
      return report.wrong.push_back(at);
    if (item.seq == 0)
      return void(++report.without_entry);
    auto stream = item.source == law::evidence_source::authority ? authority : ports::stream_of(file.territory);
    const auto* cited = stream ? entry_of(*stream, item.seq) : nullptr;
    if (!cited || !cited->record)
      ++report.elsewhere;
    else if (cited->link == *item.link && law::rests_on(file, item, *cited->record, told))
      ++report.proved;
    else
      report.wrong.push_back(at);
  }

  /// What the proofs at hand have of the authority's journal. The book looks at no subject but to serve commands.
  law::procedures_book told_by(const std::optional<ports::stream_id>& authority) const {
    law::procedures_book told;
    auto fold = [&](const journal::proof_report& report) {
      if (report.stream != authority)
        return;
      for (const auto& entry : report.entries)
        if (entry.record)
          told.apply(report.subject, *entry.record, entry.seq);
    };
    fold(proved_);
    std::ranges::for_each(others_, fold);
    return told;
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
