#include "law/late_book.hpp"

#include "law/find_in.hpp"

namespace toit::law {

namespace {

late_book::key key_of(const auto& event) { return {event.cut, event.seq}; }

} // namespace

bool late_book::folds(const event& happened) {
  return std::holds_alternative<late_entry_settled>(happened) || std::holds_alternative<late_entry_reviewed>(happened);
}

void late_book::apply(subject_id subject, const record& happened, std::uint64_t seq) {
  if (const auto* settled = std::get_if<late_entry_settled>(&happened.event)) {
    files_[key_of(*settled)] = {*settled, seq, {}, 0, {}, {}};
    subjects_[key_of(*settled)] = subject;
  } else if (const auto* reviewed = std::get_if<late_entry_reviewed>(&happened.event)) {
    auto& file = files_[key_of(*reviewed)];
    file.review = *reviewed;
    file.reviewed_seq = seq;
    file.reviewed_by = happened.originator;
    file.reviewed_on = happened.occurred_on;
  } else {
    return;
  }
  last_seqs_[subject] = seq;
}

std::uint64_t late_book::last_seq(subject_id subject) const {
  const auto* seq = find_in(last_seqs_, subject);
  return seq ? *seq : 0;
}

const late_file* late_book::find(key entry) const { return find_in(files_, entry); }

subject_id late_book::subject_of(key entry) const {
  const auto* subject = find_in(subjects_, entry);
  return subject ? *subject : subject_id{};
}

// -- what is said of them -------------------------------------------------------------------------------------------

namespace {

check check_review(const late_file& file, const late_entry_reviewed& asked) {
  if (!file.is_reviewable())
    return refuse(refusal_code::bad_order, "L441-2-7-4-1",
                  "Cette écriture vaut par elle-même : elle n'est ni à accepter ni à contester.");
  if (asked.verdict == late_verdict::contested && asked.because.empty())
    return refuse_field(refusal_code::missing_field, "L441-2-7-4-1", "Une contestation dit pourquoi.", "because");
  if (file.review && file.review->verdict == asked.verdict)
    return refuse(refusal_code::duplicate, "L441-2-7-4-1", "C'est déjà ce qui a été dit de cette écriture.");
  return {};
}

} // namespace

// [L441-2-7-4-1]
bool may_review(party who, std::span<const capacity> capacities, const std::optional<authority_in_force>& now,
                bool by_its_own) {
  if (who.is_demandeur())
    return false;
  if (now && now->in_its_place())
    return by_its_own && !now->holder.empty() && who == party{now->holder};
  return std::ranges::any_of(capacities,
                             [](const capacity& c) { return late_entry_reviewed::kind.who.admits(c.quality); });
}

late_file without_reasons(late_file file) {
  file.settled.code = {};
  file.settled.article = {};
  if (file.review)
    file.review->because = {};
  return file;
}

/// By whoever answers for the dispositif: it says what the entry is worth to him, and undoes nothing. What has to be
/// corrected is corrected as anything else is.
// [L441-2-7-4-1]
decision decide(const late_book& book, const settings&, const command& asked, const facts& known) {
  const auto* happened = std::get_if<event>(&asked.asked);
  const auto* review = happened ? std::get_if<late_entry_reviewed>(happened) : nullptr;
  if (!review)
    return refuse(refusal_code::bad_order, "L441-2-7-4-1", "Cet événement n'est pas de ceux d'une écriture tardive.");
  if (!may_review(asked.originator, known.capacities, known.authority, known.by_its_own))
    return refuse(late_entry_reviewed::kind.otherwise, "L441-2-7-4-1",
                  "Ce compte n'est pas d'un agent de qui répond du dispositif du territoire.");
  if (asked.occurred_on != known.today)
    return refuse_field(refusal_code::bad_date, "L441-2-7-4-1", "L'examen est du jour où il s'enregistre.",
                        "occurred_on");
  const auto* file = book.find(key_of(*review));
  if (!file)
    return refuse_field(refusal_code::unknown_subject, "L441-2-7-4-1", "Aucune écriture tardive n'a cette place.",
                        "seq");
  if (auto ok = check_review(*file, *review); !ok)
    return std::unexpected{ok.error()};
  auto what = file->review ? operation::modified : operation::introduced;
  auto before = file->review ? std::optional{file->reviewed_seq} : std::nullopt;
  return outcome{{{book.subject_of(key_of(*review)), *review, what, before}}, {}, asked.occurred_on, asked.originator};
}

std::vector<subject_id> subjects_of(const late_book& book, const command& asked) {
  const auto* happened = std::get_if<event>(&asked.asked);
  const auto* review = happened ? std::get_if<late_entry_reviewed>(happened) : nullptr;
  if (!review)
    return {};
  auto subject = book.subject_of(key_of(*review));
  return subject.empty() ? std::vector<subject_id>{} : std::vector{subject};
}

} // namespace toit::law
